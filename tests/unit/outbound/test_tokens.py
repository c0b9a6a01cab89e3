"""Tokens from a real endpoint: kept, fetched once for all who wait, and every way in which an endpoint can lie."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from fakturahub.config import Secret
from fakturahub.outbound import tokens as tokens_module
from fakturahub.outbound.client import Client
from fakturahub.outbound.tokens import LONGEST_PAUSE, PAUSE, POINTLESS, TOO_OFTEN_PAUSE, Grant, NoToken, Tokens
from tests.peers.https import HttpsPeer, TokenEndpoint, answer, closed_port, drop, slow, trickle
from tests.unit.outbound.calling import calling

SECRET = "s3cr&t:påss"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


@pytest.fixture
def peer(endpoint: TokenEndpoint) -> Iterator[HttpsPeer]:
    with HttpsPeer() as running:
        running.handler = endpoint.token
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with calling() as made:
        yield made


@pytest.fixture
async def tokens(client: Client, clock: Clock) -> AsyncIterator[Tokens]:
    made = Tokens(client, clock)
    yield made
    await made.close()


def grant(peer: HttpsPeer, **more: object) -> Grant:
    given = {"grant": "client_credentials", "client_id": "hub", "client_secret": Secret(SECRET), **more}
    return Grant(peer.url("/token"), **given)  # type: ignore[arg-type]


async def plain(tokens: Tokens, asked: Grant) -> str:
    got = await tokens.token(asked)
    assert isinstance(got, Secret), got
    return got.reveal()


async def none(tokens: Tokens, asked: Grant) -> str:
    got = await tokens.token(asked)
    assert isinstance(got, NoToken)
    assert "s3cr" not in got.detail
    return got.detail


async def test_what_is_asked_for(tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint) -> None:
    await plain(tokens, grant(peer, scope="a b"))
    await plain(tokens, grant(peer, grant="password", username="u", password=Secret("p+w")))
    await plain(tokens, grant(peer, audience="https://erp.example/", resource="https://erp.example/in?a=1"))
    first, second, third = (form for form, _ in endpoint.calls)
    assert first == {
        "grant_type": "client_credentials",
        "scope": "a b",
        "client_id": "hub",
        "client_secret": SECRET,
    }
    assert second["grant_type"] == "password"
    assert (second["username"], second["password"]) == ("u", "p+w")
    assert (third["audience"], third["resource"]) == ("https://erp.example/", "https://erp.example/in?a=1")
    assert peer.received[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_thousand_who_wait_make_one_request(tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint) -> None:
    endpoint.pause = 0.2
    got = await asyncio.gather(*(plain(tokens, grant(peer)) for _ in range(1_000)))
    assert set(got) == {"token-1"}
    assert len(endpoint.calls) == 1


async def test_who_gives_up_waiting_takes_it_from_nobody(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint
) -> None:
    endpoint.pause = 0.2
    first = asyncio.create_task(plain(tokens, grant(peer)))
    second = asyncio.create_task(plain(tokens, grant(peer)))
    await asyncio.sleep(0.05)
    first.cancel()
    assert await second == "token-1"
    assert len(endpoint.calls) == 1


@pytest.mark.parametrize(
    ("expires_in", "used_for"),
    [
        (3600, 3540),
        ("3600", 3540),
        (100, 90),
        (10.0, 9),
        (None, 270),
        ("soon", 270),
        (-5, 270),
        (True, 270),
        (1e12, 270),
        ([1], 270),
        (0, 0),
    ],
)
async def test_a_token_is_kept_until_shortly_before_its_end(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock, expires_in: object, used_for: float
) -> None:
    endpoint.expires_in = expires_in
    await plain(tokens, grant(peer))
    if used_for:
        clock.now += used_for - 0.01
        assert await plain(tokens, grant(peer)) == "token-1"
        clock.now += 0.02
    assert await plain(tokens, grant(peer)) == "token-2"


@pytest.mark.parametrize(
    "other",
    [
        {"client_secret": Secret("new")},
        {"client_id": "other"},
        {"scope": "x"},
        {"audience": "x"},
        {"resource": "https://x.example/"},
        {"grant": "password", "username": "u"},
    ],
)
async def test_other_credentials_get_other_tokens(tokens: Tokens, peer: HttpsPeer, other: dict[str, object]) -> None:
    assert await plain(tokens, grant(peer)) == "token-1"
    assert await plain(tokens, grant(peer, **other)) == "token-2"
    assert await plain(tokens, grant(peer)) == "token-1"


async def test_basic_authentication_is_tried_and_remembered(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock
) -> None:
    endpoint.credentials = "basic"
    assert await plain(tokens, grant(peer)) == "token-2"
    clock.now += 10_000
    assert await plain(tokens, grant(peer)) == "token-3"
    logins = [login for _, login in endpoint.calls]
    assert logins[0] is None
    assert logins[1] == logins[2]
    assert base64.b64decode((logins[1] or "").removeprefix("Basic ")) == b"hub:s3cr%26t%3Ap%C3%A5ss"
    assert "client_secret" not in endpoint.calls[2][0]


async def test_one_way_to_name_the_client_where_it_is_said(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock
) -> None:
    """Some endpoints lock a client that tries the other one."""
    endpoint.credentials = "basic"
    assert await plain(tokens, grant(peer, client_auth="basic")) == "token-1"
    clock.now += 10_000
    assert "invalid_client" in await none(tokens, grant(peer, client_auth="body"))
    assert [login is None for _, login in endpoint.calls] == [False, True]


# --- refused by the receiver ----------------------------------------------------------------------------------------


async def test_a_token_that_a_receiver_refuses_is_replaced_once(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock
) -> None:
    asked = grant(peer)
    assert await plain(tokens, asked) == "token-1"
    # many deliveries meet the same refusal at the same time
    assert all(tokens.refused(asked, Secret("token-1")) for _ in range(50))
    got = await asyncio.gather(*(plain(tokens, asked) for _ in range(50)))
    assert set(got) == {"token-2"}
    assert tokens.refused(asked, Secret("token-1"))
    assert len(endpoint.calls) == 2
    # the new one is refused, too: it is not the token
    assert not tokens.refused(asked, Secret("token-2"))
    assert await plain(tokens, asked) == "token-2"
    assert not tokens.refused(asked, Secret("token-2"))
    clock.now += POINTLESS + 1
    assert tokens.refused(asked, Secret("token-2"))
    assert await plain(tokens, asked) == "token-3"
    tokens.accepted(asked)
    assert tokens.refused(asked, Secret("token-3"))
    assert await plain(tokens, asked) == "token-4"


# --- endpoints that fail and lie ------------------------------------------------------------------------------------


def said(body: object, status: int = 200, kind: str = "application/json") -> object:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(status, data, {"Content-Type": kind})


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (said({"error": "invalid_client"}, 400), "answered 400, invalid_client"),
        (said({"error": "invalid_grant", "error_description": SECRET}, 400), "answered 400, invalid_grant"),
        (said({"error": SECRET}, 400), "answered 400."),
        (said({"error": {"a": 1}}, 401), "answered 401."),
        (said(b"s3cr&t", 500, "text/html"), "answered 500"),
        (answer(302, headers={"Location": "http://169.254.169.254/"}), "answered 302"),
        (said({"access_token": "a"}, kind="text/html"), "gave none"),
        (said({"token": "a"}), "gave none"),
        (said({"access_token": ""}), "gave none"),
        (said({"access_token": 17}), "gave none"),
        (said({"access_token": "a\r\nX-Evil: 1"}), "gave none"),
        (said({"access_token": "a b"}), "gave none"),
        (said({"access_token": "å"}), "gave none"),
        (said({"access_token": "a" * 20_000}), "gave none"),
        (said({"access_token": "a", "token_type": "mac"}), "no bearer token"),
        (said(b"{" * 60_000), "gave none"),
        (said(b"[" * 60_000), "gave none"),
        (said(b"\xff\xfe"), "gave none"),
        (said([1]), "gave none"),
        (said(b'{"access_token": "a", "x": "' + b"x" * 70_000 + b'"}'), "gave none"),
        (drop(), "closed the connection"),
    ],
)
async def test_an_endpoint_that_fails_or_lies(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock, behaviour: object, words: str
) -> None:
    endpoint.instead.extend([behaviour, behaviour])  # type: ignore[list-item]
    detail = await none(tokens, grant(peer))
    assert detail.startswith("The hub cannot get a token: ")
    assert words in detail
    # it is left in peace for a while, and then asked again
    asked = len(endpoint.calls)
    assert await none(tokens, grant(peer)) == detail
    assert len(endpoint.calls) == asked
    endpoint.instead.clear()
    clock.now += PAUSE + 0.1
    await plain(tokens, grant(peer))


async def test_pauses_between_failures_grow(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock
) -> None:
    peer.handler = lambda _: answer(500)
    times = []
    for _ in range(9):
        start = clock.now
        count = len(peer.received)
        while len(peer.received) == count:
            clock.now += 1.0
            await tokens.token(grant(peer))
        times.append(clock.now - start)
    assert times == [1, 5, 10, 20, 40, 80, 160, LONGEST_PAUSE, LONGEST_PAUSE]


@pytest.mark.parametrize(
    ("behaviour", "pause"),
    [
        (answer(429, headers={"Retry-After": "120"}), 120),
        (answer(503, headers={"Retry-After": "99999"}), 3_600),
        (answer(429), TOO_OFTEN_PAUSE),
        (
            said({"error": "invalid_request", "error_description": "You have exceeded the rate limit"}, 400),
            TOO_OFTEN_PAUSE,
        ),
    ],
)
async def test_an_endpoint_that_wants_to_be_left_in_peace(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, clock: Clock, behaviour: object, pause: float
) -> None:
    endpoint.instead.append(behaviour)  # type: ignore[arg-type]
    await none(tokens, grant(peer))
    clock.now += pause - 0.1
    await none(tokens, grant(peer))
    clock.now += 0.2
    await plain(tokens, grant(peer))


async def test_an_endpoint_that_never_answers(
    tokens: Tokens, peer: HttpsPeer, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "ANSWER_TIME", 0.3)
    monkeypatch.setattr(tokens_module, "CONNECT_TIME", 0.3)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for behaviour in (slow(5), trickle(head, b"X-More: 1\r\n", 0.05)):
        endpoint.instead.append(behaviour)
        began = time.perf_counter()
        assert "in time" in await none(tokens, grant(peer, scope=str(id(behaviour))))
        assert time.perf_counter() - began < 3


async def test_an_endpoint_that_is_not_there(tokens: Tokens, peer: HttpsPeer) -> None:
    with closed_port() as port:
        asked = Grant(f"http://127.0.0.1:{port}/", "client_credentials", "hub", Secret(SECRET))
        assert "refused the connection" in await none(tokens, asked)


async def test_the_endpoint_is_a_target_like_any_other(peer: HttpsPeer, endpoint: TokenEndpoint) -> None:
    async with calling(trusted=()) as client:
        tokens = Tokens(client)
        assert "which is the hub's own machine" in await none(
            tokens, Grant(peer.url("/token", "firm.example"), "client_credentials", "hub", Secret(SECRET))
        )
    assert peer.connections == 0


async def test_tokens_of_credentials_that_nobody_uses_are_forgotten(
    tokens: Tokens, peer: HttpsPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "KEPT", 2)
    for scope in ("a", "b", "a", "c"):
        await plain(tokens, grant(peer, scope=scope))
    assert await plain(tokens, grant(peer, scope="a")) == "token-1"
    assert await plain(tokens, grant(peer, scope="b")) == "token-4"


def test_nothing_secret_shows(peer: HttpsPeer) -> None:
    assert "s3cr" not in repr(grant(peer, password=Secret("s3cr")))
