"""The commands about deliveries, over a real database."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from fakturahub.storage.database import Database
from tests.storage.engine import DOWN, Peer, SetClock, outgoing, running, states
from tests.storage.rows import run
from tests.unit.cli.conftest import Run


@pytest.fixture
async def there(empty_url: str, tmp_path: Path) -> tuple[str, ...]:
    """The options of a hub whose target had trouble."""
    database = Database(empty_url)
    try:
        sender = uuid4()
        await run(
            database,
            "INSERT INTO company (id, key, settings, version, created_at) VALUES (:id, 'skog', '{}', 1, now())",
            id=sender,
        )
        (id_,) = await outgoing(database, target=f"http {uuid4()}", company=sender)
        async with running(database, Peer(lambda _: DOWN), SetClock()) as engine:
            await engine.settle()
        assert await states(database, [id_]) == ["retrying"]
    finally:
        await database.close()
    return (str(id_), "--data", str(tmp_path), "--database", empty_url)


def test_targets(fakturahub: Run, there: tuple[str, ...]) -> None:
    _, *where = there
    done = fakturahub("targets", *where)
    assert done.status == 0, done.err
    assert "failing" in done.out
    assert "503 from peer.example" in done.out
    (one,) = json.loads(fakturahub("targets", "--json", *where).out)
    assert one["key"].startswith("http ")
    assert (one["breaker"], one["waiting"], one["sending"], one["receiver"]) == ("failing", 1, 0, None)
    assert one["oldest"] is not None


def test_no_targets(fakturahub: Run, empty_url: str, tmp_path: Path) -> None:
    done = fakturahub("targets", "--data", tmp_path, "--database", empty_url)
    assert done.out == "Nothing waits to leave the hub, and no target is in trouble.\n"


def test_one_after_the_other(fakturahub: Run, there: tuple[str, ...]) -> None:
    id_, *where = there
    assert "is held until it is released" in fakturahub("hold", id_, "--why", "they moved", *where).out
    assert "It was held by" in fakturahub("deliveries", "--state", "held", "--json", *where).out
    done = fakturahub("release", id_, *where)
    assert done.out == f"Delivery {id_} is released and due now.\n"
    assert "is due now" in fakturahub("redeliver", id_, "--why", "try", *where).out
    assert "is cancelled after 1 attempt" in fakturahub("cancel", id_, "--why", "never mind", *where).out
    refused = fakturahub("cancel", id_, "--why", "again", *where)
    assert refused.status == 1
    assert "there is nothing left to cancel" in refused.err
    (listed,) = json.loads(fakturahub("deliveries", "--json", *where).out)
    shown = fakturahub("document", listed["document_id"], *where).out
    for word in ("they moved", "never mind", "503 from peer.example", "https://peer.example/"):
        assert word in shown
    assert "is withdrawn" in fakturahub("withdraw", listed["document_id"], "--why", "x", *where).err


def test_all_of_a_target_are_released(fakturahub: Run, there: tuple[str, ...]) -> None:
    id_, *where = there
    (one,) = json.loads(fakturahub("targets", "--json", *where).out)
    fakturahub("hold", id_, "--why", "x", *where)
    assert fakturahub("release", "--target", one["key"], *where).out == "1 delivery is released.\n"
    assert fakturahub("release", "--target", one["key"], *where).status == 1
    for wrong in (("release",), ("release", id_, "--target", one["key"])):
        done = fakturahub(*wrong, *where)
        assert done.status == 2
        assert "Name the delivery, or a target" in done.err


@pytest.mark.parametrize("command", ["cancel", "hold", "withdraw", "resend"])
def test_a_reason_has_to_be_given(fakturahub: Run, command: str) -> None:
    done = fakturahub(command, uuid4())
    assert done.status == 2
    assert "--why" in done.err
