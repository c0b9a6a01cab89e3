"""Inboxes keep what arrived for three calendar months of Finland; then it is listed as removed for a day, then gone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from fakturahub.exchange.retention import expire, kept_since
from fakturahub.storage import inbox
from fakturahub.storage.database import Database
from tests.storage.rows import NOW, query
from tests.storage.test_inbox import LEASE, fill

HELSINKI = ZoneInfo("Europe/Helsinki")
DAY = timedelta(days=1)


class At:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


@pytest.mark.parametrize(
    ("today", "first"),
    [
        ("2026-11-20", "2026-08-20"),
        ("2027-02-20", "2026-11-20"),
        ("2027-02-28", "2026-11-28"),
        ("2027-03-01", "2026-12-01"),  # the 29th and 30th of November were kept until the end of February
        ("2028-02-29", "2027-11-29"),
        ("2028-03-01", "2027-12-01"),
        ("2026-05-28", "2026-02-28"),
        ("2026-05-29", "2026-03-01"),
        ("2026-05-31", "2026-03-01"),
        ("2027-01-31", "2026-10-31"),
    ],
)
def test_what_is_kept_on_a_day(today: str, first: str) -> None:
    begins = datetime.combine(date.fromisoformat(first), datetime.min.time(), HELSINKI)
    for hour in (0, 12, 23):
        now = datetime.combine(date.fromisoformat(today), datetime.min.time(), HELSINKI).replace(hour=hour, minute=59)
        assert kept_since(now.astimezone(UTC)) == begins


def test_each_day_lets_go_of_what_arrived_three_months_ago_and_never_takes_it_back() -> None:
    start = datetime(2023, 1, 1, 12, tzinfo=UTC)
    bounds = [kept_since(start + number * DAY) for number in range(1_500)]
    assert bounds == sorted(bounds)
    for now, bound in zip((start + number * DAY for number in range(1_500)), bounds, strict=True):
        assert timedelta(days=86) < now - bound < timedelta(days=94)
    # midnight in Finland, summer and winter
    assert {bound.astimezone(HELSINKI).hour for bound in bounds} == {0}
    assert {bound.hour for bound in bounds} == {21, 22}


async def test_what_expired_is_removed_with_an_event_and_nothing_else(empty_db: Database, company: UUID) -> None:
    db = empty_db
    old = await fill(db, company, 3, kept_since(NOW) - timedelta(hours=1))
    entries = await fill(db, company, 2, kept_since(NOW))
    kept = [one for one in entries if one not in old]
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == old[0]
    assert await expire(db, At(NOW)) == 3
    assert await expire(db, At(NOW)) == 0
    assert await query(db, "SELECT id FROM inbox WHERE removed_at = :at ORDER BY id", at=NOW) == sorted(old)
    events = await query(db, "SELECT document_id FROM event WHERE kind = 'inbox.expired' ORDER BY 1")
    documents = await query(db, "SELECT document_id FROM inbox WHERE removed_at IS NOT NULL ORDER BY 1")
    assert events == documents
    assert len(await query(db, "SELECT id FROM document")) == 5, "documents stay"
    # listed as removed for as long as is asked for, then gone; never given to a reader
    shown = await inbox.newest(db, company, inbox.EVER, 10, NOW - DAY)
    assert {one.id for one in shown if one.removed_at} == set(old)
    later = await inbox.newest(db, company, inbox.EVER, 10, NOW + DAY)
    assert {one.id for one in later} == set(kept)
    assert {one.id for one in await inbox.newest(db, company, inbox.EVER, 10)} == set(kept)
    after = NOW + 2 * LEASE
    assert [await inbox.lease_oldest_unreceived(db, company, after, LEASE) for _ in range(3)] == [*kept, None]


async def test_a_reader_never_gets_what_expired_a_moment_ago(empty_db: Database, company: UUID) -> None:
    """Before the chore came round."""
    db = empty_db
    (old,) = await fill(db, company, 1, kept_since(NOW) - timedelta(seconds=1))
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE, kept_since(NOW)) is None
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE, inbox.EVER) == old


async def test_many_are_removed_a_batch_at_a_time(
    empty_db: Database, company: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = empty_db
    monkeypatch.setattr("fakturahub.exchange.retention.BATCH", 2)
    await fill(db, company, 5, kept_since(NOW) - DAY)
    await fill(db, uuid4(), 1, NOW)
    assert await expire(db, At(NOW)) == 5
    assert await expire(db, At(NOW + timedelta(days=200))) == 1
