"""The keys that the OAuth2 server signs with, sealed by whoever makes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from fakturahub.storage.database import Database
from fakturahub.storage.tables import oauth_key

# "oauthkey" as a 64-bit number: of several nodes that would make a key at the same time, one does
_LOCK = int.from_bytes(b"oauthkey", "big") >> 1


class KeyRow(msgspec.Struct, frozen=True):
    kid: str
    #: JWK without private members
    public: dict[str, Any]
    #: the private key, sealed
    sealed: str
    created_at: datetime
    signs_from: datetime


_COLUMNS = [oauth_key.c[name] for name in KeyRow.__struct_fields__]


async def listed(database: Database) -> list[KeyRow]:
    """All keys, in the order in which they sign."""
    async with database.begin() as connection:
        rows = await connection.execute(sa.select(*_COLUMNS).order_by(oauth_key.c.signs_from, oauth_key.c.kid))
        return [KeyRow(*row) for row in rows]


async def add(database: Database, row: KeyRow, *, unless_newer_than: datetime | None) -> bool:
    """Store a key; False where another node made one since *unless_newer_than*, or any where that is None."""
    newer = sa.select(oauth_key.c.kid).limit(1)
    if unless_newer_than is not None:
        newer = newer.where(oauth_key.c.created_at > unless_newer_than)
    async with database.begin() as connection:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if (await connection.execute(newer)).first() is not None:
            return False
        await connection.execute(sa.insert(oauth_key), msgspec.structs.asdict(row))
        return True


async def replace(database: Database, row: KeyRow) -> None:
    """Store a key in the place of all others."""
    async with database.begin() as connection:
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        await connection.execute(sa.delete(oauth_key))
        await connection.execute(sa.insert(oauth_key), msgspec.structs.asdict(row))


async def retire(database: Database, now: datetime, life: timedelta) -> int:
    """Remove the keys in whose place another one has signed for longer than *life*; returns how many."""
    newer = oauth_key.alias()
    replaced = sa.exists().where(newer.c.signs_from > oauth_key.c.signs_from, newer.c.signs_from < now - life)
    async with database.begin() as connection:
        return int((await connection.execute(sa.delete(oauth_key).where(replaced))).rowcount)
