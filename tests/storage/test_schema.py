"""The schema: migrations and tables.py say the same, nodes may start at once, and versions are told apart."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from alembic import command

from fakturahub.errors import SchemaTooNew, SchemaTooOld
from fakturahub.storage import ledger, schema
from fakturahub.storage.database import Database
from fakturahub.storage.tables import metadata
from tests.storage.rows import NOW, query, run

LOOKS = {
    "columns": """SELECT table_name, column_name, udt_name, is_nullable, column_default FROM information_schema.columns
                  WHERE table_schema = 'public' AND table_name = ANY (:tables) ORDER BY 1, 2""",
    "indexes": """SELECT tablename, indexdef FROM pg_indexes
                  WHERE schemaname = 'public' AND tablename = ANY (:tables) ORDER BY 2""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
                      WHERE conrelid::regclass::text = ANY (:tables) ORDER BY 1, 2""",
}


async def test_the_migrations_make_what_tables_py_says(db: Database, database: str) -> None:
    made, tables = Database(database), list(metadata.tables)
    async with made.begin() as connection:
        await connection.run_sync(metadata.create_all)
    for what, look in LOOKS.items():
        migrated = await query(db, look, tables=tables)
        assert migrated
        assert await query(made, look, tables=tables) == migrated, what
    await made.close()


async def test_nothing_was_migrated_that_tables_py_does_not_know(db: Database) -> None:
    tables = await query(
        db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'pgqueuer%'"
    )
    assert set(tables) == {*metadata.tables, "alembic_version"}


async def test_nodes_that_start_at_once_upgrade_once(database: str) -> None:
    nodes = [Database(database) for _ in range(3)]
    before = await asyncio.gather(*(schema.upgrade(node) for node in nodes))
    assert sorted(map(str, before)) == sorted(["None", schema.newest_revision(), schema.newest_revision()])
    for node in nodes:
        await schema.check(node)
        assert await schema.upgrade(node) == schema.newest_revision()
        await node.close()


async def test_versions_are_told_apart(database: str) -> None:
    own = Database(database)
    assert await schema.current_revision(own) is None
    with pytest.raises(SchemaTooOld):
        await schema.check(own)
    await schema.upgrade(own)
    await schema.check(own)
    await run(own, "UPDATE alembic_version SET version_num = '9999'")
    for refused in (schema.check, schema.upgrade):
        with pytest.raises(SchemaTooNew, match="9999"):
            await refused(own)
    assert await schema.current_revision(own) == "9999"
    await own.close()


async def test_companies_that_had_credits_get_accounts(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Database(database)
    monkeypatch.setattr(command, "upgrade", lambda config, _, upgrade=command.upgrade: upgrade(config, "0004"))
    await schema.upgrade(own)
    assert await schema.current_revision(own) == "0004"
    monkeypatch.undo()
    for key, settings in {
        "before": '{"name": "A", "credits": "12.5"}',
        "empty": '{"name": "B", "credits": "0"}',
        "afterwards": '{"name": "C", "credits": "postpaid"}',
        "silent": '{"name": "D"}',
    }.items():
        await run(
            own,
            "INSERT INTO company (id, key, settings, version, created_at) "
            "VALUES (gen_random_uuid(), :key, CAST(:settings AS jsonb), 1, now())",
            key=key,
            settings=settings,
        )
    await schema.upgrade(own)
    assert [(one.company, one.prepaid, one.balance, one.granted) for one in await ledger.balances(own, 10)] == [
        ("afterwards", False, 0, 0),
        ("before", True, Decimal("12.5"), Decimal("12.5")),
        ("empty", True, 0, 0),
        ("silent", False, 0, 0),
    ]
    assert await ledger.discrepancies(own) == []
    id_ = await ledger.company_id_of(own, "before")
    assert id_ is not None
    await ledger.add(own, id_, Decimal(1), "later", NOW)
    assert [one.kind for one in await ledger.entries(own, id_, 10)] == ["adjust", "grant"]
    await own.close()
