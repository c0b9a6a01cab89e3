"""When a delivery is tried again: table by table."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from fakturahub.exchange.schedule import JITTER, OWN_TROUBLE, SCHEDULES, Next, Schedule, after, schedule_of
from fakturahub.model import Fault, Outcome, Record, Result

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HTTP = SCHEDULES["http"]
SENT = Record("https://peer.example/", sent=10)
NOT_CONNECTED = Record("https://peer.example/")


def following(
    *,
    schedule: Schedule = HTTP,
    fault: Fault = Fault.RECEIVER,
    retry_after: float | None = None,
    record: Record | None = SENT,
    attempt: int = 1,
    step: int = 0,
    since: datetime = NOW,
    took: float = 0.1,
    chance: float = 0.5,
) -> Next:
    outcome = Outcome(Result.RETRY, "no", record, fault, retry_after)
    return after(
        schedule,
        outcome,
        attempt=attempt,
        step=step,
        trying_since=since,
        now=NOW,
        took=timedelta(seconds=took),
        chance=chance,
    )


def pause(found: Next) -> timedelta:
    assert found.due_at is not None
    return found.due_at - NOW


def test_http_is_tried_as_standard_webhooks_recommends() -> None:
    found = [pause(following(step=step)).total_seconds() for step in range(11)]
    hours = [2, 5, 10, 14, 20, 24, 24, 24]
    assert found == [5, 300, 1800, *(3600 * one for one in hours)]


@pytest.mark.parametrize("channel", SCHEDULES)
def test_a_schedule_fits_into_its_time(channel: str) -> None:
    schedule = schedule_of(channel)
    assert list(schedule.pauses) == sorted(schedule.pauses)
    assert sum(schedule.pauses, timedelta()) < schedule.gives_up_after


def test_a_channel_without_a_schedule_of_its_own_has_that_of_http() -> None:
    assert schedule_of("callback") == HTTP


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 1 - JITTER), (0.5, 1.0), (1.0, 1 + JITTER)])
def test_jitter(chance: float, factor: float) -> None:
    assert pause(following(step=2, chance=chance)) == HTTP.pauses[2] * factor


@pytest.mark.parametrize(
    ("step", "asked", "seconds"),
    [
        (0, None, 5),
        (0, 1, 5),
        (0, 60, 60),
        (0, 3_599, 3_599),
        (0, 86_400, 3_600),
        (3, 60, 7_200),
        (3, 10_000, 10_000),
        (3, 1e9, 14_400),
        (0, -5, 5),
        (0, math.nan, 5),
        (0, math.inf, 5),
    ],
)
def test_what_a_receiver_asks_for_is_heeded_within_bounds(step: int, asked: float | None, seconds: float) -> None:
    assert pause(following(step=step, retry_after=asked)).total_seconds() == seconds


@pytest.mark.parametrize(
    ("attempt", "took", "record", "fault", "at_once"),
    [
        (1, 0.1, NOT_CONNECTED, Fault.RECEIVER, True),
        (2, 0.1, NOT_CONNECTED, Fault.RECEIVER, False),
        (1, 1.0, NOT_CONNECTED, Fault.RECEIVER, False),
        (1, 0.1, SENT, Fault.RECEIVER, False),
        (1, 0.1, None, Fault.RECEIVER, False),
        (1, 0.1, NOT_CONNECTED, Fault.OURS, False),
    ],
)
def test_a_connection_that_fails_at_once_has_a_second_try_at_once(
    attempt: int, took: float, record: Record | None, fault: Fault, at_once: bool
) -> None:
    found = following(attempt=attempt, took=took, record=record, fault=fault)
    assert (found == Next(NOW, 0)) is at_once


def test_our_own_trouble_uses_no_pause_of_the_schedule() -> None:
    found = [following(fault=Fault.OURS, attempt=attempt, step=3) for attempt in range(1, 8)]
    assert {one.step for one in found} == {3}
    assert [pause(one) for one in found] == [*OWN_TROUBLE, OWN_TROUBLE[-1], OWN_TROUBLE[-1]]


def test_the_last_try_is_at_the_end() -> None:
    assert following(step=9, since=NOW - timedelta(days=6, hours=12)).due_at == NOW + timedelta(hours=12)
    assert following(step=9, since=NOW - timedelta(days=7)).due_at is None
