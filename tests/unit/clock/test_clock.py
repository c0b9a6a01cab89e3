"""Ids made from the clock, and the calendar of a company's time zone."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakturahub import clock
from fakturahub.clock import ZONE_OF_COUNTRY, SystemClock, first_id_at, new_id, today, zone_for

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def milliseconds(id_: uuid.UUID) -> int:
    return id_.int >> 80


@settings(deadline=None)
@given(instants)
def test_an_id_is_a_uuid_of_version_7(instant: datetime) -> None:
    for id_ in (new_id(instant), first_id_at(instant)):
        assert (id_.version, id_.variant) == (7, uuid.RFC_4122)
        assert milliseconds(id_) == (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_every_millisecond_of_a_second_is_its_own() -> None:
    """Through a float, some fall short and land in the one before."""
    first = milliseconds(first_id_at(NOW))
    ids = [new_id(NOW + timedelta(milliseconds=count)) for count in range(1000)]
    assert [milliseconds(id_) - first for id_ in ids] == list(range(1000))


def test_an_id_of_now_is_of_now() -> None:
    before = time.time_ns() // 1_000_000
    id_ = new_id()
    assert before <= milliseconds(id_) <= time.time_ns() // 1_000_000


@settings(deadline=None)
@given(instants, instants)
def test_ids_are_in_the_order_of_their_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    if later - earlier >= timedelta(milliseconds=1):
        assert new_id(earlier) < new_id(later)
        assert str(new_id(earlier)) < str(new_id(later))
        assert new_id(earlier).bytes < new_id(later).bytes
        assert new_id(later) > new_id(earlier), "whichever is made first"


def test_ids_of_one_millisecond_are_in_the_order_they_were_made() -> None:
    ids = [new_id(NOW) for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {milliseconds(id_) for id_ in ids} == {milliseconds(ids[0])}


def test_a_millisecond_without_room_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_newest", (milliseconds(first_id_at(NOW)), (1 << 74) - 1))
    id_ = new_id(NOW)
    assert id_.version == 7
    assert milliseconds(id_) == milliseconds(first_id_at(NOW))


def test_ids_differ_from_process_to_process() -> None:
    def first_bits() -> int:
        clock._newest = (0, 0)
        return new_id(NOW).int & ((1 << 62) - 1)

    assert len({first_bits() for _ in range(1000)}) == 1000


@settings(deadline=None)
@given(instants, st.timedeltas(timedelta(0), timedelta(days=1)))
def test_the_first_id_of_an_instant_is_below_all_that_come_then_and_later(instant: datetime, later: timedelta) -> None:
    bound = first_id_at(instant)
    if instant + later < datetime(9999, 12, 31, tzinfo=UTC):
        assert bound <= new_id(instant + later)
    if instant - datetime(1970, 1, 1, tzinfo=UTC) >= timedelta(milliseconds=1):
        assert new_id(instant - timedelta(milliseconds=1)) < bound


def test_the_system_clock_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now.timestamp() - time.time()) < 5


@pytest.mark.parametrize("country", ZONE_OF_COUNTRY)
def test_a_countrys_zone_is_known_and_its_own(country: str) -> None:
    assert zone_for(country).key == ZONE_OF_COUNTRY[country]


def test_every_country_of_the_single_market_has_a_zone() -> None:
    market = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
    assert set(market.split()) <= ZONE_OF_COUNTRY.keys()


def test_a_companys_own_zone_goes_before_its_countrys() -> None:
    assert zone_for("FI", "Europe/Stockholm").key == "Europe/Stockholm"
    assert zone_for("XK").key == "UTC"
    assert zone_for("FI", None) == zone_for("FI", "") == ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        (datetime(2026, 12, 31, 22, 30, tzinfo=UTC), "Europe/Helsinki", date(2027, 1, 1)),
        (datetime(2026, 12, 31, 22, 30, tzinfo=UTC), "Europe/Stockholm", date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "Europe/Stockholm", date(2027, 1, 1)),
        # summer time: an hour more
        (datetime(2026, 6, 30, 21, 0, tzinfo=UTC), "Europe/Helsinki", date(2026, 7, 1)),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "Europe/Stockholm", date(2026, 7, 1)),
        (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "America/New_York", date(2025, 12, 31)),
        (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "UTC", date(2026, 1, 1)),
    ],
)
def test_today_is_counted_in_the_companys_zone(instant: datetime, zone: str, day: date) -> None:
    assert today(instant, ZoneInfo(zone)) == day
