"""The words of every language have room where the page sets them: none is broken, and none stands on its value."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from PIL import ImageFont

from fakturahub.render import labels
from fakturahub.render.page import compiling

FONTS = Path(compiling.__file__).parent / "fonts"
PLAIN, HEAVY = "Inter-Regular.ttf", "Inter-SemiBold.ttf"
#: of labels by the beginning of their keys: font, size in points and the millimetres that the template gives them
ROOM = {
    "fact.": (PLAIN, 8.5, 31),
    "sums.": (PLAIN, 8.5, 46),
    "claim.": (HEAVY, 7.5, 30),
    "line.": (HEAVY, 7.5, 40),
    "party.": (PLAIN, 7.5, 40),
    "payment.": (HEAVY, 7, 38),
}
#: those that stand in a line of their own
ELSEWHERE = ("fact.payment_terms", "payment.note_", "payment.title")


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), 1000)


def width(text: str, font: str, points: float) -> float:
    """Millimetres of *text*."""
    return _font(font).getlength(text) / 1000 * points * 25.4 / 72


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_labels_fit(language: str) -> None:
    wide = []
    for key, text in labels._labels(language).items():
        for beginning, (font, points, most) in ROOM.items():
            if key.startswith(beginning) and not key.startswith(ELSEWHERE) and width(text, font, points) > most:
                wide.append(f"{key} {text!r}: {width(text, font, points):.1f} of {most} mm")
    assert wide == []


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_titles_fit_in_one_line(language: str) -> None:
    titles = [text for key, text in labels._labels(language).items() if key.startswith("document.")]
    assert [text for text in titles if width(text.format(level=99), HEAVY, 13) > 69] == []
    assert len(titles) > 5


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_what_is_to_be_paid_fits_beside_its_amount(language: str) -> None:
    for key in ("sums.payable", "sums.credited"):
        assert width(labels.text(language, key), HEAVY, 11) + width(" EUR", PLAIN, 9) < 78 - 4 - 34, key
