"""Reading the settlement of a Cross Industry Invoice: payment (BG-16), totals (BG-22), VAT breakdown (BG-23)."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.cii.leaves import (
    Found,
    Steps,
    day,
    group,
    inside,
    number,
    part,
    prose,
    put,
    ram,
    text,
    under,
)
from fakturahub.formats.cii.lines import vat
from fakturahub.formats.values import decimal_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN, Walk
from fakturahub.model.invoice import (
    CreditTransfer,
    DirectDebit,
    PaymentCard,
    PaymentInstructions,
    Totals,
    VatBreakdown,
)

#: BT-8: UNTDID 2475, which CII has, to UNTDID 2005, which EN 16931 has
TAX_POINT_CODES = {"5": "3", "29": "35", "72": "432"}


def _tax_point_code(walk: Walk, element: etree._Element, into: Found) -> None:
    walk.leaf(element)
    value = text_of(element, "BT-8")
    if value is None:
        return
    code = TAX_POINT_CODES.get(value)
    if code is None:
        walk.loss(element, value, UNKNOWN, term="BT-8")
    else:
        put(walk, element, into, "tax_point_code", code, "BT-8")


_VAT: Steps = {
    **vat("BT-118", "BT-119", "category", "rate"),
    **ram(
        {
            "CalculatedAmount": number("tax", "BT-117"),
            "BasisAmount": number("taxable", "BT-116"),
            "ExemptionReason": prose("exemption_reason", "BT-120"),
            "ExemptionReasonCode": text("exemption_code", "BT-121"),
            "TaxPointDate": day("tax_point_date", "BT-7"),
            "DueDateTypeCode": _tax_point_code,
        }
    ),
}


def vat_breakdown(walk: Walk, element: etree._Element, into: Found) -> None:
    """ApplicableTradeTax; a tax that is not VAT has no place in EN 16931."""
    mark = walk.mark()
    found = part(walk, element, _VAT)
    if found.pop("type", "VAT").upper() != "VAT":
        walk.instead(element, mark)
        return
    # CII states them with each category, EN 16931 once for the document.
    for key, term in (("tax_point_date", "BT-7"), ("tax_point_code", "BT-8")):
        if key in found:
            put(walk, element, into, key, found.pop(key), term)
    if found:
        into.setdefault("vat", []).append(VatBreakdown(**found))


_ACCOUNT: Steps = ram(
    {
        "IBANID": text("account", "BT-84"),
        "ProprietaryID": text("account", "BT-84"),
        "AccountName": text("account_name", "BT-85"),
    }
)

_MEANS: Steps = ram(
    {
        "TypeCode": text("means_code", "BT-81"),
        "Information": prose("means_text", "BT-82"),
        "ApplicableTradeSettlementFinancialCard": group(
            "card",
            ram({"ID": text("number", "BT-87"), "CardholderName": text("holder", "BT-88")}),
            PaymentCard,
            "number",
        ),
        "PayerPartyDebtorFinancialAccount": inside(
            ram({"IBANID": text("debited_account", "BT-91"), "ProprietaryID": text("debited_account", "BT-91")})
        ),
        "PayeePartyCreditorFinancialAccount": under("transfer", inside(_ACCOUNT)),
        "PayeeSpecifiedCreditorFinancialInstitution": under(
            "transfer", inside(ram({"BICID": text("provider", "BT-86")}))
        ),
    }
)


def payment_means(walk: Walk, element: etree._Element, into: Found) -> None:
    """SpecifiedTradeSettlementPaymentMeans: one for each account, all of one code (CII-SR-467)."""
    payment = walk.children(element, _MEANS, into)
    transfer = payment.pop("transfer", None)
    if not transfer:
        return
    if "account" in transfer:
        payment.setdefault("transfers", []).append(CreditTransfer(**transfer))
        return
    for value in transfer.values():
        walk.loss(element, value, UNKNOWN)


def _tax_total(walk: Walk, element: etree._Element, into: Found) -> None:
    into.setdefault("tax totals", []).append(element)


TOTALS: Steps = ram(
    {
        "LineTotalAmount": number("lines", "BT-106"),
        "ChargeTotalAmount": number("charges", "BT-108"),
        "AllowanceTotalAmount": number("allowances", "BT-107"),
        "TaxBasisTotalAmount": number("without_vat", "BT-109"),
        "TaxTotalAmount": _tax_total,
        "RoundingAmount": number("rounding", "BT-114"),
        "GrandTotalAmount": number("with_vat", "BT-112"),
        "TotalPrepaidAmount": number("paid", "BT-113"),
        "DuePayableAmount": number("payable", "BT-115"),
    }
)


def totals_by_currency(walk: Walk, totals: Found, found: Found) -> Totals:
    """*totals* with BT-110 and BT-111, which are one element: its currency tells them apart. *found* has BT-5 and 6."""
    currency, accounting = found.get("currency"), found.get("accounting_currency")
    for element in totals.pop("tax totals", ()):
        stated = (element.get("currencyID") or "").strip()
        if "vat" not in totals and stated in ("", currency):
            key, term = "vat", "BT-110"
        elif "vat_accounting" not in totals and stated and stated == accounting:
            key, term = "vat_accounting", "BT-111"
        else:
            walk.unknown(element, REPEATED if stated in ("", currency, accounting) else UNKNOWN)
            continue
        walk.leaf(element, "currencyID")
        value = decimal_of(element, term)
        if value is not None:
            totals[key] = value
    return Totals(**totals)


def payment_instructions(payment: Found) -> PaymentInstructions:
    """BG-16 of what was found; CII has the parts of the direct debit (BG-19) in three places."""
    names = {"mandate", "creditor_id", "debited_account"} & payment.keys()
    debit = {name: payment.pop(name) for name in names}
    if "transfers" in payment:
        payment["transfers"] = tuple(payment["transfers"])
    return PaymentInstructions(**payment, direct_debit=DirectDebit(**debit) if debit else None)
