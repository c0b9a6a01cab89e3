"""Looking at documents and deliveries: lists for people, each with an index and a limit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from fakturahub.storage.database import Database
from fakturahub.storage.newest import GREATEST, newest_of
from fakturahub.storage.tables import (
    attempt,
    company,
    converted,
    converted_file,
    delivery,
    document,
    document_file,
    event,
    inbox,
    rendered,
    submission,
)


class Listed(msgspec.Struct, frozen=True):
    """A document as a line of a list."""

    id: UUID
    created_at: datetime
    state: str
    mode: str
    dialect: str
    sender: str
    receiver: str | None
    syntax: str | None
    kind: str
    number: str | None
    issue_date: date | None
    currency: str | None
    payable: Decimal | None


class DeliveryListed(msgspec.Struct, frozen=True):
    """A delivery as a line of a list."""

    id: UUID
    document_id: UUID
    created_at: datetime
    state: str
    channel: str
    address: str
    receiver: str | None
    why: str
    wanted_syntax: str
    delivered_syntax: str | None
    attempts: int
    due_at: datetime
    changed_at: datetime
    last_error: str | None


class DeliveryShown(DeliveryListed, frozen=True):
    """A delivery with what is too much for a list."""

    #: what the conversion did (exchange.convert.Report), None where there was none
    report: dict[str, Any] | None = None


class AttemptShown(msgspec.Struct, frozen=True):
    id: UUID
    delivery_id: UUID
    started_at: datetime
    seconds: float
    outcome: str
    detail: dict[str, Any]


class EventShown(msgspec.Struct, frozen=True):
    kind: str
    at: datetime
    data: dict[str, Any]
    delivery_id: UUID | None


class EntryShown(msgspec.Struct, frozen=True):
    id: UUID
    arrived_at: datetime
    received_at: datetime | None


class Whole(msgspec.Struct, frozen=True):
    """Everything known about one document."""

    listed: Listed
    submission_id: UUID
    #: the sender's key, file name and declared type, and the request id
    request: dict[str, Any]
    facts: dict[str, Any]
    sha256: str
    size: int
    deliveries: list[DeliveryShown]
    attempts: list[AttemptShown]
    events: list[EventShown]
    entries: list[EntryShown]
    #: the sender
    company_id: UUID


_sender = company.alias("sender")
_receiver = company.alias("receiver")

_LISTED = sa.select(
    document.c.id,
    document.c.created_at,
    document.c.state,
    document.c.mode,
    submission.c.dialect,
    _sender.c.key,
    _receiver.c.key,
    document.c.syntax,
    document.c.kind,
    document.c.number,
    document.c.issue_date,
    document.c.currency,
    document.c.payable,
).select_from(
    document.join(submission, submission.c.id == document.c.submission_id)
    .join(_sender, _sender.c.id == document.c.company_id)
    .outerjoin(_receiver, _receiver.c.id == document.c.receiver_id)
)

_DELIVERY = sa.select(
    delivery.c.id,
    delivery.c.document_id,
    delivery.c.created_at,
    delivery.c.state,
    delivery.c.channel,
    delivery.c.address,
    _receiver.c.key,
    delivery.c.why,
    delivery.c.wanted_syntax,
    delivery.c.delivered_syntax,
    delivery.c.attempts,
    delivery.c.due_at,
    delivery.c.changed_at,
    delivery.c.last_error,
).select_from(delivery.outerjoin(_receiver, _receiver.c.id == delivery.c.receiver_id))


async def newest(
    database: Database,
    most: int,
    *,
    before: UUID | None = None,
    company_key: str | None = None,
    state: str | None = None,
) -> list[Listed]:
    """The newest documents, those of one sender where a key is given; *before* is the last id of the page before.

    ``state`` is one that a document without a receiver has (unroutable, rejected): only there an index serves it.
    """
    found = sa.select(document.c.id).limit(most)
    same: dict[sa.ColumnElement[Any], object] = {}
    async with database.begin() as connection:
        if company_key is not None:
            same[document.c.company_id] = await connection.scalar(
                sa.select(company.c.id).where(company.c.key == company_key)
            )
            if same[document.c.company_id] is None:
                return []
        if state is not None:
            found = found.where(document.c.receiver_id.is_(None))
            same[document.c.state] = state
        page = newest_of(found, same, document.c.id, before=before or GREATEST).subquery()
        statement = _LISTED.join(page, page.c.id == document.c.id).order_by(document.c.id.desc())
        return [Listed(*tuple(row)) for row in await connection.execute(statement)]


async def whole(database: Database, document_id: UUID) -> Whole | None:
    """All about one document, None where there is none with this id."""
    async with database.begin() as connection:
        row = (
            await connection.execute(
                _LISTED.add_columns(
                    submission.c.id,
                    submission.c.request,
                    document.c.facts,
                    document.c.sha256,
                    document.c.size,
                    document.c.company_id,
                ).where(document.c.id == document_id)
            )
        ).one_or_none()
        if row is None:
            return None
        deliveries = await connection.execute(
            _DELIVERY.add_columns(delivery.c.report)
            .where(delivery.c.document_id == document_id)
            .order_by(delivery.c.id)
        )
        attempts = await connection.execute(
            sa.select(
                attempt.c.id,
                attempt.c.delivery_id,
                attempt.c.started_at,
                attempt.c.seconds,
                attempt.c.outcome,
                attempt.c.detail,
            )
            .join(delivery, delivery.c.id == attempt.c.delivery_id)
            .where(delivery.c.document_id == document_id)
            .order_by(attempt.c.started_at)
        )
        events = await connection.execute(
            sa.select(event.c.kind, event.c.at, event.c.data, event.c.delivery_id)
            .where(event.c.document_id == document_id)
            .order_by(event.c.at, event.c.xact, event.c.id)
        )
        entries = await connection.execute(
            sa.select(inbox.c.id, inbox.c.arrived_at, inbox.c.received_at).where(inbox.c.document_id == document_id)
        )
        listed = Listed(*row[:13])
        return Whole(
            listed,
            row[13],
            row[14],
            row[15],
            row[16].hex(),
            row[17],
            [DeliveryShown(*tuple(one)) for one in deliveries],
            [AttemptShown(*one) for one in attempts],
            [EventShown(*one) for one in events],
            [EntryShown(*one) for one in entries],
            row[18],
        )


async def newest_deliveries(
    database: Database, most: int, *, state: str | None = None, before: UUID | None = None
) -> list[DeliveryListed]:
    """The newest deliveries, those in one state where it is given."""
    same: dict[sa.ColumnElement[Any], object] = {} if state is None else {delivery.c.state: state}
    page = newest_of(sa.select(delivery.c.id).limit(most), same, delivery.c.id, before=before or GREATEST).subquery()
    statement = _DELIVERY.join(page, page.c.id == delivery.c.id).order_by(delivery.c.id.desc())
    async with database.begin() as connection:
        return [DeliveryListed(*tuple(row)) for row in await connection.execute(statement)]


async def stored_hashes(database: Database, hashes: list[bytes]) -> set[bytes]:
    """Those of *hashes* that a row names in the payload store."""
    named = [
        sa.select(table.c.sha256).where(table.c.encoding == "store", table.c.sha256.in_(hashes))
        for table in (document, document_file, converted, converted_file, rendered)
    ]
    async with database.begin() as connection:
        return set((await connection.scalars(sa.union(*named))).all())
