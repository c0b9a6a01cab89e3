"""Doing deliveries to companies of this hub: claimed, done and recorded in one transaction, exactly once.

A receiver who wants another syntax gets it: what was written for him is handed in with the batch that records the
delivery. A delivery that needs that and comes without is left open and told.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.storage import accounts, converted
from fakturahub.storage.converted import Prepared
from fakturahub.storage.database import Database, PlainSession, translated
from fakturahub.storage.settling import settle_documents

_NOTHING: Mapping[UUID, Prepared] = MappingProxyType({})


class Claimed(msgspec.Struct, frozen=True):
    """A delivery this transaction holds the lock of."""

    id: UUID
    document_id: UUID
    company_id: UUID
    receiver_id: UUID
    channel: str
    #: the syntax it came in
    syntax: str | None
    #: the syntax its receiver wants it in, or original
    wanted: str
    #: whether its sender pays for it
    priced: bool = False


class Done(msgspec.Struct, frozen=True):
    claimed: Claimed
    #: id of the entry in the receiver's inbox
    entry_id: UUID
    seconds: float
    #: what was written for the receiver, and what is said of it; None where he takes it as it came
    prepared: Prepared | None = None

    @property
    def syntax(self) -> str | None:
        """The syntax it is delivered in."""
        return self.claimed.syntax if self.prepared is None else self.prepared.syntax or self.claimed.syntax


class Batch(msgspec.Struct, frozen=True):
    """What became of a batch of deliveries; one that was not open any more is in none of these."""

    done: int = 0
    #: that cannot be done, for good
    failed: int = 0
    #: that wait for what their receivers want to be written
    unprepared: tuple[UUID, ...] = ()


class InboxDeliveries:
    """Deliveries to companies of this hub, for one process. A batch is one transaction: each is done exactly once."""

    def __init__(self, database: Database) -> None:
        self._session = PlainSession(database)

    async def do(self, ids: Sequence[UUID], now: datetime, prepared: Mapping[UUID, Prepared] = _NOTHING) -> Batch:
        """Put those of *ids* that are still open into their receivers' inboxes, in the form *prepared* for them.

        Raises `DatabaseUnavailable`; whether the batch was done is then not known, and doing it again does no harm.
        """
        started = time.perf_counter()
        with translated():
            async with self._session.transaction() as connection:
                claimed = await _claim(connection, ids)
                seconds = time.perf_counter() - started
                unprepared = [one.id for one in claimed if one.id not in prepared and _wants_another(one)]
                failed = {one.id: one for one in claimed if one.id in prepared and prepared[one.id].error is not None}
                done = [
                    Done(one, new_id(now), seconds, prepared.get(one.id))
                    for one in claimed
                    if one.id not in failed and one.id not in unprepared
                ]
                await _record(connection, done, now)
                await _record_failed(connection, list(failed.values()), prepared, seconds, now)
                if any(one.priced for one in claimed):
                    # Last: accounts are locked after documents, by all.
                    await accounts.settle(connection, [one.claimed.id for one in done], list(failed), now)
        return Batch(len(done), len(failed), tuple(unprepared))

    async def put_off(self, delivery_id: UUID, why: str, now: datetime) -> None:
        """Record that an open delivery could not be done this time, and *why*."""
        with translated():
            async with self._session.transaction() as connection:
                changed = await connection.execute(
                    """UPDATE delivery
                       SET state = 'retrying', attempts = attempts + 1, last_error = $2, changed_at = $3
                       WHERE id = $1 AND state IN ('pending', 'sending', 'retrying') AND target IS NULL""",
                    delivery_id,
                    why,
                    now,
                )
                if changed == "UPDATE 1":
                    await connection.execute(
                        """INSERT INTO attempt (id, delivery_id, started_at, seconds, outcome, detail)
                           VALUES ($1, $2, $3, 0, 'retrying', jsonb_build_object('why', $4::text))""",
                        new_id(now),
                        delivery_id,
                        now,
                        why,
                    )

    async def close(self) -> None:
        await self._session.close()


def _wants_another(one: Claimed) -> bool:
    return one.wanted not in ("original", one.syntax)


async def _claim(connection: asyncpg.Connection[asyncpg.Record], ids: Sequence[UUID]) -> list[Claimed]:
    """Lock those of *ids* that are still to be done, waiting for whoever holds them.

    Locked in the order of ids, so that two workers with overlapping batches cannot deadlock.
    """
    records = await connection.fetch(
        """SELECT d.id, d.document_id, d.company_id, d.receiver_id, d.channel, o.syntax, d.wanted_syntax,
                  d.cost IS NOT NULL
           FROM delivery d JOIN document o ON o.id = d.document_id
           WHERE d.id = ANY ($1) AND d.state IN ('pending', 'sending', 'retrying') AND d.receiver_id IS NOT NULL
             AND d.target IS NULL
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
               last_error = NULL, report = r.report::jsonb
           FROM unnest($1::uuid[], $2::text[], $4::text[]) AS r (id, syntax, report)
           WHERE delivery.id = r.id""",
        ids,
        [one.syntax for one in done],
        now,
        [None if one.prepared is None else one.prepared.report for one in done],
    )
    written = {one.claimed.id: one.prepared.converted for one in done if one.prepared is not None}
    await converted.insert(connection, {id_: one for id_, one in written.items() if one is not None}, now)
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
    await settle_documents(connection, documents, event_ids[len(done) :], now)


async def _record_failed(
    connection: asyncpg.Connection[asyncpg.Record],
    failed: Sequence[Claimed],
    prepared: Mapping[UUID, Prepared],
    seconds: float,
    now: datetime,
) -> None:
    """Record that *failed* cannot be done, in the open transaction. There are few of them, and each says why."""
    if not failed:
        return
    # As above: the events of the deliveries before those of their documents.
    event_ids = sorted(new_id(now) for _ in range(2 * len(failed)))
    for event_id, one in zip(event_ids, failed, strict=False):
        told = prepared[one.id]
        await connection.execute(
            """UPDATE delivery SET state = 'failed', attempts = attempts + 1, changed_at = $2, last_error = $3,
                                   report = $4::text::jsonb
               WHERE id = $1""",
            one.id,
            now,
            told.error,
            told.report,
        )
        await connection.execute(
            """INSERT INTO attempt (id, delivery_id, started_at, seconds, outcome, detail)
               VALUES ($1, $2, $3::timestamptz - make_interval(secs => $4), $4, 'failed',
                       jsonb_build_object('why', $5::text))""",
            new_id(now),
            one.id,
            now,
            seconds,
            told.error,
        )
        await connection.execute(
            """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
               VALUES ($1, $2, $3, $4, 'delivery.failed', $5,
                       jsonb_build_object('channel', $6::text, 'why', $7::text))""",
            event_id,
            one.company_id,
            one.document_id,
            one.id,
            now,
            one.channel,
            told.error,
        )
    await settle_documents(connection, [one.document_id for one in failed], event_ids[len(failed) :], now)
