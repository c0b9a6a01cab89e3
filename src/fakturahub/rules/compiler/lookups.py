"""Paths of a form that is looked up as a whole, rather than gone step by step."""

from __future__ import annotations

from fakturahub.rules.compiler.code import Code, Scope
from fakturahub.rules.xpath.syntax import Binary, Call, Context, Expr, NameTest, Path, Root, Step

#: stands for any name
ANY = "*"


def from_the_root(expr: Expr, scope: Scope) -> tuple[str, ...] | None:
    """The names of the child steps of a path from the document node, the predicates of the last left aside."""
    tags: list[str] = []
    while isinstance(expr, Path) and isinstance(expr.right, Step):
        tag = _child(expr.right, bare=bool(tags))
        if tag is None:
            return None
        tags.insert(0, tag)
        expr = expr.left
    if scope.focus is not None and scope.focus.source == "0" and isinstance(expr, Step):
        first = _child(expr, bare=True)
        if first is None:
            return None
        tags.insert(0, first)
    elif not isinstance(expr, Root):
        return None
    # the root element may have any name
    return None if ANY in tags[1:] or tags == [ANY] else tuple(tags)


def _child(step: Step, bare: bool) -> str | None:
    if step.axis != "child" or not isinstance(step.test, NameTest) or (bare and step.predicates):
        return None
    return ANY if step.test == NameTest(None, None) else step.test.tag


def first_of_equals(code: Code, expr: Expr) -> Code | None:
    """``//x[not(. = preceding::x)]``: the first of those with the same text, without looking back from each."""
    if not isinstance(expr, Call) or expr.name != "not" or not code.source.startswith("d.named("):
        return None
    (equal,) = expr.arguments
    if not isinstance(equal, Binary) or equal.operator != "=":
        return None
    sides = [_without_dot(equal.left), _without_dot(equal.right)]
    if Context() not in sides:
        return None
    sides.remove(Context())
    before = sides[0]
    if not isinstance(before, Step) or before.axis != "preceding" or before.predicates:
        return None
    if not isinstance(before.test, NameTest) or code.source != f"d.named({before.test.tag!r})":
        return None
    return code.with_source(f"first_of_equals(d, {before.test.tag!r})")


def _without_dot(expr: Expr) -> Expr:
    return expr.left if isinstance(expr, Path) and expr.right == Context() else expr
