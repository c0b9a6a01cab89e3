"""When letters are handed to the print house: the next cut-off after an instant. Pure.

Cut-offs are times of day on the clock of a zone: that of the print house where ``[print] timezone`` names one, else
that of the sending company. Until its cut-off a letter waits, and can be cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_cut_off(now: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """The first instant after *now* (aware) at which the clock of *zone* shows one of *times*; aware, in UTC.

    Exactly at a cut-off it is the next one: what comes with the bell is late. Without *times* letters do not wait, and
    it is *now*.

    Where the clock is put forward over a cut-off, that one counts by the clock as it was: 02:30 of a day that goes from
    02:00 to 03:00 is what the clock shows as 03:30. Where it is put back and shows a cut-off twice, the first counts.
    """
    if not times:
        return now.astimezone(UTC)
    day = now.astimezone(zone).date()
    # A day may lie wholly before now, and what a change of the clock moved still belongs to the day before.
    days = (day + timedelta(days=after) for after in (-1, 0, 1, 2))
    instants = (datetime.combine(one, at, tzinfo=zone).astimezone(UTC) for one in days for at in times)
    return min(instant for instant in instants if instant > now)
