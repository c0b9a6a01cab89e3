"""Letters as parcels."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fakturahub import formats
from fakturahub.clock import first_id_at, new_id
from fakturahub.model import Attachment, Content, Heading, Kind, Parcel
from fakturahub.model.letter import Letter, LetterAddress, LetterFile, LetterParty
from fakturahub.model.ways import PrintWay, SftpServer

AT = datetime(2026, 11, 20, 13, 0, 7, tzinfo=UTC)
#: of 13:00, to the minute
BATCH = UUID(int=first_id_at(AT).int | 0x0123456789AB)


def letter(number: int, *, data: bytes | None = None, attempt: int = 1, pages: int = 2, **way: Any) -> Parcel[PrintWay]:
    """The letter to receiver *number*, for the folder ``print`` of this folder unless *way* says otherwise."""
    delivery = UUID(int=(BATCH.int & ~0xFFFF) | number)
    name = f"{delivery}.pdf"
    stated = Letter(
        number=str(delivery),
        sender=LetterParty(names=("Virta Sähkö Oy",), address=LetterAddress(town="Espoo", country="FI")),
        recipient=LetterParty(
            names=(f"Receiver & <Sons> {number}",),
            address=LetterAddress(streets=("Kadunpää 1",), town="Oulu", post_code="90100", country="FI"),
        ),
        files=(LetterFile(role="APIX_PDFFILE", uri=f"file://{name}"),),
    )
    metadata = Attachment(f"{delivery}.xml", "application/xml", formats.write(stated, "letters-1.0").data)
    content = Content(b"%%PDF-1.7 of %d" % number if data is None else data, name, "application/pdf", (metadata,))
    settings: dict[str, Any] = {
        "postal_class": 2,
        "colour": False,
        "duplex": True,
        "country_class": "FI",
        "pages": pages,
        "server": None,
        "folder": "print",
    }
    return Parcel(
        delivery_id=delivery,
        document_id=new_id(),
        attempt=attempt,
        at=AT,
        way=PrintWay(**(settings | way)),
        content=content,
        heading=Heading(Kind.INVOICE, number=f"INV-{number}"),
    )


def to_server(server: SftpServer, *numbers: int, **changes: Any) -> list[Parcel[PrintWay]]:
    return [letter(one, server=server, **changes) for one in numbers]


def to_folder(folder: Path, *numbers: int, **changes: Any) -> list[Parcel[PrintWay]]:
    return [letter(one, folder=str(folder), **changes) for one in numbers]
