"""Where the receiver's address stands, so that it shows in the window of the envelope of the sender's country.

All figures are millimetres. A sheet is smaller than its envelope and slides in it: what is to show in any case stands
where the window is however the sheet lies. ``ENVELOPES`` has the windows as they are published, ``WINDOWS`` where the
page puts the address; a test holds the one against the other.

- NO: windows begin 15 mm from the left; 44 mm from the top fits all of them. Source: officeconsult.no, "Plassering av
  mottakerfelt i vinduskonvolutter", a maker of letter templates.
- FI: SFS 2488 puts the window of C and E envelopes at 18 mm from the left and 40 mm from the top; SFS 2487 has the
  first line of the address end 44 mm from the top of the sheet, and nothing of the sender in the window, so that there
  is no return address in it. Source: the table in the letter option SFS of KOMA-Script, which cites SFS-käsikirja 76.
- DE and every other country: DIN 5008 form B, whose address field is 85 × 45 mm at 20 mm, 45 mm; the upper 17.7 mm of
  it are for the return address. DIN 680 has the window for it.
- SE: two windows are standard, V2 at the left and H2 at the right, and senders of invoices use the right one (sources:
  the envelope guide of harrykuvert.se; the guide for senders of sesamy.com, which prints the address at the upper
  right). **The millimetres of H2 are not published free of charge**: the place used is the Norwegian window seen in a
  mirror, 15 mm from the right edge.
- DK: the window is at the left, and the return address stands in it in one line (source: 21grams.com, iMail Denmark).
  **Its millimetres are not published free of charge either**: the place used lies in the Norwegian and in the Finnish
  windows alike.
"""

from __future__ import annotations

import msgspec


class Envelope(msgspec.Struct, frozen=True):
    """An envelope as published: its size, how high the folded sheet in it is, and its window from the upper left."""

    name: str
    width: float
    height: float
    folded: float
    x: float
    y: float
    window_width: float
    window_height: float


#: A4 folded once and twice; DIN 5008 form B folds the first third at 105 mm
_HALF, _THIRD, _DIN_THIRD = 148.5, 99.0, 105.0

ENVELOPES: dict[str, tuple[Envelope, ...]] = {
    "NO": (
        Envelope("E6/5", 220, 110, _THIRD, 15, 40, 95, 30),
        Envelope("C6/5", 229, 114, _THIRD, 15, 39, 100, 35),
        Envelope("C5", 229, 162, _HALF, 15, 44, 105, 35),
    ),
    "FI": (
        Envelope("C5", 229, 162, _HALF, 18, 40, 95, 35),
        Envelope("C65", 225, 114, _THIRD, 18, 40, 95, 35),
        Envelope("E5", 220, 156, _HALF, 18, 40, 90, 30),
        Envelope("E65", 220, 110, _THIRD, 18, 40, 90, 30),
    ),
    "DE": (Envelope("DL", 220, 110, _DIN_THIRD, 20, 50, 90, 45),),
}


class Window(msgspec.Struct, frozen=True):
    """The address and, above it, the line of the return address; millimetres from the upper left of the sheet."""

    side: str
    x: float
    y: float
    width: float
    #: the upper edge of the return address, which is 7 mm high and set at its foot; None where there is none
    return_y: float | None
    #: where the window ends for certain, and the page goes on
    end: float


_DIN = Window("left", 25, 64, 75, 56, 87)
_NORWEGIAN = Window("left", 20, 45, 76, 37, 79)
_NORDIC = Window("left", 23, 45, 71, 37, 79)
WINDOWS = {
    "NO": _NORWEGIAN,
    "FI": Window("left", 23, 41.2, 71, None, 75),
    "DK": _NORDIC,
    "SE": Window("right", 118, 45, 72, 37, 79),
    "DE": _DIN,
}
#: where a company asks for the other side than its country's
_LEFT, _RIGHT = _NORDIC, WINDOWS["SE"]


def window_of(country: str, side: str | None = None) -> Window:
    """The window for a sender in *country* (ISO 3166-1 alpha-2); *side* asks for the ``left`` or the ``right`` one."""
    usual = WINDOWS.get(country, _DIN)
    if side is None or side == usual.side:
        return usual
    return _LEFT if side == "left" else _RIGHT
