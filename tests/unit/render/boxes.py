"""Where each letter of a page stands, and what stands where it should not: on another letter, or beyond the margins."""

from __future__ import annotations

from typing import NamedTuple

import pypdfium2

MILLIMETRE = 72 / 25.4
#: the text of a page, millimetres from the left
LEFT, RIGHT = 20.0, 190.0
#: how much of the smaller of two letters the other may cover: pairs such as AV are set into each other
OVERLAP = 0.3
_FIELD = 8.0


class Box(NamedTuple):
    """A letter; points from the lower left."""

    letter: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)

    def covers(self, other: Box) -> float:
        """How much of the smaller of the two lies in both, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        smaller = min(self.area, other.area)
        return width * height / smaller if width > 0 and height > 0 and smaller > 0 else 0.0


def boxes_of(pdf: bytes) -> list[list[Box]]:
    """The letters of each page, without blanks."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_boxes(page) for page in document]
    finally:
        document.close()


def _boxes(page: pypdfium2.PdfPage) -> list[Box]:
    text = page.get_textpage()
    found = []
    for place in range(text.count_chars()):
        letter = text.get_text_range(place, 1)
        box = Box(letter, *text.get_charbox(place))
        # Breaks of lines are letters to pdfium, of no size.
        if letter.strip("\u200b\u00a0 \r\n\ufffe") and box.area > 0:
            found.append(box)
    return found


def misplaced(pdf: bytes) -> list[str]:
    """A sentence for each letter that stands on another one or beyond the margins."""
    faults = []
    for number, boxes in enumerate(boxes_of(pdf), 1):
        faults += [
            f"page {number}: {_around(boxes, place)} ends at {one.right / MILLIMETRE:.1f} mm"
            for place, one in enumerate(boxes)
            if one.left < (LEFT - 0.5) * MILLIMETRE or one.right > (RIGHT + 0.5) * MILLIMETRE
        ]
        fields: dict[tuple[int, int], list[int]] = {}
        for place, one in enumerate(boxes):
            near = {
                other
                for x in range(int(one.left // _FIELD), int(one.right // _FIELD) + 1)
                for y in range(int(one.bottom // _FIELD), int(one.top // _FIELD) + 1)
                for other in fields.setdefault((x, y), [])
            }
            faults += [
                f"page {number}: {_around(boxes, place)} stands on {_around(boxes, other)}"
                for other in near
                if one.covers(boxes[other]) > OVERLAP
            ]
            for x in range(int(one.left // _FIELD), int(one.right // _FIELD) + 1):
                for y in range(int(one.bottom // _FIELD), int(one.top // _FIELD) + 1):
                    fields[x, y].append(place)
    return faults


def _around(boxes: list[Box], place: int) -> str:
    said = "".join(one.letter for one in boxes[max(place - 12, 0) : place + 12])
    return f"{boxes[place].letter!r} in {said!r}"
