"""Doing deliveries: claimed, done and recorded in one transaction where the receiver is a company of this hub."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.clock import new_id
from fakturahub.model import DeliveryState, DocumentState, document_state_after
from fakturahub.storage.database import Database, PlainSession, translated
from fakturahub.storage.jobs import DELIVER, enqueue
from fakturahub.storage.tables import delivery, document, event

#: a delivery that is open this long after it was due and has no job gets another: the queue may have been emptied by
#: hand, or have failed between two transactions of its own; a second job does no harm
OVERDUE = timedelta(minutes=2)


class Claimed(msgspec.Struct, frozen=True):
    """A delivery this transaction holds the lock of."""

    id: UUID
    document_id: UUID
    company_id: UUID
    receiver_id: UUID
    channel: str
    syntax: str | None
    attempts: int


class Done(msgspec.Struct, frozen=True):
    claimed: Claimed
    #: id of the entry in the receiver's inbox
    entry_id: UUID
    seconds: float


class InboxDeliveries:
    """Deliveries to companies of this hub, for one process. A batch is one transaction: each is done exactly once."""

    def __init__(self, database: Database) -> None:
        self._session = PlainSession(database)

    async def do(self, ids: Sequence[UUID], now: datetime) -> int:
        """Put those of *ids* that are still open into their receivers' inboxes; returns how many that were.

        Raises `DatabaseUnavailable`; whether the batch was done is then not known, and doing it again does no harm.
        """
        started = time.perf_counter()
        with translated():
            async with self._session.transaction() as connection:
                claimed = await _claim(connection, ids)
                seconds = time.perf_counter() - started
                await _record(connection, [Done(one, new_id(now), seconds) for one in claimed], now)
        return len(claimed)

    async def close(self) -> None:
        await self._session.close()


async def _claim(connection: asyncpg.Connection[asyncpg.Record], ids: Sequence[UUID]) -> list[Claimed]:
    """Lock those of *ids* that are still to be done, waiting for whoever holds them.

    Locked in the order of ids, so that two workers with overlapping batches cannot deadlock.
    """
    records = await connection.fetch(
        """SELECT d.id, d.document_id, d.company_id, d.receiver_id, d.channel, o.syntax, d.attempts
           FROM delivery d JOIN document o ON o.id = d.document_id
           WHERE d.id = ANY ($1) AND d.state IN ('pending', 'sending', 'retrying') AND d.receiver_id IS NOT NULL
           ORDER BY d.id
           FOR UPDATE OF d""",
        list(ids),
    )
    return [Claimed(*record) for record in records]


async def _record(connection: asyncpg.Connection[asyncpg.Record], done: Sequence[Done], now: datetime) -> None:
    """Put *done* into their receivers' inboxes and record everything about it, in the open transaction."""
    if not done:
        return
    ids = [one.claimed.id for one in done]
    documents = [one.claimed.document_id for one in done]
    await connection.execute(
        """INSERT INTO inbox (id, company_id, document_id, delivery_id, arrived_at)
           SELECT r.id, r.company, r.document, r.delivery, $5
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS r (id, company, document, delivery)
           ON CONFLICT (delivery_id) DO NOTHING""",
        [one.entry_id for one in done],
        [one.claimed.receiver_id for one in done],
        documents,
        ids,
        now,
    )
    await connection.execute(
        """UPDATE delivery
           SET state = 'delivered', attempts = delivery.attempts + 1, delivered_syntax = r.syntax, changed_at = $3,
               last_error = NULL
           FROM unnest($1::uuid[], $2::text[]) AS r (id, syntax)
           WHERE delivery.id = r.id""",
        ids,
        [one.claimed.syntax for one in done],
        now,
    )
    await connection.execute(
        """INSERT INTO attempt (id, delivery_id, started_at, seconds, outcome, detail)
           SELECT r.id, r.delivery, $3::timestamptz - make_interval(secs => r.seconds), r.seconds, 'delivered',
                  jsonb_build_object('inbox', r.entry)
           FROM unnest($1::uuid[], $2::uuid[], $4::float8[], $5::text[]) AS r (id, delivery, seconds, entry)""",
        [new_id(now) for _ in done],
        ids,
        now,
        [one.seconds for one in done],
        [str(one.entry_id) for one in done],
    )
    # All are of one moment and one transaction: the ids alone say that a delivery's event came before its document's.
    event_ids = sorted(new_id(now) for _ in range(2 * len(done)))
    await connection.execute(
        """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
           SELECT r.id, r.company, r.document, r.delivery, 'delivery.delivered', $5,
                  jsonb_build_object('channel', r.channel)
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $6::text[])
                AS r (id, company, document, delivery, channel)""",
        event_ids[: len(done)],
        [one.claimed.company_id for one in done],
        documents,
        ids,
        now,
        [one.claimed.channel for one in done],
    )
    await _settle_documents(connection, documents, event_ids[len(done) :], now)


async def _settle_documents(
    connection: asyncpg.Connection[asyncpg.Record], documents: Sequence[UUID], event_ids: Sequence[UUID], now: datetime
) -> None:
    """Give each of *documents* the state that follows from all its deliveries, with an event of one of *event_ids*."""
    # Two transactions may each do another delivery of one document. They settle it one after the other, so that the
    # second sees what the first did; in the order of ids, so that they cannot deadlock.
    await connection.execute("SELECT FROM document WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", list(documents))
    records = await connection.fetch(
        "SELECT document_id, array_agg(state) FROM delivery WHERE document_id = ANY ($1) GROUP BY document_id",
        list(documents),
    )
    states = sorted(
        (record[0], document_state_after([DeliveryState(state) for state in record[1]])) for record in records
    )
    await connection.execute(
        """WITH changed AS (
               UPDATE document SET state = r.state, changed_at = $4
               FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS r (id, state, event)
               WHERE document.id = r.id AND document.state <> r.state
               RETURNING document.id, company_id, document.state, r.event)
           INSERT INTO event (id, company_id, document_id, kind, at, data)
           SELECT event, company_id, id, 'document.' || state, $4, '{}' FROM changed""",
        [document_id for document_id, _ in states],
        [state.value for _, state in states],
        list(event_ids[: len(states)]),
        now,
    )


_ORPHANED = sa.text(
    """SELECT d.id FROM delivery d
       WHERE d.state IN ('pending', 'sending', 'retrying') AND d.due_at < :before
         AND NOT EXISTS (SELECT FROM pgqueuer j WHERE j.entrypoint = :name AND j.payload = uuid_send(d.id))
       ORDER BY d.due_at
       LIMIT :most"""
)


async def enqueue_orphaned(database: Database, now: datetime, most: int = 1000) -> int:
    """Give open deliveries that are overdue and have no job a new one; returns how many."""
    async with database.begin() as connection:
        ids = list(
            (await connection.scalars(_ORPHANED, {"before": now - OVERDUE, "name": DELIVER, "most": most})).all()
        )
        await enqueue(connection, ids)
        return len(ids)


class Backlog(msgspec.Struct, frozen=True):
    open: int
    #: seconds since the oldest open delivery became due; 0 when none is
    oldest: float


async def backlog(database: Database, now: datetime) -> Backlog:
    """How many deliveries are open, and for how long the oldest has been due."""
    async with database.begin() as connection:
        statement = sa.select(sa.func.count(), sa.func.min(delivery.c.due_at)).where(
            delivery.c.state.in_(["pending", "sending", "retrying"])
        )
        count, oldest = (await connection.execute(statement)).one()
        return Backlog(count, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)


async def start_again(database: Database, delivery_id: UUID, now: datetime, who: str) -> DeliveryState | None:
    """Make a delivery that is not done pending and due now, with a job of its own, and note who asked.

    Returns the state it was in, None where there is no such delivery. One in a final state other than failed is left
    as it is; the caller tells from the state that came back.
    """
    async with database.begin() as connection:
        row = (
            await connection.execute(sa.select(delivery).where(delivery.c.id == delivery_id).with_for_update())
        ).one_or_none()
        if row is None:
            return None
        state = DeliveryState(row.state)
        if state in (DeliveryState.DELIVERED, DeliveryState.CANCELLED):
            return state
        await connection.execute(
            sa.update(delivery)
            .where(delivery.c.id == delivery_id)
            .values(state=DeliveryState.PENDING, due_at=now, changed_at=now)
        )
        await connection.execute(
            sa.insert(event),
            {
                "id": new_id(now),
                "company_id": row.company_id,
                "document_id": row.document_id,
                "delivery_id": delivery_id,
                "kind": "delivery.started-again",
                "at": now,
                "data": {"by": who, "was": state.value},
            },
        )
        await _settle_one(connection, row.document_id, now)
        await enqueue(connection, [delivery_id])
        return state


async def _settle_one(connection: AsyncConnection, document_id: UUID, now: datetime) -> None:
    """The same for one document, in a SQLAlchemy transaction: one that is on its way again has not failed."""
    current = (
        await connection.execute(
            sa.select(document.c.company_id, document.c.state)
            .where(document.c.id == document_id)
            .with_for_update(key_share=True)
        )
    ).one()
    states = (await connection.scalars(sa.select(delivery.c.state).where(delivery.c.document_id == document_id))).all()
    state = document_state_after([DeliveryState(one) for one in states])
    if state == current.state:
        return
    await connection.execute(
        sa.update(document).where(document.c.id == document_id).values(state=state, changed_at=now)
    )
    await connection.execute(
        sa.insert(event),
        {
            "id": new_id(now),
            "company_id": current.company_id,
            "document_id": document_id,
            "kind": f"document.{state}",
            "at": now,
            "data": {},
        },
    )


class NewDelivery(msgspec.Struct, frozen=True):
    """A delivery for a document that had none."""

    receiver_id: UUID
    channel: str
    address: str
    why: str
    wanted_syntax: str


async def add_to_unroutable(
    database: Database, document_id: UUID, new: NewDelivery, now: datetime, who: str
) -> UUID | None:
    """Give an unroutable document the way that has been found since; None where it is no longer unroutable."""
    async with database.begin() as connection:
        row = (
            await connection.execute(
                sa.select(document.c.company_id)
                .where(document.c.id == document_id, document.c.state == DocumentState.UNROUTABLE)
                .with_for_update()
            )
        ).one_or_none()
        if row is None:
            return None
        delivery_id = new_id(now)
        await connection.execute(
            sa.insert(delivery),
            {
                "id": delivery_id,
                "document_id": document_id,
                "company_id": row.company_id,
                "state": DeliveryState.PENDING,
                "attempts": 0,
                "due_at": now,
                "created_at": now,
                "changed_at": now,
                **msgspec.structs.asdict(new),
            },
        )
        await connection.execute(
            sa.update(document)
            .where(document.c.id == document_id)
            .values(state=DocumentState.ROUTED, receiver_id=new.receiver_id, changed_at=now)
        )
        await connection.execute(
            sa.insert(event),
            {
                "id": new_id(now),
                "company_id": row.company_id,
                "document_id": document_id,
                "delivery_id": delivery_id,
                "kind": "document.routed",
                "at": now,
                "data": {"by": who, "why": new.why},
            },
        )
        await enqueue(connection, [delivery_id])
        return delivery_id
