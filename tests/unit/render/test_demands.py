"""The pages of reminders and collection notices: what stands on them, in every language, and what does not."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument
from fakturahub.exchange.render import Look, pdf_of
from fakturahub.model import Attachment
from fakturahub.model.invoice import AllowanceCharge, Item, Line, Party, Payee, Totals, VatBreakdown
from fakturahub.model.reminder import Claim, CollectionNotice, Demand
from fakturahub.render import html
from fakturahub.render.labels import LANGUAGES
from fakturahub.render.page import pdf
from fakturahub.render.parts import Field
from fakturahub.render.sheet import MOST_OF_EACH, language_of, sheet_of
from tests.unit.render.demands import DEBTOR, LEGAL, SENDER, amounts, collection_notice, days, reminder
from tests.unit.render.seen import AT, bare, day, text_of, written
from tests.unit.render.test_html import texts_in, tree_of

NOUNS = {"reminder": reminder(), "warning": reminder(before_collection=True), "notice": collection_notice()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NOUNS)
def test_a_page_says_what_the_sender_states(name: str, language: str) -> None:
    demand = NOUNS[name]
    text = text_of(pdf(sheet_of(demand, language=language), at=AT))
    for value in amounts(demand):
        assert any(bare(form) in text for form in written(value, language)), value
    for one in demand.claims:
        assert one.number is not None
        assert one.number in text
    for said in (demand.number, LEGAL, "Purregebyr", "Nordvik Brygge AS", "1234567897", "Service 1. september"):
        assert bare(said or "") in text
    for one_day in days(demand):
        assert bare(day(one_day, language)) in text, one_day


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NOUNS)
def test_everything_on_the_sheet_is_on_the_html_page(name: str, language: str) -> None:
    sheet = sheet_of(NOUNS[name], language=language)
    tree = tree_of(html.page(sheet))
    said = " ".join(tree.text_content().split())
    attributes = " ".join(value for element in tree.iter() for value in element.attrib.values())
    missing = {one for one in texts_in(sheet) if " ".join(one.split()) not in said and one not in attributes}
    assert missing == set()


@pytest.mark.parametrize(
    ("demand", "language", "title"),
    [
        (reminder(level=None), "nb", "Purring"),
        (reminder(level=1), "nb", "1. purring"),
        (reminder(), "sv", "Påminnelse 2"),
        (reminder(), "da", "2. rykker"),
        (reminder(), "fi", "2. maksumuistutus"),
        (reminder(), "de", "2. Mahnung"),
        (reminder(level=3), "en", "Reminder no. 3"),
        (reminder(before_collection=True), "nb", "Inkassovarsel"),
        (reminder(before_collection=True), "en", "Notice before debt collection"),
        (collection_notice(), "nb", "Betalingsoppfordring"),
        (collection_notice(), "en", "Debt collection notice"),
    ],
)
def test_the_title_says_which_demand_it_is(demand: Demand, language: str, title: str) -> None:
    sheet = sheet_of(demand, language=language)
    assert sheet.title == title
    assert sheet.kind == ("collection-notice" if isinstance(demand, CollectionNotice) else "reminder")


def test_titles_differ_in_every_language() -> None:
    for language in LANGUAGES:
        demands = (reminder(level=1), reminder(), reminder(before_collection=True), collection_notice())
        assert len({sheet_of(one, language=language).title for one in demands}) == 4


def test_the_table_of_claims() -> None:
    table = sheet_of(reminder(), language="en").claims
    assert [column.key for column in table.columns] == [
        "item", "issue_date", "due_date", "amount", "paid", "open", "interest", "fee",
    ]  # fmt: skip
    first, second = table.rows
    assert first.cells == (
        "10231", "14\u00a0Aug\u00a02026", "28\u00a0Aug\u00a02026",
        "12,437.50", "\u22122,437.50", "10,000.00", "268.49", "35.00",
    )  # fmt: skip
    assert first.details == ("Interest rate 12.25%",)
    assert (second.cells[4], second.cells[7]) == ("", "")
    assert second.details == ("Service 1. september, bestilt av drift.",)


def test_claims_without_figures_are_facts() -> None:
    claims = (Claim(number="17", issue_date=date(2026, 1, 2)), Claim(number="18"))
    line = Line(amount=Decimal(5), item=Item(name="What it was for"))
    sheet = sheet_of(reminder(claims=claims, lines=(line,)), language="en")
    assert sheet.claims.rows == ()
    assert [row.cells for row in sheet.table.rows] == [("What it was for", "5.00")]
    shown = [field.value for field in sheet.facts if field.label == "Preceding invoice"]
    assert shown == ["17 (2\u00a0Jan\u00a02026)", "18"]


def test_numbers_of_lines_are_shown_where_they_are_not_their_places() -> None:
    claims = (Claim(id="1", open=Decimal(1)), Claim(id="9", open=Decimal(2)))
    table = sheet_of(reminder(claims=claims), language="en").claims
    assert [row.cells[0] for row in table.rows] == ["1", "9"]
    assert table.columns[0].key == "id"


def test_nothing_is_reckoned() -> None:
    """Sums that do not add up are shown as they are, and a sum that is not stated is not there."""
    wrong = Totals(lines=Decimal("1.00"), payable=Decimal("77.00"))
    sheet = sheet_of(reminder(totals=wrong), language="en")
    shown = [(one.label, one.amount) for one in sheet.totals]
    assert shown == [("Sum of unpaid claims", "1.00"), ("Amount due", "77.00")]
    assert sheet_of(reminder(totals=Totals()), language="en").totals == ()


def test_vat_is_shown_where_there_is_some() -> None:
    totals = Totals(
        lines=Decimal(100), charges=Decimal(10), without_vat=Decimal(10), vat=Decimal("2.50"),
        with_vat=Decimal("112.50"), payable=Decimal("112.50"),
    )  # fmt: skip
    vat = (VatBreakdown(taxable=Decimal(10), tax=Decimal("2.50"), category="S", rate=Decimal(25)),)
    sheet = sheet_of(reminder(totals=totals, vat=vat), language="en")
    assert [one.label for one in sheet.totals] == [
        "Sum of unpaid claims", "Fees and interest", "Total excl. VAT", "VAT", "Total incl. VAT", "Amount due",
    ]  # fmt: skip
    assert sheet.vat.rows[0].rate == "25%"


def test_a_charge_without_words_is_a_fee() -> None:
    sheet = sheet_of(reminder(charges=(AllowanceCharge(amount=Decimal(35)),)), language="nb")
    assert (sheet.adjustments_title, sheet.adjustments[0].text) == ("Gebyrer og renter", "Gebyr")


def test_the_page_adds_no_words_of_the_law() -> None:
    for demand in (reminder(notes=()), reminder(notes=(), before_collection=True), collection_notice(notes=())):
        assert sheet_of(demand, language="nb").notes == ()


def test_who_collects_and_for_whom() -> None:
    sheet = sheet_of(collection_notice(), language="en")
    assert sheet.sender.name == "Kyst Inkasso AS"
    assert [(party.title, party.name) for party in sheet.parties] == [("Creditor", SENDER.name), ("Debtor", "")]
    assert Field("Case number", "2026/4471") in sheet.facts
    (block,) = sheet.payment
    assert Field("Payee", "Kyst Inkasso AS") in block.fields
    paid_to = sheet_of(collection_notice(payee=Payee(name="Klientkonto AS")), language="en").payment[0]
    assert Field("Payee", "Klientkonto AS") in paid_to.fields


@pytest.mark.parametrize(
    ("due", "label"),
    [
        (date(2026, 12, 4), "New due date"),
        (date(2026, 11, 20), "New due date"),
        (date(2026, 11, 19), "Due date"),
        (date(2026, 9, 18), "Due date"),
    ],
)
def test_a_due_date_of_the_past_is_not_called_new(due: date, label: str) -> None:
    facts = sheet_of(reminder(due_date=due), language="en").facts
    assert label in [field.label for field in facts]
    future = date(2027, 1, 2)
    agreed = sheet_of(reminder(due_date=future, claims=(Claim(number="1", due_date=future),)), language="en").facts
    assert "Due date" in [field.label for field in agreed]


def test_how_to_pay_is_that_of_an_invoice() -> None:
    (block,) = sheet_of(reminder(), language="nb").payment
    assert block.kind == "giro-no"
    assert Field("KID", "1234567897") in block.fields
    assert Field("Å betale", "14\u00a0329,26\u00a0NOK") in block.fields
    assert Field("Forfallsdato", "04.12.2026") in block.fields
    assert block.lines


def test_the_language_is_that_of_who_has_to_pay() -> None:
    assert language_of(reminder()) == "nb"
    assert language_of(reminder(buyer=Party(name="Somebody"))) == "nb"
    assert language_of(reminder(buyer=DEBTOR, seller=Party())) == "nb"
    assert language_of(collection_notice(buyer=Party(), seller=Party())) == "en"


def test_more_claims_than_a_page_takes_are_refused() -> None:
    claims = (Claim(number="1", open=Decimal(1)),) * (MOST_OF_EACH + 1)
    with pytest.raises(UnrenderableDocument, match="501"):
        sheet_of(reminder(claims=claims))


def test_claims_whose_columns_are_too_wide_for_the_paper_are_not_set_over_one_another() -> None:
    value = Decimal("12345678901.23")
    fields = dict.fromkeys(("amount", "paid", "credited", "open", "interest", "fee"), value)
    claim = Claim(number="AB-2026-000123", issue_date=date(2026, 1, 1), due_date=date(2026, 2, 1), **fields)
    made = pdf(sheet_of(reminder(claims=(claim, claim)), language="de"), at=AT)
    document = pypdfium2.PdfDocument(made)
    try:
        page = document[0].get_textpage()
        boxes = [page.get_rect(place) for place in range(page.count_rects())]
    finally:
        document.close()
    assert text_of(made).count("12.345.678.901,23") == 12
    for place, (left, bottom, right, top) in enumerate(boxes):
        assert right <= 210 / 25.4 * 72
        for other_left, other_bottom, other_right, other_top in boxes[place + 1 :]:
            wide = min(right, other_right) - max(left, other_left)
            high = min(top, other_top) - max(bottom, other_bottom)
            assert wide <= 1 or high <= 1, boxes[place]


def test_many_claims_run_over_pages_under_their_heads() -> None:
    claims = tuple(Claim(number=f"N{place}", open=Decimal(place)) for place in range(1, MOST_OF_EACH + 1))
    made = pdf(sheet_of(reminder(claims=claims), language="nb"), at=AT)
    text = text_of(made)
    assert all(f"N{place}" in text for place in (1, 250, 500))
    with pikepdf.open(io.BytesIO(made)) as document:
        assert text.count("Utestående") == len(document.pages)


@pytest.mark.parametrize(
    "text", ['#include "/etc/passwd"', "<script>alert(1)</script>", "$x$ *y* _z_ @w", "\u202etxet"]
)
def test_what_looks_like_markup_is_text(text: str) -> None:
    claims = (Claim(number=text, note=text, open=Decimal(1)),)
    sheet = sheet_of(collection_notice(claims=claims, case=text, number=text, creditor=Party(name=text)))
    seen = text_of(pdf(sheet, at=AT))
    assert bare(text.replace("\u202e", "")) in seen
    assert b"<script>alert" not in html.page(sheet)


def test_a_reminder_becomes_a_page_with_its_source_inside(shared: Path) -> None:
    data = (shared / "samples" / "oioubl" / "OIOUBL_Reminder_v2p2.xml").read_bytes()
    page = pdf_of(data, Look(), at=AT)
    text = text_of(page.data)
    for said in ("1.rykker", "A00095678", "6.312,50", "43,00", "6.355,50", "Leverandørvej11", "CVR-nr.DK16356706Moms"):
        assert said in text, said
    with pikepdf.open(io.BytesIO(page.data)) as document:
        assert document.attachments["reminder.xml"].get_file().read_bytes() == data
    with pytest.raises(UnrenderableDocument):
        pdf_of(data, Look(factur_x=True), at=AT)


def test_a_norwegian_reminder_repeats_the_lines_of_its_invoice(shared: Path) -> None:
    path = shared / "corpora" / "ehf" / "src" / "reminder-3.0" / "rules" / "example" / "Reminder-Example.xml"
    sheet = sheet_of(formats.read(path.read_bytes()).noun, language="nb")
    assert (sheet.title, sheet.claims.rows) == ("Purring", ())
    assert Field("Gjelder faktura", "006") in sheet.facts
    assert [row.cells[1] for row in sheet.table.rows] == ["item name", "item name 2"]
    assert [one.text for one in sheet.adjustments] == ["Insurance", "Late payment"]


def test_files_beside_a_reminder_lie_in_its_pdf(shared: Path) -> None:
    data = (shared / "samples" / "oioubl" / "OIOUBL_Reminder_v2p2.xml").read_bytes()
    copy = Attachment("A00095678.csv", "text/csv", b"1;6312.50")
    page = pdf_of(data, Look(), at=AT, files=(copy,))
    with pikepdf.open(io.BytesIO(page.data)) as document:
        assert document.attachments["A00095678.csv"].get_file().read_bytes() == copy.content
    assert "A00095678.csv" in text_of(page.data)
