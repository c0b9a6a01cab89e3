"""The rewrites change nothing: checks that depend on a text, on doubled elements, on an index or on a key."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import etree

from fakturahub.rules.compiler.guards import guard
from fakturahub.rules.outcome import Fired
from fakturahub.rules.xpath.parser import parse
from tests.rules.ways import checked
from tests.unit.rules.small import asserts, fired, pack, pattern, rule, schema

CATEGORIES = (
    "<r><t><c><i>S</i><s><i>VAT</i></s></c></t></r>",
    "<r><t><c><i> AE </i><s><i>vat</i></s></c></t></r>",
    "<r><t><c><i>AE</i><s><i>GST</i></s></c></t><t><c><i>AE</i><s><i>VAT</i></s></c></t></r>",
    "<r><t><c><i>AE</i><i>S</i><s><i>VAT</i></s></c></t></r>",
    "<r><t><c><i>S</i><s><i>VAT</i><i>VAT</i></s></c></t></r>",
    "<r><t><c><i>A<e/>E</i><s><i>VAT</i></s></c></t></r>",
    "<r><t><c><i>A<!-- -->E</i><s><i>VAT</i></s></c></t></r>",
    "<r><t><c/></t></r>",
    "<r><t><f>true</f><c><i>AE</i></c></t></r>",
    "<r><t><f> 1 </f><c><i>AE</i></c></t></r>",
    "<r><t><f>true</f><c><i>AE</i><s/></c></t></r>",
    "<r><t><f>yes</f></t></r>",
    "<r><t><f>false</f><f>yes</f><c><i>AE</i></c></t></r>",
)
TESTS = (
    "not(exists(//c[s/normalize-space(upper-case(i)) = 'VAT']/i[normalize-space(.) = 'AE']))",
    "not(exists(//c[normalize-space(i) = 'AE'][s/(normalize-space(upper-case(i)) = 'VAT')]))",
    "not(//c[s/(normalize-space(upper-case(i)) = 'VAT')][normalize-space(i) = 'AE'])",
    "not(t/c/i = ('AE', 'B'))",
    "(count(//c[normalize-space(i) = 'AE']) + count(//d[i = 'AE'])) = 0",
    "not(exists(//t[f = true()]/c[normalize-space(i) = 'AE']))",
    "not(//t[f = false()])",
    "count(t[f = true()][c/i = 'AE']) = 0 or not(exists(t/c/s))",
    "(exists(//c/i[. = 'AE']) and count(t) = 2) or not(exists(//c/i[. = 'AE']))",
)


def _both(document: str, one: object) -> Sequence[Fired]:
    rewritten, written = (fired(document, one, optimise=optimise) for optimise in (True, False))  # type: ignore[arg-type]
    assert rewritten == written
    return rewritten


@pytest.mark.parametrize("test", TESTS)
def test_what_depends_on_a_text(test: str) -> None:
    one = schema(pattern(rule("/r", *asserts(X=test))))
    found = [_both(document, one) for document in CATEGORIES]
    assert any(found)


def test_a_code_that_is_not_there_is_not_asked_for() -> None:
    found = guard(parse(TESTS[0], {}, ""), False)
    assert {("text", ("//", "c", "i"), "AE"), ("doubled", ("//", "c", "s", "i"), "")} in map(set, found or ())


@pytest.mark.parametrize(
    "test",
    ["not(//c[xs:decimal(i) = 1]/z)", "not(zz = xs:decimal(t))", "not(//c[i = 1][normalize-space(s) = 'x'])"],
)
def test_what_may_raise_all_the_same_is_guarded_by_nothing_below_it(test: str) -> None:
    one = schema(pattern(rule("/r", *asserts(X=test))))
    found = [finding.fault for document in CATEGORIES for finding in _both(document, one)]
    assert any(found)


PRESENT = (
    "<r><t><c><i>S</i></c></t></r>",
    "<r><t><c><i>S</i></c><n/></t><t><c><i>S</i></c></t></r>",
    "<r><t><c><i> </i></c></t><t><c><i>S</i></c></t></r>",
    "<r><t><c><i>\u00a0</i></c><n>1</n></t></r>",
    "<r><t><c><i>S</i><i>S</i></c></t><t><c/></t></r>",
    "<r><t><c><i>S</i></c><c><i>Z</i></c></t><t/></r>",
    "<r><t><c><i><e/></i></c></t></r>",
    "<r><t><c><i><!-- --></i></c></t></r>",
    "<r><t><c><i>s</i></c><n>x</n></t></r>",
    "<r><t a=''><c><i a='x'>S</i></c></t><t a='S'/></r>",
    "<r><t a='S'><c><i a='true'>1</i></c></t></r>",
    "<r><t><c><i> 1 </i></c></t><t><c><i>true</i></c></t></r>",
    "<r/>",
)


@pytest.mark.parametrize("context", ["/r", "t", "t[c]", "/r/t/c"])
@pytest.mark.parametrize(
    "test",
    [
        "exists(c)",
        "c/i",
        "t/c/i",
        "exists(c/i) or exists(n)",
        "not(n) or c/i",
        "i/@a",
        "empty(c) or c/i = 'S'",
        "normalize-space(i) != ''",
        "normalize-space(c/i) != ''",
        "i != ''",
        "c/i = ('S', 'Z')",
        "c/i = true()",
        "upper-case(i) = 'S'",
        "upper-case(i) = 's'",
        "c/normalize-space(i) = 'S'",
        "c/(normalize-space(i) = 'S')",
        "exists(c[normalize-space(i) = 'S'])",
        "exists(c[i = 'S'][1])",
        "exists(t[c/i])",
        "@a = 'S'",
        "@a",
        "count(c) = 1",
        "count(c/i) <= 1",
        "count(//i) <= 1",
        "count(c) >= 1",
        "count(c[i = 1]) < 2",
        "count(i) != 2",
        "not(c/i = 'S') and not(empty(c))",
        "exists(c | n)",
        "(c | n)/i",
        "normalize-space(n) = ''",
        "count(c[i = 1]) >= 0",
    ],
)
def test_what_has_to_be_there(context: str, test: str) -> None:
    one = schema(pattern(rule(context, *asserts(X=test, Y=f"not({test})"))))
    found = [_both(document, one) for document in PRESENT]
    assert any(found)


@pytest.mark.parametrize(
    "predicate",
    [
        "[i]",
        "[i = 'S']",
        "[normalize-space(i) = 'S']",
        "[upper-case(i) = 'S']",
        "[i = true()]",
        "[not(i)]",
        "[not(*)]",
        "[not(*) and not(normalize-space())]",
        "[normalize-space(i) != '']",
        "[count(i) = 1]",
        "[/r/t/n]",
        "[/r/t/n = 1]",
        "[//i = 'S']",
        "[//i = 1 or i]",
        "[//i = 1][i = 'S']",
        "[i/@a = 'x']",
        "[ancestor::t/n]",
        "[not(ancestor::t/n)]",
    ],
)
def test_contexts_that_match_nothing_or_everything(predicate: str) -> None:
    """The same nodes as without the rewrites, and the rule behind gets those that are left."""
    rules = [rule(f"{name}{predicate}", *asserts(X="false()")) for name in ("c", "t", "r/t/c")]
    others = [rule(name, *asserts(Y="false()")) for name in ("c", "t")]
    inner = [rule(f"t{predicate}/c", *asserts(Z="false()")), rule("c", *asserts(Y="false()"))]
    found = [_both(document, schema(pattern(*rules, *others))) for document in PRESENT]
    assert any(found)
    found = [_both(document, schema(pattern(*inner), pattern(*rules[:1]))) for document in PRESENT]
    assert any(found)


def test_every_document_is_judged_by_itself() -> None:
    """What was learnt of one document of a shape is nothing that another one is told."""
    rules = [
        rule("t[c/i = 'S']", *asserts(A="false()")),
        rule("t[/r/t/n = 1]", *asserts(B="false()")),
        rule("t", *asserts(C="normalize-space(c/i) != ''", D="exists(c/i)", E="count(c) = 1")),
    ]
    packs = {optimise: pack(schema(pattern(*rules)), optimise=optimise) for optimise in (True, False)}
    for _ in range(2):
        for document in PRESENT:
            root = etree.fromstring(document)
            found, expected = (checked(root, [packs[optimise]])[0].fired for optimise in (True, False))
            assert found == expected


RATES = (
    "<r><l><p>24</p><a>1</a></l><l><p>24.0</p><a>2</a></l><l><p>10</p><a>4</a></l><s><p>24.00</p><a>3</a></s></r>",
    "<r><l><p>24</p><a>1</a></l><s><p>24</p><a>3</a></s><s><p>10</p><a>0</a></s><s><a>9</a></s></r>",
    "<r><l><p>x</p><a>1</a></l><s><p>24</p><a>3</a></s></r>",
    "<r><l><p>24</p><p>10</p><a>1</a></l><s><p>24</p><a>1</a></s><s><p>10</p><a>1</a></s></r>",
    "<r><l><a>1</a></l><s><p>24</p><a>0</a></s></r>",
)


@pytest.mark.parametrize("lines", ["//l", "../l", "/*/l", "/r/l"])
@pytest.mark.parametrize("context", ["/r/s", "s", "/*/s[a]"])
def test_the_lines_of_a_rate(context: str, lines: str) -> None:
    test = f"every $p in p/xs:decimal(.) satisfies sum({lines}[p/xs:decimal(.) = $p]/a/xs:decimal(.)) = xs:decimal(a)"
    one = schema(pattern(rule(context, *asserts(X=test))))
    found = [_both(document, one) for document in RATES]
    assert any(found)


@pytest.mark.parametrize(
    "contexts",
    [
        ("x[@k = 'a']", "x[@k = 'b']", "x[@k = ('a', 'c')][y]", "x"),
        ("x[normalize-space(y) = 'a']", "x[normalize-space(y) = 'b']"),
        ("r[@k = 'a']/x", "r[@k = 'b']/x", "r[@k = '']/x[y = 'b']"),
        ("x[y = 'a'] | z[y = 'a']", "x[y = 'b'] | z[y = 'b']", "z"),
    ],
)
@pytest.mark.parametrize(
    "document",
    [
        "<r k='a'><x k='a'><y>b</y></x><x k='b'/><x k='c'><y> a </y></x><x k='c'/><z><y>b</y></z></r>",
        "<r k=''><x><y>a</y></x><x><y>b</y></x><x><y>a</y><y>b</y></x><z><y>a<e>b</e></y></z></r>",
        "<r k='b'><x/><x><y/></x></r>",
    ],
)
def test_contexts_that_differ_in_a_text(document: str, contexts: tuple[str, ...]) -> None:
    rules = [rule(context, *asserts(**{f"R{number}": "false()"})) for number, context in enumerate(contexts)]
    _both(document, schema(pattern(*rules)))
