"""An engine to test: ways out that answer what the test says, a clock that the test sets, deliveries to try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from fakturahub.exchange.dispatch import Dispatcher
from fakturahub.exchange.parcels import Made, Withheld
from fakturahub.exchange.sending import Sender
from fakturahub.model import Content, Fault, Outcome, Parcel, Record, Result
from fakturahub.storage.database import Database
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.submission_rows import DeliveryRow
from fakturahub.storage.submissions import SubmissionWriter
from tests.storage.rows import NOW, query, submission, writing

DELIVERED = Outcome(Result.DELIVERED, "arrived", Record("https://peer.example/", sent=10, received=2), receipt="r-1")
DOWN = Outcome(
    Result.RETRY, "503 from peer.example", Record("https://peer.example/", sent=10, received=20), Fault.RECEIVER
)


class SetClock:
    """Shows what the test sets."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **spans: float) -> None:
        self.at += timedelta(**spans)


class Peer:
    """A channel whose answers the test gives, and that remembers what it was handed."""

    def __init__(self, answer: Callable[[Parcel[Any]], Awaitable[Outcome] | Outcome] = lambda _: DELIVERED) -> None:
        self.answer = answer
        self.handed: list[Parcel[Any]] = []
        self.batches: list[tuple[UUID, list[UUID]]] = []
        #: how many were under way at a time, by way
        self.under_way: dict[Any, int] = {}
        self.most: dict[Any, int] = {}

    async def send(self, parcel: Parcel[Any]) -> Outcome:
        self.handed.append(parcel)
        way = parcel.way
        self.under_way[way] = self.under_way.get(way, 0) + 1
        self.most[way] = max(self.most.get(way, 0), self.under_way[way])
        try:
            answer = self.answer(parcel)
            return answer if isinstance(answer, Outcome) else await answer
        finally:
            self.under_way[way] -= 1

    async def send_batch(self, batch_id: UUID, parcels: Sequence[Parcel[Any]]) -> Outcome:
        self.batches.append((batch_id, [one.delivery_id for one in parcels]))
        return await self.send(parcels[0])


class PlainWays:
    """The way of a delivery is its target; targets can be withheld."""

    def __init__(self) -> None:
        self.withheld: dict[str, str] = {}

    def way_of(self, claimed: Claimed) -> str | Withheld:
        if claimed.target in self.withheld:
            return Withheld(self.withheld[claimed.target])
        return claimed.target


class PlainContents:
    """A delivery hands over its document as it is kept."""

    async def content_of(self, claimed: Claimed, way: Any) -> Made:
        return Made(Content(claimed.kept.payload or b"", f"{claimed.id}.xml", "application/xml"))


class Engine:
    """A node, and how the test moves it."""

    def __init__(self, database: Database, peer: Peer, clock: SetClock, node: str) -> None:
        self.peer, self.clock, self.node = peer, clock, node
        self.ways = PlainWays()
        sender = Sender(
            self.ways,
            PlainContents(),
            {"http": peer, "email": peer},
            {"print": peer},
            clock,
            node,
            lambda: 0.5,
        )
        self.dispatcher = Dispatcher(database, sender, clock, node)
        self._database = database

    async def settle(self, seconds: float = 20) -> None:
        """Wait until nothing is due by the clock and nothing under way."""
        await settled(self._database, self.dispatcher, self.clock.at, seconds)


async def settled(database: Database, dispatcher: Dispatcher, now: datetime, seconds: float = 20) -> None:
    """Wait until nothing is due *now* and nothing under way."""
    async with asyncio.timeout(seconds):
        while await busy(database, now):
            dispatcher._look()
            await asyncio.sleep(0.01)


async def busy(database: Database, now: datetime) -> bool:
    """Whether a delivery is under way, or due at a target whose breaker is not open."""
    found = await query(
        database,
        """SELECT count(*) FROM delivery d LEFT JOIN target t ON t.key = d.target
           WHERE d.target IS NOT NULL
             AND (d.state = 'sending'
                  OR d.state IN ('pending', 'retrying')
                     AND (d.due_at <= :now AND (t.open_until IS NULL OR t.open_until <= :now)
                          OR t.open_until <= :now OR t.pulling AND d.state = 'retrying'))""",
        now=now,
    )
    return bool(found[0])


@asynccontextmanager
async def running(database: Database, peer: Peer, clock: SetClock, node: str = "node-1") -> AsyncIterator[Engine]:
    """An engine that runs, and is stopped at the end."""
    engine = Engine(database, peer, clock, node)
    task = asyncio.create_task(engine.dispatcher.run())
    try:
        yield engine
    finally:
        engine.dispatcher.stop()
        await task


async def outgoing(
    database: Database,
    count: int = 1,
    *,
    target: str | None = None,
    at: datetime = NOW,
    apart: timedelta = timedelta(milliseconds=1),
    company: UUID | None = None,
    details: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    receiver: UUID | None = None,
    writer: SubmissionWriter | None = None,
) -> list[UUID]:
    """Store documents with one delivery each that leaves the hub, the last one made *at*; ids, the oldest first."""
    target = target or f"http {receiver or uuid4()}"
    company = company or uuid4()
    rows = []
    for number in range(count):
        made_at = at - (count - 1 - number) * apart
        one = submission(company, at=made_at, receiver=receiver or uuid4(), body=b"<Invoice>%d</Invoice>" % number)
        (inbox,) = one.deliveries
        delivery = DeliveryRow(
            inbox.id,
            inbox.document_id,
            inbox.receiver_id,
            target.partition(" ")[0],
            "address",
            "the test says so",
            "original",
            target=target,
            details=msgspec.json.encode(details or {}).decode(),
            due_at=due_at,
        )
        rows.append(msgspec.structs.replace(one, deliveries=(delivery,)))
    if writer is not None:
        await asyncio.gather(*(writer.store(one) for one in rows))
    else:
        async with writing(database) as own:
            await asyncio.gather(*(own.store(one) for one in rows))
    return [one.deliveries[0].id for one in rows]


async def states(database: Database, ids: Sequence[UUID]) -> list[str]:
    """The states of deliveries, in the order of *ids*."""
    found = dict(await query(database, "SELECT id, state FROM delivery WHERE id = ANY (:ids)", ids=list(ids)))
    return [found[one] for one in ids]


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 10) -> None:
    """Wait until *holds* is true."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def all_are(database: Database, ids: Sequence[UUID], state: str) -> bool:
    """Whether all deliveries are in one state."""
    return set(await states(database, ids)) == {state}
