"""Mails about what lies in inboxes: what there is to tell, the mails that wait to be sent, and what came of them.

A mail is made in the transaction that notes up to which entry its company was told, so no entry is told of twice. It is
sent afterwards, by whichever node claims it, and is the same however often that is tried.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.clock import first_id_at, new_id
from fakturahub.storage.database import Database
from fakturahub.storage.newest import LEAST, newest_of
from fakturahub.storage.tables import converted, document, event, inbox, inbox_mail, inbox_notice

#: entries that are counted; where there are more, it is said that there are
MOST_COUNTED = 1_000
#: entries that a mail names
MOST_NAMED = 20
#: companies, and mails that are done with, in one look
BATCH = 500

State = Literal["open", "sent", "failed"]


class Wish(msgspec.Struct, frozen=True):
    """A company that wants to be told."""

    company_id: UUID
    #: None: the address of its settings
    email: str | None
    #: 1: the same day, 2: the next ...
    days: int
    #: the id before which it was told of all entries, and when
    told_to: UUID | None
    told_at: datetime | None


class Lying(msgspec.Struct, frozen=True):
    """An entry that nobody fetched."""

    arrived_at: datetime
    kind: str
    #: of the document as its receiver gets it
    heading: dict[str, Any]


class Told(msgspec.Struct, frozen=True):
    """What there is to tell of an inbox."""

    #: at most `MOST_COUNTED` + 1
    count: int
    #: the oldest ones, at most `MOST_NAMED`
    oldest: list[Lying]


class InboxMail(msgspec.Struct, frozen=True):
    """A mail about an inbox."""

    id: UUID
    company_id: UUID
    email: str
    language: str
    entries: int
    subject: str
    body: str
    html: str
    created_at: datetime
    #: how often it was tried, this time included
    attempts: int = 0


_MAIL = tuple(inbox_mail.c[field] for field in InboxMail.__struct_fields__)


async def wishes(database: Database, after: UUID = LEAST, most: int = BATCH) -> list[Wish]:
    """Companies that want to be told, those behind *after* in the order of their ids."""
    statement = (
        sa.select(*(inbox_notice.c[field] for field in Wish.__struct_fields__))
        .where(inbox_notice.c.company_id > after, inbox_notice.c.days > 0)
        .order_by(inbox_notice.c.company_id)
        .limit(most)
    )
    async with database.begin() as connection:
        return [Wish(*row) for row in await connection.execute(statement)]


def _lying(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return newest_of(
        sa.select(*columns).where(inbox.c.received_at.is_(None), inbox.c.removed_at.is_(None)),
        {inbox.c.company_id: sa.bindparam("company")},
        inbox.c.id,
        since=sa.bindparam("floor"),
        before=sa.bindparam("ceiling"),
        oldest_first=True,
    )


_COUNT = sa.select(sa.func.count()).select_from(_lying(inbox.c.id).limit(MOST_COUNTED + 1).subquery())
_OLDEST = (
    _lying(inbox.c.arrived_at, document.c.kind, sa.func.coalesce(converted.c.facts, document.c.facts)["heading"])
    .select_from(
        inbox.join(document, document.c.id == inbox.c.document_id).outerjoin(
            converted, converted.c.delivery_id == inbox.c.delivery_id
        )
    )
    .limit(MOST_NAMED)
)


async def lying(database: Database, wish: Wish, since: datetime, before: datetime) -> Told:
    """What arrived from *since* on and before *before*, is unreceived, and was not told of.

    An entry that is being fetched at the moment counts as unreceived.
    """
    floor = first_id_at(since)
    if wish.told_to is not None:
        floor = max(floor, wish.told_to)
    asked = {"company": wish.company_id, "floor": floor, "ceiling": first_id_at(before)}
    async with database.begin() as connection:
        count = await connection.scalar(_COUNT, asked)
        rows = await connection.execute(_OLDEST, asked) if count else ()
        return Told(count or 0, [Lying(*row) for row in rows])


async def put(database: Database, wish: Wish, mail: InboxMail, before: datetime) -> bool:
    """Store *mail* and note that its company was told of what arrived before *before*.

    False, and nothing is stored, where somebody else told it meanwhile.
    """
    noted = (
        sa.update(inbox_notice)
        .where(
            inbox_notice.c.company_id == wish.company_id,
            inbox_notice.c.told_to.is_not_distinct_from(wish.told_to),
        )
        .values(told_to=first_id_at(before), told_at=mail.created_at)
    )
    values = {**msgspec.structs.asdict(mail), "state": "open", "due_at": mail.created_at, "changed_at": mail.created_at}
    async with database.begin() as connection:
        if (await connection.execute(noted)).rowcount != 1:
            return False
        await connection.execute(sa.insert(inbox_mail).values(values))
        return True


async def claim(database: Database, now: datetime, length: timedelta) -> InboxMail | None:
    """The mail that is due first, nobody else's for *length*; None where none is due."""
    due = (
        sa.select(inbox_mail.c.id)
        .where(inbox_mail.c.state == "open", inbox_mail.c.due_at <= now)
        .order_by(inbox_mail.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    statement = (
        sa.update(inbox_mail)
        .where(inbox_mail.c.id == due.scalar_subquery())
        .values(due_at=now + length, attempts=inbox_mail.c.attempts + 1, changed_at=now)
        .returning(*_MAIL)
    )
    async with database.begin() as connection:
        row = (await connection.execute(statement)).one_or_none()
    return None if row is None else InboxMail(*row)


async def settle(
    database: Database, mail: InboxMail, state: State, due_at: datetime, now: datetime, error: str | None = None
) -> bool:
    """Note what came of sending *mail*, with an event where it is done with.

    False where another node has it by now: it took longer than it was claimed for.
    """
    noted = (
        sa.update(inbox_mail)
        .where(inbox_mail.c.id == mail.id, inbox_mail.c.state == "open", inbox_mail.c.attempts == mail.attempts)
        .values(state=state, due_at=due_at, last_error=error, changed_at=now)
    )
    async with database.begin() as connection:
        if (await connection.execute(noted)).rowcount != 1:
            return False
        if state != "open":
            told = {"mail": str(mail.id), "entries": mail.entries, **({"error": error} if error else {})}
            kind = "inbox.told" if state == "sent" else "inbox.not_told"
            await connection.execute(
                sa.insert(event).values(id=new_id(now), company_id=mail.company_id, kind=kind, at=now, data=told)
            )
        return True


async def forget(database: Database, before: datetime) -> int:
    """Delete mails that were done with before *before*, at most `BATCH`; returns how many."""
    old = (
        sa.select(inbox_mail.c.id)
        .where(inbox_mail.c.state != "open", inbox_mail.c.changed_at < before)
        .order_by(inbox_mail.c.changed_at)
        .limit(BATCH)
    )
    async with database.begin() as connection:
        return (await connection.execute(sa.delete(inbox_mail).where(inbox_mail.c.id.in_(old)))).rowcount
