"""Packs compiled, refused and kept."""

from __future__ import annotations

import pytest
from lxml import etree

from fakturahub.errors import PackRefused, StalePack
from fakturahub.rules import tree
from fakturahub.rules.engine import check
from fakturahub.rules.pack import compile_pack, load
from tests.unit.rules.small import PLACE, asserts, fired, let, pack, pattern, rule, schema, verdict


def refused(one: tree.Schema) -> tuple[str, ...]:
    with pytest.raises(PackRefused) as raised:
        compile_pack([one], name="small")
    return raised.value.reasons


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ("doc('x')", "doc() reaches outside the document"),
        ("document('x')/y", "document() reaches outside the document"),
        ("unparsed-text('file:///etc/passwd')", "reaches outside"),
        ("collection()", "reaches outside"),
        ("current-date() > xs:date('2000-01-01')", "reaches outside"),
        ("frobnicate(x)", "the function frobnicate() is not known"),
        ("u:none(x)", "is not known"),
        ("substring(x)", "substring() with 1 arguments"),
        ("$nothing", "the variable $nothing is not declared"),
        ("xs:float(x)", "the type xs:float is not taken"),
        ("matches(x, y)", "that are not a literal"),
        ("matches(x, '[')", "the regular expression '['"),
        ("contains(1, 'a')", "a string is expected"),
        ("'a' + 1", "a number is expected"),
        ("1/x", "a step from values that are no nodes"),
        ("x =", "an expression was expected"),
    ],
)
def test_one_expression_refuses_the_whole_pack(test: str, why: str) -> None:
    (reason,) = refused(schema(pattern(rule("/*", *asserts(FINE="x", BAD=test)))))
    assert reason.startswith("small.sch:7: ")
    assert test in reason
    assert why in reason


def test_all_reasons_are_listed() -> None:
    one = schema(
        pattern(
            rule("x[2]", *asserts(A="true()")),
            rule("key('k', 'v')", *asserts(B="true()")),
            rule("x/text()", *asserts(C="doc('a')")),
            lets=[let("v", "collection()")],
        )
    )
    assert len(refused(one)) == 4


def test_a_variable_that_depends_on_itself() -> None:
    reasons = refused(schema(pattern(rule("/*", *asserts(A="$a"))), lets=[let("a", "$b"), let("b", "$a")]))
    assert any("$a depends on itself" in reason for reason in reasons)


@pytest.mark.parametrize("binding", ["xslt", "xpath", "stx"])
def test_another_query_language_is_refused(binding: str) -> None:
    (reason,) = refused(schema(pattern(rule("/*", *asserts(A="x"))), query_binding=binding))
    assert "not XPath 2.0" in reason


def test_a_pack_without_checks_is_refused() -> None:
    assert refused(schema()) == ("it has no assert and no report",)


@pytest.mark.parametrize(
    "text",
    ["{0}", "{}", "'", '"', "\\", "\n", "'); import os; ('", "__import__('os')", "]) or d.K.clear() or ([", "%s"],
)
def test_texts_of_a_pack_stay_texts(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    document = etree.Element("r", a=text.replace("\n", " "))
    attribute = etree.tostring(document, encoding="unicode")
    wanted = "'" + text.replace("\n", " ").replace("'", "''") + "'"
    assert verdict(f"@a = {wanted}", attribute) == "true"
    assert verdict(f"string-length(concat({quoted}, @none)) = {len(text)}", "<r/>") == "true"
    assert verdict(f"normalize-space(concat('x', {quoted})) != {quoted}", "<r/>") == "true"
    assert verdict(f"some $c in tokenize({quoted}, 'q') satisfies $c = {quoted}", "<r/>") == "true"
    assert verdict(f"round-half-to-even(1.25, 1) = 1.2 or {quoted} = ''", "<r/>") == "true"


def test_what_is_kept_gives_the_same_pack() -> None:
    compiled = compile_pack([schema(pattern(rule("/*", *asserts(A="x", B="y"))))], name="small")
    again = load(compiled.as_bytes())
    assert (again.name, again.digest, len(again.checks)) == ("small", compiled.digest, 2)
    document = etree.fromstring("<r><x/></r>")
    assert check(document, [again]) == check(document, [compiled.pack()])
    assert [one.id for one in check(document, [again])[0].fired] == ["B"]


def test_the_digest_is_of_the_content() -> None:
    one, other = (compile_pack([schema(pattern(rule("/*", *asserts(A=test))))], name="n") for test in ("x", "y"))
    same = compile_pack([schema(pattern(rule("/*", *asserts(A="x"))))], name="another name")
    assert one.digest == same.digest != other.digest


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:-1], lambda b: b.replace(b"cpython", b"cpythom", 1)])
def test_bytes_that_do_not_fit_are_not_run(spoil: object) -> None:
    data = compile_pack([schema(pattern(rule("/*", *asserts(A="x"))))], name="small").as_bytes()
    with pytest.raises(StalePack):
        load(spoil(data))  # type: ignore[operator]


def test_a_function_may_call_itself_up_to_a_limit() -> None:
    function = tree.Function(
        "u:down",
        (tree.Parameter("n", "xs:integer"),),
        "xs:integer",
        (tree.Sequence("if ($n le 0) then 0 else 1 + u:down($n - 1)", PLACE),),
        PLACE,
    )
    tests = asserts(SOME="u:down(100) = 100", MANY="u:down(100000) = 100000")
    for optimise in (True, False):
        found = fired("<r/>", schema(pattern(rule("/*", *tests)), functions=[function]), optimise=optimise)
        assert [(one.id, one.fault) for one in found] == [("MANY", True)]


def test_keys() -> None:
    keys = [tree.Key("by-id", "x[@id]", "@id", PLACE)]
    tests = asserts(ONE="count(key('by-id', 'a')) = 2", NONE="key('by-id', 'b')")
    found = fired("<r><x id='a'/><y><x id='a'/></y><x/></r>", schema(pattern(rule("/*", *tests)), keys=keys))
    assert [one.id for one in found] == ["NONE"]


def test_roots() -> None:
    one = schema(pattern(rule("/p:r/x", *asserts(A="y")), rule("/*", *asserts(B="y"))))
    assert pack(one).roots == ("{urn:p}r",)
    assert pack(schema(pattern(rule("p:r", *asserts(A="y")), rule("p:r/p:x", *asserts(B="y"))))).roots == ("{urn:p}r",)
