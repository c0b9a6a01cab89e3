"""InvoiceDetails: number, dates, references, totals, VAT, notes, discounts and charges of the document."""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from fakturahub.formats.finvoice import codes
from fakturahub.formats.finvoice.leaves import (
    CODE_UNKNOWN,
    NO_PLACE,
    Document,
    Found,
    Step,
    Steps,
    amount,
    day,
    identifier,
    inside,
    money,
    number,
    several,
    stated,
    text,
    under,
    words,
)
from fakturahub.formats.finvoice.parties import code
from fakturahub.formats.finvoice.payment import TERMS
from fakturahub.formats.finvoice.vat import category_of
from fakturahub.model.invoice import AllowanceCharge, Note, VatBreakdown

# UNTDID 4451 has three letters; energy companies have lists of their own (E1001).
_SUBJECT = re.compile(r"[A-Z]{3}")
# The form in which UBL carries BT-21, and which Finvoice carries where a note is too long for DefinitionValue.
_MARKED = re.compile(r"#([A-Z]{3})#(.*)", re.DOTALL)


def _type_code(doc: Document, element: etree._Element, into: Found) -> None:
    doc.leaf(element, "CodeListAgencyIdentifier")
    value = stated(element)
    if value is not None:
        into["type"] = value
        into["type_element"] = element


def _type_text(doc: Document, element: etree._Element, into: Found) -> None:
    """The printed title, kept where it says something else than the code."""
    value = stated(element)
    if value is not None and value.upper() not in codes.TITLES:
        doc.keep(element, NO_PLACE)
    else:
        doc.leaf(element)


def _origin(doc: Document, element: etree._Element, into: Found) -> None:
    value = stated(element)
    if value is None or value == "Original":
        doc.leaf(element)
    else:
        doc.keep(element, NO_PLACE)
        doc.find(element, "origin", f"The document is marked as {value[:20]}.", "BT-3")


def _definition(doc: Document, element: etree._Element, into: Found) -> None:
    """DefinitionDetails: a note with a subject code; a name and a value of the sender's own list are kept."""
    header, value = element.find("DefinitionHeaderText"), element.find("DefinitionValue")
    said = stated(value) if value is not None else None
    subject = (header.get("DefinitionCode") or "").strip() if header is not None else ""
    if subject and said is not None and _is_plain_note(element, header, value) and _SUBJECT.fullmatch(subject):
        into.setdefault("notes", []).append(Note(text=said, subject=subject))
    else:
        doc.keep(element)


def _is_plain_note(element: etree._Element, header: etree._Element | None, value: etree._Element | None) -> bool:
    """Whether there is nothing but a code and a text, as the writer writes a note."""
    if header is None or value is None or stated(header) is not None or len(element) != 2 or element.attrib:
        return False
    return not (value.attrib or len(value) or len(header)) and len(header.attrib) == 1


def _accounting_amount(doc: Document, element: etree._Element, into: Found) -> None:
    """BT-111, whose currency is BT-6 and not that of the document."""
    value = money(doc, element, "BT-111", any_currency=True)
    currency = (element.get("AmountCurrencyIdentifier") or "").strip()
    if value is not None:
        doc.put(element, into.setdefault("totals", {}), "vat_accounting", value, "BT-111")
        if currency:
            doc.put(element, into, "accounting_currency", currency, "BT-6")


_VAT: Steps = {
    "VatBaseAmount": amount("taxable", "BT-116"),
    "VatRatePercent": number("rate", "BT-119"),
    "VatCode": text("code", "BT-118"),
    "VatRateAmount": amount("tax", "BT-117"),
    "VatFreeText": words("reason", 70, "BT-120"),
    "VatExemptionReasonCode": text("exemption_code", "BT-121"),
}


def _vat(doc: Document, element: etree._Element, into: Found) -> None:
    """One part of the VAT breakdown, or the VAT in the accounting currency, which is no part of any sum."""
    tax = element.find("VatRateAmount")
    if tax is not None and tax.get("AmountCurrencyIdentifier") not in (None, doc.currency):
        _accounting_amount(doc, tax, into)
        if len(element) > 1:
            doc.keep(element, NO_PLACE)
        return
    found = doc.take(element, _VAT, {})
    if found:
        into.setdefault("vat", []).append((element, found))


def breakdown_of(doc: Document, parts: list[tuple[etree._Element, Found]]) -> tuple[VatBreakdown, ...]:
    """The VAT breakdown. "Not subject to VAT" beside other categories is read as exempt (BR-O-11 allows no other)."""
    made = []
    for element, found in parts:
        reason = "\n".join(line.strip() for line in found.get("reason", ())) or None
        category = category_of(doc, element, found.get("code"), found.get("rate"), reason, "BT-118")
        if category == "O" and len(parts) > 1:
            doc.loss(element, "O", CODE_UNKNOWN, term="BT-118")
            category = "E"
        made.append(
            VatBreakdown(
                taxable=found.get("taxable"),
                tax=found.get("tax"),
                category=category,
                rate=found.get("rate"),
                exemption_reason=reason,
                exemption_code=found.get("exemption_code"),
            )
        )
    return tuple(made)


def _preceding(doc: Document, element: etree._Element, into: Found) -> None:
    found = doc.take(element, {"InvoiceNumber": text("number", "BT-25"), "InvoiceDate": day("issue_date", "BT-26")}, {})
    if "number" in found:
        into.setdefault("preceding", []).append(found)
    elif found:
        doc.unknown(element)


def _part(prefix: int, reason: str) -> dict[str, Step]:
    return {
        reason: text("reason", f"BT-{prefix + 5}"),
        "ReasonCode": text("reason_code", f"BT-{prefix + 6}"),
        "Percent": number("percent", f"BT-{prefix + 2}"),
        "Amount": amount("amount", f"BT-{prefix}"),
        "BaseAmount": amount("base", f"BT-{prefix + 1}"),
        "VatCategoryCode": text("vat_category", f"BT-{prefix + 3}"),
        "VatRatePercent": number("vat_rate", f"BT-{prefix + 4}"),
    }


def allowances_of(doc: Document, parts: list[Found]) -> tuple[AllowanceCharge, ...]:
    """Discounts or charges of the document; one without an amount is reported."""
    made = []
    for found in parts:
        element = found.pop("element")
        if "amount" in found:
            made.append(AllowanceCharge(**found))
        else:
            doc.keep(element)
    return tuple(made)


def _total(name: str, key: str, term: str) -> dict[str, Step]:
    return {name: under("totals", amount(key, term))}


DETAILS: Steps = {
    "InvoiceTypeCode": _type_code,
    "InvoiceTypeCodeUN": text("type_un", "BT-3"),
    "InvoiceTypeText": _type_text,
    "OriginCode": _origin,
    "InvoicedObjectID": identifier("object_id", "BT-18"),
    "InvoiceNumber": text("number", "BT-1"),
    "InvoiceDate": day("issue_date", "BT-2"),
    "OriginalInvoiceNumber": under("first_preceding", text("number", "BT-25")),
    "OriginalInvoiceDate": under("first_preceding", day("issue_date", "BT-26")),
    "OriginalInvoiceReference": _preceding,
    "InvoicingPeriodStartDate": under("period", day("start", "BT-73")),
    "InvoicingPeriodEndDate": under("period", day("end", "BT-74")),
    "SellerReferenceIdentifier": text("sales_order", "BT-14"),
    "BuyersSellerIdentifier": under("seller", code("BT-29")),
    "SellersBuyerIdentifier": under("buyer", code("BT-46")),
    "OrderIdentifier": text("order", "BT-13"),
    "AgreementIdentifier": text("contract", "BT-12"),
    "BuyerReferenceIdentifier": text("buyer_reference", "BT-10"),
    "ProjectReferenceIdentifier": text("project", "BT-11"),
    "TenderReference": text("tender", "BT-17"),
    "DefinitionDetails": _definition,
    "AccountDimensionText": text("buyer_accounting", "BT-19"),
    **_total("RowsTotalVatExcludedAmount", "lines", "BT-106"),
    **_total("DiscountsTotalVatExcludedAmount", "allowances", "BT-107"),
    **_total("ChargesTotalVatExcludedAmount", "charges", "BT-108"),
    **_total("InvoiceTotalVatExcludedAmount", "without_vat", "BT-109"),
    **_total("InvoiceTotalVatAmount", "vat", "BT-110"),
    **_total("InvoiceTotalVatIncludedAmount", "with_vat", "BT-112"),
    **_total("InvoiceTotalRoundoffAmount", "rounding", "BT-114"),
    **_total("InvoicePaidAmount", "paid", "BT-113"),
    "InvoiceTotalVatAccountingAmount": _accounting_amount,
    "VatPoint": inside(
        {"VatPointDate": day("tax_point_date", "BT-7"), "VatPointDateCode": text("tax_point_code", "BT-8")}
    ),
    "VatSpecificationDetails": _vat,
    "InvoiceFreeText": words("free_text", 512, "BT-22"),
    "InvoiceVatFreeText": words("vat_free_text", 70, "BT-22"),
    "PaymentTermsDetails": inside(TERMS),
    "DiscountDetails": several("discounts", _part(92, "FreeText")),
    "ChargeDetails": several("charges", _part(99, "ReasonText")),
}


def notes_of(found: Found) -> tuple[Note, ...]:
    """The notes: those with a subject, and the free texts."""
    notes: list[Note] = list(found.get("notes", ()))
    for key in ("free_text", "vat_free_text"):
        for raw in found.get(key, ()):
            marked = _MARKED.fullmatch(raw.strip())
            if marked is not None and marked[2].strip():
                notes.append(Note(text=marked[2].strip(), subject=marked[1]))
            else:
                notes.append(Note(text=raw.strip()))
    return tuple(notes)


def sum_of_lines(amounts: list[Decimal | None]) -> Decimal | None:
    """The sum where each line has an amount; files before 3.0 do not state it (BT-106)."""
    known = [each for each in amounts if each is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None
