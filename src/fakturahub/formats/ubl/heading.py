"""The heading of a document of the UBL family, by one walk over the elements that hold it and no others.

Paths are those of the EN 16931 binding to UBL 2.1 (CEN/TS 16931-3-2), with the older places that real files use. The
walk meets each child once and looks it up by its qualified name, which is four times as fast as asking for each path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm, UnreadableAttachment
from fakturahub.formats.ubl.documents import OTHER_DOCUMENTS, other_heading
from fakturahub.formats.ubl.names import CAC, CBC, PUF_CAC, aggregates_of, local_name
from fakturahub.formats.values import attribute_of, date_of, decimal_of, identifier_of, place_of, text_of
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading, Recognition
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

# What a walk found: a name of ours -> the first element of that meaning that has a text, or a list for what may repeat.
_Found = dict[str, Any]
# A qualified name -> what the element is: a name in _Found, a table for its children, or a function that takes it.
_Take = Callable[[etree._Element, _Found], None]
_Table = dict[str, "str | _Table | _Take"]

# Documents of Norway that are written as UBL invoices and are none.
_KIND = {"ehf-reminder": Kind.REMINDER, "ehf-payment-request": Kind.OTHER}
# The tax scheme VAT, and its name in OIOUBL (Moms).
_VAT = frozenset({"VAT", "63"})
# AdditionalDocumentReference also holds the invoiced object (BT-18) and, in a credit note, the project (BT-11).
_NO_ATTACHMENT = {"Invoice": frozenset({"130"}), "CreditNote": frozenset({"130", "50"})}


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


def _vat_number(table: _Table) -> _Take:
    def take(element: etree._Element, found: _Found) -> None:
        scheme = _walk(element, table, {})
        if "scheme" in scheme and (scheme["scheme"].text or "").strip().upper() in _VAT and "id" in scheme:
            found.setdefault("vat", scheme["id"])

    return take


def _party_of(role: str, table: _Table) -> _Take:
    def take(element: etree._Element, found: _Found) -> None:
        if role not in found:
            found[role] = _walk(element, table, {})

    return take


def _reference(table: _Table) -> _Take:
    def take(element: etree._Element, found: _Found) -> None:
        references = found.setdefault("references", [])
        if len(references) == ATTACHMENT.count:
            raise UnreadableAttachment(
                f"The document has more than {ATTACHMENT.count} attachments.", term="BG-24", place=place_of(element)
            )
        references.append(_walk(element, table, {}))

    return take


_IDENTIFICATION: _Table = {f"{CBC}ID": "id"}


def _tables(cac: str) -> _Table:
    """What is looked for in a document whose aggregates are in the namespace *cac*."""
    party: _Table = {
        f"{cac}Party": {
            f"{CBC}EndpointID": "endpoint",
            f"{cac}PartyIdentification": _identification,
            f"{cac}PartyName": {f"{CBC}Name": "trading_name"},
            f"{cac}PostalAddress": {f"{cac}Country": {f"{CBC}IdentificationCode": "country"}},
            f"{cac}PartyTaxScheme": _vat_number({f"{CBC}CompanyID": "id", f"{cac}TaxScheme": {f"{CBC}ID": "scheme"}}),
            f"{cac}PartyLegalEntity": {f"{CBC}RegistrationName": "name", f"{CBC}CompanyID": "business_id"},
        }
    }
    reference: _Table = {
        f"{CBC}ID": "id",
        f"{CBC}DocumentTypeCode": "type",
        f"{CBC}DocumentDescription": "description",
        # EHF 2 and other files of UBL 2.0 describe the document here.
        f"{CBC}DocumentType": "old_description",
        f"{cac}Attachment": {
            f"{CBC}EmbeddedDocumentBinaryObject": "embedded",
            f"{cac}ExternalReference": {f"{CBC}URI": "uri"},
        },
    }
    return {
        f"{CBC}CustomizationID": "profile",
        f"{CBC}ID": "number",
        f"{CBC}IssueDate": "issue_date",
        f"{CBC}DueDate": "due_date",
        f"{CBC}InvoiceTypeCode": "type",
        f"{CBC}DocumentCurrencyCode": "currency",
        f"{CBC}BuyerReference": "buyer_reference",
        f"{cac}OrderReference": {f"{CBC}ID": "order_reference", f"{CBC}SalesOrderID": "seller_reference"},
        f"{cac}AdditionalDocumentReference": _reference(reference),
        f"{cac}AccountingSupplierParty": _party_of("seller", party),
        f"{cac}AccountingCustomerParty": _party_of("buyer", party),
        f"{cac}PaymentMeans": {
            f"{CBC}PaymentDueDate": "payment_due_date",
            f"{CBC}PaymentID": "payment_reference",
            f"{cac}PayeeFinancialAccount": {f"{CBC}ID": "account"},
        },
        f"{cac}LegalMonetaryTotal": {f"{CBC}TaxInclusiveAmount": "total", f"{CBC}PayableAmount": "payable"},
    }


_DOCUMENT = {CAC: _tables(CAC), PUF_CAC: _tables(PUF_CAC)}


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """The heading of *root*, as its sender stated it; of an invoice or a credit note only the number has to be there.

    A credit note has its due date in PaymentMeans/PaymentDueDate; an invoice may have it there, too. Where a term
    that occurs once stands several times (one PaymentMeans per account), the first is taken.

    Raises ``MissingTerm`` without a number (BT-1); ``BadValue`` for a date or amount that is none, for a value that
    is too long and for a customisation that the recognition did not see; ``UnreadableAttachment`` for too many
    attachments.
    """
    found = _walk(root, _DOCUMENT[aggregates_of(root)], {})
    get = found.get
    profile = text_of(get("profile"), "BT-24")
    if profile != recognition.profile:
        # The document must be read as what it was recognised as, or other rules are applied to it than it claims.
        raise BadValue(
            f"The document was recognised by the customisation {recognition.profile!r} and names {profile!r}; it must "
            f"be named once, among the first elements.",
            term="BT-24",
            place=f"{local_name(root)}/CustomizationID",
        )
    if local_name(root) in OTHER_DOCUMENTS:
        return other_heading(root, _attachments(root, get("references")))
    number = text_of(get("number"), "BT-1")
    if number is None:
        raise MissingTerm("The document has no number.", term="BT-1", place=f"{local_name(root)}/ID")
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
    kind = _KIND.get(recognition.syntax)
    if kind is not None:
        return kind
    # An Invoice with the type code of a credit note is one, too: VRBL has no CreditNote.
    if local_name(root) == "CreditNote" or text_of(type_code, "BT-3") in CREDIT_NOTE_TYPES:
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
    other = _NO_ATTACHMENT.get(local_name(root), frozenset())
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
