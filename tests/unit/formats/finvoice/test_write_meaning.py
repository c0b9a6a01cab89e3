"""What a written Finvoice must not say: made-up prices, turned signs, lost schemes, losses of its own making."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from lxml import etree

from fakturahub.formats.finvoice.write import write_bare, write_framed
from fakturahub.formats.syntax import Writing
from fakturahub.model import Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Invoice,
    Item,
    Line,
    Party,
    PostalAddress,
    Price,
    Totals,
    VatBreakdown,
)
from tests.unit.formats.finvoice.documents import FRAME, finvoice, invoice, reading

SELLER, BUYER = Identifier("003701120389", "0216"), Identifier("003745678907", "0216")
PLAIN = Invoice(
    number="1001",
    issue_date=date(2026, 9, 1),
    due_date=date(2026, 9, 15),
    type_code="380",
    currency="EUR",
    seller=Party(name="Myyjä Oy", endpoint=SELLER, address=PostalAddress(country="FI")),
    buyer=Party(name="Ostaja Oy", endpoint=BUYER, address=PostalAddress(country="FI")),
    totals=Totals(lines=Decimal("100.00"), with_vat=Decimal("125.50"), payable=Decimal("125.50")),
    lines=(Line(id="1", quantity=Decimal(2), unit="HUR", amount=Decimal("100.00"), price=Price(net=Decimal("50.00"))),),
)
#: every figure that has a direction, each with another value
NEGATIVE = msgspec.structs.replace(
    PLAIN,
    type_code="381",
    accounting_currency="SEK",
    allowances=(AllowanceCharge(amount=Decimal("-5.00"), base=Decimal("-50.00"), percent=Decimal(10)),),
    charges=(AllowanceCharge(amount=Decimal("-6.00"), base=Decimal("-60.00"), percent=Decimal(10)),),
    totals=Totals(
        lines=Decimal("-100.00"),
        allowances=Decimal("-5.00"),
        charges=Decimal("-6.00"),
        without_vat=Decimal("-101.00"),
        vat=Decimal("-25.76"),
        vat_accounting=Decimal("-280.00"),
        with_vat=Decimal("-126.76"),
        paid=Decimal("-26.00"),
        rounding=Decimal("0.00"),
        payable=Decimal("-100.76"),
    ),
    vat=(VatBreakdown(taxable=Decimal("-101.00"), tax=Decimal("-25.76"), category="S", rate=Decimal("25.5")),),
    lines=(
        Line(
            id="1",
            quantity=Decimal(-2),
            unit="HUR",
            amount=Decimal("-100.00"),
            price=Price(net=Decimal("50.00")),
            item=Item(name="Työ", vat_category="S", vat_rate=Decimal("25.5")),
            allowances=(AllowanceCharge(amount=Decimal("-1.00"), base=Decimal("-10.00"), reason="ale"),),
            charges=(AllowanceCharge(amount=Decimal("-1.00"), base=Decimal("-20.00"), reason="lisä"),),
        ),
    ),
)


def _line(**price: str) -> Invoice:
    made = msgspec.structs.replace(Price(), **{name: Decimal(value) for name, value in price.items()})
    return msgspec.structs.replace(PLAIN, lines=(msgspec.structs.replace(PLAIN.lines[0], price=made),))


def _told(writing: Writing) -> set[tuple[str, str]]:
    return {(loss.term, loss.why) for loss in writing.losses}


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        # As guide-example2.xml of the CEN has it: a discount, and no gross price.
        ({"net": "1273.00", "discount": "225.00"}, [None, "225,00", "1273,00"]),
        ({"net": "1273.00", "discount": "0.00"}, [None, "0,00", "1273,00"]),
        ({"net": "40.00", "discount": "10.00", "gross": "50.00"}, ["50,00", "10,00", "40,00"]),
        ({"net": "40.00", "gross": "50.00"}, ["50,00", None, "40,00"]),
        ({"net": "40.00"}, ["40,00", None, "40,00"]),
        ({"discount": "10.00"}, [None, "10,00", None]),
    ],
)
def test_no_price_is_made_up(stated: dict[str, str], written: list[str | None]) -> None:
    noun = _line(**stated)
    writing = write_bare(noun)
    root = etree.fromstring(writing.data)
    names = ("UnitPriceAmount", "UnitPriceDiscountAmount", "UnitPriceNetAmount")
    assert [root.findtext(f"InvoiceRow/{name}") for name in names] == written
    assert writing.losses == ()
    assert invoice(writing.data).lines[0].price == noun.lines[0].price


def test_a_gross_price_alone_is_told_for_it_is_read_as_the_net_one() -> None:
    writing = write_bare(_line(gross="50.00"))
    assert [(loss.term, loss.why, loss.place) for loss in writing.losses] == [
        ("BT-148", "recomputed", "lines[0].price.gross")
    ]
    assert invoice(writing.data).lines[0].price == Price(net=Decimal("50.00"))


def test_a_credit_note_of_a_negative_total_becomes_the_invoice_that_it_is() -> None:
    writing = write_bare(NEGATIVE)
    root = etree.fromstring(writing.data)
    assert root.findtext("InvoiceDetails/InvoiceTypeCode") == "INV01"
    assert root.findtext("InvoiceDetails/InvoiceTypeCodeUN") == "380"
    assert root.findtext("InvoiceDetails/InvoiceTotalVatIncludedAmount") == "126,76"
    again = invoice(writing.data)
    line, stated = again.lines[0], NEGATIVE.lines[0]
    assert (again.type_code, again.is_credit_note) == ("380", False)
    for field in Totals.__struct_fields__:
        assert getattr(again.totals, field) == -getattr(NEGATIVE.totals, field), field
    assert [(each.taxable, each.tax, each.rate) for each in again.vat] == [
        (Decimal("101.00"), Decimal("25.76"), Decimal("25.5"))
    ]
    assert (line.quantity, line.amount, line.price) == (Decimal(2), Decimal("100.00"), stated.price)
    for after, before in zip(
        (*again.allowances, *again.charges, *line.allowances, *line.charges),
        (*NEGATIVE.allowances, *NEGATIVE.charges, *stated.allowances, *stated.charges),
        strict=True,
    ):
        assert (after.amount, after.base, after.percent) == (-before.amount, -(before.base or 0), before.percent)
    # Each figure is told, and the type; what is nothing has no sign.
    figures = {92, 93, 99, 100, 106, 107, 108, 109, 110, 111, 112, 113, 115, 116, 117, 129, 131, 136, 137, 141, 142}
    assert _told(writing) == {("BT-3", "recomputed"), *((f"BT-{number}", "recomputed") for number in figures)}
    assert ("BT-112", "-126.76") in {(loss.term, loss.value) for loss in writing.losses}


@pytest.mark.parametrize("total", ["100.00", "0.00"])
def test_any_other_credit_note_stays_one(total: str) -> None:
    noun = msgspec.structs.replace(PLAIN, type_code="381", totals=Totals(lines=Decimal(5), with_vat=Decimal(total)))
    again = invoice(write_bare(noun).data)
    assert (again.type_code, again.totals.with_vat, again.totals.lines) == ("381", Decimal(total), Decimal(5))
    assert again.lines[0].amount == Decimal("100.00")


def test_a_negative_invoice_stays_one() -> None:
    noun = msgspec.structs.replace(PLAIN, type_code="384", totals=Totals(lines=Decimal(-5), with_vat=Decimal(-5)))
    writing = write_bare(noun)
    again = invoice(writing.data)
    assert (again.type_code, again.totals.with_vat, again.lines[0].amount) == ("384", Decimal(-5), Decimal("100.00"))
    assert writing.losses == ()


@pytest.mark.parametrize("value", ["k29purF9", "TULOSTUS", "FI2112345600000785", "4012345000009"])
def test_an_address_of_scheme_0216_that_is_no_ovt(value: str) -> None:
    address = Identifier(value, "0216")
    party = msgspec.structs.replace(PLAIN.seller, endpoint=address)
    alone = msgspec.structs.replace(PLAIN, seller=party, buyer=msgspec.structs.replace(PLAIN.buyer, endpoint=None))
    writing = write_bare(alone)
    assert [(loss.term, loss.value, loss.why) for loss in writing.losses] == [("BT-34", str(address), "as-text")]
    assert f"Seller endpoint: {address}" in {note.text for note in invoice(writing.data).notes}
    assert invoice(writing.data).seller.endpoint is None
    both = write_bare(msgspec.structs.replace(PLAIN, seller=party))
    read = reading(both.data)
    assert isinstance(read.noun, Invoice)
    # Between both addresses there is a place for it; who prints has none.
    assert read.noun.seller.endpoint == (None if value == "TULOSTUS" else address)
    assert ("BT-34" in {loss.term for loss in read.losses}) is (value == "TULOSTUS")


def test_an_ovt_address_is_carried_without_that_of_the_other_party() -> None:
    noun = msgspec.structs.replace(PLAIN, buyer=msgspec.structs.replace(PLAIN.buyer, endpoint=None))
    writing = write_bare(noun)
    assert writing.losses == ()
    assert invoice(writing.data).seller.endpoint == SELLER


@pytest.mark.parametrize("write", [write_bare, write_framed])
def test_nothing_that_the_writer_makes_is_a_loss(write: object) -> None:
    assert callable(write)
    writing: Writing = write(PLAIN)
    read = reading(writing.data)
    assert isinstance(read.noun, Invoice)
    assert (writing.losses, read.losses) == ((), ())
    assert reading(write(read.noun).data) == read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eb:MessageId", "m-1"),
        ("eb:Timestamp", "2026-09-01T10:31:00Z"),
        ("eb:PartyId", "NDEAFIHH"),
        ("eb:CPAId", "agreement-7"),
        ("eb:Service", "Payments"),
        ("eb:Action", "CancelInvoice"),
        ("MessageIdentifier", "5ab7ef17b5ee550157d1a4b89d781656"),
        ("MessageTimeStamp", "2026-09-02T00:00:00Z"),
        ("FromIntermediator", "NDEAFIHH"),
        ("ToIntermediator", "OKOYFIHH"),
    ],
)
def test_what_another_puts_in_its_place_is_told(name: str, value: str) -> None:
    text = write_framed(PLAIN).data.decode("iso-8859-15")
    # Of the addresses in a frame the second one is that of an operator.
    places = list(re.finditer(f"(?<=<{name}>)[^<]+", text))
    place = places[1] if name == "eb:PartyId" else places[0]
    changed = f"{text[: place.start()]}{value}{text[place.end() :]}".encode("iso-8859-15")
    read = reading(changed)
    assert read.noun == reading(write_framed(PLAIN).data).noun
    assert value in {loss.value for loss in read.losses}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [('mustUnderstand="1"', 'mustUnderstand="0"'), ('eb:id="Manifest"', 'eb:id="m"'), ('href="', 'href="x')],
)
def test_attributes_of_a_frame_that_are_not_the_constant_are_told(ours: str, theirs: str) -> None:
    text = write_framed(PLAIN).data.decode("iso-8859-15")
    assert text.count(ours) == 1
    assert len(reading(text.replace(ours, theirs).encode("iso-8859-15")).losses) == 1


def test_an_operator_of_a_foreign_message_is_told_though_it_is_ours() -> None:
    framed = FRAME.replace("NDEAFIHH", "003723327487").encode() + finvoice(charset="ISO-8859-15")
    assert "003723327487" in {loss.value for loss in reading(framed).losses}
