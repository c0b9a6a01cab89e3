"""The parser of XPath 2.0."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fakturahub.rules.xpath import XPathRefused, parse
from fakturahub.rules.xpath.lexer import LENGTH
from fakturahub.rules.xpath.parser import DEPTH, parse_type
from fakturahub.rules.xpath.syntax import (
    ANY_BELOW,
    Binary,
    Call,
    Comma,
    Context,
    Filter,
    For,
    If,
    KindTest,
    Literal,
    NameTest,
    Path,
    Quantified,
    Root,
    SequenceType,
    Step,
    TypeTest,
    Unary,
    Variable,
)

NAMESPACES = {"a": "urn:a", "xs": "http://www.w3.org/2001/XMLSchema"}


def child(local: str, *predicates: object, namespace: str = "") -> Step:
    return Step("child", NameTest(namespace, local), predicates)  # type: ignore[arg-type]


ONE = Literal(1, "integer")
TREES = {
    "1": ONE,
    "1.50": Literal(Decimal("1.50"), "decimal"),
    ".5e1": Literal(5.0, "double"),
    "'it''s'": Literal("it's", "string"),
    '"say ""no"""': Literal('say "no"', "string"),
    "()": Comma(()),
    "(1, 'a')": Comma((ONE, Literal("a", "string"))),
    "((1))": ONE,
    "$a:b": Variable("a:b"),
    ".": Context(),
    "/": Root(),
    "a:x": child("x", namespace="urn:a"),
    "x/y": Path(child("x"), child("y")),
    "//x": Path(Path(Root(), ANY_BELOW), child("x")),
    "../@id": Path(Step("parent", KindTest("node")), Step("attribute", NameTest("", "id"))),
    "a:*": Step("child", NameTest("urn:a", None)),
    "*:x": Step("child", NameTest(None, "x")),
    "*": Step("child", NameTest(None, None)),
    "text()": Step("child", KindTest("text")),
    "ancestor-or-self::node()": Step("ancestor-or-self", KindTest("node")),
    "x[1][y]": child("x", ONE, child("y")),
    "(x)[1]": Filter(child("x"), (ONE,)),
    # names that are operators elsewhere
    "div div mod": Binary("div", child("div"), child("mod")),
    "if": child("if"),
    "for": child("for"),
    "every = some": Binary("=", child("every"), child("some")),
    # what binds tighter
    "1 or 1 and 1": Binary("or", ONE, Binary("and", ONE, ONE)),
    "1 + 1 * 1": Binary("+", ONE, Binary("*", ONE, ONE)),
    "1 - 1 - 1": Binary("-", Binary("-", ONE, ONE), ONE),
    "-1 + 1": Binary("+", Unary("-", ONE), ONE),
    "x-1": child("x-1"),
    "x -1": Binary("-", child("x"), ONE),
    "x union y | z": Binary("|", Binary("|", child("x"), child("y")), child("z")),
    "1 to 1 = 1": Binary("=", Binary("to", ONE, ONE), ONE),
    "if (x) then 1 else y": If(child("x"), ONE, child("y")),
    "for $i in x, $j in y return $j": For("i", child("x"), For("j", child("y"), Variable("j"))),
    "every $i in x satisfies $i eq 1": Quantified(True, "i", child("x"), Binary("eq", Variable("i"), ONE)),
    "x castable as xs:date?": TypeTest("castable", child("x"), SequenceType(f"{{{NAMESPACES['xs']}}}date", "?")),
    "x instance of item()+": TypeTest("instance", child("x"), SequenceType("item()", "+")),
    "count(x)": Call("count", (child("x"),)),
    "a:f()": Call("{urn:a}f", ()),
    "x (: one (: two :) :) /y": Path(child("x"), child("y")),
    "x/(y|z)": Path(child("x"), Binary("|", child("y"), child("z"))),
    "x/string()": Path(child("x"), Call("string", ())),
}


@pytest.mark.parametrize("expression", TREES)
def test_trees(expression: str) -> None:
    assert parse(expression, NAMESPACES) == TREES[expression]


def test_the_default_namespace_is_for_elements_only() -> None:
    found = parse("x/@y", {}, "urn:d")
    assert found == Path(child("x", namespace="urn:d"), Step("attribute", NameTest("", "y")))


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "an expression was expected, the end stands there (character 1)"),
        ("x]", "the end of the expression was expected, ']' stands there (character 2)"),
        ("b:x", "the prefix 'b' is not declared"),
        ("x[", "an expression was expected"),
        ("'open", "is not XPath 2.0 (character 1)"),
        ("x (: open", "a comment has no end (character 3)"),
        ("1x", "a number runs into a name"),
        ("namespace::x", "the axis 'namespace'"),
        ("x ! y", "is not XPath 2.0 (character 3)"),
        ("if (x) then y", "'else' was expected"),
        ("(" * (DEPTH + 1) + "x" + ")" * (DEPTH + 1), f"nests deeper than {DEPTH} levels"),
        ("x" + " " * LENGTH, f"{LENGTH} are taken"),
        ("1" + "+1" * 5000, "too many operators in a row"),
        ("x" + "/x" * 100, "a path has more than"),
    ],
)
def test_what_is_refused(expression: str, why: str) -> None:
    with pytest.raises(XPathRefused) as refused:
        parse(expression, NAMESPACES)
    assert why in refused.value.reason


def test_types() -> None:
    assert parse_type("xs:decimal*", NAMESPACES) == SequenceType(f"{{{NAMESPACES['xs']}}}decimal", "*")
    with pytest.raises(XPathRefused):
        parse_type("element(x)", NAMESPACES)
