"""Sets of characters, as the classes of a regular expression name them.

Sources: XML Schema Part 2, appendix F (``\\s \\i \\c \\d \\w`` and ``\\p{…}``); XML 1.0 fifth edition, productions 4
and 4a.
"""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from typing import TypeAlias

#: ranges of code points (first, last), ascending and apart
CharSet: TypeAlias = tuple[tuple[int, int], ...]

LAST = sys.maxunicode
ALL: CharSet = ((0, LAST),)
SPACE: CharSet = ((9, 10), (13, 13), (32, 32))
NEWLINES: CharSet = ((10, 10), (13, 13))
#: NameStartChar and NameChar
NAME_START: CharSet = (
    (0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x370, 0x37D),
    (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF),
    (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF),
)  # fmt: skip
_NAME_REST: CharSet = ((0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040))
#: the zeros of the decimal digits (category Nd) that Saxon 12 knows, those of Unicode 6; nine others follow each
_ZEROS = (
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x116C0, 0x1D7CE, 0x1D7D8,
    0x1D7E2, 0x1D7EC, 0x1D7F6,
)  # fmt: skip
_CATEGORIES = frozenset(
    "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn".split()  # noqa: SIM905 - thirty-six strings in quotes are harder to read
)


def union(*sets: Iterable[tuple[int, int]]) -> CharSet:
    """All characters of *sets*."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(span for one in sets for span in one):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


DIGIT: CharSet = union((zero, zero + 9) for zero in _ZEROS)


def complement(one: CharSet) -> CharSet:
    """All characters but those of *one*."""
    left: list[tuple[int, int]] = []
    at = 0
    for first, last in one:
        if first > at:
            left.append((at, first - 1))
        at = last + 1
    if at <= LAST:
        left.append((at, LAST))
    return tuple(left)


def difference(one: CharSet, other: CharSet) -> CharSet:
    """The characters of *one* that are not in *other*."""
    return complement(union(complement(one), other))


class Partition:
    """The characters in as few classes as tell *sets* apart, numbered from 0."""

    def __init__(self, sets: Iterable[CharSet]) -> None:
        distinct = list(dict.fromkeys(sets))
        begins = sorted({0} | {edge for one in distinct for first, last in one for edge in (first, last + 1)})
        signatures = [0] * len(begins)
        at = {begin: index for index, begin in enumerate(begins)}
        for number, one in enumerate(distinct):
            for first, last in one:
                for index in range(at[first], at[last + 1]):
                    signatures[index] |= 1 << number
        numbers: dict[int, int] = {}
        self._begins = begins
        self._classes = [numbers.setdefault(signature, len(numbers)) for signature in signatures]
        self._masks = {
            one: sum(1 << numbers[signature] for signature in numbers if signature >> number & 1)
            for number, one in enumerate(distinct)
        }

    def mask(self, one: CharSet) -> int:
        """The classes that make up one of the sets, a bit for each."""
        return self._masks[one]

    def number(self, character: str) -> int:
        """The class of *character*."""
        return self._classes[bisect_right(self._begins, ord(character)) - 1]


@cache
def _by_category() -> dict[str, CharSet]:
    """Every two-letter category's characters; one walk over Unicode, when the first expression asks."""
    spans: dict[str, list[tuple[int, int]]] = {}
    begin, category = 0, unicodedata.category("\0")
    for codepoint in range(1, LAST + 1):
        now = unicodedata.category(chr(codepoint))
        if now != category:
            spans.setdefault(category, []).append((begin, codepoint - 1))
            begin, category = codepoint, now
    spans.setdefault(category, []).append((begin, LAST))
    return {name: tuple(found) for name, found in spans.items()}


def is_category(name: str) -> bool:
    """Whether XML Schema knows *name* (``L``, ``Lu``) as a category."""
    return name in _CATEGORIES


@cache
def category(name: str) -> CharSet:
    """The characters of a category, or of all that begin with its one letter."""
    if name in ("C", "Cn"):
        # a surrogate is no character
        return difference(union(*(spans for key, spans in _by_category().items() if key.startswith(name))), _SURROGATES)
    return union(*(spans for key, spans in _by_category().items() if key.startswith(name)))


_SURROGATES: CharSet = ((0xD800, 0xDFFF),)


@cache
def escape(letter: str) -> CharSet | None:
    """The set of ``\\s``, ``\\d``, ``\\i``, ``\\c``, ``\\w`` or, by a capital, all others; None for another letter."""
    match letter.lower():
        case "s":
            found = SPACE
        case "d":
            found = DIGIT
        case "i":
            found = NAME_START
        case "c":
            found = union(NAME_START, _NAME_REST)
        case "w":
            found = complement(union(category("P"), category("Z"), category("C")))
        case _:
            return None
    return found if letter.islower() else complement(found)
