"""The heading of a Cross Industry Invoice, by one walk over the elements that hold it and no others.

It says what `headings.heading_of` says of the invoice read whole; a test holds the two together. The lines, which come
first in CII and are most of the document, are passed over by the parser's own search.
"""

from __future__ import annotations

from datetime import date

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm
from fakturahub.formats.cii.leaves import date_in
from fakturahub.formats.cii.names import INVOICED_OBJECT, RAM, RSM, TENDER
from fakturahub.formats.embedded import too_many
from fakturahub.formats.headings import (
    BUYER_TERMS,
    SELLER_TERMS,
    Found,
    Table,
    attachment_of,
    email_of,
    identification,
    look,
    party_of,
    postal_of,
)
from fakturahub.formats.values import decimal_of, text_of
from fakturahub.formats.walk import Walk
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import Heading, Kind, Recognition
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

_TRANSACTION = f"{RSM}SupplyChainTradeTransaction"
_NO_ATTACHMENT = frozenset({TENDER, INVOICED_OBJECT})


def _transaction(element: etree._Element, found: Found) -> None:
    look(element, _PARTS, found, *_PARTS)


def _registration(element: etree._Element, found: Found) -> None:
    for child in element.iterchildren(f"{RAM}ID"):
        if (child.get("schemeID") or "").strip() == "VA":
            found.setdefault("vat", child)


def _seller(element: etree._Element, found: Found) -> None:
    if "seller" not in found:
        found["seller"] = look(element, _PARTY, {})


def _buyer(element: etree._Element, found: Found) -> None:
    if "buyer" not in found:
        found["buyer"] = look(element, _BUYER, {})


def _postal(element: etree._Element, found: Found) -> None:
    if "postal" not in found:
        found["postal"] = postal = look(element, _ADDRESS, {})
        if "country" in postal:
            found["country"] = postal.pop("country")


def _reference(element: etree._Element, found: Found) -> None:
    reference = look(element, _REFERENCE, {})
    kind = reference.pop("type", None)
    if (kind is not None and text_of(kind, "BG-24") in _NO_ATTACHMENT) or not reference:
        return
    references = found.setdefault("references", [])
    if len(references) == ATTACHMENT.count:
        raise too_many(element)
    references.append(reference)


_PARTY: Table = {
    f"{RAM}ID": identification,
    f"{RAM}GlobalID": identification,
    f"{RAM}Name": "name",
    f"{RAM}SpecifiedLegalOrganization": {f"{RAM}ID": "business_id", f"{RAM}TradingBusinessName": "trading_name"},
    f"{RAM}PostalTradeAddress": {f"{RAM}CountryID": "country"},
    f"{RAM}URIUniversalCommunication": {f"{RAM}URIID": "endpoint"},
    f"{RAM}SpecifiedTaxRegistration": _registration,
}

_ADDRESS: Table = {
    f"{RAM}PostcodeCode": "post_code",
    f"{RAM}LineOne": "line1",
    f"{RAM}LineTwo": "line2",
    f"{RAM}LineThree": "line3",
    f"{RAM}CityName": "city",
    f"{RAM}CountryID": "country",
    f"{RAM}CountrySubDivisionName": "subdivision",
}

# Where it can be sent on paper or by e-mail is asked of the buyer only.
_BUYER: Table = {
    **_PARTY,
    f"{RAM}PostalTradeAddress": _postal,
    f"{RAM}DefinedTradeContact": {f"{RAM}EmailURIUniversalCommunication": {f"{RAM}URIID": "email"}},
}

_REFERENCE: Table = {
    f"{RAM}IssuerAssignedID": "id",
    f"{RAM}URIID": "uri",
    f"{RAM}TypeCode": "type",
    f"{RAM}Name": "description",
    f"{RAM}AttachmentBinaryObject": "embedded",
}

_PARTS: Table = {
    f"{RAM}ApplicableHeaderTradeAgreement": {
        f"{RAM}BuyerReference": "buyer_reference",
        f"{RAM}SellerTradeParty": _seller,
        f"{RAM}BuyerTradeParty": _buyer,
        f"{RAM}SellerOrderReferencedDocument": {f"{RAM}IssuerAssignedID": "seller_reference"},
        f"{RAM}BuyerOrderReferencedDocument": {f"{RAM}IssuerAssignedID": "order_reference"},
        f"{RAM}AdditionalReferencedDocument": _reference,
    },
    f"{RAM}ApplicableHeaderTradeSettlement": {
        f"{RAM}PaymentReference": "payment_reference",
        f"{RAM}InvoiceCurrencyCode": "currency",
        f"{RAM}SpecifiedTradeSettlementPaymentMeans": {
            f"{RAM}PayeePartyCreditorFinancialAccount": {f"{RAM}IBANID": "account", f"{RAM}ProprietaryID": "account"}
        },
        f"{RAM}SpecifiedTradePaymentTerms": {f"{RAM}DueDateDateTime": "due_date"},
        f"{RAM}SpecifiedTradeSettlementHeaderMonetarySummation": {
            f"{RAM}TaxBasisTotalAmount": "net",
            f"{RAM}GrandTotalAmount": "total",
            f"{RAM}DuePayableAmount": "payable",
        },
    },
}

_DOCUMENT: Table = {
    f"{RSM}ExchangedDocumentContext": {
        f"{RAM}GuidelineSpecifiedDocumentContextParameter": {f"{RAM}ID": "profile"},
    },
    f"{RSM}ExchangedDocument": {
        f"{RAM}ID": "number",
        f"{RAM}TypeCode": "type",
        f"{RAM}IssueDateTime": "issue_date",
    },
    _TRANSACTION: _transaction,
}


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """The heading of the invoice or credit note *root*, as its sender stated it; only the number has to be there.

    Raises ``MissingTerm`` without a number (BT-1); ``BadValue`` for a date or amount that is none, for a value that
    is too long and for a guideline that the recognition did not see; ``UnreadableAttachment`` for too many
    attachments.
    """
    found = look(root, _DOCUMENT, {})
    get = found.get
    profile = text_of(get("profile"), "BT-24")
    if profile != recognition.profile:
        # The document must be read as what it was recognised as, or other rules are applied to it than it claims.
        raise BadValue(
            f"The document was recognised by the guideline {recognition.profile!r} and names {profile!r}; it must be "
            f"named once.",
            term="BT-24",
            place="CrossIndustryInvoice/ExchangedDocumentContext",
        )
    number = text_of(get("number"), "BT-1")
    if number is None:
        raise MissingTerm("The document has no number.", term="BT-1", place="CrossIndustryInvoice/ExchangedDocument/ID")
    credit = text_of(get("type"), "BT-3") in CREDIT_NOTE_TYPES
    return Heading(
        kind=Kind.CREDIT_NOTE if credit else Kind.INVOICE,
        number=number,
        issue_date=_day(get("issue_date"), "BT-2"),
        due_date=_day(get("due_date"), "BT-9"),
        currency=text_of(get("currency"), "BT-5"),
        net=decimal_of(get("net"), "BT-109"),
        total=decimal_of(get("total"), "BT-112"),
        payable=decimal_of(get("payable"), "BT-115"),
        seller=party_of(get("seller"), *SELLER_TERMS),
        buyer=party_of(get("buyer"), *BUYER_TERMS),
        payment_reference=text_of(get("payment_reference"), "BT-83"),
        account=text_of(get("account"), "BT-84"),
        buyer_reference=text_of(get("buyer_reference"), "BT-10"),
        order_reference=text_of(get("order_reference"), "BT-13"),
        seller_reference=text_of(get("seller_reference"), "BT-14"),
        attachments=tuple(attachment_of(reference) for reference in get("references", ())),
        buyer_email=email_of(get("buyer")),
        buyer_address=postal_of(get("buyer")),
    )


def _day(element: etree._Element | None, term: str) -> date | None:
    return None if element is None else date_in(Walk(), element, term)
