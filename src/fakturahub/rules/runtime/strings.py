"""Strings of XPath 2.0 over ``str``; a length or a position counts code points.

The compiler passes strings only: it has atomised, and put "" for the empty sequence where the function allows that.
White space is space, tab, line feed and carriage return, nothing else (XML 1.0, production S).

Source: XQuery 1.0 and XPath 2.0 Functions and Operators, sections 7.2 to 7.5.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import Number, double, round_number

WHITE_SPACE = " \t\n\r"


def normalize_space(text: str) -> str:
    """``normalize-space(text)``."""
    if text.isascii():
        # what str.split() takes for white space beyond XML's four is no character of XML, as far as ASCII goes
        return " ".join(text.split())
    text = text.replace("\t", " ").replace("\n", " ").replace("\r", " ").strip(" ")
    if "  " in text:
        text = " ".join([word for word in text.split(" ") if word])
    return text


def is_blank(text: str) -> bool:
    """``normalize-space(text) = ''``, without making the string."""
    return not text.strip(WHITE_SPACE)


def upper_case(text: str) -> str:
    """``upper-case(text)``, by Unicode's full mapping: ß becomes SS."""
    return text.upper()


def lower_case(text: str) -> str:
    """``lower-case(text)``, each character by itself: Python gives a last sigma its final form, Saxon not."""
    return text.lower() if "Σ" not in text else "".join([character.lower() for character in text])


def substring(text: str, start: Number, length: Number | None = None) -> str:
    """``substring(text, start[, length])``: both rounded as doubles; the first is at 1; NaN selects nothing."""
    if type(start) is int and (length is None or type(length) is int):
        begin = start - 1
        if length is None:
            return text[begin:] if begin > 0 else text
        end = begin + length
        return text[max(begin, 0) : end] if end > 0 else ""
    first = double(round_number(double(start)))
    if math.isnan(first):
        return ""
    if length is None:
        return text[_position(first, text) :]
    end_at = first + double(round_number(double(length)))
    return "" if math.isnan(end_at) else text[_position(first, text) : _position(end_at, text)]


def _position(place: float, text: str) -> int:
    """A place counted from 1, possibly infinite, as an index into *text*."""
    if place <= 1:
        return 0
    return len(text) if place > len(text) else int(place) - 1


def substring_before(text: str, part: str) -> str:
    """``substring-before(text, part)``; "" where *part* is empty or absent."""
    before, found, _ = text.partition(part) if part else ("", "", "")
    return before if found else ""


def substring_after(text: str, part: str) -> str:
    """``substring-after(text, part)``; the whole text where *part* is empty, "" where it is absent."""
    return text.partition(part)[2] if part else text


def contains(text: str, part: str) -> bool:
    """``contains(text, part)``."""
    return part in text


def starts_with(text: str, part: str) -> bool:
    """``starts-with(text, part)``."""
    return text.startswith(part)


def ends_with(text: str, part: str) -> bool:
    """``ends-with(text, part)``."""
    return text.endswith(part)


@lru_cache(maxsize=256)
def translation(characters: str, replacements: str) -> dict[int, int | None]:
    """The table of ``translate``: the first of equal characters counts, one without a counterpart is deleted."""
    table: dict[int, int | None] = {}
    for index, character in enumerate(characters):
        table.setdefault(ord(character), ord(replacements[index]) if index < len(replacements) else None)
    return table


def translate(text: str, characters: str, replacements: str) -> str:
    """``translate(text, characters, replacements)``."""
    return text.translate(translation(characters, replacements))


def concat(*parts: str) -> str:
    """``concat(…)`` of strings."""
    return "".join(parts)


def string_join(parts: Iterable[str], separator: str = "") -> str:
    """``string-join(parts, separator)``."""
    return separator.join(parts)


def string_to_codepoints(text: str) -> list[int]:
    """``string-to-codepoints(text)``."""
    return [ord(character) for character in text]


def codepoints_to_string(codepoints: Iterable[int]) -> str:
    """``codepoints-to-string(codepoints)``; FOCH0001 where one is no character of XML 1.0."""
    return "".join([_character(codepoint) for codepoint in codepoints])


def _character(codepoint: int) -> str:
    if 0x20 <= codepoint <= 0xD7FF or codepoint in (9, 10, 13):
        return chr(codepoint)
    if 0xE000 <= codepoint <= 0xFFFD or 0x10000 <= codepoint <= 0x10FFFF:
        return chr(codepoint)
    raise EvaluationError("FOCH0001", f"{codepoint:#x} is no character of XML")


def compare(left: str, right: str) -> int:
    """``compare(left, right)`` by code points: -1, 0 or 1."""
    return (left > right) - (left < right)
