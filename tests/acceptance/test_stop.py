"""Stopping under load: what is in flight is finished, what is acknowledged is stored, and it does not take long."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from fakturahub.storage import postmaster
from tests.acceptance import raw, stored, town
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.holding import Commits, claimed, no_deliveries
from tests.acceptance.load import LINE_TROUBLE, Poster, say, until
from tests.acceptance.processes import children, show_errors
from tests.acceptance.town import bill
from tests.running import Answer, Hub, start_hub

#: seconds that stopping may take
STOPPED_WITHIN = 30.0


def terminate(hub: Hub) -> None:
    """As a service manager stops it."""
    hub.process.send_signal(signal.SIGTERM)


def interrupt(hub: Hub) -> None:
    """As Ctrl-C at a terminal stops it: every process of the group gets the signal."""
    os.killpg(hub.process.pid, signal.SIGINT)


class Knocking:
    """Connections that post one invoice each, one after the other, and send nothing again."""

    def __init__(self, port: int, threads: int = 4) -> None:
        self.outcomes: dict[str, tuple[int | str, bytes]] = {}
        self._port = port
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in range(threads)]

    def __enter__(self) -> Knocking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        serial = 0
        while not self._stopping.is_set():
            serial += 1
            name = f"KNOCK-{number}-{serial}"
            poster = Poster([self._port])
            self.outcomes[name] = poster.once(bill(name), f"key-{name}")
            poster.close()
            time.sleep(0.005)

    def counted(self) -> Counter[int | str]:
        return Counter(outcome for outcome, _ in self.outcomes.values())


def half_sent(hub: Hub, number: str) -> tuple[socket.socket, bytes]:
    """A request of which half is sent: its connection, and the rest."""
    request = raw.post(bill(number), f"key-{number}")
    sock = raw.connect(hub)
    sock.sendall(request[: len(request) // 2])
    return sock, request[len(request) // 2 :]


def finished(sock: socket.socket, rest: bytes) -> Answer:
    with sock:
        sock.sendall(rest)
        return raw.answer(sock)


def closed(hub: Hub) -> bool:
    """Whether nobody is let in: refused or reset, and not kept waiting."""
    try:
        hub.request("GET", "/healthz", wait=5)
    except TimeoutError:
        return False
    except LINE_TROUBLE:
        return True
    return False


@pytest.mark.timeout(120)
@pytest.mark.parametrize("stop", [terminate, pytest.param(interrupt, marks=pytest.mark.soak)])
def test_stopped_under_load(place: Path, database: str, stop: Callable[[Hub], None]) -> None:
    hub = start_hub(place / "data", database=database, companies=town.companies(place), arguments=UNLIMITED)
    processes = [one for group in children(hub).values() for one in group]
    try:
        outcomes, halves, waited, seconds, count = stopped(hub, database, stop)
        status = hub.process.wait(STOPPED_WITHIN)
    finally:
        show_errors(hub)
        if hub.process.poll() is None:
            hub.kill()
        assert hub.process.stdout is not None
        hub.process.stdout.close()
    say(f"stopped after {seconds:.1f} s, {count} deliveries in hand, {outcomes.counted()}")
    assert status == 0
    assert seconds < STOPPED_WITHIN
    assert "Stopped; everything in hand was finished." in hub.log.read_text()
    assert not any(one.is_running() for one in processes)
    # In flight: half of the request was there, or all of it and its commit was under way.
    assert [answer.status for answer in halves] == [200] * len(halves)
    assert waited[0] == 200, waited
    # Everybody else was answered, turned away, or met a closed door.
    counted = outcomes.counted()
    assert {one for one in counted if isinstance(one, int)} <= {200, 503}
    assert set(counted) - {200, 503} <= {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected"}
    assert counted[200] > 20
    # What was acknowledged is stored, and what a worker had claimed is done.
    there = stored.numbers(database)
    acknowledged = {name for name, (outcome, _) in outcomes.outcomes.items() if outcome == 200}
    assert acknowledged | {f"HALF-{one}" for one in range(len(halves))} | {"COMMITTING"} <= set(there)
    assert len(there) == len(set(there))
    assert claimed(database) == 0
    after(place, database, outcomes)


def stopped(
    hub: Hub, database: str, stop: Callable[[Hub], None]
) -> tuple[Knocking, list[Answer], tuple[int | str, bytes], float, int]:
    """Stop a hub with requests half sent, a commit under way, deliveries in hand, and others knocking."""
    with ThreadPoolExecutor(2) as pool, Knocking(hub.port) as knocking:
        until(lambda: knocking.counted()[200] > 20, 20, "some answers")
        halves = [half_sent(hub, f"HALF-{one}") for one in range(5)]
        with no_deliveries(database):
            until(lambda: claimed(database) >= 5, 20, "deliveries in hand")
            with Commits(database) as commits:
                posting: Future[tuple[int | str, bytes]] = pool.submit(
                    Poster([hub.port]).once, bill("COMMITTING"), "key-COMMITTING"
                )
                commits.waiting()
                count = claimed(database)
                began = time.monotonic()
                stop(hub)
                until(lambda: closed(hub), 10, "a closed door")
                say(f"closed {time.monotonic() - began:.2f} s after the signal")
        answers = [finished(*half) for half in halves]
        waited = posting.result(STOPPED_WITHIN)
        until(lambda: hub.process.poll() is not None, STOPPED_WITHIN, "the end")
        return knocking, answers, waited, time.monotonic() - began, count


def after(place: Path, database: str, outcomes: Knocking) -> None:
    """Started again, the hub delivers what was left and knows what it answered."""
    hub = start_hub(place / "data", database=database, arguments=UNLIMITED)
    try:
        until(lambda: stored.not_delivered(database) == 0, 30, "every delivery")
        assert stored.odd_documents(database) == []
        last = [name for name, (outcome, _) in outcomes.outcomes.items() if outcome == 200][-20:]
        for name in last:
            assert hub.post(bill(name), key=f"key-{name}").body == outcomes.outcomes[name][1]
    finally:
        assert hub.stop() == 0


def test_an_idle_hub_with_open_connections_stops_at_once(place: Path, database: str) -> None:
    """Connections that are kept for a next request, and one that said nothing yet, do not hold it up."""
    hub = start_hub(place / "data", database=database)
    try:
        silent = raw.connect(hub)
        kept = raw.connect(hub)
        kept.sendall(raw.head({}, "/healthz", "GET"))
        assert raw.answer(kept).status == 200
    finally:
        began = time.monotonic()
        interrupt(hub)
        assert hub.stop() == 0
    seconds = time.monotonic() - began
    say(f"stopped after {seconds:.1f} s")
    assert seconds < 10
    for sock in (silent, kept):
        with sock:
            assert sock.recv(1) == b""
    assert not psutil.pid_exists(hub.process.pid)


def has_node(pid: int) -> bool:
    """Whether a process has started one of the hub's processes."""
    with suppress(psutil.NoSuchProcess):
        return any("node" in child.cmdline() for child in psutil.Process(pid).children())
    return False


@pytest.mark.parametrize("moment", ["its server is there", "its processes start"])
def test_terminated_while_it_starts(place: Path, moment: str) -> None:
    """However far it has come, it ends by itself and leaves no private server behind."""
    data = place / "data"
    with (place / "log").open("wb") as log:
        serve = subprocess.Popen(
            [sys.executable, "-m", "fakturahub", "serve", "--data", str(data), "--port", "0"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: postmaster.named_pid(data / "postgres"), 30, "a server", pause=0.005)
        server = postmaster.named_pid(data / "postgres")
        assert server is not None
        if moment == "its processes start":
            until(lambda: has_node(serve.pid), 30, moment, pause=0.005)
        serve.send_signal(signal.SIGTERM)
        status = serve.wait(STOPPED_WITHIN)
    finally:
        if serve.poll() is None:
            serve.kill()
            serve.wait()
    say(f"ended with {status}")
    assert status == 0, (place / "log").read_text()
    assert not postmaster.is_server(server, data / "postgres")
