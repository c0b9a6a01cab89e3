"""The heading of a Cross Industry Invoice, by one walk over the elements that hold it and no others.

It says what `headings.heading_of` says of the invoice read whole; a test holds the two together. The lines, which come
first in CII and are most of the document, are passed over by the parser's own search.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm
from fakturahub.formats.cii.embedded import too_many
from fakturahub.formats.cii.leaves import date_in
from fakturahub.formats.cii.names import INVOICED_OBJECT, RAM, RSM, TENDER
from fakturahub.formats.values import attribute_of, decimal_of, identifier_of, place_of, text_of
from fakturahub.formats.walk import Walk
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import AttachmentHeading, Heading, Kind, PartyHeading, Recognition
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

# What a walk found: a name of ours -> the first element of that meaning that has a text, or a list for what may repeat.
_Found = dict[str, Any]
# A qualified name -> what the element is: a name in _Found, a table for its children, or a function that takes it.
_Table = dict[str, "str | _Table | Callable[[etree._Element, _Found], None]"]

_TRANSACTION = f"{RSM}SupplyChainTradeTransaction"
_NO_ATTACHMENT = frozenset({TENDER, INVOICED_OBJECT})


def _walk(element: etree._Element, table: _Table, found: _Found, *only: str) -> _Found:
    for child in element.iterchildren(*only) if only else element:
        # The parser left comments out; were there any, their tag would be no key of a table.
        step = table.get(child.tag)  # type: ignore[arg-type]
        if step is None:
            continue
        if type(step) is str:
            if step not in found or not (found[step].text or "").strip():
                found[step] = child
        elif type(step) is dict:
            _walk(child, step, found)
        else:
            step(child, found)  # type: ignore[operator]
    return found


def _transaction(element: etree._Element, found: _Found) -> None:
    _walk(element, _PARTS, found, *_PARTS)


def _identification(element: etree._Element, found: _Found) -> None:
    identifications = found.setdefault("identifications", [])
    if len(identifications) == TEXT.identifiers:
        raise BadValue(
            f"A party has more than {TEXT.identifiers} identifiers.", term="BT-29 or BT-46", place=place_of(element)
        )
    identifications.append(element)


def _registration(element: etree._Element, found: _Found) -> None:
    for child in element.iterchildren(f"{RAM}ID"):
        if (child.get("schemeID") or "").strip() == "VA":
            found.setdefault("vat", child)


def _seller(element: etree._Element, found: _Found) -> None:
    if "seller" not in found:
        found["seller"] = _walk(element, _PARTY, {})


def _buyer(element: etree._Element, found: _Found) -> None:
    if "buyer" not in found:
        found["buyer"] = _walk(element, _PARTY, {})


def _reference(element: etree._Element, found: _Found) -> None:
    reference = _walk(element, _REFERENCE, {})
    kind = reference.pop("type", None)
    if (kind is not None and text_of(kind, "BG-24") in _NO_ATTACHMENT) or not reference:
        return
    references = found.setdefault("references", [])
    if len(references) == ATTACHMENT.count:
        raise too_many(element)
    references.append(reference)


_PARTY: _Table = {
    f"{RAM}ID": _identification,
    f"{RAM}GlobalID": _identification,
    f"{RAM}Name": "name",
    f"{RAM}SpecifiedLegalOrganization": {f"{RAM}ID": "business_id", f"{RAM}TradingBusinessName": "trading_name"},
    f"{RAM}PostalTradeAddress": {f"{RAM}CountryID": "country"},
    f"{RAM}URIUniversalCommunication": {f"{RAM}URIID": "endpoint"},
    f"{RAM}SpecifiedTaxRegistration": _registration,
}

_REFERENCE: _Table = {
    f"{RAM}IssuerAssignedID": "id",
    f"{RAM}URIID": "uri",
    f"{RAM}TypeCode": "type",
    f"{RAM}Name": "description",
    f"{RAM}AttachmentBinaryObject": "embedded",
}

_PARTS: _Table = {
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
            f"{RAM}GrandTotalAmount": "total",
            f"{RAM}DuePayableAmount": "payable",
        },
    },
}

_DOCUMENT: _Table = {
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
    found = _walk(root, _DOCUMENT, {})
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
        total=decimal_of(get("total"), "BT-112"),
        payable=decimal_of(get("payable"), "BT-115"),
        seller=_party(get("seller"), *_SELLER_TERMS),
        buyer=_party(get("buyer"), *_BUYER_TERMS),
        payment_reference=text_of(get("payment_reference"), "BT-83"),
        account=text_of(get("account"), "BT-84"),
        buyer_reference=text_of(get("buyer_reference"), "BT-10"),
        order_reference=text_of(get("order_reference"), "BT-13"),
        seller_reference=text_of(get("seller_reference"), "BT-14"),
        attachments=tuple(_attachment(reference) for reference in get("references", ())),
    )


def _day(element: etree._Element | None, term: str) -> date | None:
    return None if element is None else date_in(Walk(), element, term)


# Name, electronic address, identifiers, legal registration, VAT number, country.
_SELLER_TERMS = ("BT-27", "BT-34", "BT-29", "BT-30", "BT-31", "BT-40")
_BUYER_TERMS = ("BT-44", "BT-49", "BT-46", "BT-47", "BT-48", "BT-55")


def _party(
    found: _Found | None, name: str, endpoint: str, identifier: str, business_id: str, vat: str, country: str
) -> PartyHeading:
    if found is None:
        return PartyHeading()
    get = found.get
    stated = [identifier_of(element, identifier) for element in get("identifications", ())]
    return PartyHeading(
        name=text_of(get("name"), name, TEXT.text) or text_of(get("trading_name"), name, TEXT.text),
        endpoint=identifier_of(get("endpoint"), endpoint),
        identifiers=tuple(one for one in stated if one is not None),
        business_id=identifier_of(get("business_id"), business_id),
        vat_id=text_of(get("vat"), vat),
        country=text_of(get("country"), country),
    )


def _attachment(found: _Found) -> AttachmentHeading:
    get = found.get
    content = get("embedded")
    return AttachmentHeading(
        id=text_of(get("id"), "BT-122"),
        name=None if content is None else attribute_of(content, "filename", "BT-125", TEXT.text),
        mime=None if content is None else attribute_of(content, "mimeCode", "BT-125"),
        description=text_of(get("description"), "BT-123", TEXT.text),
        uri=text_of(get("uri"), "BT-124", TEXT.text),
        embedded=content is not None,
    )
