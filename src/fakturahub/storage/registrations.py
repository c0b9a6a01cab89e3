"""Registrations that wait for the operator: who wants to become a company of this hub, and what they stated."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fakturahub.clock import new_id
from fakturahub.storage.database import Database
from fakturahub.storage.tables import registration


class Registration(msgspec.Struct, frozen=True):
    """One that waits. ``stated`` is what its caller sent, table by table, each with texts by their names."""

    id: UUID
    qualifier: str
    identifier: str
    stated: list[dict[str, Any]]
    #: where the request came from
    address: str
    created_at: datetime


_COLUMNS = (
    registration.c.id,
    registration.c.qualifier,
    registration.c.identifier,
    registration.c.stated,
    registration.c.address,
    registration.c.created_at,
)


async def put(
    database: Database,
    qualifier: str,
    identifier: str,
    stated: list[dict[str, str]],
    *,
    address: str,
    now: datetime,
    most: int,
) -> bool:
    """Keep a registration; one of the same identifier takes the place of the former. False where *most* wait already.

    Anybody may register, so what waits is bounded.
    """
    values = {"stated": stated, "address": address, "created_at": now}
    async with database.begin() as connection:
        # one at a time, or several at once would each see room for one more
        await connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('registration'))"))
        same = sa.and_(registration.c.qualifier == qualifier, registration.c.identifier == identifier)
        others = await connection.scalar(sa.select(sa.func.count()).where(~same).select_from(registration))
        if int(others or 0) >= most:
            return False
        await connection.execute(
            insert(registration)
            .values(id=new_id(now), qualifier=qualifier, identifier=identifier, **values)
            .on_conflict_do_update(constraint="registration_once", set_=values)
        )
    return True


async def waiting(database: Database, most: int) -> list[Registration]:
    """Those that wait, the oldest first."""
    statement = sa.select(*_COLUMNS).order_by(registration.c.created_at, registration.c.id).limit(most)
    async with database.begin() as connection:
        return [Registration(*row) for row in await connection.execute(statement)]


async def drop(database: Database, registration_id: UUID) -> bool:
    """Forget one: it was seen to. False where there is none with this id."""
    async with database.begin() as connection:
        gone = await connection.execute(sa.delete(registration).where(registration.c.id == registration_id))
        return bool(gone.rowcount)
