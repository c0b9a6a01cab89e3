"""Calls to a real server: what goes out, what comes back, and every way in which a receiver can fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from fakturahub.model import Fault
from fakturahub.outbound import client as client_module
from fakturahub.outbound.client import ANSWER_BYTES, Client
from fakturahub.outbound.guard import Guard
from tests.peers.https import HttpsPeer, answer, closed_port, drop, raw, reset, slow, trickle
from tests.unit.outbound.calling import HERE, Names, answered, call, calling, failed


@pytest.fixture
def peer() -> Iterator[HttpsPeer]:
    with HttpsPeer() as running:
        yield running


async def test_a_call_goes_out_as_it_is(peer: HttpsPeer) -> None:
    peer.script.always = answer(202, b"taken", {"X-Receipt": "17", "Set-Cookie": "a=b"})
    url = peer.url("/in%2Fbound;x?a=%20b&c", "firm.example")
    async with calling() as client:
        got = answered(await client.call(call(url, b"<a>\xc3\xa5</a>", headers={"X-One": "1"})))
        again = answered(await client.call(call(url, method="PUT")))
    assert (got.status, got.reason, got.body, got.whole) == (202, "Whatever", b"taken", True)
    assert got.header("x-receipt") == "17"
    assert got.header("x-other") is None
    assert got.timings["connect"] > 0
    assert got.timings["resolve"] <= got.timings["connect"]
    assert "connect" not in again.timings
    first, second = peer.received
    assert (first.method, first.target, first.body) == ("POST", "/in%2Fbound;x?a=%20b&c", b"<a>\xc3\xa5</a>")
    assert dict(first.headers) == {
        "host": f"firm.example:{peer.port}",
        "content-type": "application/xml",
        "x-one": "1",
        "accept": "*/*",
        "content-length": "9",
        "user-agent": first.headers["user-agent"],
    }
    assert (second.method, second.connection) == ("PUT", first.connection)
    assert "cookie" not in second.headers


async def test_a_large_body_goes_out_whole(peer: HttpsPeer) -> None:
    body = bytes(range(256)) * 20_000
    async with calling() as client:
        answered(await client.call(call(peer.url(), body)))
    assert peer.received[0].body == body
    assert peer.received[0].headers["content-length"] == str(len(body))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(peer: HttpsPeer, status: int) -> None:
    with HttpsPeer() as other:
        peer.script.always = answer(status, headers={"Location": other.url("/elsewhere")})
        async with calling() as client:
            got = answered(await client.call(call(peer.url())))
        assert got.status == status
        assert got.header("location") == other.url("/elsewhere")
        assert len(peer.received) == 1
        assert other.connections == 0


# --- targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "firm.example", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"])
async def test_an_address_that_nobody_trusts_is_not_connected_to(peer: HttpsPeer, host: str) -> None:
    async with calling(trusted=()) as client:
        made = failed(await client.call(call(peer.url(host=host))))
    assert peer.connections == 0
    assert made.trouble.fault is Fault.RECEIVER
    assert not made.trouble.connected
    assert "trusted_networks" in made.trouble.detail


async def test_a_name_that_leads_elsewhere_at_the_next_connection(peer: HttpsPeer) -> None:
    names = Names(firm_example=[["127.0.0.1"], ["127.0.0.2"]])
    peer.script.always = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    async with calling(names) as client:
        answered(await client.call(call(peer.url(host="firm.example"))))
        client._session.connector.clear_dns_cache()  # type: ignore[union-attr]
        made = failed(await client.call(call(peer.url(host="firm.example"))))
    assert made.trouble.detail.startswith("firm.example leads to 127.0.0.2, which is the hub's own machine.")
    assert peer.connections == 1


async def test_one_bad_address_among_good_ones(peer: HttpsPeer) -> None:
    names = Names(firm_example=[["127.0.0.1", "169.254.169.254"]])
    async with calling(names) as client:
        made = failed(await client.call(call(peer.url(host="firm.example"))))
    assert "169.254.169.254, which is link-local" in made.trouble.detail
    assert peer.connections == 0


async def test_addresses_that_are_kept_are_judged_at_each_connection(peer: HttpsPeer) -> None:
    networks = ["127.0.0.1/32"]
    peer.script.always = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    client = Client(Guard(Names(), lambda: [ip_network(one) for one in networks]))
    try:
        answered(await client.call(call(peer.url(host="firm.example"))))
        networks.clear()
        made = failed(await client.call(call(peer.url(host="firm.example"))))
    finally:
        await client.close()
    assert "trusted_networks" in made.trouble.detail
    assert peer.connections == 1


async def test_the_connection_goes_to_the_judged_address_under_its_name(peer: HttpsPeer) -> None:
    async with calling(Names(firm_example=[["127.0.0.3", HERE]]), ["127.0.0.0/8"]) as client:
        # nobody listens at the first address, so the second is tried
        answered(await client.call(call(peer.url(host="firm.example"))))
    assert peer.received[0].local == HERE
    assert peer.received[0].headers["host"] == f"firm.example:{peer.port}"


# --- trouble --------------------------------------------------------------------------------------------------------


async def test_nobody_listens() -> None:
    async with calling() as client:
        with closed_port() as port:
            made = failed(await client.call(call(f"http://firm.example:{port}/")))
    assert made.trouble.detail == f"firm.example:{port} refused the connection: nothing listens there."
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, False)
    assert made.timings["failed"] < 1


async def test_a_name_that_nobody_knows() -> None:
    async with calling(Names(nobody_example=[[]])) as client:
        made = failed(await client.call(call("http://nobody.example/")))
    assert made.trouble.detail.startswith("There is no address for the name nobody.example.")
    assert made.trouble.fault is Fault.RECEIVER


@pytest.mark.parametrize("how", [drop(), reset()])
async def test_the_line_is_closed_after_everything_was_read(peer: HttpsPeer, how: object) -> None:
    peer.script.always = how  # type: ignore[assignment]
    async with calling() as client:
        made = failed(await client.call(call(peer.url(), headers={"Idempotency-Key": "one"})))
    assert "closed the connection" in made.trouble.detail
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, True)
    assert peer.counts() == {"one": 1}


async def test_the_line_is_closed_in_the_middle_of_the_body(peer: HttpsPeer) -> None:
    peer.read_at_most = 100_000
    async with calling() as client:
        made = failed(await client.call(call(peer.url(), b"x" * 20_000_000)))
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, True)
    assert peer.received == []


async def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(peer: HttpsPeer) -> None:
    async with calling() as client:
        answered(await client.call(call(peer.url())))
        peer.script.next.append(drop())
        got = answered(await client.call(call(peer.url(), headers={"Idempotency-Key": "one"})))
    assert got.status == 200
    assert [one.connection for one in peer.received] == [1, 1, 2]
    assert peer.counts()["one"] == 2  # the peer read it, and knows both by their id


async def test_an_answer_that_is_late(peer: HttpsPeer) -> None:
    peer.script.always = slow(5)
    async with calling() as client:
        began = time.perf_counter()
        made = failed(await client.call(call(peer.url(), read=0.3)))
    assert time.perf_counter() - began < 2
    assert made.trouble.detail == f"127.0.0.1:{peer.port} did not answer in time."
    assert made.trouble.connected


async def test_a_head_that_trickles(peer: HttpsPeer) -> None:
    peer.script.always = trickle(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", 0.05)
    async with calling() as client:
        began = time.perf_counter()
        made = failed(await client.call(call(peer.url(), connect=0.5, read=0.5)))
    assert time.perf_counter() - began < 3
    assert made.trouble.connected


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"<html>no HTTP at all</html>",
    ],
)
async def test_what_is_no_http(peer: HttpsPeer, garbage: bytes) -> None:
    peer.script.always = raw(garbage)
    async with calling() as client:
        made = failed(await client.call(call(peer.url())))
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, True)
    assert "HTTP/1.1" in made.trouble.detail or "closed the connection" in made.trouble.detail
    assert "OpenSSH" not in made.trouble.detail


# --- the body of an answer ------------------------------------------------------------------------------------------


async def test_a_body_up_to_the_limit_is_whole(peer: HttpsPeer) -> None:
    peer.script.always = answer(200, b"x" * ANSWER_BYTES)
    async with calling() as client:
        got = answered(await client.call(call(peer.url())))
    assert (len(got.body), got.whole) == (ANSWER_BYTES, True)


async def test_a_body_beyond_the_limit_is_cut_off(peer: HttpsPeer) -> None:
    peer.script.always = answer(200, b"x" * 5_000_000)
    async with calling() as client:
        got = answered(await client.call(call(peer.url())))
        answered(await client.call(call(peer.url())))
    assert (len(got.body), got.whole, got.status) == (ANSWER_BYTES, False, 200)
    # what is left of it is read by nobody: the next call has a connection of its own
    assert [one.connection for one in peer.received] == [1, 2]


async def test_a_body_without_end_is_cut_off(peer: HttpsPeer) -> None:
    peer.script.always = trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0)
    async with calling() as client:
        got = answered(await client.call(call(peer.url())))
    assert (len(got.body), got.whole, got.status) == (ANSWER_BYTES, False, 200)


async def test_a_body_that_trickles_is_cut_off(peer: HttpsPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_TIME", 0.3)
    peer.script.always = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", 0.05)
    async with calling() as client:
        began = time.perf_counter()
        got = answered(await client.call(call(peer.url())))
    assert 0.2 < time.perf_counter() - began < 1.5
    assert (got.status, got.whole) == (200, False)
    assert 1 <= len(got.body) < 20


async def test_a_body_that_breaks_off(peer: HttpsPeer) -> None:
    peer.script.always = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    async with calling() as client:
        got = answered(await client.call(call(peer.url())))
    assert (got.status, got.whole) == (200, False)


async def test_a_packed_body_is_not_unpacked(peer: HttpsPeer) -> None:
    peer.script.always = answer(200, b"\x1f\x8bno gzip", {"Content-Encoding": "gzip"})
    async with calling() as client:
        got = answered(await client.call(call(peer.url())))
    assert got.body == b"\x1f\x8bno gzip"


async def test_a_call_that_is_cancelled_leaves_nothing_open(peer: HttpsPeer) -> None:
    peer.script.always = slow(5)
    async with calling() as client:
        task = asyncio.create_task(client.call(call(peer.url())))
        await asyncio.to_thread(peer.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        connector = client._session.connector
        assert connector is not None
        assert not connector._acquired
