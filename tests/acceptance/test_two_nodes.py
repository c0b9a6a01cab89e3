"""Two hubs on one database, and two on one data folder: they share the work, and nothing is done twice."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from tests.acceptance import stored, town
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.holding import claimed, no_deliveries
from tests.acceptance.load import Load, Poster, say, until
from tests.acceptance.processes import children, private_postmaster, show_errors
from tests.acceptance.town import KOSKI, LUND, VIRTA, bill
from tests.running import Hub, start_hub

#: seconds within which a change of the settings is in force everywhere
IN_FORCE_WITHIN = 5.0
#: seconds within which what a dead node had claimed is done: 10 until it counts as dead, 5 between two looks
TAKEN_OVER_WITHIN = 40.0

_DELIVERED = re.compile(rb'fakturahub_deliveries_total\{channel="inbox",outcome="delivered"\} ([0-9.]+)')


@contextmanager
def started(*starts: Callable[[], Hub]) -> Iterator[list[Hub]]:
    """Start hubs at the same moment; end whatever still runs afterwards."""
    hubs: list[Hub] = []
    try:
        with ThreadPoolExecutor(len(starts)) as pool:
            for future in [pool.submit(one) for one in starts]:
                hubs.append(future.result())  # noqa: PERF401 - those before one that failed have to be ended
        yield hubs
    finally:
        for hub in hubs:
            show_errors(hub)
        with ThreadPoolExecutor(len(starts)) as pool:
            list(pool.map(lambda hub: hub.stop() if hub.process.poll() is None else 0, hubs))


@contextmanager
def pair(place: Path, database: str, *, key: str | None = None) -> Iterator[tuple[Hub, Hub]]:
    """Two hubs with data folders of their own on one database, with one key and one payload store."""
    companies = town.companies(place, converting=False)
    environment = {"FAKTURAHUB_MASTER_KEY": key or secrets.token_hex(32)}

    def start(name: str) -> Hub:
        return start_hub(
            place / name,
            database=database,
            companies=companies,
            environment=environment,
            arguments=(*UNLIMITED, "--payloads", str(place / "payloads")),
        )

    with started(lambda: start("one"), lambda: start("other")) as (one, other):
        yield one, other


def delivered_by(hub: Hub) -> int:
    """How many deliveries the processes of one hub did."""
    found = _DELIVERED.search(hub.request("GET", "/metrics").body)
    return int(float(found[1])) if found else 0


def once_each(database: str, load: Load) -> None:
    assert not load.faults, load.faults
    seconds = until(lambda: stored.not_delivered(database) == 0, TAKEN_OVER_WITHIN, "every delivery")
    say(f"{load.answered} answered, {dict(load.statuses)}, the last delivery {seconds:.1f} s later")
    assert stored.odd_documents(database, f"{load.prefix}-%") == []
    assert set(load.sent) == {one for one in stored.numbers(database) if one.startswith(f"{load.prefix}-")}


def whole_schema(database: str) -> None:
    """What two nodes that started on an empty database at once have to have made: everything, once."""
    assert stored.value(database, "SELECT count(*) FROM alembic_version") == 1
    assert stored.value(database, "SELECT count(*) FROM provisioning") == 1
    assert stored.value(database, "SELECT count(*) FROM company") == 4
    assert stored.value(database, "SELECT to_regclass('pgqueuer') IS NOT NULL")


def starts_race(place: Path, new_database: Callable[[], str], times: int) -> None:
    for turn in range(times):
        database = new_database()
        began = time.monotonic()
        with pair(place / str(turn), database) as (one, other):
            say(f"{turn}: both answer after {time.monotonic() - began:.1f} s")
            whole_schema(database)
            assert one.post(bill("ONE"), key="race").status == 200
            assert other.post(bill("ONE"), key="race").status == 200
            until(lambda: stored.not_delivered(database) == 0, 20, "the delivery")  # noqa: B023 - called in this turn
            assert stored.odd_documents(database) == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_two_start_on_an_empty_database_many_times(place: Path, new_database: Callable[[], str]) -> None:
    starts_race(place, new_database, 20)


@pytest.mark.timeout(180)
def test_two_nodes_on_one_database(place: Path, new_database: Callable[[], str]) -> None:
    """Started at the same moment on an empty database, as in the test above, and then all that two nodes promise."""
    database = new_database()
    with pair(place / "pair", database) as (one, other):
        whole_schema(database)
        the_work_is_shared(one, other, database)
        what_one_took_the_other_gives(one, other)
        a_change_is_in_force_on_both(one, other, place)
        a_dead_node_is_replaced(one, other, database)


def the_work_is_shared(one: Hub, other: Hub, database: str) -> None:
    with Load([one.port, other.port], receivers=(VIRTA, KOSKI), think=0.01) as load:
        load.more(200)
        until(lambda: delivered_by(one) and delivered_by(other), 30, "deliveries by both")
    once_each(database, load)
    counts = delivered_by(one), delivered_by(other)
    say(f"deliveries done: {counts[0]} by one, {counts[1]} by the other")
    assert sum(counts) == stored.value(database, "SELECT count(*) FROM inbox")
    for hub in (one, other):
        assert b'fakturahub_submissions_total{dialect="pagero"' in hub.request("GET", "/metrics").body


def what_one_took_the_other_gives(one: Hub, other: Hub) -> None:
    """A document too large for a row, posted here and fetched there, and the same answer from both."""
    large = bill("LARGE").replace(b"<cbc:Note>", b"<cbc:Note>" + b"x" * 400_000, 1)
    here, there = one.post(large, key="large"), other.post(large, key="large")
    assert (here.status, here.body) == (200, there.body)
    assert other.post(bill("LARGE"), key="large").status == 409
    storage = other.storage_of("LARGE")
    for hub in (other, one):
        fetched = hub.download(storage["StorageID"], storage["StorageKey"], "no")
        with zipfile.ZipFile(BytesIO(fetched.body)) as archive:
            assert archive.read("invoice.xml") == large


def a_change_is_in_force_on_both(one: Hub, other: Hub, place: Path) -> None:
    """A new password, applied through the data folder of one."""
    file = town.companies(place)
    file.write_text(file.read_text(encoding="utf-8").replace(LUND.password, "lund-has-a-new-one"), encoding="utf-8")
    assert other.post(bill("OLD"), user=LUND.user, password=LUND.password, mode="test").status == 200
    one.command("apply", str(file))
    for hub in (other, one):
        seconds = until(
            lambda: hub.post(bill("NEW"), user=LUND.user, password="lund-has-a-new-one", mode="test").status == 200,  # noqa: B023 - called in this turn
            IN_FORCE_WITHIN,
            "the new password",
            pause=0.2,
        )
        say(f"in force after {seconds:.1f} s")
        assert hub.post(bill("OLD"), user=LUND.user, password=LUND.password, mode="test").status == 401


def a_dead_node_is_replaced(one: Hub, other: Hub, database: str) -> None:
    """Node one has claimed jobs and dies with them, in the middle of load: the other does them, each once."""
    until(lambda: stored.counts(database)["pgqueuer"] == 0, 30, "an empty queue")
    done_before = delivered_by(other)
    (idle,) = children(other)["work"]
    idle.suspend()
    try:
        with no_deliveries(database), Load([one.port, other.port], prefix="DEAD", think=0.05) as load:
            load.more(20)
            until(lambda: claimed(database) >= 10, 20, "claimed jobs")
            count = claimed(database)
            one.kill()
            load.more(20)
    finally:
        idle.resume()
    say(f"killed with {count} claimed jobs")
    once_each(database, load)
    assert delivered_by(other) >= done_before + count
    # Answers that were lost with the node are those that the other gives.
    post = Poster([other.port])
    for name, sent in load.sent.items():
        if sent.tries > 1:
            assert post.once(sent.body, sent.key) == (200, sent.answer), name
    post.close()


@pytest.mark.parametrize("key", ["another", "none"])
def test_another_master_key_is_refused(town_hub: Hub, place: Path, key: str) -> None:
    """Another key, or none so that one is made, on a database whose secrets were sealed already."""
    url = stored.url_of(town_hub)
    before = stored.rows(url, "SELECT version, key_fingerprint, applied_at FROM provisioning")
    given = {"FAKTURAHUB_MASTER_KEY": secrets.token_hex(32)} if key == "another" else {}
    file = town.companies(place, also=NEWCOMER)
    where = ["--data", str(place / "data"), "--database", url, "--companies", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "fakturahub", "serve", "--port", "0", *where],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **given},
        check=False,
    )
    assert done.returncode == 1, done
    assert "sealed with another master key" in done.stderr
    assert "(error code master-key)" in done.stderr
    assert stored.rows(url, "SELECT version, key_fingerprint, applied_at FROM provisioning") == before


NEWCOMER = """
[[company]]
key = "newcomer"
name = "Newcomer AB"
country = "SE"
business_id = "556600-3344"
email = "newcomer@newcomer.example"
contracts = ["send"]
"""


@pytest.mark.timeout(120)
def test_two_on_one_data_folder(place: Path) -> None:
    """They share the private server, commands use it meanwhile, and the last one out stops it."""
    data, companies = place / "data", town.companies(place)

    def start() -> Hub:
        return start_hub(data, companies=companies, arguments=UNLIMITED)

    with started(start, start) as (one, other):
        server = private_postmaster(one)
        assert server is not None
        first = one.post(bill("SHARED"), key="shared")
        assert (first.status, first.body) == (200, other.post(bill("SHARED"), key="shared").body)
        other.storage_of("SHARED")
        with ThreadPoolExecutor(3) as pool:
            listed = list(pool.map(lambda _: one.documents(), range(3)))
        assert [[document["number"] for document in documents] for documents in listed] == [["SHARED"]] * 3
        assert one.stop() == 0
        assert server.is_running()
        assert other.post(bill("ALONE")).status == 200
        other.storage_of("ALONE")
        assert [document["number"] for document in other.documents()] == ["ALONE", "SHARED"]
        assert other.stop() == 0
        assert private_postmaster(other) is None
    # A command alone starts the server for itself, and stops it again.
    assert len(other.documents()) == 2
    assert private_postmaster(other) is None
