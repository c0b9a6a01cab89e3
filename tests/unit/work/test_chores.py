"""Chores come round, survive the hub's own errors, and end when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from fakturahub.errors import DatabaseUnavailable
from fakturahub.work.chores import Chore, keep_up


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


class Work:
    """Gives what it is told to, one thing after the other, and then nothing; tells when it has been asked for all."""

    def __init__(self, *results: int | Exception) -> None:
        self._results = list(results)
        self.asked_for_all = asyncio.Event()

    async def __call__(self) -> int:
        if not self._results:
            self.asked_for_all.set()
            return 0
        result = self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


async def test_a_chore_comes_round_and_survives_trouble(logged: list[Any]) -> None:
    work = Work(0, DatabaseUnavailable("away"), KeyError("a defect"), 3)
    chore = asyncio.create_task(keep_up(Chore("tidy", timedelta(milliseconds=1), work)))
    await asyncio.wait_for(work.asked_for_all.wait(), 5)
    chore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chore
    assert logged == [
        {"room": "work", "event": "chore put off", "log_level": "warning", "chore": "tidy", "error": "away"},
        {"room": "work", "event": "chore failed", "log_level": "error", "chore": "tidy", "exc_info": True},
        {"room": "work", "event": "chore done", "log_level": "info", "chore": "tidy", "count": 3},
    ], "what had nothing to do is not told"


async def test_a_chore_is_not_done_at_the_start(logged: list[Any]) -> None:
    """Nodes that start together would all come at once."""
    work = Work()
    chore = asyncio.create_task(keep_up(Chore("tidy", timedelta(hours=1), work)))
    await asyncio.sleep(0.05)
    assert not work.asked_for_all.is_set()
    chore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chore
