"""Reading reminders of the UBL family whole: EHF Reminder, and the Reminder of UBL as OIOUBL writes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import BadValue, UnwritableDocument
from fakturahub.exchange.convert import convert, deliverable
from fakturahub.formats.syntax import Reading
from fakturahub.formats.ubl.reminders import REMINDERS
from fakturahub.model import Claim, Identifier, Reminder
from fakturahub.model.invoice import AllowanceCharge, CreditTransfer, Period, PostalAddress, VatBreakdown
from tests.unit.formats.prove import unaccounted, unheard
from tests.unit.formats.ubl.corpus import documents, read
from tests.unit.formats.ubl.corpus import prescribed as prescribed_by_ubl

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
EHF = (
    "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    "#conformant#urn:fdc:anskaffelser.no:2019:ehf:reminder:3.0"
)
LINE = (
    "<cac:ReminderLine><cbc:ID>7</cbc:ID><cbc:Note>Second half</cbc:Note>"
    '<cbc:DebitLineAmount currencyID="DKK">100.50</cbc:DebitLineAmount>'
    "<cbc:PenaltySurchargePercent>8.05</cbc:PenaltySurchargePercent>"
    "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>A1</cbc:ID><cbc:IssueDate>2026-01-02</cbc:IssueDate>"
    "</cac:InvoiceDocumentReference></cac:BillingReference></cac:ReminderLine>"
)


def prescribed(path: str, value: str) -> bool:
    """What is in the noun in another form: street and house in one line, codes of OIOUBL that EN 16931 has, too."""
    if path.endswith(("/StreetName", "/BuildingNumber")) or value in ("DK:SE", "ZeroRated"):
        return True
    return prescribed_by_ubl(path, value)


def reminder_of(content: str, root: str = "Reminder") -> bytes:
    return (
        f'<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
        f"{content}</{root}>"
    ).encode()


def noun_of(reading: Reading) -> Reminder:
    assert isinstance(reading.noun, Reminder)
    return reading.noun


def stated(content: str) -> Reading:
    """A reminder in Danish crowns with *content*."""
    return read(reminder_of(f"<cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>{content}"))


def test_every_shared_reminder_is_accounted_for(shared: Path) -> None:
    count = dict.fromkeys(REMINDERS, 0)
    for one in documents(shared):
        if one.recognition.syntax in REMINDERS:
            assert unaccounted(one.data, read(one.data), prescribed=prescribed) == [], one.path
            assert unheard(one.data, read, prescribed=prescribed_by_ubl) == [], one.path
            count[one.recognition.syntax] += 1
    assert count == {"ehf-reminder": 1, "ubl-reminder": 2}


def test_the_danish_sample(shared: Path) -> None:
    reading = read((shared / "samples" / "oioubl" / "OIOUBL_Reminder_v2p2.xml").read_bytes())
    noun = noun_of(reading)
    assert (noun.number, noun.issue_date, noun.due_date) == ("A00095678", date(2005, 12, 15), date(2005, 11, 25))
    assert (noun.type_code, noun.level, noun.currency) == ("Advis", 1, "DKK")
    assert noun.period == Period(start=date(2005, 11, 15), end=date(2005, 12, 15))
    assert noun.claims == (Claim(id="1", number="A00095678", issue_date=date(2005, 11, 20), open=Decimal("6312.50")),)
    assert noun.seller.address == PostalAddress(
        line1="Leverandørvej 11", city="Dyssegård", post_code="2870", country="DK"
    )
    assert (noun.seller.vat_id, noun.seller.tax_registration) == ("DK16356706", None)
    assert noun.charges == (AllowanceCharge(amount=Decimal("43.00"), vat_category="Z", reason_code="PenaltyFee"),)
    assert noun.vat == (VatBreakdown(taxable=Decimal("43.00"), tax=Decimal("0.00"), category="Z", rate=Decimal(0)),)
    assert noun.payment is not None
    assert noun.payment.transfers == (CreditTransfer(account="1234567890", provider="1234"),)
    assert noun.payment.remittance == "A00095678"
    assert (noun.totals.payable, noun.totals.vat) == (Decimal("6355.50"), Decimal("0.00"))
    lost = {loss.value for loss in reading.losses}
    assert "9756b4d0-8815-1029-857a-e388fe63f399" in lost
    assert "A00095678" not in lost


def test_the_norwegian_sample(shared: Path) -> None:
    (one,) = (one for one in documents(shared) if one.recognition.syntax == "ehf-reminder")
    reading = read(one.data)
    noun = noun_of(reading)
    assert reading.losses == ()
    assert noun.claims == (Claim(number="006"),)
    assert [(line.id, line.amount) for line in noun.lines] == [("1", Decimal(2800)), ("2", Decimal(-1500))]
    assert [(one.reason, one.amount) for one in noun.charges] == [
        ("Insurance", Decimal(25)),
        ("Late payment", Decimal(100)),
    ]
    assert noun.due_date == date(2017, 12, 1)
    assert noun.buyer.identifiers == (Identifier("FR23342", "0002"),)


def test_a_line_is_a_claim() -> None:
    reading = stated(LINE)
    assert reading.losses == ()
    assert noun_of(reading).claims == (
        Claim(
            id="7",
            note="Second half",
            number="A1",
            issue_date=date(2026, 1, 2),
            open=Decimal("100.50"),
            interest_rate=Decimal("8.05"),
        ),
    )


def test_a_credit_note_takes_off() -> None:
    line = LINE.replace("Debit", "Credit").replace("InvoiceDocumentReference", "CreditNoteDocumentReference")
    (claim,) = noun_of(stated(line)).claims
    assert (claim.number, claim.credited, claim.open) == ("A1", Decimal("100.50"), None)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (LINE.replace('currencyID="DKK"', 'currencyID="EUR"'), "EUR"),
        (LINE.replace("<cbc:ID>7</cbc:ID>", "<cbc:ID>7</cbc:ID><cbc:ID>8</cbc:ID>"), "8"),
        (LINE.replace("<cbc:Note>", "<cbc:UUID>u-1</cbc:UUID><cbc:Note>"), "u-1"),
        (
            LINE.replace(
                "</cac:BillingReference>",
                "<cac:InvoiceDocumentReference><cbc:ID>A2</cbc:ID></cac:InvoiceDocumentReference>"
                "</cac:BillingReference>",
            ),
            "A2",
        ),
        ("<cbc:ReminderSequenceNumeric>1.5</cbc:ReminderSequenceNumeric>", "1.5"),
        ("<cbc:ReminderSequenceNumeric>0</cbc:ReminderSequenceNumeric>", "0"),
        ("<cbc:ReminderSequenceNumeric>100</cbc:ReminderSequenceNumeric>", "100"),
        ("<cbc:TaxPointDate>2026-01-01</cbc:TaxPointDate>", "2026-01-01"),
        ("<cac:Delivery><cbc:ActualDeliveryDate>2026-01-03</cbc:ActualDeliveryDate></cac:Delivery>", "2026-01-03"),
        ("<cac:InvoiceLine><cbc:ID>77</cbc:ID></cac:InvoiceLine>", "77"),
    ],
)
def test_what_has_no_place_is_told(content: str, value: str) -> None:
    reading = stated(content)
    assert value in {loss.value for loss in reading.losses}


def test_reminders_are_counted_once() -> None:
    twice = "<cbc:ReminderSequenceNumeric>2</cbc:ReminderSequenceNumeric>"
    assert noun_of(stated(twice)).level == 2
    assert stated(twice + twice).losses == ()
    assert {loss.value for loss in stated(twice + twice.replace("2", "3")).losses} == {"3"}


def test_an_address_has_its_house_behind_the_street() -> None:
    def address(content: str) -> PostalAddress | None:
        party = f"<cac:Party><cac:PostalAddress>{content}</cac:PostalAddress></cac:Party>"
        reading = stated(f"<cac:AccountingCustomerParty>{party}</cac:AccountingCustomerParty>")
        return noun_of(reading).buyer.address

    street, house = "<cbc:StreetName>Vej</cbc:StreetName>", "<cbc:BuildingNumber>4 B</cbc:BuildingNumber>"
    assert address(street + house) == PostalAddress(line1="Vej 4 B")
    assert address(house) == PostalAddress(line1="4 B")
    assert address(street) == PostalAddress(line1="Vej")
    assert address("") is None


def test_values_are_as_strict_as_in_an_invoice() -> None:
    with pytest.raises(BadValue):
        stated(LINE.replace("100.50", "100,50"))
    with pytest.raises(BadValue):
        stated("<cbc:ReminderSequenceNumeric>first</cbc:ReminderSequenceNumeric>")


def test_a_reminder_is_never_written_as_an_invoice() -> None:
    data = reminder_of("<cbc:ID>1</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>")
    ehf = reminder_of(f"<cbc:CustomizationID>{EHF}</cbc:CustomizationID><cbc:ID>1</cbc:ID>", "Invoice")
    for one in (data, ehf):
        recognition = formats.recognise(one)
        assert formats.NAMES[recognition.syntax].noun == "reminder"
        assert not deliverable(recognition, "finvoice-3.0")
        with pytest.raises(UnwritableDocument):
            convert(one, "finvoice-3.0", allow_loss=True)
        assert convert(one, "original", allow_loss=False).data == one
