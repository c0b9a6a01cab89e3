"""Rule packs in the database: installed whole, seen by every node, and never trusted further than they are sealed."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from fakturahub.errors import DatabaseUnavailable, NotFound, OperatorError, PackRefused, PackUnusable, PayloadCorrupt
from fakturahub.exchange import compilation, packs
from fakturahub.exchange.packs import Deed, Done, Wish
from fakturahub.exchange.rulebook import BUNDLED, Rulebooks, bundled_source
from fakturahub.identity.sealing import MasterKey
from fakturahub.rules.sources import Files
from fakturahub.storage import companies
from fakturahub.storage import packs as stored
from fakturahub.storage.database import Database
from fakturahub.storage.pack_cache import PackCache
from tests.rules import small
from tests.storage.rows import query, run

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = MasterKey(b"k" * 32)
NAME = "town-1.0"


@pytest.fixture
def kept(tmp_path: Path) -> PackCache:
    return PackCache(tmp_path / "cache")


async def install(db: Database, kept: PackCache, files: Files | None = None, **said: Any) -> Done:
    wish = Wish(said.pop("name", NAME), **said)
    return await packs.install(db, files or small.files(), wish, kept=kept, master_key=KEY, by="anna", now=NOW)


async def names(db: Database) -> list[str]:
    return [one.name for one in (await stored.listed(db)).packs]


# --- installing and removing ----------------------------------------------------------------------------------------


async def test_installed_listed_and_removed(empty_db: Database, kept: PackCache) -> None:
    before = await companies.version(empty_db)
    done = await install(empty_db, kept, valid_from=date(2027, 1, 1))
    assert done.deed is Deed.INSTALLED
    found = await stored.listed(empty_db)
    assert found.version == before + 1
    (row,) = found.packs
    assert row == done.row
    assert (row.name, row.profile, row.valid_from) == (NAME, None, date(2027, 1, 1))
    assert (row.control, row.installed_at, row.installed_by) == (None, NOW, "anna")
    assert row.facts == {"roots": ["{urn:town}Bill"], "checks": {"fatal": 1, "warning": 1}}
    assert await stored.source(empty_db, NAME, row.digest) == small.files()
    assert await stored.source(empty_db, NAME, "0" * 64) == {}

    assert await packs.remove(empty_db, NAME, NOW) == row
    assert (await stored.listed(empty_db)) == stored.Listed(before + 2, ())
    for table in ("rule_pack", "rule_pack_file", "rule_pack_compiled"):
        assert await query(empty_db, f"SELECT count(*) FROM {table}") == [0]  # noqa: S608
    with pytest.raises(NotFound, match=NAME):
        await packs.remove(empty_db, NAME, NOW)
    assert await companies.version(empty_db) == before + 2


async def test_the_same_again_is_nothing(empty_db: Database, kept: PackCache) -> None:
    row = (await install(empty_db, kept, valid_from=date(2027, 1, 1), profile="urn:town:")).row
    version = await companies.version(empty_db)
    for said in ({}, {"valid_from": date(2027, 1, 1)}, {"profile": "urn:town:"}):
        assert await install(empty_db, kept, **said) == Done(Deed.UNCHANGED, row)
    renamed = {"other name.sch": small.schema()}
    assert (await install(empty_db, kept, renamed)).deed is Deed.UNCHANGED
    assert await companies.version(empty_db) == version


async def test_other_bytes_under_a_name_are_refused(empty_db: Database, kept: PackCache) -> None:
    row = (await install(empty_db, kept)).row
    with pytest.raises(PackRefused, match="installed with other bytes"):
        await install(empty_db, kept, small.files(message="It is changed."))
    assert (await stored.listed(empty_db)).packs == (row,)


async def test_what_is_said_anew_is_changed(empty_db: Database, kept: PackCache) -> None:
    row = (await install(empty_db, kept)).row
    version = await companies.version(empty_db)
    done = await install(empty_db, kept, valid_from=date(2027, 1, 1), profile="en16931", control=small.BAD)
    assert done.deed is Deed.CHANGED
    assert done.changes == (
        "profile: en16931, was none",
        "valid from: 2027-01-01, was any date",
        "control document",
    )
    (now,) = (await stored.listed(empty_db)).packs
    assert now == done.row
    assert (now.digest, now.installed_at) == (row.digest, row.installed_at)
    assert await companies.version(empty_db) == version + 1
    assert (await install(empty_db, kept, profile="none")).row.profile is None
    with pytest.raises(PackRefused, match="must fail"):
        await install(empty_db, kept, control=small.GOOD)


async def test_what_is_refused_leaves_nothing(empty_db: Database, kept: PackCache) -> None:
    version = await companies.version(empty_db)
    for files, why in (
        (small.files(test="document('/etc/passwd')"), "document"),
        (small.files(test="u:ID ["), r"town\.sch:6: u:ID \["),
        (small.files(test="true()"), "must fail"),
        ({"town.sch": b"<schema/>"}, "main file"),
        ({"town.sch": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, "town.sch"),
    ):
        with pytest.raises(PackRefused, match=why):
            await install(empty_db, kept, files)
    assert await names(empty_db) == []
    assert await companies.version(empty_db) == version


async def test_ours_is_there_and_stays(empty_db: Database, kept: PackCache) -> None:
    source = bundled_source()
    assert (await install(empty_db, kept, source, name=BUNDLED)).deed is Deed.UNCHANGED
    for said in ({"files": small.files()}, {"files": source, "profile": "none"}):
        with pytest.raises(PackRefused, match="comes with the program"):
            await install(empty_db, kept, said.pop("files"), name=BUNDLED, **said)
    with pytest.raises(OperatorError, match="cannot be removed"):
        await packs.remove(empty_db, BUNDLED, NOW)
    assert await names(empty_db) == []


async def test_two_install_one_name_at_once(empty_db: Database, kept: PackCache) -> None:
    same = await asyncio.gather(install(empty_db, kept), install(empty_db, kept))
    assert {one.deed for one in same} == {Deed.INSTALLED, Deed.UNCHANGED}
    await packs.remove(empty_db, NAME, NOW)
    others = (install(empty_db, kept, small.files(message=f"{number}.")) for number in range(2))
    done, refused = sorted(
        await asyncio.gather(*others, return_exceptions=True), key=lambda one: isinstance(one, Exception)
    )
    assert isinstance(done, Done)
    assert isinstance(refused, PackRefused)
    assert await names(empty_db) == [NAME]


async def test_no_more_than_can_be_listed(empty_db: Database, kept: PackCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "PACKS", 1)
    await install(empty_db, kept)
    with pytest.raises(OperatorError, match="There are 1 rule packs already"):
        await install(empty_db, kept, name="town-2")
    assert await names(empty_db) == [NAME]


async def test_a_large_source(empty_db: Database, kept: PackCache) -> None:
    """Many files, one of them large; what is stored is what was given."""
    files = {f"part/{number}.xml": b"<a>%d</a>" % number for number in range(50)}
    files |= small.files() | {"large.xml": b"<a>" + b"x" * 5_000_000 + b"</a>"}
    row = (await install(empty_db, kept, files)).row
    assert await stored.source(empty_db, NAME, row.digest) == files
    assert (await query(empty_db, "SELECT sum(length(payload)) FROM rule_pack_file"))[0] < 100_000


# --- what a process has of it ---------------------------------------------------------------------------------------


async def test_a_process_follows(empty_db: Database, kept: PackCache, tmp_path: Path) -> None:
    books = Rulebooks(kept)
    with pytest.raises(PackUnusable, match="not loaded yet"):
        _ = books.current
    assert await books.refresh(empty_db)
    assert [one.name for one in books.current] == [BUNDLED]
    assert not await books.refresh(empty_db)

    await install(empty_db, PackCache(tmp_path / "other"))
    before = books.current
    assert await books.refresh(empty_db)
    assert [one.name for one in before] == [BUNDLED], "what a request holds does not change under it"
    pack = books.current.get(NAME)
    assert pack is not None
    assert [one.id for one in pack.pack.checks] == ["TOWN-1", "TOWN-2"]
    assert not await books.refresh(empty_db)
    await books.check()

    # what is there stays as it is, and is not loaded again
    await install(empty_db, kept, small.files(rule="TOWN-9"), name="town-2.0")
    assert await books.refresh(empty_db)
    assert books.current.get(NAME) is pack
    await packs.remove(empty_db, NAME, NOW)
    assert await books.refresh(empty_db)
    assert [one.name for one in books.current] == [BUNDLED, "town-2.0"]
    # the same name with other bytes
    await packs.remove(empty_db, "town-2.0", NOW)
    await install(empty_db, kept, name="town-2.0")
    assert await books.refresh(empty_db)
    again = books.current.get("town-2.0")
    assert again is not None
    assert again.pack.checks[0].id == "TOWN-1"


async def test_a_node_takes_what_another_compiled(
    empty_db: Database, kept: PackCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(empty_db, PackCache(tmp_path / "other"))
    books = Rulebooks(kept, KEY)
    with monkeypatch.context() as patched:
        patched.setattr(compilation, "sources", None)
        await books.refresh(empty_db)
    assert books.current.get(NAME) is not None
    # from its own cache the next time
    await run(empty_db, "DELETE FROM rule_pack_compiled")
    await run(empty_db, "DELETE FROM rule_pack_file")
    again = Rulebooks(kept)
    await again.refresh(empty_db)
    assert again.current.get(NAME) is not None


@pytest.mark.parametrize("forged", ["seal = ''::bytea", "payload = '\\x789c030000000001'::bytea, size = 0"])
async def test_what_nobody_sealed_is_compiled_anew(
    empty_db: Database, kept: PackCache, tmp_path: Path, forged: str
) -> None:
    """Whoever can write the database cannot bring code into the hub."""
    await install(empty_db, PackCache(tmp_path / "other"))
    await run(empty_db, f"UPDATE rule_pack_compiled SET {forged}")  # noqa: S608
    books = Rulebooks(kept, KEY)
    await books.refresh(empty_db)
    assert books.current.get(NAME) is not None
    other = Rulebooks(PackCache(tmp_path / "third"), MasterKey(b"o" * 32))
    await other.refresh(empty_db)
    assert other.current.get(NAME) is not None


async def test_a_pack_that_cannot_be_loaded_is_told_and_closes(
    empty_db: Database, kept: PackCache, tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    """A compiler of a later day may refuse what an earlier one took; a disk may lose bytes."""
    await install(empty_db, PackCache(tmp_path / "other"), profile="urn:town:")
    for harm, why in (
        ("UPDATE rule_pack_file SET payload = '\\x00'::bytea", "damaged in the database"),
        ("UPDATE rule_pack_file SET payload = '\\x789c030000000001'::bytea, size = 0", "town.sch"),
    ):
        await run(empty_db, harm)
        books = Rulebooks(kept)
        await books.refresh(empty_db)
        assert [one.name for one in books.current.broken] == [NAME]
        assert why in books.current.broken[0].reason
        with pytest.raises(PackUnusable, match=NAME):
            await books.check()
        assert [one["log_level"] for one in logged if one["event"] == "rule pack cannot be used"] == ["error"]
        logged.clear()
    assert books.current.broken[0].roots == ("{urn:town}Bill",), "it is known what it is for"
    # put right by the next change
    await packs.remove(empty_db, NAME, NOW)
    await install(empty_db, kept, profile="urn:town:")
    await books.refresh(empty_db)
    await books.check()


async def test_a_pack_whose_control_document_passes_closes(empty_db: Database, kept: PackCache) -> None:
    await install(empty_db, kept, profile="urn:town:")
    await run(empty_db, f"UPDATE rule_pack SET control = '\\x{small.GOOD.hex()}'::bytea")  # noqa: S608
    books = Rulebooks(kept)
    await books.refresh(empty_db)
    assert "must fail and does not" in books.current.broken[0].reason
    with pytest.raises(PackUnusable):
        await books.check()


async def test_a_defect_of_the_compiler_takes_one_pack(
    empty_db: Database, kept: PackCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(empty_db, PackCache(tmp_path / "other"))

    def defect(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    books = Rulebooks(kept)
    await books.refresh(empty_db)
    await packs.remove(empty_db, NAME, NOW)
    await install(empty_db, PackCache(tmp_path / "other"), name="town-3")
    monkeypatch.setattr(compilation, "compile_pack", defect)
    await books.refresh(empty_db)
    assert [one.name for one in books.current] == [BUNDLED]
    assert "defect of the hub (ZeroDivisionError)" in books.current.broken[0].reason
    # of no profile: no document is checked with it unless it is named
    await books.check()


async def test_without_the_database_nothing_is_forgotten(new_url: str, kept: PackCache) -> None:
    database = Database(new_url)
    books = Rulebooks(kept)
    await install(database, kept)
    await books.refresh(database)
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        await books.refresh(gone)
    assert books.current.get(NAME) is not None
    await gone.close()
    await database.close()


async def test_a_damaged_source_is_noticed(empty_db: Database, kept: PackCache) -> None:
    row = (await install(empty_db, kept)).row
    for size, payload in ((3, "'\\x'"), (1, "'\\x789c'"), (1, "'\\x789c4b4c06000126008b'")):
        await run(empty_db, f"UPDATE rule_pack_file SET size = {size}, payload = {payload}::bytea")  # noqa: S608
        with pytest.raises(PayloadCorrupt, match=r"town\.sch of the rule pack town-1\.0"):
            await stored.source(empty_db, NAME, row.digest)
