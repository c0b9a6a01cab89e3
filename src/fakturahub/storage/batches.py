"""Doing many small pieces of work in few transactions, without a timer.

Callers hand in one item each and wait; one task takes whatever has gathered while the previous batch ran. A lone item
is done at once, and the busier the process, the larger the batches and the cheaper each item.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from fakturahub import telemetry
from fakturahub.errors import FakturahubError, InternalFault, Overloaded, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

log = telemetry.logger("storage.batches")


class _Waiting(msgspec.Struct, Generic[Item, Result]):
    item: Item
    weight: int
    done: asyncio.Future[Result]


class Batches(Generic[Item, Result]):
    """``run`` does a batch and returns one result, or one error of ours, for each item in order.

    Where it raises `Unavailable`, everything that waits gets that error, too.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | FakturahubError]]],
        *,
        most: int,
        queue_length: int,
        queue_weight: int,
    ) -> None:
        self._run = run
        self._most = most
        self._queue_length = queue_length
        self._queue_weight = queue_weight
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._weight = 0
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="batches")

    async def stop(self) -> None:
        """Take nothing new, do what waits, and return when it is done."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def do(self, item: Item, weight: int = 0) -> Result:
        """Have *item* done in the next batch. ``weight``, in bytes, counts against the bound of the queue.

        Raises `Overloaded` where too much waits, and whatever error of ours ``run`` gave for the item. A caller that is
        cancelled leaves the item in the batch.
        """
        if self._stopping:
            raise Overloaded("The hub is stopping.", retry_after=5)
        full = len(self._waiting) >= self._queue_length
        # one item of any weight is taken when nothing else waits
        if full or (self._waiting and self._weight + weight > self._queue_weight):
            raise Overloaded("More is waiting to be stored than the hub takes.", retry_after=1)
        waiting = _Waiting(item, weight, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._weight += weight
        self._arrived.set()
        result: Result = await waiting.done
        return result

    async def _loop(self) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            self._weight -= sum(waiting.weight for waiting in batch)
            try:
                results = await self._run([waiting.item for waiting in batch])
                if len(results) != len(batch):
                    raise ValueError(f"{len(results)} results for {len(batch)} items")
            except Exception as error:  # a loop that died would leave every later caller waiting for ever
                if isinstance(error, Unavailable):
                    # What waits would wait as long again for the same answer: it is told now, and can come back.
                    batch += self._waiting
                    self._waiting.clear()
                    self._weight = 0
                if isinstance(error, FakturahubError):
                    results = [error] * len(batch)
                else:
                    log.exception("batch failed", items=len(batch))
                    results = [InternalFault("Storing failed.")] * len(batch)
            for waiting, result in zip(batch, results, strict=True):
                if waiting.done.done():  # its caller went away
                    continue
                if isinstance(result, FakturahubError):
                    waiting.done.set_exception(result)
                else:
                    waiting.done.set_result(result)
