"""The heading of documents of the family that are not read whole: who sends them and who receives them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fakturahub.errors import BadValue
from fakturahub.formats import ubl
from fakturahub.intake.limits import TEXT
from fakturahub.intake.xml import parse, sniff
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading
from tests.unit.formats.ubl.corpus import documents
from tests.unit.formats.ubl.parts import NAMESPACES, UBL


def heading(data: bytes) -> Heading:
    sniffed = sniff(data)
    recognition = ubl.SYNTAX.detect(sniffed)
    assert recognition is not None
    return ubl.SYNTAX.heading(parse(sniffed), recognition)


def other(root: str, content: str = "") -> Heading:
    return heading(f'<{root} xmlns="{UBL}{root}-2" {NAMESPACES}>{content}</{root}>'.encode())


def party(name: str) -> str:
    return f"<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>"


def role(place: str, name: str, *, inside: bool) -> str:
    return f"<cac:{place}>{f'<cac:Party>{party(name)}</cac:Party>' if inside else party(name)}</cac:{place}>"


@pytest.mark.parametrize(
    ("root", "sender", "receiver", "kind"),
    [
        ("Order", "BuyerCustomerParty", "SellerSupplierParty", Kind.ORDER),
        ("OrderChange", "BuyerCustomerParty", "SellerSupplierParty", Kind.ORDER),
        ("OrderCancellation", "BuyerCustomerParty", "SellerSupplierParty", Kind.ORDER),
        ("OrderResponse", "SellerSupplierParty", "BuyerCustomerParty", Kind.RESPONSE),
        ("OrderResponseSimple", "SellerSupplierParty", "BuyerCustomerParty", Kind.RESPONSE),
        ("ApplicationResponse", "SenderParty", "ReceiverParty", Kind.RESPONSE),
        ("Reminder", "AccountingSupplierParty", "AccountingCustomerParty", Kind.REMINDER),
        ("Statement", "AccountingSupplierParty", "AccountingCustomerParty", Kind.OTHER),
        ("DespatchAdvice", "DespatchSupplierParty", "DeliveryCustomerParty", Kind.OTHER),
        ("ReceiptAdvice", "DeliveryCustomerParty", "DespatchSupplierParty", Kind.OTHER),
        ("Catalogue", "ProviderParty", "ReceiverParty", Kind.OTHER),
        ("CatalogueRequest", "ReceiverParty", "ProviderParty", Kind.OTHER),
        ("UtilityStatement", "SenderParty", "ReceiverParty", Kind.OTHER),
        ("TransportationStatus", "SenderParty", "ReceiverParty", Kind.OTHER),
        ("SelfBilledInvoice", "AccountingCustomerParty", "AccountingSupplierParty", Kind.OTHER),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_sender_is_the_seller_of_the_heading_and_the_receiver_its_buyer(
    root: str, sender: str, receiver: str, kind: Kind, turned: bool
) -> None:
    def inside(place: str) -> bool:
        return place.endswith(("SupplierParty", "CustomerParty"))

    both = [
        role(sender, "from", inside=inside(sender)),
        role(receiver, "to", inside=inside(receiver)),
    ]
    found = other(root, "".join(reversed(both) if turned else both))
    assert (found.kind, found.seller.name, found.buyer.name) == (kind, "from", "to")


def test_a_number_and_parties_may_be_missing() -> None:
    assert other("ApplicationResponse") == Heading(kind=Kind.RESPONSE)
    assert other("Statement", "<cac:AccountingCustomerParty/>") == Heading(kind=Kind.OTHER)


def test_everything_that_is_taken() -> None:
    content = (
        "<cbc:ID>R-1</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate>"
        "<cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>"
        "<cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>"
        "<cac:AdditionalDocumentReference><cbc:ID>A</cbc:ID></cac:AdditionalDocumentReference>"
        '<cac:ReceiverParty><cbc:EndpointID schemeID="0184">DK1</cbc:EndpointID>'
        '<cac:PartyIdentification><cbc:ID schemeID="0088">579</cbc:ID></cac:PartyIdentification>'
        f"{party('Trading')}<cac:PostalAddress><cac:Country><cbc:IdentificationCode>DK</cbc:IdentificationCode>"
        "</cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>DK2</cbc:CompanyID><cac:TaxScheme>"
        "<cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>"
        '<cbc:RegistrationName>Legal</cbc:RegistrationName><cbc:CompanyID schemeID="0184">DK3</cbc:CompanyID>'
        "</cac:PartyLegalEntity></cac:ReceiverParty>"
    )
    assert other("ApplicationResponse", content) == Heading(
        kind=Kind.RESPONSE,
        number="R-1",
        issue_date=date(2026, 11, 2),
        currency="DKK",
        order_reference="PO-1",
        attachments=(AttachmentHeading(id="A"),),
        buyer=PartyHeading(
            name="Legal",
            endpoint=Identifier("DK1", "0184"),
            identifiers=(Identifier("579", "0088"),),
            business_id=Identifier("DK3", "0184"),
            vat_id="DK2",
            country="DK",
        ),
    )


def test_values_are_as_strict_as_in_an_invoice() -> None:
    with pytest.raises(BadValue):
        other("Order", "<cbc:IssueDate>2026-02-30</cbc:IssueDate>")
    one = "<cac:PartyIdentification><cbc:ID>1</cbc:ID></cac:PartyIdentification>"
    with pytest.raises(BadValue, match="identifiers"):
        other("ApplicationResponse", f"<cac:SenderParty>{one * (TEXT.identifiers + 1)}</cac:SenderParty>")


def test_oioubl_has_a_heading_and_a_vat_number() -> None:
    registered = (
        '<cac:AccountingSupplierParty><cac:Party><cac:PartyTaxScheme><cbc:CompanyID schemeID="DK:SE">DK16356706'
        "</cbc:CompanyID><cac:TaxScheme><cbc:ID>63</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme></cac:Party>"
        "</cac:AccountingSupplierParty>"
    )
    named = "<cbc:CustomizationID>OIOUBL-2.02</cbc:CustomizationID><cbc:ID>1</cbc:ID>"
    found = other("Invoice", named + registered)
    assert (found.kind, found.seller.vat_id) == (Kind.INVOICE, "DK16356706")


def test_every_shared_document_has_a_heading(shared: Path) -> None:
    kinds = {
        "ehf-reminder": Kind.REMINDER,
        "ehf-payment-request": Kind.OTHER,
        "ubl-order": Kind.ORDER,
        "ubl-order-response": Kind.RESPONSE,
        "puf-response-1.0": Kind.RESPONSE,
        "ubl-reminder": Kind.REMINDER,
        "ubl-catalogue": Kind.OTHER,
    }
    for one in documents(shared):
        found = heading(one.data)
        assert found.number, one.path
        assert found.issue_date, one.path
        if one.recognition.syntax in kinds:
            assert found.kind is kinds[one.recognition.syntax], one.path
        # Pagero's acknowledgements name nobody, a message level response names addresses alone.
        if one.recognition.syntax != "puf-technical-acknowledgement-1.0" and found.kind is not Kind.RESPONSE:
            assert found.seller.name, one.path
            assert found.buyer.name or found.buyer.endpoint, one.path
