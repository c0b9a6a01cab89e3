"""The HTML page: everything that is on the sheet, nothing that runs or loads, and no value that is markup."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import html as parsed
from PIL import Image

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import (
    AllowanceCharge,
    CreditTransfer,
    Invoice,
    Item,
    Line,
    Note,
    Party,
    PaymentInstructions,
    PostalAddress,
    Totals,
    VatBreakdown,
)
from fakturahub.render import html
from fakturahub.render.labels import LANGUAGES
from fakturahub.render.page.logos import accent_on_white
from fakturahub.render.parts import Sheet, Style
from fakturahub.render.sheet import sheet_of

SAMPLES = (
    "finvoice/gobl_invoice_3.0.xml",
    "finvoice/letter_1.0_apix.xml",
    "finvoice/payslip_2.0_valid.xml",
    "ehf/peppol-NO-Norwegian-example-1.xml",
    "ehf/peppol-base-creditnote-correction.xml",
)
HOSTILE = (
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&lt;"
    '#include "/etc/passwd" {{ 12345*3 }}{% raw %}\u202e\x00'
)


def invoice(text: str = "Tekst", lines: int = 1) -> Invoice:
    """An invoice that says *text* wherever a sender may say something."""
    address = PostalAddress(line1=text, line2=text, city=text, post_code=text, subdivision=text, country="FI")
    party = Party(name=text, trading_name=text, vat_id=text, legal_information=text, address=address)
    line = Line(
        id=text,
        note=text,
        quantity=Decimal(2),
        unit=text,
        amount=Decimal("20"),
        order_line=text,
        allowances=(AllowanceCharge(amount=Decimal(1), reason=text),),
        item=Item(name=text, description=text, sellers_id=text, vat_rate=Decimal(25)),
    )
    return Invoice(
        number=text,
        type_code="380",
        issue_date=date(2026, 11, 20),
        due_date=date(2026, 12, 4),
        currency="EUR",
        buyer_reference=text,
        order=text,
        payment_terms=text,
        notes=(Note(text=text),),
        seller=party,
        buyer=party,
        lines=(line,) * lines,
        charges=(AllowanceCharge(amount=Decimal(3), reason=text),),
        vat=(VatBreakdown(taxable=Decimal(20), tax=Decimal(5), category="E", exemption_reason=text),),
        totals=Totals(with_vat=Decimal(25), payable=Decimal(25)),
        payment=PaymentInstructions(
            remittance="12344", transfers=(CreditTransfer(account="FI2112345600000785", provider=text),)
        ),
    )


def tree_of(page: bytes) -> Any:
    return parsed.document_fromstring(page.decode())


def texts_in(sheet: object) -> set[str]:
    """Every text that stands on a sheet, but for what chooses how it is drawn."""
    found: set[str] = set()
    if isinstance(sheet, str):
        return {sheet} if sheet else found
    if isinstance(sheet, tuple):
        return set().union(*map(texts_in, sheet)) if sheet else found
    if isinstance(sheet, msgspec.Struct):
        drawn = {"kind", "key", "style", "country", "language", "matrix", "bars", "carried"}
        # What is said at the foot of each page of paper has no place on a page without end.
        drawn |= {"page_label", "of_label", "carried_label", "brought_label"}
        # Titles of parts that are not there.
        drawn |= {"adjustments_title"} if not getattr(sheet, "adjustments", True) else set()
        drawn |= {"supporting_title"} if not getattr(sheet, "supporting", True) else set()
        fields = [name for name in sheet.__struct_fields__ if name not in drawn]
        return set().union(*(texts_in(getattr(sheet, name)) for name in fields))
    return found


def sheet_from(path: Path, language: str) -> Sheet:
    return sheet_of(formats.read(path.read_bytes()).noun, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_everything_on_the_sheet_is_on_the_page(shared: Path, sample: str, language: str) -> None:
    sheet = sheet_from(shared / "samples" / sample, language)
    tree = tree_of(html.page(sheet))
    assert tree.get("lang") == language
    said = " ".join(tree.text_content().split())
    attributes = " ".join(value for element in tree.iter() for value in element.attrib.values())
    missing = {one for one in texts_in(sheet) if " ".join(one.split()) not in said and one not in attributes}
    assert missing == set()


class _Balanced(HTMLParser):
    """Notes what is opened and not closed, or closed in the wrong order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_markup_is_balanced() -> None:
    parser = _Balanced()
    parser.feed(html.page(sheet_of(invoice())).decode())
    assert parser.open == []
    assert {"table", "caption", "dl", "svg", "address", "h1"} <= parser.tags


def test_no_value_becomes_markup() -> None:
    sheet = sheet_of(invoice(HOSTILE))
    page = html.page(sheet)
    tree = tree_of(page)
    assert tree.xpath("//script | //iframe | //object | //link | //form | //base") == []
    assert tree.xpath("//img") == []
    assert tree.xpath("//@*[starts-with(name(), 'on')]") == []
    assert b"37035" not in page, "no template language in it either"
    assert "\u202e" not in page.decode()
    assert b"\x00" not in page
    plain = _Balanced()
    plain.feed(page.decode())
    assert plain.open == []
    assert plain.tags == _tags_of(html.page(sheet_of(invoice())))


def _tags_of(page: bytes) -> set[str]:
    parser = _Balanced()
    parser.feed(page.decode())
    return parser.tags


def test_the_page_loads_nothing_and_says_so() -> None:
    page = html.page(sheet_of(invoice(), style=Style(accent="#aa3300", logo=picture("PNG")))).decode()
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.replace("&#39;", "'"))
    assert policy.split("; ")[:3] == ["default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:"]
    assert "url(" not in style
    assert "@import" not in style
    assert tree_of(page.encode()).xpath("//@style") == []
    addresses = tree_of(page.encode()).xpath("//@src | //@href | //@action")
    assert [address[:22] for address in addresses] == ["data:image/png;base64,"]


def picture(form: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(made, form)
    return made.getvalue()


def test_logo_and_colour_of_the_company() -> None:
    for form, mime in (("PNG", "image/png"), ("JPEG", "image/jpeg")):
        page = html.page(sheet_of(invoice(), style=Style(logo=picture(form)))).decode()
        assert f'src="data:{mime};base64,{base64.b64encode(picture(form)).decode()}"' in page
    page = html.page(sheet_of(invoice(), style=Style(accent="#aa3300"))).decode()
    assert "--accent: #aa3300" in page
    assert Style().accent not in page
    with pytest.raises(UnrenderableDocument):
        html.page(sheet_of(invoice(), style=Style(logo=b"GIF89a")))


def test_what_is_no_colour_reaches_no_style() -> None:
    page = html.page(sheet_of(invoice(), style=Style(accent="#fff;}</style><script>"))).decode()
    assert "<script>" not in page
    assert f"--accent: {accent_on_white('nothing')}" in page


def test_tables_tell_what_their_cells_are() -> None:
    tree = tree_of(html.page(sheet_of(invoice())))
    lines = tree.xpath("//table[@class='lines']")[0]
    heads = [head.text for head in lines.xpath("./thead/tr/th[@scope='col']")]
    assert [cell.get("data-label") for cell in lines.xpath("./tbody/tr[1]/td")] == heads
    assert tree.xpath("//table[@class='totals']//th[@scope='row']")
    assert tree.xpath("//table[@class='vat']/caption")
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in tree.xpath("//svg"))


def test_the_codes_are_drawn_module_by_module() -> None:
    sheet = sheet_of(invoice())
    (block,) = sheet.payment
    bars, qr = (path.get("d") for path in reversed(tree_of(html.page(sheet)).xpath("//path")))
    dark = {(x, y) for y, row in enumerate(block.matrix) for x, module in enumerate(row) if module == "1"}
    drawn = {
        (int(x) + step, int(y)) for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", qr) for step in range(int(width))
    }
    assert drawn == dark
    widths = [(int(x), int(width)) for x, width in re.findall(r"M(\d+) 0h(\d+)v", bars)]
    assert sum(width for _, width in widths) == sum(block.bars[::2])
    assert widths[-1] == (sum(block.bars) - 2, 2), "the last bar of the stop"


def test_a_sheet_without_anything() -> None:
    page = html.page(Sheet(language="en", kind="invoice", title="Invoice"))
    tree = tree_of(page)
    assert tree.xpath("//h1")[0].text.strip() == "Invoice"
    assert tree.xpath("//table") == []


def test_a_page_of_many_lines_is_made_and_grows_with_them() -> None:
    page = html.page(sheet_of(invoice(lines=2_000)))
    assert len(tree_of(page).xpath("//table[@class='lines']/tbody/tr")) == 2_000
    assert len(page) < 5_000_000
