"""A batch of letters as ZIP archives: the metadata of all letters in one file, and a PDF for each of them.

Source of the layout: apix.md 6.2, "ZIP = XML metadata (one or more Letters) + the PDFs they name". What holds for all
letters of a batch stands in the root element, in the words of apix.md 6.4.

The same letters give the same bytes, whatever machine packs them and when: members are stored, for PDFs are packed
already and no two versions of zlib pack alike, and bear the oldest time that the format knows.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

import msgspec

from fakturahub.model import Parcel
from fakturahub.model.ways import PrintWay

#: bytes of letters in one archive; a batch of more is several archives
MOST_BYTES = 50 * 1024**2
#: name of the metadata in an archive
METADATA = "letters.xml"
_OLDEST = (1980, 1, 1, 0, 0, 0)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>\s*")


class Archive(msgspec.Struct, frozen=True):
    """A file for the print house."""

    name: str
    data: bytes
    letters: int


def archives(batch: str, parcels: Sequence[Parcel[PrintWay]]) -> Iterator[Archive]:
    """The archives of the batch called *batch*, made one at a time: ``batch.zip``, or ``batch-1of2.zip`` ….

    A letter's content is its PDF, and beside it the metadata of the letter: one file, an element ``Letter``.
    """
    ordered = sorted(parcels, key=lambda one: one.delivery_id)
    parts = list(_parts(ordered))
    for number, part in enumerate(parts, 1):
        name = batch if len(parts) == 1 else f"{batch}-{number}of{len(parts)}"
        yield Archive(f"{name}.zip", _packed(name, part), len(part))


def _parts(parcels: Sequence[Parcel[PrintWay]]) -> Iterator[list[Parcel[PrintWay]]]:
    part: list[Parcel[PrintWay]] = []
    size = 0
    for parcel in parcels:
        size += len(parcel.content.data)
        if part and size > MOST_BYTES:
            yield part
            part, size = [], len(parcel.content.data)
        part.append(parcel)
    if part:
        yield part


def _packed(name: str, parcels: Sequence[Parcel[PrintWay]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(METADATA), _metadata(name, parcels))
        for parcel in parcels:
            archive.writestr(_member(parcel.content.name), parcel.content.data)
    return made.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _OLDEST)
    member.create_system, member.external_attr = 3, 0o100644 << 16
    return member


def _metadata(name: str, parcels: Sequence[Parcel[PrintWay]]) -> bytes:
    way = parcels[0].way
    stated = {
        "Version": "1.0",
        "BatchID": name,
        "Letters": str(len(parcels)),
        "LetterPages": str(sum(one.way.pages for one in parcels)),
        "LetterClass": str(way.postal_class),
        "LetterPrintColor": "COLOR" if way.colour else "BW",
        "LetterPrintSides": "2" if way.duplex else "1",
        "LetterCountry": way.country_class,
    }
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in stated.items())
    letters = (_DECLARATION.sub(b"", one.content.files[0].content, count=1).rstrip() for one in parcels)
    root = f'<?xml version="1.0" encoding="UTF-8"?>\n<Letters{attributes}>\n'.encode()
    return root + b"\n".join(letters) + b"\n</Letters>\n"
