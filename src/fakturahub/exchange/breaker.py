"""The breaker of a target: when it is left alone, when one delivery may try, how it comes back. Pure.

Closed, everything may go. Where most of what was tried in a while failed it opens: nothing is sent, nothing is counted.
When its time is over it is half open: exactly one delivery may try, the oldest. Where that fails it opens for longer,
where it arrives the breaker closes, what had waited becomes due, and more and more of it leaves at a time.

Only a receiver's own trouble is a failure here. A receiver that answers, be it that it will never take a document, is
there. The hub's own trouble says nothing about a target.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from fakturahub.storage.targets import Breaker

#: attempts are counted over
WINDOW = timedelta(minutes=5)
#: as many have to be in it, and so large a part of them has to have failed
ATTEMPTS = 10
FAILED = 0.7
#: for how long it opens first, and at the most; each time twice as long as before
FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)
#: arrivals after a target came back that make room for one more delivery at a time
GROWS_AFTER = 4


def new(key: str, now: datetime) -> Breaker:
    """The breaker of a target that had no trouble so far."""
    return Breaker(key, 0, 0, now)


def arrived(breaker: Breaker, now: datetime) -> Breaker:
    """After a delivery that the target answered."""
    if breaker.open_until is not None and breaker.open_until > now:
        return breaker  # one that was under way when it opened
    if breaker.opened or is_down(breaker, now):
        return Breaker(breaker.key, 1, 0, now, recovered_at=now, pulling=True, last_error=breaker.last_error)
    counted = _in_window(breaker, now)
    return replace(counted, attempts=counted.attempts + 1, failing_since=None)


def failed(breaker: Breaker, error: str, now: datetime) -> Breaker:
    """After a delivery that failed by the target's own fault; ``error`` in words."""
    if breaker.open_until is not None:
        if breaker.open_until > now:
            return replace(breaker, last_error=error)
        return _opened(breaker, error, now)
    counted = _in_window(breaker, now)
    counted = replace(
        counted,
        attempts=counted.attempts + 1,
        failures=counted.failures + 1,
        failing_since=counted.failing_since or now,
        last_error=error,
    )
    if counted.attempts >= ATTEMPTS and counted.failures >= FAILED * counted.attempts:
        return _opened(counted, error, now)
    return counted


def undecided(breaker: Breaker, now: datetime) -> Breaker:
    """After a delivery that says nothing about the target: it has no second try before a while has passed."""
    if breaker.open_until is not None and breaker.open_until <= now:
        return replace(breaker, open_until=now + FIRST)
    return breaker


def is_open(breaker: Breaker, now: datetime) -> bool:
    """Whether nothing may be sent."""
    return breaker.open_until is not None and breaker.open_until > now


def is_down(breaker: Breaker, now: datetime) -> bool:
    """Whether nothing has arrived for so long that the oldest delivery goes first, and alone."""
    return breaker.failing_since is not None and breaker.failing_since <= now - WINDOW


def at_once(breaker: Breaker | None, most: int, now: datetime) -> int:
    """How many deliveries may be under way to a target, of *most* where it never had trouble."""
    if breaker is None:
        return most
    if breaker.open_until is not None:
        return 0 if breaker.open_until > now else 1
    if is_down(breaker, now):
        return 1
    if breaker.recovered_at is not None and breaker.recovered_at > now - WINDOW:
        return min(most, 1 + breaker.attempts // GROWS_AFTER)
    return most


def oldest_first(breaker: Breaker | None, now: datetime) -> bool:
    """Whether what may be sent is the oldest delivery, whenever it is due by its own schedule."""
    return breaker is not None and (breaker.open_until is not None or is_down(breaker, now))


def is_worth_keeping(breaker: Breaker, now: datetime) -> bool:
    """Whether the target is to be treated otherwise than one that never had trouble."""
    return (
        breaker.open_until is not None
        or breaker.failing_since is not None
        or breaker.pulling
        or breaker.failures > 0
        or (breaker.recovered_at is not None and breaker.recovered_at > now - WINDOW)
    )


def _in_window(breaker: Breaker, now: datetime) -> Breaker:
    if now - breaker.window_started < WINDOW:
        return breaker
    return replace(breaker, attempts=0, failures=0, window_started=now)


def _opened(breaker: Breaker, error: str, now: datetime) -> Breaker:
    pause = min(FIRST * 2 ** min(breaker.opened, 16), LONGEST)
    return replace(
        breaker,
        opened=breaker.opened + 1,
        open_until=now + pause,
        failing_since=breaker.failing_since or now,
        last_error=error,
    )
