"""The clock, the ids made from it, and the calendar of a company's time zone.

Time inside the hub is aware UTC; a date is a date. Nothing but this module asks the system for the time, so that
tests can hand in another clock.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

# The zone in which a company's "today", months and cut-offs are counted when its settings name none. For countries
# with several zones it is that of the capital.
ZONE_OF_COUNTRY = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "BG": "Europe/Sofia",
    "CH": "Europe/Zurich",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "GR": "Europe/Athens",
    "HR": "Europe/Zagreb",
    "HU": "Europe/Budapest",
    "IE": "Europe/Dublin",
    "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome",
    "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg",
    "LV": "Europe/Riga",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest",
    "SE": "Europe/Stockholm",
    "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava",
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
    Those that one process makes for one millisecond ascend, too (RFC 9562, 6.2, method 2): events of one transaction
    are told in the order in which they were made. Their order is that of creation, not of commit: a feed must not page
    by them alone.
    """
    global _newest
    milliseconds = time.time_ns() // 1_000_000 if now is None else _milliseconds(now)
    random = int.from_bytes(os.urandom(10), "big")
    sequence = random & _SEED
    if milliseconds == _newest[0]:
        following = _newest[1] + 1 + (random & _STEP)
        # after so many millions of ids in a millisecond, start anew
        sequence = following if following < 1 << 74 else sequence
    _newest = (milliseconds, sequence)
    return _version_7(milliseconds, sequence)


def first_id_at(instant: datetime) -> uuid.UUID:
    """The smallest UUID version 7 of *instant*: a bound for "made at or after" over an id column."""
    return _version_7(_milliseconds(instant), 0)


#: a first id leaves room above it: 73 of the 74 bits; a following one is up to 48 bits further
_SEED, _STEP = (1 << 73) - 1, (1 << 48) - 1
#: the milliseconds and the 74 bits of this process's newest id
_newest = (0, 0)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _milliseconds(instant: datetime) -> int:
    # in whole numbers: a float of today's seconds, times a thousand, may fall short of its millisecond
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _version_7(milliseconds: int, random: int) -> uuid.UUID:
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)
