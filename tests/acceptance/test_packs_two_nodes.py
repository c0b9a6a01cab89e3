"""Rule packs and two nodes with data folders of their own: what is installed on one of them is in force on both."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.acceptance.conftest import empty_place
from tests.acceptance.load import say, until
from tests.acceptance.test_two_nodes import IN_FORCE_WITHIN, pair
from tests.conftest import _make_database
from tests.rules import small
from tests.running import INVOICE, Answer, Hub

NAME = "town-1.0"
EN = "en16931-ubl-1.3.16"


@pytest.fixture(scope="module")
def nodes(postgres: str) -> Iterator[tuple[Hub, Hub]]:
    """Two nodes for all tests here, each of which removes what it installed."""
    with empty_place() as place, pair(place, _make_database(postgres)) as both:
        yield both


def checked(hub: Hub, data: bytes, *, pack: str | None = None) -> Answer:
    query = f"?pack={pack}" if pack else ""
    return hub.request("POST", f"/validate{query}", data, {"content-type": "application/xml"})


def report(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    (found,) = json.loads(answer.body)
    return dict(found)


def everywhere(nodes: tuple[Hub, Hub], status: int, pack: str, data: bytes = small.BAD) -> float:
    """Seconds until both nodes answer with *status* to a document that is to be checked with *pack*."""
    return until(
        lambda: all(checked(hub, data, pack=pack).status == status for hub in nodes),
        IN_FORCE_WITHIN,
        f"{status} for {pack} on both nodes",
    )


def test_installed_on_one_node_in_force_on_both(nodes: tuple[Hub, Hub], place: Path) -> None:
    one, other = nodes
    pack = place / "town.sch"
    pack.write_bytes(small.schema())
    assert [checked(hub, small.BAD, pack=NAME).status for hub in nodes] == [404, 404]
    one.command("rules", "install", str(pack), "--name", NAME)
    say(f"installed everywhere after {everywhere(nodes, 200, NAME):.2f} s")
    for hub in nodes:
        assert report(checked(hub, small.BAD, pack=NAME))["valid"] is False
        assert report(checked(hub, small.GOOD, pack=NAME))["valid"] is True
        assert report(checked(hub, INVOICE.read_bytes()))["packs"][0]["name"] == EN
    # the same bytes again, from the other node: nothing happens
    assert "Nothing changed" in other.command("rules", "install", str(pack), "--name", NAME)
    other.command("rules", "remove", NAME)
    say(f"removed everywhere after {everywhere(nodes, 404, NAME):.2f} s")
    assert [hub.request("GET", "/readyz").status for hub in nodes] == [200, 200]


@pytest.mark.timeout(180)
def test_a_pack_of_full_size(nodes: tuple[Hub, Hub], shared: Path) -> None:
    """Rules that take seconds to compile: the other node takes what was compiled by the one, under the common key."""
    name = "peppol-bis3-3.0.19"
    source = shared / "rulepacks" / "peppol-bis3-3.0.19"
    began = time.monotonic()
    nodes[0].command("rules", "install", str(source), "--name", name)
    installed = time.monotonic()
    seconds = everywhere(nodes, 200, name, INVOICE.read_bytes())
    say(f"installed in {installed - began:.1f} s, everywhere {seconds:.2f} s later")
    for hub in nodes:
        found = report(checked(hub, INVOICE.read_bytes()))
        assert [one["name"] for one in found["packs"]] == [EN, name]
        assert found["valid"] is True
    nodes[1].command("rules", "remove", name)
    say(f"removed everywhere {everywhere(nodes, 404, name, INVOICE.read_bytes()):.2f} s later")


@pytest.mark.timeout(180)
def test_a_pack_that_lets_its_control_document_pass_closes_both(nodes: tuple[Hub, Hub], place: Path) -> None:
    """Documents that it is for get no verdict, others do; and the nodes say that they are not ready."""
    pack = place / "own.sch"
    ubl = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    pack.write_bytes(
        small.schema(root="Invoice", test="true() or u:ID", flag="fatal").replace(b"urn:town", ubl.encode())
    )
    control = place / "control.xml"
    refused = nodes[0].command("rules", "install", str(pack), "--name", NAME, "--profile", "en16931", status=1)
    assert refused == ""
    pack.write_bytes(small.schema(root="Invoice", test="u:UUID").replace(b"urn:town", ubl.encode()))
    control.write_bytes(f'<Invoice xmlns="{ubl}"/>'.encode())
    nodes[0].command(
        *("rules", "install", str(pack), "--name", "town-9.0", "--profile", "en16931", "--control", str(control))
    )
    everywhere(nodes, 200, "town-9.0", INVOICE.read_bytes())
    assert [one["name"] for one in report(checked(nodes[0], INVOICE.read_bytes()))["packs"]] == ["town-9.0"]

    passing = f'<Invoice xmlns="{ubl}"><UUID>1</UUID></Invoice>'.encode()

    async def spoil() -> None:
        connection = await asyncpg.connect(nodes[0].database)
        try:
            async with connection.transaction():
                await connection.execute("UPDATE rule_pack SET control = $1", passing)
                await connection.execute("UPDATE provisioning SET version = version + 1")
        finally:
            await connection.close()

    asyncio.run(spoil())
    until(lambda: all(hub.request("GET", "/readyz").status == 503 for hub in nodes), IN_FORCE_WITHIN, "503 of both")
    for hub in nodes:
        not_ready = json.loads(hub.request("GET", "/readyz").body)
        (bad,) = [one for one in not_ready["checks"] if not one["ok"]]
        assert bad["name"] == "rules"
        assert "town-9.0" in bad["detail"]
        answer = checked(hub, INVOICE.read_bytes())
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "pack-unusable")
        assert answer.header("retry-after") is not None
        assert report(checked(hub, INVOICE.read_bytes(), pack=EN))["valid"] is True, "others are as they were"
        assert any(one["event"] == "rule pack cannot be used" and one["level"] == "error" for one in hub.logged())
    assert "town-9.0 cannot be used" in nodes[1].command("doctor", status=1)
    nodes[1].command("rules", "remove", "town-9.0")
    until(lambda: all(hub.request("GET", "/readyz").status == 200 for hub in nodes), IN_FORCE_WITHIN, "200 of both")
    assert report(checked(nodes[0], INVOICE.read_bytes()))["packs"][0]["name"] == EN
