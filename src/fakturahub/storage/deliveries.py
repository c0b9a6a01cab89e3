"""Deliveries that wait: those without a job, those that are started again, those that find their way late.

Doing them is `inbox_deliveries`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.clock import new_id
from fakturahub.model import DeliveryState, DocumentState
from fakturahub.storage.database import Database
from fakturahub.storage.jobs import DELIVER, enqueue
from fakturahub.storage.settling import settle_document
from fakturahub.storage.tables import delivery, document, event

#: a delivery that is open this long after it was due and has no job gets another: the queue may have been emptied by
#: hand, or have failed between two transactions of its own; a second job does no harm
OVERDUE = timedelta(minutes=2)


_ORPHANED = sa.text(
    """SELECT d.id FROM delivery d
       WHERE d.state IN ('pending', 'sending', 'retrying') AND d.due_at < :before AND d.target IS NULL
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
        await settle_document(connection, row.document_id, now)
        await enqueue(connection, [delivery_id])
        return state


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
