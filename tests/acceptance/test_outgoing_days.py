"""Receivers that are away for three days: everything arrives when they are back, in order of age, each once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fakturahub.exchange.schedule import SCHEDULES
from fakturahub.storage.database import Database
from tests.acceptance.leaving import pushing
from tests.peers.https import Behaviour, HttpsPeer, answer, drop, reset
from tests.storage.conftest import empty_db, empty_url
from tests.storage.engine import SetClock, outgoing, settled, states
from tests.storage.rows import query

__all__ = ["empty_db", "empty_url"]

AWAY = timedelta(hours=72)
#: how a receiver can be away: it says so, hangs up after it has read everything, breaks the line
DOWN: tuple[Behaviour, ...] = (answer(503), drop(), reset())


async def _three_days(db: Database, folder: Path, *, receivers: int, first: int, step: timedelta) -> None:
    clock = SetClock()
    start = clock.at
    peers = [HttpsPeer() for _ in range(receivers)]
    for number, peer in enumerate(peers):
        peer.script.always = DOWN[number % len(DOWN)]
    urls = {f"receiver-{number}": peer.url() for number, peer in enumerate(peers)}
    for peer in peers:
        peer.__enter__()
    try:
        async with pushing(db, folder, urls, clock) as node:
            running = asyncio.create_task(node.dispatcher.run())
            ids: dict[str, list[UUID]] = {key: [] for key in urls}
            for key in urls:
                ids[key] += await outgoing(db, first, receiver=node.receivers[key], at=clock.at)
            await settled(db, node.dispatcher, clock.at)
            while clock.at - start < AWAY:
                clock.at += step
                if (clock.at - start) % timedelta(hours=6) < step:
                    for key in urls:
                        ids[key] += await outgoing(db, 2, receiver=node.receivers[key], at=clock.at)
                await settled(db, node.dispatcher, clock.at)
            back = []
            for peer in peers:
                back.append(len(peer.received))
                peer.script.always = answer(200)
            # the longest that a breaker stays open
            for _ in range(11):
                clock.forward(minutes=1)
                await settled(db, node.dispatcher, clock.at)
            node.dispatcher.stop()
            await running
        for place, key in enumerate(urls):
            assert set(await states(db, ids[key])) == {"delivered"}
            arrived = [one.id for one in peers[place].received[back[place] :]]
            age = {str(id_): number for number, id_ in enumerate(ids[key])}
            # each once, with the id that it always had
            assert sorted(arrived) == sorted(age)
            assert set(peers[place].by_id) <= set(age)
            # in order of age, but for those that are under way beside each other
            out = [abs(age[str(id_)] - number) for number, id_ in enumerate(arrived)]
            assert max(out) < SCHEDULES["http"].at_once
            assert arrived[0] == str(ids[key][0])
            # a dead receiver is asked now and then, not by every document at every step
            assert back[place] < 1_000
    finally:
        for peer in peers:
            peer.__exit__()
    assert await query(db, "SELECT DISTINCT state FROM document") == ["delivered"]


@pytest.mark.timeout(180)
async def test_three_days(empty_db: Database, tmp_path: Path) -> None:
    await _three_days(empty_db, tmp_path, receivers=3, first=20, step=timedelta(minutes=30))


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_three_days_of_many(empty_db: Database, tmp_path: Path) -> None:
    await _three_days(empty_db, tmp_path, receivers=30, first=200, step=timedelta(minutes=10))
