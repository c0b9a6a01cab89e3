"""Dates and points in time of XPath 2.0: xs:date and xs:dateTime.

Python's own end at the year 9999 and begin at 1; these reach as far as Saxon's (years -2147483647 to 2147483647, the
year 0 being the one before 1, as in XML Schema 1.1). They compare as the moment at which they begin, in UTC where no
time zone is stated: the answer must not depend on where the hub runs.

A text that is no date raises FORG0001, a year out of range FODT0001.
Source: XML Schema Part 2, 3.2.7 and 3.2.9; XQuery 1.0 and XPath 2.0 Functions and Operators, section 10.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from fakturahub.rules.runtime.errors import EvaluationError, shown
from fakturahub.rules.runtime.strings import WHITE_SPACE

_ZONE = r"(?:(Z)|([+-])([0-9]{2}):([0-9]{2}))?"
_DAY = r"(-?)([0-9]{4,})-([0-9]{2})-([0-9]{2})"
_date_form = re.compile(_DAY + _ZONE).fullmatch
_date_time_form = re.compile(_DAY + r"T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?" + _ZONE).fullmatch
_LAST_YEAR = 2**31 - 1
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
#: digits of a second's fraction that are kept, as Saxon keeps them
_FRACTION_DIGITS = 9
_NO_SECOND = Decimal(0)


def _days_in(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _DAYS[month - 1]


def _day_number(year: int, month: int, day: int) -> int:
    """Days since 0000-03-01 of the Gregorian calendar continued both ways."""
    if month <= 2:
        year -= 1
        month += 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1


class DateTime:
    """An xs:dateTime; *zone* is the offset from UTC in minutes, None where none is stated."""

    __slots__ = ("day", "hour", "minute", "moment", "month", "second", "year", "zone")

    def __init__(
        self, year: int, month: int, day: int, hour: int, minute: int, second: Decimal, zone: int | None
    ) -> None:
        self.year, self.month, self.day = year, month, day
        self.hour, self.minute, self.second = hour, minute, second
        self.zone = zone
        minutes = (_day_number(year, month, day) * 24 + hour) * 60 + minute - (zone or 0)
        #: (minutes, seconds) since a fixed day, in UTC
        self.moment = (minutes, second)

    def __eq__(self, other: object) -> bool:
        return self.moment == other.moment if isinstance(other, type(self)) else NotImplemented

    def __lt__(self, other: DateTime) -> bool:
        return self.moment < other.moment if type(self) is type(other) else NotImplemented

    def __le__(self, other: DateTime) -> bool:
        return self.moment <= other.moment if type(self) is type(other) else NotImplemented

    def __gt__(self, other: DateTime) -> bool:
        return self.moment > other.moment if type(self) is type(other) else NotImplemented

    def __ge__(self, other: DateTime) -> bool:
        return self.moment >= other.moment if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.moment)

    def _day_text(self) -> str:
        return f"{'-' if self.year < 0 else ''}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"

    def _zone_text(self) -> str:
        if self.zone is None:
            return ""
        hours, minutes = divmod(abs(self.zone), 60)
        return f"{'-' if self.zone < 0 else '+'}{hours:02d}:{minutes:02d}" if self.zone else "Z"

    def __str__(self) -> str:
        """The canonical form, as ``xs:string`` gives it."""
        whole, _, fraction = format(self.second, "f").partition(".")
        seconds = f"{whole:0>2}" + (f".{fraction.rstrip('0')}" if fraction.strip("0") else "")
        return f"{self._day_text()}T{self.hour:02d}:{self.minute:02d}:{seconds}{self._zone_text()}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class Date(DateTime):
    """An xs:date: a day, beginning at midnight of its time zone."""

    __slots__ = ()

    def __init__(self, year: int, month: int, day: int, zone: int | None = None) -> None:
        super().__init__(year, month, day, 0, 0, _NO_SECOND, zone)

    def __str__(self) -> str:
        """The canonical form, as ``xs:string`` gives it."""
        return self._day_text() + self._zone_text()


def _refused(text: str, kind: str) -> EvaluationError:
    return EvaluationError("FORG0001", f"{shown(text)} is no {kind}")


def _day(text: str, kind: str, groups: tuple[str, ...]) -> tuple[int, int, int]:
    sign, digits = groups[0], groups[1]
    if len(digits) > 4 and digits[0] == "0":
        raise _refused(text, kind)
    if len(digits) > 10 or int(digits) > _LAST_YEAR:
        raise EvaluationError("FODT0001", f"the year of {shown(text)} is out of range")
    year, month, day = int(sign + digits), int(groups[2]), int(groups[3])
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month):
        raise _refused(text, kind)
    return year, month, day


def _zone(text: str, kind: str, groups: tuple[str | None, ...]) -> int | None:
    utc, sign, hours, minutes = groups
    if utc:
        return 0
    if hours is None or minutes is None:
        return None
    if int(hours) > 14 or int(minutes) > 59:
        raise _refused(text, kind)
    offset = int(hours) * 60 + int(minutes)
    return -offset if sign == "-" else offset


def date_of_string(text: str) -> Date:
    """``xs:date(text)``."""
    found = _date_form(text.strip(WHITE_SPACE))
    if found is None:
        raise _refused(text, "date")
    groups = found.groups()
    return Date(*_day(text, "date", groups[:4]), _zone(text, "date", groups[4:]))


def date_time_of_string(text: str) -> DateTime:
    """``xs:dateTime(text)``; 24:00:00 is the midnight after."""
    kind = "date and time"
    found = _date_time_form(text.strip(WHITE_SPACE))
    if found is None:
        raise _refused(text, kind)
    groups = found.groups()
    year, month, day = _day(text, kind, groups[:4])
    zone = _zone(text, kind, groups[8:])
    hour, minute = int(groups[4]), int(groups[5])
    second = Decimal(f"{groups[6]}.{(groups[7] or '0')[:_FRACTION_DIGITS]}")
    if hour == 24 and minute == 0 and second == 0:
        hour = 0
        year, month, day = _next_day(year, month, day)
    elif hour > 23 or minute > 59 or second >= 60:
        raise _refused(text, kind)
    return DateTime(year, month, day, hour, minute, second, zone)


def _next_day(year: int, month: int, day: int) -> tuple[int, int, int]:
    if day < _days_in(year, month):
        return year, month, day + 1
    return (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)


def date_of_date_time(value: DateTime) -> Date:
    """``xs:date(value)`` of an xs:dateTime (or an xs:date): the day as stated, in its own time zone."""
    return Date(value.year, value.month, value.day, value.zone)


def date_time_of_date(value: DateTime) -> DateTime:
    """``xs:dateTime(value)`` of an xs:date: its first moment."""
    return DateTime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.zone)


def is_date(text: str) -> bool:
    """``text castable as xs:date``."""
    return _is_date(text) if len(text) < 40 else _is_date.__wrapped__(text)


@lru_cache(maxsize=5_000)
def _is_date(text: str) -> bool:
    try:
        date_of_string(text)
    except EvaluationError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """``text castable as xs:dateTime``."""
    try:
        date_time_of_string(text)
    except EvaluationError:
        return False
    return True
