"""What a company sent and received, as one list: the newest first, by a few conditions, in pages.

Four kinds of row come together: documents it sent, entries of its inbox, documents that were posted to its own server,
and the acknowledgements of what it sent through one dialect. Each is asked for along an index of its own, no further
than to the end of the page; the ids of all of them begin with their time, which is the order of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as UUID_TYPE
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.model import DocumentState, Kind
from fakturahub.model.acknowledgement import CHANNEL
from fakturahub.storage.database import Database
from fakturahub.storage.newest import newest_of
from fakturahub.storage.tables import (
    acknowledgement_fetched,
    converted,
    delivery,
    document,
    event,
    file_part,
    inbox,
    submission,
)

#: rows that are counted; of a longer list no more is said than that it is so long
COUNTED = 10_000
#: events of one document that are told, the newest
EVENTS = 20


class Source(StrEnum):
    """Where a row of the list comes from."""

    SENT = "sent"
    INBOX = "inbox"
    PUSHED = "pushed"
    ACKNOWLEDGEMENT = "acknowledgement"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are wanted; None where a condition is not given."""

    company: UUID
    sources: frozenset[Source]
    #: the dialect whose submissions are acknowledged
    dialect: str
    fetched: bool | None = None
    kinds: frozenset[Kind] | None = None
    #: the document's number, of a response that of the document it answers
    number: str | None = None
    #: the number of the document that a response answers, or an acknowledgement is about
    answered: str | None = None
    modes: frozenset[str] | None = None
    #: a submission, with what was made of it since; of what was received its own id
    file: UUID | None = None


class Row(msgspec.Struct, frozen=True):
    """One row of the list. ``id`` is that of the document, the entry or the delivery, by its source."""

    id: UUID
    source: Source
    document_id: UUID
    at: datetime
    fetched_at: datetime | None


class Known(msgspec.Struct, frozen=True):
    """What is known of the document of a row."""

    kind: str
    number: str | None
    issue_date: Any
    mode: str
    state: str
    facts: dict[str, Any]
    #: when it was handed in, as what, and with what beside it
    at: datetime
    submission_id: UUID
    request: dict[str, Any]


_ANSWERED = document.c.facts[("heading", "answered")].astext
_RESPONSE = document.c.kind == Kind.RESPONSE.value
_ACCEPTED = sa.and_(document.c.state != DocumentState.REJECTED.value, document.c.facts["way"].astext.is_not(None))
# Literals, and not values: the server finds the index of these rows whatever it plans for.
_PUSHED = sa.and_(
    delivery.c.channel == sa.literal_column("'http'"), delivery.c.state == sa.literal_column("'delivered'")
)
#: of what was sent: what was rejected, or taken back, is a part of a file and no document
_NO_DOCUMENT = (DocumentState.REJECTED.value, DocumentState.WITHDRAWN.value)
# Looked up for each row: joined, the server would rather read all submissions of everybody.
_DIALECT = sa.select(submission.c.dialect).where(submission.c.id == document.c.submission_id).scalar_subquery()
_NEVER: sa.ColumnElement[Any] = sa.null().cast(document.c.created_at.type)


def _sent(wish: Wish) -> list[tuple[sa.Select[Any], sa.ColumnElement[Any], sa.ColumnElement[Any]]]:
    if wish.fetched:
        return []
    statement = _row(Source.SENT, document.c.id, document.c.id, document.c.created_at, _NEVER).where(
        document.c.state.not_in(_NO_DOCUMENT)
    )
    return [(statement.where(*_conditions(wish)), document.c.company_id, document.c.id)]


def _inbox(wish: Wish) -> list[tuple[sa.Select[Any], sa.ColumnElement[Any], sa.ColumnElement[Any]]]:
    statement = _row(Source.INBOX, inbox.c.id, inbox.c.document_id, inbox.c.arrived_at, inbox.c.received_at)
    statement = _looked_up(statement.where(inbox.c.removed_at.is_(None)), inbox.c.document_id, wish)
    # one statement for each of the two indexes
    halves = {False: inbox.c.received_at.is_(None), True: inbox.c.received_at.is_not(None)}
    return [
        (statement.where(half), inbox.c.company_id, inbox.c.id)
        for fetched, half in halves.items()
        if wish.fetched in (None, fetched)
    ]


def _pushed(wish: Wish) -> list[tuple[sa.Select[Any], sa.ColumnElement[Any], sa.ColumnElement[Any]]]:
    if wish.fetched is False:
        return []
    statement = _row(
        Source.PUSHED, delivery.c.id, delivery.c.document_id, delivery.c.changed_at, delivery.c.changed_at
    ).where(_PUSHED)
    return [(_looked_up(statement, delivery.c.document_id, wish), delivery.c.receiver_id, delivery.c.id)]


def _acknowledgements(wish: Wish) -> list[tuple[sa.Select[Any], sa.ColumnElement[Any], sa.ColumnElement[Any]]]:
    fetched_at = acknowledgement_fetched.c.fetched_at
    statement = (
        _row(Source.ACKNOWLEDGEMENT, document.c.id, document.c.id, document.c.created_at, fetched_at)
        .select_from(
            document.outerjoin(
                acknowledgement_fetched,
                sa.and_(
                    acknowledgement_fetched.c.document_id == document.c.id,
                    acknowledgement_fetched.c.accepted == _ACCEPTED,
                ),
            )
        )
        .where(_DIALECT.in_([wish.dialect]))
    )
    if wish.fetched is not None:
        statement = statement.where(fetched_at.is_not(None) if wish.fetched else fetched_at.is_(None))
    for number in (wish.number, wish.answered):
        if number is not None:
            statement = statement.where(document.c.number == number)
    return [(statement.where(*_of_modes(wish)), document.c.company_id, document.c.id)]


_OF_SOURCE = {
    Source.SENT: _sent,
    Source.INBOX: _inbox,
    Source.PUSHED: _pushed,
    Source.ACKNOWLEDGEMENT: _acknowledgements,
}


def _row(source: Source, id_: Any, document_id: Any, at: Any, fetched_at: Any) -> sa.Select[Any]:
    return sa.select(id_.label("id"), sa.literal(source.value), document_id, at, fetched_at)


def _conditions(wish: Wish) -> list[sa.ColumnElement[bool]]:
    """What the documents that are wanted have in common."""
    found: list[sa.ColumnElement[bool]] = []
    if wish.kinds is not None:
        found.append(document.c.kind.in_(sorted(wish.kinds)))
    if wish.number is not None:
        found.append(sa.func.coalesce(sa.case((_RESPONSE, _ANSWERED)), document.c.number) == wish.number)
    if wish.answered is not None:
        found += [_RESPONSE, wish.answered == _ANSWERED]
    return found + _of_modes(wish)


def _of_modes(wish: Wish) -> list[sa.ColumnElement[bool]]:
    return [] if wish.modes is None else [document.c.mode.in_(sorted(wish.modes))]


def _looked_up(statement: sa.Select[Any], document_id: sa.ColumnElement[Any], wish: Wish) -> sa.Select[Any]:
    """*statement* for those rows whose documents are wanted; each is looked up, as `_DIALECT` is."""
    conditions = _conditions(wish)
    if not conditions:
        return statement
    return statement.where(sa.select(sa.and_(*conditions)).where(document.c.id == document_id).scalar_subquery())


def _statements(wish: Wish, documents: Sequence[UUID] | None, only: Sequence[UUID] | None) -> list[sa.Select[Any]]:
    """One for each index; *documents* those of the file that is asked for, *only* the ids that are."""
    made = []
    for source in sorted(wish.sources):
        for statement, owner, id_ in _OF_SOURCE[source](wish):
            if documents is not None:
                mine = source in (Source.SENT, Source.ACKNOWLEDGEMENT)
                statement = statement.where(document.c.id.in_(documents) if mine else id_ == wish.file)
            if only is not None:
                statement = statement.where(id_.in_(only))
            made.append(newest_of(statement, {owner: wish.company}, id_))
    return made


async def page(database: Database, wish: Wish, first: int, most: int) -> tuple[list[Row], int]:
    """Rows from the *first* on, at most so many, the newest first; and how many there are, or `COUNTED` if more."""
    async with database.begin() as connection:
        documents = None if wish.file is None else await _documents_of(connection, wish)
        found: list[Row] = []
        total = 0
        for statement in _statements(wish, documents, None):
            rows = [_made(row) for row in await connection.execute(statement.limit(first + most))]
            found += rows
            count = len(rows)
            if count == first + most and count < COUNTED:
                counted = statement.limit(COUNTED).subquery()
                count = await connection.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
            total += count
        found.sort(key=lambda row: row.id.int, reverse=True)
        return found[first : first + most], min(total, COUNTED)


async def rows_of(database: Database, wish: Wish, ids: Sequence[UUID]) -> list[Row]:
    """The rows with these ids, those that there are."""
    async with database.begin() as connection:
        found: list[Row] = []
        for statement in _statements(wish, None, ids):
            found += [_made(row) for row in await connection.execute(statement)]
        return found


def _made(row: Any) -> Row:
    return Row(row[0], Source(row[1]), *row[2:])


async def _documents_of(connection: AsyncConnection, wish: Wish) -> Sequence[UUID]:
    """The documents of the file that is asked for, and those that stand for one of them now."""
    of_file = document.c.submission_id == wish.file
    statement = sa.union(
        sa.select(document.c.id).where(of_file),
        sa.select(file_part.c.document_id)
        .select_from(file_part.join(document, document.c.id == file_part.c.id))
        .where(of_file),
    )
    return (await connection.scalars(statement)).all()


async def known(database: Database, rows: Sequence[Row]) -> dict[UUID, Known]:
    """What is known of the documents of *rows*, by the ids of these."""
    by_document = sa.select(
        document.c.id,
        document.c.kind,
        document.c.number,
        document.c.issue_date,
        document.c.mode,
        document.c.state,
        document.c.facts,
        document.c.created_at,
        document.c.submission_id,
        submission.c.request,
    ).join_from(document, submission)
    async with database.begin() as connection:
        wanted = by_document.where(document.c.id.in_({one.document_id for one in rows}))
        found = {row[0]: Known(*tuple(row)[1:]) for row in await connection.execute(wanted)}
    return {one.id: found[one.document_id] for one in rows if one.document_id in found}


async def channels_of(database: Database, documents: Sequence[UUID]) -> dict[UUID, str]:
    """How each of the documents left, or is to leave; those without a delivery are not there."""
    statement = (
        sa.select(delivery.c.document_id, delivery.c.channel)
        .where(delivery.c.document_id.in_(documents), delivery.c.channel != CHANNEL)
        .order_by(delivery.c.id)
    )
    async with database.begin() as connection:
        return {row[0]: row[1] for row in await connection.execute(statement)}


async def events_of(database: Database, documents: Sequence[UUID]) -> dict[UUID, list[tuple[str, datetime, Any]]]:
    """The newest `EVENTS` events of each of the documents, the oldest first: kind, time and data."""
    wanted = (
        sa.func.unnest(sa.literal(list(documents), sa.ARRAY(UUID_TYPE(as_uuid=True))))
        .table_valued("id")
        .render_derived()
    )
    newest = (
        sa.select(event.c.document_id, event.c.kind, event.c.at, event.c.data, event.c.id)
        .where(event.c.document_id == wanted.c.id)
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(EVENTS)
        .lateral("newest")
    )
    found: dict[UUID, list[tuple[str, datetime, Any]]] = {}
    async with database.begin() as connection:
        statement = sa.select(newest).select_from(wanted.join(newest, sa.true())).order_by(newest.c.at, newest.c.id)
        for row in await connection.execute(statement):
            found.setdefault(row[0], []).append((row[1], row[2], row[3]))
    return found


async def converted_of(database: Database, any_id: UUID) -> tuple[UUID | None, dict[str, Any] | None]:
    """The delivery that wrote the document of an entry, or of a posted delivery, in another syntax, and what of it is
    known; None where its receiver gets it as it came.
    """
    of_entry = sa.select(inbox.c.delivery_id).where(inbox.c.id == any_id).scalar_subquery()
    statement = sa.select(converted.c.delivery_id, converted.c.facts).where(
        converted.c.delivery_id == sa.func.coalesce(of_entry, any_id)
    )
    async with database.begin() as connection:
        row = (await connection.execute(statement)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


async def mark_acknowledgements(database: Database, documents: Sequence[UUID], now: datetime) -> None:
    """Note that the acknowledgements of these documents were fetched as they are now; the first time counts."""
    chosen = sa.select(document.c.id, _ACCEPTED, sa.literal(now)).where(document.c.id.in_(documents))
    async with database.begin() as connection:
        await connection.execute(
            insert(acknowledgement_fetched)
            .from_select(["document_id", "accepted", "fetched_at"], chosen)
            .on_conflict_do_nothing()
        )
