"""What is handed over for a letter: the kept page, the same every time, and what stands on the envelope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from fakturahub import formats
from fakturahub.clock import new_id
from fakturahub.errors import InternalFault, UnrenderableDocument
from fakturahub.exchange import letters
from fakturahub.exchange.contents_print import PrintContents
from fakturahub.exchange.letters import look_of
from fakturahub.exchange.render import pdf_of
from fakturahub.exchange.renditions import Renditions
from fakturahub.identity.companies import Companies
from fakturahub.model import Content, Heading, Identifier, Kind, PartyHeading
from fakturahub.model.letter import Letter
from fakturahub.storage.companies import Changes, CompanyRow
from fakturahub.storage.database import Database
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import PayloadStore
from tests.running import invoice
from tests.storage.conftest import empty_url
from tests.storage.rows import NOW, query, store, submission
from tests.unit.exchange.claims import claimed
from tests.unit.exchange.test_render import blank, packed

__all__ = ["empty_url"]

VIRTA = UUID("0192a000-0000-7000-8000-000000000001")
RECIPIENT = {
    "name": "Aalto Capital Oy",
    "lines": ["Kadunpää 1", "PL 7", "Porras C", "90100 Oulu"],
    "country": "FI",
    "streets": ["Kadunpää 1", "PL 7", "Porras C"],
    "post_code": "90100",
    "town": "Oulu",
}
DETAILS = {
    "class": 2,
    "colour": False,
    "duplex": True,
    "country_class": "FI",
    "pages": 1,
    "recipient": RECIPIENT,
    "language": "fi",
}
BUYER = PartyHeading(name="Aalto Capital Oy", business_id=Identifier("2262882-7", "0212"))


class Clock:
    def now(self) -> Any:
        return NOW


class Post:
    """A node that makes letters."""

    def __init__(self, database: Database, payloads: PayloadStore) -> None:
        self.database, self.payloads = database, payloads
        self.companies = Companies({})
        settings = {
            "name": "Virta Sähkö Oy",
            "additional_name": "Virta",
            "country": "FI",
            "business_id": "2790131-9",
            "street": "Sinikalliontie 9",
            "post_code": "02630",
            "city": "Espoo",
        }
        self.companies.apply(Changes(1, [CompanyRow(VIRTA, "virta", settings)], []))

    def contents(self) -> PrintContents:
        return PrintContents(Renditions(self.database, self.payloads, Clock()), self.payloads, self.companies)

    async def letter(self, data: bytes, **changes: Any) -> Claimed:
        """A letter of a document that is stored."""
        kept = await self.payloads.keep(data)
        content = {name: getattr(kept, name) for name in ("sha256", "size", "encoding", "payload")}
        rows = submission(VIRTA, **content)
        await store(self.database, rows)
        heading = Heading(Kind.INVOICE, number="1", buyer=BUYER)
        settings = {"company_id": VIRTA, "details": DETAILS, "heading": heading, "kept": kept, **changes}
        return claimed("print", document_id=rows.documents[0].id, **settings)

    async def made(self, one: Claimed) -> Content:
        made = await self.contents().content_of(one, None)
        assert made.content is not None
        assert made.prepared is None
        return made.content


@pytest.fixture
async def post(empty_url: str, tmp_path: Path) -> AsyncIterator[Post]:
    database = Database(empty_url)
    yield Post(database, PayloadStore.open(tmp_path / "payloads"))
    await database.close()


def envelope(content: Content) -> Letter:
    (beside,) = content.files
    noun = formats.read(beside.content).noun
    assert isinstance(noun, Letter)
    return noun


async def test_a_letter_is_its_pages_and_its_envelope(post: Post) -> None:
    one = await post.letter(invoice("L-1"))
    content = await post.made(one)
    assert (content.name, content.media_type) == (f"{one.id}.pdf", "application/pdf")
    assert content.data == pdf_of(invoice("L-1"), look_of("fi"), at=NOW).data
    letter = envelope(content)
    assert letter.number == str(one.id)
    assert [(file.role, file.uri) for file in letter.files] == [("APIX_PDFFILE", f"file://{one.id}.pdf")]
    sender, recipient = letter.sender, letter.recipient
    assert sender.address is not None
    assert recipient.address is not None
    assert (sender.identifier, sender.names) == ("2790131-9", ("Virta Sähkö Oy", "Virta"))
    assert (sender.address.streets, sender.address.post_code, sender.address.town, sender.address.country) == (
        ("Sinikalliontie 9",),
        "02630",
        "Espoo",
        "FI",
    )
    assert (recipient.identifier, recipient.names) == ("2262882-7", ("Aalto Capital Oy",))
    assert (recipient.address.post_code, recipient.address.town, recipient.address.country) == ("90100", "Oulu", "FI")
    assert recipient.address.streets == ("Kadunpää 1", "PL 7, Porras C"), "Letters 1.0 has two lines"


async def test_it_is_made_once_and_the_same_every_time(post: Post) -> None:
    one = await post.letter(invoice("L-2"))
    first = await post.made(one)
    assert await post.made(one) == first, "as another process finds it"
    assert await post.made(msgspec.structs.replace(one, attempt=9)) == first
    variants = await query(post.database, "SELECT variant FROM rendered")
    assert len(variants) == 1
    assert "letter-own" in variants[0]


async def test_a_letter_and_a_page_are_kept_apart(post: Post) -> None:
    one = await post.letter(invoice("L-3"))
    await post.made(one)
    page = await Renditions(post.database, post.payloads, Clock()).rendition(one.document_id, "pdf")
    assert page is not None
    assert page.data != (await post.made(one)).data
    assert await query(post.database, "SELECT count(*) FROM rendered") == [2]


async def test_a_letter_that_names_its_sender_comes_back_there(post: Post, shared: Path) -> None:
    metadata = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    pages = blank(3)
    data = packed(("letter.xml", metadata), ("test_invoice.pdf", pages))
    one = await post.letter(data, heading=Heading(Kind.LETTER, number="63411234"))
    content = await post.made(one)
    assert content.data == pages
    letter = envelope(content)
    assert letter.sender.names == ("Devlab Oy",)
    assert letter.number == str(one.id)


async def test_a_sender_that_is_gone(post: Post) -> None:
    seller = PartyHeading(name="Gone Oy")
    one = await post.letter(invoice("L-4"), company_id=uuid4(), heading=Heading(Kind.INVOICE, seller=seller))
    assert envelope(await post.made(one)).sender.names == ("Gone Oy",)


async def test_what_is_no_letter(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await post.letter(invoice("L-5"))
    monkeypatch.setattr(letters, "MOST_PAGES", 0)
    with pytest.raises(UnrenderableDocument, match="limit is 0"):
        await post.made(one)
    with pytest.raises(InternalFault, match="gone"):
        await post.made(msgspec.structs.replace(one, document_id=new_id()))
