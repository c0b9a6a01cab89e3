"""One target of many hangs: what goes to the others arrives as soon as it does without that one."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from pathlib import Path

import pytest

from fakturahub.clock import SystemClock
from fakturahub.storage.database import Database
from fakturahub.storage.submissions import SubmissionWriter
from tests.acceptance.leaving import Node, pushing
from tests.peers.https import Behaviour, HttpsPeer, Received, answer, slow
from tests.storage.conftest import empty_db, empty_url
from tests.storage.engine import outgoing
from tests.storage.rows import writing

__all__ = ["empty_db", "empty_url"]

HANGS = "/receiver/0"


async def _latencies(
    db: Database, node: Node, peer: HttpsPeer, *, rate: float, seconds: float
) -> dict[str, list[float]]:
    """Seconds from a delivery's being stored to its arrival, by the path of its receiver, at *rate* a second."""
    clock = SystemClock()
    stored: dict[str, float] = {}
    keys = sorted(node.receivers)
    before = len(peer.received)

    async def one(writer: SubmissionWriter, key: str) -> None:
        (id_,) = await outgoing(db, receiver=node.receivers[key], at=clock.now(), writer=writer)
        stored[str(id_)] = time.monotonic()

    async with writing(db) as writer, asyncio.TaskGroup() as tasks:
        started = time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
            tasks.create_task(one(writer, keys[number % len(keys)]))
    await asyncio.sleep(1.0)
    taken: dict[str, list[float]] = defaultdict(list)
    for one_of_them in peer.received[before:]:
        if one_of_them.id in stored:
            # it may arrive before its writer knows that it was stored
            taken[one_of_them.target].append(max(0.0, one_of_them.at - stored[one_of_them.id]))
    return taken


def _p99(taken: dict[str, list[float]]) -> float:
    others = sorted(one for path, some in taken.items() if path != HANGS for one in some)
    return others[int(0.99 * (len(others) - 1))]


async def _compared(db: Database, folder: Path, *, targets: int, rate: float, seconds: float) -> tuple[float, float]:
    """p99 of the others, in seconds: with all targets well, and with one that hangs."""
    hanging = False

    def handle(received: Received) -> Behaviour:
        return slow(30) if hanging and received.target == HANGS else answer(200)

    with HttpsPeer() as peer:
        peer.handler = handle
        urls = {f"receiver-{number}": peer.url(f"/receiver/{number}") for number in range(targets)}
        async with pushing(db, folder, urls, SystemClock()) as node:
            running = asyncio.create_task(node.dispatcher.run())
            await _latencies(db, node, peer, rate=rate, seconds=1)
            well = await _latencies(db, node, peer, rate=rate, seconds=seconds)
            hanging = True
            ill = await _latencies(db, node, peer, rate=rate, seconds=seconds)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    expected = int(rate * seconds) // targets
    for taken in (well, ill):
        assert all(len(some) >= expected for path, some in taken.items() if path != HANGS)
        assert len(taken) >= targets - 1
    return _p99(well), _p99(ill)


@pytest.mark.timeout(120)
async def test_a_target_that_hangs_slows_nobody_else(empty_db: Database, tmp_path: Path) -> None:
    well, ill = await _compared(empty_db, tmp_path, targets=20, rate=40, seconds=3)
    # a moment of another program is not what this is about
    assert ill <= 1.2 * well + 0.25


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(600)
async def test_one_of_a_hundred_hangs(empty_db: Database, tmp_path: Path) -> None:
    ratios = []
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        well, ill = await _compared(empty_db, folder, targets=100, rate=200, seconds=15)
        ratios.append(ill / well)
        if ratios[-1] <= 1.2:
            return
    raise AssertionError(f"p99 of the others grew by {ratios}")
