"""The schema: an older program leaves a newer one alone, upgrading is repeatable, and tables are as described."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects.postgresql.base import PGDialect

from fakturahub.errors import SchemaTooNew, SchemaTooOld
from fakturahub.storage import schema
from fakturahub.storage.database import Database
from fakturahub.storage.tables import Xid8, metadata
from tests.acceptance import stored

NEWER = "9999_of_a_later_program"


async def prepare(url: str) -> str | None:
    """Upgrade the database as `serve` does; the revision it had before."""
    database = Database(url)
    try:
        return await schema.upgrade(database)
    finally:
        await database.close()


def run(url: str, statement: str, *arguments: Any) -> None:
    stored.rows(url, statement, *arguments)


def command(*arguments: str, url: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fakturahub", *arguments, "--data", str(data), "--database", url],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "FAKTURAHUB_MASTER_KEY": "00" * 32},
        check=False,
    )


def everything(url: str) -> list[tuple[Any, ...]]:
    """All that a migration could change: columns, indexes, constraints, triggers, and the provisioning."""
    return stored.rows(
        url,
        """SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
               WHERE table_schema = current_schema()
           UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = current_schema()
           UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
               WHERE connamespace = current_schema()::regnamespace
           UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '' FROM pg_trigger
           UNION ALL SELECT relname, array_to_string(reloptions, ','), '', '', '' FROM pg_class
               WHERE relnamespace = current_schema()::regnamespace
           UNION ALL SELECT 'provisioning', version::text, applied_at::text, key_fingerprint, '' FROM provisioning
           UNION ALL SELECT 'alembic_version', version_num, '', '', '' FROM alembic_version
           ORDER BY 1, 2, 3""",
    )


def test_an_older_program_refuses_a_newer_schema(database: str, tmp_path: Path) -> None:
    asyncio.run(prepare(database))
    run(database, "UPDATE alembic_version SET version_num = $1", NEWER)
    before = everything(database)
    for words in (("serve", "--port", "0"), ("documents",)):
        done = command(*words, url=database, data=tmp_path / "data")
        assert done.returncode == 1, (words, done)
        assert f"The database has schema {NEWER}; this program knows up to {schema.newest_revision()}" in done.stderr
        assert "(error code schema-too-new)" in done.stderr
        assert done.stdout == ""
    assert everything(database) == before


def test_an_empty_database_is_too_old_for_commands(database: str, tmp_path: Path) -> None:
    done = command("documents", url=database, data=tmp_path / "data")
    assert done.returncode == 1, done
    assert "(error code schema-too-old)" in done.stderr
    assert "fakturahub serve" in done.stderr
    assert (
        stored.rows(database, "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace") == []
    )


def test_upgrading_twice_changes_nothing(database: str) -> None:
    assert asyncio.run(prepare(database)) is None
    before = everything(database)
    assert asyncio.run(prepare(database)) == schema.newest_revision()
    assert everything(database) == before


async def test_many_upgrades_at_once_make_one_schema(new_database: Callable[[], str]) -> None:
    """Nodes that start at the same moment: one upgrades, the others wait for it and find it done."""
    for _ in range(3):
        url = await asyncio.to_thread(new_database)
        came_from = await asyncio.gather(*(prepare(url) for _ in range(6)))
        assert sorted(came_from, key=str) == [schema.newest_revision()] * 5 + [None]


async def test_what_check_says(database: str) -> None:
    opened = Database(database)
    try:
        with pytest.raises(SchemaTooOld):
            await schema.check(opened)
        await schema.upgrade(opened)
        await schema.check(opened)
        async with opened.begin() as connection:
            await connection.execute(sa.text("UPDATE alembic_version SET version_num = 'x'"))
        for refuses in (schema.check, schema.upgrade):
            with pytest.raises(SchemaTooNew):
                await refuses(opened)
    finally:
        await opened.close()


async def test_an_upgrade_that_fails_leaves_nothing(database: str) -> None:
    """A table that is in the way half-way through: all of the migration is undone, and the next try succeeds."""
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE inbox (mine int)")
    try:
        with pytest.raises(Exception, match="refused a statement"):
            await prepare(database)
        left = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                                      "current_schema()::regnamespace")  # fmt: skip
        assert [record[0] for record in left] == ["inbox"]
        await connection.execute("DROP TABLE inbox")
    finally:
        await connection.close()
    assert await prepare(database) is None


@pytest.fixture
def known_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy does not know PostgreSQL's 64-bit transaction id when it looks at a table."""
    monkeypatch.setitem(PGDialect.ischema_names, "xid8", Xid8)


def differences(connection: sa.Connection) -> Sequence[Any]:
    """Between the tables of the database, PgQueuer's own left out, and those of ``storage/tables``."""
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("pgqueuer"),
    }
    found: Sequence[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found


@pytest.mark.usefixtures("known_types")
async def test_the_tables_are_what_the_program_thinks(database: str) -> None:
    await prepare(database)
    opened = Database(database)
    try:
        async with opened.begin() as connection:
            assert await connection.run_sync(differences) == []
            for statement in CHANGES:  # that the line above can fail
                async with connection.begin_nested() as savepoint:
                    await connection.execute(sa.text(statement))
                    assert await connection.run_sync(differences), statement
                    await savepoint.rollback()
            assert await connection.run_sync(differences) == []
    finally:
        await opened.close()


CHANGES = (
    "ALTER TABLE document DROP COLUMN currency",
    "ALTER TABLE document ADD COLUMN another text",
    "DROP INDEX event_feed",
    "ALTER TABLE delivery ALTER COLUMN attempts TYPE text",
    "ALTER TABLE event ALTER COLUMN xact DROP DEFAULT, ALTER COLUMN xact TYPE bigint USING 0",
    "ALTER TABLE submission ALTER COLUMN mode DROP NOT NULL",
    "ALTER TABLE submission DROP CONSTRAINT submission_repeat",
    "ALTER TABLE inbox DROP CONSTRAINT inbox_document_id_fkey",
    "CREATE TABLE unknown (id int)",
)
