"""What a person does to deliveries: everything of one word in one transaction, with who said it and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.model import DeliveryState, DocumentState
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.storage import accounts, erasing, outgoing
from fakturahub.storage.database import Database, translated
from fakturahub.storage.jobs import enqueue_plain
from fakturahub.storage.settling import settle_documents


class Standing(msgspec.Struct, frozen=True):
    """A delivery that the open transaction has locked."""

    id: UUID
    document_id: UUID
    company_id: UUID
    state: DeliveryState
    channel: str
    #: None: the inbox of a company of this hub
    target: str | None
    batch_id: UUID | None
    attempts: int
    due_at: datetime


class Word(msgspec.Struct, frozen=True):
    """Who says it, when, and why."""

    by: str
    at: datetime
    why: str | None = None

    def told(self, **more: Any) -> dict[str, Any]:
        """What an event says of it."""
        return {"by": self.by, **({"why": self.why} if self.why else {}), **more}


class NewDelivery(msgspec.Struct, frozen=True):
    """A delivery for a document that had none."""

    receiver_id: UUID | None
    channel: str
    address: str
    why: str
    wanted_syntax: str
    target: str | None = None
    #: JSON text
    details: str | None = None
    #: in credits, more than nothing; None where it is free
    cost: Any = None
    #: None: at once
    due_at: datetime | None = None


_STANDING = "id, document_id, company_id, state, channel, target, batch_id, attempts, due_at"


class Changing:
    """One transaction in which a person changes deliveries. Rows are locked in the order in which the engine does."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], word: Word) -> None:
        self._connection = connection
        self._word = word

    async def delivery(self, delivery_id: UUID) -> list[Standing]:
        """A delivery, and where it is a letter of a batch all letters of that; nothing where there is none."""
        rows = await self._connection.fetch(
            f"""SELECT {_STANDING} FROM delivery
                WHERE id = $1 OR batch_id = (SELECT batch_id FROM delivery WHERE id = $1)
                ORDER BY id FOR NO KEY UPDATE""",  # noqa: S608 - names of ours
            delivery_id,
        )
        return [_standing(row) for row in rows]

    async def held_of(self, target: str, most: int) -> list[Standing]:
        """Held deliveries of a target, the oldest first."""
        rows = await self._connection.fetch(
            f"""SELECT {_STANDING} FROM delivery WHERE state = 'held' AND target = $1
                ORDER BY id LIMIT $2 FOR NO KEY UPDATE""",  # noqa: S608 - names of ours
            target,
            most,
        )
        return [_standing(row) for row in rows]

    async def of_document(self, document_id: UUID) -> list[Standing]:
        """The deliveries of a document to its receiver; what goes back to its sender is locked and left out."""
        rows = await self._connection.fetch(
            f"SELECT {_STANDING} FROM delivery WHERE document_id = $1 ORDER BY id FOR NO KEY UPDATE",  # noqa: S608
            document_id,
        )
        return [_standing(row) for row in rows if row["channel"] != ACKNOWLEDGEMENT]

    async def document_state(self, document_id: UUID) -> tuple[DocumentState, UUID] | None:
        """The state of a document, which is locked, and its sender; None where there is none."""
        row = await self._connection.fetchrow(
            "SELECT state, company_id FROM document WHERE id = $1 FOR NO KEY UPDATE", document_id
        )
        return None if row is None else (DocumentState(row[0]), row[1])

    async def start(self, some: Sequence[Standing], kind: str, *, due_at: datetime | None = None) -> None:
        """Make deliveries pending, with their schedules from the beginning; due now, or when each was due, or later.

        Raises `InsufficientCredit` where one was given up and its sender cannot pay for it any more.
        """
        await self._connection.execute(
            """UPDATE delivery SET state = 'pending', due_at = $2, step = 0, trying_since = NULL, changed_at = $3
               WHERE id = ANY ($1)""",
            [one.id for one in some],
            due_at or self._word.at,
            self._word.at,
        )
        await self._told(some, kind)
        # After the documents: in the order in which everybody locks, none waits for another in a circle.
        given_up = [one.id for one in some if one.state is DeliveryState.FAILED]
        if given_up:
            await accounts.reserve_again(self._connection, given_up, self._word.at)
        await enqueue_plain(self._connection, [one.id for one in some if one.target is None])
        if any(one.target is not None for one in some):
            await outgoing.wake(self._connection)

    async def end(self, some: Sequence[Standing], state: DeliveryState, kind: str, error: str) -> None:
        """Put deliveries into a state in which nothing is tried; what a cancelled one cost is given back."""
        await self._connection.execute(
            "UPDATE delivery SET state = $2, last_error = $3, changed_at = $4 WHERE id = ANY ($1)",
            [one.id for one in some],
            state.value,
            error,
            self._word.at,
        )
        await self._told(some, kind)
        if state is DeliveryState.CANCELLED:
            await accounts.settle(self._connection, [], [one.id for one in some], self._word.at)

    async def _told(self, some: Sequence[Standing], kind: str) -> None:
        await self._connection.executemany(
            """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
               VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)""",
            [
                (
                    new_id(self._word.at),
                    one.company_id,
                    one.document_id,
                    one.id,
                    kind,
                    self._word.at,
                    _json(self._word.told(was=one.state.value)),
                )
                for one in some
            ],
        )
        documents = sorted({one.document_id for one in some if one.channel != ACKNOWLEDGEMENT})
        await settle_documents(
            self._connection, documents, sorted(new_id(self._word.at) for _ in documents), self._word.at
        )

    async def document_event(self, document_id: UUID, company_id: UUID, kind: str, **more: Any) -> None:
        """Tell of a document what was done with it."""
        await self._connection.execute(
            """INSERT INTO event (id, company_id, document_id, kind, at, data)
               VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)""",
            new_id(self._word.at),
            company_id,
            document_id,
            kind,
            self._word.at,
            _json(self._word.told(**more)),
        )

    async def withdrawn(self, document_id: UUID) -> None:
        """Withdraw a document that has no deliveries."""
        await self._connection.execute(
            "UPDATE document SET state = 'withdrawn', changed_at = $2 WHERE id = $1", document_id, self._word.at
        )

    async def erase(self, document_id: UUID) -> None:
        """Erase what a document says; nothing of it may be on its way."""
        await erasing.erase(self._connection, document_id, self._word.at)

    async def acknowledged(self, document_id: UUID) -> dict[str, Any] | None:
        """The details of the last acknowledgement that was on its way to the sender of a document; None without one."""
        details = await self._connection.fetchval(
            "SELECT details FROM delivery WHERE document_id = $1 AND channel = $2 ORDER BY id DESC LIMIT 1",
            document_id,
            ACKNOWLEDGEMENT,
        )
        return None if details is None else msgspec.json.decode(details, type=dict[str, Any])

    async def acknowledge(self, document_id: UUID, company_id: UUID, new: NewDelivery) -> None:
        """Have the sender told anew; what it was not told yet of the same document is not told any more."""
        await self._connection.execute(
            """UPDATE delivery SET state = 'cancelled', last_error = $3, changed_at = $4
               WHERE document_id = $1 AND channel = $2 AND state IN ('pending', 'retrying', 'held')""",
            document_id,
            ACKNOWLEDGEMENT,
            "The document was routed meanwhile; a later acknowledgement says so.",
            self._word.at,
        )
        await self._insert(document_id, company_id, new)
        await outgoing.wake(self._connection)

    async def route(self, document_id: UUID, company_id: UUID, new: NewDelivery) -> UUID:
        """Give a document that had none its delivery. Raises `InsufficientCredit`."""
        delivery_id = await self._insert(document_id, company_id, new)
        await accounts.reserve_again(self._connection, [delivery_id], self._word.at)
        await self._connection.execute(
            """UPDATE document SET state = 'routed', receiver_id = $2, changed_at = $3,
                      facts = facts || jsonb_build_object('route', $4::text, 'way', $5::text, 'routed_at', $6::text)
               WHERE id = $1""",
            document_id,
            new.receiver_id,
            self._word.at,
            new.why,
            new.channel,
            self._word.at.isoformat(),
        )
        await self._connection.execute(
            """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
               VALUES ($1, $2, $3, $4, 'document.routed', $5, $6::text::jsonb)""",
            new_id(self._word.at),
            company_id,
            document_id,
            delivery_id,
            self._word.at,
            # the reason of the way; a person's own words go before it
            _json({"by": self._word.by, "why": new.why, **({"said": self._word.why} if self._word.why else {})}),
        )
        if new.target is None:
            await enqueue_plain(self._connection, [delivery_id])
        else:
            await outgoing.wake(self._connection)
        return delivery_id

    async def _insert(self, document_id: UUID, company_id: UUID, new: NewDelivery) -> UUID:
        delivery_id = new_id(self._word.at)
        await self._connection.execute(
            """INSERT INTO delivery (id, document_id, company_id, receiver_id, channel, address, state, why,
                                     wanted_syntax, attempts, due_at, created_at, changed_at, target, details, cost)
               VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, 0, $9, $10, $10, $11, $12::text::jsonb, $13)""",
            delivery_id,
            document_id,
            company_id,
            new.receiver_id,
            new.channel,
            new.address,
            new.why,
            new.wanted_syntax,
            new.due_at or self._word.at,
            self._word.at,
            new.target,
            new.details,
            new.cost,
        )
        return delivery_id


@asynccontextmanager
async def changing(database: Database, word: Word) -> AsyncIterator[Changing]:
    """A transaction of its own; what is raised in it undoes all of it."""
    connection = await database.connect_plain()
    try:
        with translated():
            async with connection.transaction():
                yield Changing(connection, word)
    finally:
        await connection.close()


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(row[0], row[1], row[2], DeliveryState(row[3]), *row[4:])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
