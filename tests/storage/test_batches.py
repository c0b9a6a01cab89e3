"""Many small pieces of work in few batches: who gets which answer, and what happens when something goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault, Overloaded
from fakturahub.storage.batches import Batches

Run = Callable[[Sequence[int]], Awaitable[Sequence[int | FakturahubError]]]


@asynccontextmanager
async def running(
    run: Run, *, most: int = 10, length: int = 100, weight: int = 1000
) -> AsyncIterator[Batches[int, int]]:
    batches: Batches[int, int] = Batches(run, most=most, queue_length=length, queue_weight=weight)
    batches.start()
    try:
        yield batches
    finally:
        await batches.stop()


class Gate:
    """Work that waits until it is let through, and notes the batches it was given."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.entered = asyncio.Event()
        self.batches: list[list[int]] = []

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        self.entered.set()
        await self.open.wait()
        return [item * 2 for item in items]


async def test_a_lone_item_is_done_at_once() -> None:
    gate = Gate()
    gate.open.set()
    async with running(gate) as batches:
        assert await asyncio.wait_for(batches.do(4), 5) == 8
        assert await asyncio.wait_for(batches.do(5), 5) == 10
    assert gate.batches == [[4], [5]]


async def test_what_gathers_meanwhile_is_one_batch_of_at_most_so_many() -> None:
    gate = Gate()
    async with running(gate, most=10) as batches:
        first = asyncio.create_task(batches.do(0))
        await gate.entered.wait()
        others = [asyncio.create_task(batches.do(number)) for number in range(1, 26)]
        await asyncio.sleep(0)
        gate.open.set()
        assert await asyncio.gather(first, *others) == [number * 2 for number in range(26)]
    assert [len(batch) for batch in gate.batches] == [1, 10, 10, 5]
    assert [item for batch in gate.batches for item in batch] == list(range(26))


async def test_each_item_has_an_answer_or_an_error_of_its_own() -> None:
    async def run(items: Sequence[int]) -> Sequence[int | FakturahubError]:
        return [InternalFault(f"not {item}") if item % 2 else item for item in items]

    async with running(run) as batches:
        got = await asyncio.gather(*(batches.do(number) for number in range(6)), return_exceptions=True)
    assert got[::2] == [0, 2, 4]
    assert [str(error) for error in got[1::2]] == ["not 1", "not 3", "not 5"]
    assert all(isinstance(error, InternalFault) for error in got[1::2])


@pytest.mark.parametrize(
    ("raised", "told"),
    [(DatabaseUnavailable("away"), DatabaseUnavailable), (KeyError("x"), InternalFault), (OSError(), InternalFault)],
)
async def test_a_batch_that_fails_is_told_to_all_of_it_and_the_next_one_is_done(
    raised: Exception, told: type[FakturahubError]
) -> None:
    calls = 0

    async def run(items: Sequence[int]) -> Sequence[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise raised
        return items

    async with running(run) as batches:
        got = await asyncio.gather(*(batches.do(number) for number in range(3)), return_exceptions=True)
        assert [type(one) for one in got] == [told] * 3
        assert await asyncio.wait_for(batches.do(7), 5) == 7


async def test_what_waits_for_something_that_is_away_is_told_at_once() -> None:
    """It would wait as long again for the same answer."""
    gate = Gate()

    async def run(items: Sequence[int]) -> Sequence[int]:
        results = await gate(items)
        if len(gate.batches) == 1:
            raise DatabaseUnavailable("away")
        return results

    async with running(run, most=2, weight=1000) as batches:
        first = asyncio.create_task(batches.do(0, 900))
        await gate.entered.wait()
        waiting = [asyncio.create_task(batches.do(number, 100)) for number in range(1, 8)]
        await asyncio.sleep(0)
        gate.open.set()
        got = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [type(one) for one in got] == [DatabaseUnavailable] * 8
        assert gate.batches == [[0]], "one try is enough to know"
        assert await asyncio.wait_for(batches.do(9, 1000), 5) == 18
        assert await asyncio.gather(batches.do(1, 900), batches.do(2, 100)) == [2, 4], "its bytes are free again"


async def test_results_that_do_not_match_the_items_do_not_leave_anybody_waiting() -> None:
    calls = 0

    async def run(items: Sequence[int]) -> Sequence[int]:
        nonlocal calls
        calls += 1
        return items[1:] if calls == 1 else items

    async with running(run) as batches:
        with pytest.raises(InternalFault):
            await asyncio.wait_for(batches.do(1), 5)
        assert await asyncio.wait_for(batches.do(2), 5) == 2


async def test_a_full_queue_says_so_and_takes_more_when_it_has_emptied() -> None:
    gate = Gate()
    async with running(gate, length=2) as batches:
        first = asyncio.create_task(batches.do(1))
        await gate.entered.wait()
        waiting = [asyncio.create_task(batches.do(number)) for number in (2, 3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as caught:
            await batches.do(4)
        assert caught.value.retry_after >= 1
        gate.open.set()
        assert await asyncio.gather(first, *waiting) == [2, 4, 6]
        assert await batches.do(5) == 10


async def test_the_bytes_that_wait_are_bounded_but_one_large_item_is_always_taken() -> None:
    gate = Gate()
    async with running(gate, weight=1000) as batches:
        first = asyncio.create_task(batches.do(1, 5000))
        await gate.entered.wait()
        # what is being written does not wait any more
        second = asyncio.create_task(batches.do(2, 5000))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await batches.do(3, 1)
        gate.open.set()
        assert await asyncio.gather(first, second) == [2, 4]
        assert await batches.do(3, 1000) == 6


async def test_stopping_does_what_waits_and_takes_nothing_new() -> None:
    gate = Gate()
    batches: Batches[int, int] = Batches(gate, most=2, queue_length=100, queue_weight=100)
    batches.start()
    waiting = [asyncio.create_task(batches.do(number)) for number in range(5)]
    await gate.entered.wait()
    stopping = asyncio.create_task(batches.stop())
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await batches.do(9)
    assert not stopping.done()
    gate.open.set()
    await asyncio.wait_for(stopping, 5)
    assert [task.result() for task in waiting] == [0, 2, 4, 6, 8]


async def test_stopping_twice_or_unused_is_nothing() -> None:
    gate = Gate()
    batches: Batches[int, int] = Batches(gate, most=2, queue_length=100, queue_weight=100)
    await batches.stop()
    batches = Batches(gate, most=2, queue_length=100, queue_weight=100)
    batches.start()
    await asyncio.wait_for(batches.stop(), 5)
    await asyncio.wait_for(batches.stop(), 5)


async def test_a_caller_that_went_away_harms_nobody_and_its_item_is_done() -> None:
    gate = Gate()
    async with running(gate) as batches:
        first = asyncio.create_task(batches.do(1))
        await gate.entered.wait()
        gone, stays = asyncio.create_task(batches.do(2)), asyncio.create_task(batches.do(3))
        await asyncio.sleep(0)
        first.cancel()
        gone.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        assert await asyncio.wait_for(stays, 5) == 6
        assert first.cancelled()
        assert gone.cancelled()
    assert gate.batches == [[1], [2, 3]]
