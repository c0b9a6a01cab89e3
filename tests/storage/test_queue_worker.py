"""Jobs: each handler is called until it succeeds, whichever worker dies and however often the database goes away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from fakturahub.errors import DatabaseUnavailable
from fakturahub.storage import queue_worker
from fakturahub.storage.database import Database
from fakturahub.storage.jobs import DELIVER, enqueue, enqueue_plain
from fakturahub.storage.queue_worker import QueueWorker, trim_log
from tests.running import ROOT
from tests.storage.proxy import proxied
from tests.storage.rows import query, run

#: a worker that never comes to an end with what it claimed
STUCK = """
import asyncio, sys
from fakturahub.storage.database import Database
from fakturahub.storage.queue_worker import QueueWorker

async def handle(id):
    print(id, flush=True)
    await asyncio.Event().wait()

asyncio.run(QueueWorker(Database(sys.argv[1]), {"deliver": handle}).run())
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_worker, "LOOK_AGAIN", timedelta(seconds=0.2))
    monkeypatch.setattr(queue_worker, "RECONNECT", 0.1)


class Handler:
    """Notes what it was called for; does what it is told to."""

    def __init__(self, do: Callable[[UUID, int], Awaitable[None]] | None = None) -> None:
        self.calls: Counter[UUID] = Counter()
        self.done: set[UUID] = set()
        self._do = do

    async def __call__(self, id_: UUID) -> None:
        self.calls[id_] += 1
        if self._do is not None:
            await self._do(id_, self.calls[id_])
        self.done.add(id_)


@asynccontextmanager
async def working(database: Database, *handlers: Handler) -> AsyncIterator[list[QueueWorker]]:
    workers = [QueueWorker(database, {DELIVER: handler}) for handler in handlers]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def put(database: Database, count: int = 1) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    async with database.begin() as connection:
        await enqueue(connection, ids)
    return ids


async def until(true: Callable[[], Any], wait: float = 15) -> None:
    deadline = time.monotonic() + wait
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def left(database: Database) -> int:
    counted: list[int] = await query(database, "SELECT count(*) FROM pgqueuer")
    return counted[0]


async def until_empty(database: Database, wait: float = 15) -> None:
    deadline = time.monotonic() + wait
    while await left(database):
        assert time.monotonic() < deadline, "jobs were left"
        await asyncio.sleep(0.02)


async def test_jobs_are_put_in_with_their_rows_or_not_at_all(empty_db: Database) -> None:
    async def fail() -> None:
        async with empty_db.begin() as connection:
            await enqueue(connection, [uuid4()])
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await fail()
    assert await left(empty_db) == 0
    plain = await empty_db.connect_plain()
    transaction = plain.transaction()
    await transaction.start()
    await enqueue_plain(plain, [uuid4(), uuid4()])
    await enqueue_plain(plain, [])
    assert await left(empty_db) == 0
    await transaction.commit()
    await plain.close()
    assert await left(empty_db) == 2


async def test_two_workers_share_the_jobs(empty_db: Database) -> None:
    before = await put(empty_db, 150)
    one, other = Handler(), Handler()
    async with working(empty_db, one, other):
        later = await put(empty_db, 150)
        await until(lambda: len(one.done | other.done) == 300)
        await until_empty(empty_db)
    assert one.calls + other.calls == Counter([*before, *later])


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), ValueError("a defect")])
async def test_a_handler_that_fails_is_called_again_later(empty_db: Database, error: Exception) -> None:
    async def fail_once(_: UUID, call: int) -> None:
        if call == 1:
            raise error

    failing = Handler(fail_once)
    (id_,) = await put(empty_db)
    async with working(empty_db, failing):
        await until(lambda: failing.calls[id_] == 1)
        started = time.monotonic()
        await until(lambda: failing.done)
        assert time.monotonic() - started > 0.5, "not at once"
        await until_empty(empty_db)
    assert failing.calls[id_] == 2


async def test_a_job_that_names_nothing_holds_up_no_other(empty_db: Database) -> None:
    await run(empty_db, "INSERT INTO pgqueuer (priority, entrypoint, status) VALUES (0, 'deliver', 'queued')")
    handler = Handler()
    (id_,) = await put(empty_db)
    async with working(empty_db, handler):
        await until(lambda: id_ in handler.done)
        await until_empty(empty_db)


async def test_stopping_finishes_what_is_in_hand(empty_db: Database) -> None:
    async def slowly(_: UUID, __: int) -> None:
        await asyncio.sleep(0.5)

    slow = Handler(slowly)
    ids = await put(empty_db, 5)
    async with working(empty_db, slow) as (worker,):
        await until(lambda: len(slow.calls) == 5)
        worker.stop()
        await put(empty_db, 20)
    assert set(ids) <= slow.done == set(slow.calls), "what was begun was finished"
    assert await left(empty_db) == 25 - len(slow.done) > 0, "what is done is gone, the rest waits for another worker"


async def test_stopping_before_it_began(empty_db: Database) -> None:
    worker = QueueWorker(empty_db, {DELIVER: Handler()})
    worker.stop()
    await asyncio.wait_for(worker.run(), 5)


async def test_what_a_killed_worker_held_is_taken_over(
    empty_db: Database, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_worker, "STALE_AFTER", timedelta(seconds=1))
    ids = await put(empty_db, 3)
    stuck = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, empty_url, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ
    )
    try:
        assert stuck.stdout is not None
        held = {UUID((await asyncio.wait_for(stuck.stdout.readline(), 30)).decode().strip()) for _ in ids}
        assert held == set(ids)
        other = Handler()
        async with working(empty_db, other):
            stuck.kill()
            await until(lambda: other.done == set(ids))
            await until_empty(empty_db)
    finally:
        if stuck.returncode is None:
            stuck.kill()
        await stuck.wait()
    assert other.calls == Counter(ids)


async def test_a_worker_that_lives_keeps_what_takes_long(empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_worker, "STALE_AFTER", timedelta(seconds=3))

    async def slowly(_: UUID, __: int) -> None:
        await asyncio.sleep(4.5)

    one, other = Handler(slowly), Handler(slowly)
    (id_,) = await put(empty_db)
    async with working(empty_db, one, other):
        await until(lambda: one.done | other.done)
        await until_empty(empty_db)
    assert (one.calls + other.calls)[id_] == 1


async def test_a_database_that_goes_away_is_waited_for(
    empty_db: Database, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done, but could not be noted as done, is done once more when its claim has gone stale."""
    monkeypatch.setattr(queue_worker, "STALE_AFTER", timedelta(seconds=1))
    async with proxied(empty_url) as proxy:
        behind = Database(proxy.url)
        handler = Handler()
        first = await put(empty_db)
        async with working(behind, handler):
            await until(lambda: handler.done == set(first))
            await proxy.cut()
            second = await put(empty_db, 3)
            await asyncio.sleep(0.5)
            assert not handler.done & set(second)
            await proxy.open()
            await until(lambda: set(second) <= handler.done)
            await until_empty(empty_db)
        await behind.close()


async def test_a_worker_starts_while_the_database_is_away(empty_db: Database, empty_url: str) -> None:
    async with proxied(empty_url) as proxy:
        behind = Database(proxy.url)
        await proxy.cut()
        handler = Handler()
        ids = await put(empty_db)
        async with working(behind, handler):
            await asyncio.sleep(0.3)
            await proxy.open()
            await until(lambda: handler.done == set(ids))
        await behind.close()


async def test_the_queues_log_is_trimmed(empty_db: Database) -> None:
    await run(
        empty_db,
        """INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
           SELECT now() - CASE WHEN n <= 30 THEN interval '2 hours' ELSE interval '10 minutes' END, n,
                  'successful', 0, 'deliver', n > 10
           FROM generate_series(1, 50) n""",
    )
    assert await trim_log(empty_db, chunk=7) == 20, "what is old and was summed up"
    assert await query(empty_db, "SELECT count(*) FILTER (WHERE aggregated), count(*) FROM pgqueuer_log") == [(20, 30)]
    assert await trim_log(empty_db) == 0
    assert await trim_log(empty_db, timedelta(0), chunk=20) == 20
    assert await query(empty_db, "SELECT count(*) FROM pgqueuer_log") == [10]
