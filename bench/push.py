"""Pushes to fast receivers: how many a second one node makes, each verified to have arrived, beside bare aiohttp."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
import uvloop

from bench.receiver import receiving
from bench.setting import Requests, Verdicts, say
from bench.submit import dsn_of
from fakturahub import formats
from fakturahub.clock import new_id
from fakturahub.model import Answer
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import encode_inline
from fakturahub.storage.submission_rows import DeliveryRow, DocumentRow, EventRow, SubmissionRows
from fakturahub.storage.submissions import SubmissionWriter
from tests.acceptance.processes import children, private_postmaster
from tests.running import Hub, running_hub

#: receivers, each a target of its own, and deliveries that wait for them when the clock starts
RECEIVERS = 20
PUSHES = 15_000
#: deliveries before that, of which nothing is measured
WARM_UP = 2_000
#: calls of bare aiohttp, and how many of them go on at a time
BARE = 10_000
AT_ONCE = 64

_COMPANY = """
[[company]]
key = "{role}-{number}"
name = "{role} {number} Oy"
country = "FI"
business_id = "{business}"
addresses = ["{scheme}:{business}"]
contracts = ["send", "receive"]
"""
_PAGERO = '[company.pagero]\nusername = "{role}-{number}"\npassword = "password-{number}"\n'
_PUSH = '[company.pagero.push]\nurl = "http://127.0.0.1:{port}/receiver/{number}"\n'


def run() -> bool:
    """Print the figures; False where one is below what was promised."""
    verdicts = Verdicts()
    requests = Requests()
    print(f"push: {requests.size} bytes an invoice, {RECEIVERS} receivers, one node, all on this machine")
    with receiving() as peer, tempfile.TemporaryDirectory(prefix="fakturahub-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        file = folder / "companies.toml"
        file.write_text(_companies(peer.port))
        bare = max(uvloop.run(_bare(peer.port, requests.body(1))) for _ in range(2))
        say(f"bare aiohttp, {AT_ONCE} at a time: {bare:,.0f} posts a second")
        with running_hub(folder / "data", companies=file) as hub:
            dsn = dsn_of(hub)
            before = peer.told()["total"]
            uvloop.run(_measured(dsn, requests, WARM_UP))
            spent = _processor_time(hub)
            rates = [uvloop.run(_measured(dsn, requests, PUSHES)) for _ in range(2)]
            node, server = (
                (after - before) / (2 * PUSHES) * 1e6 for before, after in zip(spent, _processor_time(hub), strict=True)
            )
            told = peer.told()
            sent = WARM_UP + 2 * PUSHES
            if told["total"] - before != sent or told["distinct"] - 1 != sent:
                raise AssertionError(f"of {sent} deliveries {told} arrived")
            uvloop.run(_check(dsn, sent))
        rate = max(rates)
        verdicts.at_least("pushed and recorded", rate, 1_000, "a second")
        say(f"runs: {', '.join(f'{one:,.0f}' for one in rates)} a second; ratio to bare aiohttp {rate / bare:.2f}")
        say(f"processor time of a push: {node:.0f} µs in the node, {server:.0f} µs in PostgreSQL, storing it included")
        say(f"checked: {sent:,} deliveries, as many arrivals, each id once, each delivery done at its first attempt")
    return verdicts.kept


def _companies(port: int) -> str:
    parts = ['[outbound]\ntrusted_networks = ["127.0.0.0/8"]\n']
    for number in range(RECEIVERS):
        one = {"number": number, "port": port}
        parts.append(_COMPANY.format(role="seller", scheme="0007", business=5_000_000_000 + number, **one))
        parts.append(_PAGERO.format(role="seller", **one))
        parts.append(_COMPANY.format(role="buyer", scheme="0216", business=3_700_000_000 + number, **one))
        parts.append(_PAGERO.format(role="buyer", **one))
        parts.append(_PUSH.format(**one))
    return "".join(parts)


async def _bare(port: int, body: bytes) -> float:
    """Posts a second of a loop that does nothing else."""
    left = BARE
    headers = {"content-type": "application/xml", "x-delivery-id": "bare"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                async with session.post(f"http://127.0.0.1:{port}/bare", data=body, headers=headers) as answer:
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))
        return BARE / (time.perf_counter() - started)


def _processor_time(hub: Hub) -> tuple[float, float]:
    """Seconds that the processes which work, and those of the database server, have used so far."""
    node = sum(sum(one.cpu_times()[:2]) for one in children(hub)["work"])
    postmaster = private_postmaster(hub)
    assert postmaster is not None
    family = [postmaster, *postmaster.children(recursive=True)]
    return node, sum(sum(one.cpu_times()[:4]) for one in family)


async def _measured(dsn: str, requests: Requests, count: int) -> float:
    """Deliveries a second, from the moment all of them become due to the last one's record."""
    connection = await asyncpg.connect(dsn)
    try:
        await _store(dsn, requests, count)
        await connection.execute("VACUUM ANALYZE delivery")
        started = time.perf_counter()
        await connection.execute("UPDATE delivery SET due_at = now() WHERE state = 'pending'")
        await connection.execute("NOTIFY fakturahub_outgoing")
        while await connection.fetchval("SELECT EXISTS (SELECT FROM delivery WHERE state <> 'delivered')"):
            await asyncio.sleep(0.02)
            if time.perf_counter() - started > 300:
                raise AssertionError("deliveries were not done within 300 s")
        return count / (time.perf_counter() - started)
    finally:
        await connection.close()


async def _store(dsn: str, requests: Requests, count: int) -> None:
    """Documents with a delivery each that becomes due later."""
    database = Database(dsn)
    writer = SubmissionWriter(database)
    connection = await asyncpg.connect(dsn)
    ids = dict(await connection.fetch("SELECT key, id FROM company"))
    await connection.close()
    writer.start()
    opened = formats.open_document(requests.body(1))
    facts = msgspec.json.encode({"recognition": opened.recognition, "heading": opened.heading}).decode()
    try:
        for start in range(0, count, 500):
            rows = [
                _rows(ids, number, requests.body(number), facts) for number in range(start, min(start + 500, count))
            ]
            await asyncio.gather(*(writer.store(one) for one in rows))
    finally:
        await writer.stop()
        await database.close()


def _rows(ids: dict[str, UUID], number: int, body: bytes, facts: str) -> SubmissionRows:
    at = datetime.now(UTC)
    company, receiver = ids[f"seller-{number % RECEIVERS}"], ids[f"buyer-{number % RECEIVERS}"]
    document_id = new_id()
    encoding, payload = encode_inline(body)
    digest = hashlib.sha256(body).digest()
    return SubmissionRows(
        id=new_id(),
        company_id=company,
        dialect="pagero",
        repeat_key=None,
        takes_key=True,
        repeat_window=None,
        body_sha256=digest,
        mode="prod",
        state="accepted",
        answer=Answer(200, "text/plain", b"ok"),
        request="{}",
        at=at,
        documents=(
            DocumentRow(
                document_id,
                receiver,
                "routed",
                "peppol-bis-3",
                "invoice",
                f"B-{number}",
                None,
                "EUR",
                None,
                facts,
                digest,
                len(body),
                encoding,
                payload,
            ),
        ),
        deliveries=(
            DeliveryRow(
                new_id(),
                document_id,
                receiver,
                "http",
                "0216:1",
                "measured",
                "original",
                f"http {receiver}",
                "{}",
                due_at=at + timedelta(hours=1),
            ),
        ),
        events=(EventRow(new_id(), document_id, None, "document.received", "{}"),),
    )


async def _check(dsn: str, sent: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for what in (
            "SELECT count(*) FROM delivery WHERE state = 'delivered' AND attempts = 1",
            "SELECT count(*) FROM document WHERE state = 'delivered'",
            "SELECT count(*) FROM attempt WHERE outcome = 'delivered'",
            "SELECT count(*) FROM event WHERE kind = 'delivery.delivered'",
        ):
            found = await connection.fetchval(what)
            if found != sent:
                raise AssertionError(f"{what}: {found}, not {sent}")
    finally:
        await connection.close()
