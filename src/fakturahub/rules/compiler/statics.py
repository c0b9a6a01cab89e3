"""Predicates of contexts that names alone decide: ``ends-with(name(), 'Amount')``, ``not(self::x)``, ``ancestor::x``.

As data for ``rules.matching``: ("not", test), ("and", tests), ("or", tests), ("ends", text), ("self", namespace,
local), ("ancestor", namespace, local).
"""

from __future__ import annotations

from typing import Any

from fakturahub.rules.compiler.operators import flattened
from fakturahub.rules.xpath.syntax import Binary, Call, Context, Expr, Literal, NameTest, Step


def divided(predicates: tuple[Expr, ...]) -> tuple[list[Any], tuple[Expr, ...]]:
    """(tests of names, what is left for the document). A predicate that may count positions is left whole."""
    tests: list[Any] = []
    left: list[Expr] = []
    for predicate in predicates:
        for part in flattened(predicate, "and"):
            test = _test(part)
            if test is None:
                left.append(part)
            else:
                tests.append(test)
    return tests, tuple(left)


def _test(expr: Expr) -> Any:
    if isinstance(expr, Call) and expr.name == "not" and len(expr.arguments) == 1:
        inner = _test(expr.arguments[0])
        return None if inner is None else ("not", inner)
    if isinstance(expr, Binary) and expr.operator in ("and", "or"):
        parts = [_test(part) for part in flattened(expr, expr.operator)]
        return None if None in parts else (expr.operator, tuple(parts))
    if isinstance(expr, Call) and expr.name == "ends-with":
        of, end = expr.arguments if len(expr.arguments) == 2 else (expr, expr)
        own = isinstance(of, Call) and of.name in ("name", "local-name") and of.arguments in ((), (Context(),))
        # a prefix and its colon cannot be a part of the end then
        if own and isinstance(end, Literal) and isinstance(end.value, str) and ":" not in end.value and end.value:
            return ("ends", end.value)
    if not isinstance(expr, Step) or expr.predicates or not isinstance(expr.test, NameTest):
        return None
    return (expr.axis, expr.test.namespace, expr.test.local) if expr.axis in ("self", "ancestor") else None
