"""Storing submissions: everything of one, and its answer, in one transaction, many of them in each.

Requests put their rows on a queue; a writer takes whatever has gathered while the previous commit ran and stores it in
one transaction. That costs one flush and one notification a batch instead of one each (design note submit-path), and no
timer: a lone request is written at once. The answer is given only after commit has returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec

from fakturahub import telemetry
from fakturahub.errors import (
    DatabaseUnavailable,
    FakturahubError,
    IdempotencyConflict,
    InsufficientCredit,
    InternalFault,
    Unavailable,
)
from fakturahub.model import Answer
from fakturahub.storage import accounts, document_files, outgoing
from fakturahub.storage.batches import Batches
from fakturahub.storage.database import (
    DRIVER_ERRORS,
    STATEMENT_TIMEOUT,
    Database,
    PlainSession,
    is_passing,
    translated,
)
from fakturahub.storage.jobs import enqueue_plain
from fakturahub.storage.submission_rows import SubmissionRows

#: most submissions in one transaction
BATCH = 64
#: most submissions, and most bytes of payload, that may wait; beyond it callers are told to come back
QUEUE_LENGTH = 1000
QUEUE_BYTES = 64 * 1024 * 1024

log = telemetry.logger("storage.submissions")


class Stored(msgspec.Struct, frozen=True):
    answer: Answer
    #: True where this repeats an earlier submission and the answer is the earlier one's
    repeated: bool
    submission_id: UUID


class Repeat(msgspec.Struct, frozen=True):
    """What tells that a submission repeats an earlier one."""

    company_id: UUID
    dialect: str
    repeat_key: str
    #: a repeat only of what was stored from then on; None for ever
    since: datetime | None
    body_sha256: bytes


class SubmissionWriter:
    """The writer of one process. ``start`` it, ``store`` with it, ``stop`` it: what waits then is still written."""

    def __init__(self, database: Database) -> None:
        self._database = database
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

        Raises `IdempotencyConflict` where the key was used for other bytes, `InsufficientCredit` where its sender's
        account does not cover what is new, `Overloaded` where too much waits, `DatabaseUnavailable` where nothing may
        count as stored. If the caller is cancelled the rows may still be stored; the same request then gets the same
        answer.
        """
        return await self._batches.do(rows, rows.weight)

    async def earlier(self, repeat: Repeat) -> Stored | None:
        """The accepted submission that *repeat* repeats, for one that cannot be judged now; None where there is none.

        Raises `IdempotencyConflict` where the key was used for other bytes, `DatabaseUnavailable`.
        """
        with translated():
            connection = await self._database.connect_plain()
            try:
                first = (await _find_repeated(connection, [repeat])).get(_key(repeat))
            finally:
                await connection.close(timeout=STATEMENT_TIMEOUT)
        if first is None or (repeat.since is not None and first.at < repeat.since):
            return None
        known = _repeat(repeat, first)
        if isinstance(known, FakturahubError):
            raise known
        return known

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
        charged = [rows for rows in batch if rows.charges]
        async with self._session.transaction() as connection:
            # Accounts before keys, by everybody: who waits for a key then waits for nobody who waits for an account.
            left = await accounts.lock(connection, [rows.company_id for rows in charged]) if charged else {}
            await _forget_old_repeats(connection, in_order)
            first = await _find_repeated(connection, [rows for rows in batch if not rows.takes_key])
            poor = await _not_covered(connection, charged, left) if left else {}
            new = await _insert(
                connection, [rows for rows in in_order if _key(rows) not in first and rows.id not in poor]
            )
            stored = [rows for rows in batch if rows.id in new]
            await document_files.insert(connection, [file for rows in stored for file in rows.files])
            if left:
                charges = [one for rows in stored for one in rows.charges if one.company_id in left]
                await accounts.reserve(connection, charges, max(rows.at for rows in charged))
            deliveries = [delivery for rows in stored for delivery in rows.deliveries]
            await enqueue_plain(connection, [delivery.id for delivery in deliveries if delivery.target is None])
            if any(delivery.target is not None for delivery in deliveries):
                await outgoing.wake(connection)
            # A later statement than the insert: it sees the row of whoever came first, in this batch or elsewhere.
            first |= await _find_repeated(
                connection, [rows for rows in batch if rows.id not in new and rows.id not in poor]
            )
        return [
            Stored(rows.answer, False, rows.id)
            if rows.id in new
            else poor.get(rows.id) or _repeat(rows, first.get(_key(rows)))
            for rows in batch
        ]


class _First(msgspec.Struct):
    id: UUID
    body_sha256: bytes
    answer: Answer
    at: datetime


_Key = tuple[UUID, str, str | None]


def _key(rows: SubmissionRows | Repeat) -> _Key:
    return rows.company_id, rows.dialect, rows.repeat_key


def _repeat(rows: SubmissionRows | Repeat, earlier: _First | None) -> Stored | FakturahubError:
    if earlier is None:  # its window ended for another process between two statements of this one
        return Unavailable("What this submission repeats has just become too old to be repeated.", retry_after=1)
    if earlier.body_sha256 == rows.body_sha256:
        return Stored(earlier.answer, True, earlier.id)
    return IdempotencyConflict(
        f"This key was used on {earlier.at:%Y-%m-%d %H:%M:%S} UTC for another body, by submission {earlier.id}."
    )


async def _not_covered(
    connection: asyncpg.Connection[asyncpg.Record], charged: Sequence[SubmissionRows], left: Mapping[UUID, Decimal]
) -> dict[UUID, InsufficientCredit]:
    """Those of *charged* that cost more than what is *left* of their accounts, which are locked. Who came first is
    served first.

    What repeats something is not charged for: it gets the first answer, however empty the account is by now.
    """
    spent = dict(left)
    known = await _find_repeated(connection, [rows for rows in charged if rows.company_id in left])
    taken = set(known)
    poor: dict[UUID, InsufficientCredit] = {}
    for rows in charged:
        there = spent.get(rows.company_id)
        if there is None or _key(rows) in taken:
            continue
        cost = sum((charge.cost for charge in rows.charges), Decimal(0))
        if cost > there:
            poor[rows.id] = InsufficientCredit(
                f"Sending this costs {accounts.plain(cost)} credits; the account has {accounts.plain(there)} to spend."
            )
            continue
        spent[rows.company_id] = there - cost
        if rows.repeat_key is not None:
            taken.add(_key(rows))
    return poor


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


# One statement for all tables: each round trip of a batch is time that every caller in it waits, and while it is under
# way the process reads other requests, which hold up what follows. What hangs on a submission is inserted only where
# the submission was.
_INSERT = """
WITH s AS (
    INSERT INTO submission (id, company_id, dialect, repeat_key, body_sha256, mode, state, answer_status, answer_type,
                            answer, request, created_at)
    SELECT id, company_id, dialect, repeat_key, body_sha256, mode, state, answer_status, answer_type, answer,
           request::jsonb, created_at
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::int2[],
                $9::text[], $10::bytea[], $11::text[], $12::timestamptz[])
         AS r (id, company_id, dialect, repeat_key, body_sha256, mode, state, answer_status, answer_type, answer,
               request, created_at)
    ON CONFLICT (company_id, dialect, repeat_key) DO NOTHING
    RETURNING id, company_id, mode, created_at),
documents AS (
    INSERT INTO document (id, submission_id, company_id, receiver_id, mode, state, syntax, kind, number, issue_date,
                          currency, payable, facts, sha256, size, encoding, payload, created_at, changed_at)
    SELECT r.id, s.id, s.company_id, receiver_id, s.mode, state, syntax, kind, number, issue_date, currency, payable,
           facts::jsonb, sha256, size, encoding, payload, s.created_at, s.created_at
    FROM unnest($13::uuid[], $14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[],
                $20::date[], $21::text[], $22::numeric[], $23::text[], $24::bytea[], $25::int8[], $26::text[],
                $27::bytea[])
         AS r (submission_id, id, receiver_id, state, syntax, kind, number, issue_date, currency, payable, facts,
               sha256, size, encoding, payload)
    JOIN s ON s.id = r.submission_id),
deliveries AS (
    INSERT INTO delivery (id, document_id, company_id, receiver_id, channel, address, state, why, wanted_syntax,
                          attempts, due_at, created_at, changed_at, target, details, cost)
    SELECT r.id, document_id, s.company_id, receiver_id, channel, address, 'pending', why, wanted_syntax, 0,
           coalesce(due_at, s.created_at), s.created_at, s.created_at, target, details::jsonb, cost
    FROM unnest($28::uuid[], $29::uuid[], $30::uuid[], $31::uuid[], $32::text[], $33::text[], $34::text[],
                $35::text[], $36::text[], $37::text[], $38::numeric[], $39::timestamptz[])
         AS r (submission_id, id, document_id, receiver_id, channel, address, why, wanted_syntax, target, details,
               cost, due_at)
    JOIN s ON s.id = r.submission_id),
events AS (
    INSERT INTO event (id, company_id, document_id, delivery_id, kind, at, data)
    SELECT r.id, s.company_id, document_id, delivery_id, kind, s.created_at, data::jsonb
    FROM unnest($40::uuid[], $41::uuid[], $42::uuid[], $43::uuid[], $44::text[], $45::text[])
         AS r (submission_id, id, document_id, delivery_id, kind, data)
    JOIN s ON s.id = r.submission_id)
SELECT id FROM s
"""

_Cells = tuple[object, ...]


async def _insert(connection: asyncpg.Connection[asyncpg.Record], batch: Sequence[SubmissionRows]) -> set[UUID]:
    """Insert *batch* with everything that hangs on it, but for what repeats an earlier one; the ids that are new."""
    if not batch:
        return set()
    submissions: list[_Cells] = [
        (
            rows.id,
            rows.company_id,
            rows.dialect,
            rows.repeat_key if rows.takes_key else None,
            rows.body_sha256,
            rows.mode,
            rows.state,
            rows.answer.status,
            rows.answer.content_type,
            rows.answer.body,
            rows.request,
            rows.at,
        )
        for rows in batch
    ]
    # the cells of these are the fields of their rows, in order
    documents = [(rows.id, *msgspec.structs.astuple(one)) for rows in batch for one in rows.documents]
    deliveries = [(rows.id, *msgspec.structs.astuple(one)) for rows in batch for one in rows.deliveries]
    events = [(rows.id, *msgspec.structs.astuple(one)) for rows in batch for one in rows.events]
    inserted = await connection.fetch(
        _INSERT, *_columns(submissions, 12), *_columns(documents, 15), *_columns(deliveries, 12), *_columns(events, 6)
    )
    return {record[0] for record in inserted}


def _columns(cells: Sequence[_Cells], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*cells, strict=True)] if cells else [[] for _ in range(width)]


async def _find_repeated(
    connection: asyncpg.Connection[asyncpg.Record], repeats: Sequence[SubmissionRows | Repeat]
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
