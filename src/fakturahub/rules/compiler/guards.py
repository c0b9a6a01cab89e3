"""What a check depends on: without it the check neither fires nor raises.

Most checks of the official packs say that something shall not be there, what holds of it if it is, or what holds where
some code is used. The engine knows from the names of a document's paths, and from the texts of a few of them, which of
these checks it need not evaluate. A path is a tuple of names from the context down, an attribute's with ``@``, or
from anywhere, after a first ``//``. A trigger is

* ``("present", path, "")``: something stands at the path;
* ``("text", path, text)``: an element or attribute at the path has that text, white space around it aside;
* ``("unlike", path, "boolean")``: an element or attribute there has a text that is no xs:boolean;
* ``("doubled", path, "")``: a parent has two elements at the path, so that what takes one of them raises.
"""

from __future__ import annotations

from typing import TypeAlias

from fakturahub.rules.compiler.focus import uses_last, uses_position
from fakturahub.rules.compiler.harmless import (
    ANYWHERE,
    At,
    Trigger,
    Triggers,
    flag,
    harmless,
    harmless_test,
    named,
    texts,
    where,
)
from fakturahub.rules.runtime.strings import WHITE_SPACE
from fakturahub.rules.xpath.syntax import Binary, Call, Comma, Expr, Filter, Literal, Path, Quantified, Step

Found: TypeAlias = Triggers | None

#: triggers of one check; more are not worth it
TRIGGERS = 40

_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BOOLEANS = {"true": ("true", "1"), "false": ("false", "0")}
_TEXTS = frozenset(
    {"normalize-space", "upper-case", "lower-case", "substring", "substring-after", "substring-before", "string"}
)


def guard(test: Expr, is_report: bool) -> Triggers | None:
    """Triggers one of which holds wherever the check fires or cannot be evaluated; None: not known."""
    found = _false(test, ()) if is_report else _true(test, ())
    return found if found is not None and 0 < len(found) <= TRIGGERS else None


def _true(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is true."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _false(expr.arguments[0], at)
        if expr.name == "empty":
            return _nothing(expr.arguments[0], at)
        if expr.name == "boolean":
            return _true(expr.arguments[0], at)
    if isinstance(expr, Call) and expr.name == "true":
        return frozenset()
    if isinstance(expr, Binary):
        # an operand that decides does so even if the other one raises
        if expr.operator == "or":
            return _either(_true(expr.left, at), _true(expr.right, at))
        if expr.operator == "and":
            return _together(_true(expr.left, at), _true(expr.right, at))
        return _compared(expr, at)
    if isinstance(expr, Quantified) and expr.every:
        return _nothing(expr.source, at)
    return None


def _false(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is false."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _true(expr.arguments[0], at)
        if expr.name in ("exists", "boolean"):
            return _nothing(expr.arguments[0], at)
    if isinstance(expr, Call) and expr.name == "false":
        return frozenset()
    if isinstance(expr, Binary):
        if expr.operator == "and":
            return _either(_false(expr.left, at), _false(expr.right, at))
        if expr.operator == "or":
            return _together(_false(expr.left, at), _false(expr.right, at))
        if expr.operator in _MIRRORED:
            found = _either(_other_text(expr.left, expr.right, at), _other_text(expr.right, expr.left, at))
            # the other side is evaluated all the same, and may raise
            left = _together(_nothing(expr.left, at), harmless(expr.right, at))
            right = _together(_nothing(expr.right, at), harmless(expr.left, at))
            found = found if expr.operator == "=" else None
            return _either(found, _either(left, right))
        return _nothing(expr, at) if expr.operator == "|" else None
    if isinstance(expr, Quantified) and not expr.every:
        return _nothing(expr.source, at)
    return _nothing(expr, at)


def _other_text(side: Expr, literal: Expr, at: At) -> Found:
    """Triggers without which ``side = literal`` is false: some text at its paths is the literal."""
    if isinstance(literal, Call) and literal.name in _BOOLEANS:
        raising = flag(Binary("=", side, literal), at)
        found = where(side, at)
        if raising is None or found is None:
            return None
        return raising | {("text", end, text) for end in found[0] for text in _BOOLEANS[literal.name]}
    items = literal.items if isinstance(literal, Comma) else (literal,)
    words: list[str] = []
    for item in items:
        if not isinstance(item, Literal) or not isinstance(item.value, str) or not item.value:
            return None
        if any(character in WHITE_SPACE for character in item.value):
            return None
        words.append(item.value)
    found = texts(side, at)
    if found is None:
        return None
    ends, raising = found
    return raising | {("text", end, word) for end in ends for word in words}


def _nothing(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is the empty sequence."""
    if isinstance(expr, Filter):
        found = where(expr.primary, at)
        kept = None if found is None else _together(found[1], _filtered(found[0], expr.predicates))
        return _nothing(expr.primary, at) if kept is None else kept
    if isinstance(expr, Binary) and expr.operator == "|":
        return _together(_nothing(expr.left, at), _nothing(expr.right, at))
    if isinstance(expr, Call) and expr.name.endswith(("}decimal", "}integer", "}date")) and len(expr.arguments) == 1:
        return _nothing(expr.arguments[0], at)
    if isinstance(expr, Step):
        name = named(expr)
        if name is None or (at and at[-1].startswith("@")):
            return None
        path = (*at, name)
        kept = _filtered((path,), expr.predicates)
        return frozenset({("present", path, "")}) if kept is None else kept
    if isinstance(expr, Path):
        found = ((("//",),), frozenset[Trigger]()) if expr.left == ANYWHERE else where(expr.left, at)
        below: Found = None
        if found is not None:
            ends, raising = found
            below = raising
            for end in ends:
                below = _together(below, _nothing(expr.right, end))
        if below is not None or expr.left == ANYWHERE:
            return below
        # without the left side there is nothing, either
        return _nothing(expr.left, at)
    return None


def _filtered(paths: tuple[At, ...], predicates: tuple[Expr, ...]) -> Found:
    """Triggers without which one of *predicates* is false for whatever stands at *paths*, and none before it raises."""
    before: Triggers = frozenset()
    for predicate in predicates:
        if uses_position(predicate) or uses_last(predicate):
            return None
        found: Found = before
        raising: Found = before
        for path in paths:
            found = _together(found, _false(predicate, path))
            raising = _together(raising, harmless_test(predicate, path))
        if found is not None:
            return found
        if raising is None:
            return None
        before = raising
    return None


def _strength(found: Triggers) -> tuple[int, int]:
    return sum(kind == "present" for kind, _path, _text in found), len(found)


def _either(left: Found, right: Found) -> Found:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right, key=_strength)


def _together(left: Found, right: Found) -> Found:
    return None if left is None or right is None else left | right


def _compared(expr: Binary, at: At) -> Found:
    """A comparison with a literal that is true of what the other side is without its triggers."""
    if expr.operator not in _MIRRORED:
        return None
    left, right, operator = expr.left, expr.right, expr.operator
    if isinstance(left, Literal):
        left, right, operator = right, left, _MIRRORED[operator]
    if not isinstance(right, Literal) or isinstance(right.value, float):
        return None
    value, found = _without(left, at)
    if found is None or isinstance(value, str) != isinstance(right.value, str):
        return None
    holds = {
        "=": value == right.value,
        "!=": value != right.value,
        "<": value < right.value,  # type: ignore[operator]
        "<=": value <= right.value,  # type: ignore[operator]
        ">": value > right.value,  # type: ignore[operator]
        ">=": value >= right.value,  # type: ignore[operator]
    }[operator]
    return found if holds else None


def _without(expr: Expr, at: At) -> tuple[int | str, Found]:
    """(value, triggers): what *expr* is without the triggers."""
    if isinstance(expr, Binary) and expr.operator == "+":
        (left, found), (right, more) = _without(expr.left, at), _without(expr.right, at)
        if isinstance(left, int) and isinstance(right, int):
            return left + right, _together(found, more)
        return "", None
    if isinstance(expr, Call) and expr.arguments:
        if expr.name == "count" and len(expr.arguments) == 1:
            return 0, _nothing(expr.arguments[0], at)
        if expr.name == "string-length":
            value, found = _without(expr.arguments[0], at)
            if found is None:
                found = _nothing(expr.arguments[0], at)
            return 0, found
        if expr.name in _TEXTS and all(isinstance(argument, Literal) for argument in expr.arguments[1:]):
            value, found = _without(expr.arguments[0], at)
            if found is None:
                found = _nothing(expr.arguments[0], at)
            return "", found if value == "" else None
    return "", None
