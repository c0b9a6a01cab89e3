"""Several workers as one."""

from __future__ import annotations

import asyncio

import pytest

from fakturahub.work.workers import Workers


class _Worker:
    def __init__(self, fails: bool = False) -> None:
        self.stopped = asyncio.Event()
        self.ended = False
        self.fails = fails

    def stop(self) -> None:
        self.stopped.set()

    async def run(self) -> None:
        if self.fails:
            raise ValueError("a defect")
        await self.stopped.wait()
        await asyncio.sleep(0)
        self.ended = True


async def test_they_stop_together_and_end_what_they_have() -> None:
    some = [_Worker(), _Worker()]
    workers = Workers(some)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(0)
    assert not running.done()
    workers.stop()
    await running
    assert all(one.ended for one in some)


async def test_where_one_fails_the_others_end_and_it_is_told() -> None:
    well, ill = _Worker(), _Worker(fails=True)
    with pytest.raises(ValueError, match="a defect"):
        await Workers([well, ill]).run()
    assert well.ended
