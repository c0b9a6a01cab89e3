"""One account under the submissions of many connections, over several processes: not overdrawn by a cent."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.acceptance import stored
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.load import say, until
from tests.running import Hub, invoice, running_hub

PRICE = Decimal("0.35")
#: connections that send at a time
CONNECTIONS = 128

COMPANIES = """
[[company]]
key = "penny"
name = "Skog & Såg AB"
country = "SE"
business_id = "556161-8033"
addresses = ["0007:5561618033"]
contracts = ["send"]
credits = "{credits}"
validation = "off"

  [company.pagero]
  username = "penny"
  password = "penny-password"

[[company]]
key = "virta"
name = "Virta Sähkö Oy"
country = "FI"
business_id = "2790131-9"
addresses = ["0216:003727901319"]
contracts = ["receive"]

[[price]]
channel = "network"
credits = "0.35"
"""


class Sending:
    """Submissions at once, some of them twice; what each key was answered."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.answers: dict[str, set[tuple[int, bytes]]] = {}

    async def all(self, count: int) -> None:
        """Send *count* submissions, every tenth of them twice at the same time, in no order."""
        keys = [f"c-{number}" for number in range(count)]
        orders = keys + keys[::10]
        random.Random(count).shuffle(orders)
        waiting = iter(orders)
        login = base64.b64encode(b"penny:penny-password").decode()
        # the answer to the first sign-in is kept: no password is compared a hundred times at once
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{self._hub.port}",
            headers={"Authorization": f"Basic {login}"},
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=300),
        ) as session:

            async def sender() -> None:
                for key in waiting:
                    await self._send(session, key)

            await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))

    async def _send(self, session: aiohttp.ClientSession, key: str) -> None:
        body = invoice(key)
        while True:
            async with session.post(
                "/pagero/incoming/default/invoice/prod", data=body, headers={"x-interchange-id": key}
            ) as response:
                answer = await response.read()
                if response.status != 503:  # told to come back: it does
                    self.answers.setdefault(key, set()).add((response.status, answer))
                    return
            await asyncio.sleep(0.1)

    @property
    def accepted(self) -> set[str]:
        return {key for key, answers in self.answers.items() if any(status == 200 for status, _ in answers)}


async def watch(url: str, seen: Counter[str], done: asyncio.Event) -> None:
    """Look at the account all the time; every look sees it covered and equal to its ledger."""
    connection = await asyncpg.connect(url)
    try:
        while not done.is_set():
            row = await connection.fetchrow(
                """SELECT balance, reserved, (SELECT coalesce(sum(amount), 0) FROM account_entry e
                          WHERE e.company_id = account.company_id) AS amount,
                          (SELECT coalesce(sum(held), 0) FROM account_entry e
                          WHERE e.company_id = account.company_id) AS held FROM account"""
            )
            assert row is not None
            assert row["balance"] >= row["reserved"] >= 0, dict(row)
            assert (row["balance"], row["reserved"]) == (row["amount"], row["held"]), dict(row)
            seen["looks"] += 1
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def spend(hub: Hub, sending: Sending, count: int) -> None:
    """Send *count* submissions while the account is watched."""
    assert hub.database is not None
    seen, done = Counter[str](), asyncio.Event()
    watching = asyncio.create_task(watch(hub.database, seen, done))
    await sending.all(count)
    done.set()
    await watching
    assert seen["looks"] > 0


def check(url: str, place: Path, count: int, credits: Decimal, added: Decimal) -> None:
    """*credits* are spent to the last submission that they cover, and so is what is *added* when all come again."""
    file = place / "companies.toml"
    file.write_text(COMPANIES.format(credits=credits), encoding="utf-8")
    with running_hub(place / "data", database=url, companies=file, arguments=(*UNLIMITED, "--processes", "2")) as hub:
        sending = Sending(hub)
        for there in (credits, credits + added):
            if there != credits:
                hub.command("credits", "penny", "--add", str(added), "--why", "all of it was spent")
            started = time.monotonic()
            asyncio.run(spend(hub, sending, count))
            took = time.monotonic() - started
            statuses = Counter(status for answers in sending.answers.values() for status, _ in answers)
            say(f"{count} submissions over {CONNECTIONS} connections in {took:.1f} s: {dict(statuses)} so far")
            assert set(statuses) == {200, 402}
            assert len(sending.accepted) == int(there / PRICE)
        # Refused at first and accepted when there was more, but never accepted with two answers.
        assert all(sum(status == 200 for status, _ in sending.answers[key]) == 1 for key in sending.accepted)
        taken, costs = len(sending.accepted), len(sending.accepted) * PRICE
        waited = until(lambda: stored.not_delivered(url) == 0, 120, "every delivery")
        say(f"{taken} accepted, the last delivery {waited:.1f} s later")
        assert stored.rows(url, "SELECT balance, reserved FROM account WHERE prepaid") == [(credits + added - costs, 0)]
        assert stored.value(url, "SELECT count(*) FROM submission") == taken
        assert stored.rows(
            url, "SELECT kind, count(*), sum(amount), sum(held) FROM account_entry GROUP BY kind ORDER BY kind"
        ) == [
            ("adjust", 1, added, 0),
            ("grant", 1, credits, 0),
            ("reserve", taken, 0, costs),
            ("settle", taken, -costs, -costs),
        ]
        assert "every account is the sum of its ledger" in hub.command("doctor")


@pytest.mark.timeout(180)
def test_an_account_is_never_overdrawn(database: str, place: Path) -> None:
    check(database, place, 400, Decimal(50), Decimal("20.1"))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ten_thousand_submissions_never_overdraw_an_account(database: str, place: Path) -> None:
    check(database, place, 10_000, Decimal(1000), Decimal("500.1"))
