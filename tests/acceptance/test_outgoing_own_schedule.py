"""Receivers that say how they are to be tried: their own pauses and end, and how many requests they take at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

from fakturahub.exchange.schedule import JITTER, SCHEDULES
from fakturahub.storage.database import Database
from tests.acceptance.leaving import pushing
from tests.peers.https import Behaviour, HttpsPeer, Line, Received, answer
from tests.storage.conftest import empty_db, empty_url
from tests.storage.engine import SetClock, outgoing, settled, states
from tests.storage.rows import query

__all__ = ["empty_db", "empty_url"]

_DELIVERY = "SELECT state, due_at, last_error FROM delivery WHERE id = :id"


def _about(pause: timedelta, stated: timedelta) -> bool:
    return stated * (1 - JITTER) <= pause <= stated * (1 + JITTER)


async def test_pauses_and_end_are_those_of_the_receiver(empty_db: Database, tmp_path: Path) -> None:
    clock = SetClock()
    start = clock.at
    with HttpsPeer() as peer:
        peer.script.always = answer(503)
        more = {"patient": "", "brisk": 'retry = ["1m", "3m"]\ngive_up_after = "10m"'}
        urls = {key: peer.url(f"/{key}") for key in more}
        async with pushing(empty_db, tmp_path, urls, clock, more=more) as node:
            running = asyncio.create_task(node.dispatcher.run())
            (brisk,) = await outgoing(empty_db, receiver=node.receivers["brisk"], at=clock.at)
            await settled(empty_db, node.dispatcher, clock.at)
            pauses = []
            while True:
                ((state, due_at, error),) = await query(empty_db, _DELIVERY, id=brisk)
                if state == "failed":
                    break
                pauses.append(due_at - clock.at)
                clock.at = due_at
                await settled(empty_db, node.dispatcher, clock.at)
            assert _about(pauses[0], timedelta(minutes=1))
            assert all(_about(one, timedelta(minutes=3)) for one in pauses[1:-1])
            assert clock.at - start == timedelta(minutes=10)
            assert error.startswith("Given up after 10 minutes. ")
            assert len(peer.received) == len(pauses) + 1

            (patient,) = await outgoing(empty_db, receiver=node.receivers["patient"], at=clock.at)
            await settled(empty_db, node.dispatcher, clock.at)
            ((state, due_at, _),) = await query(empty_db, _DELIVERY, id=patient)
            assert state == "retrying"
            assert _about(due_at - clock.at, SCHEDULES["http"].pauses[0])
            node.dispatcher.stop()
            await running


async def test_so_many_at_a_time_as_the_receiver_takes(empty_db: Database, tmp_path: Path) -> None:
    clock = SetClock()
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def handle(received: Received) -> Behaviour:
        async def behave(line: Line) -> bool:
            under_way[received.target] += 1
            most[received.target] = max(most[received.target], under_way[received.target])
            await asyncio.sleep(0.02)
            under_way[received.target] -= 1
            return await answer(200)(line)

        return behave

    with HttpsPeer() as peer:
        peer.handler = handle
        more = {"small": "at_once = 1", "some": "at_once = 3", "usual": "", "large": "at_once = 40"}
        urls = {key: peer.url(f"/{key}") for key in more}
        async with (
            pushing(empty_db, tmp_path, urls, clock, "node-1", more) as one,
            pushing(empty_db, tmp_path, urls, clock, "node-2", more) as other,
        ):
            ids = [
                id_
                for key, count in (("small", 8), ("some", 12), ("usual", 60), ("large", 120))
                for id_ in await outgoing(empty_db, count, receiver=one.receivers[key], at=clock.at)
            ]
            running = [asyncio.create_task(node.dispatcher.run()) for node in (one, other)]
            await settled(empty_db, one.dispatcher, clock.at)
            for node in (one, other):
                node.dispatcher.stop()
            await asyncio.gather(*running)
    assert await states(empty_db, ids) == ["delivered"] * len(ids)
    assert (most["/small"], most["/some"]) == (1, 3)
    assert most["/usual"] <= SCHEDULES["http"].at_once < most["/large"] <= 40
