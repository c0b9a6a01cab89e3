"""Targets that had trouble: their breakers, as every node sees them. One that never had any has no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec
import sqlalchemy as sa

from fakturahub.storage.database import Database

#: a target without trouble is forgotten after
FORGOTTEN_AFTER = timedelta(hours=1)


class Breaker(msgspec.Struct, frozen=True):
    """What is known of a target that had trouble; the fields are the columns of the table, in order."""

    key: str
    #: attempts and failures since ``window_started``
    attempts: int
    failures: int
    window_started: datetime
    #: how often it opened since it last came back
    opened: int = 0
    #: None: closed. In the past: one delivery may try
    open_until: datetime | None = None
    #: since when nothing has arrived
    failing_since: datetime | None = None
    #: when it last came back
    recovered_at: datetime | None = None
    #: whether deliveries that waited for it still have to be made due
    pulling: bool = False
    last_error: str | None = None


_COLUMNS = ", ".join(Breaker.__struct_fields__)
_FIELDS = len(Breaker.__struct_fields__)


async def locked(connection: asyncpg.Connection[asyncpg.Record], keys: Sequence[str]) -> dict[str, Breaker]:
    """The rows of those of *keys* that have one, locked in the order of keys until *connection*'s transaction ends."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM target WHERE key = ANY ($1) ORDER BY key FOR UPDATE",  # noqa: S608
        list(keys),
    )
    return {row[0]: Breaker(*row) for row in rows}


async def add(connection: asyncpg.Connection[asyncpg.Record], keys: Sequence[str], now: datetime) -> None:
    """Give those of *keys* a row that have none, so that it can be locked."""
    await connection.execute(
        """INSERT INTO target (key, attempts, failures, window_started, opened, pulling, changed_at)
           SELECT key, 0, 0, $2, 0, false, $2 FROM unnest($1::text[]) AS r (key) ORDER BY key
           ON CONFLICT (key) DO NOTHING""",
        list(keys),
        now,
    )


async def change(
    connection: asyncpg.Connection[asyncpg.Record], breakers: Mapping[str, Breaker | None], now: datetime
) -> None:
    """Write breakers that the open transaction has locked; None removes one."""
    gone = [key for key, one in breakers.items() if one is None]
    if gone:
        await connection.execute("DELETE FROM target WHERE key = ANY ($1)", gone)
    kept = [msgspec.structs.astuple(one) for one in breakers.values() if one is not None]
    if kept:
        names = Breaker.__struct_fields__[1:]
        await connection.executemany(
            f"UPDATE target SET {', '.join(f'{name} = ${place}' for place, name in enumerate(names, 2))},"  # noqa: S608
            f" changed_at = ${_FIELDS + 1} WHERE key = $1",
            [(*one, now) for one in kept],
        )


class Listed(msgspec.Struct, frozen=True):
    """A target as a line of a list."""

    key: str
    waiting: int
    sending: int
    #: when the oldest of those that wait was made
    oldest: datetime | None
    #: None: it had no trouble lately
    breaker: Breaker | None
    #: the key of the company that it belongs to
    receiver: str | None = None


_LIST = sa.text(
    f"""WITH busy AS (
            SELECT target AS key, count(*) FILTER (WHERE state <> 'sending') AS waiting,
                   count(*) FILTER (WHERE state = 'sending') AS sending, min(created_at) AS oldest
            FROM delivery
            WHERE target IS NOT NULL AND state IN ('pending', 'retrying', 'sending')
            GROUP BY target)
        SELECT coalesce(b.key, t.key), coalesce(b.waiting, 0), coalesce(b.sending, 0), b.oldest,
               c.key, {", ".join(f"t.{name}" for name in Breaker.__struct_fields__)}
        FROM busy b FULL JOIN target t ON t.key = b.key
             LEFT JOIN company c ON c.id::text = split_part(coalesce(b.key, t.key), ' ', 2)
        ORDER BY t.open_until IS NULL, t.failing_since IS NULL, b.oldest NULLS LAST, 1
        LIMIT :most"""  # noqa: S608 - names of ours
)


async def listed(database: Database, most: int) -> list[Listed]:
    """Targets that deliveries wait for or that have trouble, those in the worst trouble first."""
    async with database.begin() as connection:
        rows = (await connection.execute(_LIST, {"most": most})).all()
    return [
        Listed(row[0], row[1], row[2], row[3], None if row[5] is None else Breaker(*row[5:]), row[4]) for row in rows
    ]


async def forget(database: Database, now: datetime) -> int:
    """Remove the rows of targets that have been without trouble for a while; how many."""
    async with database.begin() as connection:
        found = await connection.execute(
            sa.text(
                """DELETE FROM target
                   WHERE open_until IS NULL AND failing_since IS NULL AND NOT pulling AND changed_at < :before"""
            ),
            {"before": now - FORGOTTEN_AFTER},
        )
        return found.rowcount
