"""A company's inbox: what was delivered to it inside this hub, unreceived first.

Every list has one index and a limit; nothing here costs more when more is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.clock import first_id_at, new_id
from fakturahub.storage.database import Database
from fakturahub.storage.newest import newest_of
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import converted, delivery, document, event, inbox, submission

#: bounds that leave nothing out
EVER, NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


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
    #: since when its reader cannot fetch it any more
    removed_at: datetime | None = None


class Origin(msgspec.Struct, frozen=True):
    """How a document came into the hub."""

    submission_id: UUID
    dialect: str
    sender_id: UUID
    #: the channel of the delivery that put it into the inbox
    channel: str


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
    inbox.c.removed_at,
)
_JOINED = inbox.join(document, document.c.id == inbox.c.document_id).outerjoin(
    converted, converted.c.delivery_id == inbox.c.delivery_id
)


def _newest(received: bool) -> sa.Select[Any]:
    return newest_of(
        sa.select(*_ENTRY)
        .select_from(_JOINED)
        .where(
            inbox.c.received_at.is_not(None) if received else inbox.c.received_at.is_(None),
            sa.or_(inbox.c.removed_at.is_(None), inbox.c.removed_at >= sa.bindparam("removed_since")),
        ),
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
            inbox.c.removed_at.is_(None),
            sa.or_(inbox.c.lease_until.is_(None), inbox.c.lease_until < sa.bindparam("now")),
        ),
        {inbox.c.company_id: sa.bindparam("company")},
        inbox.c.id,
        since=sa.bindparam("floor"),
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


async def newest(
    database: Database, company: UUID, since: datetime, most: int, removed_since: datetime = NEVER
) -> list[Entry]:
    """Entries that arrived at or after *since*, the unreceived ones first, each part the newest first.

    Without those that were removed before *removed_since*.
    """
    asked = {"company": company, "floor": first_id_at(since), "most": most, "removed_since": removed_since}
    async with database.begin() as connection:
        rows = list(await connection.execute(_UNRECEIVED_STATEMENT, asked))
        if len(rows) < most:
            received = await connection.execute(_RECEIVED_STATEMENT, {**asked, "most": most - len(rows)})
            # one that was received between the two statements is in both results
            unreceived = {row.id for row in rows}
            rows += [row for row in received if row.id not in unreceived]
    return [Entry(*row) for row in rows]


async def find(database: Database, entry: UUID) -> Entry | None:
    async with database.begin() as connection:
        row = (await connection.execute(_BY_ID, {"entry": entry})).one_or_none()
    return None if row is None else Entry(*tuple(row))


async def lease_oldest_unreceived(
    database: Database, company: UUID, now: datetime, length: timedelta, since: datetime = EVER
) -> UUID | None:
    """Reserve the oldest entry that nobody has received for *length*, so that two readers never get the same one.

    Only of those that arrived at or after *since*, and were not removed.
    """
    asked = {"company": company, "floor": first_id_at(since), "now": now, "until": now + length}
    async with database.begin() as connection:
        entry: UUID | None = await connection.scalar(_LEASE, asked)
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


_ORIGIN = (
    sa.select(document.c.submission_id, submission.c.dialect, document.c.company_id, delivery.c.channel)
    .select_from(
        inbox.join(document, document.c.id == inbox.c.document_id)
        .join(submission, submission.c.id == document.c.submission_id)
        .join(delivery, delivery.c.id == inbox.c.delivery_id)
    )
    .where(inbox.c.id == sa.bindparam("entry"))
)


async def origin_of(database: Database, entry: UUID) -> Origin | None:
    """How the document of an entry came into the hub, None where there is no such entry."""
    async with database.begin() as connection:
        row = (await connection.execute(_ORIGIN, {"entry": entry})).one_or_none()
    return None if row is None else Origin(*row)


# Those that were removed are the oldest: the search begins behind the newest of them.
_REMOVE = sa.text(
    """WITH last AS (SELECT coalesce((SELECT id FROM inbox WHERE removed_at IS NOT NULL ORDER BY id DESC LIMIT 1),
                                   '00000000-0000-0000-0000-000000000000') AS id),
            old AS (SELECT inbox.id FROM inbox, last
                    WHERE inbox.id > last.id AND inbox.id < :floor AND removed_at IS NULL
                    ORDER BY inbox.id LIMIT :most FOR UPDATE OF inbox)
       UPDATE inbox SET removed_at = :now, lease_until = NULL FROM old WHERE inbox.id = old.id
       RETURNING inbox.company_id, document_id, delivery_id"""
).bindparams(sa.bindparam("floor", type_=inbox.c.id.type))


async def remove_older(database: Database, than: datetime, now: datetime, most: int = 1_000) -> int:
    """Remove the oldest entries that arrived before *than*, at most so many, each with an event; returns how many."""
    async with database.begin() as connection:
        removed = await connection.execute(_REMOVE, {"floor": first_id_at(than), "now": now, "most": most})
        rows = removed.all()
        if rows:
            told = {"kind": "inbox.expired", "at": now, "data": {}}
            await connection.execute(
                sa.insert(event),
                [
                    {"id": new_id(now), "company_id": row[0], "document_id": row[1], "delivery_id": row[2], **told}
                    for row in rows
                ],
            )
        return len(rows)


async def payload_of(database: Database, document_id: UUID) -> Kept | None:
    """The bytes of a document as they came."""
    async with database.begin() as connection:
        row = (await connection.execute(_PAYLOAD, {"document": document_id})).one_or_none()
    return None if row is None else Kept(*row)
