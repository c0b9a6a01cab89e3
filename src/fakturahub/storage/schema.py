"""Bringing the database to this program's schema, and telling when it is another program's.

Migrations run at start under an advisory lock, so two nodes may start at once. PgQueuer's own tables are installed and
upgraded by PgQueuer, on a plain connection, because its upgrade takes its own lock and cannot share a transaction.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from fakturahub.errors import SchemaTooNew, SchemaTooOld
from fakturahub.storage.database import Database, translated

# "fakturahub" as a 64-bit number: the key of the advisory lock, the same in every version of the program.
_LOCK = int.from_bytes(b"faktura\x00", "big") >> 1


_MIGRATIONS = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """The schemas this program knows, the oldest first: the numbers that the files of its migrations begin with.

    Alembic knows them, too, but takes half a second to be asked; every command looks whether the schema fits.
    """
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def newest_revision() -> str:
    """The schema this program was written for."""
    return revisions()[-1]


async def current_revision(database: Database) -> str | None:
    """The schema the database has, None when it has none of ours."""
    async with database.begin() as connection:
        if not await connection.scalar(sa.text("SELECT to_regclass('alembic_version')")):
            return None
        revision = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return None if revision is None else str(revision)


async def check(database: Database) -> None:
    """Raise `SchemaTooNew` or `SchemaTooOld` unless the database has exactly this program's schema."""
    revision = await current_revision(database)
    if revision == newest_revision():
        return
    if revision is not None and revision not in revisions():
        raise SchemaTooNew(f"The database has schema {revision}; this program knows up to {newest_revision()}.")
    raise SchemaTooOld(f"The database has schema {revision or 'none'}; this program needs {newest_revision()}.")


async def upgrade(database: Database) -> str | None:
    """Bring the database to the newest schema and return the revision it had before.

    Safe to call from several nodes at once. Raises `SchemaTooNew` and changes nothing where a newer program has
    been at work.
    """
    # The other node may be in the middle of a long migration, and ours may be long.
    database = database.patient()
    guard = await database.connect_plain()
    try:
        with translated():
            await guard.execute("SELECT pg_advisory_lock($1)", _LOCK)
        before = await current_revision(database)
        if before is not None and before not in revisions():
            raise SchemaTooNew(f"The database has schema {before}; this program knows up to {newest_revision()}.")
        if before != newest_revision():
            await _migrate(database)
        await _upgrade_queue(database)
        return before
    finally:
        await guard.close()


async def _migrate(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    async with database.begin() as connection:

        def run(sync_connection: sa.Connection) -> None:
            config.attributes["connection"] = sync_connection
            command.upgrade(config, "head")

        await connection.run_sync(run)


async def _upgrade_queue(database: Database) -> None:
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
    from pgqueuer.adapters.persistence.queries import Queries

    connection = await database.connect_plain()
    try:
        with translated():
            queries = Queries(AsyncpgDriver(connection))
            if not await queries.schema_is_installed():
                async with connection.transaction():
                    await queries.install()
                await queries.optimize_autovacuum()
                # three log rows a job, rewritten once: without this the log's dead rows pile up for days
                await connection.execute(
                    "ALTER TABLE pgqueuer_log SET (autovacuum_vacuum_scale_factor = 0.02,"
                    " autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)"
                )
            else:
                await queries.apply_upgrade()
    finally:
        await connection.close()
