"""Nodes that share deliveries, and one that is killed while it delivers: the other one takes over, with the same id."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.processes import children
from tests.peers.https import Behaviour, HttpsPeer, Line, answer
from tests.running import Hub, invoice, running_hub

DOCUMENTS = 24

_COMPANIES = """
[outbound]
trusted_networks = ["127.0.0.0/8"]
[[company]]
key = "skog"
name = "Skog & Såg AB"
country = "SE"
business_id = "556161-8033"
addresses = ["0007:5561618033"]
contracts = ["send"]
validation = "off"
[company.pagero]
username = "skog"
password = "skog-password"
"""
_RECEIVER = """
[[company]]
key = "receiver-{number}"
name = "Receiver {number} Oy"
country = "FI"
business_id = "{id}"
addresses = ["0216:{id}"]
contracts = ["receive"]
[company.pagero]
username = "receiver-{number}"
password = "x"
[company.pagero.push]
url = "{url}"
"""


@pytest.fixture
def peer() -> Iterator[HttpsPeer]:
    with HttpsPeer() as started:
        yield started


def _after(event: threading.Event) -> Behaviour:
    """An answer that waits for *event*."""

    async def behave(line: Line) -> bool:
        while not event.is_set():  # noqa: ASYNC110 - set in another thread
            await asyncio.sleep(0.02)
        return await answer(200)(line)

    return behave


def _companies(folder: Path, peer: HttpsPeer) -> Path:
    file = folder / "companies.toml"
    file.write_text(
        _COMPANIES
        + "".join(
            _RECEIVER.format(number=number, id=f"00372790{number:04d}", url=peer.url(f"/{number}"))
            for number in range(DOCUMENTS)
        )
    )
    return file


def _send(hub: Hub, number: int) -> None:
    body = invoice(f"K-{number}").replace(b"003727901319", b"00372790%04d" % number)
    body = body.replace(b"2790131-9", b"00372790%04d" % number).replace(b"FI27901319", b"FI%08d" % number)
    assert hub.post(body, key=f"K-{number}").status == 200


def _query(dsn: str, statement: str) -> list[tuple[object, ...]]:
    async def ask() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def _wait_until_delivered(dsn: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        states = dict(_query(dsn, "SELECT state, count(*) FROM delivery GROUP BY 1"))
        if states == {"delivered": DOCUMENTS}:
            return
        assert time.monotonic() < until, states
        time.sleep(0.2)


@pytest.mark.timeout(180)
def test_a_node_that_is_killed_is_noticed_and_its_work_taken_over(
    database: str, tmp_path: Path, peer: HttpsPeer
) -> None:
    companies = _companies(tmp_path, peer)
    # nothing is answered while both nodes have deliveries under way
    go_on = threading.Event()
    peer.script.always = _after(go_on)
    with running_hub(tmp_path / "one", database=database, companies=companies) as one:
        key = next((tmp_path / "one" / "keys").iterdir())
        (tmp_path / "two" / "keys").mkdir(parents=True, mode=0o700)
        (tmp_path / "two" / "keys").chmod(0o700)
        copy = tmp_path / "two" / "keys" / key.name
        copy.write_bytes(key.read_bytes())
        copy.chmod(0o600)
        with running_hub(tmp_path / "two", database=database, companies=None) as two:
            for number in range(DOCUMENTS):
                _send(one if number % 2 else two, number)
                # one after the other, so that now this node and now that one is quicker
                time.sleep(0.05)
            peer.wait_for(DOCUMENTS, 30)
            nodes = dict(_query(database, "SELECT node, count(*) FROM delivery GROUP BY 1"))
            assert sum(nodes.values()) == DOCUMENTS  # type: ignore[arg-type]
            assert len(nodes) == 2, nodes
            killed = {str(child.pid) for child in children(one)["work"]}
            lost = [str(node) for node in nodes if str(node).split("/")[1] in killed]
            assert len(lost) == 1
            # the whole machine goes at once: no process is left to start another one
            one.kill()
            go_on.set()
            _wait_until_delivered(database, 90)
    ids = {str(row[0]) for row in _query(database, "SELECT id FROM delivery")}
    assert set(peer.by_id) == ids
    was_lost = {
        str(row[0]): row[1]
        for row in _query(database, "SELECT delivery_id, detail ->> 'node' FROM attempt WHERE outcome = 'lost'")
    }
    assert set(was_lost.values()) == set(lost)
    assert len(was_lost) == nodes[lost[0]]
    # sent again under the id that it had the first time, and said so
    for id_ in was_lost:
        assert [one.headers["x-delivery-attempt"] for one in peer.by_id[id_]] == ["1", "2"]
    assert _query(database, "SELECT count(*) FROM event WHERE kind = 'delivery.taken-over'") == [(len(was_lost),)]
