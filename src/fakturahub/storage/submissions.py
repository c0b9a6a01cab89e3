"""Storing submissions: everything of one, and its answer, in one transaction, many of them in each.

Requests put their rows on a queue; a writer takes whatever has gathered while the previous commit ran and stores it in
one transaction. That costs one flush and one notification a batch instead of one each (design note submit-path), and no
timer: a lone request is written at once. The answer is given only after commit has returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec

from fakturahub import telemetry
from fakturahub.errors import DatabaseUnavailable, FakturahubError, IdempotencyConflict, InternalFault, Unavailable
from fakturahub.model import Answer
from fakturahub.storage.batches import Batches
from fakturahub.storage.database import DRIVER_ERRORS, Database, PlainSession, is_passing
from fakturahub.storage.jobs import enqueue_plain

#: most submissions in one transaction
BATCH = 64
#: most submissions, and most bytes of payload, that may wait; beyond it callers are told to come back
QUEUE_LENGTH = 1000
QUEUE_BYTES = 64 * 1024 * 1024

log = telemetry.logger("storage.submissions")


class DocumentRow(msgspec.Struct, frozen=True):
    id: UUID
    receiver_id: UUID | None
    state: str
    syntax: str | None
    kind: str
    number: str | None
    issue_date: date | None
    currency: str | None
    payable: Decimal | None
    #: JSON text
    facts: str
    sha256: bytes
    size: int
    encoding: str
    payload: bytes | None


class DeliveryRow(msgspec.Struct, frozen=True):
    id: UUID
    document_id: UUID
    receiver_id: UUID | None
    channel: str
    address: str
    why: str
    wanted_syntax: str


class EventRow(msgspec.Struct, frozen=True):
    id: UUID
    document_id: UUID | None
    delivery_id: UUID | None
    kind: str
    #: JSON text
    data: str


class SubmissionRows(msgspec.Struct, frozen=True):
    """One submission with everything that hangs on it."""

    id: UUID
    company_id: UUID
    dialect: str
    #: None: never a repeat of anything
    repeat_key: str | None
    #: False for a refused submission: the key may be in use by another, but this one does not take it
    takes_key: bool
    #: a repeat only within this time; None for ever (the sender gave the key)
    repeat_window: timedelta | None
    body_sha256: bytes
    mode: str
    state: str
    answer: Answer
    #: JSON text
    request: str
    at: datetime
    documents: tuple[DocumentRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    events: tuple[EventRow, ...]

    @property
    def weight(self) -> int:
        """Bytes that waiting costs."""
        return sum(len(document.payload or b"") + len(document.facts) for document in self.documents)


class Stored(msgspec.Struct, frozen=True):
    answer: Answer
    #: True where this repeats an earlier submission and the answer is the earlier one's
    repeated: bool
    submission_id: UUID


class SubmissionWriter:
    """The writer of one process. ``start`` it, ``store`` with it, ``stop`` it: what waits then is still written."""

    def __init__(self, database: Database) -> None:
        self._session = PlainSession(database)
        self._batches: Batches[SubmissionRows, Stored] = Batches(
            self._write, most=BATCH, queue_length=QUEUE_LENGTH, queue_weight=QUEUE_BYTES
        )
        self.start = self._batches.start

    async def stop(self) -> None:
        """Write what waits, then close the connection."""
        await self._batches.stop()
        await self._session.close()

    async def store(self, rows: SubmissionRows) -> Stored:
        """Store *rows* durably, or find the submission that they repeat.

        Raises `IdempotencyConflict` where the key was used for other bytes, `Overloaded` where too much waits,
        `DatabaseUnavailable` where nothing may count as stored. If the caller is cancelled the rows may still be
        stored; the same request then gets the same answer.
        """
        return await self._batches.do(rows, rows.weight)

    async def _write(self, batch: Sequence[SubmissionRows]) -> Sequence[Stored | FakturahubError]:
        try:
            return await self._store(batch)
        except DRIVER_ERRORS as error:
            if is_passing(error):
                # Whether the commit arrived is not known: nobody is told anything but "send it again".
                log.warning("database unavailable", submissions=len(batch), error=str(error) or type(error).__name__)
                raise DatabaseUnavailable("The database did not answer.") from error
            if len(batch) == 1:
                log.exception("submission refused by the database", submission=str(batch[0].id))
                return [InternalFault("The database refused the submission.")]
            # One bad row must not cost the others their answer.
            middle = len(batch) // 2
            return [*await self._write(batch[:middle]), *await self._write(batch[middle:])]

    async def _store(self, batch: Sequence[SubmissionRows]) -> list[Stored | FakturahubError]:
        # Two processes may hold the same keys at once, such as the requests that a load balancer sent again. In the
        # same order one waits for the other; in any other they could deadlock.
        in_order = sorted(batch, key=lambda rows: (rows.company_id, rows.dialect, rows.repeat_key or ""))
        async with self._session.transaction() as connection:
            await _forget_old_repeats(connection, in_order)
            first = await _find_repeated(connection, [rows for rows in batch if not rows.takes_key])
            new = await _insert_submissions(connection, [rows for rows in in_order if _key(rows) not in first])
            fresh = [rows for rows in batch if rows.id in new]
            await _insert_documents(connection, fresh)
            await _insert_deliveries(connection, fresh)
            await _insert_events(connection, fresh)
            await enqueue_plain(connection, [delivery.id for rows in fresh for delivery in rows.deliveries])
            # A later statement than the insert: it sees the row of whoever came first, in this batch or elsewhere.
            first |= await _find_repeated(connection, [rows for rows in batch if rows.id not in new])
        return [
            Stored(rows.answer, False, rows.id) if rows.id in new else _repeat(rows, first.get(_key(rows)))
            for rows in batch
        ]


class _First(msgspec.Struct):
    id: UUID
    body_sha256: bytes
    answer: Answer
    at: datetime


_Key = tuple[UUID, str, str | None]


def _key(rows: SubmissionRows) -> _Key:
    return rows.company_id, rows.dialect, rows.repeat_key


def _repeat(rows: SubmissionRows, earlier: _First | None) -> Stored | FakturahubError:
    if earlier is None:  # its window ended for another process between two statements of this one
        return Unavailable("What this submission repeats has just become too old to be repeated.", retry_after=1)
    if earlier.body_sha256 == rows.body_sha256:
        return Stored(earlier.answer, True, earlier.id)
    return IdempotencyConflict(
        f"This key was used on {earlier.at:%Y-%m-%d %H:%M:%S} UTC for another body, by submission {earlier.id}."
    )


async def _forget_old_repeats(connection: asyncpg.Connection[asyncpg.Record], batch: Sequence[SubmissionRows]) -> None:
    windowed = [rows for rows in batch if rows.repeat_key is not None and rows.repeat_window is not None]
    if windowed:
        await connection.execute(
            """UPDATE submission SET repeat_key = NULL
               FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS k (company, dialect, key, since)
               WHERE company_id = k.company AND submission.dialect = k.dialect AND repeat_key = k.key
                 AND created_at < k.since""",
            [rows.company_id for rows in windowed],
            [rows.dialect for rows in windowed],
            [rows.repeat_key for rows in windowed],
            [rows.at - (rows.repeat_window or timedelta()) for rows in windowed],
        )


async def _insert_submissions(
    connection: asyncpg.Connection[asyncpg.Record], batch: Sequence[SubmissionRows]
) -> set[UUID]:
    if not batch:
        return set()
    inserted = await connection.fetch(
        """INSERT INTO submission (id, company_id, dialect, repeat_key, body_sha256, mode, state,
                                   answer_status, answer_type, answer, request, created_at)
           SELECT id, company_id, dialect, repeat_key, body_sha256, mode, state, answer_status, answer_type, answer,
                  request::jsonb, created_at
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[],
                       $8::int2[], $9::text[], $10::bytea[], $11::text[], $12::timestamptz[])
                AS r (id, company_id, dialect, repeat_key, body_sha256, mode, state, answer_status, answer_type,
                      answer, request, created_at)
           ON CONFLICT (company_id, dialect, repeat_key) DO NOTHING
           RETURNING id""",
        [rows.id for rows in batch],
        [rows.company_id for rows in batch],
        [rows.dialect for rows in batch],
        [rows.repeat_key if rows.takes_key else None for rows in batch],
        [rows.body_sha256 for rows in batch],
        [rows.mode for rows in batch],
        [rows.state for rows in batch],
        [rows.answer.status for rows in batch],
        [rows.answer.content_type for rows in batch],
        [rows.answer.body for rows in batch],
        [rows.request for rows in batch],
        [rows.at for rows in batch],
    )
    return {record[0] for record in inserted}


async def _find_repeated(
    connection: asyncpg.Connection[asyncpg.Record], repeats: Sequence[SubmissionRows]
) -> dict[_Key, _First]:
    repeats = [rows for rows in repeats if rows.repeat_key is not None]
    if not repeats:
        return {}
    found = await connection.fetch(
        """SELECT s.id, s.company_id, s.dialect, s.repeat_key, s.body_sha256, s.answer_status, s.answer_type,
                  s.answer, s.created_at
           FROM submission s
           JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS k (company, dialect, key)
             ON s.company_id = k.company AND s.dialect = k.dialect AND s.repeat_key = k.key""",
        [rows.company_id for rows in repeats],
        [rows.dialect for rows in repeats],
        [rows.repeat_key for rows in repeats],
    )
    return {
        (r["company_id"], r["dialect"], r["repeat_key"]): _First(
            r["id"],
            r["body_sha256"],
            Answer(r["answer_status"], r["answer_type"], r["answer"]),
            r["created_at"],
        )
        for r in found
    }


async def _insert_documents(connection: asyncpg.Connection[asyncpg.Record], fresh: Sequence[SubmissionRows]) -> None:
    documents = [(rows, document) for rows in fresh for document in rows.documents]
    if documents:
        await connection.execute(
            """INSERT INTO document (id, submission_id, company_id, receiver_id, mode, state, syntax, kind, number,
                                     issue_date, currency, payable, facts, sha256, size, encoding, payload,
                                     created_at, changed_at)
               SELECT id, submission_id, company_id, receiver_id, mode, state, syntax, kind, number, issue_date,
                      currency, payable, facts::jsonb, sha256, size, encoding, payload, created_at, created_at
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                           $8::text[], $9::text[], $10::date[], $11::text[], $12::numeric[], $13::text[],
                           $14::bytea[], $15::int8[], $16::text[], $17::bytea[], $18::timestamptz[])
                    AS r (id, submission_id, company_id, receiver_id, mode, state, syntax, kind, number, issue_date,
                          currency, payable, facts, sha256, size, encoding, payload, created_at)""",
            [document.id for _, document in documents],
            [rows.id for rows, _ in documents],
            [rows.company_id for rows, _ in documents],
            [document.receiver_id for _, document in documents],
            [rows.mode for rows, _ in documents],
            [document.state for _, document in documents],
            [document.syntax for _, document in documents],
            [document.kind for _, document in documents],
            [document.number for _, document in documents],
            [document.issue_date for _, document in documents],
            [document.currency for _, document in documents],
            [document.payable for _, document in documents],
            [document.facts for _, document in documents],
            [document.sha256 for _, document in documents],
            [document.size for _, document in documents],
            [document.encoding for _, document in documents],
            [document.payload for _, document in documents],
            [rows.at for rows, _ in documents],
        )


async def _insert_deliveries(connection: asyncpg.Connection[asyncpg.Record], fresh: Sequence[SubmissionRows]) -> None:
    deliveries = [(rows, delivery) for rows in fresh for delivery in rows.deliveries]
    if deliveries:
        await connection.execute(
            """INSERT INTO delivery (id, document_id, company_id, receiver_id, channel, address, state, why,
                                     wanted_syntax, attempts, due_at, created_at, changed_at)
               SELECT id, document_id, company_id, receiver_id, channel, address, 'pending', why, wanted_syntax, 0,
                      at, at, at
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                           $8::text[], $9::timestamptz[])
                    AS r (id, document_id, company_id, receiver_id, channel, address, why, wanted_syntax, at)""",
            [delivery.id for _, delivery in deliveries],
            [delivery.document_id for _, delivery in deliveries],
            [rows.company_id for rows, _ in deliveries],
            [delivery.receiver_id for _, delivery in deliveries],
            [delivery.channel for _, delivery in deliveries],
            [delivery.address for _, delivery in deliveries],
            [delivery.why for _, delivery in deliveries],
            [delivery.wanted_syntax for _, delivery in deliveries],
            [rows.at for rows, _ in deliveries],
        )


async def _insert_events(connection: asyncpg.Connection[asyncpg.Record], fresh: Sequence[SubmissionRows]) -> None:
    events = [(rows, event) for rows in fresh for event in rows.events]
    if events:
        await connection.execute(
            """INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
               SELECT id, company_id, document_id, delivery_id, kind, at, data::jsonb
               FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[])
                    AS r (id, company_id, document_id, delivery_id, kind, at, data)""",
            [event.id for _, event in events],
            [rows.company_id for rows, _ in events],
            [event.document_id for _, event in events],
            [event.delivery_id for _, event in events],
            [event.kind for _, event in events],
            [rows.at for rows, _ in events],
            [event.data for _, event in events],
        )
