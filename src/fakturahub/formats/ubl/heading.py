"""The heading of a document of the UBL family, by one walk over the elements that hold it and no others.

Paths are those of the EN 16931 binding to UBL 2.1 (CEN/TS 16931-3-2), with the older places that real files use. The
walk meets each child once and looks it up by its qualified name, which is four times as fast as asking for each path.
"""

from __future__ import annotations

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm
from fakturahub.formats.embedded import too_many
from fakturahub.formats.headings import (
    BUYER_TERMS,
    SELLER_TERMS,
    Found,
    Table,
    Take,
    attachment_of,
    email_of,
    identification,
    look,
    party_of,
    postal_of,
)
from fakturahub.formats.ubl.documents import OTHER_DOCUMENTS, other_heading
from fakturahub.formats.ubl.names import CAC, CBC, PUF_CAC, SEPA, aggregates_of, local_name
from fakturahub.formats.values import date_of, decimal_of, text_of
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import AttachmentHeading, Heading, Kind, Recognition
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

# Documents of Norway that are written as UBL invoices and are none.
_KIND = {"ehf-reminder": Kind.REMINDER, "ehf-payment-request": Kind.OTHER}
# The tax scheme VAT, and its name in OIOUBL (Moms).
_VAT = frozenset({"VAT", "63"})
# AdditionalDocumentReference also holds the invoiced object (BT-18) and, in a credit note, the project (BT-11).
_NO_ATTACHMENT = {"Invoice": frozenset({"130"}), "CreditNote": frozenset({"130", "50"})}


def _identification(element: etree._Element, found: Found) -> None:
    number = look(element, _IDENTIFICATION, {}).get("id")
    # The scheme SEPA marks the creditor identifier of a direct debit (BT-90), which names no party.
    if number is not None and (number.get("schemeID") or "").strip() != SEPA:
        identification(number, found)


def _vat_number(table: Table) -> Take:
    def take(element: etree._Element, found: Found) -> None:
        scheme = look(element, table, {})
        if "scheme" in scheme and (scheme["scheme"].text or "").strip().upper() in _VAT and "id" in scheme:
            found.setdefault("vat", scheme["id"])

    return take


def _first(role: str, table: Table) -> Take:
    def take(element: etree._Element, found: Found) -> None:
        if role not in found:
            found[role] = look(element, table, {})

    return take


def _postal(table: Table) -> Take:
    def take(element: etree._Element, found: Found) -> None:
        if "postal" not in found:
            found["postal"] = postal = look(element, table, {})
            if "country" in postal:
                found["country"] = postal.pop("country")

    return take


def _reference(table: Table) -> Take:
    def take(element: etree._Element, found: Found) -> None:
        references = found.setdefault("references", [])
        if len(references) == ATTACHMENT.count:
            raise too_many(element)
        references.append(look(element, table, {}))

    return take


_IDENTIFICATION: Table = {f"{CBC}ID": "id"}


def _tables(cac: str) -> Table:
    """What is looked for in a document whose aggregates are in the namespace *cac*."""
    country: Table = {f"{cac}Country": {f"{CBC}IdentificationCode": "country"}}
    party: Table = {
        f"{CBC}EndpointID": "endpoint",
        f"{cac}PartyIdentification": _identification,
        f"{cac}PartyName": {f"{CBC}Name": "trading_name"},
        f"{cac}PostalAddress": country,
        f"{cac}PartyTaxScheme": _vat_number({f"{CBC}CompanyID": "id", f"{cac}TaxScheme": {f"{CBC}ID": "scheme"}}),
        f"{cac}PartyLegalEntity": {f"{CBC}RegistrationName": "name", f"{CBC}CompanyID": "business_id"},
    }
    address: Table = {
        f"{CBC}StreetName": "line1",
        # Denmark writes the number of the house beside its street.
        f"{CBC}BuildingNumber": "house",
        f"{CBC}AdditionalStreetName": "line2",
        f"{CBC}CityName": "city",
        f"{CBC}PostalZone": "post_code",
        f"{CBC}CountrySubentity": "subdivision",
        f"{cac}AddressLine": {f"{CBC}Line": "line3"},
    }
    # Where it can be sent on paper or by e-mail is asked of the buyer only.
    buyer: Table = {
        **party,
        f"{cac}PostalAddress": _postal({**address, **country}),
        f"{cac}Contact": {f"{CBC}ElectronicMail": "email"},
    }
    # Where the party's own contact has no mail address, that of its accounts counts in PUF (specs/pagero.md, 8).
    contact: Table = {f"{cac}AccountingContact": {f"{CBC}ElectronicMail": "email"}} if cac == PUF_CAC else {}
    reference: Table = {
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
        f"{cac}AccountingSupplierParty": _first("seller", {f"{cac}Party": party}),
        f"{cac}AccountingCustomerParty": _first("buyer", {f"{cac}Party": buyer, **contact}),
        f"{cac}PaymentMeans": {
            f"{CBC}PaymentDueDate": "payment_due_date",
            f"{CBC}PaymentID": "payment_reference",
            f"{cac}PayeeFinancialAccount": {f"{CBC}ID": "account"},
        },
        f"{cac}LegalMonetaryTotal": {
            f"{CBC}TaxExclusiveAmount": "net",
            f"{CBC}TaxInclusiveAmount": "total",
            f"{CBC}PayableAmount": "payable",
        },
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
    found = look(root, _DOCUMENT[aggregates_of(root)], {})
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
        attachments=_attachments(root, get("references")),
        buyer_email=email_of(get("buyer")),
        buyer_address=postal_of(get("buyer")),
    )


def _kind(root: etree._Element, type_code: etree._Element | None, recognition: Recognition) -> Kind:
    kind = _KIND.get(recognition.syntax)
    if kind is not None:
        return kind
    # An Invoice with the type code of a credit note is one, too: VRBL has no CreditNote.
    if local_name(root) == "CreditNote" or text_of(type_code, "BT-3") in CREDIT_NOTE_TYPES:
        return Kind.CREDIT_NOTE
    return Kind.INVOICE


def _attachments(root: etree._Element, references: list[Found] | None) -> tuple[AttachmentHeading, ...]:
    if references is None:
        return ()
    other = _NO_ATTACHMENT.get(local_name(root), frozenset())
    return tuple(
        attachment_of(found)
        for found in references
        if "embedded" in found or "uri" in found or text_of(found.get("type"), "BT-18") not in other
    )
