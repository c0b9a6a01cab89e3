"""A node that ends while receivers keep it waiting: its connections are closed when every attempt is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from fakturahub import leaving
from fakturahub.clock import SystemClock
from fakturahub.exchange.dispatch import Dispatcher
from fakturahub.outbound.client import Client
from fakturahub.storage.database import Database
from tests.acceptance.leaving import pushing
from tests.peers.https import Behaviour, HttpsPeer, Received, TokenEndpoint, answer, slow
from tests.storage.conftest import empty_db, empty_url
from tests.storage.engine import outgoing, until
from tests.storage.rows import query

__all__ = ["empty_db", "empty_url"]

_OAUTH2 = "auth = 'oauth2'\ntoken_url = '{}'\nclient_id = 'hub'\nclient_secret = 'x'"
_ATTEMPTS = """SELECT d.state, a.outcome, d.last_error FROM delivery d JOIN attempt a ON a.delivery_id = d.id
               ORDER BY d.id"""
INTERRUPTED = "The hub was stopped while it was sending; whether it arrived is not known."


def stopped(dispatcher: Dispatcher, _: asyncio.Task[None]) -> None:
    """As the hub stops it."""
    dispatcher.stop()


def cancelled(_: Dispatcher, running: asyncio.Task[None]) -> None:
    running.cancel()


def broken(dispatcher: Dispatcher, _: asyncio.Task[None]) -> None:
    """A defect in the engine itself."""

    def breaks(*_: object) -> None:
        raise RuntimeError("a defect")

    dispatcher._wanted = breaks  # type: ignore[assignment]


@pytest.mark.parametrize("end", [stopped, cancelled, broken], ids=lambda end: end.__name__)
async def test_attempts_are_recorded_before_the_client_is_closed(
    empty_db: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Dispatcher, asyncio.Task[None]], None],
) -> None:
    monkeypatch.setattr("fakturahub.exchange.dispatch.GRACE", 0.5)
    recorded_at_close: list[list[object]] = []

    class Watched(Client):
        async def close(self) -> None:
            recorded_at_close.append(await query(empty_db, _ATTEMPTS))
            await super().close()

    monkeypatch.setattr(leaving, "Client", Watched)
    endpoint = TokenEndpoint()
    endpoint.pause = 30

    def handle(received: Received) -> Behaviour:
        if received.target == "/token":
            return endpoint.token(received)
        return slow(30) if received.target == "/hangs" else slow(0.2, answer(200))

    with HttpsPeer() as peer, structlog.testing.capture_logs() as logged:
        peer.handler = handle
        urls = {key: peer.url(f"/{key}") for key in ("hangs", "slow", "waits-for-a-token")}
        more = {"waits-for-a-token": _OAUTH2.format(peer.url("/token"))}
        async with pushing(empty_db, tmp_path, urls, SystemClock(), more=more) as node:
            for key in ("hangs", "slow", "waits-for-a-token"):
                await outgoing(empty_db, receiver=node.receivers[key])
            running = asyncio.create_task(node.dispatcher.run())
            await until(lambda: len(peer.received) == 3)
            end(node.dispatcher, running)
            await asyncio.wait([running], timeout=10)
            assert running.done()
            if end is broken:
                assert isinstance(running.exception(), RuntimeError)
        (recorded,) = recorded_at_close
        assert recorded == await query(empty_db, _ATTEMPTS)
    waiting = ("retrying", "retrying", INTERRUPTED)
    # whoever cancels does not wait for answers either
    answered = waiting if end is cancelled else ("delivered", "delivered", None)
    assert sorted(recorded, key=str) == sorted([waiting, answered, waiting], key=str)
    assert not any("Session is closed" in str(one) for one in logged)
    assert not any(one["event"] in ("attempt failed", "attempt not recorded") for one in logged)
