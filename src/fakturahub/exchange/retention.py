"""How long an inbox keeps what arrived: three calendar months, counted in Finland; the document itself stays.

Source: Apix, "Received invoices are kept available for download for 3 calendar months" (specs/apix.md, 7). The day of
arrival counts as the first of the first month: what arrives on the 20th of November can be fetched until the end of the
20th of February, and what arrives on the 30th of November until the end of February.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fakturahub.model import Clock
from fakturahub.storage import inbox
from fakturahub.storage.database import Database

#: calendar months
MONTHS = 3
#: months and days are those of the operator whose terminal it is
ZONE = ZoneInfo("Europe/Helsinki")
#: entries in one transaction
BATCH = 1_000


def kept_since(now: datetime) -> datetime:
    """What arrived before this instant can no longer be fetched."""
    day = now.astimezone(ZONE).date()
    months = day.year * 12 + day.month - 1 - MONTHS
    year, month = divmod(months, 12)
    days = monthrange(year, month + 1)[1]
    # of a month that is too short for the day, nothing is left: its last day was kept until the day before
    first = date(year, month + 1, day.day) if day.day <= days else date(year, month + 1, days) + timedelta(days=1)
    return datetime.combine(first, time(), ZONE).astimezone(UTC)


async def expire(database: Database, clock: Clock) -> int:
    """Remove from all inboxes what can no longer be fetched, with an event for each; returns how many. A chore."""
    count = 0
    while True:
        now = clock.now()
        removed = await inbox.remove_older(database, kept_since(now), now, BATCH)
        count += removed
        if removed < BATCH:
            return count
