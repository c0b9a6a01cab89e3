"""What typst is given."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A page to be set; the template, the logo and the files to be embedded lie in the folder of the call."""

    #: JSON
    sheet: str
    setting: str
    #: when the PDF is made; None for one that is thrown away
    at: datetime | None
    #: False to ask the fonts of the machine, too
    own_fonts: bool
    #: whether the first page is drawn as a picture, too, to see that this is done in the same bounds
    picture: bool = False
