"""The database goes away under load and comes back: 503 meanwhile, nothing acknowledged is lost, no process dies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from fakturahub.storage import postmaster
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer
from tests.acceptance import stored, town
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.load import Load, Poster, answers, say, until
from tests.acceptance.processes import pids, show_errors
from tests.acceptance.town import KOSKI, VIRTA, bill
from tests.running import TRANSFER_ID, Answer, Hub, running_hub, stamp

#: seconds within which a request is answered, whatever the database does
ANSWERED_WITHIN = 15.0
#: seconds within which a change of the settings is in force
IN_FORCE_WITHIN = 5.0


class Outage:
    """A PostgreSQL server that can be taken away in three ways."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._server = PrivateServer(folder)
        self.dsn = self._server.start().dsn
        self._stopped: list[psutil.Process] = []

    def _postmaster(self) -> psutil.Process:
        pid = postmaster.named_pid(self._folder.postgres)
        assert pid is not None
        return psutil.Process(pid)

    def begin(self, how: str) -> None:
        if how == "stopped":
            assert self._server.stop()
        elif how == "killed":
            self._postmaster().kill()
        else:  # it hangs: connections stay open, new ones are taken by the system, nothing is ever answered
            server = self._postmaster()
            self._stopped = [server, *server.children(recursive=True)]
            for process in self._stopped:
                process.suspend()

    def end(self) -> None:
        for process in self._stopped:
            if process.is_running():
                process.resume()
        self._stopped = []
        assert self._server.start().dsn == self.dsn  # where it was stopped
        self._server.restart_if_dead()  # where it was killed

    def close(self) -> None:
        for process in self._stopped:
            process.resume()
        self._server.stop()


@pytest.fixture
def outage(place: Path) -> Iterator[Outage]:
    made = Outage(DataFolder(place / "server").open())
    yield made
    made.close()


@pytest.fixture
def hub(place: Path, outage: Outage) -> Iterator[Hub]:
    with running_hub(
        place / "hub", database=outage.dsn, companies=town.companies(place), arguments=UNLIMITED
    ) as running:
        yield running
        show_errors(running)


def probes(hub: Hub) -> dict[str, Callable[[], Answer]]:
    """One request of each kind that needs the database."""
    known = hub.list2()[0]
    return {
        "post": lambda: hub.post(bill(f"DURING-{time.monotonic_ns()}")),
        "list2": lambda: hub.apix("list2", digest=("TraID", "t"), query={"TraID": TRANSFER_ID, "t": stamp()}),
        "receive": hub.receive,
        "download": lambda: hub.download(known["StorageID"], known["StorageKey"], "no"),
        "readyz": lambda: hub.request("GET", "/readyz"),
        "page": lambda: hub.request("GET", "/"),
        "healthz": lambda: hub.request("GET", "/healthz"),
        "metrics": lambda: hub.request("GET", "/metrics"),
    }


def ask_all(asked: dict[str, Callable[[], Answer]]) -> dict[str, tuple[Answer, float]]:
    """Ask all at once: the answers, and the seconds each took."""

    def timed(ask: Callable[[], Answer]) -> tuple[Answer, float]:
        began = time.monotonic()
        return ask(), time.monotonic() - began

    with ThreadPoolExecutor(len(asked)) as pool:
        return dict(zip(asked, pool.map(timed, asked.values()), strict=True))


def gone(hub: Hub, outage: Outage, how: str, seconds: float) -> None:
    """Take the database away for *seconds* under load, and look at everything meanwhile and afterwards."""
    before = pids(hub)
    prefix = how.upper()
    with Load([hub.port], receivers=(VIRTA, KOSKI), connections=4, prefix=prefix) as load:
        load.more(30)
        asked = probes(hub)
        outage.begin(how)
        began = time.monotonic()
        try:
            during(hub, asked, load, began + seconds)
        finally:
            outage.end()
        back = time.monotonic()
        until(lambda: answers(hub), 60, "a ready hub")
        load.more(30)
        say(f"{how}: away for {back - began:.1f} s, answers again {time.monotonic() - back:.1f} s after it was back")
    assert not load.faults, load.faults
    say(f"{load.answered} answered, {dict(load.statuses)}, slowest {load.slowest:.1f} s")
    assert load.slowest < ANSWERED_WITHIN
    assert set(load.statuses) <= {200, 503}
    late = until(lambda: stored.not_delivered(outage.dsn) == 0, 60, "every delivery")
    say(f"the last delivery was done {late:.1f} s after the last answer")
    assert stored.odd_documents(outage.dsn, f"{prefix}-%") == []
    assert set(load.sent) == {one for one in stored.numbers(outage.dsn) if one.startswith(f"{prefix}-")}
    post = Poster([hub.port])
    for name, one in load.sent.items():
        if one.tries > 1:
            assert post.once(one.body, one.key) == (200, one.answer), name
    post.close()
    assert pids(hub) == before, "a process of the hub died"


def during(hub: Hub, asked: dict[str, Callable[[], Answer]], load: Load, end: float) -> None:
    """Ask for everything, again and again until *end*."""
    count = load.answered
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(refused, hub, "documents")
        rounds = 0
        while rounds == 0 or time.monotonic() < end:
            rounds += 1
            for name, (answer, seconds) in ask_all(asked).items():
                if rounds == 1:
                    say(f"  {name}: {answer.status} after {seconds:.1f} s")
                if name == "healthz":  # it does not ask the database
                    assert answer.status == 200
                    assert seconds < 2
                elif name == "metrics":
                    assert answer.status == 200
                    assert b"fakturahub_database_up 0" in answer.body
                else:
                    assert answer.status == 503, (name, answer)
                    assert answer.header("retry-after"), (name, answer)
                assert seconds < ANSWERED_WITHIN, name
            time.sleep(0.2)
        assert "database-unavailable" in said.result()
    assert load.answered <= count + load.connections, "acknowledged while the database was away"


def refused(hub: Hub, *arguments: str) -> str:
    """What a command says that ends with exit code 1."""
    where = ["--data", str(hub.data), *(["--database", hub.database] if hub.database else [])]
    return failing(*arguments, *where)


def failing(*arguments: str, wait: float = 60) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fakturahub", *arguments], capture_output=True, text=True, timeout=wait, check=False
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr


def settings_and_commands(hub: Hub, place: Path) -> None:
    """After all that, a change of the settings is still followed, and commands work."""
    more = """
[[company]]
key = "late"
name = "Late AB"
country = "SE"
business_id = "556600-1122"
email = "late@late.example"
contracts = ["send"]

  [company.pagero]
  username = "late"
  password = "late-password"
"""
    assert hub.post(bill("LATE-1"), user="late", password="late-password").status == 401
    hub.command("apply", str(town.companies(place, also=more)))
    seconds = until(
        lambda: hub.post(bill("LATE-2"), user="late", password="late-password").status == 200,
        IN_FORCE_WITHIN,
        "the new company",
        pause=0.2,
    )
    say(f"a new company was known after {seconds:.1f} s")
    assert hub.documents("--limit", "1")


@pytest.mark.timeout(150)
def test_the_database_goes_away_and_comes_back(hub: Hub, outage: Outage, place: Path) -> None:
    assert hub.post(bill("FIRST")).status == 200
    hub.storage_of("FIRST")
    gone(hub, outage, "killed", 1)
    gone(hub, outage, "stopped", 3)
    gone(hub, outage, "hangs", 9)
    settings_and_commands(hub, place)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["killed", "stopped", "hangs"])
def test_the_database_is_gone_for_thirty_seconds(hub: Hub, outage: Outage, place: Path, how: str) -> None:
    assert hub.post(bill("FIRST")).status == 200
    hub.storage_of("FIRST")
    gone(hub, outage, how, 30)
    settings_and_commands(hub, place)


@pytest.mark.parametrize("listens", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_no_start_without_a_database(place: Path, listens: bool) -> None:
    """Nothing is there, or something listens and says nothing: one clear sentence, exit code 1, no password."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        if listens:
            sock.listen()
        url = f"postgresql://hub:hush-hush@127.0.0.1:{sock.getsockname()[1]}/hub"
        said = failing("serve", "--port", "0", "--data", str(place / "data"), "--database", url, wait=20)
    assert said.startswith("fakturahub: The database did not answer"), said
    assert "database-unavailable" in said
    assert "hush-hush" not in said


def test_no_start_where_the_server_lets_nobody_in(place: Path, postgres: str) -> None:
    before, _, query = postgres.partition("?")
    url = f"{before.rpartition('/')[0]}/nowhere?{query}"
    said = failing("serve", "--port", "0", "--data", str(place / "data"), "--database", url)
    assert 'database "nowhere" does not exist' in said
    assert os.listdir(place / "data" / "postgres") == []  # noqa: PTH208
