"""What a hub has stored, read from its database: a command of the hub would start a process for each question."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from tests.running import Hub


def rows(hub: Hub, statement: str, *values: object) -> list[dict[str, Any]]:
    """The rows that *statement* gives, or changes and returns."""
    assert hub.database is not None

    async def fetch() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(hub.database)
        try:
            return [dict(record) for record in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def documents(hub: Hub, submission: str) -> list[dict[str, Any]]:
    """The documents of a submission, each with the states of its deliveries."""
    return rows(
        hub,
        """SELECT o.id, o.number, o.mode, o.state, s.state AS submission, s.request::text AS request,
                  array(SELECT d.state FROM delivery d WHERE d.document_id = o.id) AS deliveries
           FROM document o JOIN submission s ON s.id = o.submission_id WHERE s.id = $1::text::uuid""",
        submission,
    )


def count_numbered(hub: Hub, number: str) -> int:
    """How many documents with this number there are."""
    return len(rows(hub, "SELECT id FROM document WHERE number = $1", number))
