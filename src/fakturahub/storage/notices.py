"""The mail address of each inbox, and after how many days its owner is told of what lies there unreceived."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fakturahub.storage.database import Database
from fakturahub.storage.tables import inbox_notice


class Notice(msgspec.Struct, frozen=True):
    """What a company wants. ``email`` None: the address of its settings. ``days`` 0: it is never told."""

    email: str | None = None
    days: int = 0


async def of_company(database: Database, company_id: UUID) -> Notice | None:
    """What a company has set, None where it has set nothing."""
    statement = sa.select(inbox_notice.c.email, inbox_notice.c.days).where(inbox_notice.c.company_id == company_id)
    async with database.begin() as connection:
        row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Notice(*row)


async def put(database: Database, company_id: UUID, notice: Notice, now: datetime) -> Notice | None:
    """Set what a company wants; returns what it had set before, None for nothing."""
    values = {"email": notice.email, "days": notice.days, "changed_at": now}
    async with database.begin() as connection:
        before = (
            await connection.execute(
                sa.select(inbox_notice.c.email, inbox_notice.c.days)
                .where(inbox_notice.c.company_id == company_id)
                .with_for_update()
            )
        ).one_or_none()
        await connection.execute(
            insert(inbox_notice)
            .values(company_id=company_id, **values)
            .on_conflict_do_update(index_elements=[inbox_notice.c.company_id], set_=values)
        )
    return None if before is None else Notice(*before)
