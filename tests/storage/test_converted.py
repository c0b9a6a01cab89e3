"""What is written for receivers: in the transaction that records their deliveries, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

from fakturahub.storage import converted, documents, inbox
from fakturahub.storage.converted import Converted, FileRow, Prepared
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import Batch, InboxDeliveries
from fakturahub.storage.payloads import Kept
from fakturahub.storage.submission_rows import SubmissionRows
from tests.storage.rows import NOW, count, query, run, state_of, store, submission

LATER = NOW + timedelta(seconds=3)


def kept(data: bytes, encoding: str = "identity") -> Kept:
    return Kept(hashlib.sha256(data).digest(), len(data), encoding, None if encoding == "store" else data)


def written(*files: FileRow) -> Prepared:
    facts = '{"recognition": {"syntax": "finvoice-3.0"}, "heading": {"kind": "invoice", "number": "F"}}'
    return Prepared('{"source": "ubl-2.1"}', Converted(facts, kept(b"<Finvoice/>"), files), "finvoice-3.0")


async def wishful(db: Database, company: UUID, receiver: UUID) -> SubmissionRows:
    """A document whose receiver wants a Finvoice."""
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET wanted_syntax = 'finvoice-3.0' WHERE company_id = :id", id=company)
    return rows


async def do(db: Database, rows: SubmissionRows, prepared: Prepared | None = None) -> Batch:
    worker = InboxDeliveries(db)
    try:
        id_ = rows.deliveries[0].id
        return await worker.do([id_], LATER, {} if prepared is None else {id_: prepared})
    finally:
        await worker.close()


async def test_a_delivery_waits_for_what_its_receiver_wants(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    assert await do(db, rows) == Batch(unprepared=(rows.deliveries[0].id,))
    assert await state_of(db, rows) == ("routed", "pending")
    assert await count(db, "inbox", receiver) == 0


async def test_what_was_written_is_stored_with_the_delivery(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    files = (
        FileRow("b.pdf", "application/pdf", None, kept(b"%PDF")),
        FileRow("a.csv", "text/csv", "hours", kept(b"1;2")),
    )
    assert await do(db, rows, written(*files)) == Batch(done=1)
    assert await state_of(db, rows) == ("delivered", "delivered")
    id_ = rows.deliveries[0].id
    assert await query(db, "SELECT delivered_syntax, report ->> 'source' FROM delivery WHERE id = :id", id=id_) == [
        ("finvoice-3.0", "ubl-2.1")
    ]
    assert await converted.document_of(db, id_) == kept(b"<Finvoice/>")
    assert await converted.files_of(db, id_) == list(files), "in their order"
    (entry,) = await inbox.newest(db, receiver, NOW, 10)
    assert (entry.converted_by, entry.facts["heading"]["number"]) == (id_, "F")
    assert await inbox.find(db, entry.id) == entry
    original = await inbox.payload_of(db, rows.documents[0].id)
    assert original is not None
    assert original.payload == b"<Invoice/>"
    # The same again, as when the answer of the commit was lost.
    assert await do(db, rows, written(*files)) == Batch()


async def test_what_goes_as_it_came_says_why(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    assert await do(db, rows, Prepared('{"unchanged": true}')) == Batch(done=1)
    id_ = rows.deliveries[0].id
    assert await query(db, "SELECT delivered_syntax, report FROM delivery WHERE id = :id", id=id_) == [
        ("ubl-2.1", {"unchanged": True})
    ]
    (entry,) = await inbox.newest(db, receiver, NOW, 10)
    assert (entry.converted_by, entry.facts["heading"].get("number")) == (None, None)


async def test_what_cannot_be_written_fails_and_says_why(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    assert await do(db, rows, Prepared('{"not_written": []}', error="it would lose something")) == Batch(failed=1)
    assert await state_of(db, rows) == ("failed", "failed")
    id_ = rows.deliveries[0].id
    assert await query(db, "SELECT attempts, last_error, report FROM delivery WHERE id = :id", id=id_) == [
        (1, "it would lose something", {"not_written": []})
    ]
    assert await query(db, "SELECT outcome, detail ->> 'why' FROM attempt WHERE delivery_id = :id", id=id_) == [
        ("failed", "it would lose something")
    ]
    kinds = await query(
        db, "SELECT kind FROM event WHERE document_id = :id ORDER BY at, xact, id", id=rows.documents[0].id
    )
    assert kinds[-2:] == ["delivery.failed", "document.failed"]
    assert await count(db, "inbox", receiver) == 0
    assert await do(db, rows, written()) == Batch(), "what failed is over until somebody starts it again"


async def test_two_workers_write_one_document_once(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    batches = await asyncio.gather(*(do(db, rows, written()) for _ in range(4)))
    assert sorted(one.done for one in batches) == [0, 0, 0, 1]
    assert await count(db, "inbox", receiver) == 1


async def test_trouble_is_recorded_and_the_delivery_stays_open(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    worker = InboxDeliveries(db)
    await worker.put_off(rows.deliveries[0].id, "the disk is away", LATER)
    assert await state_of(db, rows) == ("routed", "retrying")
    id_ = rows.deliveries[0].id
    assert await query(db, "SELECT attempts, last_error FROM delivery WHERE id = :id", id=id_) == [
        (1, "the disk is away")
    ]
    assert (await worker.do([id_], LATER, {id_: written()})).done == 1
    await worker.put_off(id_, "too late", LATER)
    await worker.close()
    assert await query(db, "SELECT state, attempts, last_error FROM delivery WHERE id = :id", id=id_) == [
        ("delivered", 2, None)
    ]
    assert await query(db, "SELECT outcome FROM attempt WHERE delivery_id = :id ORDER BY id", id=id_) == [
        "retrying",
        "delivered",
    ]


async def test_the_source_tells_the_policy_of_the_moment(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    id_ = rows.deliveries[0].id
    source = await converted.source(db, id_)
    assert source is not None, "a receiver that is not provisioned takes everything"
    assert (source.wanted, source.allow_loss, source.kept.payload) == ("finvoice-3.0", True, b"<Invoice/>")
    for stated, policy in (('{"allow_loss": false}', False), ('{"allow_loss": true}', True), ("{}", True)):
        await run(
            db,
            """INSERT INTO company (id, key, settings, version, created_at)
               VALUES (:id, :key, CAST(:settings AS jsonb), 1, now())
               ON CONFLICT (id) DO UPDATE SET settings = excluded.settings""",
            id=receiver,
            key=str(receiver),
            settings=stated,
        )
        source = await converted.source(db, id_)
        assert source is not None
        assert source.allow_loss is policy
    assert await converted.source(db, uuid4()) is None


async def test_the_sweep_is_told_what_was_written(db: Database, company: UUID, receiver: UUID) -> None:
    rows = await wishful(db, company, receiver)
    document, file = (hashlib.sha256(f"{company}{name}".encode()).digest() for name in ("document", "file"))
    facts = '{"recognition": {"syntax": "finvoice-3.0"}, "heading": {"kind": "invoice"}}'
    stored = Converted(
        facts,
        Kept(document, 300_000, "store", None),
        (FileRow("a.pdf", "application/pdf", None, Kept(file, 400_000, "store", None)),),
    )
    await do(db, rows, Prepared("{}", stored, "finvoice-3.0"))
    assert await documents.stored_hashes(db, [document, file, bytes(32)]) == {document, file}
