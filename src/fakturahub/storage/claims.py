"""Claiming deliveries that leave the hub: by lease, so many of a target at a time on all nodes together.

A claim is made under an advisory lock of its target, by which what is under way can be counted: a later statement of
the same transaction sees whatever the holder of the lock before has committed. A claim that a dying database server
forgets is one that was never made, so claims do not wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.model import Heading, Recognition
from fakturahub.storage.database import Database, PlainSession, translated
from fakturahub.storage.letter_batches import claim_letters, is_free
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import Kept
from fakturahub.storage.targets import Breaker

#: how long a claim holds without being renewed
LEASE = timedelta(seconds=20)
#: of what had waited for a target that came back, made due at a time
PULL = 500
#: leases of dead nodes that are taken over at a time
TAKEN_OVER = 200

#: "deliv" as a number: what the advisory locks of targets are told from others by
_LOCKS = int.from_bytes(b"deli", "big") >> 1
_WAITING = "state IN ('pending', 'retrying')"


class Due(msgspec.Struct, frozen=True):
    """A target that has something to send."""

    key: str
    breaker: Breaker | None


class Wanted(msgspec.Struct, frozen=True):
    """What is to be claimed of a target."""

    key: str
    #: how many may be under way on all nodes together
    at_once: int
    #: how many of them this node takes
    most: int
    #: the oldest of all that wait, whenever it is due by its own schedule; ``at_once`` is 1 then
    oldest_first: bool = False
    #: where that is so and the breaker is closed: the turn of a younger one is given to it
    turn_is_given: bool = False
    #: what had waited for the target when it came back is made due first
    came_back_at: datetime | None = None
    #: letters go in batches
    in_batches: bool = False


class Leased(msgspec.Struct, frozen=True):
    """A delivery that was claimed."""

    id: UUID
    target: str
    #: bytes of the document
    size: int
    batch_id: UUID | None = None


class TakenOver(msgspec.Struct, frozen=True):
    """A delivery whose node did not come back to it in time."""

    id: UUID
    node: str | None


_DUE = f"""
WITH RECURSIVE t AS (
    (SELECT target, due_at FROM delivery WHERE target IS NOT NULL AND target > $1 AND {_WAITING}
     ORDER BY target, due_at LIMIT 1)
    UNION ALL
    SELECT n.target, n.due_at
    FROM t CROSS JOIN LATERAL (
        SELECT target, due_at FROM delivery WHERE target IS NOT NULL AND target > t.target AND {_WAITING}
        ORDER BY target, due_at LIMIT 1) n)
SELECT t.target, {", ".join(f"b.{name}" for name in Breaker.__struct_fields__)}
FROM t LEFT JOIN target b ON b.key = t.target
WHERE t.due_at <= $2 AND (b.open_until IS NULL OR b.open_until <= $2)
LIMIT $3
"""  # noqa: S608 - names of ours
_TRYING_AGAIN = f"""
SELECT {", ".join(Breaker.__struct_fields__)} FROM target
WHERE open_until <= $1 OR pulling AND open_until IS NULL LIMIT $2
"""  # noqa: S608 - names of ours

_CLAIM = f"""
WITH free AS MATERIALIZED (
    SELECT w.key,
           least(w.most, w.at_once - (SELECT count(*) FROM delivery d WHERE d.target = w.key AND d.state = 'sending'))
               AS slots
    FROM unnest($1::text[], $2::int[], $3::int[]) AS w (key, at_once, most)
    -- it may have opened since somebody looked
    WHERE NOT EXISTS (SELECT FROM target t WHERE t.key = w.key AND t.open_until IS NOT NULL)),
picked AS MATERIALIZED (
    SELECT p.id, p.document_id
    FROM free CROSS JOIN LATERAL (
        SELECT d.id, d.document_id FROM delivery d
        WHERE d.target = free.key AND d.{_WAITING} AND d.due_at <= $4
        ORDER BY d.due_at, d.id LIMIT greatest(free.slots, 0) FOR UPDATE SKIP LOCKED) p)
UPDATE delivery
SET state = 'sending', node = $5, due_at = $6, attempts = attempts + 1,
    trying_since = coalesce(trying_since, $4), changed_at = $4
FROM picked JOIN document o ON o.id = picked.document_id
WHERE delivery.id = picked.id
RETURNING delivery.id, delivery.target, o.size
"""  # noqa: S608 - names of ours

_LOAD = """
SELECT d.id, d.document_id, d.company_id, d.receiver_id, d.channel, d.address, d.target, d.details, d.attempts, d.step,
       d.trying_since, d.wanted_syntax, d.batch_id, d.created_at, o.sha256, o.size, o.encoding, o.payload,
       o.facts ->> 'recognition', o.facts ->> 'heading', s.request ->> 'file_name'
FROM delivery d JOIN document o ON o.id = d.document_id JOIN submission s ON s.id = o.submission_id
WHERE d.id = ANY ($1) AND d.state = 'sending' AND d.node = $2
ORDER BY d.id
"""


class Claims:
    """The claims of one node. What the driver raises comes as `DatabaseUnavailable` or `InternalFault`."""

    def __init__(self, database: Database, node: str) -> None:
        """``node`` names this process among all that share the database."""
        self._session = PlainSession(database)
        self._loading = PlainSession(database)
        self._renewing = PlainSession(database)
        # leases are renewed, taken over and given back by tasks that know nothing of each other
        self._turn = asyncio.Lock()
        self.node = node

    async def close(self) -> None:
        for session in (self._session, self._loading, self._renewing):
            await session.close()

    async def due(self, now: datetime, after: str, most: int) -> list[Due]:
        """All targets that may be tried again, then, in their order, those beyond *after* that something is due for.

        What it costs grows with the targets that something waits for, and not with the deliveries.
        """
        with translated():
            async with self._session.transaction() as connection:
                rows = await connection.fetch(_DUE, after, now, most)
                again = await connection.fetch(_TRYING_AGAIN, now, most)
        found = {row[0]: Due(row[0], None if row[1] is None else Breaker(*row[1:])) for row in rows}
        return [*(Due(row[0], Breaker(*row)) for row in again if row[0] not in found), *found.values()]

    async def claim(self, wanted: Sequence[Wanted], now: datetime) -> tuple[list[Leased], bool]:
        """Claim for this node, and whether a target was left out because another node was claiming from it."""
        with translated():
            async with self._session.transaction() as connection:
                await connection.execute("SET LOCAL synchronous_commit = off")
                rows = await connection.fetch(
                    "SELECT key FROM unnest($1::text[]) AS r (key) WHERE pg_try_advisory_xact_lock($2, hashtext(key))",
                    [one.key for one in wanted],
                    _LOCKS,
                )
                free = {row[0] for row in rows}
                claimed = await self._claim(connection, [one for one in wanted if one.key in free], now)
                return claimed, len(free) < len(wanted)

    async def _claim(
        self, connection: asyncpg.Connection[asyncpg.Record], wanted: Sequence[Wanted], now: datetime
    ) -> list[Leased]:
        until = now + LEASE
        claimed: list[Leased] = []
        for one in wanted:
            if one.came_back_at is not None:
                await _pull(connection, one.key, one.came_back_at)
            if one.in_batches:
                letters = await claim_letters(connection, one.key, self.node, now, until, whenever_due=one.oldest_first)
                claimed += [Leased(*letter) for letter in letters]
                if one.oldest_first and not letters:
                    await _nothing_waits(connection, one.key, now)
            elif one.oldest_first:
                claimed += await self._claim_oldest(connection, one, now)
        plain = [one for one in wanted if not one.in_batches and not one.oldest_first]
        if plain:
            rows = await connection.fetch(
                _CLAIM,
                [one.key for one in plain],
                [one.at_once for one in plain],
                [one.most for one in plain],
                now,
                self.node,
                until,
            )
            claimed += [Leased(*row) for row in rows]
        return sorted(claimed, key=lambda one: one.id)

    async def _claim_oldest(
        self, connection: asyncpg.Connection[asyncpg.Record], one: Wanted, now: datetime
    ) -> list[Leased]:
        """The oldest delivery of a target that nothing is under way to."""
        if not await is_free(connection, one.key, now):
            return []
        oldest = await connection.fetchrow(
            f"""SELECT id, due_at FROM delivery
                WHERE target = $1 AND {_WAITING} AND (state = 'retrying' OR due_at <= $2)
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED""",  # noqa: S608 - names of ours
            one.key,
            now,
        )
        if oldest is None:
            await _nothing_waits(connection, one.key, now)
            return []
        if one.turn_is_given and oldest["due_at"] > now:
            await connection.execute(
                f"""UPDATE delivery SET state = 'retrying', due_at = $3, last_error = $4
                    WHERE id = (SELECT id FROM delivery WHERE target = $1 AND {_WAITING} AND due_at <= $2
                                ORDER BY due_at, id LIMIT 1 FOR UPDATE)""",  # noqa: S608 - names of ours
                one.key,
                now,
                oldest["due_at"],
                f"Nothing arrives at the moment; delivery {oldest['id']}, which is older, goes first.",
            )
        row = await connection.fetchrow(
            """UPDATE delivery
               SET state = 'sending', node = $2, due_at = $3, attempts = attempts + 1,
                   trying_since = coalesce(trying_since, $4), changed_at = $4
               FROM document o
               WHERE delivery.id = $1 AND o.id = delivery.document_id
               RETURNING delivery.id, delivery.target, o.size""",
            oldest["id"],
            self.node,
            now + LEASE,
            now,
        )
        return [] if row is None else [Leased(*row)]

    async def load(self, ids: Sequence[UUID]) -> list[Claimed]:
        """What sending takes, of those of *ids* whose lease this node still has, the oldest first."""
        with translated():
            async with self._loading.transaction() as connection:
                rows = await connection.fetch(_LOAD, list(ids), self.node)
        return [_claimed(row) for row in rows]

    async def renew(self, ids: Sequence[UUID], now: datetime) -> set[UUID]:
        """Make the leases of *ids* last again; those that this node has. One that is being recorded is among them."""
        with translated():
            async with self._turn, self._renewing.transaction() as connection:
                await connection.execute("SET LOCAL synchronous_commit = off")
                await connection.execute(
                    """UPDATE delivery SET due_at = $3
                       FROM (SELECT id FROM delivery WHERE id = ANY ($1) AND state = 'sending' AND node = $2
                             FOR UPDATE SKIP LOCKED) held
                       WHERE delivery.id = held.id""",
                    list(ids),
                    self.node,
                    now + LEASE,
                )
                rows = await connection.fetch(
                    "SELECT id FROM delivery WHERE id = ANY ($1) AND state = 'sending' AND node = $2",
                    list(ids),
                    self.node,
                )
        return {row[0] for row in rows}

    async def give_back(self, ids: Sequence[UUID], now: datetime) -> None:
        """Let go of deliveries that were claimed and not tried."""
        with translated():
            async with self._turn, self._renewing.transaction() as connection:
                await connection.execute(
                    """UPDATE delivery
                       SET state = CASE WHEN attempts = 1 THEN 'pending' ELSE 'retrying' END, attempts = attempts - 1,
                           due_at = $3, node = NULL, changed_at = $3
                       WHERE id = ANY ($1) AND state = 'sending' AND node = $2""",
                    list(ids),
                    self.node,
                    now,
                )

    async def take_over(self, now: datetime) -> list[TakenOver]:
        """Make due again what nodes had claimed that did not renew it; the lost attempt stays on record."""
        with translated():
            async with self._turn, self._renewing.transaction() as connection:
                rows = await connection.fetch(
                    """WITH lost AS MATERIALIZED (
                           SELECT id, node, due_at FROM delivery
                           WHERE target IS NOT NULL AND state = 'sending' AND due_at < $1
                           ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
                       UPDATE delivery
                       SET state = 'retrying', due_at = $1, node = NULL, changed_at = $1, last_error = $3
                       FROM lost WHERE delivery.id = lost.id
                       RETURNING delivery.id, lost.node, lost.due_at, delivery.company_id, delivery.document_id""",
                    now,
                    TAKEN_OVER,
                    "The process that was sending it died or was stopped; whether it arrived is not known.",
                )
                await _record_lost(connection, rows, now)
        return [TakenOver(row[0], row[1]) for row in rows]


async def _pull(connection: asyncpg.Connection[asyncpg.Record], key: str, since: datetime) -> None:
    """Make the oldest of what failed before *since* due in the order of age; note when nothing is left of it."""
    count = await connection.execute(
        """UPDATE delivery SET due_at = delivery.created_at
           FROM (SELECT id FROM delivery
                 WHERE target = $1 AND state = 'retrying' AND due_at > created_at AND changed_at <= $2
                 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED) old
           WHERE delivery.id = old.id""",
        key,
        since,
        PULL,
    )
    if int(count.rpartition(" ")[2]) < PULL:
        await connection.execute("UPDATE target SET pulling = false WHERE key = $1 AND pulling", key)


async def _nothing_waits(connection: asyncpg.Connection[asyncpg.Record], key: str, now: datetime) -> None:
    """Forget the breaker of a target that nothing is left for to find out with."""
    await connection.execute(
        f"""DELETE FROM target WHERE key = $1 AND open_until <= $2
              AND NOT EXISTS (SELECT FROM delivery WHERE target = $1 AND {_WAITING})
              AND NOT EXISTS (SELECT FROM delivery WHERE target = $1 AND state = 'sending')""",  # noqa: S608
        key,
        now,
    )


async def _record_lost(
    connection: asyncpg.Connection[asyncpg.Record], rows: Sequence[asyncpg.Record], now: datetime
) -> None:
    if not rows:
        return
    await connection.executemany(
        """INSERT INTO attempt (id, delivery_id, started_at, seconds, outcome, detail)
           VALUES ($1, $2, $3, 0, 'lost', jsonb_build_object('why', $4::text, 'node', $5::text))""",
        [(new_id(now), row[0], row[2] - LEASE, "The node did not say what came of it.", row[1]) for row in rows],
    )
    await connection.executemany(
        """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
           VALUES ($1, $2, $3, $4, 'delivery.taken-over', $5, jsonb_build_object('from', $6::text))""",
        [(new_id(now), row[3], row[4], row[0], now, row[1]) for row in rows],
    )


def _claimed(row: asyncpg.Record) -> Claimed:
    return Claimed(
        id=row[0],
        document_id=row[1],
        company_id=row[2],
        receiver_id=row[3],
        channel=row[4],
        address=row[5],
        target=row[6],
        details=msgspec.json.decode(row[7]) if row[7] else {},
        attempt=row[8],
        step=row[9],
        trying_since=row[10],
        wanted=row[11],
        batch_id=row[12],
        created_at=row[13],
        kept=Kept(row[14], row[15], row[16], row[17]),
        # of a document that nobody knows nothing but its acknowledgement is delivered
        recognition=_RECOGNITION.decode(row[18]) if row[18] else Recognition("unknown"),
        heading=_HEADING.decode(row[19]),
        file_name=row[20],
    )


_RECOGNITION = msgspec.json.Decoder(Recognition)
_HEADING = msgspec.json.Decoder(Heading)
