"""Lists cost the same with a thousand and with a million documents stored."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg

from bench.load import load
from bench.setting import COMPANIES, Requests, Verdicts, bench_hub, resident, say
from bench.submit import dsn_of, wait_until_delivered
from fakturahub.clock import SystemClock
from fakturahub.exchange.overview import Overview
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_mails import Wish, lying
from tests.running import Hub, stamp
from tests.running import storages as storages_of

SMALL = 1_000
LARGE = 1_000_000
#: of the large number, those that one company received
OF_ONE = 300_000
ROUNDS = 300

# Copies of one real document, older by a millisecond each, so that ids and times are as the hub makes them.
_COPIES = """
WITH made AS (
    SELECT g, (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - g), 12, '0') || '7'
               || substr(md5(g::text), 1, 3) || '8' || substr(md5(g::text), 4, 15))::uuid AS id,
           (SELECT id FROM company WHERE key = 'buyer-' || CASE WHEN g <= $2 THEN 0 ELSE 1 + g % $3 END) AS receiver
    FROM generate_series($1::int + 1, $4::int) AS g),
model AS (SELECT * FROM document ORDER BY id LIMIT 1),
documents AS (
    INSERT INTO document (id, submission_id, company_id, receiver_id, mode, state, syntax, kind, number, issue_date,
                          currency, payable, facts, sha256, size, encoding, payload, created_at, changed_at)
    SELECT made.id, submission_id, company_id, made.receiver, mode, 'delivered', syntax, kind, 'C-' || g, issue_date,
           currency, payable, facts, sha256, size, encoding, NULL, created_at, changed_at
    FROM made, model),
deliveries AS (
    INSERT INTO delivery (id, document_id, company_id, receiver_id, channel, address, state, why, wanted_syntax,
                          delivered_syntax, attempts, due_at, created_at, changed_at)
    SELECT made.id, made.id, company_id, made.receiver, 'inbox', '0216:1', 'delivered', 'copied', 'original', syntax, 1,
           created_at, created_at, created_at
    FROM made, model)
INSERT INTO inbox (id, company_id, document_id, delivery_id, arrived_at, received_at)
SELECT made.id, made.receiver, made.id, made.id, now(), CASE WHEN g % 4 = 0 THEN now() END FROM made
"""


def run() -> bool:
    """Print the figures; False where one is above what was promised."""
    verdicts = Verdicts()
    print(f"lists: {ROUNDS} rounds each, medians; {OF_ONE:,} of {LARGE:,} documents are one company's")
    with bench_hub() as hub:
        dsn = dsn_of(hub)
        load(hub.port, iter(Requests()), COMPANIES, connections=1)
        wait_until_delivered(dsn, COMPANIES)
        asyncio.run(_fill(dsn, 0, SMALL))
        small = asyncio.run(_measure(hub, dsn))
        before = resident(hub)
        started = time.perf_counter()
        for upper in range(100_000, LARGE + 1, 100_000):
            asyncio.run(_fill(dsn, max(SMALL, upper - 100_000), upper))
        say(f"loaded {LARGE - SMALL:,} documents in {time.perf_counter() - started:.0f} s")
        large = asyncio.run(_measure(hub, dsn))
        for name in small:
            say(f"{name}: {small[name] * 1000:.2f} ms with {SMALL:,}, {large[name] * 1000:.2f} ms with {LARGE:,}")
            verdicts.at_most(f"{name}, ratio", large[name] / small[name], 1.5, "times")
        verdicts.at_most("memory grown by listing", (resident(hub) - before) / 1024**2, 32, "MiB")
    return verdicts.kept


async def _fill(dsn: str, done: int, upper: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_COPIES, done, OF_ONE, COMPANIES - 1, upper)
        await connection.execute("VACUUM (ANALYZE) document, delivery, inbox")
    finally:
        await connection.close()


async def _measure(hub: Hub, dsn: str) -> dict[str, float]:
    database = Database(dsn)
    overview = Overview(database, SystemClock())
    connection = await asyncpg.connect(dsn)
    page = (await overview.newest(50))[-1].id
    receiver = await connection.fetchval("SELECT id FROM company WHERE key = 'buyer-0'")
    try:

        async def list2() -> None:
            storages = await asyncio.to_thread(hub.list2, "transfer-0", "key-0")
            states = [one["StorageStatus"] for one in storages]
            if len(storages) != 500 or states != sorted(states, reverse=True):
                raise AssertionError(f"list2 gave {len(storages)} storages, not 500 with the unreceived first")

        async def older() -> None:
            query = {"TraID": "transfer-0", "t": stamp()}
            answer = await asyncio.to_thread(
                lambda: hub.apix("list", digest=("TraID", "t"), secret="key-0", query=query)
            )
            if len(storages_of(answer.body)) != 500:
                raise AssertionError("list gave no full page")

        async def told() -> None:
            now = SystemClock().now()
            wish = Wish(receiver, None, 1, None, None)
            found = await lying(database, wish, now - timedelta(days=90), now + timedelta(days=1))
            if found.count < 700 or len(found.oldest) != 20:
                raise AssertionError(f"{found.count} unreceived storages, not many")

        async def documents() -> None:
            if len(await overview.newest(50)) != 50:
                raise AssertionError("documents gave no full page")

        async def next_page() -> None:
            if (await overview.newest(50, before=page))[0].id >= page:
                raise AssertionError("the next page does not follow the first")

        async def deliveries() -> None:
            if len(await overview.deliveries(50, state="delivered")) != 50:
                raise AssertionError("deliveries gave no full page")

        return {
            "list2 over HTTP": await _median(list2),
            "list over HTTP": await _median(older),
            "what a mail tells of an inbox": await _median(told),
            "documents": await _median(documents),
            "documents, next page": await _median(next_page),
            "deliveries in one state": await _median(deliveries),
        }
    finally:
        await connection.close()
        await database.close()


async def _median(call: Callable[[], Awaitable[None]]) -> float:
    for _ in range(30):
        await call()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
