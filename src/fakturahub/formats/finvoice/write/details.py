"""InvoiceDetails, written in the order of the schema."""

from __future__ import annotations

import re

from fakturahub.formats.finvoice import codes
from fakturahub.formats.finvoice.write.parties import code
from fakturahub.formats.finvoice.write.sheet import AS_TEXT, Sheet, is_currency
from fakturahub.model.invoice import AllowanceCharge, Invoice, Note, PrecedingInvoice, VatBreakdown

_SUBJECT = re.compile(r"[A-Z]{3}")
_EXEMPTION = re.compile(r"[A-Za-z0-9-]{1,20}")
_TERMS_WIDTH, _TERMS_LINES = 70, 2


def details(sheet: Sheet, invoice: Invoice) -> None:
    """The element and all in it; texts that fit nowhere else are among its free texts."""
    mark = sheet.open("InvoiceDetails")
    _type(sheet, invoice)
    sheet.object_id("InvoicedObjectID", invoice.object_id, "object_id")
    number = invoice.number or ""
    if len(number) > 20:
        sheet.say("number", number, f"Invoice number {number}")
    sheet.text("InvoiceNumber", number[:20], "number", 20)
    sheet.day("InvoiceDate", invoice.issue_date)
    _preceding(sheet, invoice.preceding)
    if invoice.period is not None:
        sheet.day("InvoicingPeriodStartDate", invoice.period.start)
        sheet.day("InvoicingPeriodEndDate", invoice.period.end)
    sheet.text("SellerReferenceIdentifier", invoice.sales_order, "sales_order", 70)
    if len(invoice.buyer.identifiers) > 1:
        code(sheet, "SellersBuyerIdentifier", invoice.buyer.identifiers[1], "buyer.identifiers[1]")
    sheet.text("OrderIdentifier", invoice.order, "order", 70)
    sheet.text("AgreementIdentifier", invoice.contract, "contract", 70)
    sheet.text("BuyerReferenceIdentifier", invoice.buyer_reference, "buyer_reference", 70)
    sheet.text("ProjectReferenceIdentifier", invoice.project, "project", 70)
    free = _definitions(sheet, invoice.notes)
    _totals(sheet, invoice)
    sheet.text("AccountDimensionText", invoice.buyer_accounting, "buyer_accounting", 35)
    _tax_point(sheet, invoice)
    for place, part in enumerate(invoice.vat):
        _vat(sheet, part, f"vat[{place}]")
    terms = _terms(sheet, invoice.payment_terms)
    for where, text in free:
        sheet.pieces("InvoiceFreeText", text, where, 512)
    sheet.texts_here()
    inner = sheet.open("PaymentTermsDetails")
    for line in terms:
        sheet.raw("PaymentTermsFreeText", line)
    sheet.day("InvoiceDueDate", invoice.due_date)
    sheet.close("PaymentTermsDetails", inner)
    for number_of, each in enumerate(invoice.allowances):
        _allowance(sheet, "DiscountDetails", "FreeText", each, f"allowances[{number_of}]")
    for number_of, each in enumerate(invoice.charges):
        _allowance(sheet, "ChargeDetails", "ReasonText", each, f"charges[{number_of}]")
    sheet.text("TenderReference", invoice.tender, "tender", 70)
    sheet.close("InvoiceDetails", mark)


def _type(sheet: Sheet, invoice: Invoice) -> None:
    finvoice = codes.code_of(invoice.type_code)
    sheet.raw("InvoiceTypeCode", finvoice)
    sheet.code("InvoiceTypeCodeUN", invoice.type_code, "type_code", in_words=False)
    sheet.raw("InvoiceTypeText", codes.title_of(finvoice))
    sheet.raw("OriginCode", "Original")


def _preceding(sheet: Sheet, preceding: tuple[PrecedingInvoice, ...]) -> None:
    """The first in two elements, further ones each in one; a number that is too long is said in words."""
    fitting: list[PrecedingInvoice] = []
    for place, each in enumerate(preceding):
        if len(each.number) > 20:
            where = f"preceding[{place}]"
            sheet.lose(f"{where}.number", each.number, AS_TEXT)
            dated = f" of {each.issue_date.isoformat()}" if each.issue_date else ""
            if each.issue_date is not None:
                sheet.lose(f"{where}.issue_date", each.issue_date, AS_TEXT)
            sheet.spill.append(f"Preceding invoice {each.number}{dated}")
        else:
            fitting.append(each)
    for place, each in enumerate(fitting):
        if place == 0:
            sheet.raw("OriginalInvoiceNumber", each.number)
            sheet.day("OriginalInvoiceDate", each.issue_date)
        else:
            mark = sheet.open("OriginalInvoiceReference")
            sheet.raw("InvoiceNumber", each.number)
            sheet.day("InvoiceDate", each.issue_date)
            sheet.close("OriginalInvoiceReference", mark)


def _definitions(sheet: Sheet, notes: tuple[Note, ...]) -> list[tuple[str, str]]:
    """Write short notes with a subject; the others are returned as free texts, each with its place."""
    free = []
    for number, note in enumerate(notes):
        place = f"notes[{number}].text"
        subject = note.subject
        if subject is not None and not _SUBJECT.fullmatch(subject):
            sheet.say(f"notes[{number}].subject", subject)
            subject = None
        if subject is None:
            free.append((place, note.text))
        elif len(note.text) <= 70 and note.text.strip():
            mark = sheet.open("DefinitionDetails")
            sheet.raw("DefinitionHeaderText", "", f' DefinitionCode="{subject}"')
            sheet.raw("DefinitionValue", note.text)
            sheet.close("DefinitionDetails", mark)
        else:
            # As UBL writes a subject (EN 16931 binding): nothing else in Finvoice has room for both.
            free.append((place, f"#{subject}#{note.text}"))
    return free


def _totals(sheet: Sheet, invoice: Invoice) -> None:
    totals = invoice.totals
    sheet.amount("RowsTotalVatExcludedAmount", totals.lines, "totals.lines")
    sheet.amount("DiscountsTotalVatExcludedAmount", totals.allowances, "totals.allowances")
    sheet.amount("ChargesTotalVatExcludedAmount", totals.charges, "totals.charges")
    sheet.amount("InvoiceTotalVatExcludedAmount", totals.without_vat, "totals.without_vat")
    sheet.amount("InvoiceTotalVatAmount", totals.vat, "totals.vat")
    currency = invoice.accounting_currency
    if totals.vat_accounting is not None and currency is not None and is_currency(currency):
        sheet.amount(
            "InvoiceTotalVatAccountingAmount", totals.vat_accounting, "totals.vat_accounting", currency=currency
        )
    else:
        sheet.lose_all({"accounting_currency": currency}, "")
        sheet.lose_all({"vat_accounting": totals.vat_accounting}, "totals")
    sheet.amount("InvoiceTotalVatIncludedAmount", totals.with_vat, "totals.with_vat")
    sheet.amount("InvoiceTotalRoundoffAmount", totals.rounding, "totals.rounding")
    sheet.amount("InvoicePaidAmount", totals.paid, "totals.paid")


def _tax_point(sheet: Sheet, invoice: Invoice) -> None:
    """The date or the code: an invoice has one of both (BR-CO-3), and so has the schema."""
    mark = sheet.open("VatPoint")
    if invoice.tax_point_date is not None:
        sheet.day("VatPointDate", invoice.tax_point_date)
        if invoice.tax_point_code is not None:
            sheet.say("tax_point_code", invoice.tax_point_code)
    else:
        sheet.code("VatPointDateCode", invoice.tax_point_code, "tax_point_code")
    sheet.close("VatPoint", mark)


def _vat(sheet: Sheet, part: VatBreakdown, place: str) -> None:
    mark = sheet.open("VatSpecificationDetails")
    sheet.amount("VatBaseAmount", part.taxable, f"{place}.taxable")
    sheet.percent("VatRatePercent", part.rate, f"{place}.rate")
    sheet.code("VatCode", part.category, f"{place}.category", in_words=False)
    sheet.amount("VatRateAmount", part.tax, f"{place}.tax")
    sheet.pieces("VatFreeText", part.exemption_reason, f"{place}.exemption_reason", 70, 3)
    if part.exemption_code is not None:
        if _EXEMPTION.fullmatch(part.exemption_code):
            sheet.raw("VatExemptionReasonCode", part.exemption_code)
        else:
            sheet.say(f"{place}.exemption_code", part.exemption_code)
    sheet.close("VatSpecificationDetails", mark)


def _terms(sheet: Sheet, terms: str | None) -> list[str]:
    """The payment terms in two lines; longer ones are a free text, too."""
    if terms is None or not (terms := terms.strip()):
        return []
    lines = [
        piece
        for line in terms.splitlines()
        for piece in (line[at : at + _TERMS_WIDTH] for at in range(0, len(line), _TERMS_WIDTH))
        if not piece.isspace()
    ]
    # A line that fills its element goes on in the next one, and so is none of its own.
    joined = any(line and len(line) % _TERMS_WIDTH == 0 for line in terms.splitlines()[:-1])
    if len(lines) > _TERMS_LINES or joined:
        sheet.say("payment_terms", terms, terms)
    return lines[:_TERMS_LINES]


def _allowance(sheet: Sheet, tag: str, reason: str, each: AllowanceCharge, place: str) -> None:
    mark = sheet.open(tag)
    sheet.text(reason, each.reason, f"{place}.reason", 70)
    sheet.code("ReasonCode", each.reason_code, f"{place}.reason_code")
    sheet.percent("Percent", each.percent, f"{place}.percent")
    sheet.amount("Amount", each.amount, f"{place}.amount")
    sheet.amount("BaseAmount", each.base, f"{place}.base")
    sheet.code("VatCategoryCode", each.vat_category, f"{place}.vat_category", in_words=False)
    sheet.percent("VatRatePercent", each.vat_rate, f"{place}.vat_rate")
    sheet.close(tag, mark)
