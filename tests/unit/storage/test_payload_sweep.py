"""The sweep of payloads that no row names, beside puts of the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import MemoryStore

from fakturahub.clock import SystemClock
from fakturahub.errors import PayloadStoreUnavailable
from fakturahub.storage.payloads import PayloadStore

DAY = timedelta(days=1)


def made_old(path: Path, age: timedelta = 2 * DAY) -> None:
    then = (SystemClock().now() - age).timestamp()
    os.utime(path, (then, then))


async def nothing(hashes: list[bytes]) -> set[bytes]:
    return set()


def files_in(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def path_of(folder: Path, digest: bytes) -> Path:
    name = digest.hex()
    return folder / name[:2] / name[2:4] / name


async def test_old_orphans_go_and_the_rest_stays(tmp_path: Path) -> None:
    store = PayloadStore.open(tmp_path)
    named, orphan, young = [await store.put(data) for data in (b"named", b"orphan", b"young")]
    for digest in (named, orphan):
        made_old(path_of(tmp_path, digest))
    asked: list[bytes] = []

    async def referenced(hashes: list[bytes]) -> set[bytes]:
        asked.extend(hashes)
        return {named}

    assert await store.sweep(referenced) == 1
    assert sorted(asked) == sorted([named, orphan])
    assert files_in(tmp_path) == sorted([path_of(tmp_path, named), path_of(tmp_path, young)])
    assert await store.sweep(referenced) == 0


async def test_rubbish_goes_and_foreign_files_stay(tmp_path: Path) -> None:
    store = PayloadStore.open(tmp_path)
    await store.check()
    for rubbish in ("incoming/0123", "probe/0123", "sweep/0123"):
        (tmp_path / rubbish).parent.mkdir(exist_ok=True)
        (tmp_path / rubbish).write_bytes(b"")
        made_old(tmp_path / rubbish)
        (tmp_path / f"{rubbish}young").write_bytes(b"")
    name = hashlib.sha256(b"").hexdigest()
    for foreign in ("readme.txt", f"ab/cd/{name}", f"{name[:2]}/{name[2:4]}/{name}.bak"):
        (tmp_path / foreign).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / foreign).write_bytes(b"")
        made_old(tmp_path / foreign)
    assert await store.sweep(nothing) == 0
    left = {str(one.relative_to(tmp_path)) for one in files_in(tmp_path)}
    assert left == {
        *("incoming/0123young", "probe/0123young", "sweep/0123young"),
        *("readme.txt", f"ab/cd/{name}", f"{name[:2]}/{name[2:4]}/{name}.bak"),
    }


async def test_a_repeated_put_makes_young_again(tmp_path: Path) -> None:
    store = PayloadStore.open(tmp_path)
    digest = await store.put(b"data")
    made_old(path_of(tmp_path, digest))
    await store.put(b"data")
    assert await store.sweep(nothing) == 0
    assert await store.get(digest) == b"data"


async def test_more_orphans_than_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakturahub.storage.payloads._BATCH", 3)
    store = PayloadStore.open(tmp_path)
    digests = [await store.put(bytes([number])) for number in range(8)]
    for digest in digests:
        made_old(path_of(tmp_path, digest))
    sizes: list[int] = []

    async def referenced(hashes: list[bytes]) -> set[bytes]:
        sizes.append(len(hashes))
        return set(hashes[:1])

    assert await store.sweep(referenced) == sum(sizes) - len(sizes)
    assert sum(sizes) == 8
    assert max(sizes) <= 3


async def test_an_age_that_transactions_may_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        await PayloadStore.open(tmp_path).sweep(nothing, timedelta(minutes=59))


class Stepping(MemoryStore):
    """A store whose requests wait until a schedule lets their task go on; with times of last change that can be set."""

    def __new__(cls) -> Stepping:
        return super().__new__(cls)

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[str, datetime] = {}
        self.gates: dict[str, asyncio.Semaphore] = {}
        self.stopped = asyncio.Event()

    async def step(self) -> None:
        task = asyncio.current_task()
        gate = self.gates.get(task.get_name()) if task else None
        if gate is not None:
            self.stopped.set()
            await gate.acquire()

    async def put_async(self, path: str, file: Any, **options: Any) -> Any:
        await self.step()
        put = await super().put_async(path, file, **options)
        self.changed[path] = datetime.now(UTC)
        return put

    async def head_async(self, path: str) -> Any:
        await self.step()
        found = await super().head_async(path)
        return {**found, "last_modified": self.changed[path]}

    async def delete_async(self, paths: Any) -> None:
        await self.step()
        await super().delete_async(paths)

    async def let(self, task: asyncio.Task[Any]) -> None:
        """Let *task* make one request, and come to the next or to its end."""
        if not task.done():
            self.stopped.clear()
            self.gates[task.get_name()].release()
            next_request = asyncio.ensure_future(self.stopped.wait())
            await asyncio.wait([next_request, task], return_when=asyncio.FIRST_COMPLETED)
            next_request.cancel()


async def run_interleaved(order: Sequence[str]) -> tuple[bool, bool]:
    """A sweep and a put of the same bytes, requests in this *order*: did the put succeed, are they there?"""
    store = Stepping()
    payloads = PayloadStore(store)
    digest = await payloads.put(b"data")
    name = digest.hex()
    key = f"{name[:2]}/{name[2:4]}/{name}"
    store.changed[key] -= 2 * DAY
    tasks: dict[str, asyncio.Task[Any]] = {}
    for actor, work in (("sweep", payloads._sweep_one(name, DAY)), ("put", payloads.put(b"data"))):
        store.gates[actor] = asyncio.Semaphore(0)
        store.stopped.clear()
        tasks[actor] = asyncio.create_task(work, name=actor)
        await store.stopped.wait()
    for actor in order:
        await store.let(tasks[actor])
    for gate in store.gates.values():
        for _ in range(100):
            gate.release()
    swept, put = await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert isinstance(swept, bool), swept
    assert put == digest or isinstance(put, PayloadStoreUnavailable), put
    store.gates.clear()
    try:
        return put == digest, await payloads.get(digest) == b"data"
    except Exception:
        return put == digest, False


async def test_no_order_of_requests_loses_a_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    """All orders of the sweep's four requests and the first six of the put's."""
    monkeypatch.setattr("fakturahub.storage.payloads._PAUSES", (0.0, 0.0, 0.0, 0.0))
    outcomes = []
    for places in itertools.combinations(range(10), 4):
        order = ["sweep" if place in places else "put" for place in range(10)]
        outcomes.append(await run_interleaved(order))
    assert (True, False) not in outcomes, "a put returned, and its bytes are gone"
    assert outcomes.count((True, True)) > 100


async def test_two_sweeps_do_not_undo_each_others_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Stepping()
    payloads = PayloadStore(store)
    digest = await payloads.put(b"data")
    name = digest.hex()
    await store.put_async(f"sweep/{name}", b"")
    store.changed[f"{name[:2]}/{name[2:4]}/{name}"] -= 2 * DAY
    assert await payloads._sweep_one(name, DAY) is False
    with pytest.raises(AlreadyExistsError):
        await store.put_async(f"sweep/{name}", b"", mode="create")
    monkeypatch.setattr("fakturahub.storage.payloads._PAUSES", (0.0, 0.0))
    with pytest.raises(PayloadStoreUnavailable, match="swept"):
        await payloads.put(b"data")
