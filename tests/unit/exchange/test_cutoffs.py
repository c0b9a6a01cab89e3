"""The next cut-off: over midnight, over both changes of the clock, on clocks far from UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.exchange.cutoffs import next_cut_off

TWICE = ("10:00", "15:00")
EARLIEST = datetime(2015, 1, 1)  # noqa: DTZ001 - the bounds of hypothesis are naive


@pytest.mark.parametrize(
    ("zone", "times", "now", "expected"),
    [
        # Helsinki is two hours ahead of UTC in winter, three in summer.
        ("Europe/Helsinki", TWICE, "2026-11-20T07:59:59", "2026-11-20T08:00:00"),
        ("Europe/Helsinki", TWICE, "2026-11-20T08:00:00", "2026-11-20T13:00:00"),
        ("Europe/Helsinki", TWICE, "2026-11-20T08:00:00.000001", "2026-11-20T13:00:00"),
        ("Europe/Helsinki", TWICE, "2026-11-20T13:00:00", "2026-11-21T08:00:00"),
        ("Europe/Helsinki", TWICE, "2026-07-01T06:59:59", "2026-07-01T07:00:00"),
        # the order in the file does not matter
        ("Europe/Helsinki", ("15:00", "10:00"), "2026-11-20T07:00:00", "2026-11-20T08:00:00"),
        # still the 20th in UTC, the 21st in Helsinki
        ("Europe/Helsinki", ("00:30",), "2026-11-20T22:29:00", "2026-11-20T22:30:00"),
        ("Europe/Helsinki", ("00:30",), "2026-11-20T22:30:00", "2026-11-21T22:30:00"),
        # over the night in which the clock is put forward, 29 March 2026 at 01:00 UTC, and back, 25 October
        ("Europe/Helsinki", ("15:00",), "2026-03-28T13:00:00", "2026-03-29T12:00:00"),
        ("Europe/Helsinki", ("15:00",), "2026-10-24T12:00:00", "2026-10-25T13:00:00"),
        # there is no 03:30 on 29 March: it counts by the old clock, and is 04:30 on the new one
        ("Europe/Helsinki", ("03:30",), "2026-03-29T00:00:00", "2026-03-29T01:30:00"),
        ("Europe/Helsinki", ("03:30",), "2026-03-29T01:30:00", "2026-03-30T00:30:00"),
        # 03:30 is there twice on 25 October: once is enough
        ("Europe/Helsinki", ("03:30",), "2026-10-25T00:00:00", "2026-10-25T00:30:00"),
        ("Europe/Helsinki", ("03:30",), "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ("Europe/Stockholm", ("02:30",), "2026-03-29T00:59:59", "2026-03-29T01:30:00"),
        ("UTC", ("00:00",), "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
        # thirteen hours ahead, half an hour beside the others, ten behind
        ("Pacific/Auckland", ("09:00",), "2026-11-20T19:59:00", "2026-11-20T20:00:00"),
        ("Asia/Kolkata", ("09:00",), "2026-11-20T03:30:00", "2026-11-21T03:30:00"),
        ("Pacific/Honolulu", ("23:59",), "2026-11-20T09:58:00", "2026-11-20T09:59:00"),
        # a day that the calendar of Samoa left out
        ("Pacific/Apia", ("10:00",), "2011-12-30T09:59:00", "2011-12-30T20:00:00"),
    ],
)
def test_the_next_one(zone: str, times: tuple[str, ...], now: str, expected: str) -> None:
    found = next_cut_off(
        datetime.fromisoformat(now).replace(tzinfo=UTC), [time.fromisoformat(one) for one in times], ZoneInfo(zone)
    )
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


def test_without_cut_offs_nothing_waits() -> None:
    now = datetime(2026, 11, 20, 12, 0, 30, tzinfo=ZoneInfo("Europe/Oslo"))
    assert next_cut_off(now, (), ZoneInfo("Europe/Helsinki")) == now


@given(
    now=st.datetimes(EARLIEST, EARLIEST + timedelta(days=7_300), timezones=st.just(UTC)),
    times=st.lists(st.times().map(lambda one: one.replace(second=0, microsecond=0)), min_size=1, max_size=4),
    zone=st.sampled_from(["Europe/Helsinki", "Europe/London", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_it_is_ahead_within_a_day_and_stays_when_time_passes(now: datetime, times: list[time], zone: str) -> None:
    found = next_cut_off(now, times, ZoneInfo(zone))
    # a day has 25 hours at most
    assert now < found <= now + timedelta(hours=25)
    assert next_cut_off(found - timedelta(microseconds=1), times, ZoneInfo(zone)) == found
