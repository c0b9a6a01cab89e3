"""Where the receiver's address stands, so that it shows in the window of the envelope of the sender's country.

All places are millimetres from the left and the upper edge of an A4 page. A folded page can slide some millimetres in
its envelope, so the address begins at least 5 mm inside of the window.

- DE: DIN 5008 form B: the address field is 85 × 45 mm at 20 mm, 45 mm; 17.7 mm of it are for the return address.
- NO: windows begin 15 mm from the left. From the top they take 40 to 70 mm (E6/5), 39 to 74 mm (C6/5), 44 to 79 mm
  (C5) and 42 to 82 mm (EC4); what stands between 46 and 70 mm shows in all four. Source: the list of a Norwegian
  maker of letter templates, officeconsult.no, "Plassering av mottakerfelt i vinduskonvolutter".
- SE: two windows are standard, V2 at the left and H2 at the right; senders of invoices use the right one. Source of
  the two: the envelope guide of harrykuvert.se. The millimetres of H2 are not published there; what is used here is
  what Swedish printing services ask for, the upper right of the page.
- FI, DK: the window is at the left. No free source gives its millimetres (SFS 2487 and the posts' guides are sold or
  gone); the place of the Norwegian windows is used, which lies within the left window of C5 and E65 envelopes.

Every other country gets the place of DIN 5008, which the envelopes of the continent are made for.
"""

from __future__ import annotations

import msgspec


class Window(msgspec.Struct, frozen=True):
    """The address and, above it, the line of the return address; millimetres."""

    side: str
    x: float
    y: float
    width: float
    #: the upper edge of the return address, which is 6 mm high and set at its foot
    return_y: float
    #: where the window ends for certain, and the page goes on
    end: float


_LEFT = Window("left", 20, 51, 84, 43, 77)
_RIGHT = Window("right", 118, 51, 72, 43, 77)
_DIN = Window("left", 25, 64, 78, 56, 87)
_OF_COUNTRY = {"NO": _LEFT, "FI": _LEFT, "DK": _LEFT, "SE": _RIGHT}


def window_of(country: str, side: str | None = None) -> Window:
    """The window for a sender in *country* (ISO 3166-1 alpha-2); *side* asks for the left or the right one."""
    if side == "left":
        return _OF_COUNTRY.get(country, _DIN) if country != "SE" else _LEFT
    return _RIGHT if side == "right" else _OF_COUNTRY.get(country, _DIN)
