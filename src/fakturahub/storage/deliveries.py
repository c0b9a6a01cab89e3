"""Deliveries that wait: how many there are, and those that have lost their job.

Doing them is `inbox_deliveries` and, of those that leave the hub, `claims`; what people do to them `delivery_verbs`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from fakturahub.storage.database import Database
from fakturahub.storage.jobs import DELIVER, enqueue
from fakturahub.storage.tables import delivery

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
