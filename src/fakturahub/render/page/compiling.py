"""typst, called so that the data of a document stays data.

The sheet goes in as JSON through ``sys_inputs``; the template is a file of the package; files to be attached and the
logo lie in a folder of this call under names of our own. No font, package or file from elsewhere is read, and nothing
is fetched.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from fakturahub.errors import RenderingFailed, UnrenderableDocument
from fakturahub.render import figures, labels
from fakturahub.render.page import facturx
from fakturahub.render.page.characters import breakable, numbered, shorten, uncovered
from fakturahub.render.page.embedding import EmbeddedFile
from fakturahub.render.page.logos import accent_on_white, logo_of
from fakturahub.render.page.typesetting import typeset, typeset_apart
from fakturahub.render.page.windows import window_of
from fakturahub.render.page.work import Work
from fakturahub.render.parts import PartyBlock, Sheet, Style

#: counts up with every change that makes a page look different; kept pages of an older one are made anew
TEMPLATE_VERSION = 3
#: the files of the template
TEMPLATE = ("page.typ", "lines.typ", "payment.typ", "words.typ")
#: the fonts of the package, in the order in which they are asked for a glyph
FONTS = ("Inter", "DejaVu Sans")
#: facts that the head of the page has room for; the rest stands below the parties
_FACTS = 8
#: lines that are a table on the page of the sums; more follow on pages of their own
TABLE_ROWS = 120
#: characters of a sheet that is set in this process; a larger one is set in a process that can be stopped
MOST_HERE = 400_000
_PLAIN_NAME = re.compile(r"(?!\.{1,2}$)[^/\\\x00-\x1f\x7f]{1,255}")


def pdf(sheet: Sheet, *, at: datetime, embedded: Sequence[EmbeddedFile] = (), factur_x: bytes | None = None) -> bytes:
    """*sheet* as a PDF/A-3b made *at* that time (aware), with *embedded* inside.

    *factur_x* is the invoice as CII in the profile EN 16931 and makes the PDF a Factur-X (ZUGFeRD 2) invoice.

    The same input gives the same bytes on machines that have the same fonts, and on all machines where the package's
    own fonts have every character. Raises ``UnrenderableDocument`` for a logo that cannot be shown and for names of
    files that are no plain names, and ``RenderingFailed`` where typst gives up, or takes longer or more memory than
    ``typesetting`` allows.
    """
    if factur_x is not None:
        if sheet.kind not in ("invoice", "credit-note"):
            raise UnrenderableDocument(f"A {sheet.kind} cannot be a Factur-X invoice.")
        embedded = (*embedded, facturx.embedded(factur_x))
    data = _data_of(sheet)
    with tempfile.TemporaryDirectory(prefix="fakturahub-page-") as name:
        folder = Path(name)
        made = _made(folder, data, _setting(sheet, folder, embedded), at)
    return made if factur_x is None else facturx.declared(made)


def _data_of(sheet: Sheet) -> dict[str, Any]:
    """The sheet for the template: with places to break at in its words, and none in what machines read."""
    data: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(sheet, style=Style(), payment=()))
    blocks: list[dict[str, Any]] = msgspec.to_builtins(sheet.payment)
    words = [
        block | {"fields": breakable(block["fields"]), "accounts": breakable(block["accounts"])} for block in blocks
    ]
    return {**breakable(data), "payment": words}


def _made(folder: Path, data: dict[str, Any], setting: dict[str, Any], at: datetime) -> bytes:
    if not uncovered([data, setting]):
        return _compile(folder, data, setting, at, own_fonts=True)
    try:
        return _compile(folder, data, setting, at, own_fonts=False)
    except RenderingFailed:
        # Some character has no glyph on this machine: its number is shown instead.
        shown = numbered(setting) | {"files": setting["files"]}
        return _compile(folder, numbered(data), shown, at, own_fonts=True)


def _setting(sheet: Sheet, folder: Path, embedded: Sequence[EmbeddedFile]) -> dict[str, Any]:
    """What the template has to know besides the sheet; writes the files it reads into *folder*."""
    for name in TEMPLATE:
        (folder / name).write_bytes(_template(name))
    logo = None
    if sheet.style.logo is not None:
        drawn = logo_of(sheet.style.logo)
        logo = f"logo.{drawn.suffix}"
        (folder / logo).write_bytes(drawn.data)
    entries = []
    names = [one.name for one in embedded]
    wrong = next((name for name in names if not _PLAIN_NAME.fullmatch(name) or names.count(name) > 1), None)
    if wrong is not None:
        raise UnrenderableDocument(f"The file name {wrong[:100]!r} is no plain name, or two files have it.")
    for number, one in enumerate(embedded):
        path = f"file-{number}"
        (folder / path).write_bytes(one.content)
        entry = {"path": path, "name": one.name, "mime": one.mime, "relationship": one.relationship}
        entries.append(entry | {"description": one.description or one.name})
    return {
        "title": f"{sheet.title} {sheet.number}".strip(),
        "author": sheet.sender.name,
        # In the head there is room for so much; the block of the seller has all of it.
        "head": breakable(shorten(sheet.sender.name, 90)),
        "back": breakable(_back(sheet.sender)),
        "accent": accent_on_white(sheet.style.accent),
        "fonts": list(FONTS),
        "facts": _FACTS,
        "table_rows": TABLE_ROWS,
        "follows": _follows(sheet),
        "logo": logo,
        "files": entries,
        "window": msgspec.to_builtins(window_of(sheet.country, sheet.style.window)),
        "parties": breakable(msgspec.to_builtins(_parties(sheet))),
    }


def _follows(sheet: Sheet) -> str:
    """That the lines stand behind the sums, as they do where there are too many for a table before them."""
    count = figures.number(Decimal(len(sheet.table.rows)), sheet.language)
    return labels.text(sheet.language, "page.lines_follow").format(count=count)


def _back(sender: PartyBlock) -> str:
    """The sender in the line above the window's address: name, and where to send it back to, in about two lines."""
    return shorten(" · ".join(part for part in (shorten(sender.name, 60), *sender.address) if part), 130)


def _parties(sheet: Sheet) -> list[PartyBlock]:
    """The blocks below the head: the sender first, whose name stands at the head and whose address does not."""
    sender = sheet.sender
    if not (sender.address or sender.fields):
        return list(sheet.parties)
    return [msgspec.structs.replace(sender, title=sheet.sender_title), *sheet.parties]


def _compile(folder: Path, data: Any, setting: dict[str, Any], at: datetime, *, own_fonts: bool) -> bytes:
    sheet = msgspec.json.encode(data).decode()
    work = Work(sheet=sheet, setting=msgspec.json.encode(setting).decode(), at=at, own_fonts=own_fonts)
    return typeset(folder, work) if len(sheet) <= MOST_HERE else typeset_apart(folder, work)


@cache
def _template(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
