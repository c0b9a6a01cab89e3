"""A company's inbox: what was delivered to it inside this hub, unreceived first.

Every list has one index and a limit; nothing here costs more when more is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.clock import first_id_at
from fakturahub.storage.database import Database
from fakturahub.storage.newest import newest_of
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import converted, document, inbox


class Entry(msgspec.Struct, frozen=True):
    """One delivered document as its receiver sees it."""

    id: UUID
    company_id: UUID
    document_id: UUID
    arrived_at: datetime
    received_at: datetime | None
    kind: str
    syntax: str | None
    #: recognition, heading, findings
    facts: dict[str, Any]
    #: until when it is reserved for a reader whose receipt is not known yet
    lease_until: datetime | None = None
    #: the delivery that wrote it in another syntax than it came in; None: its receiver gets it as it came
    converted_by: UUID | None = None


_ENTRY = (
    inbox.c.id,
    inbox.c.company_id,
    inbox.c.document_id,
    inbox.c.arrived_at,
    inbox.c.received_at,
    document.c.kind,
    document.c.syntax,
    sa.func.coalesce(converted.c.facts, document.c.facts),
    inbox.c.lease_until,
    converted.c.delivery_id,
)
_JOINED = inbox.join(document, document.c.id == inbox.c.document_id).outerjoin(
    converted, converted.c.delivery_id == inbox.c.delivery_id
)


def _newest(received: bool) -> sa.Select[Any]:
    return newest_of(
        sa.select(*_ENTRY)
        .select_from(_JOINED)
        .where(inbox.c.received_at.is_not(None) if received else inbox.c.received_at.is_(None)),
        {inbox.c.company_id: sa.bindparam("company")},
        inbox.c.id,
        since=sa.bindparam("floor"),
    ).limit(sa.bindparam("most"))


_UNRECEIVED_STATEMENT = _newest(False)
_RECEIVED_STATEMENT = _newest(True)

_BY_ID = sa.select(*_ENTRY).select_from(_JOINED).where(inbox.c.id == sa.bindparam("entry"))

_PAYLOAD = sa.select(document.c.sha256, document.c.size, document.c.encoding, document.c.payload).where(
    document.c.id == sa.bindparam("document")
)

_OLDEST_FREE = (
    newest_of(
        sa.select(inbox.c.id).where(
            inbox.c.received_at.is_(None),
            sa.or_(inbox.c.lease_until.is_(None), inbox.c.lease_until < sa.bindparam("now")),
        ),
        {inbox.c.company_id: sa.bindparam("company")},
        inbox.c.id,
        oldest_first=True,
    )
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LEASE = (
    sa.update(inbox)
    .where(inbox.c.id == _OLDEST_FREE.scalar_subquery())
    .values(lease_until=sa.bindparam("until"))
    .returning(inbox.c.id)
)


async def newest(database: Database, company: UUID, since: datetime, most: int) -> list[Entry]:
    """Entries that arrived at or after *since*, the unreceived ones first, each part the newest first."""
    async with database.begin() as connection:
        floor = first_id_at(since)
        rows = list(await connection.execute(_UNRECEIVED_STATEMENT, {"company": company, "floor": floor, "most": most}))
        if len(rows) < most:
            received = await connection.execute(
                _RECEIVED_STATEMENT, {"company": company, "floor": floor, "most": most - len(rows)}
            )
            # one that was received between the two statements is in both results
            unreceived = {row.id for row in rows}
            rows += [row for row in received if row.id not in unreceived]
    return [Entry(*row) for row in rows]


async def find(database: Database, entry: UUID) -> Entry | None:
    async with database.begin() as connection:
        row = (await connection.execute(_BY_ID, {"entry": entry})).one_or_none()
    return None if row is None else Entry(*tuple(row))


async def lease_oldest_unreceived(database: Database, company: UUID, now: datetime, length: timedelta) -> UUID | None:
    """Reserve the oldest entry that nobody has received for *length*, so that two readers never get the same one."""
    async with database.begin() as connection:
        entry: UUID | None = await connection.scalar(_LEASE, {"company": company, "now": now, "until": now + length})
    return entry


async def lease(database: Database, entry: UUID, now: datetime, length: timedelta) -> None:
    """Reserve an entry for *length*, whoever has it reserved already: its reader proved that it may have it."""
    async with database.begin() as connection:
        await connection.execute(sa.update(inbox).where(inbox.c.id == entry).values(lease_until=now + length))


async def mark_received(database: Database, entries: Sequence[UUID], now: datetime) -> None:
    """Mark entries as received; the first time counts."""
    async with database.begin() as connection:
        await connection.execute(
            sa.update(inbox)
            .where(inbox.c.id.in_(entries), inbox.c.received_at.is_(None))
            .values(received_at=now, lease_until=None)
        )


async def give_back(database: Database, entry: UUID) -> None:
    """End a lease at once: the reader went away before it had everything."""
    async with database.begin() as connection:
        await connection.execute(sa.update(inbox).where(inbox.c.id == entry).values(lease_until=None))


async def payload_of(database: Database, document_id: UUID) -> Kept | None:
    """The bytes of a document as they came."""
    async with database.begin() as connection:
        row = (await connection.execute(_PAYLOAD, {"document": document_id})).one_or_none()
    return None if row is None else Kept(*row)
