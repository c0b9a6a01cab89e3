"""Doing deliveries for a process: many in a batch, and none given up because the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest

from fakturahub import telemetry
from fakturahub.clock import SystemClock
from fakturahub.errors import (
    DatabaseUnavailable,
    InternalFault,
    PayloadStoreUnavailable,
    Unavailable,
    UnknownDocument,
)
from fakturahub.exchange import deliver
from fakturahub.exchange.deliver import Deliverer
from fakturahub.exchange.prepare import Preparation, prepare
from fakturahub.model import Attachment
from fakturahub.storage.converted import Prepared, Source
from fakturahub.storage.inbox_deliveries import Batch
from fakturahub.storage.payloads import Kept
from tests.running import INVOICE

NOTHING: Mapping[UUID, Prepared] = MappingProxyType({})


class Inboxes:
    """Stands where the database's side stands."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.batches: list[list[UUID]] = []
        self.closed = False
        #: set when it was tried a few times
        self.tried = asyncio.Event()

    async def do(self, ids: Sequence[UUID], now: datetime) -> Batch:
        self.batches.append(list(ids))
        if len(self.batches) == 3:
            self.tried.set()
        if self.errors:
            raise self.errors.pop(0)
        return Batch(done=len(ids))

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "PAUSE", 0.01)


def deliverer(monkeypatch: pytest.MonkeyPatch, inboxes: Inboxes) -> Deliverer:
    monkeypatch.setattr(deliver, "InboxDeliveries", lambda _: inboxes)
    made = Deliverer(None, None, SystemClock())  # type: ignore[arg-type]
    made.start()
    return made


async def test_many_share_a_batch_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    inboxes = Inboxes()
    work = deliverer(monkeypatch, inboxes)
    counter = telemetry.DELIVERIES.labels("inbox", "delivered")
    before = counter._value.get()
    await asyncio.gather(*(work.deliver(uuid4()) for _ in range(450)))
    await work.stop()
    assert sum(map(len, inboxes.batches)) == 450
    assert max(map(len, inboxes.batches)) == deliver.BATCH
    assert counter._value.get() == before + 450
    assert inboxes.closed


@pytest.mark.usefixtures("quick")
async def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    inboxes = Inboxes(DatabaseUnavailable("away"), DatabaseUnavailable("still"))
    work = deliverer(monkeypatch, inboxes)
    id_ = uuid4()
    await asyncio.wait_for(work.deliver(id_), 5)
    await work.stop()
    assert inboxes.batches == [[id_]] * 3


@pytest.mark.usefixtures("quick")
async def test_stopping_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    inboxes = Inboxes(*[DatabaseUnavailable("away")] * 1000)
    work = deliverer(monkeypatch, inboxes)
    waiting = asyncio.create_task(work.deliver(uuid4()))
    await asyncio.wait_for(inboxes.tried.wait(), 5)
    await asyncio.wait_for(work.stop(), 5)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, 5)


async def test_a_defect_is_told_to_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    work = deliverer(monkeypatch, Inboxes(KeyError("x")))
    with pytest.raises(InternalFault):
        await work.deliver(uuid4())
    await work.stop()


class Wishing(Inboxes):
    """Every receiver wants another syntax."""

    def __init__(self) -> None:
        super().__init__()
        self.put_off_because: dict[UUID, str] = {}
        self.handed_over: dict[UUID, Prepared] = {}

    async def do(self, ids: Sequence[UUID], now: datetime, prepared: Mapping[UUID, Prepared] = NOTHING) -> Batch:
        self.handed_over.update(prepared)
        return Batch(done=len(ids)) if prepared else Batch(unprepared=tuple(ids))

    async def put_off(self, delivery_id: UUID, why: str, now: datetime) -> None:
        self.put_off_because[delivery_id] = why


class Payloads:
    """Stands where the payload store stands."""

    async def load(self, kept: Kept) -> bytes:
        if kept.payload is None:
            raise PayloadStoreUnavailable("The payload store is away.")
        return kept.payload

    async def keep(self, data: bytes) -> Kept:
        return Kept(bytes(32), len(data), "identity", data)


async def test_one_that_cannot_be_prepared_keeps_back_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect, a document that is refused, a store that is away, one that is gone: each is told to its own job."""
    good, defect, refused, away, gone = (uuid4() for _ in range(5))
    bodies = {good: INVOICE.read_bytes(), defect: b"defect", refused: b"<Unknown/>", away: None}

    async def source(_: object, id_: UUID) -> Source | None:
        if id_ == gone:
            return None
        return Source(id_, "finvoice-3.0", True, Kept(bytes(32), 1, "identity", bodies[id_]))

    def preparing(data: bytes, wanted: str, *, allow_loss: bool, files: Sequence[Attachment]) -> Preparation:
        if data == b"defect":
            raise KeyError("a defect")
        return prepare(data, wanted, allow_loss=allow_loss, files=files)

    monkeypatch.setattr(deliver.converted, "source", source)
    monkeypatch.setattr(deliver, "prepare", preparing)
    inboxes = Wishing()
    monkeypatch.setattr(deliver, "InboxDeliveries", lambda _: inboxes)
    work = Deliverer(None, Payloads(), SystemClock())  # type: ignore[arg-type]
    work.start()
    ids = [good, defect, refused, away, gone]
    results = await asyncio.gather(*(work.deliver(id_) for id_ in ids), return_exceptions=True)
    await work.stop()
    assert [type(one) for one in results] == [
        type(None),
        InternalFault,
        UnknownDocument,
        PayloadStoreUnavailable,
        InternalFault,
    ]
    assert set(inboxes.handed_over) == {good}
    assert set(inboxes.put_off_because) == {defect, refused, away, gone}
    assert inboxes.put_off_because[defect] == "Writing the document as finvoice-3.0 failed."


async def test_what_was_prepared_is_handed_over_in_bounded_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    async def source(_: object, id_: UUID) -> Source:
        return Source(id_, "finvoice-3.0", True, Kept(bytes(32), 1, "identity", INVOICE.read_bytes()))

    monkeypatch.setattr(deliver.converted, "source", source)
    monkeypatch.setattr(deliver, "HELD", 20_000)
    inboxes = Wishing()
    pieces: list[int] = []
    do = inboxes.do

    async def counting(ids: Sequence[UUID], now: datetime, prepared: Mapping[UUID, Prepared] = NOTHING) -> Batch:
        if prepared:
            pieces.append(len(prepared))
        return await do(ids, now, prepared)

    monkeypatch.setattr(inboxes, "do", counting)
    monkeypatch.setattr(deliver, "InboxDeliveries", lambda _: inboxes)
    work = Deliverer(None, Payloads(), SystemClock())  # type: ignore[arg-type]
    work.start()
    await asyncio.gather(*(work.deliver(uuid4()) for _ in range(12)))
    await work.stop()
    assert sum(pieces) == 12
    assert max(pieces) < 12
