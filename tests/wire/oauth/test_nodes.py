"""Two nodes behind one address: what one issues the other takes, and what one ends ends on the other, too."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import asyncpg
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from fakturahub.clock import SystemClock
from fakturahub.identity.oauth.keys import Keys
from fakturahub.identity.sealing import MasterKey
from fakturahub.storage.database import Database
from tests.conftest import _make_database
from tests.running import Answer, Hub, invoice, running_hub
from tests.wire.oauth import parties
from tests.wire.oauth.parties import (
    APPLICATION,
    APPLICATION_SECRET,
    CLIENT,
    PASSWORD,
    REDIRECT,
    REVOKE,
    SECRET,
    TOKEN,
    USER,
    Browser,
    ask,
    basic,
    by_password,
    claims,
    error,
    post_with,
    refreshed,
    rows,
    told,
)
from tests.wire.raw import RawAnswer, exchange, head

PUBLIC = "https://hub.example"
KEY = secrets.token_hex(32)
#: seconds between two looks of a node, and what a request and a busy machine take besides
SEEN_WITHIN = 1.0 + 1.0
#: failed sign-ins a minute that the second node lets pass
FAILURES = 20


@pytest.fixture(scope="module")
def nodes(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    folder = tmp_path_factory.mktemp("nodes")
    database = _make_database(postgres)
    file = parties.write(folder, more=f'\n[hub]\npublic_url = "{PUBLIC}/"\n')
    environment = {"FAKTURAHUB_MASTER_KEY": KEY, "FAKTURAHUB_LOG_LEVEL": "debug"}

    def arguments(failures: int) -> tuple[str, ...]:
        return ("--address-rate", "0", "--failure-rate", str(failures), "--payloads", str(folder / "payloads"))

    with (
        running_hub(
            folder / "one", database=database, companies=file, environment=environment, arguments=arguments(10_000)
        ) as one,
        running_hub(
            folder / "other", database=database, companies=None, environment=environment, arguments=arguments(FAILURES)
        ) as other,
    ):
        yield one, other


def until(what: Callable[[], bool], *, wait: float = SEEN_WITHIN) -> float:
    """The seconds until *what* is so; it has to be so in time."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < wait, "not seen in time"
        time.sleep(0.02)
    return time.monotonic() - started


def test_the_issuer_is_the_public_address_and_tokens_are_good_on_every_node(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    tokens = by_password(one)
    assert claims(tokens["access_token"])["iss"] == PUBLIC
    for node in nodes:
        assert post_with(node, tokens["access_token"], invoice("ON-1")).status == 200
        description = json.loads(node.request("GET", "/.well-known/oauth-authorization-server").body)
        assert description["token_endpoint"] == PUBLIC + TOKEN
    newer = told(refreshed(other, tokens["refresh_token"]))
    assert post_with(one, newer["access_token"], invoice("ON-1")).status == 200
    assert one.request("GET", "/.well-known/jwks.json").body == other.request("GET", "/.well-known/jwks.json").body


def test_behind_https_cookies_are_for_https_only(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    browser = Browser(one)
    browser.open(redirect_uri=REDIRECT)
    answer = browser.sign_in()
    cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-fakturahub-")
        assert "Secure" in cookie
        assert "Domain" not in cookie
    # and a sign-in at one node counts at the other
    browser.hub = other
    assert parties.back(browser.submit("allow"))["iss"] == PUBLIC


def test_what_one_node_revokes_the_other_refuses_within_a_second(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    tokens = [by_password(one) for _ in range(3)]
    newer = told(refreshed(one, tokens[2]["refresh_token"]))
    assert ask(one, REVOKE, token=tokens[0]["access_token"]).status == 200
    assert ask(one, REVOKE, token=tokens[1]["refresh_token"]).status == 200
    assert error(refreshed(one, tokens[2]["refresh_token"])) == "invalid_grant"
    for token in (tokens[0], tokens[1], newer):
        assert post_with(one, token["access_token"], invoice("ON-2")).status == 401
        until(lambda token=token: post_with(other, token["access_token"], invoice("ON-2")).status == 401)  # type: ignore[misc]


def rotate(hub: Hub, *, after: timedelta) -> int:
    """What the hub's own chore does, now."""
    assert hub.database is not None

    async def rotated() -> int:
        database = Database(hub.database or "")
        try:
            return await Keys(database, MasterKey.from_text(KEY), SystemClock()).rotate(after=after)
        finally:
            await database.close()

    return asyncio.run(rotated())


def kid(token: str) -> str:
    part = token.split(".")[0]
    name: str = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]
    return name


def published(hub: Hub) -> list[str]:
    return [key["kid"] for key in json.loads(hub.request("GET", "/.well-known/jwks.json").body)["keys"]]


def test_a_new_key_is_published_before_it_signs_and_an_old_one_until_its_tokens_have_ended(
    nodes: tuple[Hub, Hub],
) -> None:
    one, other = nodes
    old = by_password(one)["access_token"]
    assert rotate(one, after=timedelta(days=1)) == 0, "the key is not old enough"
    assert rotate(one, after=timedelta(0)) == 1
    until(lambda: len(published(one)) == len(published(other)) == 2)
    assert kid(by_password(one)["access_token"]) == kid(old), "published, but it does not sign yet"
    rows(one, "UPDATE oauth_key SET signs_from = $1 WHERE kid <> $2", datetime.now(UTC), kid(old))
    new = published(one)[1]
    until(lambda: kid(by_password(one)["access_token"]) == new, wait=4)
    newest = by_password(one)["access_token"]
    for node in nodes:
        assert post_with(node, newest, invoice("ON-3")).status == 200
        assert post_with(node, old, invoice("ON-3")).status == 200
    assert rotate(one, after=timedelta(days=1)) == 0, "the old one is still needed"
    rows(one, "UPDATE oauth_key SET signs_from = $1 WHERE kid = $2", datetime.now(UTC) - timedelta(hours=1), new)
    rows(one, "UPDATE oauth_key SET signs_from = $1 WHERE kid = $2", datetime.now(UTC) - timedelta(hours=2), kid(old))
    assert rotate(one, after=timedelta(days=1)) == 1
    until(lambda: published(one) == published(other) == [new])
    assert post_with(other, newest, invoice("ON-3")).status == 200
    refused = post_with(other, old, invoice("ON-3"))
    assert "not, or no longer, one of this hub" in (refused.header("www-authenticate") or "")


def test_a_key_that_was_made_a_moment_ago_is_known_within_a_second(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    assert rotate(one, after=timedelta(0)) == 1
    (row,) = rows(one, "SELECT kid, sealed FROM oauth_key ORDER BY created_at DESC LIMIT 1")
    key = RSAKey.import_key(MasterKey.from_text(KEY).unseal(row["sealed"], f"oauth_key/{row['kid']}"))
    said = json.dumps(claims(by_password(one)["access_token"]))
    header = {"typ": "at+jwt", "alg": "RS256", "kid": row["kid"]}
    token = jws.serialize_compact(header, said, key, algorithms=["RS256"])
    until(lambda: post_with(other, token, invoice("ON-4")).status == 200)


def test_who_has_another_password_has_to_sign_in_anew(nodes: tuple[Hub, Hub]) -> None:
    one, _ = nodes
    browser = Browser(one)
    code = browser.let_in(redirect_uri=REDIRECT)["code"]
    tokens, kept = by_password(one), by_password(one, username="skog", password="skog-password")
    file = one.data.parent / "companies.toml"
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(before.replace(f'password = "{PASSWORD}"', 'password = "another-password"'), encoding="utf-8")
        one.command("apply", str(file))
        request = {"grant_type": "password", "username": USER, "password": "another-password"}
        until(lambda: ask(one, **request).status == 200, wait=5)
        assert error(refreshed(one, tokens["refresh_token"])) == "invalid_grant"
        redeemed = ask(one, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
        assert error(redeemed) == "invalid_grant"
        browser.open(redirect_uri=REDIRECT)
        assert "Sign in</h1>" in browser.page
        told(refreshed(one, kept["refresh_token"]))
    finally:
        file.write_text(before, encoding="utf-8")
        one.command("apply", str(file))
        until(lambda: ask(one, grant_type="password", username=USER, password=PASSWORD).status == 200, wait=5)


def test_a_key_that_somebody_else_may_have_is_replaced_at_once(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    tokens = by_password(one)
    listed = one.command("signing-keys")
    assert f"{kid(tokens['access_token'])}  signs" in listed
    replaced = json.loads(one.command("signing-keys", "--rotate", "--now", "--json"))
    assert [(one["kid"] == kid(tokens["access_token"]), one["signs"]) for one in replaced] == [(False, True)]
    for node in nodes:
        until(lambda node=node: post_with(node, tokens["access_token"], invoice("ON-6")).status == 401)  # type: ignore[misc]
        newer = told(refreshed(node, tokens["refresh_token"]))
        assert kid(newer["access_token"]) == replaced[0]["kid"]
        assert post_with(other, newer["access_token"], invoice("ON-6")).status == 200
        tokens["refresh_token"] = newer["refresh_token"]
    assert "waits" in one.command("signing-keys", "--rotate")
    one.command("signing-keys", "--now", status=2)


def test_a_client_that_has_another_name_is_gone_with_its_tokens(nodes: tuple[Hub, Hub]) -> None:
    one, other = nodes
    granne = basic(parties.NEIGHBOUR, "a secret+with/odd%20signs")
    password = {"grant_type": "password", "username": "granne", "password": "granne-password"}
    token = told(ask(one, authorization=granne, **password))["access_token"]
    assert post_with(other, token, invoice("ON-7")).status == 200
    file = one.data.parent / "companies.toml"
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(before.replace(f'"{parties.NEIGHBOUR}"', '"granne-new"'), encoding="utf-8")
        one.command("apply", str(file))
        until(lambda: post_with(other, token, invoice("ON-7")).status == 401, wait=5)
        until(lambda: ask(one, authorization=granne, **password).status == 401, wait=5)
    finally:
        file.write_text(before, encoding="utf-8")
        one.command("apply", str(file))


# --- guessing ---


def guess(hub: Hub, source: str, **given: str) -> RawAnswer:
    body = urlencode({"grant_type": "password", "username": USER, "password": PASSWORD, **given}).encode()
    request = head(
        f"POST {TOKEN} HTTP/1.1",
        f"Authorization: {basic(CLIENT, given.get('secret', SECRET))}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return exchange(hub.port, request + body, source=source)


def test_guessing_passwords_is_held_off_by_address_and_by_user_name(nodes: tuple[Hub, Hub]) -> None:
    _, other = nodes
    answers = []
    while len(answers) < 200 and (not answers or answers[-1].status == 400):
        # from another address each time: the name of the user is what is counted
        answers.append(guess(other, f"127.0.1.{len(answers) + 1}", username="skog", password=f"guess {len(answers)}"))
    assert len(answers) > FAILURES
    assert answers[-1].status == 429
    assert 1 <= int(answers[-1].field("retry-after") or "0") <= 60
    assert guess(other, "127.0.2.1", username="skog", password="not tried before").status == 429
    assert guess(other, "127.0.2.1").status == 200, "nobody else has to wait"


def test_guessing_secrets_is_held_off_by_address(nodes: tuple[Hub, Hub]) -> None:
    _, other = nodes
    answers = []
    while len(answers) < 200 and (not answers or answers[-1].status == 401):
        answers.append(guess(other, "127.0.3.1", secret=f"guess {len(answers)}"))
    assert len(answers) > FAILURES
    assert answers[-1].status == 429
    assert guess(other, "127.0.3.2").status == 200


# --- logs ---


def test_nothing_that_lets_anybody_in_is_logged(nodes: tuple[Hub, Hub]) -> None:
    one, _ = nodes
    browser = Browser(one)
    code = browser.let_in(redirect_uri=REDIRECT, state="a-state-of-mine")["code"]
    answers: list[Answer] = [
        ask(one, grant_type="authorization_code", code=code, redirect_uri=REDIRECT),
        ask(one, grant_type="password", username=USER, password=PASSWORD),
        ask(one, grant_type="password", username=USER, password="wrong-gehaim"),
        ask(one, authorization=basic(CLIENT, "wrong-secret-gehaim"), grant_type="password"),
        ask(one, f"{TOKEN}?client_secret=in-the-address-gehaim", grant_type="password"),
        ask(one, authorization=basic(APPLICATION, APPLICATION_SECRET), grant_type="client_credentials"),
        one.request("GET", f"/oauth/authorize?client_id={CLIENT}&client_secret=in-the-address-gehaim"),
    ]
    found = [json.loads(answer.body) for answer in answers if answer.status == 200]
    tokens = [one[name] for one in found for name in ("access_token", "refresh_token") if name in one]
    assert len(tokens) == 5
    post_with(one, tokens[0] + "x", invoice("ON-5"))
    ask(one, REVOKE, token=tokens[1])
    refreshed(one, tokens[1])
    log = one.log.read_text()
    assert "token issued" in log
    cookie = browser.cookies["__Host-fakturahub-sign-in"]
    for secret in (*tokens, code, cookie, PASSWORD, SECRET, APPLICATION_SECRET, "gehaim", "a-state-of-mine", KEY):
        assert secret not in log
    assert not re.search(r"eyJ[A-Za-z0-9_-]{10}|fhr_|BEGIN", log)


# --- the last test: it does harm ---


def test_without_the_database_nobody_is_refused_for_good(nodes: tuple[Hub, Hub]) -> None:
    """No verdict is passed on a password or a token that cannot be looked up: the client is asked to come again."""
    one, _ = nodes
    tokens = by_password(one)
    assert one.database is not None
    before, _, query = one.database.partition("?")
    base, _, name = before.rpartition("/")
    server = f"{base}/postgres?{query}"

    def admin(*statements: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(server)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())

    admin(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608
    )
    try:
        for answer in (
            ask(one, grant_type="password", username=USER, password=PASSWORD),
            refreshed(one, tokens["refresh_token"]),
            ask(one, grant_type="authorization_code", code="x", redirect_uri=REDIRECT),
            ask(one, REVOKE, token=tokens["refresh_token"]),
        ):
            assert error(answer, 503) == "temporarily_unavailable"
            assert int(answer.header("retry-after") or "0") >= 1
        # what needs no database goes on: tokens of applications, the check of a token, the pages
        oracle = basic(APPLICATION, APPLICATION_SECRET)
        told(ask(one, authorization=oracle, grant_type="client_credentials"))
        assert told(ask(one, parties.INTROSPECT, token=tokens["access_token"]))["active"] is True
        browser = Browser(one)
        browser.open(redirect_uri=REDIRECT)
        assert browser.sign_in().status == 200
        answer = browser.submit("allow")
        assert (answer.status, answer.header("location")) == (503, None)
    finally:
        admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    until(lambda: refreshed(one, tokens["refresh_token"]).status == 200, wait=10)
