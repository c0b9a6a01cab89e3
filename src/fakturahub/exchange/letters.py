"""A document as a letter: how many pages it has before it is accepted, and when it leaves. Pure, but for the time told.

What cannot be printed is found out when the document is submitted, not when the letters of many companies are about to
be handed over together: whoever prices a letter has made it whole once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from fakturahub.errors import UnrenderableDocument
from fakturahub.exchange.cutoffs import next_cut_off
from fakturahub.exchange.render import Document, Look, letter_of
from fakturahub.model import Attachment

#: pages of one letter
MOST_PAGES = 500
#: bytes of the PDF of one letter
MOST_BYTES = 25 * 1024**2


class Pages(msgspec.Struct, frozen=True):
    """What a letter is before it is printed."""

    #: pages, of which two share a sheet where it is printed on both sides
    count: int
    #: bytes of its PDF
    size: int
    #: names of attachments that paper has no place for
    left_out: tuple[str, ...] = ()


def look_of(language: str | None) -> Look:
    """How letters look: as the document's own picture, else as the hub's page in *language*."""
    return Look(language=language, letter=True)


def pages_of(document: Document, *, language: str | None, at: datetime, files: Sequence[Attachment] = ()) -> Pages:
    """*document* as a letter; *files* lie beside it, besides those of its envelope. It takes a processor: in a thread.

    Raises ``UnrenderableDocument`` for what is no letter, also for one of more than ``MOST_PAGES`` or ``MOST_BYTES``,
    ``RenderingFailed`` where it could not be made, and what ``formats.read`` raises.
    """
    made = letter_of(document, look_of(language), at=at, files=files)
    check(made.page.pages, len(made.page.data))
    return Pages(made.page.pages, len(made.page.data), made.left_out)


def check(pages: int, size: int) -> None:
    """Raise ``UnrenderableDocument`` for a letter of more pages or bytes than are printed."""
    if pages > MOST_PAGES:
        raise UnrenderableDocument(f"The letter has {pages:,} pages; the limit is {MOST_PAGES:,}.")
    if size > MOST_BYTES:
        raise UnrenderableDocument(f"The letter has {size:,} bytes; the limit is {MOST_BYTES:,}.")


def leaves_at(now: datetime, section: Mapping[str, Any] | None, zone: ZoneInfo) -> datetime:
    """When a letter that is accepted *now* is handed over, by ``[print]`` as it is stored.

    Until then it can be cancelled. *zone* is the sending company's; ``[print] timezone`` goes before it.
    """
    stated = section or {}
    times = [time.fromisoformat(one) for one in stated.get("cut_offs", ())]
    return next_cut_off(now, times, ZoneInfo(stated["timezone"]) if stated.get("timezone") else zone)
