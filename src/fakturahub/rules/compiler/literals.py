"""What is known of literals in checks, and of functions and operators where they meet them."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from typing import Any

from fakturahub.rules.runtime.strings import WHITE_SPACE
from fakturahub.rules.xpath.syntax import Call, Comma, Expr, Literal

#: the operator of a comparison whose sides change places
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_BOOLEANS = {"true": ("true", "1"), "false": ("false", "0")}
#: operators of comparisons
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}
#: functions of a text, and what they make of a word
SAME: dict[str, Callable[[str], str]] = {
    "normalize-space": str,
    "string": str,
    "upper-case": str.upper,
    "lower-case": str.lower,
}
#: functions of a text that make nothing of nothing
TEXTS = frozenset(
    {"normalize-space", "upper-case", "lower-case", "substring", "substring-after", "substring-before", "string"}
)


def words_of(literal: Expr) -> tuple[str, ...] | None:
    """The texts that a literal, several of them, or ``true()`` and ``false()`` are equal to; None: not known."""
    if isinstance(literal, Call):
        return _BOOLEANS.get(literal.name)
    words: list[str] = []
    for item in literal.items if isinstance(literal, Comma) else (literal,):
        if not isinstance(item, Literal) or not isinstance(item.value, str) or not item.value:
            return None
        if any(character in WHITE_SPACE for character in item.value):
            return None
        words.append(item.value)
    return tuple(words) or None
