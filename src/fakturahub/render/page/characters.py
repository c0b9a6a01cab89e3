"""Characters that the page's own fonts have, and what is shown for those that they have not.

A PDF/A must not hold a character without a glyph. The fonts of the package have the Latin, Greek, Cyrillic, Armenian,
Georgian, Hebrew and Arabic scripts; for others the fonts of the machine are asked, and where these have none either,
the character's number stands in its place, so that nothing vanishes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from importlib.resources import files
from typing import Any

#: a run of characters without a blank is given places to break at when it is longer than this
LONGEST_WORD = 36
_BREAK = "\u200b"
_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_PIECE = re.compile(rf"\S{{1,{LONGEST_WORD // 2}}}")
_PLAIN = re.compile("[\n -~\xa0-\u024f\u2010-\u2027\u202f\u2212]*")


@cache
def _covered() -> tuple[list[int], list[int]]:
    starts, ends = [], []
    text = files(__package__).joinpath("fonts", "covered.txt").read_text(encoding="ascii")
    for row in text.splitlines():
        if not row.startswith("#"):
            start, _, end = row.partition("-")
            starts.append(int(start, 16))
            ends.append(int(end or start, 16))
    return starts, ends


def is_covered(character: str) -> bool:
    """Whether the package's own fonts have *character*."""
    starts, ends = _covered()
    place = bisect_right(starts, ord(character)) - 1
    return character == "\n" or (place >= 0 and ord(character) <= ends[place])


def uncovered(value: Any) -> bool:
    """Whether a text anywhere in *value* (lists and dicts of texts) has a character that no own font has."""
    if isinstance(value, str):
        return not _PLAIN.fullmatch(value) and not all(map(is_covered, value))
    if isinstance(value, dict):
        return any(map(uncovered, value.values()))
    return isinstance(value, (list, tuple)) and any(map(uncovered, value))


def numbered(value: Any) -> Any:
    """*value* with ``[U+4E2D]`` for each character that no own font has."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return value
        return "".join(one if is_covered(one) else f"[U+{ord(one):04X}]" for one in value)
    return _each(value, numbered)


def breakable(value: Any) -> Any:
    """*value* with places to break at in every word that is too long for a column."""
    if isinstance(value, str):
        if len(value) <= LONGEST_WORD or not _LONG.search(value):
            return value
        return _LONG.sub(lambda word: _BREAK.join(_PIECE.findall(word[0])), value)
    return _each(value, breakable)


def shorten(text: str, most: int) -> str:
    """*text* in at most *most* characters, with an ellipsis where it is cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _each(value: Any, act: Any) -> Any:
    if isinstance(value, dict):
        return {key: act(entry) for key, entry in value.items()}
    return [act(entry) for entry in value] if isinstance(value, (list, tuple)) else value
