"""Writing the settlement of a Cross Industry Invoice: payment (BG-16), VAT (BG-23), totals (BG-22)."""

from __future__ import annotations

import re

from fakturahub.formats.cii.markup import always, amount, attribute, container, day, leaf, number
from fakturahub.formats.cii.report import Report
from fakturahub.formats.cii.settlement import TAX_POINT_CODES
from fakturahub.formats.cii.write_line import allowances, period
from fakturahub.formats.cii.write_party import payee
from fakturahub.formats.codes import CARDINALITY, CODE_UNKNOWN, NO_PLACE, RECOMPUTED
from fakturahub.model.invoice import CreditTransfer, DirectDebit, Invoice, PaymentInstructions

_TAX_POINT_CODES = {code: cii for cii, code in TAX_POINT_CODES.items()}
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
# Cash discounts and fees for delay in payment terms: each line of them ends with a line break (BR-DE-18).
_TERM_BY_LINE = re.compile(r"#(?:SKONTO|VERZUG)#[^\n]*#\Z")
# UNTDID 4461
_CREDIT_TRANSFER, _CARD, _DIRECT_DEBIT, _NOT_DEFINED = "30", "48", "49", "1"


def settlement(invoice: Invoice, report: Report) -> str:
    """ApplicableHeaderTradeSettlement."""
    payment = invoice.payment or PaymentInstructions()
    debit = payment.direct_debit or DirectDebit()
    return always(
        "ApplicableHeaderTradeSettlement",
        leaf("CreditorReferenceID", debit.creditor_id),
        leaf("PaymentReference", payment.remittance),
        leaf("TaxCurrencyCode", _accounting_currency(invoice, report)),
        leaf("InvoiceCurrencyCode", invoice.currency),
        payee(invoice.payee, report),
        *_means(payment, debit, report),
        *_vat(invoice, report),
        period(invoice.period),
        allowances(invoice.allowances, "allowances", report),
        allowances(invoice.charges, "charges", report),
        container(
            "SpecifiedTradePaymentTerms",
            leaf("Description", _terms(invoice.payment_terms)),
            day("DueDateDateTime", invoice.due_date),
            leaf("DirectDebitMandateID", debit.mandate),
        ),
        _totals(invoice, report),
        _preceding(invoice, report),
        container("ReceivableSpecifiedTradeAccountingAccount", leaf("ID", invoice.buyer_accounting)),
    )


def _accounting_currency(invoice: Invoice, report: Report) -> str | None:
    """BT-6, which has to be another one than BT-5 in CII (BR-53)."""
    if invoice.accounting_currency is None or invoice.accounting_currency != invoice.currency:
        return invoice.accounting_currency
    report.lose("BT-6", invoice.accounting_currency, NO_PLACE, "accounting_currency")
    return None


def _means(payment: PaymentInstructions, debit: DirectDebit, report: Report) -> list[str]:
    """SpecifiedTradeSettlementPaymentMeans, one for each account; card and account of the payer stand in the first."""
    card = ""
    if payment.card is not None:
        card = container(
            "ApplicableTradeSettlementFinancialCard",
            leaf("ID", payment.card.number),
            leaf("CardholderName", payment.card.holder),
        )
    once = card + container("PayerPartyDebtorFinancialAccount", leaf("IBANID", debit.debited_account))
    information = leaf("Information", payment.means_text)
    accounts = [_account(transfer) for transfer in payment.transfers] or [""]
    if not (payment.means_code or information or once or payment.transfers):
        return []
    code = leaf("TypeCode", payment.means_code or _means_code(payment, debit, report))
    return [
        always("SpecifiedTradeSettlementPaymentMeans", code, information, "" if at else once, account)
        for at, account in enumerate(accounts)
    ]


def _means_code(payment: PaymentInstructions, debit: DirectDebit, report: Report) -> str:
    """BT-81 of an instruction without one: the schema requires it, and what is stated tells it."""
    if payment.transfers:
        code = _CREDIT_TRANSFER
    elif payment.card is not None:
        code = _CARD
    elif debit.debited_account is not None:
        code = _DIRECT_DEBIT
    else:
        code = _NOT_DEFINED
    report.lose("BT-81", code, RECOMPUTED, "payment.means_code")
    return code


def _account(transfer: CreditTransfer) -> str:
    iban = _IBAN.fullmatch(transfer.account) is not None
    return container(
        "PayeePartyCreditorFinancialAccount",
        leaf("IBANID", transfer.account) if iban else "",
        leaf("AccountName", transfer.account_name),
        "" if iban else leaf("ProprietaryID", transfer.account),
    ) + container("PayeeSpecifiedCreditorFinancialInstitution", leaf("BICID", transfer.provider))


def _vat(invoice: Invoice, report: Report) -> list[str]:
    """ApplicableTradeTax of each category; the tax point (BT-7, BT-8) stands at the first (CII-SR-461)."""
    code = None
    if invoice.tax_point_code is not None:
        code = _TAX_POINT_CODES.get(invoice.tax_point_code)
        if code is None:
            report.lose("BT-8", invoice.tax_point_code, CODE_UNKNOWN, "tax_point_code")
    date = day("TaxPointDate", invoice.tax_point_date, "udt:DateString")
    point = date + leaf("DueDateTypeCode", code)
    if point and not invoice.vat:
        # The schema has no tax without a category.
        for term, field in (("BT-7", "tax_point_date"), ("BT-8", "tax_point_code")):
            value = getattr(invoice, field)
            if value is not None and (field == "tax_point_date" or code is not None):
                report.lose(term, str(value), NO_PLACE, field)
    return [
        always(
            "ApplicableTradeTax",
            amount("CalculatedAmount", one.tax),
            leaf("TypeCode", "VAT"),
            leaf("ExemptionReason", one.exemption_reason),
            amount("BasisAmount", one.taxable),
            leaf("CategoryCode", one.category),
            leaf("ExemptionReasonCode", one.exemption_code),
            "" if at else point,
            number("RateApplicablePercent", one.rate),
        )
        for at, one in enumerate(invoice.vat)
    ]


def _terms(stated: str | None) -> str | None:
    return f"{stated}\n" if stated and _TERM_BY_LINE.search(stated) else stated


def _totals(invoice: Invoice, report: Report) -> str:
    totals, currency, accounting = invoice.totals, invoice.currency, invoice.accounting_currency
    second = ""
    if totals.vat_accounting is not None:
        # Its currency is all that tells it from BT-110.
        if accounting is None or accounting == currency:
            why = NO_PLACE if accounting is None else CARDINALITY
            report.lose("BT-111", f"{totals.vat_accounting:f}", why, "totals.vat_accounting")
        else:
            second = amount("TaxTotalAmount", totals.vat_accounting, attribute("currencyID", accounting))
    return always(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        amount("LineTotalAmount", totals.lines),
        amount("ChargeTotalAmount", totals.charges),
        amount("AllowanceTotalAmount", totals.allowances),
        amount("TaxBasisTotalAmount", totals.without_vat),
        amount("TaxTotalAmount", totals.vat, attribute("currencyID", currency)),
        second,
        amount("RoundingAmount", totals.rounding),
        amount("GrandTotalAmount", totals.with_vat),
        amount("TotalPrepaidAmount", totals.paid),
        amount("DuePayableAmount", totals.payable),
    )


def _preceding(invoice: Invoice, report: Report) -> str:
    for at, one in enumerate(invoice.preceding[1:], 1):
        report.lose("BT-25", one.number, CARDINALITY, f"preceding[{at}].number")
        if one.issue_date is not None:
            place = f"preceding[{at}].issue_date"
            report.lose("BT-26", one.issue_date.isoformat(), CARDINALITY, place)
    if not invoice.preceding:
        return ""
    first = invoice.preceding[0]
    return container(
        "InvoiceReferencedDocument",
        leaf("IssuerAssignedID", first.number),
        day("FormattedIssueDateTime", first.issue_date, "qdt:DateTimeString"),
    )
