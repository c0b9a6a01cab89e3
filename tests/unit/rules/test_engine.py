"""Documents against packs: which rule matches, which checks fire, where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from fakturahub.errors import TooDeep, TooManyParts
from fakturahub.model import Severity
from fakturahub.rules import tree
from fakturahub.rules.engine import Engine, check
from fakturahub.rules.runtime import records
from fakturahub.rules.runtime.document import DEPTH
from tests.unit.rules.small import PLACE, asserts, fired, let, outcome, pack, pattern, rule, schema

BOTH = pytest.mark.parametrize("optimise", [True, False], ids=["rewritten", "as written"])
NO = "false()"


@BOTH
def test_the_first_rule_that_matches_takes_the_node(optimise: bool) -> None:
    one = schema(
        pattern(rule("x[@a]", *asserts(A=NO)), rule("r/x", *asserts(B=NO)), rule("x", *asserts(C=NO))),
        pattern(rule("x", *asserts(D=NO))),
    )
    found = fired("<r><x/><x a=''/><y><x/></y></r>", one, optimise=optimise)
    assert [(one.id, one.path) for one in found] == [
        ("B", "/r[1]/x[1]"),
        ("A", "/r[1]/x[2]"),
        ("C", "/r[1]/y[1]/x[1]"),
        ("D", "/r[1]/x[1]"),
        ("D", "/r[1]/x[2]"),
        ("D", "/r[1]/y[1]/x[1]"),
    ]


@BOTH
@pytest.mark.parametrize(
    ("context", "paths"),
    [
        ("/", ["/"]),
        ("/r", ["/r[1]"]),
        ("/x", []),
        ("/*/x", ["/r[1]/x[1]"]),
        ("r//x", ["/r[1]/x[1]", "/r[1]/y[1]/x[1]"]),
        ("//y/x", ["/r[1]/y[1]/x[1]"]),
        ("(x | y)[@a]", ["/r[1]/x[1]"]),
        ("y[x]/x[not(@a)]", ["/r[1]/y[1]/x[1]"]),
        ("x/@a", ["/r[1]/x[1]/@a"]),
        ("@*", ["/r[1]/x[1]/@a"]),
        ("//*[ends-with(name(), 'y')]", ["/r[1]/y[1]"]),
        ("*[self::x or self::r][not(ancestor::y)]", ["/r[1]", "/r[1]/x[1]"]),
        ("x[xs:date(@a) = xs:date('2020-01-01')]", []),
    ],
)
def test_contexts(context: str, paths: list[str], optimise: bool) -> None:
    found = fired("<r><x a='1'/><y><x/></y></r>", schema(pattern(rule(context, *asserts(A=NO)))), optimise=optimise)
    assert [one.path for one in found] == paths


def test_paths_have_the_documents_prefixes_and_lines() -> None:
    one = schema(pattern(rule("p:x", *asserts(A=NO))))
    found = fired("<q:r xmlns:q='urn:p'>\n<q:x/>\n<x xmlns='urn:p'/></q:r>", one)
    assert [(one.path, one.line) for one in found] == [("/q:r[1]/q:x[1]", 2), ("/q:r[1]/x[2]", 3)]


@BOTH
def test_messages(optimise: bool) -> None:
    message = ("Line ", tree.ValueOf("@n", PLACE), "\n  of ", tree.Name(None, PLACE), " is bad ")
    one = tree.Check("A", NO, message, PLACE, flag="warning")
    (found,) = fired("<r><x n='1'/></r>", schema(pattern(rule("x", one))), optimise=optimise)
    assert (found.message, found.severity, found.flag) == ("Line 1 of x is bad", Severity.WARNING, "warning")
    bad = tree.Check("A", NO, (tree.ValueOf("xs:date(@n)", PLACE),), PLACE, flag="warning")
    (found,) = fired("<r><x n='1'/></r>", schema(pattern(rule("x", bad))), optimise=optimise)
    assert (found.fault, found.severity) == (True, Severity.FATAL)


@pytest.mark.parametrize(
    ("flag", "role", "rule_flag", "severity"),
    [
        ("fatal", None, None, Severity.FATAL),
        ("error", None, None, Severity.FATAL),
        ("Warning", None, None, Severity.WARNING),
        (None, "information", None, Severity.INFORMATION),
        (None, "info", "fatal", Severity.INFORMATION),
        (None, None, "warning", Severity.WARNING),
        (None, None, None, Severity.FATAL),
        ("whatever", None, None, Severity.FATAL),
    ],
)
def test_severities(flag: str | None, role: str | None, rule_flag: str | None, severity: Severity) -> None:
    one = tree.Check("A", NO, ("no",), PLACE, flag=flag, role=role)
    (found,) = fired("<r/>", schema(pattern(rule("/*", one, flag=rule_flag))))
    assert found.severity is severity


@BOTH
def test_a_report_fires_where_its_test_is_true(optimise: bool) -> None:
    checks = [tree.Check(name, test, ("no",), PLACE, is_report=True) for name, test in (("A", "x"), ("B", "y"))]
    found = fired("<r><x/></r>", schema(pattern(rule("/*", *checks))), optimise=optimise)
    assert [one.id for one in found] == ["A"]


@BOTH
def test_a_variable_fails_only_who_asks_for_it(optimise: bool) -> None:
    one = schema(
        pattern(
            rule(
                "x",
                *asserts(GLOBAL="$bad", LOCAL="$late", NEITHER=NO, SHORT="true() or $bad", OTHER="@n or $late"),
                lets=[let("late", "xs:date(@n)"), let("never", "$late")],
            )
        ),
        lets=[let("bad", "xs:decimal(/r/x[1]/@n) > 1")],
    )
    found = fired("<r><x n='a'/></r>", one, optimise=optimise)
    assert [(one.id, one.fault) for one in found] == [("GLOBAL", True), ("LOCAL", True), ("NEITHER", False)]


@BOTH
def test_the_others_go_on_after_a_fault(optimise: bool) -> None:
    tests = asserts(A="xs:decimal(.) >= 0", B=". != 'b'", C="string-length(.) < 3")
    found = fired("<r><x>1</x><x>b</x><x>-1</x></r>", schema(pattern(rule("x", *tests))), optimise=optimise)
    assert [(one.id, one.path, one.fault) for one in found] == [
        ("A", "/r[1]/x[2]", True),
        ("B", "/r[1]/x[2]", False),
        ("A", "/r[1]/x[3]", False),
    ]
    assert all(one.severity is Severity.FATAL for one in found if one.fault)


def test_what_is_applicable() -> None:
    one = schema(pattern(rule("/p:r", *asserts(A="x", B="y"))))
    ours = outcome("<r xmlns='urn:p'/>", one)
    assert (ours.applicable, ours.rules, len(ours.fired)) == (True, 2, 2)
    other = outcome("<r/>", one)
    assert (other.applicable, other.rules, other.fired) == (False, 0, ())


def test_packs_run_on_one_document_in_their_order() -> None:
    first, second = (pack(schema(pattern(rule("/*", *asserts(**{name: NO}))))) for name in ("A", "B"))
    found = check(etree.fromstring("<r/>"), [second, first])
    assert [[one.id for one in each.fired] for each in found] == [["B"], ["A"]]


def test_threads_get_the_same_answers() -> None:
    one = pack(schema(pattern(rule("x", *asserts(A="$n > 2", B="not(y)"))), lets=[let("n", "count(//x)")]))
    documents = [f"<r>{'<x/>' * count}{'<x><y/></x>' * (count % 3)}</r>" for count in range(1, 40)]
    wanted = [check(etree.fromstring(document), [one]) for document in documents]
    engine = Engine([one])
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda document: engine.check(etree.fromstring(document)), documents * 5))
    assert found == wanted * 5


def test_depth_is_limited() -> None:
    deep = etree.Element("x")
    inner = deep
    for _ in range(DEPTH + 5):
        inner = etree.SubElement(inner, "x")
    with pytest.raises(TooDeep):
        check(deep, [pack(schema(pattern(rule("/*", *asserts(A="x")))))])


def test_distinct_paths_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "PATHS", 1_000)
    monkeypatch.setattr(records, "KEPT", 100)
    root = etree.Element("r")
    for number in range(500):
        etree.SubElement(root, f"x{number}")
    engine = Engine([pack(schema(pattern(rule("/*", *asserts(A="not(x7)")))))])
    for _ in range(5):
        # a table that has grown is not kept for the next document
        assert [one.id for one in engine.check(root)[0].fired] == ["A"]
    for number in range(600):
        etree.SubElement(root, f"y{number}")
    with pytest.raises(TooManyParts):
        engine.check(root)


def test_attributes_can_be_left_out() -> None:
    one = tree.Pattern(None, (), (rule("@a", *asserts(A=NO)),), PLACE, attributes=False)
    assert fired("<r a=''/>", schema(one)) == ()
    assert len(fired("<r a=''/>", schema(pattern(rule("@a", *asserts(A=NO)))))) == 1
