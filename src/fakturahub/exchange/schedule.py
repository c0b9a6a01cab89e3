"""When a delivery that failed is tried again, and when it is given up. Data, and one pure function over it.

Of HTTP the pauses are those that Standard Webhooks 1.0.0 recommends, and a receiver may have others of its own; of mail
they are made for greylisting, and for the days that RFC 5321, 4.5.4.1, asks a sender to go on.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from fakturahub.config import push
from fakturahub.model import Fault, Outcome, Result
from fakturahub.storage.outgoing import channel_of


class Schedule(msgspec.Struct, frozen=True):
    """How a channel's deliveries are tried."""

    #: after the first attempt that failed, after the second ...; the last one for ever
    pauses: tuple[timedelta, ...]
    #: how long after the first attempt a delivery is given up
    gives_up_after: timedelta
    #: deliveries to one target that are under way at a time, on all nodes together
    at_once: int


def _spans(*texts: str) -> tuple[timedelta, ...]:
    seconds = {"s": 1, "m": 60, "h": 3600}
    return tuple(timedelta(seconds=int(text[:-1]) * seconds[text[-1]]) for text in texts)


SCHEDULES = {
    "http": Schedule(push.RETRY, push.GIVE_UP_AFTER, push.AT_ONCE),
    "email": Schedule(_spans("1m", "5m", "15m", "30m", "1h", "2h", "4h"), timedelta(days=5), 8),
    "print": Schedule(_spans("1m", "5m", "15m", "30m", "1h"), timedelta(days=7), 1),
}
#: pauses after the hub's own trouble, by how many attempts there were; they are no part of the schedule
OWN_TROUBLE = _spans("30s", "1m", "2m", "5m", "15m")
#: a pause is up to so much shorter or longer, so that what failed together does not come again together
JITTER = 0.2
#: what a receiver may ask for with Retry-After: from the pause of the schedule to twice that, or to this
LONGEST_ASKED = timedelta(hours=1)
#: a connection that failed within this is tried once more at once: a server that restarts, a stale address
QUICK = timedelta(seconds=1)


class Next(msgspec.Struct, frozen=True):
    """What follows an attempt that is to be repeated."""

    #: None: it is given up
    due_at: datetime | None
    #: how many pauses of the schedule were used
    step: int


def schedule_of(channel: str) -> Schedule:
    """The schedule of a channel; one that has none of its own has that of HTTP."""
    return SCHEDULES.get(channel, SCHEDULES["http"])


def schedule_to(target: str) -> Schedule:
    """The schedule of the channel by which deliveries with this target go."""
    return schedule_of(channel_of(target))


def after(
    schedule: Schedule,
    outcome: Outcome,
    *,
    attempt: int,
    step: int,
    trying_since: datetime,
    now: datetime,
    took: timedelta,
    chance: float,
) -> Next:
    """When to try again after *outcome*, whose result is ``RETRY``.

    ``attempt``: 1 for the first; ``step``: pauses used before; ``took``: how long this attempt was; ``chance``: of 0 to
    1, decides the jitter. The hub's own trouble uses no pause of the schedule.
    """
    end = trying_since + schedule.gives_up_after
    if now >= end:
        return Next(None, step)
    if outcome.fault is Fault.OURS:
        pause = OWN_TROUBLE[min(attempt, len(OWN_TROUBLE)) - 1]
    elif attempt == 1 and took < QUICK and _not_connected(outcome):
        return Next(now, step)
    else:
        pause = schedule.pauses[min(step, len(schedule.pauses) - 1)]
        step += 1
    pause = _asked(pause, outcome.retry_after)
    due_at = now + pause * (1 + JITTER * (2 * chance - 1))
    # the last time is at the end, not somewhere before it
    return Next(min(due_at, end), step)


def _asked(pause: timedelta, seconds: float | None) -> timedelta:
    """The pause that a receiver asked for, within its bounds; ours where it asked for none."""
    if seconds is None or not math.isfinite(seconds):
        return pause
    most = max(2 * pause, LONGEST_ASKED)
    return max(pause, timedelta(seconds=min(max(seconds, 0.0), most.total_seconds())))


def _not_connected(outcome: Outcome) -> bool:
    """Whether nothing of the request reached anybody."""
    record = outcome.record
    return (
        outcome.result is Result.RETRY
        and outcome.fault is Fault.RECEIVER
        and outcome.retry_after is None
        and record is not None
        and record.sent == 0
        and record.received == 0
    )
