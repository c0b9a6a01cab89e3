"""What typst is given."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A page to be set; the template, the logo and the files to be embedded lie in the folder of the call."""

    #: JSON
    sheet: str
    setting: str
    #: when the PDF is made
    at: datetime
    #: False to ask the fonts of the machine, too
    own_fonts: bool
