"""Expressions that raise nothing, or only where a parent has two elements of a name; see ``guards``."""

from __future__ import annotations

from typing import TypeAlias

from fakturahub.rules.xpath.syntax import (
    ANY_BELOW,
    Binary,
    Call,
    Comma,
    Context,
    Expr,
    Filter,
    Literal,
    NameTest,
    Path,
    Root,
    Step,
)

#: names from the context down, or from anywhere, after a first ``//``
At: TypeAlias = tuple[str, ...]
Trigger: TypeAlias = tuple[str, At, str]
Triggers: TypeAlias = frozenset[Trigger]
#: (paths, triggers without which nothing raises)
Ends: TypeAlias = tuple[tuple[At, ...], Triggers]

ANYWHERE = Path(Root(), ANY_BELOW)
NOTHING: Triggers = frozenset()

_OF_TEXTS = frozenset(
    {"normalize-space", "upper-case", "lower-case", "string", "contains", "starts-with", "ends-with", "string-length"}
)


def named(step: Step) -> str | None:
    """The name that a step of the child or attribute axis asks for, an attribute's with ``@``."""
    if not isinstance(step.test, NameTest) or step.test.tag is None or step.axis not in ("child", "attribute"):
        return None
    return step.test.tag if step.axis == "child" else "@" + step.test.tag


def where(expr: Expr, at: At) -> Ends | None:
    """Where the nodes of a path stand; None: not known, or it may raise."""
    if isinstance(expr, Context):
        return (at,), NOTHING
    if isinstance(expr, Step):
        name = named(expr)
        if name is None or (at and at[-1].startswith("@")):
            return None
        path = (*at, name)
        return _filtered(((path,), NOTHING), expr.predicates)
    if isinstance(expr, Filter):
        return _filtered(where(expr.primary, at), expr.predicates)
    if isinstance(expr, Binary) and expr.operator == "|":
        left, right = where(expr.left, at), where(expr.right, at)
        return None if left is None or right is None else ((*left[0], *right[0]), left[1] | right[1])
    if isinstance(expr, Path):
        return _joined(((("//",),), NOTHING) if expr.left == ANYWHERE else where(expr.left, at), expr.right)
    return None


def _joined(left: Ends | None, right: Expr) -> Ends | None:
    if left is None or isinstance(right, Context):
        return left
    ends: list[At] = []
    raising = left[1]
    for one in left[0]:
        found = where(right, one)
        if found is None:
            return None
        ends.extend(found[0])
        raising |= found[1]
    return tuple(ends), raising


def _filtered(found: Ends | None, predicates: tuple[Expr, ...]) -> Ends | None:
    for predicate in predicates:
        if found is None:
            return None
        raising = found[1]
        for path in found[0]:
            of_one = harmless_test(predicate, path)
            if of_one is None:
                return None
            raising |= of_one
        found = found[0], raising
    return found


def doubled(expr: Expr, at: At) -> Triggers | None:
    """Triggers without which a path from the context has one node at most."""
    if isinstance(expr, Context):
        return NOTHING
    found = where(expr, at)
    if found is None or len(found[0]) != 1:
        return None
    if isinstance(expr, Step):
        return found[1] | (NOTHING if expr.axis == "attribute" else {("doubled", found[0][0], "")})
    if isinstance(expr, Path) and expr.left != ANYWHERE:
        left, above = doubled(expr.left, at), where(expr.left, at)
        right = None if left is None or above is None else doubled(expr.right, above[0][0])
        return None if left is None or right is None else left | right
    return None


def texts(expr: Expr, at: At) -> Ends | None:
    """Where the texts of an expression come from that is made of nothing else, white space aside."""
    if isinstance(expr, Call) and expr.name in ("normalize-space", "string") and len(expr.arguments) < 2:
        argument = expr.arguments[0] if expr.arguments else Context()
        single = doubled(argument, at)
        found = texts(argument, at)
        return None if single is None or found is None else (found[0], found[1] | single)
    if isinstance(expr, Path) and not isinstance(expr.right, (Step, Filter, Context)):
        left = ((("//",),), NOTHING) if expr.left == ANYWHERE else where(expr.left, at)
        if left is None:
            return None
        ends: list[At] = []
        raising = left[1]
        for one in left[0]:
            found = texts(expr.right, one)
            if found is None:
                return None
            ends.extend(found[0])
            raising |= found[1]
        return tuple(ends), raising
    found = where(expr, at)
    # the context itself has no name here
    return found if found is not None and all(end not in ((), ("//",)) for end in found[0]) else None


def harmless(expr: Expr, at: At) -> Triggers | None:
    """Triggers without which evaluating *expr* raises nothing; None: not known."""
    if isinstance(expr, Literal):
        return NOTHING
    if isinstance(expr, Comma):
        return _all(expr.items, at)
    if isinstance(expr, Call):
        return _harmless_call(expr, at)
    if isinstance(expr, Binary) and expr.operator in ("and", "or"):
        left, right = harmless_test(expr.left, at), harmless_test(expr.right, at)
        return None if left is None or right is None else left | right
    if isinstance(expr, Binary) and expr.operator in ("=", "!="):
        # strings and texts compare as strings; a text is cast where a number or a boolean stands beside it
        if _is_text(expr.left) and _is_text(expr.right):
            return _all((expr.left, expr.right), at)
        return flag(expr, at)
    found = where(expr, at)
    if found is not None:
        return found[1]
    if isinstance(expr, Path):
        left_ends = ((("//",),), NOTHING) if expr.left == ANYWHERE else where(expr.left, at)
        if left_ends is None:
            return None
        raising = left_ends[1]
        for one in left_ends[0]:
            of_one = harmless(expr.right, one)
            if of_one is None:
                return None
            raising |= of_one
        return raising
    return None


def flag(expr: Binary, at: At) -> Triggers | None:
    """The triggers where texts are compared with ``true()`` or ``false()``: each must be the text of a boolean."""
    if not isinstance(expr.right, Call) or expr.right.name not in ("true", "false"):
        return None
    found = where(expr.left, at)
    if found is None or any(end in ((), ("//",)) for end in found[0]):
        return None
    return found[1] | {("unlike", end, "boolean") for end in found[0]}


def harmless_test(expr: Expr, at: At) -> Triggers | None:
    """The same where the effective boolean value is asked for: of several values there is none."""
    found = harmless(expr, at)
    if found is None or where(expr, at) is not None:
        return found
    if isinstance(expr, Path):
        single = None if expr.left == ANYWHERE else doubled(expr.left, at)
        return None if single is None else found | single
    return found if isinstance(expr, (Binary, Call, Literal)) else None


def _harmless_call(expr: Call, at: At) -> Triggers | None:
    if expr.name in ("true", "false"):
        return NOTHING
    if expr.name in ("exists", "empty", "count") and len(expr.arguments) == 1:
        return harmless(expr.arguments[0], at)
    if expr.name in ("not", "boolean") and len(expr.arguments) == 1:
        return harmless_test(expr.arguments[0], at)
    if expr.name not in _OF_TEXTS:
        return None
    raising = NOTHING
    for argument in expr.arguments or (Context(),):
        if isinstance(argument, Literal):
            if not isinstance(argument.value, str):
                return None
            continue
        if isinstance(argument, Call):
            if argument.name not in _OF_TEXTS or argument.name in ("contains", "starts-with", "ends-with"):
                return None
            of_one = harmless(argument, at)
        else:
            of_one = doubled(argument, at)
        if of_one is None:
            return None
        raising |= of_one
    return raising


def _is_text(expr: Expr) -> bool:
    """Whether the values are strings or texts of nodes."""
    if isinstance(expr, Literal):
        return isinstance(expr.value, str)
    if isinstance(expr, Comma):
        return all(_is_text(item) for item in expr.items)
    if isinstance(expr, Call):
        return expr.name in ("normalize-space", "upper-case", "lower-case", "string")
    if isinstance(expr, Filter):
        return _is_text(expr.primary)
    if isinstance(expr, Path):
        return _is_text(expr.right)
    return isinstance(expr, (Step, Context)) or (isinstance(expr, Binary) and expr.operator == "|")


def _all(parts: tuple[Expr, ...], at: At) -> Triggers | None:
    raising = NOTHING
    for part in parts:
        found = harmless(part, at)
        if found is None:
            return None
        raising |= found
    return raising
