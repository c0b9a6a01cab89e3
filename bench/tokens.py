"""Checks of access tokens by the hub, against the bare library; and documents handed in with one, over HTTP."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import psutil
from joserfc import jwt
from joserfc.jwk import RSAKey

from bench.load import load
from bench.setting import COMPANIES, Requests, Verdicts, bench_hub, say
from bench.submit import dsn_of, wait_until_delivered
from fakturahub.clock import SystemClock
from fakturahub.identity.companies import Companies
from fakturahub.identity.oauth.clients import Clients
from fakturahub.identity.oauth.keys import BITS, Key, Keys
from fakturahub.identity.oauth.revoked import Revoked
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.tokens import Verifier
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.database import Database
from tests.running import Hub

#: checks of one round, and rounds; the kinds take turns, so that what else the machine does hits all of them
CHECKS = 250
ROUNDS = 81
#: documents of one turn, and turns, with a token and with a password
DOCUMENTS = 2_000
TURNS = 5


def run() -> bool:
    """Print the figures; False where one is below what was promised."""
    verdicts = Verdicts()
    print(f"tokens: RS256, {BITS} bits; the medians of {ROUNDS} rounds of {CHECKS} checks each, one process")
    rates = asyncio.run(_checks())
    ratio = rates["hub"] / rates["joserfc"]
    verdicts.at_least("checks by the hub", ratio, 0.7, "of what joserfc alone does: signature, JSON and expiry")
    say(f"the hub {rates['hub']:,.0f} a second, joserfc alone {rates['joserfc']:,.0f}; signed {rates['signed']:,.0f}")
    say(f"of tokens that were seen before {rates['again']:,.0f} a second")
    with bench_hub() as hub:
        rate, spent = _documents(hub)
        verdicts.at_least(
            "documents with a token for the processor time",
            spent["password"] / spent["token"],
            0.95,
            "of those without",
        )
        told = ", ".join(f"with a {name} {rate[name]:,.0f} a second, {spent[name] * 1e6:,.0f} µs each" for name in rate)
        say(f"{told}: the best of the rates, and the medians of what the answering process spends")
        issued = _issued(hub)
        say(f"tokens issued by the password grant, one request after the other: {issued:,.0f} a second")
    return verdicts.kept


async def _checks() -> dict[str, float]:
    clock = SystemClock()
    # Never asked: the key is known, and nothing is revoked.
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    keys = Keys(database, MasterKey.generate(), clock)
    private = RSAKey.generate_key(BITS)
    public = RSAKey.import_key(private.as_dict(private=False))
    keys.know([Key(kid="bench", signs_from=datetime(2026, 1, 1, tzinfo=UTC), private=private, public=public, jwk={})])
    companies = Companies({})
    application = {"client_secret": "x", "audiences": ["here"]}
    companies.apply(Changes(1, [], [SettingRow("application", "bench", application)]))

    def new_verifier() -> Verifier:
        return Verifier(keys, Revoked(database, clock), Clients(companies, ()), lambda: "https://hub.example", clock)

    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": "https://hub.example",
        "sub": "bench",
        "aud": "here",
        "exp": now + 3_600,
        "iat": now,
        "client_id": "bench",
        "scope": "all",
    }
    tokens = [keys.signed({**claims, "jti": f"{number:032}"}, "at+jwt") for number in range(CHECKS)]
    registry = jwt.JWTClaimsRegistry(exp={"essential": True})

    async def by_hub() -> None:
        verifier = new_verifier()
        for token in tokens:
            await verifier.check(token, "here")

    knowing = new_verifier()

    async def again() -> None:
        for token in tokens:
            await knowing.check(token, "here")

    async def by_joserfc() -> None:
        for token in tokens:
            registry.validate(jwt.decode(token, public, algorithms=["RS256"]).claims)

    async def signed() -> None:
        for _ in range(CHECKS):
            keys.signed(claims, "at+jwt")

    await again()
    kinds = {"hub": by_hub, "joserfc": by_joserfc, "signed": signed, "again": again}
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, kind in kinds.items():
            started = time.perf_counter()
            await kind()
            rates[name].append(CHECKS / (time.perf_counter() - started))
    return {name: statistics.median(one) for name, one in rates.items()}


def _token(hub: Hub, number: int) -> str:
    body = f"grant_type=password&username=seller-{number}&password=password-{number}"
    credentials = f"&client_id=client-{number}&client_secret=secret-{number}"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = hub.request("POST", "/oauth/token", (body + credentials).encode(), kind)
    if answer.status != 200:
        raise AssertionError(answer)
    token: str = json.loads(answer.body)["access_token"]
    return token


def _answering(hub: Hub) -> list[psutil.Process]:
    """The processes that answer HTTP: those that work stand back behind them."""
    root = psutil.Process(hub.process.pid)
    return [one for one in root.children(recursive=True) if "node" in one.cmdline() and one.nice() == root.nice()]


def _documents(hub: Hub) -> tuple[dict[str, float], dict[str, float]]:
    """With tokens and with passwords, in turns that alternate: documents accepted a second, the best of the turns, and
    seconds of processor time for each in the processes that answer, the median. What else the machine does slows the
    first, and hardly the second."""
    streams = {
        "token": iter(Requests([_token(hub, number) for number in range(COMPANIES)])),
        "password": iter(Requests()),
    }
    dsn = dsn_of(hub)
    rates: dict[str, list[float]] = {name: [] for name in streams}
    spent: dict[str, list[float]] = {name: [] for name in streams}
    answering = _answering(hub)
    sent = 0

    def seconds() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in answering)

    for turn in range(TURNS + 1):
        for name, stream in streams.items():
            before = seconds()
            result = load(hub.port, stream, DOCUMENTS)
            after = seconds()
            if result.good != DOCUMENTS:
                raise AssertionError(f"not every document was accepted: {result.statuses}")
            sent += DOCUMENTS
            wait_until_delivered(dsn, sent)
            if turn:  # the first one warms up
                rates[name].append(result.rate)
                spent[name].append((after - before) / DOCUMENTS)
    medians = {name: statistics.median(one) for name, one in spent.items()}
    return {name: max(one) for name, one in rates.items()}, medians


def _issued(hub: Hub) -> float:
    count = 200
    started = time.perf_counter()
    for number in range(count):
        _token(hub, number % COMPANIES)
    return count / (time.perf_counter() - started)
