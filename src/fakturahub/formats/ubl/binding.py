"""The whole binding of EN 16931 to UBL 2.1 as one table for each document type, in the order of its schema.

Paths are those of CEN/TS 16931-3-2, which Peppol BIS, EHF and XRechnung share; PUF has them with aggregates of its
own, VRBL writes credit notes as Invoice. The table reads and writes: what a document may say stands here once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.ubl.containers import Entry, Inside, Part, Parts, steps_of
from fakturahub.formats.ubl.extensions import Extended
from fakturahub.formats.ubl.leaves import Leaf, amount, day, identifier, prose, text
from fakturahub.formats.ubl.lines import lines
from fakturahub.formats.ubl.money import Allowances, TaxTotals
from fakturahub.formats.ubl.names import CAC, CBC, PUF_CAC
from fakturahub.formats.ubl.parties import ADDRESS, BUYER, PAYEE, REPRESENTATIVE, SELLER
from fakturahub.formats.ubl.payment import Means
from fakturahub.formats.ubl.pen import Pen
from fakturahub.formats.ubl.references import InvoicingPeriod, Notes, OrderReference
from fakturahub.formats.ubl.supporting import TYPE_LIST, Additional
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step
from fakturahub.formats.walk import UNKNOWN
from fakturahub.model.invoice import Delivery, PostalAddress, PrecedingInvoice, Totals

# ISO 4217 is the only list that EN 16931 has for currencies (BR-CL-03 to 05).
_CURRENCY_LIST: Restated = frozenset(
    {("listID", "ISO4217"), ("listID", "ISO 4217 Alpha"), ("listAgencyID", "6"), ("listAgencyID", "5")}
)
_VERSIONS = frozenset({"2.0", "2.1", "2.2", "2.3", "2.4"})


@dataclass(frozen=True, slots=True)
class Version:
    """UBLVersionID, which is part of what a document is recognised as and says nothing of the invoice."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{CBC}UBLVersionID"

    def step(self, group: str, aggregates: str) -> Step:
        return _version

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        """Left out: what the customisation says includes it (UBL-CR-002)."""


def _version(walk: Reader, element: etree._Element, found: Found) -> None:
    walk.beside(element)
    value = (element.text or "").strip()
    if value and value not in _VERSIONS:
        walk.loss(element, value, UNKNOWN)


def _of_profile(plain: Leaf, said: Callable[[Pen], str | None]) -> Leaf:
    """A value that the profile has a say in."""
    tag = f"cbc:{plain.name}"

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = said(pen)
        if value is not None:
            pen.leaf(tag, value)

    return Leaf(plain.name, plain.fields, plain.reading, write)


def _read_only(plain: Leaf) -> Leaf:
    """A value that senders write here although the schema has no place for it."""
    return Leaf(plain.name, plain.fields, plain.reading, lambda pen, noun, path: None)


def _payment_terms() -> Leaf:
    """BT-20. A line that begins with # is a cash discount, and each of those ends with a line break (BR-DE-18)."""
    plain = prose("Note", "payment_terms")

    def write(pen: Pen, noun: Any, path: str) -> None:
        terms = noun.payment_terms
        if terms is not None:
            last = terms.rpartition("\n")[2]
            pen.leaf("cbc:Note", f"{terms}\n" if last.lstrip().startswith("#") else terms)

    return Leaf(plain.name, plain.fields, plain.reading, write)


def _reference(name: str, field: str) -> Inside:
    return Inside(name, (Extended(field), text("ID", field)))


_DELIVERY = Part(
    "Delivery",
    "delivery",
    Delivery,
    (
        Extended(),
        day("ActualDeliveryDate", "actual_date"),
        Inside(
            "DeliveryLocation",
            (identifier("ID", "location", "icd"), Part("Address", "address", PostalAddress, ADDRESS)),
        ),
        Inside("DeliveryParty", (Extended("party_name"), Inside("PartyName", (text("Name", "party_name"),)))),
    ),
)

_TOTALS = Part(
    "LegalMonetaryTotal",
    "totals",
    Totals,
    (
        Extended(),
        amount("LineExtensionAmount", "lines"),
        amount("TaxExclusiveAmount", "without_vat"),
        amount("TaxInclusiveAmount", "with_vat"),
        amount("AllowanceTotalAmount", "allowances"),
        amount("ChargeTotalAmount", "charges"),
        amount("PrepaidAmount", "paid"),
        amount("PayableRoundingAmount", "rounding"),
        amount("PayableAmount", "payable"),
    ),
)

_PRECEDING = Parts(
    "BillingReference",
    "preceding",
    PrecedingInvoice,
    (Extended(), Inside("InvoiceDocumentReference", (text("ID", "number"), day("IssueDate", "issue_date")))),
    required=("number",),
)

_BEGIN: tuple[Entry, ...] = (
    Extended(),
    Version(),
    _of_profile(text("CustomizationID", "specification"), lambda pen: pen.specification),
    _of_profile(text("ProfileID", "business_process"), lambda pen: pen.process),
    text("ID", "number"),
    day("IssueDate", "issue_date"),
)
_TAX_POINT = day("TaxPointDate", "tax_point_date")
_MIDDLE: tuple[Entry, ...] = (
    text("DocumentCurrencyCode", "currency", restated=_CURRENCY_LIST),
    text("TaxCurrencyCode", "accounting_currency", restated=_CURRENCY_LIST),
    text("AccountingCost", "buyer_accounting"),
    text("BuyerReference", "buyer_reference"),
    InvoicingPeriod(),
    OrderReference(),
    _PRECEDING,
    _reference("DespatchDocumentReference", "despatch_advice"),
    _reference("ReceiptDocumentReference", "receiving_advice"),
)
_TENDER = _reference("OriginatorDocumentReference", "tender")
_CONTRACT = _reference("ContractDocumentReference", "contract")
_END: tuple[Entry, ...] = (
    SELLER,
    BUYER,
    PAYEE,
    REPRESENTATIVE,
    _DELIVERY,
    Means(),
    Inside("PaymentTerms", (Extended("payment_terms"), _payment_terms())),
    Allowances(of_document=True),
    TaxTotals(),
    _TOTALS,
)


def _type_code(name: str) -> Leaf:
    return _of_profile(text(name, "type_code", restated=TYPE_LIST), lambda pen: pen.type_code)


#: root element -> what stands in it, in the order of its schema
DOCUMENTS: dict[str, tuple[Entry, ...]] = {
    "Invoice": (
        *_BEGIN,
        day("DueDate", "due_date"),
        _type_code("InvoiceTypeCode"),
        Notes(),
        _TAX_POINT,
        *_MIDDLE,
        _TENDER,
        _CONTRACT,
        Additional(),
        _reference("ProjectReference", "project"),
        *_END,
        lines("InvoiceLine", "InvoicedQuantity"),
    ),
    "CreditNote": (
        *_BEGIN,
        # Not in the schema before UBL 2.2, but seen; it is written with the means of payment.
        _read_only(day("DueDate", "due_date")),
        _TAX_POINT,
        _type_code("CreditNoteTypeCode"),
        Notes(),
        *_MIDDLE,
        _CONTRACT,
        Additional(),
        _TENDER,
        *_END,
        lines("CreditNoteLine", "CreditedQuantity"),
    ),
}

#: root element and namespace of the aggregates -> what reads its children
READING: dict[tuple[str, str], dict[str, Step]] = {
    (root, aggregates): steps_of(table, "", aggregates)
    for root, table in DOCUMENTS.items()
    for aggregates in (CAC, PUF_CAC)
}
