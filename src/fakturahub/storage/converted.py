"""What is delivered in another syntax than it came in: written with the delivery, read by its receiver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa

from fakturahub.storage.database import Database
from fakturahub.storage.document_files import FileRow as FileRow
from fakturahub.storage.document_files import of_many
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import company, converted, converted_file, delivery, document


class Converted(msgspec.Struct, frozen=True):
    """A document as it was written for its receiver."""

    #: JSON text: recognition and heading of what was written
    facts: str
    kept: Kept
    files: tuple[FileRow, ...] = ()


class Prepared(msgspec.Struct, frozen=True):
    """What becomes of a delivery whose receiver wants another syntax than the document came in."""

    #: JSON text: what the conversion did, see ``exchange.convert.Report``
    report: str
    #: the document as it was written; None: it is delivered as it came
    converted: Converted | None = None
    #: the syntax it is delivered in; None: the one it came in
    syntax: str | None = None
    #: why it cannot be delivered at all, a sentence for a person
    error: str | None = None


class Source(msgspec.Struct, frozen=True):
    """A document that is to be converted."""

    delivery_id: UUID
    wanted: str
    #: whether its receiver takes a document that lost something on the way
    allow_loss: bool
    kept: Kept
    #: those that came beside it
    files: tuple[FileRow, ...] = ()


_SOURCE = (
    sa.select(
        delivery.c.id,
        delivery.c.wanted_syntax,
        # The policy of the moment: one that was changed counts when a delivery is started again.
        sa.func.coalesce(company.c.settings["allow_loss"].as_boolean(), sa.true()),
        document.c.sha256,
        document.c.size,
        document.c.encoding,
        document.c.payload,
        document.c.id,
    )
    .select_from(
        delivery.join(document, document.c.id == delivery.c.document_id).outerjoin(
            company, company.c.id == delivery.c.receiver_id
        )
    )
    .where(delivery.c.id == sa.bindparam("delivery"))
)
_KEPT = (converted.c.sha256, converted.c.size, converted.c.encoding, converted.c.payload)
_CONVERTED = sa.select(*_KEPT).where(converted.c.delivery_id == sa.bindparam("delivery"))
_FILES = (
    sa.select(
        converted_file.c.name,
        converted_file.c.mime,
        converted_file.c.description,
        converted_file.c.sha256,
        converted_file.c.size,
        converted_file.c.encoding,
        converted_file.c.payload,
    )
    .where(converted_file.c.delivery_id == sa.bindparam("delivery"))
    .order_by(converted_file.c.position)
)


async def source(database: Database, delivery_id: UUID) -> Source | None:
    """The document of a delivery, with what its receiver wants; None where there is no such delivery."""
    async with database.begin() as connection:
        row = (await connection.execute(_SOURCE, {"delivery": delivery_id})).one_or_none()
        if row is None:
            return None
        files = (await of_many(connection, [row[7]])).get(row[7], [])
    return Source(row[0], row[1], row[2], Kept(*row[3:7]), tuple(files))


async def document_of(database: Database, delivery_id: UUID) -> Kept | None:
    """What was written for a delivery; None where it went as it came, or has not been done."""
    async with database.begin() as connection:
        row = (await connection.execute(_CONVERTED, {"delivery": delivery_id})).one_or_none()
    return None if row is None else Kept(*row)


async def files_of(database: Database, delivery_id: UUID) -> list[FileRow]:
    """The files beside what was written for a delivery, in their order."""
    async with database.begin() as connection:
        rows = await connection.execute(_FILES, {"delivery": delivery_id})
        return [FileRow(row[0], row[1], row[2], Kept(*row[3:])) for row in rows]


async def insert(
    connection: asyncpg.Connection[asyncpg.Record], written: Mapping[UUID, Converted], now: datetime
) -> None:
    """Store what was written for deliveries, by their ids, in the open transaction that records them as done."""
    if not written:
        return
    await connection.executemany(
        """INSERT INTO converted (delivery_id, facts, sha256, size, encoding, payload, created_at)
           VALUES ($1, $2::text::jsonb, $3, $4, $5, $6, $7)""",
        [(id_, one.facts, *msgspec.structs.astuple(one.kept), now) for id_, one in written.items()],
    )
    await connection.executemany(
        """INSERT INTO converted_file
               (delivery_id, position, name, mime, description, sha256, size, encoding, payload)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        [
            (id_, place, file.name, file.mime, file.description, *msgspec.structs.astuple(file.kept))
            for id_, one in written.items()
            for place, file in enumerate(one.files)
        ],
    )
