"""Files that came beside a document: stored with it, handed out with it, converted and drawn with it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pikepdf
import pytest

from fakturahub import provision
from fakturahub.clock import SystemClock, new_id
from fakturahub.exchange.deliver import Deliverer
from fakturahub.exchange.inbox import Content, Inbox
from fakturahub.exchange.renditions import Renditions
from fakturahub.exchange.rulebook import bundled
from fakturahub.exchange.submit import Accepted, Exchange
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Answer, Attachment, Mode, Part, Submission
from fakturahub.storage import document_files, documents
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submissions import SubmissionWriter
from tests.running import COMPANIES, invoice
from tests.storage.rows import NOW, query
from tests.unit.exchange.test_letters import of_width

PICTURE = Attachment("invoice.pdf", "application/pdf", of_width(200), "as printed")
SHEET = Attachment("hours.csv", "text/csv", b"a;b\n" * 100_000)
LINK = (
    b"<cac:AdditionalDocumentReference><cbc:ID>P1</cbc:ID><cbc:DocumentDescription>Commercial Invoice"
    b"</cbc:DocumentDescription><cac:Attachment><cac:ExternalReference><cbc:URI>file://invoice.pdf</cbc:URI>"
    b"</cac:ExternalReference></cac:Attachment></cac:AdditionalDocumentReference>"
)


def linked(number: str) -> bytes:
    """The example invoice, which calls the file beside it its picture."""
    seller = b"<cac:AccountingSupplierParty>"
    return invoice(number).replace(seller, LINK + seller, 1)


@dataclass
class Town:
    """Two companies of a hub, its worker and its inboxes."""

    database: Database
    payloads: PayloadStore
    companies: Companies
    exchange: Exchange
    worker: Deliverer

    async def send(self, *parts: Part) -> list[UUID]:
        """Send *parts* from skog to virta and deliver them; the ids of their documents."""
        sender = self.companies.by_credential("pagero", "skog")
        assert sender is not None
        told: list[Accepted] = []

        def compose(accepted: Accepted) -> Answer:
            told.append(accepted)
            return Answer(200, "text/plain", b"")

        submission = Submission(
            new_id(NOW), sender.id, "pagero", b"all", Mode.PROD, NOW, key=str(new_id()), parts=parts
        )
        await self.exchange.submit(submission, sender, compose)
        ids = [one.id for one in told[0].documents]
        for delivery in await query(self.database, "SELECT id FROM delivery WHERE document_id = ANY (:ids)", ids=ids):
            await self.worker.deliver(delivery)
        return ids

    async def content(self, document_id: UUID) -> Content:
        """What the receiver fetches."""
        inbox = Inbox(self.database, self.payloads, SystemClock())
        (entry_id,) = await query(self.database, "SELECT id FROM inbox WHERE document_id = :id", id=document_id)
        entry = await inbox.find(entry_id)
        assert entry is not None
        return await inbox.content(entry)


@pytest.fixture
async def town(empty_db: Database, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """Virta wants its documents in the syntax of the parameter."""
    text = COMPANIES.read_text(encoding="utf-8")
    file = tmp_path / "companies.toml"
    assert 'receive_as = "finvoice-3.0"' in text
    text = text.replace('receive_as = "finvoice-3.0"', f'receive_as = "{request.param}"')
    file.write_text(text.replace('key = "skog"\n', 'key = "skog"\nvalidation = "off"\n'), encoding="utf-8")
    key = MasterKey(bytes(32))
    await provision.apply(empty_db, provision.read(file, {}), name="companies.toml", key=key, now=NOW)
    companies = Companies(provision.CREDENTIAL_NAMES)
    await refresh(empty_db, companies)
    payloads = PayloadStore.open(tmp_path / "payloads")
    writer = SubmissionWriter(empty_db)
    worker = Deliverer(empty_db, payloads, SystemClock())
    writer.start()
    worker.start()
    yield Town(empty_db, payloads, companies, Exchange(companies, writer, payloads, bundled), worker)
    await worker.stop()
    await writer.stop()


as_it_came = pytest.mark.parametrize("town", ["original"], indirect=True)
as_finvoice = pytest.mark.parametrize("town", ["finvoice-3.0"], indirect=True)


@as_it_came
async def test_they_are_stored_with_their_document_alone(town: Town) -> None:
    first, second, third = await town.send(
        Part(invoice("F-1"), (PICTURE, SHEET)), Part(invoice("F-2")), Part(invoice("F-3"), (SHEET,))
    )
    assert [one.name for one in await document_files.files_of(town.database, first)] == ["invoice.pdf", "hours.csv"]
    assert await document_files.files_of(town.database, second) == []
    async with town.database.begin() as connection:
        found = await document_files.of_many(connection, [third, second, first])
    assert {id_: [one.name for one in files] for id_, files in found.items()} == {
        first: ["invoice.pdf", "hours.csv"],
        third: ["hours.csv"],
    }
    (sheet,) = found[third]
    assert await town.payloads.load(sheet.kept) == SHEET.content


@as_it_came
async def test_large_ones_are_not_swept_away(town: Town) -> None:
    (document,) = await town.send(Part(invoice("F-1"), (SHEET,)))
    (sheet,) = await document_files.files_of(town.database, document)
    assert sheet.kept.encoding == "store"
    assert await documents.stored_hashes(town.database, [sheet.kept.sha256, b"\0" * 32]) == {sheet.kept.sha256}


@as_it_came
async def test_the_receiver_gets_them_beside_the_document_as_it_came(town: Town) -> None:
    first, second = await town.send(Part(linked("F-1"), (PICTURE, SHEET)), Part(invoice("F-2")))
    content = await town.content(first)
    assert content.data == linked("F-1")
    assert content.attachments == (PICTURE, SHEET)
    assert [(one.name, one.beside) for one in content.entry.heading.attachments] == [
        ("invoice.pdf", True),
        ("hours.csv", True),
    ]
    assert (await town.content(second)).attachments == ()


@as_finvoice
async def test_they_go_into_what_is_written_for_the_receiver(town: Town) -> None:
    (document,) = await town.send(Part(linked("F-1"), (PICTURE, SHEET)))
    content = await town.content(document)
    assert content.entry.converted_by is not None
    assert content.entry.recognition.syntax == "finvoice-3.0"
    assert sorted(one.name for one in content.attachments) == ["hours.csv", "invoice.pdf"]
    assert {one.name: one.content for one in content.attachments} == {
        "invoice.pdf": PICTURE.content,
        "hours.csv": SHEET.content,
    }


@as_it_came
async def test_the_picture_among_them_is_the_page(town: Town) -> None:
    plain, pictured = await town.send(Part(invoice("F-1")), Part(linked("F-2"), (PICTURE,)))
    renditions = Renditions(town.database, town.payloads, SystemClock())
    for id_, own in ((plain, False), (pictured, True)):
        page = await renditions.rendition(id_, "pdf")
        assert page is not None
        assert page.own is own
    (delivery,) = await query(town.database, "SELECT id FROM delivery WHERE document_id = :id", id=pictured)
    handed = await renditions.rendition(delivery, "pdf")
    assert handed is not None
    with pikepdf.open(io.BytesIO(handed.data)) as document:
        assert int(document.pages[0].mediabox[2]) == 200
