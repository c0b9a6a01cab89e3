"""Erasing what a document says, where its sender asks for that: the rows stay, with nothing of the document in them.

Bytes in the object store that no row names any more are removed by the sweep of payloads.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa

from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import document

#: documents of one number that are looked at
MOST = 100

_ERASED = "erased at its sender's request"


class Numbered(msgspec.Struct, frozen=True):
    """A document as it is found by its number."""

    id: UUID
    created_at: datetime
    #: the date that it states
    issue_date: object
    kept: Kept


async def numbered(database: Database, company_id: UUID, number: str, kind: str) -> list[Numbered]:
    """What *company_id* sent of a kind under *number*, the newest first, but for what was erased."""
    statement = (
        sa.select(
            document.c.id,
            document.c.created_at,
            document.c.issue_date,
            document.c.sha256,
            document.c.size,
            document.c.encoding,
            document.c.payload,
        )
        .where(
            document.c.company_id == company_id,
            document.c.number == number,
            document.c.kind == kind,
            document.c.size > 0,
        )
        .order_by(document.c.id.desc())
        .limit(MOST)
    )
    async with database.begin() as connection:
        return [Numbered(row[0], row[1], row[2], Kept(*row[3:])) for row in await connection.execute(statement)]


async def erase(connection: asyncpg.Connection[asyncpg.Record], document_id: UUID, now: datetime) -> None:
    """Erase a document, the files beside it, what was made of it, and where it went; its deliveries are locked.

    What was said of it stays in the answer of its submission: no more than its number. The same transfer sent again is
    no repeat once nothing of it is left.
    """
    await connection.execute("DELETE FROM rendered WHERE document_id = $1", document_id)
    await connection.execute("DELETE FROM document_file WHERE document_id = $1", document_id)
    for table in ("converted_file", "converted"):
        await connection.execute(
            f"DELETE FROM {table} WHERE delivery_id IN (SELECT id FROM delivery WHERE document_id = $1)",  # noqa: S608 - names of ours
            document_id,
        )
    await connection.execute(
        """UPDATE document SET sha256 = $2, size = 0, encoding = 'identity', payload = '', changed_at = $3,
                  payable = NULL, facts = jsonb_set(facts, '{heading}', jsonb_build_object('kind', kind)) - 'route'
           WHERE id = $1""",
        document_id,
        hashlib.sha256(b"").digest(),
        now,
    )
    # what was to go back to its sender says what the document says
    await connection.execute(
        """UPDATE delivery SET state = 'cancelled', last_error = $2, changed_at = $3
           WHERE document_id = $1 AND channel = $4 AND state IN ('pending', 'retrying', 'held')""",
        document_id,
        _ERASED,
        now,
        ACKNOWLEDGEMENT,
    )
    await connection.execute(
        """UPDATE delivery SET address = '', why = $2, details = NULL, report = NULL, receipt = NULL,
                  last_error = CASE WHEN state = 'cancelled' THEN last_error END
           WHERE document_id = $1""",
        document_id,
        _ERASED,
    )
    await connection.execute(
        "UPDATE attempt SET detail = '{}' WHERE delivery_id IN (SELECT id FROM delivery WHERE document_id = $1)",
        document_id,
    )
    await connection.execute("UPDATE event SET data = data - 'why' WHERE document_id = $1", document_id)
    await connection.execute(
        """UPDATE submission s SET repeat_key = NULL FROM document o
           WHERE o.id = $1 AND s.id = o.submission_id AND NOT EXISTS (
               SELECT FROM document other WHERE other.submission_id = s.id AND other.size > 0)""",
        document_id,
    )
