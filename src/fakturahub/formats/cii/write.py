"""Writing an invoice as a Cross Industry Invoice D16B that conforms to EN 16931.

The order of elements is that of the D16B schema, of which the schema of Factur-X EN 16931 is a part. What was stated is
written as stated; a term that the invoice does not state is missing in the document, and rules say so, not this module.
"""

from __future__ import annotations

from base64 import b64encode

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.cii import names
from fakturahub.formats.cii.markup import always, attribute, container, day, encoded, leaf
from fakturahub.formats.cii.names import INVOICED_OBJECT, SUPPORTING, TENDER
from fakturahub.formats.cii.read import PROJECT_NAME
from fakturahub.formats.cii.report import Report
from fakturahub.formats.cii.write_line import line
from fakturahub.formats.cii.write_party import delivered, party, representative
from fakturahub.formats.cii.write_settlement import settlement
from fakturahub.formats.codes import NO_PLACE, RECOMPUTED
from fakturahub.formats.syntax import Writing
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import Invoice, Note, Noun, SupportingDocument

_NAMESPACES = {"rsm": names.RSM, "ram": names.RAM, "qdt": names.QDT, "udt": names.UDT}
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice'
    + "".join(f' xmlns:{prefix}="{name[1:-1]}"' for prefix, name in _NAMESPACES.items())
    + ">\n"
)

# UNTDID 1001: commercial invoice
_INVOICE = "380"
#: BT-24 of an invoice that claims nothing more
EN_16931 = "urn:cen.eu:en16931:2017"
# Specifications on top of EN 16931 that a CII document can follow; any other is that of another syntax.
_OWN = (EN_16931, "urn:factur-x.eu:", "urn:zugferd.de:", "urn:ferd:CrossIndustryDocument:", "urn:cpro.gouv.fr:")


def write(noun: Noun) -> Writing:
    """*noun* as a Cross Industry Invoice.

    BT-24 is kept where CII documents can follow it, else replaced by that of EN 16931 and reported. D16B has room for
    one preceding invoice (BG-3, issue 207 of the EN 16931 artefacts); the others are reported. The sender's own
    picture of the invoice is no supporting document and travels beside the document.

    Raises ``UnwritableDocument`` for another noun than an invoice, for an invoice without what nobody but its sender
    can say, and for a character that XML cannot carry.
    """
    if not isinstance(noun, Invoice):
        raise UnwritableDocument(f"A {type(noun).__name__} is no invoice and cannot be written as cii.")
    _complete(noun)
    stated = noun.specification
    specification = stated if stated and stated.startswith(_OWN) else EN_16931
    report = Report(specification)
    if stated and stated != specification:
        report.lose("BT-24", stated, RECOMPUTED, "specification")
    text = "".join(
        (
            _HEAD,
            _context(noun, specification),
            _exchanged(noun, report),
            "<rsm:SupplyChainTradeTransaction>\n",
            *(line(one, f"lines[{at}]", report) for at, one in enumerate(noun.lines)),
            _agreement(noun, report),
            _delivery(noun, report),
            settlement(noun, report),
            "</rsm:SupplyChainTradeTransaction>\n</rsm:CrossIndustryInvoice>\n",
        )
    )
    for extension in noun.extensions:
        report.lose(extension.name, extension.content, NO_PLACE, extension.place)
    return Writing(encoded(text), tuple(report.losses), tuple(report.files))


def _complete(invoice: Invoice) -> None:
    """Refuse what no receiver of an invoice can do without; other terms that EN 16931 asks for are for its rules."""
    for term, stated, what in (
        ("BT-1", invoice.number, "number"),
        ("BT-2", invoice.issue_date, "issue date"),
        ("BT-5", invoice.currency, "currency"),
        ("BT-115", invoice.totals.payable, "amount due for payment"),
        ("BG-25", invoice.lines, "lines"),
    ):
        if not stated and stated != 0:
            raise UnwritableDocument(f"A Cross Industry Invoice cannot do without the {what}.", term=term)
    for at, one in enumerate(invoice.lines):
        if one.amount is None:
            reason = "A Cross Industry Invoice cannot do without the net amount of a line."
            raise UnwritableDocument(reason, term="BT-131", place=f"lines[{at}].amount")


def _context(invoice: Invoice, specification: str) -> str:
    process = container("BusinessProcessSpecifiedDocumentContextParameter", leaf("ID", invoice.business_process))
    guideline = container("GuidelineSpecifiedDocumentContextParameter", leaf("ID", specification))
    return f"<rsm:ExchangedDocumentContext>\n{process}{guideline}</rsm:ExchangedDocumentContext>\n"


def _exchanged(invoice: Invoice, report: Report) -> str:
    content = "".join(
        (
            leaf("ID", invoice.number),
            leaf("TypeCode", invoice.type_code or _INVOICE),
            day("IssueDateTime", invoice.issue_date),
            *(_note(note, f"notes[{at}].subject", report) for at, note in enumerate(invoice.notes)),
        )
    )
    if not invoice.type_code:
        report.lose("BT-3", _INVOICE, RECOMPUTED, "type_code")
    return f"<rsm:ExchangedDocument>\n{content}</rsm:ExchangedDocument>\n"


def _note(note: Note, place: str, report: Report) -> str:
    subject = report.code("4451", note.subject, "BT-21", place)
    return container("IncludedNote", leaf("Content", note.text), leaf("SubjectCode", subject))


def _agreement(invoice: Invoice, report: Report) -> str:
    invoiced_object = report.identifier(invoice.object_id, "1153", "BT-18", "object_id")
    project = ""
    if invoice.project:
        project = container("SpecifiedProcuringProject", leaf("ID", invoice.project), leaf("Name", PROJECT_NAME))
    return always(
        "ApplicableHeaderTradeAgreement",
        leaf("BuyerReference", invoice.buyer_reference),
        always("SellerTradeParty", party(invoice.seller, "seller", report)),
        always("BuyerTradeParty", party(invoice.buyer, "buyer", report)),
        representative(invoice.tax_representative),
        _reference("SellerOrderReferencedDocument", invoice.sales_order),
        _reference("BuyerOrderReferencedDocument", invoice.order),
        _reference("ContractReferencedDocument", invoice.contract),
        _additional(invoice.tender, TENDER),
        _additional(invoiced_object, INVOICED_OBJECT),
        *(_supporting(one, f"supporting[{at}]", report) for at, one in enumerate(invoice.supporting)),
        project,
    )


def _reference(name: str, value: str | None) -> str:
    return container(name, leaf("IssuerAssignedID", value))


def _additional(value: str | Identifier | None, kind: str) -> str:
    if not value:
        return ""
    number, scheme = (value.value, value.scheme) if isinstance(value, Identifier) else (value, None)
    return container(
        "AdditionalReferencedDocument",
        leaf("IssuerAssignedID", number),
        leaf("TypeCode", kind),
        leaf("ReferenceTypeCode", scheme),
    )


def _supporting(document: SupportingDocument, place: str, report: Report) -> str:
    attached = document.attachment
    if document.is_picture:
        if attached is not None:
            report.files.append(attached)
        for name, term, value in (
            ("reference", "BT-122", document.reference),
            ("description", "BT-123", document.description),
            ("uri", "BT-124", document.uri),
        ):
            # The file takes its description with it.
            if value and (attached is None or value != attached.description):
                report.lose(term, value, NO_PLACE, f"{place}.{name}")
        return ""
    number = document.reference
    embedded = ""
    if attached is not None:
        # BT-122 cannot be missing: a file that came without a number is known by its name.
        number = number or attached.name
        embedded = _embedded(attached, f"{place}.attachment", report)
    return always(
        "AdditionalReferencedDocument",
        leaf("IssuerAssignedID", number),
        leaf("URIID", document.uri),
        leaf("TypeCode", SUPPORTING),
        leaf("Name", document.description or (attached.description if attached is not None else None)),
        embedded,
    )


def _embedded(attached: Attachment, place: str, report: Report) -> str:
    """BT-125; a file of a type that EN 16931 does not take travels beside the document."""
    if not report.embeddable(attached.mime):
        size = f"{len(attached.content):,} bytes"
        report.lose("BT-125", f"{attached.name} ({attached.mime}, {size})", NO_PLACE, place)
        report.files.append(attached)
        return ""
    attributes = attribute("mimeCode", attached.mime) + attribute("filename", attached.name)
    return leaf("AttachmentBinaryObject", b64encode(attached.content).decode("ascii"), attributes)


def _delivery(invoice: Invoice, report: Report) -> str:
    return always(
        "ApplicableHeaderTradeDelivery",
        delivered(invoice.delivery, report),
        _reference("DespatchAdviceReferencedDocument", invoice.despatch_advice),
        _reference("ReceivingAdviceReferencedDocument", invoice.receiving_advice),
    )
