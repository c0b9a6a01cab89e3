"""Pages of documents: kept by what they were made of, gone with their document, with age, and beyond a bound."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from fakturahub.storage import documents, rendered
from fakturahub.storage.converted import Converted, FileRow, Prepared
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import InboxDeliveries
from fakturahub.storage.payloads import Kept
from fakturahub.storage.rendered import Rendered
from tests.storage.rows import NOW, query, run, store, submission

HOUR = timedelta(hours=1)


def kept(data: bytes) -> Kept:
    return Kept(hashlib.sha256(data).digest(), len(data), "identity", data)


def page(data: bytes = b"%PDF", pages: int = 2, own: bool = False) -> Rendered:
    return Rendered(kept(data), pages, own)


@pytest.fixture
def company() -> UUID:
    return uuid4()


@pytest.fixture
def receiver() -> UUID:
    return uuid4()


@pytest.fixture
async def document_id(db: Database, company: UUID, receiver: UUID) -> UUID:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    return rows.documents[0].id


@pytest.fixture
def source() -> bytes:
    """Of this test's own: the database is shared."""
    return hashlib.sha256(uuid4().bytes).digest()


async def test_a_page_is_found_by_what_it_was_made_of(db: Database, document_id: UUID, source: bytes) -> None:
    assert await rendered.find(db, source, "pdf", 1) is None
    await rendered.keep(db, source, "pdf", 1, document_id, page(), NOW)
    assert await rendered.find(db, source, "pdf", 1) == page()
    assert await rendered.find(db, source, "jpg", 1) is None
    assert await rendered.find(db, bytes(32), "pdf", 1) is None
    await rendered.keep(db, source, "jpg", 1, document_id, page(b"JPEG", 2, own=True), NOW)
    assert await rendered.find(db, source, "jpg", 1) == page(b"JPEG", 2, own=True)


async def test_a_newer_template_makes_it_anew(db: Database, document_id: UUID, source: bytes) -> None:
    await rendered.keep(db, source, "pdf", 1, document_id, page(b"old"), NOW)
    assert await rendered.find(db, source, "pdf", 2) is None
    await rendered.keep(db, source, "pdf", 2, document_id, page(b"new"), NOW + HOUR)
    assert await rendered.find(db, source, "pdf", 2) == page(b"new")
    # A node that runs the older program does not undo it.
    await rendered.keep(db, source, "pdf", 1, document_id, page(b"old"), NOW + 2 * HOUR)
    assert await rendered.find(db, source, "pdf", 2) == page(b"new")


async def test_of_two_that_make_the_same_the_first_is_kept(db: Database, document_id: UUID, source: bytes) -> None:
    made = [page(str(number).encode()) for number in range(4)]
    await asyncio.gather(*(rendered.keep(db, source, "pdf", 1, document_id, one, NOW) for one in made))
    first = await rendered.find(db, source, "pdf", 1)
    assert first in made
    await rendered.keep(db, source, "pdf", 1, document_id, page(b"later"), NOW)
    assert await rendered.find(db, source, "pdf", 1) == first


async def test_it_goes_with_its_document_and_is_not_kept_without_one(
    db: Database, document_id: UUID, source: bytes
) -> None:
    await rendered.keep(db, source, "pdf", 1, document_id, page(), NOW)
    for statement in (
        "DELETE FROM event WHERE document_id = :id",
        "DELETE FROM delivery WHERE document_id = :id",
        "DELETE FROM document WHERE id = :id",
    ):
        await run(db, statement, id=document_id)
    assert await rendered.find(db, source, "pdf", 1) is None
    await rendered.keep(db, source, "pdf", 1, document_id, page(), NOW)
    assert await rendered.find(db, source, "pdf", 1) is None


async def variants(db: Database) -> list[str]:
    return sorted(await query(db, "SELECT variant FROM rendered"))


async def test_the_sweep_takes_what_is_old_or_of_an_older_template(empty_db: Database, source: bytes) -> None:
    rows = submission(uuid4(), receiver=uuid4())
    await store(empty_db, rows)
    document_id = rows.documents[0].id
    for number, (variant, template) in enumerate((("oldest", 2), ("older", 2), ("outdated", 1), ("new", 2))):
        at = NOW + number * HOUR
        await rendered.keep(empty_db, source, variant, template, document_id, page(b"12345"), at)
    before = NOW + HOUR
    assert await rendered.sweep(empty_db, template=2, before=before, most_bytes=1_000) == 2
    assert await variants(empty_db) == ["new", "older"]
    assert await rendered.sweep(empty_db, template=2, before=before, most_bytes=1_000) == 0


async def test_the_sweep_takes_the_oldest_beyond_the_bound(empty_db: Database, source: bytes) -> None:
    rows = submission(uuid4(), receiver=uuid4())
    await store(empty_db, rows)
    for number in range(5):
        made = page(b"x" * 100)
        at = NOW + number * HOUR
        await rendered.keep(empty_db, source, f"page {number}", 1, rows.documents[0].id, made, at)
    assert await rendered.sweep(empty_db, template=1, before=NOW, most_bytes=300) == 2
    assert await variants(empty_db) == ["page 2", "page 3", "page 4"]


async def test_the_sweep_of_payloads_is_told_of_pages(db: Database, document_id: UUID, source: bytes) -> None:
    stored = hashlib.sha256(uuid4().bytes).digest()
    in_store = Rendered(Kept(stored, 300_000, "store", None), 1, False)
    await rendered.keep(db, source, "pdf", 1, document_id, in_store, NOW)
    assert await documents.stored_hashes(db, [stored, bytes(32)]) == {stored}


async def test_the_source_of_a_document(db: Database, company: UUID, receiver: UUID) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    found = await rendered.source_of(db, rows.documents[0].id)
    assert found is not None
    assert (found.document_id, found.language, found.files) == (rows.documents[0].id, None, ())
    assert found.kept.payload == b"<Invoice/>"
    assert found.at.tzinfo is not None
    assert await rendered.source_of(db, uuid4()) is None
    await run(
        db,
        """INSERT INTO company (id, key, settings, version, created_at)
           VALUES (:id, :key, '{"language": "fi"}', 1, now())""",
        id=receiver,
        key=str(receiver),
    )
    for any_id in (rows.documents[0].id, rows.deliveries[0].id):
        found = await rendered.source_of(db, any_id)
        assert found is not None
        assert (found.language, found.document_id) == ("fi", rows.documents[0].id)
        assert found.kept.payload == b"<Invoice/>", "a delivery that converted nothing hands over the document"


async def test_the_source_of_a_delivery_is_what_its_receiver_gets(db: Database, company: UUID, receiver: UUID) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET wanted_syntax = 'finvoice-3.0' WHERE company_id = :id", id=company)
    file = FileRow("b.pdf", "application/pdf", None, kept(b"%PDF"))
    facts = '{"recognition": {"syntax": "finvoice-3.0"}, "heading": {"kind": "invoice"}}'
    prepared = Prepared("{}", Converted(facts, kept(b"<Finvoice/>"), (file,)), "finvoice-3.0")
    worker = InboxDeliveries(db)
    await worker.do([rows.deliveries[0].id], NOW, {rows.deliveries[0].id: prepared})
    await worker.close()
    found = await rendered.source_of(db, rows.deliveries[0].id)
    assert found is not None
    assert (found.kept.payload, found.files) == (b"<Finvoice/>", (file,))
    original = await rendered.source_of(db, rows.documents[0].id)
    assert original is not None
    assert (original.kept.payload, original.files) == (b"<Invoice/>", ())
