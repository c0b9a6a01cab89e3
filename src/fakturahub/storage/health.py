"""What the database server says of itself, for those who look after it."""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa

from fakturahub.storage.companies import key_fingerprint
from fakturahub.storage.database import Database

__all__ = ["Server", "key_fingerprint", "now", "server"]


class Server(msgspec.Struct, frozen=True):
    version: str
    #: such as 180004 for 18.4
    number: int
    encoding: str
    connections: int
    most_connections: int
    #: whether a commit that was acknowledged survives a crash of the machine
    durable: bool


async def server(database: Database) -> Server:
    """Version, encoding, connections and durability."""
    async with database.begin() as connection:
        row = (
            await connection.execute(
                sa.text(
                    """SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                              current_setting('server_encoding'), (SELECT count(*) FROM pg_stat_activity)::int,
                              current_setting('max_connections')::int,
                              current_setting('fsync')::bool AND current_setting('full_page_writes')::bool
                                AND current_setting('synchronous_commit') <> 'off'"""
                )
            )
        ).one()
        return Server(*row)


async def now(database: Database) -> datetime:
    """The server's clock."""
    async with database.begin() as connection:
        at: datetime = (await connection.execute(sa.text("SELECT clock_timestamp()"))).scalar_one()
        return at
