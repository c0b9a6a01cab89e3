"""Submissions as their senders ask for them by program: a file, its parts, and what became of each.

A part is known by the id of the document that it was at first. Where its sender restarts it, another document stands
for it from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fakturahub.model import Answer, DeliveryState, DocumentState, Mode
from fakturahub.model.acknowledgement import CHANNEL
from fakturahub.storage.database import Database
from fakturahub.storage.tables import delivery, document, file_part, submission


class File(msgspec.Struct, frozen=True):
    """A submission as its sender handed it in, and what it was answered."""

    id: UUID
    mode: Mode
    created_at: datetime
    #: the sender's key, file name and declared type, and the request id
    request: dict[str, Any]
    answer: Answer


class FilePart(msgspec.Struct, frozen=True):
    """One document of a file, as it stands now."""

    id: UUID
    file_id: UUID
    #: the document that stands for it
    document_id: UUID
    state: DocumentState
    mode: Mode
    number: str | None
    sha256: bytes
    #: since when its sender wants no more of it
    cancelled_at: datetime | None
    #: of its deliveries that are not cancelled: id, state, and what was in the way the last time
    deliveries: tuple[tuple[UUID, DeliveryState, str | None], ...] = ()


_FILE = sa.select(
    submission.c.id,
    submission.c.mode,
    submission.c.created_at,
    submission.c.request,
    submission.c.answer_status,
    submission.c.answer_type,
    submission.c.answer,
).where(
    submission.c.id == sa.bindparam("file"),
    submission.c.company_id == sa.bindparam("company"),
    submission.c.dialect == sa.bindparam("dialect"),
)

_first = document.alias("first")
_now = document.alias("now")
_PARTS = (
    sa.select(
        _first.c.id,
        _first.c.submission_id,
        _now.c.id,
        _now.c.state,
        _now.c.mode,
        _now.c.number,
        _now.c.sha256,
        file_part.c.cancelled_at,
    )
    .select_from(
        _first.join(submission, submission.c.id == _first.c.submission_id)
        .outerjoin(file_part, file_part.c.id == _first.c.id)
        .join(_now, _now.c.id == sa.func.coalesce(file_part.c.document_id, _first.c.id))
    )
    .where(submission.c.company_id == sa.bindparam("company"), submission.c.dialect == sa.bindparam("dialect"))
    .order_by(_first.c.id)
)
_PARTS_OF_FILE = _PARTS.where(_first.c.submission_id == sa.bindparam("file"))
_PART = _PARTS.where(_first.c.id == sa.bindparam("part"))

_DELIVERIES = (
    sa.select(delivery.c.document_id, delivery.c.id, delivery.c.state, delivery.c.last_error)
    .where(
        delivery.c.document_id.in_(sa.bindparam("documents", expanding=True)),
        delivery.c.channel != CHANNEL,
        delivery.c.state != DeliveryState.CANCELLED.value,
    )
    .order_by(delivery.c.id)
)


async def file(database: Database, company: UUID, dialect: str, file_id: UUID) -> File | None:
    """A submission that *company* made through *dialect*."""
    async with database.begin() as connection:
        asked = {"company": company, "dialect": dialect, "file": file_id}
        row = (await connection.execute(_FILE, asked)).one_or_none()
    return None if row is None else File(row[0], Mode(row[1]), row[2], row[3], Answer(row[4], row[5], row[6]))


async def parts_of(database: Database, company: UUID, dialect: str, file_id: UUID) -> list[FilePart]:
    """The parts of a file in their order, all of them: an archive bounds how many there are."""
    return await _parts(database, _PARTS_OF_FILE, {"company": company, "dialect": dialect, "file": file_id})


async def part(database: Database, company: UUID, dialect: str, part_id: UUID) -> FilePart | None:
    """A part of a file that *company* handed in through *dialect*."""
    found = await _parts(database, _PART, {"company": company, "dialect": dialect, "part": part_id})
    return found[0] if found else None


async def _parts(database: Database, statement: sa.Select[Any], asked: dict[str, object]) -> list[FilePart]:
    async with database.begin() as connection:
        rows = list(await connection.execute(statement, asked))
        deliveries: dict[UUID, list[tuple[UUID, DeliveryState, str | None]]] = {}
        if rows:
            for document_id, *one in await connection.execute(_DELIVERIES, {"documents": [row[2] for row in rows]}):
                deliveries.setdefault(document_id, []).append((one[0], DeliveryState(one[1]), one[2]))
    return [
        FilePart(
            id=row[0],
            file_id=row[1],
            document_id=row[2],
            state=DocumentState(row[3]),
            mode=Mode(row[4]),
            number=row[5],
            sha256=row[6],
            cancelled_at=row[7],
            deliveries=tuple(deliveries.get(row[2], ())),
        )
        for row in rows
    ]


async def facts_of(database: Database, documents: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What is known of each of the documents: recognition, heading, findings, how it was routed."""
    statement = sa.select(document.c.id, document.c.facts).where(document.c.id.in_(documents))
    async with database.begin() as connection:
        return {row[0]: row[1] for row in await connection.execute(statement)} if documents else {}


async def taken_twin(database: Database, one: FilePart, company: UUID) -> UUID | None:
    """The newest document of *company* with the bytes of *one* that was taken; None where there is none."""
    statement = (
        sa.select(document.c.id)
        .where(
            document.c.company_id == company,
            document.c.number == one.number,
            document.c.sha256 == one.sha256,
            document.c.mode == one.mode.value,
            document.c.state != DocumentState.REJECTED.value,
        )
        .order_by(document.c.id.desc())
        .limit(1)
    )
    async with database.begin() as connection:
        found: UUID | None = await connection.scalar(statement)
    return found


async def stand_in(database: Database, part_id: UUID, document_id: UUID, now: datetime) -> None:
    """Let *document_id* stand for a part from now on."""
    row = {"document_id": document_id, "changed_at": now}
    await _write(database, insert(file_part).values(id=part_id, **row), row)


async def cancel(database: Database, one: FilePart, now: datetime) -> None:
    """Note that the sender wants no more of a part."""
    row = {"cancelled_at": now, "changed_at": now}
    await _write(database, insert(file_part).values(id=one.id, document_id=one.document_id, **row), row)


async def _write(database: Database, statement: Any, row: Mapping[str, object]) -> None:
    async with database.begin() as connection:
        await connection.execute(statement.on_conflict_do_update(index_elements=[file_part.c.id], set_=row))
