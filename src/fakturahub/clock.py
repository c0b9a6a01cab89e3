"""The clock, the ids made from it, and the calendar of a company's time zone.

Time inside the hub is aware UTC; a date is a date. Nothing but this module asks the system for the time, so that
tests can hand in another clock.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

# The zone in which a company's "today", months and cut-offs are counted when its settings name none. For countries
# with several zones it is that of the capital.
ZONE_OF_COUNTRY = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "CH": "Europe/Zurich",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome",
    "LT": "Europe/Vilnius",
    "LV": "Europe/Riga",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "SE": "Europe/Stockholm",
}


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)


def zone_for(country: str, timezone: str | None = None) -> ZoneInfo:
    """The time zone of a company: its own setting, else that of its country, else UTC."""
    return ZoneInfo(timezone or ZONE_OF_COUNTRY.get(country, "UTC"))


def today(now: datetime, zone: ZoneInfo) -> date:
    """The calendar day that *now* falls on in *zone*."""
    return now.astimezone(zone).date()


def new_id(now: datetime | None = None) -> uuid.UUID:
    """A UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Ids are made in the program, so that an answer that names them can be stored in the same statement as the rows.
    Their order is the order of creation, not of commit: a feed must not page by them alone.
    """
    milliseconds = time.time_ns() // 1_000_000 if now is None else int(now.timestamp() * 1000)
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | _random_bits()
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


_random: list[int] = []


def _random_bits() -> int:
    """80 bits from the system's source, which is asked for many at a time: it costs more than all the rest of an id."""
    while True:
        try:
            return _random.pop()  # in one step: two threads never get the same
        except IndexError:
            bits = os.urandom(10 * 1024)
            _random.extend(int.from_bytes(bits[at : at + 10], "big") for at in range(0, len(bits), 10))


def first_id_at(instant: datetime) -> uuid.UUID:
    """The smallest UUID version 7 of *instant*: a bound for "made at or after" over an id column."""
    return uuid.UUID(int=(int(instant.timestamp() * 1000) & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | 0x2 << 62)
