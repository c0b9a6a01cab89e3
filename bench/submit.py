"""Durable acceptances over HTTP: at saturation, at half of it, all delivered, over 100,000, and with rules."""

from __future__ import annotations

import asyncio
import time

import asyncpg
from lxml import etree

from bench.load import Result, load
from bench.setting import Requests, Verdicts, bench_hub, resident, say
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer
from tests.running import Hub

#: requests that are sent before anything is measured: caches fill, prepared statements are made
WARM_UP = 3_000
#: requests of each measurement
MEASURED = 15_000
#: of the long run
LONG = 100_000
#: of the run with rules
CHECKED = 5_000


def run() -> bool:
    """Print the figures; False where one is below what was promised."""
    verdicts = Verdicts()
    requests = Requests()
    print(f"submit: {requests.size} bytes an invoice, 64 connections, embedded database, all on this machine")
    with bench_hub() as hub:
        dsn = dsn_of(hub)
        parse = _parses_a_second(requests.body(1))
        commit = asyncio.run(_commits_a_second(dsn))
        say(f"in this run: lxml parses {parse:,.0f}/s of the same bytes, one-row commits {commit:,.0f}/s")
        stream = iter(requests)
        sent = 0

        def measured(count: int, rate: float | None = None) -> Result:
            nonlocal sent
            result = load(hub.port, stream, count, rate=rate)
            sent += count
            if result.good != count:
                raise AssertionError(f"not every request was accepted: {result.statuses}")
            return result

        measured(WARM_UP)
        wait_until_delivered(dsn, sent)
        before = resident(hub)

        saturated = measured(MEASURED)
        verdicts.at_least("accepted at saturation", saturated.rate, 1_000, "a second")
        say(f"p50 {saturated.quantile(0.5):.1f} ms, p99 {saturated.quantile(0.99):.1f} ms")
        ratios = saturated.rate / parse, saturated.rate / commit
        say(f"ratio to (a) lxml parsing {ratios[0]:.3f}, to (b) the commit loop {ratios[1]:.3f}")
        backlog = asyncio.run(_open(dsn))
        waited = wait_until_delivered(dsn, sent)
        say(f"deliveries: {backlog} were open at its end, all were done {waited:.1f} s later")

        half = measured(MEASURED // 2, rate=saturated.rate / 2)
        verdicts.at_most(f"p99 at half that load ({half.rate:,.0f}/s)", half.quantile(0.99), 50, "ms")
        say(f"p50 {half.quantile(0.5):.1f} ms, requests falling due at random")
        wait_until_delivered(dsn, sent)

        started = time.perf_counter()
        measured(MEASURED)
        wait_until_delivered(dsn, sent)
        verdicts.at_least(
            "accepted and delivered", MEASURED / (time.perf_counter() - started), 600, "a second, to the last delivery"
        )

        first, middle = sent, resident(hub)
        measured(LONG)
        wait_until_delivered(dsn, sent)
        after = resident(hub)
        verdicts.at_most(f"memory grown from submission {first:,} to {sent:,}", (after - middle) / 1024**2, 32, "MiB")
        say(f"resident: {before / 1024**2:.0f} MiB warm, then {middle / 1024**2:.0f}, at the end {after / 1024**2:.0f}")
        asyncio.run(_check(dsn, sent))
        say(f"checked: {sent:,} requests, as many submissions, documents, deliveries done and inbox entries")
    _with_rules(requests)
    return verdicts.kept


def _with_rules(requests: Requests) -> None:
    """Say what it costs to hold every document against the schema and the rules that a fresh hub has."""
    with bench_hub(validation="reject") as hub:
        dsn = dsn_of(hub)
        stream = iter(requests)
        load(hub.port, stream, WARM_UP)
        wait_until_delivered(dsn, WARM_UP)
        saturated = load(hub.port, stream, CHECKED)
        say(
            f"with the rules of EN 16931: {saturated.rate:,.0f} accepted a second at saturation, "
            f"p50 {saturated.quantile(0.5):.1f} ms, p99 {saturated.quantile(0.99):.1f} ms"
        )
        wait_until_delivered(dsn, WARM_UP + CHECKED)
        half = load(hub.port, stream, CHECKED // 2, rate=saturated.rate / 2)
        say(f"at half that load p50 {half.quantile(0.5):.1f} ms, p99 {half.quantile(0.99):.1f} ms")
        verdicts = asyncio.run(_verdicts(dsn))
        if set(verdicts) != {"valid"}:
            raise AssertionError(f"not every document was valid: {verdicts}")


async def _verdicts(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch("SELECT facts ->> 'verdict' AS verdict, count(*) FROM document GROUP BY 1")
        return {record["verdict"]: record["count"] for record in found}
    finally:
        await connection.close()


def dsn_of(hub: Hub) -> str:
    server = PrivateServer(DataFolder(hub.data).open())
    address = server.attach()
    assert address is not None
    server.stop()
    return address.dsn


def _parses_a_second(body: bytes) -> float:
    count = 5_000
    started = time.perf_counter()
    for _ in range(count):
        etree.fromstring(body)
    return count / (time.perf_counter() - started)


async def _commits_a_second(dsn: str) -> float:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE TABLE bench_commit (id bigserial PRIMARY KEY, body text)")
        count = 3_000
        started = time.perf_counter()
        for _ in range(count):
            await connection.execute("INSERT INTO bench_commit (body) VALUES ($1)", "one row")
        rate = count / (time.perf_counter() - started)
        await connection.execute("DROP TABLE bench_commit")
        return rate
    finally:
        await connection.close()


async def _open(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(
            await connection.fetchval("SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending', 'retrying')")
        )
    finally:
        await connection.close()


def wait_until_delivered(dsn: str, sent: int) -> float:
    """Wait until all deliveries are done; returns for how many seconds."""
    started = time.perf_counter()
    while asyncio.run(_open(dsn)):
        if time.perf_counter() - started > 300:
            raise AssertionError(f"deliveries of {sent} submissions were not done within 300 s")
        time.sleep(0.05)
    return time.perf_counter() - started


async def _check(dsn: str, sent: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for what in (
            "SELECT count(*) FROM submission WHERE state = 'accepted'",
            "SELECT count(DISTINCT number) FROM document WHERE state = 'delivered'",
            "SELECT count(*) FROM delivery WHERE state = 'delivered' AND attempts = 1",
            "SELECT count(DISTINCT document_id) FROM inbox",
            "SELECT count(*) FROM inbox",
        ):
            count = await connection.fetchval(what)
            if count != sent:
                raise AssertionError(f"{what}: {count}, not {sent}")
    finally:
        await connection.close()
