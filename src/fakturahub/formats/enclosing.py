"""A document with its files as one ZIP archive, by the rule that the hub opens such archives by itself. Pure.

The document is ``STEM.xml``, and its files ``STEM_1.pdf``, ``STEM_2.png`` … in their order, so that the stem tells what
belongs together (specs/pagero.md, section 6). A file that the document names as lying beside it keeps that name. The
stem is unique and made of letters, digits and hyphens: the id of the delivery, and the number of the document.

The same document gives the same bytes: no member has a time of its own.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from uuid import UUID

from fakturahub.formats.envelope import name_beside
from fakturahub.intake.filenames import FlatNames, extension_of
from fakturahub.model import Attachment, Heading

#: characters of a document's number in a stem
_LONGEST_NUMBER = 60
# The first moment that the format can tell.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PACKING = 6


def stem_of(delivery_id: UUID, number: str | None) -> str:
    """The name, without its extension, of what is handed over in a delivery."""
    told = re.sub(r"[^0-9A-Za-z]+", "-", number or "").strip("-")[:_LONGEST_NUMBER].strip("-")
    return f"{delivery_id.hex}_{told}" if told else delivery_id.hex


def archive(data: bytes, stem: str, files: Sequence[Attachment], heading: Heading) -> bytes:
    """*data*, a document with that *heading*, and *files* as one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACKING) as made:
        _add(made, f"{stem}.xml", data)
        for name, content in _named(stem, files, heading):
            _add(made, name, content)
    return packed.getvalue()


def _named(stem: str, files: Sequence[Attachment], heading: Heading) -> list[tuple[str, bytes]]:
    # By an address: one that has no more than a name may be there because the file came beside the document.
    linked = {name.casefold() for one in heading.attachments if one.uri and (name := name_beside(one))}
    taken = FlatNames()
    taken.of(f"{stem}.xml")
    found = []
    for number, file in enumerate(files, 1):
        if file.name.casefold() in linked:
            name = file.name
        else:
            ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
            name = (
                f"{stem}_{number}{'.' + ending if ending.isalnum() and ending.isascii() else extension_of(file.mime)}"
            )
        found.append((taken.of(name), file.content))
    return found


def _add(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _NO_TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = _UNIX
    member.external_attr = 0o644 << 16
    made.writestr(member, content)
