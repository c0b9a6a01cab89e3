"""What the pages of payslips need: the payslip of a delivery, and how often somebody who opened it did not know it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.clock import new_id
from fakturahub.storage import document_files
from fakturahub.storage.database import Database
from fakturahub.storage.document_files import FileRow
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import delivery, document, event

OPENED, REFUSED = "payslip.opened", "payslip.refused"


class Mailed(msgspec.Struct, frozen=True):
    """A payslip that was mailed as a link."""

    document_id: UUID
    company_id: UUID
    #: of the mail
    language: str | None
    kept: Kept
    files: tuple[FileRow, ...]
    #: wrong answers so far
    refused: int


_REFUSED = (
    sa.select(sa.func.count())
    .select_from(event)
    .where(event.c.document_id == document.c.id, event.c.delivery_id == delivery.c.id, event.c.kind == REFUSED)
    .scalar_subquery()
)
_MAILED = (
    sa.select(
        document.c.id,
        delivery.c.company_id,
        delivery.c.details["language"].as_string(),
        document.c.sha256,
        document.c.size,
        document.c.encoding,
        document.c.payload,
        _REFUSED,
    )
    .select_from(delivery.join(document, document.c.id == delivery.c.document_id))
    .where(
        delivery.c.id == sa.bindparam("id"),
        delivery.c.channel == "email",
        delivery.c.state != "cancelled",
        document.c.kind == "payslip",
        document.c.size > 0,
    )
)


async def mailed(database: Database, delivery_id: UUID) -> Mailed | None:
    """The payslip of a delivery by mail; None where there is none, or it was taken back."""
    async with database.begin() as connection:
        row = (await connection.execute(_MAILED, {"id": delivery_id})).one_or_none()
        if row is None:
            return None
        files = (await document_files.of_many(connection, [row[0]])).get(row[0], [])
    return Mailed(row[0], row[1], row[2], Kept(*row[3:7]), tuple(files), row[7])


async def answered(
    database: Database, delivery_id: UUID, mailed: Mailed, right: bool, most: int, now: datetime
) -> bool:
    """Record an answer; False where there were *most* wrong ones already, then it does not count whatever it is.

    Answers that come at once are counted one after the other.
    """
    async with database.begin() as connection:
        await connection.execute(
            sa.select(delivery.c.id).where(delivery.c.id == delivery_id).with_for_update(key_share=True)
        )
        wrong = await connection.scalar(
            sa.select(sa.func.count())
            .select_from(event)
            .where(
                event.c.document_id == mailed.document_id,
                event.c.delivery_id == delivery_id,
                event.c.kind == REFUSED,
            )
        )
        if (wrong or 0) >= most:
            return False
        await connection.execute(
            sa.insert(event),
            {
                "id": new_id(now),
                "company_id": mailed.company_id,
                "document_id": mailed.document_id,
                "delivery_id": delivery_id,
                "kind": OPENED if right else REFUSED,
                "at": now,
                "data": {},
            },
        )
    return True
