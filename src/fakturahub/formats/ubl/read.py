"""The heading of a UBL invoice or credit note, by one walk over the elements that hold it and no others.

Paths are those of the EN 16931 binding to UBL 2.1 (CEN/TS 16931-3-2), with the older places that real files use. The
walk meets each child once and looks it up by its qualified name, which is four times as fast as asking for each path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm, UnreadableAttachment
from fakturahub.formats.ubl.names import CAC, CBC
from fakturahub.formats.values import attribute_of, date_of, decimal_of, identifier_of, place_of, text_of
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading, Recognition

# What a walk found: a name of ours -> the first element of that meaning that has a text, or a list for what may repeat.
_Found = dict[str, Any]
# A qualified name -> what the element is: a name in _Found, a table for its children, or a function that takes it.
_Table = dict[str, "str | _Table | Callable[[etree._Element, _Found], None]"]

# UNTDID 1001, the codes of EN 16931 for credit notes (BR-CL-01). An Invoice with one of them is a credit note, too:
# some specifications have no CreditNote document.
_CREDIT_CODES = frozenset(("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"))
# Documents of Norway that are written as UBL invoices and are none.
_KIND_OF_EHF = (
    ("urn:fdc:anskaffelser.no:2019:ehf:reminder:", Kind.REMINDER),
    ("urn:fdc:anskaffelser.no:2019:ehf:spec:payment-request:", Kind.OTHER),
)
# AdditionalDocumentReference also holds the invoiced object (BT-18) and, in a credit note, the project (BT-11).
_NO_ATTACHMENT = {"Invoice": frozenset({"130"}), "CreditNote": frozenset({"130", "50"})}


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _walk(element: etree._Element, table: _Table, found: _Found) -> _Found:
    for child in element:
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


def _identification(element: etree._Element, found: _Found) -> None:
    identifications = found.setdefault("identifications", [])
    if len(identifications) == TEXT.identifiers:
        raise BadValue(
            f"A party has more than {TEXT.identifiers} identifiers.", term="BT-29 or BT-46", place=place_of(element)
        )
    identifications.append(_walk(element, _IDENTIFICATION, {}).get("id"))


def _tax_scheme(element: etree._Element, found: _Found) -> None:
    scheme = _walk(element, _TAX_SCHEME, {})
    if "scheme" in scheme and (scheme["scheme"].text or "").strip().upper() == "VAT" and "id" in scheme:
        found.setdefault("vat", scheme["id"])


def _seller(element: etree._Element, found: _Found) -> None:
    if "seller" not in found:
        found["seller"] = _walk(element, _PARTY, {})


def _buyer(element: etree._Element, found: _Found) -> None:
    if "buyer" not in found:
        found["buyer"] = _walk(element, _PARTY, {})


def _reference(element: etree._Element, found: _Found) -> None:
    references = found.setdefault("references", [])
    if len(references) == ATTACHMENT.count:
        raise UnreadableAttachment(
            f"The document has more than {ATTACHMENT.count} attachments.", term="BG-24", place=place_of(element)
        )
    references.append(_walk(element, _REFERENCE, {}))


_IDENTIFICATION: _Table = {f"{CBC}ID": "id"}

_TAX_SCHEME: _Table = {f"{CBC}CompanyID": "id", f"{CAC}TaxScheme": {f"{CBC}ID": "scheme"}}

_PARTY: _Table = {
    f"{CAC}Party": {
        f"{CBC}EndpointID": "endpoint",
        f"{CAC}PartyIdentification": _identification,
        f"{CAC}PartyName": {f"{CBC}Name": "trading_name"},
        f"{CAC}PostalAddress": {f"{CAC}Country": {f"{CBC}IdentificationCode": "country"}},
        f"{CAC}PartyTaxScheme": _tax_scheme,
        f"{CAC}PartyLegalEntity": {f"{CBC}RegistrationName": "name", f"{CBC}CompanyID": "business_id"},
    }
}

_REFERENCE: _Table = {
    f"{CBC}ID": "id",
    f"{CBC}DocumentTypeCode": "type",
    f"{CBC}DocumentDescription": "description",
    # EHF 2 and other files of UBL 2.0 describe the document here.
    f"{CBC}DocumentType": "old_description",
    f"{CAC}Attachment": {
        f"{CBC}EmbeddedDocumentBinaryObject": "embedded",
        f"{CAC}ExternalReference": {f"{CBC}URI": "uri"},
    },
}

_DOCUMENT: _Table = {
    f"{CBC}CustomizationID": "profile",
    f"{CBC}ID": "number",
    f"{CBC}IssueDate": "issue_date",
    f"{CBC}DueDate": "due_date",
    f"{CBC}InvoiceTypeCode": "type",
    f"{CBC}DocumentCurrencyCode": "currency",
    f"{CBC}BuyerReference": "buyer_reference",
    f"{CAC}OrderReference": {f"{CBC}ID": "order_reference", f"{CBC}SalesOrderID": "seller_reference"},
    f"{CAC}AdditionalDocumentReference": _reference,
    f"{CAC}AccountingSupplierParty": _seller,
    f"{CAC}AccountingCustomerParty": _buyer,
    f"{CAC}PaymentMeans": {
        f"{CBC}PaymentDueDate": "payment_due_date",
        f"{CBC}PaymentID": "payment_reference",
        f"{CAC}PayeeFinancialAccount": {f"{CBC}ID": "account"},
    },
    f"{CAC}LegalMonetaryTotal": {f"{CBC}TaxInclusiveAmount": "total", f"{CBC}PayableAmount": "payable"},
}


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """The heading of the invoice or credit note *root*, as its sender stated it; only the number has to be there.

    A credit note has its due date in PaymentMeans/PaymentDueDate; an invoice may have it there, too. Where a term
    that occurs once stands several times (one PaymentMeans per account), the first is taken.

    Raises ``MissingTerm`` without a number (BT-1); ``BadValue`` for a date or amount that is none, for a value that
    is too long and for a customisation that the recognition did not see; ``UnreadableAttachment`` for too many
    attachments.
    """
    found = _walk(root, _DOCUMENT, {})
    get = found.get
    profile = text_of(get("profile"), "BT-24")
    if profile != recognition.profile:
        # The document must be read as what it was recognised as, or other rules are applied to it than it claims.
        raise BadValue(
            f"The document was recognised by the customisation {recognition.profile!r} and names {profile!r}; it must "
            f"be named once, among the first elements.",
            term="BT-24",
            place=f"{_local(root)}/CustomizationID",
        )
    number = text_of(get("number"), "BT-1")
    if number is None:
        raise MissingTerm("The document has no number.", term="BT-1", place=f"{_local(root)}/ID")
    return Heading(
        kind=_kind(root, get("type"), recognition),
        number=number,
        issue_date=date_of(get("issue_date"), "BT-2"),
        due_date=date_of(get("due_date"), "BT-9") or date_of(get("payment_due_date"), "BT-9"),
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
        attachments=_attachments(root, get("references")),
    )


def _kind(root: etree._Element, type_code: etree._Element | None, recognition: Recognition) -> Kind:
    profile = recognition.profile or ""
    for customisation, kind in _KIND_OF_EHF:
        if customisation in profile:
            return kind
    if _local(root) == "CreditNote" or text_of(type_code, "BT-3") in _CREDIT_CODES:
        return Kind.CREDIT_NOTE
    return Kind.INVOICE


# Name, electronic address, identifiers, legal registration, VAT number, country.
_SELLER_TERMS = ("BT-27", "BT-34", "BT-29", "BT-30", "BT-31", "BT-40")
_BUYER_TERMS = ("BT-44", "BT-49", "BT-46", "BT-47", "BT-48", "BT-55")


def _party(
    found: _Found | None, name: str, endpoint: str, identifier: str, business_id: str, vat: str, country: str
) -> PartyHeading:
    if found is None:
        return PartyHeading()
    get = found.get
    return PartyHeading(
        name=text_of(get("name"), name, TEXT.text) or text_of(get("trading_name"), name, TEXT.text),
        endpoint=identifier_of(get("endpoint"), endpoint),
        identifiers=_identifiers(get("identifications"), identifier),
        business_id=identifier_of(get("business_id"), business_id),
        vat_id=text_of(get("vat"), vat),
        country=text_of(get("country"), country),
    )


def _identifiers(elements: list[etree._Element | None] | None, term: str) -> tuple[Identifier, ...]:
    if elements is None:
        return ()
    stated = [identifier_of(element, term) for element in elements]
    # The scheme SEPA marks the creditor identifier of a direct debit (BT-90), which names no party.
    return tuple(identifier for identifier in stated if identifier is not None and identifier.scheme != "SEPA")


def _attachments(root: etree._Element, references: list[_Found] | None) -> tuple[AttachmentHeading, ...]:
    if references is None:
        return ()
    other = _NO_ATTACHMENT[_local(root)]
    return tuple(
        _attachment(found)
        for found in references
        if "embedded" in found or "uri" in found or text_of(found.get("type"), "BT-18") not in other
    )


def _attachment(found: _Found) -> AttachmentHeading:
    get = found.get
    embedded = get("embedded")
    return AttachmentHeading(
        id=text_of(get("id"), "BT-122"),
        name=None if embedded is None else attribute_of(embedded, "filename", "BT-125", TEXT.text),
        mime=None if embedded is None else attribute_of(embedded, "mimeCode", "BT-125"),
        description=text_of(get("description"), "BT-123", TEXT.text)
        or text_of(get("old_description"), "BT-123", TEXT.text),
        uri=text_of(get("uri"), "BT-124", TEXT.text),
        embedded=embedded is not None,
    )
