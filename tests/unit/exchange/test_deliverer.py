"""Doing deliveries for a process: many in a batch, and none given up because the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from fakturahub import telemetry
from fakturahub.clock import SystemClock
from fakturahub.errors import DatabaseUnavailable, InternalFault, Unavailable
from fakturahub.exchange import deliver
from fakturahub.exchange.deliver import Deliverer


class Inboxes:
    """Stands where the database's side stands."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.batches: list[list[UUID]] = []
        self.closed = False
        #: set when it was tried a few times
        self.tried = asyncio.Event()

    async def do(self, ids: Sequence[UUID], now: datetime) -> int:
        self.batches.append(list(ids))
        if len(self.batches) == 3:
            self.tried.set()
        if self.errors:
            raise self.errors.pop(0)
        return len(ids)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "PAUSE", 0.01)


def deliverer(monkeypatch: pytest.MonkeyPatch, inboxes: Inboxes) -> Deliverer:
    monkeypatch.setattr(deliver.deliveries, "InboxDeliveries", lambda _: inboxes)
    made = Deliverer(None, SystemClock())  # type: ignore[arg-type]
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
