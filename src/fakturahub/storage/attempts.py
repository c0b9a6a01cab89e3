"""Recording what came of attempts at deliveries that leave the hub: all that follows, many in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.model import DeliveryState
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.storage import accounts, converted, letter_batches, targets
from fakturahub.storage.converted import Prepared
from fakturahub.storage.database import Database, PlainSession, translated
from fakturahub.storage.settling import settle_documents
from fakturahub.storage.targets import Breaker


class Tried(msgspec.Struct, frozen=True):
    """One attempt, and what its delivery becomes by it."""

    delivery_id: UUID
    document_id: UUID
    company_id: UUID
    channel: str
    target: str
    batch_id: UUID | None
    #: 1 for the first
    attempt: int
    started_at: datetime
    seconds: float
    #: delivered, retrying, failed or held
    state: DeliveryState
    #: when it is tried again
    due_at: datetime
    #: pauses of its schedule that it has had
    step: int
    #: one sentence: what happened
    why: str
    #: JSON text: what people see of the attempt
    detail: str
    #: what the receiver calls what it got
    receipt: str | None
    #: the syntax it was handed over in
    syntax: str | None
    #: what was written for its receiver, and the report of it
    prepared: Prepared | None
    #: whether the target was there; None where the attempt does not tell
    answered: bool | None


Judge = Callable[[Breaker | None, str, Sequence[Tried]], Breaker | None]

# A late word of a node whose lease had passed counts where it says that the delivery arrived.
_DELIVERIES = """
WITH r AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::int[], $6::text[], $7::text[],
                         $8::text[], $9::text[])
        AS r (id, attempt, state, due_at, step, why, receipt, syntax, report)),
held AS MATERIALIZED (
    SELECT id FROM delivery WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
UPDATE delivery
SET state = r.state, due_at = r.due_at, step = r.step, node = NULL, changed_at = $11,
    last_error = CASE WHEN r.state = 'delivered' THEN NULL ELSE r.why END,
    receipt = coalesce(r.receipt, delivery.receipt),
    delivered_syntax = CASE WHEN r.state = 'delivered' THEN r.syntax ELSE delivered_syntax END,
    report = coalesce(r.report::jsonb, delivery.report)
FROM r JOIN held ON held.id = r.id
WHERE delivery.id = r.id
  AND (delivery.state = 'sending' AND delivery.node = $10 AND delivery.attempts = r.attempt
       OR r.state = 'delivered' AND delivery.state IN ('pending', 'sending', 'retrying', 'held'))
RETURNING delivery.id, delivery.cost
"""


class Attempts:
    """The record that one node keeps."""

    def __init__(self, database: Database, node: str) -> None:
        self._session = PlainSession(database)
        self._node = node

    async def close(self) -> None:
        await self._session.close()

    async def record(self, tried: Sequence[Tried], judge: Judge, now: datetime) -> set[UUID]:
        """Record *tried*, each of another delivery, in one transaction; the deliveries that were still this node's.

        Of any other only the attempt is put on record. *judge* says what a target's breaker becomes, given what it was,
        the target and its attempts. Raises `DatabaseUnavailable`; whether the record was made is then not known, and
        making it again does no harm but to the list of attempts.
        """
        with translated():
            async with self._session.transaction() as connection:
                applied = await self._deliveries(connection, tried, now)
                counted = [one for one in tried if one.delivery_id in applied]
                await _attempts(connection, tried, now)
                await _events_and_documents(connection, counted, now)
                written = {
                    one.delivery_id: one.prepared.converted
                    for one in counted
                    if one.state is DeliveryState.DELIVERED and one.prepared is not None
                }
                await converted.insert(connection, {id_: one for id_, one in written.items() if one is not None}, now)
                for batch_id in {one.batch_id for one in counted if one.state is DeliveryState.DELIVERED}:
                    if batch_id is not None:
                        await letter_batches.done(connection, batch_id, now)
                await _breakers(connection, tried, judge, now)
                if any(cost is not None for cost in applied.values()):
                    await accounts.settle(
                        connection,
                        [one.delivery_id for one in counted if one.state is DeliveryState.DELIVERED],
                        [one.delivery_id for one in counted if one.state is DeliveryState.FAILED],
                        now,
                    )
        return set(applied)

    async def _deliveries(
        self, connection: asyncpg.Connection[asyncpg.Record], tried: Sequence[Tried], now: datetime
    ) -> dict[UUID, object]:
        """The deliveries that were changed, with what each costs."""
        rows = await connection.fetch(
            _DELIVERIES,
            [one.delivery_id for one in tried],
            [one.attempt for one in tried],
            [one.state.value for one in tried],
            [one.due_at for one in tried],
            [one.step for one in tried],
            [one.why for one in tried],
            [one.receipt for one in tried],
            [one.syntax for one in tried],
            [None if one.prepared is None else one.prepared.report for one in tried],
            self._node,
            now,
        )
        return {row[0]: row[1] for row in rows}


async def _attempts(connection: asyncpg.Connection[asyncpg.Record], tried: Sequence[Tried], now: datetime) -> None:
    await connection.execute(
        """INSERT INTO attempt (id, delivery_id, started_at, seconds, outcome, detail)
           SELECT id, delivery, started_at, seconds, outcome, detail::jsonb
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::float8[], $5::text[], $6::text[])
                AS r (id, delivery, started_at, seconds, outcome, detail)""",
        [new_id(now) for _ in tried],
        [one.delivery_id for one in tried],
        [one.started_at for one in tried],
        [one.seconds for one in tried],
        [one.state.value for one in tried],
        [one.detail for one in tried],
    )


async def _events_and_documents(
    connection: asyncpg.Connection[asyncpg.Record], counted: Sequence[Tried], now: datetime
) -> None:
    if not counted:
        return
    # All are of one moment and one transaction: the ids alone say that a delivery's event came before its document's.
    event_ids = sorted(new_id(now) for _ in range(2 * len(counted)))
    await connection.execute(
        """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
           SELECT id, company, document, delivery, 'delivery.' || state, $8,
                  jsonb_strip_nulls(jsonb_build_object('channel', channel, 'why', why))
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[])
                AS r (id, company, document, delivery, state, channel, why)""",
        event_ids[: len(counted)],
        [one.company_id for one in counted],
        [one.document_id for one in counted],
        [one.delivery_id for one in counted],
        [one.state.value for one in counted],
        [one.channel for one in counted],
        [None if one.state is DeliveryState.DELIVERED else one.why for one in counted],
        now,
    )
    ended = [
        one.document_id
        for one in counted
        if one.state in (DeliveryState.DELIVERED, DeliveryState.FAILED) and one.channel != ACKNOWLEDGEMENT
    ]
    if ended:
        await settle_documents(connection, ended, event_ids[len(counted) :], now)


async def _breakers(
    connection: asyncpg.Connection[asyncpg.Record], tried: Sequence[Tried], judge: Judge, now: datetime
) -> None:
    of_target: dict[str, list[Tried]] = {}
    for one in tried:
        of_target.setdefault(one.target, []).append(one)
    failing = [key for key, some in of_target.items() if any(one.answered is False for one in some)]
    if failing:
        await targets.add(connection, failing, now)
    before = await targets.locked(connection, list(of_target))
    after = {key: judge(breaker, key, of_target[key]) for key, breaker in before.items()}
    await targets.change(connection, {key: one for key, one in after.items() if one != before[key]}, now)
