"""Pages that were made of documents: kept by the hash of what they were made of, and thrown away in time.

Nothing here is needed: a page that is gone is made again. So writing one never waits for another writer, and the sweep
takes what is old, made by an older template, or more than the hub keeps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fakturahub.storage import converted as converted_files
from fakturahub.storage import document_files
from fakturahub.storage.database import Database
from fakturahub.storage.document_files import FileRow
from fakturahub.storage.payloads import Kept
from fakturahub.storage.tables import company, converted, delivery, document, rendered


class Source(msgspec.Struct, frozen=True):
    """What a page is made of."""

    document_id: UUID
    #: when the document came
    at: datetime
    #: the language of the receiver where it is a company of this hub that states one
    language: str | None
    kept: Kept
    #: the files beside it
    files: tuple[FileRow, ...] = ()


class Rendered(msgspec.Struct, frozen=True):
    """A page as it is kept."""

    kept: Kept
    pages: int
    own: bool


def _language(receiver: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(company.c.settings["language"].as_string()).where(company.c.id == receiver).scalar_subquery()


_DOCUMENT = sa.select(
    document.c.id,
    document.c.created_at,
    _language(document.c.receiver_id),
    document.c.sha256,
    document.c.size,
    document.c.encoding,
    document.c.payload,
).where(document.c.id == sa.bindparam("id"))
# A delivery that converted nothing hands over the document itself.
_DELIVERY = (
    sa.select(
        delivery.c.document_id,
        document.c.created_at,
        _language(delivery.c.receiver_id),
        *(
            sa.case((converted.c.delivery_id.is_not(None), converted.c[name]), else_=document.c[name])
            for name in ("sha256", "size", "encoding", "payload")
        ),
        converted.c.delivery_id,
    )
    .select_from(
        delivery.join(document, document.c.id == delivery.c.document_id).outerjoin(
            converted, converted.c.delivery_id == delivery.c.id
        )
    )
    .where(delivery.c.id == sa.bindparam("id"))
)
_KEPT = sa.select(
    rendered.c.sha256,
    rendered.c.size,
    rendered.c.encoding,
    rendered.c.payload,
    rendered.c.pages,
    rendered.c.own,
).where(
    rendered.c.source == sa.bindparam("source"),
    rendered.c.variant == sa.bindparam("variant"),
    rendered.c.template == sa.bindparam("template"),
)


async def source_of(database: Database, any_id: UUID) -> Source | None:
    """The document *any_id*, or what the delivery *any_id* hands over; None where there is neither."""
    async with database.begin() as connection:
        row = (await connection.execute(_DOCUMENT, {"id": any_id})).one_or_none()
        if row is not None:
            files = await document_files.of_many(connection, [row[0]])
            return Source(row[0], row[1], row[2], Kept(*row[3:]), tuple(files.get(row[0], ())))
        handed = (await connection.execute(_DELIVERY, {"id": any_id})).one_or_none()
        if handed is None:
            return None
        document_id, written_by = handed[0], handed[7]
        if written_by is None:
            beside = (await document_files.of_many(connection, [document_id])).get(document_id, [])
            return Source(document_id, handed[1], handed[2], Kept(*handed[3:7]), tuple(beside))
    written = await converted_files.files_of(database, written_by)
    return Source(document_id, handed[1], handed[2], Kept(*handed[3:7]), tuple(written))


async def find(database: Database, source: bytes, variant: str, template: int) -> Rendered | None:
    """What was made of the content with the hash *source* by that version of the template."""
    async with database.begin() as connection:
        row = (
            await connection.execute(_KEPT, {"source": source, "variant": variant, "template": template})
        ).one_or_none()
    return None if row is None else Rendered(Kept(*row[:4]), row[4], row[5])


async def keep(
    database: Database,
    source: bytes,
    variant: str,
    template: int,
    document_id: UUID,
    made: Rendered,
    now: datetime,
) -> None:
    """Keep *made*. One that is there is left, but for one of an older template, which is replaced.

    Where the document is gone by now, nothing is kept.
    """
    there = sa.select(
        sa.literal(source, rendered.c.source.type),
        sa.literal(variant, rendered.c.variant.type),
        sa.literal(template, rendered.c.template.type),
        document.c.id,
        sa.literal(made.pages, rendered.c.pages.type),
        sa.literal(made.own, rendered.c.own.type),
        sa.literal(made.kept.sha256, rendered.c.sha256.type),
        sa.literal(made.kept.size, rendered.c.size.type),
        sa.literal(made.kept.encoding, rendered.c.encoding.type),
        sa.literal(made.kept.payload, rendered.c.payload.type),
        sa.literal(now, rendered.c.created_at.type),
    ).where(document.c.id == document_id)
    statement = insert(rendered).from_select(list(rendered.c.keys()), there.with_for_update(key_share=True))
    newer = statement.on_conflict_do_update(
        index_elements=[rendered.c.source, rendered.c.variant],
        set_={name: statement.excluded[name] for name in rendered.c.keys() if name not in ("source", "variant")},  # noqa: SIM118 - columns have no other names
        where=rendered.c.template < statement.excluded.template,
    )
    async with database.begin() as connection:
        await connection.execute(newer)


async def sweep(database: Database, *, template: int, before: datetime, most_bytes: int) -> int:
    """Throw away pages of an older template, those made *before* that time, and the oldest beyond *most_bytes*.

    How many went. What of them lay in the payload store is named by no row then and goes with its sweep.
    """
    total = sa.func.sum(rendered.c.size).over(order_by=(rendered.c.created_at.desc(), rendered.c.source))
    counted = sa.select(rendered.c.source, rendered.c.variant, total.label("total")).subquery()
    beyond = sa.select(counted.c.source, counted.c.variant).where(counted.c.total > most_bytes)
    statement = sa.delete(rendered).where(
        sa.or_(
            rendered.c.created_at < before,
            rendered.c.template < template,
            sa.tuple_(rendered.c.source, rendered.c.variant).in_(beyond),
        )
    )
    async with database.begin() as connection:
        return (await connection.execute(statement)).rowcount
