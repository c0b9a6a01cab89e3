"""Signing keys by a clock that the test moves: made, published, used, taken down; and how a verifier finds new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws

from fakturahub.errors import DatabaseUnavailable, InvalidToken, MasterKeyError
from fakturahub.identity.companies import Companies
from fakturahub.identity.oauth.clients import Clients
from fakturahub.identity.oauth.keys import LEAD, RETIRED_AFTER, ROTATED_AFTER, Keys
from fakturahub.identity.oauth.revoked import Revoked
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.tokens import LOOK, Verifier
from fakturahub.storage import oauth as stored
from fakturahub.storage import schema
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.database import Database

KEY = MasterKey.generate()
ISSUER = "https://hub.example"


class Moved:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture
def clock() -> Moved:
    return Moved()


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Database]:
    one = Database(database)
    await schema.upgrade(one)
    yield one
    await one.close()


def kid_of(token: str) -> str:
    import base64
    import json

    part = token.split(".")[0]
    name: str = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]
    return name


def names(keys: Keys) -> list[str]:
    return [key["kid"] for key in keys.published()["keys"]]


def said(clock: Moved, **more: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "sub": "app", "aud": "here", "exp": now + 600, "iat": now, "client_id": "app", "jti": "1"}
    return {**claims, **more}


def application(*audiences: str, version: int = 1) -> Changes:
    return Changes(version, [], [SettingRow("application", "app", {"client_secret": "x", "audiences": [*audiences]})])


def verifier(
    database: Database,
    keys: Keys,
    clock: Moved,
    revoked: Revoked | None = None,
    companies: Companies | None = None,
) -> Verifier:
    if companies is None:
        companies = Companies({})
        companies.apply(application("here"))
    return Verifier(keys, revoked or Revoked(database, clock), Clients(companies, ()), lambda: ISSUER, clock)


async def test_the_life_of_keys(opened: Database, clock: Moved) -> None:
    keys = Keys(opened, KEY, clock)
    await keys.prepare()
    (first,) = names(keys)
    assert kid_of(keys.signed({}, "at+jwt")) == first, "the first key signs at once"
    assert await keys.rotate() == 0
    clock.move(ROTATED_AFTER - timedelta(seconds=1))
    assert await keys.rotate() == 0
    clock.move(timedelta(seconds=1))
    assert await keys.rotate() == 1
    assert await keys.rotate() == 0, "one successor is enough"
    await keys.refresh()
    assert names(keys)[0] == first
    second = names(keys)[1]
    clock.move(LEAD - timedelta(seconds=1))
    assert kid_of(keys.signed({}, "at+jwt")) == first
    clock.move(timedelta(seconds=1))
    assert kid_of(keys.signed({}, "at+jwt")) == second
    clock.move(RETIRED_AFTER)
    assert await keys.rotate() == 0
    clock.move(timedelta(seconds=1))
    assert await keys.rotate() == 1
    await keys.refresh()
    assert names(keys) == [second]
    assert keys.verifying(first) is None


async def test_of_nodes_that_start_at_the_same_time_one_makes_the_key(opened: Database, clock: Moved) -> None:
    nodes = [Keys(opened, KEY, clock) for _ in range(4)]
    await asyncio.gather(*(node.prepare() for node in nodes))
    assert len({tuple(names(node)) for node in nodes}) == 1
    assert len(names(nodes[0])) == 1
    clock.move(ROTATED_AFTER)
    assert sum(await asyncio.gather(*(node.rotate() for node in nodes))) == 1


async def test_a_key_opens_with_the_master_key_only(opened: Database, clock: Moved) -> None:
    await Keys(opened, KEY, clock).prepare()
    with pytest.raises(MasterKeyError):
        await Keys(opened, MasterKey.generate(), clock).prepare()


async def test_a_key_that_another_node_made_is_looked_for_at_once_but_not_for_every_name(
    opened: Database, clock: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Keys(opened, KEY, clock), Keys(opened, KEY, clock)
    await there.prepare()
    token = there.signed(said(clock), "at+jwt")
    checking = verifier(opened, here, clock)
    caller = await checking.check(token, "here")
    assert (caller.client_id, caller.subject, caller.company) == ("app", "app", None)
    looks = 0
    refresh = here.refresh

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await refresh()

    monkeypatch.setattr(here, "refresh", counted)
    unknown = Keys(opened, KEY, clock)
    monkeypatch.setattr(unknown, "_by_kid", {})
    made_up = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AA"
    for _ in range(50):
        with pytest.raises(InvalidToken, match="not, or no longer"):
            await checking.check(made_up, "here")
    assert looks == 0, "it looked a moment ago"
    clock.move(timedelta(seconds=LOOK))
    for _ in range(50):
        with pytest.raises(InvalidToken):
            await checking.check(made_up, "here")
    assert looks == 1

    async def away() -> None:
        raise DatabaseUnavailable("The database did not answer.")

    monkeypatch.setattr(here, "refresh", away)
    clock.move(timedelta(seconds=LOOK))
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await checking.check(made_up, "here")
    await checking.check(token, "here")


async def test_ends_and_clocks(opened: Database, clock: Moved) -> None:
    keys = Keys(opened, KEY, clock)
    await keys.prepare()
    checking = verifier(opened, keys, clock)
    token = keys.signed(said(clock), "at+jwt")
    clock.move(timedelta(seconds=600 + 59))
    await checking.check(token, "here")
    clock.move(timedelta(seconds=1))
    with pytest.raises(InvalidToken, match="has ended"):
        await checking.check(token, "here")
    with pytest.raises(InvalidToken, match="another audience"):
        await checking.check(keys.signed(said(clock), "at+jwt"), "there")
    now = int(clock.now().timestamp())
    await checking.check(keys.signed(said(clock, iat=now + 60), "at+jwt"), "here")
    with pytest.raises(InvalidToken, match="not good yet"):
        await checking.check(keys.signed(said(clock, iat=now + 61), "at+jwt"), "here")


async def test_what_was_revoked_is_known_until_its_last_token_has_ended(opened: Database, clock: Moved) -> None:
    keys, revoked = Keys(opened, KEY, clock), Revoked(opened, clock)
    await keys.prepare()
    checking = verifier(opened, keys, clock, revoked)
    token = keys.signed(said(clock, jti="one"), "at+jwt")
    await stored.revoke_token(opened, "one", until=clock.now() + timedelta(minutes=12))
    await checking.check(token, "here")
    await revoked.refresh()
    with pytest.raises(InvalidToken, match="revoked"):
        await checking.check(token, "here")
    await revoked.refresh()
    assert revoked.count == 1, "read back a while, and still one"
    clock.move(timedelta(minutes=13))
    assert await stored.sweep(opened, clock.now()) == 1
    await revoked.refresh()
    assert revoked.count == 0


async def test_a_signature_is_checked_once_and_everything_else_each_time(
    opened: Database, clock: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, revoked, companies = Keys(opened, KEY, clock), Revoked(opened, clock), Companies({})
    companies.apply(application("here"))
    await keys.prepare()
    checking = verifier(opened, keys, clock, revoked, companies)
    checked: list[str] = []
    deserialize = jws.deserialize_compact

    def counted(token: str, *others: Any, **more: Any) -> Any:
        checked.append(token)
        return deserialize(token, *others, **more)

    monkeypatch.setattr(jws, "deserialize_compact", counted)
    one, other, third, fourth = (keys.signed(said(clock, jti=name), "at+jwt") for name in "abcd")
    for _ in range(3):
        for token in (one, other, third, fourth):
            assert (await checking.check(token, "here")).client_id == "app"
    assert checked == [one, other, third, fourth]

    with pytest.raises(InvalidToken, match="signature"):
        await checking.check(one[:-4] + ("AAAA" if one[-4:] != "AAAA" else "BBBB"), "here")
    with pytest.raises(InvalidToken, match="another audience"):
        await checking.check(one, "there")
    await stored.revoke_token(opened, "a", until=clock.now() + timedelta(minutes=12))
    await revoked.refresh()
    with pytest.raises(InvalidToken, match="revoked"):
        await checking.check(one, "here")
    companies.apply(application("elsewhere", version=2))
    with pytest.raises(InvalidToken, match="may not have such a token any more"):
        await checking.check(other, "here")
    companies.apply(application("here", version=3))
    await checking.check(other, "here")
    await keys.replace()
    await keys.refresh()
    clock.move(timedelta(seconds=LOOK))
    with pytest.raises(InvalidToken, match="not, or no longer"):
        await checking.check(other, "here")
    fifth = keys.signed(said(clock, jti="e"), "at+jwt")
    await checking.check(fifth, "here")
    clock.move(timedelta(seconds=660))
    with pytest.raises(InvalidToken, match="has ended"):
        await checking.check(fifth, "here")


async def test_so_many_signatures_are_remembered(
    opened: Database, clock: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakturahub.identity.tokens.REMEMBERED", 2)
    keys = Keys(opened, KEY, clock)
    await keys.prepare()
    checking = verifier(opened, keys, clock)
    one, other, third = (keys.signed(said(clock, jti=name), "at+jwt") for name in "abc")
    # the one that was not used longest is the one that is forgotten
    for token in (one, other, one, third):
        await checking.check(token, "here")
    known = {entry.claims.jti for entry in checking._right.values()}
    assert known == {"a", "c"}
    # what is no good is not remembered
    ended = keys.signed(said(clock, jti="d", exp=1), "at+jwt")
    with pytest.raises(InvalidToken, match="has ended"):
        await checking.check(ended, "here")
    assert {entry.claims.jti for entry in checking._right.values()} == known
