"""Where a document may go outside a network: the buyer's e-mail and postal address, and the wish for paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import BadValue
from fakturahub.formats.headings import heading_of
from fakturahub.intake.limits import TEXT
from fakturahub.model import PostalHeading
from fakturahub.model.invoice import Invoice
from tests.unit.formats.cii.documents import document as cii_document
from tests.unit.formats.finvoice.documents import FRAME, finvoice, transmission
from tests.unit.formats.test_ubl_heading import document

EXAMPLES = Path(__file__).parents[3] / "examples"

CUSTOMER = (
    "<cbc:ID>1</cbc:ID><cac:AccountingSupplierParty><cac:Party>"
    "<cac:PostalAddress><cbc:StreetName>Seller street</cbc:StreetName></cac:PostalAddress>"
    "<cac:Contact><cbc:ElectronicMail>seller@firm.example</cbc:ElectronicMail></cac:Contact>"
    "</cac:Party></cac:AccountingSupplierParty><cac:AccountingCustomerParty><cac:Party>{}</cac:Party>"
    "</cac:AccountingCustomerParty>"
)
WHOLE = (
    "<cac:PostalAddress><cbc:StreetName>Byvej</cbc:StreetName>"
    "<cbc:AdditionalStreetName>2. sal</cbc:AdditionalStreetName><cbc:BuildingNumber>7</cbc:BuildingNumber>"
    "<cbc:CityName>Aarhus C</cbc:CityName><cbc:PostalZone>8000</cbc:PostalZone>"
    "<cbc:CountrySubentity>Jylland</cbc:CountrySubentity><cac:AddressLine><cbc:Line>c/o Hansen</cbc:Line>"
    "</cac:AddressLine><cac:Country><cbc:IdentificationCode>DK</cbc:IdentificationCode></cac:Country>"
    "</cac:PostalAddress><cac:Contact><cbc:ElectronicMail> bog@firm.example </cbc:ElectronicMail></cac:Contact>"
)


def test_of_ubl_the_buyers_and_not_the_sellers() -> None:
    heading = formats.read_heading(document(CUSTOMER.format(WHOLE)))
    assert heading.buyer_email == "bog@firm.example"
    assert heading.buyer_address == PostalHeading(("Byvej 7", "2. sal", "c/o Hansen"), "Aarhus C", "8000", "Jylland")
    assert heading.buyer.country == "DK"


def test_of_ubl_without_them_there_is_nothing() -> None:
    heading = formats.read_heading(document(CUSTOMER.format("<cac:PostalAddress/>")))
    assert (heading.buyer_email, heading.buyer_address, heading.on_paper) == (None, None, False)


def test_of_ubl_only_the_first_address_counts() -> None:
    second = "<cac:PostalAddress><cbc:CityName>Elsewhere</cbc:CityName></cac:PostalAddress>"
    heading = formats.read_heading(document(CUSTOMER.format(WHOLE + second)))
    assert heading.buyer_address is not None
    assert heading.buyer_address.city == "Aarhus C"


def test_of_ubl_a_line_that_is_too_long_is_told() -> None:
    street = f"<cac:PostalAddress><cbc:StreetName>{'x' * (TEXT.text + 1)}</cbc:StreetName></cac:PostalAddress>"
    with pytest.raises(BadValue) as refusal:
        formats.read_heading(document(CUSTOMER.format(street)))
    assert refusal.value.term == "BT-50"


@pytest.mark.parametrize("name", ["invoice.xml", "credit-note.xml"])
def test_it_is_what_the_whole_document_says(name: str) -> None:
    data = (EXAMPLES / name).read_bytes()
    noun = formats.read(data).noun
    assert isinstance(noun, Invoice)
    found, whole = formats.read_heading(data), heading_of(noun)
    assert (found.buyer_email, found.buyer_address) == (whole.buyer_email, whole.buyer_address)
    assert found.buyer_address is not None


def test_of_a_reminder() -> None:
    party = f"<cac:AccountingCustomerParty><cac:Party>{WHOLE}</cac:Party></cac:AccountingCustomerParty>"
    heading = formats.read_heading(document(f"<cbc:ID>1</cbc:ID>{party}", "Reminder"))
    assert heading.buyer_email == "bog@firm.example"
    assert heading.buyer_address == PostalHeading(("Byvej 7", "2. sal", "c/o Hansen"), "Aarhus C", "8000", "Jylland")


def test_of_cii() -> None:
    buyer = (
        "<ram:Name>Käufer</ram:Name><ram:DefinedTradeContact><ram:EmailURIUniversalCommunication>"
        "<ram:URIID>ein@firma.example</ram:URIID></ram:EmailURIUniversalCommunication></ram:DefinedTradeContact>"
        "<ram:PostalTradeAddress><ram:PostcodeCode>20457</ram:PostcodeCode><ram:LineOne>Hafenstraße 12</ram:LineOne>"
        "<ram:CityName>Hamburg</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>"
    )
    heading = formats.read_heading(cii_document(buyer=buyer))
    assert heading.buyer_email == "ein@firma.example"
    assert heading.buyer_address == PostalHeading(("Hafenstraße 12",), "Hamburg", "20457")
    assert heading.buyer.country == "DE"


def test_of_finvoice() -> None:
    plain = finvoice().decode()
    there = plain.replace(
        "<BuyerOrganisationName>Ostaja Oy</BuyerOrganisationName>",
        "<BuyerOrganisationName>Ostaja Oy</BuyerOrganisationName><BuyerPostalAddressDetails>"
        "<BuyerStreetName>Sinikalliontie 9</BuyerStreetName><BuyerStreetName>-</BuyerStreetName>"
        "<BuyerTownName>Espoo</BuyerTownName><BuyerPostCodeIdentifier>02630</BuyerPostCodeIdentifier>"
        "<CountryCode>FI</CountryCode><BuyerPostOfficeBoxIdentifier>PL 1</BuyerPostOfficeBoxIdentifier>"
        "</BuyerPostalAddressDetails>",
    ).replace(
        "<InvoiceDetails>",
        "<BuyerCommunicationDetails><BuyerEmailaddressIdentifier>osto@ostaja.example</BuyerEmailaddressIdentifier>"
        "</BuyerCommunicationDetails><InvoiceDetails>",
        1,
    )
    heading = formats.read_heading(there.encode())
    assert heading.buyer_email == "osto@ostaja.example"
    assert heading.buyer_address == PostalHeading(("Sinikalliontie 9", "PL 1"), "Espoo", "02630")
    assert heading.buyer.country == "FI"
    noun = formats.read(there.encode()).noun
    assert isinstance(noun, Invoice)
    assert heading_of(noun).buyer_address == heading.buyer_address
    assert formats.read_heading(plain.encode()).buyer_address is None


@pytest.mark.parametrize(
    ("to", "framed", "on_paper"),
    [("TULOSTUS", None, True), ("tulostus", None, True), ("003745678907", None, False), ("x", "TULOSTUS", True)],
)
def test_finvoice_addressed_to_a_print_service(to: str, framed: str | None, on_paper: bool) -> None:
    data = finvoice(head=transmission("003711111111", to))
    if framed is not None:
        data = FRAME.replace("003700000002", framed).encode() + data
    assert formats.read_heading(data).on_paper is on_paper


def test_of_a_letter_its_recipient() -> None:
    data = (
        b"<Letter><DocumentID>1</DocumentID><DeliveryPartyDetails>"
        b"<DeliveryOrganisationName>Ostaja Oy</DeliveryOrganisationName><DeliveryPostalAddressDetails>"
        b"<DeliveryStreetName>Testitie 2</DeliveryStreetName><DeliveryTownName>Espoo</DeliveryTownName>"
        b"<DeliveryPostCodeIdentifier>02100</DeliveryPostCodeIdentifier><CountryCode>FI</CountryCode>"
        b"</DeliveryPostalAddressDetails></DeliveryPartyDetails></Letter>"
    )
    heading = formats.read_heading(data)
    assert heading.buyer_address == PostalHeading(("Testitie 2",), "Espoo", "02100")
    assert heading.buyer.country == "FI"
    assert heading.on_paper


def test_of_a_payslip_its_recipient(shared: Path) -> None:
    samples = [file for file in (shared / "samples").rglob("*.xml") if b"<Payslips" in file.read_bytes()[:4096]]
    headings = [formats.read_heading(file.read_bytes()) for file in samples]
    assert any(one.buyer_address is not None and one.buyer_address.city for one in headings)
