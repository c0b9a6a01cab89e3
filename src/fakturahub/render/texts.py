"""Foreign text made fit for a page: what no page can show is taken out, and lengths are bounded.

Limits, each of them far above what a business document needs: a name or another single line 300 characters, a free
text 5,000, all texts of a document together 1,000,000. What is longer is cut and ends in an ellipsis, and the sheet
counts and tells it. Line breaks of free texts are kept, at most 200 in one text; each counts as 50 characters of all.
"""

from __future__ import annotations

import re
import unicodedata

#: characters of a single line, such as a name
MOST_IN_LINE = 300
#: characters and line breaks of a free text
MOST_IN_TEXT = 5_000
MOST_BREAKS = 200
#: characters of all texts of one document
MOST_IN_ALL = 1_000_000
#: characters that a line break takes of them
_OF_BREAK = 50

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
# Overrides and isolates of direction could show an amount backwards; the direction of a script needs none of them.
# The rest takes no room on paper: soft hyphens, zero widths, tags and variation selectors.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_PLAIN = re.compile(r"[ -~\xa1-\xac\xae-\u02ff]*")
_LOST = "\ufffd"


class Texts:
    """Cleans the texts of one sheet and counts those that it cut."""

    def __init__(self) -> None:
        self.shortened = 0
        self._left = MOST_IN_ALL

    def line(self, text: str | None, most: int = MOST_IN_LINE) -> str:
        """*text* in a single line of at most *most* characters; empty for None."""
        if not text:
            return ""
        if len(text) <= most and len(text) <= self._left and _PLAIN.fullmatch(text):
            self._left -= len(text)
            return " ".join(text.split(" ")).strip() if "  " not in text else _BLANKS.sub(" ", text).strip()
        cut = text[: most * 4]
        return self._bounded(" ".join(clean(cut).split()), most, was_cut=len(text) > most * 4)

    def block(self, text: str | None, most: int = MOST_IN_TEXT) -> str:
        """*text* with its line breaks, of at most *most* characters; empty for None."""
        if not text:
            return ""
        rows = [row.strip() for row in clean(text[: most * 4]).split("\n")]
        kept = "\n".join(rows[:MOST_BREAKS])
        kept = re.sub(r"\n{3,}", "\n\n", kept).strip("\n")
        return self._bounded(kept, most, was_cut=len(rows) > MOST_BREAKS or len(text) > most * 4)

    def _bounded(self, text: str, most: int, *, was_cut: bool) -> str:
        room = min(most, max(self._left, 0))
        if len(text) > room or was_cut:
            self.shortened += 1
            text = text[: max(room - 1, 0)].rstrip() + "…"
        self._left -= len(text) + _OF_BREAK * text.count("\n")
        return text


def clean(text: str) -> str:
    """*text* without what no page can show; what stood for something unknown becomes U+FFFD."""
    text = _UNSEEN.sub("", _BREAKS.sub("\n", text))
    if not _PLAIN.fullmatch(text):
        # Combining marks join their letters where there is one character for both, which more fonts have.
        text = unicodedata.normalize("NFC", text)
        text = "".join(map(_shown, text))
    return _BLANKS.sub(" ", text)


def _shown(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return _LOST if category in ("Cn", "Co", "Cs") else character
