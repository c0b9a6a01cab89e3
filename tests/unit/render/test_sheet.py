"""What stands on a sheet: language, words, figures, and the bounds of foreign text."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import (
    AllowanceCharge,
    Invoice,
    Item,
    Line,
    Note,
    Noun,
    Party,
    PaymentInstructions,
    PostalAddress,
    Totals,
    VatBreakdown,
)
from fakturahub.model.letter import Letter, LetterAddress, LetterParty
from fakturahub.model.payslip import Employee, Payslip, PersonId
from fakturahub.render import figures, labels
from fakturahub.render.parts import Field, Style
from fakturahub.render.sheet import MOST_LINES, sheet_of
from fakturahub.render.texts import MOST_IN_ALL, MOST_IN_LINE, MOST_IN_TEXT, Texts, clean

EXAMPLES = Path(__file__).parents[3] / "examples"


def example(name: str = "invoice.xml") -> Invoice:
    noun = formats.read((EXAMPLES / name).read_bytes()).noun
    assert isinstance(noun, Invoice)
    return noun


def invoice_to(country: str | None) -> Invoice:
    address = PostalAddress(country=country) if country else None
    return Invoice(number="1", seller=Party(address=PostalAddress(country="DE")), buyer=Party(address=address))


@pytest.mark.parametrize(
    ("country", "language", "title"),
    [
        ("NO", "nb", "Faktura"),
        ("SE", "sv", "Faktura"),
        ("DK", "da", "Faktura"),
        ("FI", "fi", "Lasku"),
        ("AT", "de", "Rechnung"),
        ("FR", "en", "Invoice"),
        ("fi", "fi", "Lasku"),
        (None, "de", "Rechnung"),
    ],
)
def test_a_page_is_in_the_language_of_the_receiver(country: str | None, language: str, title: str) -> None:
    sheet = sheet_of(invoice_to(country))
    assert (sheet.language, sheet.title) == (language, title)


def test_every_language_has_every_label_and_no_other() -> None:
    keys = {}
    for language in labels.LANGUAGES:
        text = files(labels).joinpath(f"{language}.toml").read_text(encoding="utf-8")
        tables = tomllib.loads(text)
        assert all(label.strip() == label and label for table in tables.values() for label in table.values())
        keys[language] = {(table, key) for table, entries in tables.items() for key in entries}
    assert len({frozenset(one) for one in keys.values()}) == 1
    with pytest.raises(KeyError):
        labels.text("xx", "document.invoice")
    with pytest.raises(KeyError):
        labels.text("en", "document.poem")


@pytest.mark.parametrize(
    ("language", "amount", "percent", "day"),
    [
        ("nb", "\u22121\u00a0234\u00a0567,50", "25\u00a0%", "09.03.2026"),
        ("sv", "\u22121\u00a0234\u00a0567,50", "25\u00a0%", "2026-03-09"),
        ("da", "\u22121.234.567,50", "25\u00a0%", "09.03.2026"),
        ("fi", "\u22121\u00a0234\u00a0567,50", "25\u00a0%", "9.3.2026"),
        ("de", "\u22121.234.567,50", "25\u00a0%", "09.03.2026"),
        ("en", "\u22121,234,567.50", "25%", "9\u00a0Mar\u00a02026"),
    ],
)
def test_figures_and_dates_of_a_language(language: str, amount: str, percent: str, day: str) -> None:
    assert figures.amount(Decimal("-1234567.5"), language, "NOK") == amount
    assert figures.percent(Decimal("25.00"), language) == percent
    assert figures.day(date(2026, 3, 9), language) == day


def test_an_amount_has_the_decimals_of_its_currency_and_all_that_were_stated() -> None:
    assert figures.amount(Decimal("1000"), "en", "JPY") == "1,000"
    assert figures.amount(Decimal("1000"), "en", "EUR") == "1,000.00"
    assert figures.amount(Decimal("0.41530"), "en", "EUR") == "0.4153"
    assert figures.amount(Decimal("-0.00"), "en", "EUR") == "0.00"
    assert figures.number(Decimal("2.500"), "en") == "2.5"
    assert figures.number(Decimal("1E+3"), "en") == "1,000"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6))
def test_no_digit_of_a_number_is_lost(value: Decimal) -> None:
    shown = figures.number(value, "en").replace(",", "").replace("\u2212", "-")
    assert Decimal(shown) == value


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+999999", "1E-999999"])
def test_a_number_that_no_bill_has_is_shown_as_it_was_written(value: str) -> None:
    assert figures.amount(Decimal(value), "nb") == str(Decimal(value))


def test_columns_stand_only_where_a_line_fills_them_and_sums_run() -> None:
    lines = (Line(id="1", amount=Decimal("10.10"), item=Item(name="A")), Line(id="2", amount=Decimal("-0.05")), Line())
    table = sheet_of(Invoice(lines=lines), language="en").table
    assert [column.key for column in table.columns] == ["id", "item", "amount"]
    assert [row.carried for row in table.rows] == ["10.10", "10.05", "10.05"]
    assert [row.cells for row in table.rows] == [("1", "A", "10.10"), ("2", "–", "\u22120.05"), ("", "–", "")]


def test_sums_that_say_nothing_are_left_out() -> None:
    totals = Totals(
        lines=Decimal(10), without_vat=Decimal(10), vat=Decimal(0), with_vat=Decimal(10), paid=Decimal(0),
        payable=Decimal(10),
    )  # fmt: skip
    sheet = sheet_of(Invoice(totals=totals, currency="EUR"), language="en")
    assert [one.label for one in sheet.totals] == ["Total excl. VAT", "VAT", "Total incl. VAT", "Amount due"]
    assert [one.strong for one in sheet.totals] == [False, False, False, True]


def test_a_category_without_tax_is_named_and_its_reason_told() -> None:
    vat = VatBreakdown(taxable=Decimal(5), tax=Decimal(0), category="AE", rate=Decimal(0), exemption_reason="§ 13b")
    (row,) = sheet_of(Invoice(vat=(vat,)), language="de").vat.rows
    assert (row.rate, row.note) == ("0\u00a0% Steuerschuldnerschaft des Leistungsempfängers", "§ 13b")


def test_a_credit_note_asks_for_no_payment() -> None:
    payment = PaymentInstructions(remittance="123")
    asked = Invoice(type_code="380", payment=payment, totals=Totals(payable=Decimal(1)))
    assert sheet_of(asked, language="en").payment
    credit = sheet_of(msgspec.structs.replace(asked, type_code="381"), language="en")
    assert (credit.kind, credit.title, credit.payment) == ("credit-note", "Credit note", ())
    assert credit.totals[-1].label == "Credited"


def test_a_country_stands_in_an_address_that_goes_abroad_only() -> None:
    assert sheet_of(example(), language="sv").receiver.address[-1] == "FINLAND"
    at_home = msgspec.structs.replace(example(), buyer=Party(address=PostalAddress(city="Umeå", country="SE")))
    assert sheet_of(at_home, language="sv").receiver.address == ("Umeå",)


def test_a_letter_and_a_payslip_have_covers_without_what_is_private() -> None:
    letter = Letter(number="7", recipient=LetterParty(names=("A", "B"), address=LetterAddress(town="Turku")))
    sheet = sheet_of(letter, language="fi", today=date(2026, 11, 20))
    assert (sheet.receiver.name, sheet.receiver.address) == ("A", ("B", "Turku"))
    assert Field("Päiväys", "20.11.2026") in sheet.facts
    employee = Employee(person=PersonId("131052-308T"), fore_name="Aino", surname="Aalto")
    payslip = sheet_of(Payslip(number="9", net=Decimal("2500"), employee=employee, language="sv"))
    assert (payslip.language, payslip.receiver.name) == ("sv", "Aino Aalto")
    assert payslip.totals[0].amount == "2\u00a0500,00"
    assert b"131052" not in msgspec.json.encode(payslip)


class _Poem(Noun, frozen=True, kw_only=True):
    pass


def test_what_has_no_page_is_refused() -> None:
    with pytest.raises(UnrenderableDocument, match="_Poem has no page"):
        sheet_of(_Poem())
    with pytest.raises(UnrenderableDocument, match="10,001 lines"):
        sheet_of(Invoice(lines=(Line(),) * (MOST_LINES + 1)))
    with pytest.raises(UnrenderableDocument, match="BG-20"):
        sheet_of(Invoice(allowances=(AllowanceCharge(amount=Decimal(1)),) * 501))


def test_long_texts_are_cut_and_the_page_tells_how_many() -> None:
    sheet = sheet_of(
        Invoice(number="1", seller=Party(name="n" * 100_000), notes=(Note(text="t " * 50_000),)), language="en"
    )
    assert len(sheet.sender.name) == MOST_IN_LINE
    assert sheet.sender.name.endswith("n…")
    assert len(sheet.notes[0].text) == MOST_IN_TEXT
    assert sheet.shortened >= 2
    assert sheet.shortened_note.startswith(f"Long texts are shortened ({sheet.shortened})")
    whole = sheet_of(example(), language="en")
    assert (whole.shortened, whole.shortened_note) == (0, "")


def test_all_texts_together_are_bounded() -> None:
    lines = tuple(Line(id=str(place), note="w" * 4_000) for place in range(1_000))
    sheet = sheet_of(Invoice(lines=lines), language="en")
    assert len(msgspec.json.encode(sheet)) < MOST_IN_ALL + 300_000
    assert sheet.shortened > 700


@given(st.text())
def test_cleaned_text_has_nothing_that_a_page_cannot_show(text: str) -> None:
    cleaned = clean(text)
    assert not set(cleaned) & set("\x00\x1b\u202e\u2066\u200b\ufeff\ue000\ufdd0\u2028\r")
    assert cleaned == clean(cleaned)
    cleaned.encode()


def test_line_breaks_stay_in_a_text_and_go_from_a_line() -> None:
    texts = Texts()
    assert texts.block("a\r\nb\u2028c\n\n\n\nd  e") == "a\nb\nc\n\nd e"
    assert texts.line("a\r\nb\tc") == "a b c"
    assert texts.block("x\n" * 5_000).count("\n") < 200
    assert texts.shortened == 1


def test_the_company_decides_the_foot() -> None:
    assert sheet_of(example(), language="sv").footer[0].startswith("Skog & Såg AB · Org.nr 5561618033")
    assert sheet_of(example(), language="sv", style=Style(footer=("a", "b", "c", "d", "e"))).footer == tuple("abcd")
