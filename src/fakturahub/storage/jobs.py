"""Jobs: put into PgQueuer inside the caller's own transaction, so that a job exists exactly if its rows do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

#: the entry point that does deliveries; a job's payload is the 16 bytes of the delivery's id
DELIVER = "deliver"


async def enqueue_plain(connection: asyncpg.Connection[asyncpg.Record], deliveries: Sequence[UUID]) -> None:
    """One statement and one notification for all of *deliveries*, inside *connection*'s open transaction."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

    if deliveries:
        await _enqueue(AsyncpgDriver(connection), deliveries)


class _SqlalchemyDriver:
    """The two methods of a PgQueuer driver that enqueueing needs, over SQLAlchemy's own connection.

    Taking the driver's connection out of SQLAlchemy instead would be a trap: its transaction starts with its own first
    statement, so a job put in before that would be committed by itself.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        result = await self._connection.exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings()]

    async def execute(self, query: str, *args: Any) -> str:
        await self._connection.exec_driver_sql(query, args)
        return ""


async def enqueue(connection: AsyncConnection, deliveries: Sequence[UUID]) -> None:
    """The same inside a SQLAlchemy transaction."""
    if deliveries:
        await _enqueue(_SqlalchemyDriver(connection), deliveries)


async def _enqueue(driver: Any, deliveries: Sequence[UUID]) -> None:
    # Here and not above: PgQueuer takes half a second to load, and commands that only look never come here.
    from pgqueuer.adapters.persistence.queries import Queries

    count = len(deliveries)
    await Queries(driver).enqueue([DELIVER] * count, [delivery.bytes for delivery in deliveries], [0] * count)
