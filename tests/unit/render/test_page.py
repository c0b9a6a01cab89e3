"""The A4 page: everything that a document states is on it, breaks of a table, the window, codes that machines read."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import msgspec
import pypdfium2
import pytest
from PIL import Image

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import Invoice, Item, Line, VatBreakdown
from fakturahub.render import labels
from fakturahub.render.page import TEMPLATE_VERSION, EmbeddedFile, compiling, pdf
from fakturahub.render.page.compiling import TABLE_ROWS
from fakturahub.render.parts import Sheet, Style
from fakturahub.render.sheet import sheet_of
from tests.unit.render.seen import AT, bare, text_of, unseen

EXAMPLES = Path(__file__).parents[3] / "examples"
#: digests of the template's files and of the words that are printed beside the data, by TEMPLATE_VERSION
VERSIONS = {1: "dab516b38db86dca", 2: "25a122bd84234616", 3: "960155545f1025f5"}
MILLIMETRE = 72 / 25.4
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0a0"/></svg>'


def example(name: str = "invoice.xml") -> Invoice:
    noun = formats.read((EXAMPLES / name).read_bytes()).noun
    assert isinstance(noun, Invoice)
    return noun


def with_lines(count: int) -> Invoice:
    """An invoice of so many lines of 1.00, each with a name of its own."""
    lines = tuple(
        Line(id=str(place), amount=Decimal(1), item=Item(name=f"Thing {place:05}")) for place in range(1, count + 1)
    )
    return msgspec.structs.replace(example(), lines=lines)


def pages_of(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [bare(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def drawn(data: bytes, scale: float, page: int = 0) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    try:
        picture: Image.Image = document[page].render(scale=scale).to_pil().convert("L")
    finally:
        document.close()
    return picture


@pytest.mark.parametrize("language", labels.LANGUAGES)
@pytest.mark.parametrize("name", ["invoice.xml", "credit-note.xml", "finvoice.xml", "invoice-with-attachment.xml"])
def test_everything_that_is_stated_is_found_on_the_page(name: str, language: str) -> None:
    invoice = example(name)
    assert unseen(invoice, text_of(pdf(sheet_of(invoice, language=language), at=AT)), language) == []


def test_the_same_document_gives_the_same_bytes() -> None:
    sheet = sheet_of(example(), style=Style(logo=SVG, accent="#ff0000"))
    embedded = (EmbeddedFile(name="invoice.xml", mime="application/xml", content=b"<x/>", relationship="source"),)
    assert pdf(sheet, at=AT, embedded=embedded) == pdf(sheet, at=AT, embedded=embedded)


def test_a_table_that_breaks_repeats_its_head_and_carries_its_sum() -> None:
    pages = pages_of(pdf(sheet_of(with_lines(60), language="en"), at=AT))
    assert len(pages) > 2
    shown = 0
    for number, text in enumerate(pages):
        lines = text.count("Thing")
        if lines:
            assert "DescriptionAmount" in text
        assert ("Broughtforward" in text) == (0 < shown < 60)
        if 0 < shown < 60:
            assert f"Broughtforward{shown}.00" in text, number
        shown += lines
        assert ("Carriedforward" in text) == (0 < shown < 60)
        if shown < 60:
            assert f"Carriedforward{shown}.00" in text, number
    assert shown == 60


def test_a_table_that_fits_carries_nothing() -> None:
    (text,) = pages_of(pdf(sheet_of(example(), language="en"), at=AT))
    assert "forward" not in text


def test_the_lines_of_a_long_invoice_follow_behind_what_is_to_be_paid() -> None:
    count = TABLE_ROWS + 60
    pages = pages_of(pdf(sheet_of(with_lines(count), language="en"), at=AT))
    assert f"{count}linesarelistedonthefollowingpages" in pages[0]
    assert "Amountdue" in pages[0]
    assert "Thing" not in pages[0]
    shown = 0
    for text in pages[1:]:
        assert "DescriptionAmount" in text
        assert (f"Broughtforward{shown}.00" in text) == (shown > 0)
        shown += text.count("Thing")
        assert (f"Carriedforward{shown}.00" in text) == (shown < count)
    assert shown == count


def test_pages_are_numbered_and_named() -> None:
    pages = pages_of(pdf(sheet_of(with_lines(60), language="sv"), at=AT))
    for number, text in enumerate(pages, 1):
        assert f"Sida{number}av{len(pages)}" in text
        assert ("Faktura2026-1107" in text) == (number > 1) or number == 1


def _dark(picture: Image.Image, x: float, y: float) -> bool:
    value = picture.getpixel((int(x), int(y)))
    assert isinstance(value, int)
    return value < 128


def test_the_codes_that_are_drawn_are_those_of_the_data() -> None:
    """Every module of the QR code, and every bar, is found where it belongs in a picture of the page."""
    noun = formats.read((EXAMPLES / "finvoice.xml").read_bytes()).noun
    sheet = sheet_of(noun, language="fi")
    (block,) = [one for one in sheet.payment if one.matrix and one.bars]
    picture = drawn(pdf(sheet, at=AT), 8)
    module = 27 * MILLIMETRE * 8 / (len(block.matrix) + 8)
    right = (190 + 2) * MILLIMETRE * 8 - 4 * module
    left = right - len(block.matrix) * module
    # The upper edge of the code is the first dark row in its columns below the sums.
    column = picture.crop(
        (int(left + module / 2), int(230 * MILLIMETRE * 8), int(left + module / 2) + 1, picture.height)
    )
    rows = [y for y in range(column.height) if column.getpixel((0, y)) == 0]
    top = 230 * MILLIMETRE * 8 + next(y for y, later in zip(rows, rows[20:], strict=False) if later - y == 20)
    for y, row in enumerate(block.matrix):
        seen = "".join(
            str(int(_dark(picture, left + (x + 0.5) * module, top + (y + 0.5) * module))) for x in range(len(row))
        )
        assert seen == row, y
    start = 20 * MILLIMETRE * 8
    height = next(
        y for y in range(int(top), picture.height) if _bars(picture, start, y, sum(block.bars)) == _modules(block.bars)
    )
    assert _bars(picture, start, height + int(9 * MILLIMETRE * 8), sum(block.bars)) == _modules(block.bars)


def _modules(bars: tuple[int, ...]) -> str:
    return "".join(("1", "0")[place % 2] * width for place, width in enumerate(bars))


def _bars(picture: Image.Image, start: float, y: int, count: int) -> str:
    module = 0.3 * MILLIMETRE * 8
    return "".join(str(int(_dark(picture, start + (place + 0.5) * module, y))) for place in range(count))


def test_many_vat_rates_and_long_reasons_stay_on_the_page() -> None:
    vat = tuple(
        VatBreakdown(
            taxable=Decimal(place), tax=Decimal(0), category="E", rate=Decimal(0), exemption_reason=f"R{place}e"
        )
        for place in range(100, 160)
    )
    text = text_of(pdf(sheet_of(msgspec.structs.replace(example(), vat=vat), language="da"), at=AT))
    assert [place for place in range(100, 160) if f"R{place}e" not in text] == []


def test_a_logo_is_drawn_and_takes_the_place_of_the_name() -> None:
    sheet = sheet_of(example(), language="sv", style=Style(logo=SVG))
    document = pypdfium2.PdfDocument(pdf(sheet, at=AT))
    try:
        picture = document[0].render(scale=2).to_pil().convert("RGB")
    finally:
        document.close()
    assert picture.getpixel((int(35 * MILLIMETRE * 2), int(24 * MILLIMETRE * 2))) == (0, 170, 0)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\\b", "/etc/x", ".", "..", "a\nb", "x" * 256])
def test_a_file_name_that_is_no_plain_name_is_refused(name: str) -> None:
    sheet = Sheet(language="en", kind="invoice", title="Invoice")
    with pytest.raises(UnrenderableDocument, match="plain name"):
        pdf(sheet, at=AT, embedded=(EmbeddedFile(name=name, mime="text/plain", content=b""),))


def test_two_files_of_one_name_are_refused() -> None:
    one = EmbeddedFile(name="a.txt", mime="text/plain", content=b"")
    with pytest.raises(UnrenderableDocument, match="two files"):
        pdf(Sheet(language="en", kind="invoice", title="Invoice"), at=AT, embedded=(one, one))


def test_a_changed_template_has_a_version_of_its_own() -> None:
    """What was kept of an older template is made anew, so the number is counted up when a template changes."""
    folder = Path(compiling.__file__).parent
    digest = hashlib.sha256()
    words = Path(labels.__file__).parent
    for path in sorted([*folder.glob("*.typ"), *folder.glob("fonts/*.ttf"), *words.glob("*.toml")]):
        digest.update(path.name.encode() + path.read_bytes())
    assert VERSIONS[TEMPLATE_VERSION] == digest.hexdigest()[:16]
