"""What must be present for a check to fire.

Most checks of the official packs say that something shall not be there, or what holds of it if it is. If nothing
stands at
the paths that are found here, such a check does not fire and need not be evaluated: the engine knows from the names
of a document's paths. A path is a tuple of names from the context down, an attribute's with ``@``.
"""

from __future__ import annotations

from typing import TypeAlias

from fakturahub.rules.xpath.syntax import (
    ANY_BELOW,
    Binary,
    Call,
    Expr,
    Filter,
    Literal,
    NameTest,
    Path,
    Quantified,
    Root,
    Step,
)

Paths: TypeAlias = frozenset[tuple[str, ...]]

_ANYWHERE = Path(Root(), ANY_BELOW)

#: paths of one check; more are not worth it
PATHS = 12

_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TEXTS = frozenset(
    {"normalize-space", "upper-case", "lower-case", "substring", "substring-after", "substring-before", "string"}
)


def guard(test: Expr, is_report: bool) -> Paths | None:
    """Paths one of which is present wherever the check fires or cannot be evaluated; None: not known."""
    found = _false(test) if is_report else _true(test)
    return found if found is not None and 0 < len(found) <= PATHS else None


def _true(expr: Expr) -> Paths | None:
    """Paths without which *expr* is true."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _false(expr.arguments[0])
        if expr.name == "empty":
            return _nothing(expr.arguments[0])
        if expr.name == "boolean":
            return _true(expr.arguments[0])
    if isinstance(expr, Call) and expr.name == "true":
        return frozenset()
    if isinstance(expr, Binary):
        if expr.operator == "or":
            return _either(_true(expr.left), _true(expr.right))
        if expr.operator == "and":
            return _together(_true(expr.left), _true(expr.right))
        return _compared(expr)
    if isinstance(expr, Quantified) and expr.every:
        return _nothing(expr.source)
    return None


def _false(expr: Expr) -> Paths | None:
    """Paths without which *expr* is false."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _true(expr.arguments[0])
        if expr.name in ("exists", "boolean"):
            return _nothing(expr.arguments[0])
    if isinstance(expr, Call) and expr.name == "false":
        return frozenset()
    if isinstance(expr, Binary):
        if expr.operator == "and":
            return _either(_false(expr.left), _false(expr.right))
        if expr.operator == "or":
            return _together(_false(expr.left), _false(expr.right))
        if expr.operator in _MIRRORED:
            # the other side is evaluated all the same, and may raise
            return _either(
                _nothing(expr.left) if _is_harmless(expr.right) else None,
                _nothing(expr.right) if _is_harmless(expr.left) else None,
            )
        return _nothing(expr) if expr.operator == "|" else None
    if isinstance(expr, Quantified) and not expr.every:
        return _nothing(expr.source)
    return _nothing(expr)


def _nothing(expr: Expr) -> Paths | None:
    """Paths without which *expr* is the empty sequence."""
    if isinstance(expr, Filter):
        return _nothing(expr.primary)
    if isinstance(expr, Binary) and expr.operator == "|":
        return _together(_nothing(expr.left), _nothing(expr.right))
    if isinstance(expr, Call) and expr.name.endswith(("}decimal", "}integer", "}date")) and len(expr.arguments) == 1:
        return _nothing(expr.arguments[0])
    if isinstance(expr, Step):
        name = _name(expr)
        return None if name is None else frozenset({(name,)})
    if isinstance(expr, Path) and expr.left == _ANYWHERE:
        found = _nothing(expr.right)
        return None if found is None else frozenset(("//", *path) for path in found)
    if isinstance(expr, Path):
        lefts = _nothing(expr.left)
        if lefts is None:
            return None
        # what follows a predicate or a function is left out: without the left side there is nothing anyway
        rights = _nothing(expr.right) if _is_plain(expr.left) and isinstance(expr.right, (Step, Binary)) else None
        if rights is None or not rights:
            return lefts
        return frozenset((*left, *right) for left in lefts for right in rights if not left[-1].startswith("@"))
    return None


def _is_harmless(expr: Expr) -> bool:
    if isinstance(expr, Call) and expr.name in ("true", "false"):
        return True
    return isinstance(expr, Literal) or _is_plain(expr)


def _is_plain(expr: Expr) -> bool:
    if isinstance(expr, Path):
        return (expr.left == _ANYWHERE or _is_plain(expr.left)) and _is_plain(expr.right)
    if isinstance(expr, Binary):
        return _is_plain(expr.left) and _is_plain(expr.right)
    # a predicate may raise where the step is there and what is below it is not
    return isinstance(expr, Step) and not expr.predicates and _name(expr) is not None


def _name(step: Step) -> str | None:
    if not isinstance(step.test, NameTest) or step.test.tag is None or step.axis not in ("child", "attribute"):
        return None
    return step.test.tag if step.axis == "child" else "@" + step.test.tag


def _either(left: Paths | None, right: Paths | None) -> Paths | None:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right, key=len)


def _together(left: Paths | None, right: Paths | None) -> Paths | None:
    return None if left is None or right is None else left | right


def _compared(expr: Binary) -> Paths | None:
    """A comparison with a literal that is true of what the other side is without its paths."""
    if expr.operator not in _MIRRORED:
        return None
    left, right, operator = expr.left, expr.right, expr.operator
    if isinstance(left, Literal):
        left, right, operator = right, left, _MIRRORED[operator]
    if not isinstance(right, Literal) or isinstance(right.value, float):
        return None
    value, paths = _without(left)
    if paths is None or isinstance(value, str) != isinstance(right.value, str):
        return None
    holds = {
        "=": value == right.value,
        "!=": value != right.value,
        "<": value < right.value,  # type: ignore[operator]
        "<=": value <= right.value,  # type: ignore[operator]
        ">": value > right.value,  # type: ignore[operator]
        ">=": value >= right.value,  # type: ignore[operator]
    }[operator]
    return paths if holds else None


def _without(expr: Expr) -> tuple[int | str, Paths | None]:
    """(value, paths): what *expr* is without the paths."""
    if isinstance(expr, Call) and expr.arguments:
        if expr.name == "count" and len(expr.arguments) == 1:
            return 0, _nothing(expr.arguments[0])
        if expr.name == "string-length":
            value, paths = _without(expr.arguments[0])
            if paths is None:
                paths = _nothing(expr.arguments[0])
            return 0, paths
        if expr.name in _TEXTS and all(isinstance(argument, Literal) for argument in expr.arguments[1:]):
            value, paths = _without(expr.arguments[0])
            if paths is None:
                paths = _nothing(expr.arguments[0])
            return "", paths if value == "" else None
    return "", None
