"""What an expression depends on: the context item, positions, variables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fakturahub.rules.xpath.syntax import (
    Binary,
    Call,
    Comma,
    Context,
    Expr,
    Filter,
    For,
    If,
    Path,
    Quantified,
    Root,
    Step,
    TypeTest,
    Unary,
    Variable,
)

#: functions that take the context item where no argument is given
OF_CONTEXT = frozenset(
    {"string", "normalize-space", "string-length", "number", "name", "local-name", "namespace-uri", "root", "data"}
)


def same_focus(expr: Expr) -> Iterator[Expr]:
    """The parts of *expr* that are evaluated with its own context item."""
    if isinstance(expr, Comma):
        yield from expr.items
    elif isinstance(expr, (For, Quantified)):
        yield expr.source
        yield expr.body if isinstance(expr, For) else expr.condition
    elif isinstance(expr, If):
        yield from (expr.condition, expr.then, expr.other)
    elif isinstance(expr, Binary):
        yield from (expr.left, expr.right)
    elif isinstance(expr, (Unary, TypeTest)):
        yield expr.operand
    elif isinstance(expr, Call):
        yield from expr.arguments
    elif isinstance(expr, Filter):
        yield expr.primary
    elif isinstance(expr, Path):
        yield expr.left


def other_focus(expr: Expr) -> Iterator[Expr]:
    """The parts of *expr* that are evaluated with another context item."""
    if isinstance(expr, (Step, Filter)):
        yield from expr.predicates
    elif isinstance(expr, Path):
        yield expr.right


def parts(expr: Expr) -> Iterator[Expr]:
    """*expr* and all expressions in it."""
    pending = [expr]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(same_focus(one))
        pending.extend(other_focus(one))


def _calls(expr: Expr, name: str) -> bool:
    if isinstance(expr, Call) and expr.name == name and not expr.arguments:
        return True
    return any(_calls(part, name) for part in same_focus(expr))


@lru_cache(maxsize=10_000)
def uses_position(expr: Expr) -> bool:
    """Whether ``position()`` of the surrounding predicate is asked for."""
    return _calls(expr, "position")


@lru_cache(maxsize=10_000)
def uses_last(expr: Expr) -> bool:
    """Whether ``last()`` of the surrounding predicate is asked for."""
    return _calls(expr, "last")


@lru_cache(maxsize=100_000)
def uses_context(expr: Expr) -> bool:
    """Whether the value depends on the context item (the document it stands in does not count)."""
    if isinstance(expr, (Context, Step)):
        return True
    if isinstance(expr, Call) and not expr.arguments and expr.name in OF_CONTEXT | {"position", "last"}:
        return True
    return any(uses_context(part) for part in same_focus(expr))


@lru_cache(maxsize=100_000)
def uses_current(expr: Expr) -> bool:
    """Whether the value depends on the node of the rule by ``current()``."""
    return any(isinstance(one, Call) and one.name == "current" for one in parts(expr))


@lru_cache(maxsize=100_000)
def free_variables(expr: Expr) -> frozenset[str]:
    """The variables that have to be bound outside."""
    if isinstance(expr, Variable):
        return frozenset({expr.name})
    if isinstance(expr, (For, Quantified)):
        body = expr.body if isinstance(expr, For) else expr.condition
        return free_variables(expr.source) | (free_variables(body) - {expr.variable})
    found: frozenset[str] = frozenset()
    for part in (*same_focus(expr), *other_focus(expr)):
        found |= free_variables(part)
    return found


@lru_cache(maxsize=100_000)
def uses_document(expr: Expr) -> bool:
    """Whether the value depends on the document."""
    if isinstance(expr, (Root, Step, Context)):
        return True
    return any(uses_document(part) for part in (*same_focus(expr), *other_focus(expr)))


def forget() -> None:
    """Empties the tables of this module, which hold the syntax trees of packs."""
    for table in (uses_position, uses_last, uses_context, uses_current, free_variables, uses_document):
        table.cache_clear()
