"""What goes along in a mail, of documents that are stored."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from fakturahub.errors import InternalFault, UnrenderableDocument
from fakturahub.exchange import contents_mail
from fakturahub.exchange.contents_mail import MailContents
from fakturahub.exchange.renditions import Renditions
from fakturahub.model import Content, Heading, Kind
from fakturahub.model.ways import MOST_OF_MAIL, MailWay
from fakturahub.render import pictures
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from tests.channels.email.parcels import WAY
from tests.running import invoice
from tests.storage.conftest import empty_url
from tests.storage.rows import run, store, submission
from tests.unit.exchange.claims import claimed

__all__ = ["empty_url"]

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: the smallest PDF of one empty page
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/MediaBox[0 0 595 842]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


class Clock:
    def now(self) -> datetime:
        return NOW


class Town:
    def __init__(self, database: Database, payloads: PayloadStore) -> None:
        self.database, self.payloads = database, payloads
        self.contents = MailContents(Renditions(database, payloads, Clock()))

    async def content(self, data: bytes, *, heading: Heading | None = None, **way: Any) -> Content:
        rows = submission(uuid4(), receiver=uuid4())
        await store(self.database, rows)
        document = rows.documents[0].id
        kept = await self.payloads.keep(data)
        await run(
            self.database,
            "UPDATE document SET sha256 = :sha, size = :size, encoding = :encoding, payload = :payload WHERE id = :id",
            id=document,
            sha=kept.sha256,
            size=kept.size,
            encoding=kept.encoding,
            payload=kept.payload,
        )
        delivery = claimed(
            "email", document_id=document, kept=kept, heading=heading or Heading(kind=Kind.INVOICE, number="R-1")
        )
        made = await self.contents.content_of(delivery, mail(**way))
        assert made.content is not None
        assert made.prepared is None
        assert made.content == (await self.contents.content_of(delivery, mail(**way))).content, "the same each time"
        return made.content


def mail(**changes: Any) -> MailWay:
    return msgspec.structs.replace(WAY, **changes)


def with_attachments(*files: tuple[str, str, bytes, str]) -> bytes:
    """An invoice with files in it: name, MIME type, content, and what the invoice calls it."""
    parts = "".join(
        f"<cac:AdditionalDocumentReference><cbc:ID>{number}</cbc:ID><cbc:DocumentDescription>{described}"
        f'</cbc:DocumentDescription><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="{mime}" '
        f'filename="{name}">{base64.b64encode(content).decode()}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>'
        "</cac:AdditionalDocumentReference>"
        for number, (name, mime, content, described) in enumerate(files, 1)
    ).encode()
    data = invoice("R-1")
    before, tag, after = data.partition(b"<cac:AccountingSupplierParty>")
    assert tag
    return before + parts + tag + after


@pytest.fixture
async def town(empty_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    database = Database(empty_url)
    yield Town(database, PayloadStore.open(tmp_path / "payloads"))
    await database.close()


async def test_a_page_in_the_language_of_the_receiver(town: Town) -> None:
    content = await town.content(invoice("R-1"), language="fi")
    assert (content.name, content.media_type, content.files) == ("Lasku R-1.pdf", "application/pdf", ())
    assert pictures.count(content.data) == 1
    swedish = await town.content(invoice("R-1"), language="sv")
    assert swedish.name == "Faktura R-1.pdf"
    assert swedish.data != content.data


async def test_the_document_itself_where_it_is_wanted(town: Town) -> None:
    data = invoice("R-1")
    content = await town.content(data, attach_xml=True)
    assert [(one.name, one.mime, one.content) for one in content.files] == [("Lasku R-1.xml", "application/xml", data)]


async def test_what_is_attached_to_the_document(town: Town) -> None:
    data = with_attachments(
        ("hours.csv", "text/csv", b"a;b", "Hours"),
        ("Lasku R-1.pdf", "application/pdf", PDF, "Delivery note"),
    )
    content = await town.content(data, attach_xml=True)
    assert [(one.name, one.content) for one in content.files] == [
        ("Lasku R-1.xml", data),
        ("hours.csv", b"a;b"),
        ("3-Lasku R-1.pdf", PDF),
    ]


async def test_the_documents_own_picture_goes_once(town: Town) -> None:
    data = with_attachments(
        ("picture.pdf", "application/pdf", PDF, "Commercial Invoice"), ("hours.csv", "text/csv", b"a;b", "Hours")
    )
    content = await town.content(data)
    assert content.data == PDF
    assert [one.name for one in content.files] == ["hours.csv"]


async def test_attachments_that_would_be_too_much_lie_in_the_page_only(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = with_attachments(("hours.csv", "text/csv", b"a;b" * 100_000, "Hours"))
    assert [one.name for one in (await town.content(data)).files] == ["hours.csv"]
    monkeypatch.setattr(contents_mail, "MOST_OF_MAIL", 700_000)
    assert (await town.content(data)).files == ()
    assert MOST_OF_MAIL == 25 * 1024**2


async def test_names_of_files(town: Town) -> None:
    content = await town.content(invoice("R-1"), heading=Heading(kind=Kind.CREDIT_NOTE, number="../2026/ä 7:1"))
    assert content.name == "Hyvityslasku 2026_ä_7_1.pdf"
    content = await town.content(invoice("R-1"), heading=Heading(kind=Kind.OTHER))
    assert content.name == "Asiakirja.pdf"


async def test_what_has_no_page(town: Town) -> None:
    order = b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>'
    with pytest.raises(UnrenderableDocument):
        await town.content(order)


async def test_a_document_that_is_gone(town: Town) -> None:
    with pytest.raises(InternalFault):
        await town.contents.content_of(claimed("email", document_id=UUID(int=7)), WAY)
