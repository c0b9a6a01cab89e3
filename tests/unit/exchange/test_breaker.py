"""The breaker of a target: a story at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fakturahub.exchange.breaker import (
    ATTEMPTS,
    FIRST,
    GROWS_AFTER,
    LONGEST,
    WINDOW,
    arrived,
    at_once,
    failed,
    is_down,
    is_open,
    is_worth_keeping,
    new,
    oldest_first,
    undecided,
)
from fakturahub.storage.targets import Breaker

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MOST = 16


def told(story: str, at: datetime = NOW, breaker: Breaker | None = None) -> Breaker:
    """The breaker after a ``.`` for each arrival and an ``x`` for each failure, all at one moment."""
    current = breaker or new("http x", at)
    for one in story:
        current = failed(current, "no", at) if one == "x" else arrived(current, at)
    return current


@pytest.mark.parametrize(
    ("story", "opens"),
    [
        ("x" * 9, False),
        ("x" * 10, True),
        ("...xxxxxxx", True),
        ("....xxxxxx", False),
        ("." * 100, False),
        (".x" * 50, False),
        ("." * 30 + "x" * 70, True),
        ("." * 30 + "x" * 69, False),
    ],
)
def test_it_opens_where_most_of_enough_failed(story: str, opens: bool) -> None:
    found = told(story)
    assert is_open(found, NOW) is opens
    assert at_once(found, MOST, NOW) == (0 if opens else MOST)


def test_what_is_long_ago_does_not_count() -> None:
    early = told("x" * 9)
    late = told("x" * 9, NOW + WINDOW, early)
    assert not is_open(late, NOW + WINDOW)
    assert (late.attempts, late.failures) == (9, 9)


def test_it_opens_for_longer_each_time() -> None:
    current = told("x" * ATTEMPTS)
    now, pauses = NOW, []
    for _ in range(8):
        assert current.open_until is not None
        pauses.append(current.open_until - now)
        now = current.open_until
        # half open: one may try, the oldest
        assert at_once(current, MOST, now) == 1
        assert oldest_first(current, now)
        current = failed(current, "still no", now)
    assert pauses[:5] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST]
    assert set(pauses[5:]) == {LONGEST}
    assert current.failing_since == NOW
    assert current.last_error == "still no"


def test_what_was_under_way_when_it_opened_changes_nothing() -> None:
    opened = told("x" * ATTEMPTS)
    after = told("x.x.", NOW + timedelta(seconds=5), opened)
    assert after.open_until == opened.open_until
    assert after.opened == 1


def test_it_comes_back_slowly() -> None:
    opened = told("x" * ATTEMPTS)
    now = NOW + FIRST
    back = arrived(opened, now)
    assert (back.opened, back.open_until, back.failing_since, back.pulling) == (0, None, None, True)
    allowed = []
    for _ in range(GROWS_AFTER * MOST):
        allowed.append(at_once(back, MOST, now))
        back = arrived(back, now)
    assert allowed == sorted(allowed)
    assert (allowed[0], allowed[-1]) == (1, MOST)
    assert not oldest_first(back, now)
    assert at_once(arrived(opened, now), MOST, now + WINDOW) == MOST


def test_half_open_without_a_verdict_waits() -> None:
    opened = told("x" * ATTEMPTS)
    now = NOW + FIRST
    found = undecided(opened, now)
    assert found.open_until == now + FIRST
    assert found.opened == 1
    assert undecided(found, now) == found
    closed = told("xx")
    assert undecided(closed, NOW) == closed


def test_where_nothing_arrives_for_long_the_oldest_goes_alone() -> None:
    found = told("x")
    later = NOW + WINDOW
    assert not is_down(found, NOW)
    assert is_down(found, later)
    assert at_once(found, MOST, later) == 1
    assert oldest_first(found, later)
    back = arrived(found, later)
    assert back.pulling
    assert not is_down(back, later)


def test_one_that_fails_now_and_then_is_not_down() -> None:
    current = told("x")
    for minute in range(1, 60):
        current = told(".x", NOW + timedelta(minutes=minute), current)
        assert at_once(current, MOST, NOW + timedelta(minutes=minute)) == MOST
        assert not current.pulling


def test_what_is_worth_keeping() -> None:
    assert is_worth_keeping(told("x"), NOW)
    assert is_worth_keeping(told("x."), NOW)
    assert not is_worth_keeping(told(".", NOW + WINDOW, told("x.")), NOW + WINDOW)
    assert is_worth_keeping(told("x" * ATTEMPTS), NOW)
