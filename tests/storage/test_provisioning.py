"""Companies and settings as provisioned: one change at a time, whole or not at all, with a version that tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from fakturahub.storage import companies
from fakturahub.storage.companies import Changes, CompanyRow, SettingRow, Taken
from fakturahub.storage.database import Database
from tests.storage.rows import NOW, query


async def put(
    db: Database,
    key: str,
    settings: dict[str, Any] | None = None,
    addresses: Sequence[str] = (),
    credentials: Sequence[tuple[str, str]] = (),
) -> list[Taken]:
    async with companies.changing(db, NOW) as change:
        return await change.put_company(key, settings or {}, addresses, credentials)


async def owners(db: Database) -> dict[str, str]:
    """Whose every address and every credential is."""
    return dict(
        await query(
            db,
            """SELECT address, key FROM company_address JOIN company ON company.id = company_id
               UNION ALL SELECT dialect || ' ' || name, key FROM credential JOIN company ON company.id = company_id""",
        )
    )


async def test_nothing_is_there_at_first(empty_db: Database) -> None:
    assert await companies.version(empty_db) == 0
    assert await companies.changes_since(empty_db, 0) == Changes(0, [], [])


async def test_a_change_has_a_version_and_is_told_to_those_who_saw_less(empty_db: Database) -> None:
    await put(empty_db, "virta", {"name": "Virta"})
    async with companies.changing(empty_db, NOW) as change:
        await change.put_setting("dialects", "apix", {"hosts": ["a.example"]})
        await change.put_company("skog", {"name": "Skog"}, [], [])
    assert await companies.version(empty_db) == 2
    first = await companies.changes_since(empty_db, 0)
    assert first.version == 2
    assert sorted((row.key, row.settings["name"]) for row in first.companies) == [("skog", "Skog"), ("virta", "Virta")]
    second = await companies.changes_since(empty_db, 1)
    assert [row.key for row in second.companies] == ["skog"]
    assert second.settings == [SettingRow("dialects", "apix", {"hosts": ["a.example"]})]
    assert await companies.changes_since(empty_db, 2) == Changes(2, [], [])


async def test_a_company_keeps_its_id(empty_db: Database) -> None:
    await put(empty_db, "virta", {"name": "Virta"})
    (before,) = (await companies.changes_since(empty_db, 0)).companies
    await put(empty_db, "virta", {"name": "Virta Oy", "list": [1, 2.5, None, True, "ä"]})
    (after,) = (await companies.changes_since(empty_db, 1)).companies
    assert after == CompanyRow(before.id, "virta", {"name": "Virta Oy", "list": [1, 2.5, None, True, "ä"]})


async def test_a_change_that_touches_nothing_has_no_version(empty_db: Database) -> None:
    await put(empty_db, "virta")
    before = await query(empty_db, "SELECT version, applied_at FROM provisioning")
    async with companies.changing(empty_db, NOW) as change:
        assert set(await change.companies()) == {"virta"}
        assert await change.settings() == {}
    assert await query(empty_db, "SELECT version, applied_at FROM provisioning") == before


async def test_a_change_that_fails_leaves_nothing(empty_db: Database) -> None:
    async def fail() -> None:
        async with companies.changing(empty_db, NOW) as change:
            await change.put_company("virta", {}, ["0216:1"], [("apix", "t")])
            await change.put_setting("hub", "", {})
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await fail()
    assert await companies.changes_since(empty_db, 0) == Changes(0, [], [])
    assert await owners(empty_db) == {}


async def test_settings_are_replaced(empty_db: Database) -> None:
    for value in ({"a": 1}, [1, 2]):
        async with companies.changing(empty_db, NOW) as change:
            await change.put_setting("hub", "", value)
    async with companies.changing(empty_db, NOW) as change:
        assert await change.settings() == {("hub", ""): [1, 2]}


async def test_addresses_and_names_that_are_taken_are_told_with_their_owner(empty_db: Database) -> None:
    await put(empty_db, "virta", {}, ["0216:1", "0216:2"], [("apix", "t"), ("pagero", "v")])
    taken = await put(empty_db, "skog", {}, ["0216:2", "0216:3"], [("apix", "t"), ("pagero", "t")])
    assert taken == [Taken("address 0216:2", "virta"), Taken("apix name t", "virta")]


async def test_addresses_and_names_follow_the_settings(empty_db: Database) -> None:
    await put(empty_db, "virta", {}, ["0216:1", "0216:2"], [("apix", "t")])
    assert await put(empty_db, "virta", {}, ["0216:2", "0216:3"], [("pagero", "t")]) == []
    assert await owners(empty_db) == {"0216:2": "virta", "0216:3": "virta", "pagero t": "virta"}
    assert await put(empty_db, "skog", {}, ["0216:1"], [("apix", "t")]) == [], "they are free again"


@pytest.mark.parametrize("order", [("virta", "skog"), ("skog", "virta")])
async def test_what_moves_between_companies_of_one_change_is_not_taken(
    empty_db: Database, order: tuple[str, str]
) -> None:
    await put(empty_db, "virta", {}, ["0216:1", "0216:2"], [("apix", "t")])
    await put(empty_db, "skog", {}, ["0007:1"], [("apix", "s")])
    wanted: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
        "virta": (["0007:1", "0216:2"], [("apix", "s")]),
        "skog": (["0216:1"], [("apix", "t")]),
    }
    async with companies.changing(empty_db, NOW) as change:
        await change.release(order)
        for key in order:
            assert await change.put_company(key, {}, *wanted[key]) == []
    assert await owners(empty_db) == {
        "0007:1": "virta",
        "0216:2": "virta",
        "apix s": "virta",
        "0216:1": "skog",
        "apix t": "skog",
    }


async def test_releasing_what_is_not_there_is_nothing(empty_db: Database) -> None:
    async with companies.changing(empty_db, NOW) as change:
        await change.release(["nobody"])
        await change.release([])
    assert await companies.version(empty_db) == 0


async def test_changes_wait_for_one_another(empty_db: Database) -> None:
    """Five at once, each reading what is there and adding to it: none is lost, each has a version of its own."""

    async def add(number: int) -> None:
        async with companies.changing(empty_db, NOW) as change:
            known = (await change.settings()).get(("hub", ""), [])
            await asyncio.sleep(0.01)
            await change.put_setting("hub", "", [*known, number])

    await asyncio.gather(*(add(number) for number in range(5)))
    assert await companies.version(empty_db) == 5
    ((_, _, value),) = [
        (row.section, row.key, row.value) for row in (await companies.changes_since(empty_db, 4)).settings
    ]
    assert sorted(value) == [0, 1, 2, 3, 4]


async def test_readers_see_a_change_whole_or_not(empty_db: Database) -> None:
    """While companies are changed together, whoever looks sees the same number in all of them, and its version."""
    done = asyncio.Event()

    async def change_all() -> None:
        for number in range(1, 15):
            async with companies.changing(empty_db, NOW) as change:
                for key in ("a", "b", "c"):
                    await change.put_company(key, {"number": number}, [], [])
        done.set()

    async def look() -> None:
        while not done.is_set():
            changes = await companies.changes_since(empty_db, 0)
            assert {row.settings["number"] for row in changes.companies} == (
                {changes.version} if changes.version else set()
            )

    await asyncio.gather(change_all(), look(), look())


async def test_the_first_master_key_is_the_one_that_counts(empty_db: Database) -> None:
    assert await companies.key_fingerprint(empty_db) is None
    got = await asyncio.gather(*(companies.claim_key_fingerprint(empty_db, name) for name in ("one", "two", "three")))
    assert len(set(got)) == 1
    assert await companies.claim_key_fingerprint(empty_db, "four") == got[0]
    assert await companies.key_fingerprint(empty_db) == got[0]
    assert await companies.version(empty_db) == 0
