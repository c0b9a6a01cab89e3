"""Documents as letters: their pages, what is left out, what is no letter, and when they leave."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from fakturahub.errors import UnrenderableDocument
from fakturahub.exchange import letters
from fakturahub.exchange.letters import Pages, leaves_at, look_of, pages_of
from fakturahub.exchange.render import Look, letter_of, pdf_of
from fakturahub.model import Attachment
from tests.running import INVOICE, ROOT
from tests.unit.exchange.test_render import blank, packed

AT = datetime(2026, 11, 20, 12, 30, 15, tzinfo=UTC)
DATA = INVOICE.read_bytes()


def beside(name: str, content: bytes) -> Attachment:
    return Attachment(name, "application/pdf", content)


def locked() -> bytes:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as document:
        document.save(made, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return made.getvalue()


def sizes(pdf: bytes) -> list[int]:
    """The widths of the pages, by which a test tells them apart."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [int(page.mediabox[2]) for page in document.pages]


def of_width(width: int) -> bytes:
    made = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(width, 842))
        document.save(made, deterministic_id=True)
    return made.getvalue()


def test_a_page_of_the_hub_has_nothing_inside() -> None:
    data = (ROOT / "examples" / "invoice-with-attachment.xml").read_bytes()
    letter = pdf_of(data, look_of("fi"), at=AT)
    with pikepdf.open(io.BytesIO(letter.data)) as document:
        assert not document.attachments
    assert not letter.own
    assert letter == pdf_of(data, look_of("fi"), at=AT), "the same bytes every time"
    assert letter.data != pdf_of(data, Look(language="fi"), at=AT).data


def test_attached_pdfs_are_further_pages_in_their_order() -> None:
    files = (beside("a.pdf", of_width(300)), beside("t.csv", b"1;2"), beside("b.pdf", of_width(400)))
    made = letter_of(DATA, look_of("fi"), at=AT, files=files)
    widths = sizes(made.page.data)
    assert (widths[-2:], set(widths[:-2])) == ([300, 400], {595})
    assert made.left_out == ("t.csv",)
    assert made == letter_of(DATA, look_of("fi"), at=AT, files=files), "the same bytes every time"
    assert pages_of(DATA, language="fi", at=AT, files=files) == Pages(len(widths), len(made.page.data), ("t.csv",))


def test_the_own_picture_comes_first_and_once() -> None:
    envelope = packed(("INV1.xml", DATA), ("INV1.pdf", of_width(500)), ("INV1_1.pdf", of_width(300)))
    made = letter_of(envelope, look_of("fi"), at=AT)
    assert sizes(made.page.data) == [500, 300]
    assert made.page.own
    only = letter_of(packed(("INV1.xml", DATA), ("INV1.pdf", of_width(500))), look_of("fi"), at=AT)
    assert only.page.data == of_width(500), "passed on as it came"


def test_the_hubs_own_page_is_not_followed_by_the_picture_that_it_stands_for() -> None:
    envelope = packed(("INV1.xml", DATA), ("INV1.pdf", of_width(500)), ("INV1_1.pdf", of_width(300)))
    made = letter_of(envelope, Look(letter=True, ours=True), at=AT)
    widths = sizes(made.page.data)
    assert (widths[-1], set(widths[:-1])) == (300, {595})
    assert not made.page.own


def test_a_letter_is_its_pages(shared: Path) -> None:
    metadata = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    pages = blank(3)
    made = letter_of(packed(("letter.xml", metadata), ("test_invoice.pdf", pages)), look_of(None), at=AT)
    assert made.page.data == pages
    envelope = packed(("letter.xml", metadata), ("test_invoice.pdf", pages), ("more.pdf", blank()))
    assert pages_of(envelope, language=None, at=AT).count == 4


@pytest.mark.parametrize("pages", [None, b"%PDF-1.7 damaged"])
def test_a_letter_without_its_pages_is_none(shared: Path, pages: bytes | None) -> None:
    metadata = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    members = [("letter.xml", metadata)] + ([("test_invoice.pdf", pages)] if pages else [])
    with pytest.raises(UnrenderableDocument, match="pages to be printed"):
        pages_of(packed(*members), language=None, at=AT)


@pytest.mark.parametrize("content", [b"%PDF-1.7 damaged", locked()])
def test_an_attached_pdf_that_does_not_open_is_named(content: bytes) -> None:
    with pytest.raises(UnrenderableDocument, match="attached PDF") as refused:
        pages_of(DATA, language="fi", at=AT, files=(beside("terms.pdf", content),))
    assert refused.value.place == "terms.pdf"


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    files = (beside("a.pdf", blank(3)),)
    fits = pages_of(DATA, language="fi", at=AT, files=files)
    monkeypatch.setattr(letters, "MOST_PAGES", fits.count)
    monkeypatch.setattr(letters, "MOST_BYTES", fits.size)
    assert pages_of(DATA, language="fi", at=AT, files=files) == fits
    monkeypatch.setattr(letters, "MOST_PAGES", fits.count - 1)
    with pytest.raises(UnrenderableDocument, match=f"has {fits.count} pages; the limit is {fits.count - 1}"):
        pages_of(DATA, language="fi", at=AT, files=files)
    monkeypatch.setattr(letters, "MOST_PAGES", fits.count)
    monkeypatch.setattr(letters, "MOST_BYTES", fits.size - 1)
    with pytest.raises(UnrenderableDocument, match=f"{fits.size:,} bytes; the limit is {fits.size - 1:,}"):
        pages_of(DATA, language="fi", at=AT, files=files)


def test_when_a_letter_leaves() -> None:
    helsinki, now = ZoneInfo("Europe/Helsinki"), datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert leaves_at(now, None, helsinki) == now, "no cut-offs: at once"
    assert leaves_at(now, {"url": "v1:sealed"}, helsinki) == now
    section = {"cut_offs": ["10:00", "15:00"]}
    assert leaves_at(now, section, helsinki) == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    in_stockholm = section | {"timezone": "Europe/Stockholm"}
    assert leaves_at(now, in_stockholm, helsinki) == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
