"""What companies set for their inboxes, and registrations that wait: kept, replaced, bounded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from fakturahub.errors import InternalFault
from fakturahub.storage import notices, registrations
from fakturahub.storage.companies import changing
from fakturahub.storage.database import Database
from fakturahub.storage.notices import Notice
from tests.storage.rows import NOW, query


async def stored_company(db: Database) -> UUID:
    async with changing(db, NOW) as change:
        await change.put_company("virta", {"name": "Virta", "country": "FI"}, [], [])
    (found,) = await query(db, "SELECT id FROM company")
    assert isinstance(found, UUID)
    return found


async def test_what_was_set_before_is_told(empty_db: Database) -> None:
    db = empty_db
    company = await stored_company(db)
    assert await notices.of_company(db, company) is None
    assert await notices.put(db, company, Notice("a@b.example", 2), NOW) is None
    assert await notices.put(db, company, Notice(None, 0), NOW) == Notice("a@b.example", 2)
    assert await notices.of_company(db, company) == Notice(None, 0)


async def test_days_are_bounded_by_the_table_too(empty_db: Database) -> None:
    db = empty_db
    company = await stored_company(db)
    for days in (-1, 6):
        with pytest.raises(InternalFault) as raised:
            await notices.put(db, company, Notice(None, days), NOW)
        assert "inbox_notice_days" in str(raised.value.__cause__)
    assert await notices.of_company(db, company) is None


async def put(db: Database, identifier: str, *, most: int = 3, name: str = "Uusi Oy") -> bool:
    return await registrations.put(
        db, "y-tunnus", identifier, [{"Name": name}], address="192.0.2.1", now=NOW, most=most
    )


async def test_registrations_wait_in_the_order_they_came_and_the_last_word_counts(empty_db: Database) -> None:
    db = empty_db
    assert [await put(db, one) for one in ("1", "2", "3", "4")] == [True, True, True, False]
    assert await put(db, "2", name="Uudempi Oy"), "one that waits already takes no room"
    waiting = await registrations.waiting(db, 10)
    assert [(one.identifier, one.stated) for one in waiting] == [
        ("1", [{"Name": "Uusi Oy"}]),
        ("2", [{"Name": "Uudempi Oy"}]),
        ("3", [{"Name": "Uusi Oy"}]),
    ]
    assert await registrations.drop(db, waiting[0].id)
    assert not await registrations.drop(db, waiting[0].id)
    assert await put(db, "4")
    assert [one.identifier for one in await registrations.waiting(db, 2)] == ["2", "3"]
    assert waiting[0].created_at - NOW == timedelta()


async def test_several_at_once_do_not_pass_the_bound(empty_db: Database) -> None:
    db = empty_db
    kept = await asyncio.gather(*(put(db, str(number), most=4) for number in range(10)))
    assert kept.count(True) == 4
    assert len(await registrations.waiting(db, 100)) == 4
