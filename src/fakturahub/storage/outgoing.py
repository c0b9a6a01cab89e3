"""Deliveries that leave the hub: claimed by lease, recorded in batches, watched by whoever comes after a dead node."""

from __future__ import annotations

import asyncpg

#: what PostgreSQL notifies on when a delivery that leaves the hub has become due
CHANNEL = "fakturahub_outgoing"


async def wake(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Tell every node, when *connection*'s open transaction is committed, that there is something to deliver."""
    await connection.execute(f"NOTIFY {CHANNEL}")
