"""Deliveries that leave the hub: what is known of one that a node has claimed, and how nodes are woken.

Claiming them is `claims`, recording what came of them `attempts`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.errors import DatabaseUnavailable
from fakturahub.model import Heading, Recognition
from fakturahub.storage.database import DRIVER_ERRORS, Database
from fakturahub.storage.payloads import Kept

#: what PostgreSQL notifies on when a delivery that leaves the hub has become due
CHANNEL = "fakturahub_outgoing"
#: seconds before a connection that was lost is made anew
RECONNECT = 1.0


def channel_of(target: str) -> str:
    """The channel that deliveries with this target go by: what their target begins with."""
    return target.partition(" ")[0]


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this node holds the lease of, with everything that sending it takes."""

    id: UUID
    document_id: UUID
    #: the sender
    company_id: UUID
    #: None where the receiver is no company of this hub
    receiver_id: UUID | None
    channel: str
    address: str
    target: str
    #: what was decided for this delivery beside the address
    details: Mapping[str, Any]
    #: 1 for the first
    attempt: int
    #: how many pauses of its schedule it has had, and when that schedule began
    step: int
    trying_since: datetime
    #: the syntax its receiver wants it in, or original
    wanted: str
    #: letters of one batch are sent together, the same ones each time
    batch_id: UUID | None
    created_at: datetime
    #: the document's bytes, or where they are kept
    kept: Kept
    recognition: Recognition
    heading: Heading
    #: as the sender named the file, None where it did not
    file_name: str | None


async def wake(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Tell every node, when *connection*'s open transaction is committed, that there is something to deliver."""
    await connection.execute(f"NOTIFY {CHANNEL}")


async def wake_all(connection: AsyncConnection) -> None:
    """The same inside a SQLAlchemy transaction."""
    await connection.execute(sa.text(f"NOTIFY {CHANNEL}"))


class Listening:
    """Calls a function whenever something has become due anywhere; makes its connection anew when it is lost."""

    def __init__(self, database: Database, call: Callable[[], None]) -> None:
        self._database = database
        self._call = call
        self._lost = asyncio.Event()

    async def run(self) -> None:
        """Listen for ever. While the database is away nothing is called; whoever waits looks by himself."""
        while True:
            with suppress(*DRIVER_ERRORS, DatabaseUnavailable):
                await self._listen()
            await asyncio.sleep(RECONNECT)

    async def _listen(self) -> None:
        connection = await self._database.connect_plain()
        self._lost.clear()
        connection.add_termination_listener(lambda *_: self._lost.set())
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._call())
            # what was told while nobody listened
            self._call()
            await self._lost.wait()
        finally:
            connection.terminate()
