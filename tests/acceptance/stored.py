"""What stands in the database, asked past the hub."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from fakturahub.storage import postmaster
from tests.running import Hub

#: tables whose rows come from requests
FROM_REQUESTS = ("submission", "document", "delivery", "attempt", "event", "inbox", "pgqueuer")


def url_of(hub: Hub) -> str:
    """The URL of a hub's database, its private server's where it has one."""
    return hub.database or private_url(hub.data)


def private_url(data: Path) -> str:
    address = postmaster.address(data / "postgres")
    assert address is not None, f"no server runs on {data}"
    return address.dsn


def rows(url: str, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What *statement* returns."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return [tuple(record) for record in await connection.fetch(statement, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def value(url: str, statement: str, *arguments: Any) -> Any:
    """The one value that *statement* returns."""
    ((one,),) = rows(url, statement, *arguments)
    return one


def counts(url: str) -> dict[str, int]:
    """How many rows each table has that requests write to."""
    union = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in FROM_REQUESTS)  # noqa: S608
    return dict(rows(url, union))


def not_delivered(url: str, number: str = "%") -> int:
    """How many deliveries are not done, of documents whose number is like *number*."""
    count: int = value(
        url,
        "SELECT count(*) FROM delivery v JOIN document d ON d.id = v.document_id"
        " WHERE v.state <> 'delivered' AND d.number LIKE $1",
        number,
    )
    return count


_ODD = """
WITH d AS (SELECT number, min(state) AS state, count(*) AS documents, count(DISTINCT submission_id) AS submissions,
                  array_agg(id) AS ids
           FROM document WHERE number LIKE $1 GROUP BY number),
     v AS (SELECT document_id AS id, count(*) AS deliveries, string_agg(state, ' ') AS states
           FROM delivery GROUP BY document_id),
     i AS (SELECT document_id AS id, count(*) AS entries FROM inbox GROUP BY document_id),
     a AS (SELECT x.document_id AS id, count(*) AS attempts FROM attempt t JOIN delivery x ON x.id = t.delivery_id
           GROUP BY x.document_id),
     e AS (SELECT document_id AS id, string_agg(kind, ' ' ORDER BY kind) AS events FROM event GROUP BY document_id)
SELECT d.number, d.state, d.submissions, d.documents, v.deliveries, v.states, i.entries, a.attempts, e.events
FROM d LEFT JOIN v ON v.id = d.ids[1] LEFT JOIN i ON i.id = d.ids[1] LEFT JOIN a ON a.id = d.ids[1]
     LEFT JOIN e ON e.id = d.ids[1]
WHERE (d.state, d.submissions, d.documents, v.deliveries, v.states, i.entries, a.attempts, e.events)
      IS DISTINCT FROM
      ('delivered', 1, 1, 1, 'delivered', 1, 1,
       'delivery.delivered document.delivered document.received document.routed')
"""


def odd_documents(url: str, number: str = "%") -> list[tuple[Any, ...]]:
    """Numbers like *number* of which not everything is there exactly once: submission, document, delivery done, entry
    in the inbox, attempt, and one event for each step."""
    return rows(url, _ODD, number)


def let_reservations_end(url: str) -> int:
    """As if the time had passed for which storages are reserved for readers that went away; how many there were."""
    return len(rows(url, "UPDATE inbox SET lease_until = NULL WHERE lease_until > now() AND received_at IS NULL"
                         " RETURNING id"))  # fmt: skip


def numbers(url: str) -> list[str]:
    """The numbers of all documents, as often as they are there."""
    return [one for (one,) in rows(url, "SELECT number FROM document")]
