"""Submissions to store, and what a test asks the database about them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fakturahub.clock import new_id
from fakturahub.model import Answer
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import InboxDeliveries
from fakturahub.storage.submission_rows import DeliveryRow, DocumentRow, EventRow, SubmissionRows
from fakturahub.storage.submissions import SubmissionWriter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def submission(
    company: UUID,
    *,
    key: str | None = None,
    window: timedelta | None = None,
    body: bytes = b"<Invoice/>",
    at: datetime = NOW,
    answer: bytes | None = None,
    receiver: UUID | None = None,
    deliveries: int | None = None,
    state: str = "routed",
    mode: str = "prod",
    refused: bool = False,
    dialect: str = "pagero",
    **document: Any,
) -> SubmissionRows:
    """A submission of one document, with one delivery where a receiver is given; its answer names it."""
    id_, document_id = new_id(at), new_id(at)
    count = (0 if receiver is None else 1) if deliveries is None else deliveries
    row = {
        "id": document_id,
        "receiver_id": receiver,
        "state": "rejected" if refused else state,
        "syntax": "ubl-2.1",
        "kind": "invoice",
        "number": "1",
        "issue_date": None,
        "currency": "EUR",
        "payable": None,
        "facts": '{"recognition": {"syntax": "ubl-2.1"}, "heading": {"kind": "invoice"}}',
        "sha256": hashlib.sha256(body).digest(),
        "size": len(body),
        "encoding": "identity",
        "payload": body,
        **document,
    }
    return SubmissionRows(
        id=id_,
        company_id=company,
        dialect=dialect,
        repeat_key=key,
        takes_key=not refused,
        repeat_window=window,
        body_sha256=hashlib.sha256(body).digest(),
        mode=mode,
        state="refused" if refused else "accepted",
        answer=Answer(200, "text/plain", answer or str(id_).encode()),
        request="{}",
        at=at,
        documents=(DocumentRow(**row),),
        deliveries=tuple(
            DeliveryRow(new_id(at), document_id, receiver, "inbox", "0216:1", "it is known", "original")
            for _ in range(count)
        ),
        events=(EventRow(new_id(at), document_id, None, "document.received", "{}"),),
    )


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[SubmissionWriter]:
    """A writer that runs, and is stopped at the end."""
    writer = SubmissionWriter(database)
    writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def store(database: Database, *rows: SubmissionRows) -> None:
    """Store *rows*, one after the other."""
    async with writing(database) as writer:
        for one in rows:
            await writer.store(one)


async def deliver(database: Database, rows: Sequence[SubmissionRows], at: datetime = NOW) -> int:
    """Put the deliveries of *rows* into the inboxes; how many were still to be put there."""
    worker = InboxDeliveries(database)
    try:
        return (await worker.do([delivery.id for one in rows for delivery in one.deliveries], at)).done
    finally:
        await worker.close()


async def query(database: Database, statement: str, **values: Any) -> list[Any]:
    """The rows that *statement* gives; of a single column the values."""
    async with database.begin() as connection:
        rows = (await connection.execute(sa.text(statement), values)).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


async def run(database: Database, statement: str, **values: Any) -> int:
    """Execute *statement*; how many rows it touched."""
    async with database.begin() as connection:
        return (await connection.execute(sa.text(statement), values)).rowcount


async def count(database: Database, table: str, company: UUID) -> int:
    """How many rows of *table* a company has."""
    found: list[int] = await query(
        database,
        f"SELECT count(*) FROM {table} WHERE company_id = :company",  # noqa: S608 - a name of ours
        company=company,
    )
    return found[0]


async def jobs(database: Database, delivery: UUID) -> int:
    """How many jobs there are for a delivery."""
    found: list[int] = await query(
        database, "SELECT count(*) FROM pgqueuer WHERE payload = uuid_send(CAST(:id AS uuid))", id=delivery
    )
    return found[0]


async def state_of(database: Database, rows: SubmissionRows) -> tuple[str, ...]:
    """The state of the document of *rows*, then those of its deliveries."""
    id_ = rows.documents[0].id
    document = await query(database, "SELECT state FROM document WHERE id = :id", id=id_)
    return (
        *document,
        *await query(database, "SELECT state FROM delivery WHERE document_id = :id ORDER BY id", id=id_),
    )
