"""Documents of the UBL family that are no invoices: who sends them, who receives them, and their heading.

They are recognised, routed and passed on as they came. The exchange routes every document to ``Heading.buyer``; so for
these the party that the document goes *to* is the buyer, and the party that it comes *from* the seller, whatever their
parts in the trade are: of an order the ``seller`` of the heading is the one who buys.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.headings import postal_heading
from fakturahub.formats.ubl.names import CAC, CBC, local_name
from fakturahub.formats.values import date_of, identifier_of, place_of, text_of
from fakturahub.intake.limits import TEXT
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading, PostalHeading

#: where a response (ApplicationResponse) says what it answers, and how
_ANSWER = f"{CAC}DocumentResponse"


class OtherDocument(NamedTuple):
    """A document type: what it is, and where its sender and its receiver stand, the first that is there."""

    kind: Kind
    sender: tuple[str, ...]
    receiver: tuple[str, ...]


_SUPPLIER = ("SellerSupplierParty", "AccountingSupplierParty")
_CUSTOMER = ("BuyerCustomerParty", "OriginatorCustomerParty", "AccountingCustomerParty")
_TENDERER, _AUTHORITY = ("TendererParty", "TendererQualificationParty"), ("ContractingParty",)
_PROVIDER, _SUBSCRIBER = ("ProviderParty", "SellerSupplierParty"), ("ReceiverParty", "ContractorCustomerParty")
_DESPATCHER = ("DespatchSupplierParty", "SellerSupplierParty")
_DELIVERED = ("DeliveryCustomerParty", "BuyerCustomerParty")

_ANY_SENDER = (
    "SenderParty",
    "IssuerParty",
    *_SUPPLIER,
    "ProviderParty",
    "DespatchSupplierParty",
    "ConsignorParty",
    "FreightForwarderParty",
)
_ANY_RECEIVER = (
    "ReceiverParty",
    "RecipientParty",
    *_CUSTOMER,
    "DeliveryCustomerParty",
    "ConsigneeParty",
    "CarrierParty",
)


def _from_seller(kind: Kind) -> OtherDocument:
    return OtherDocument(kind, ("SenderParty", *_SUPPLIER), ("ReceiverParty", *_CUSTOMER))


def _from_buyer(kind: Kind) -> OtherDocument:
    return OtherDocument(kind, ("SenderParty", *_CUSTOMER), ("ReceiverParty", *_SUPPLIER))


def _between(kind: Kind, sender: tuple[str, ...], receiver: tuple[str, ...]) -> OtherDocument:
    return OtherDocument(kind, ("SenderParty", *sender), ("ReceiverParty", *receiver))


_ROUTED_BY_NAME = (
    "AttachedDocument AwardedNotification BusinessCard BusinessInformation CertificateOfOrigin "
    "CommonTransportationReport ContractAwardNotice ContractNotice DigitalAgreement DigitalCapability DocumentStatus "
    "DocumentStatusRequest Enquiry EnquiryResponse ExceptionCriteria ExceptionNotification ExportCustomsDeclaration "
    "ExpressionOfInterestRequest ExpressionOfInterestResponse Forecast ForecastRevision ForwardingInstructions "
    "FulfilmentCancellation GoodsCertificate GoodsItemItinerary GoodsItemPassport GuaranteeCertificate "
    "ImportCustomsDeclaration InstructionForReturns InventoryReport ItemInformationRequest Manifest "
    "PriorInformationNotice ProductActivity ProofOfReexportation ProofOfReexportationReminder "
    "ProofOfReexportationRequest "
    "PurchaseReceipt QualificationApplicationRequest QualificationApplicationResponse RetailEvent "
    "StockAvailabilityReport TenderContract TenderReceipt TenderStatus TenderStatusRequest TenderWithdrawal "
    "TendererQualification TendererQualificationResponse TradeItemLocationProfile TransitCustomsDeclaration "
    "TransportExecutionPlan TransportExecutionPlanRequest TransportProgressStatus TransportProgressStatusRequest "
    "TransportServiceDescription TransportServiceDescriptionRequest TransportationStatus TransportationStatusRequest "
    "UnawardedNotification UnsubscribeFromProcedureRequest UnsubscribeFromProcedureResponse UtilityStatement Waybill "
    "WeightStatement BillOfLading PackingList FreightInvoice SubscribeToProcedure UnsubscribeFromProcedure"
)

#: root element -> what it is; the document types of UBL 2.0 to 2.4 but Invoice and CreditNote
OTHER_DOCUMENTS: dict[str, OtherDocument] = {
    **{name: OtherDocument(Kind.OTHER, _ANY_SENDER, _ANY_RECEIVER) for name in _ROUTED_BY_NAME.split()},
    "Order": _from_buyer(Kind.ORDER),
    "OrderChange": _from_buyer(Kind.ORDER),
    "OrderCancellation": _from_buyer(Kind.ORDER),
    "OrderResponse": _from_seller(Kind.RESPONSE),
    "OrderResponseSimple": _from_seller(Kind.RESPONSE),
    "ApplicationResponse": OtherDocument(Kind.RESPONSE, ("SenderParty",), ("ReceiverParty",)),
    "Reminder": _from_seller(Kind.REMINDER),
    "Statement": _from_seller(Kind.OTHER),
    "RemittanceAdvice": _from_buyer(Kind.OTHER),
    "Quotation": _from_seller(Kind.OTHER),
    "RequestForQuotation": _from_buyer(Kind.OTHER),
    # The buyer writes these in the seller's place.
    "SelfBilledInvoice": _from_buyer(Kind.OTHER),
    "SelfBilledCreditNote": _from_buyer(Kind.OTHER),
    "DebitNote": _from_buyer(Kind.OTHER),
    "DespatchAdvice": _between(Kind.OTHER, _DESPATCHER, _DELIVERED),
    "ReceiptAdvice": _between(Kind.OTHER, _DELIVERED, _DESPATCHER),
    "Catalogue": OtherDocument(Kind.OTHER, _PROVIDER, _SUBSCRIBER),
    "CatalogueDeletion": OtherDocument(Kind.OTHER, _PROVIDER, _SUBSCRIBER),
    "CatalogueItemSpecificationUpdate": OtherDocument(Kind.OTHER, _PROVIDER, _SUBSCRIBER),
    "CataloguePricingUpdate": OtherDocument(Kind.OTHER, _PROVIDER, _SUBSCRIBER),
    # It is asked for by who is to receive the catalogue.
    "CatalogueRequest": OtherDocument(Kind.OTHER, _SUBSCRIBER, _PROVIDER),
    "CallForTenders": _between(Kind.OTHER, _AUTHORITY, _TENDERER),
    "Tender": _between(Kind.OTHER, _TENDERER, _AUTHORITY),
    "TendererQualification": _between(Kind.OTHER, _TENDERER, _AUTHORITY),
}


def other_heading(root: etree._Element, attachments: tuple[AttachmentHeading, ...]) -> Heading:
    """The heading of a document that is no invoice: number, date, kind, sender as seller and receiver as buyer.

    Raises ``BadValue`` for values that are none or too long. A number may be missing: not all such documents have one.
    """
    what = OTHER_DOCUMENTS[local_name(root)]
    sender, receiver = _party(root, what.sender), _party(root, what.receiver)
    return Heading(
        kind=what.kind,
        number=text_of(root.find(f"{CBC}ID"), "ID"),
        issue_date=date_of(root.find(f"{CBC}IssueDate"), "IssueDate"),
        currency=text_of(root.find(f"{CBC}DocumentCurrencyCode"), "DocumentCurrencyCode"),
        seller=_heading_of(*sender) if sender is not None else PartyHeading(),
        buyer=_heading_of(*receiver) if receiver is not None else PartyHeading(),
        order_reference=text_of(root.find(f"{CAC}OrderReference/{CBC}ID"), "OrderReference"),
        answered=text_of(root.find(f"{_ANSWER}/{CAC}DocumentReference/{CBC}ID"), "DocumentReference"),
        response=text_of(root.find(f"{_ANSWER}/{CAC}Response/{CBC}ResponseCode"), "ResponseCode"),
        attachments=attachments,
        buyer_email=None if receiver is None else _email(receiver[0]),
        buyer_address=None if receiver is None else _address(receiver[0]),
    )


def _party(root: etree._Element, places: tuple[str, ...]) -> tuple[etree._Element, str] | None:
    """The party in the first of *places* that is there, and which that is."""
    for place in places:
        found = root.find(f"{CAC}{place}")
        if found is not None:
            # A customer or supplier has the party inside; a sender or receiver is one.
            inside = found.find(f"{CAC}Party")
            return (found if inside is None else inside), place
    return None


def _email(party: etree._Element) -> str | None:
    return text_of(party.find(f"{CAC}Contact/{CBC}ElectronicMail"), "BT-58", TEXT.text)


def _address(party: etree._Element) -> PostalHeading | None:
    address = party.find(f"{CAC}PostalAddress")
    if address is None:
        return None

    def part(name: str, term: str) -> str | None:
        return text_of(address.find(name), term, TEXT.text)

    street, house = part(f"{CBC}StreetName", "BT-50"), part(f"{CBC}BuildingNumber", "BT-50")
    lines = (
        " ".join(one for one in (street, house) if one),
        part(f"{CBC}AdditionalStreetName", "BT-51"),
        part(f"{CAC}AddressLine/{CBC}Line", "BT-163"),
    )
    city, post_code = part(f"{CBC}CityName", "BT-52"), part(f"{CBC}PostalZone", "BT-53")
    return postal_heading(lines, city, post_code, part(f"{CBC}CountrySubentity", "BT-54"))


def _heading_of(party: etree._Element, place: str) -> PartyHeading:
    legal = party.find(f"{CAC}PartyLegalEntity")
    name = text_of(party.find(f"{CAC}PartyName/{CBC}Name"), place, TEXT.text)
    business_id = None
    if legal is not None:
        name = text_of(legal.find(f"{CBC}RegistrationName"), place, TEXT.text) or name
        business_id = identifier_of(legal.find(f"{CBC}CompanyID"), place)
    vat_id = None
    for scheme in party.iterchildren(f"{CAC}PartyTaxScheme"):
        if (scheme.findtext(f"{CAC}TaxScheme/{CBC}ID") or "").strip().upper() == "VAT":
            vat_id = text_of(scheme.find(f"{CBC}CompanyID"), place)
            break
    return PartyHeading(
        name=name,
        endpoint=identifier_of(party.find(f"{CBC}EndpointID"), place),
        identifiers=_identifiers(party, place),
        business_id=business_id,
        vat_id=vat_id,
        country=text_of(party.find(f"{CAC}PostalAddress/{CAC}Country/{CBC}IdentificationCode"), place),
    )


def _identifiers(party: etree._Element, place: str) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    for element in party.iterfind(f"{CAC}PartyIdentification/{CBC}ID"):
        value = identifier_of(element, place)
        if value is not None:
            if len(found) == TEXT.identifiers:
                reason = f"A party has more than {TEXT.identifiers} identifiers."
                raise BadValue(reason, term=place, place=place_of(element))
            found.append(value)
    return tuple(found)
