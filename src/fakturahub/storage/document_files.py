"""Files that came beside a document: stored with it, and handed over, converted and drawn with it.

A document whose heading names no attachment that lies beside it has none; whoever has the heading need not ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.storage.database import Database
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import document_file


class FileRow(msgspec.Struct, frozen=True):
    """A file that travels beside a document."""

    name: str
    mime: str
    description: str | None
    kept: Kept


_FILES = (
    sa.select(
        document_file.c.document_id,
        document_file.c.name,
        document_file.c.mime,
        document_file.c.description,
        document_file.c.sha256,
        document_file.c.size,
        document_file.c.encoding,
        document_file.c.payload,
    )
    .where(document_file.c.document_id.in_(sa.bindparam("documents", expanding=True)))
    .order_by(document_file.c.document_id, document_file.c.position)
)


async def of_many(connection: AsyncConnection, document_ids: Sequence[UUID]) -> dict[UUID, list[FileRow]]:
    """The files of those of the documents that have any, in their order; one query in the caller's transaction."""
    found: dict[UUID, list[FileRow]] = {}
    if document_ids:
        for row in await connection.execute(_FILES, {"documents": list(document_ids)}):
            found.setdefault(row[0], []).append(FileRow(row[1], row[2], row[3], Kept(*row[4:])))
    return found


async def files_of(database: Database, document_id: UUID) -> list[FileRow]:
    """The files that came beside a document, in their order."""
    async with database.begin() as connection:
        return (await of_many(connection, [document_id])).get(document_id, [])


async def insert(connection: asyncpg.Connection[asyncpg.Record], files: Sequence[tuple[UUID, int, FileRow]]) -> None:
    """Store *files*, each with its document and its place, in the transaction that stores their documents."""
    if files:
        await connection.executemany(
            """INSERT INTO document_file
                   (document_id, position, name, mime, description, sha256, size, encoding, payload)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            [
                (id_, place, one.name, one.mime, one.description, *msgspec.structs.astuple(one.kept))
                for id_, place, one in files
            ],
        )
