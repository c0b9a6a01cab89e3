"""Letters that go to the print house together. A batch is formed once, and then never has other letters."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.model.ways import batch_name

#: most letters in one batch
LETTERS = 500

#: letters that differ in one of these go apart: the print house takes one of each for a whole batch
_CLASS = "jsonb_build_array(details -> 'class', details -> 'colour', details -> 'duplex', details -> 'country_class')"


async def claim_letters(
    connection: asyncpg.Connection[asyncpg.Record],
    target: str,
    node: str,
    now: datetime,
    until: datetime,
    *,
    whenever_due: bool,
) -> list[tuple[UUID, str, int, UUID]]:
    """Claim the letters of one batch, in the open transaction that holds the lock of *target*.

    A batch that was tried before and is due again goes before a new one; with *whenever_due* the oldest of those that
    were tried is due in any case. A new one takes all letters of one kind that are due, up to `LETTERS`. Nothing while
    a batch is under way. For each letter its delivery, its target, the size of its document in bytes, and its batch.
    """
    if not await is_free(connection, target, now):
        return []
    batch_id: UUID | None = await connection.fetchval(
        """SELECT batch_id FROM delivery
           WHERE target = $1 AND state IN ('pending', 'retrying') AND batch_id IS NOT NULL
             AND (due_at <= $2 OR $3 AND state = 'retrying')
           ORDER BY batch_id LIMIT 1""",
        target,
        now,
        whenever_due,
    )
    if batch_id is None:
        batch_id = await _form(connection, target, now)
    if batch_id is None:
        return []
    rows = await connection.fetch(
        """UPDATE delivery
           SET state = 'sending', node = $2, due_at = $3, attempts = attempts + 1,
               trying_since = coalesce(trying_since, $4), changed_at = $4
           FROM document o
           WHERE delivery.batch_id = $1 AND delivery.state IN ('pending', 'retrying') AND o.id = delivery.document_id
           RETURNING delivery.id, delivery.target, o.size, delivery.batch_id""",
        batch_id,
        node,
        until,
        now,
    )
    return [tuple(row) for row in rows]


async def is_free(connection: asyncpg.Connection[asyncpg.Record], target: str, now: datetime) -> bool:
    """Whether nothing is under way to *target*, whose lock the open transaction holds, and its breaker is not open."""
    under_way = "SELECT EXISTS (SELECT FROM delivery WHERE target = $1 AND state = 'sending')"
    if await connection.fetchval(under_way, target):
        return False
    # Asked after that: whatever was under way until then has told the breaker what came of it.
    opened = "SELECT EXISTS (SELECT FROM target WHERE key = $1 AND open_until > $2)"
    return not await connection.fetchval(opened, target, now)


async def _form(connection: asyncpg.Connection[asyncpg.Record], target: str, now: datetime) -> UUID | None:
    """Form a batch of what is due; None where nothing is."""
    rows = await connection.fetch(
        f"""WITH first AS (
                SELECT details FROM delivery
                WHERE target = $1 AND state IN ('pending', 'retrying') AND batch_id IS NULL AND due_at <= $2
                ORDER BY due_at, id LIMIT 1)
            SELECT id, due_at, details FROM delivery
            WHERE target = $1 AND state IN ('pending', 'retrying') AND batch_id IS NULL AND due_at <= $2
              AND {_CLASS} = (SELECT {_CLASS} FROM first)
            ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED""",  # noqa: S608 - names of ours
        target,
        now,
        LETTERS,
    )
    if not rows:
        return None
    batch_id = new_id(now)
    kinds = [msgspec.json.decode(row["details"] or b"{}", type=_Letter) for row in rows]
    cut_off = min(row["due_at"] for row in rows)
    await connection.execute(
        """INSERT INTO batch (id, target, name, letters, pages, cut_off, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        batch_id,
        target,
        batch_name(
            batch_id,
            postal_class=kinds[0].postal_class,
            colour=kinds[0].colour,
            duplex=kinds[0].duplex,
            country_class=kinds[0].country_class,
        ),
        len(rows),
        sum(kind.pages for kind in kinds),
        cut_off,
        now,
    )
    await connection.execute(
        "UPDATE delivery SET batch_id = $1 WHERE id = ANY ($2)", batch_id, [row["id"] for row in rows]
    )
    return batch_id


class _Letter(msgspec.Struct, frozen=True, rename={"postal_class": "class"}):
    postal_class: int = 2
    colour: bool = False
    duplex: bool = True
    country_class: str = ""
    pages: int = 0


async def done(connection: asyncpg.Connection[asyncpg.Record], batch_id: UUID, now: datetime) -> None:
    """Note that a batch was handed over, in the open transaction that records its letters."""
    await connection.execute("UPDATE batch SET delivered_at = $2 WHERE id = $1 AND delivered_at IS NULL", batch_id, now)
