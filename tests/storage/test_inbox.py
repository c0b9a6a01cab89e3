"""A company's inbox: what is listed in which order, and that no two readers get the same entry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from fakturahub.storage import inbox
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import Kept
from tests.storage.rows import NOW, deliver, query, store, submission

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=2)


async def fill(db: Database, company: UUID, count: int, at: datetime = NOW) -> list[UUID]:
    """Deliver *count* documents, a minute apart from *at* on; the ids of their entries, the oldest first."""
    rows = [submission(uuid4(), receiver=company, number=str(number)) for number in range(count)]
    await store(db, *rows)
    for number, one in enumerate(rows):
        await deliver(db, [one], at + number * MINUTE)
    entries: list[UUID] = await query(db, "SELECT id FROM inbox WHERE company_id = :id ORDER BY arrived_at", id=company)
    return entries


async def listed(db: Database, company: UUID, since: datetime = NOW - timedelta(days=1), most: int = 100) -> list[UUID]:
    return [entry.id for entry in await inbox.newest(db, company, since, most)]


async def test_an_entry_shows_what_was_delivered(db: Database, company: UUID) -> None:
    rows = submission(uuid4(), receiver=company, body=b"<Invoice>\xff</Invoice>")
    await store(db, rows)
    await deliver(db, [rows], NOW)
    (entry,) = await inbox.newest(db, company, NOW, 10)
    document = rows.documents[0]
    assert entry == inbox.Entry(
        entry.id,
        company,
        document.id,
        NOW,
        None,
        "invoice",
        "ubl-2.1",
        {"recognition": {"syntax": "ubl-2.1"}, "heading": {"kind": "invoice"}},
    )
    assert await inbox.find(db, entry.id) == entry
    assert await inbox.payload_of(db, document.id) == Kept(
        document.sha256, len(b"<Invoice>\xff</Invoice>"), "identity", b"<Invoice>\xff</Invoice>"
    )


async def test_what_is_not_there_is_none(db: Database, company: UUID) -> None:
    assert await inbox.newest(db, company, NOW, 10) == []
    assert await inbox.find(db, uuid4()) is None
    assert await inbox.payload_of(db, uuid4()) is None
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) is None
    await inbox.mark_received(db, [uuid4()], NOW)
    await inbox.mark_received(db, [], NOW)
    await inbox.give_back(db, uuid4())


async def test_the_unreceived_come_first_each_part_the_newest_first(db: Database, company: UUID) -> None:
    entries = await fill(db, company, 6)
    await inbox.mark_received(db, [entries[1], entries[5], entries[3]], NOW)
    assert await listed(db, company) == [entries[place] for place in (4, 2, 0, 5, 3, 1)]


async def test_the_list_ends_at_its_limit(db: Database, company: UUID) -> None:
    entries = await fill(db, company, 6)
    await inbox.mark_received(db, entries[:3], NOW)
    order = [entries[place] for place in (5, 4, 3, 2, 1, 0)]
    for most in range(1, 8):
        assert await listed(db, company, most=most) == order[:most]


async def test_the_list_begins_at_its_time(db: Database, company: UUID) -> None:
    entries = await fill(db, company, 6)
    await inbox.mark_received(db, [entries[0], entries[4]], NOW)
    assert await listed(db, company, NOW + 3 * MINUTE) == [entries[place] for place in (5, 3, 4)]
    assert await listed(db, company, NOW + 3 * MINUTE + timedelta(milliseconds=1)) == [entries[5], entries[4]]
    assert await listed(db, company, NOW + 6 * MINUTE) == []


async def test_another_company_sees_nothing_of_it(db: Database, company: UUID) -> None:
    other = uuid4()
    mine, theirs = await fill(db, company, 2), await fill(db, other, 3)
    assert set(await listed(db, company)) == set(mine)
    assert set(await listed(db, other)) == set(theirs)
    taken = {await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) for _ in range(3)}
    assert taken == {*mine, None}


async def test_of_several_receipts_the_first_counts(db: Database, company: UUID) -> None:
    first, second = await fill(db, company, 2)
    await inbox.mark_received(db, [first], NOW)
    await inbox.mark_received(db, [first, second], NOW + MINUTE)
    got = [await inbox.find(db, entry) for entry in (first, second)]
    assert [entry.received_at for entry in got if entry is not None] == [NOW, NOW + MINUTE]


async def test_the_oldest_is_reserved_for_one_reader(db: Database, company: UUID) -> None:
    entries = await fill(db, company, 3)
    got = [await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) for _ in range(4)]
    assert got == [*entries, None]
    assert await listed(db, company) == entries[::-1], "a reserved entry is still listed"


async def test_many_readers_at_once_get_different_entries(db: Database, company: UUID) -> None:
    entries = await fill(db, company, 10)
    got = await asyncio.gather(*(inbox.lease_oldest_unreceived(db, company, NOW, LEASE) for _ in range(14)))
    assert {entry for entry in got if entry is not None} == set(entries)
    # who finds another at work on an entry passes it over; nobody gets one twice
    assert len([entry for entry in got if entry is not None]) == 10


async def test_a_reader_that_never_finished_loses_its_entry(db: Database, company: UUID) -> None:
    (entry,) = await fill(db, company, 1)
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == entry
    assert await inbox.lease_oldest_unreceived(db, company, NOW + LEASE, LEASE) is None
    just_over = NOW + LEASE + timedelta(microseconds=1)
    assert await inbox.lease_oldest_unreceived(db, company, just_over, LEASE) == entry
    assert await inbox.lease_oldest_unreceived(db, company, just_over, LEASE) is None


async def test_what_is_given_back_is_there_at_once(db: Database, company: UUID) -> None:
    first, second = await fill(db, company, 2)
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == first
    await inbox.give_back(db, first)
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == first
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == second


async def test_what_was_received_is_reserved_for_nobody(db: Database, company: UUID) -> None:
    first, second = await fill(db, company, 2)
    assert await inbox.lease_oldest_unreceived(db, company, NOW, LEASE) == first
    await inbox.mark_received(db, [first], NOW)
    await inbox.give_back(db, first)
    assert await inbox.lease_oldest_unreceived(db, company, NOW + timedelta(days=1), LEASE) == second
    assert await inbox.lease_oldest_unreceived(db, company, NOW + timedelta(days=1), LEASE) is None


async def test_an_entry_asked_for_by_name_is_reserved_for_whoever_asked_last(db: Database, company: UUID) -> None:
    first, second = await fill(db, company, 2)
    await inbox.lease(db, first, NOW, LEASE)
    await inbox.lease(db, first, NOW + MINUTE, LEASE)
    assert await inbox.lease_oldest_unreceived(db, company, NOW + LEASE + MINUTE, LEASE) == second
    assert await inbox.lease_oldest_unreceived(db, company, NOW + LEASE + MINUTE, LEASE) is None
    (entry,) = [one for one in await inbox.newest(db, company, NOW, 10) if one.id == first]
    assert (entry.lease_until, entry.received_at) == (NOW + LEASE + MINUTE, None)
    await inbox.mark_received(db, [first], NOW)
    got = await inbox.find(db, first)
    assert got is not None
    assert (got.lease_until, got.received_at) == (None, NOW)


async def test_an_entry_received_while_it_is_listed_is_listed_once(
    db: Database, company: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipt falls between the look at the unreceived half and the look at the other."""
    first, second = await fill(db, company, 2)
    real = Database.begin

    @asynccontextmanager
    async def interrupted(database: Database) -> AsyncIterator[Any]:
        async with real(database) as connection:
            looks = 0

            async def after_the_first(*arguments: Any) -> Any:
                nonlocal looks
                looks += 1
                if looks == 2:
                    monkeypatch.setattr(Database, "begin", real)
                    await inbox.mark_received(database, [second], NOW)
                return await connection.execute(*arguments)

            yield SimpleNamespace(execute=after_the_first)

    monkeypatch.setattr(Database, "begin", interrupted)
    assert [entry.id for entry in await inbox.newest(db, company, NOW, 10)] == [second, first]
    assert [entry.id for entry in await inbox.newest(db, company, NOW, 10)] == [first, second]
