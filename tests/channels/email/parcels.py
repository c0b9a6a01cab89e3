"""Parcels for the way out by mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from fakturahub.model import Attachment, Content, Heading, Kind, Parcel
from fakturahub.model.ways import MailServer, MailWay

DELIVERY = UUID("01938a3b-0000-7000-8000-000000000001")
BEGUN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20

WAY = MailWay(
    to=("ap@skog.example",),
    from_name="Virta Sähkö Oy",
    sender="hub@hub.example",
    reply_to="laskut@virta.example",
    bounces="bounces@hub.example",
    subject="Lasku 2026-17 – Virta Sähkö Oy",
    text="Hei,\n\nlasku on liitteenä.\n",
    html='<!DOCTYPE html>\n<html lang="fi"><body><p>Hei,</p><p>lasku on liitteenä.</p></body></html>\n',
    language="fi",
    begun=BEGUN,
    server=None,
    folder="/nowhere",
)


def parcel(
    *,
    delivery_id: UUID = DELIVERY,
    attempt: int = 1,
    server: MailServer | None = None,
    files: tuple[Attachment, ...] = (),
    data: bytes = PDF,
    name: str = "Lasku 2026-17.pdf",
    **way: Any,
) -> Parcel[MailWay]:
    return Parcel(
        delivery_id=delivery_id,
        document_id=UUID(int=1),
        attempt=attempt,
        at=BEGUN,
        way=msgspec.structs.replace(WAY, server=server, **way),
        content=Content(data, name, "application/pdf", files),
        heading=Heading(kind=Kind.INVOICE, number="2026-17"),
    )
