"""How an invoice is paid, written: the reference, the accounts, EpiDetails, card, direct debit."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from fakturahub.formats.finvoice.payment import NATIONAL_PROVIDER
from fakturahub.formats.finvoice.write.sheet import AS_TEXT, RECOMPUTED, ROUNDED, Sheet, attribute
from fakturahub.model.barcodes import virtual_bar_code
from fakturahub.model.checkdigits import is_iban, is_norwegian_account, is_rf_reference, make_iban
from fakturahub.model.invoice import CreditTransfer, Invoice, PaymentInstructions

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
# NMTOKEN without the letters beyond ASCII.
_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9._:-]+")
_FIK = re.compile(r"([0-9]{2})#([0-9]*)")
# What the schema takes; one of a wrong check digit is the sender's, and is written as it was stated.
_WRONG_RF = re.compile(r"RF[0-9]{2}[0-9A-Za-z]{1,21}")
_REFERENCE = re.compile(r"[0-9]{2,20}")
_CENT = Decimal("0.01")


class Plan(msgspec.Struct, frozen=True):
    """What is decided about the payment before anything of it is written: free texts come before EpiDetails."""

    #: the accounts as they are written, an account number of Norway as its IBAN
    transfers: tuple[CreditTransfer, ...] = ()
    #: EpiRemittanceInfoIdentifier and its scheme
    reference: str | None = None
    reference_scheme: str | None = None
    #: EpiReference
    other_reference: str = ""


def plan(sheet: Sheet, invoice: Invoice) -> Plan:
    """Decide on accounts and reference; what becomes text is put with the texts of *sheet*."""
    payment = invoice.payment or PaymentInstructions()
    transfers = tuple(_account(sheet, each, number) for number, each in enumerate(payment.transfers))
    reference = payment.remittance
    if reference is None:
        return Plan(transfers)
    compact = reference.replace(" ", "")
    if is_rf_reference(compact):
        return Plan(transfers, compact.upper(), "ISO")
    if _WRONG_RF.fullmatch(compact):
        return Plan(transfers, compact, "ISO")
    seller = invoice.seller.address
    # A Norwegian KID may satisfy the Finnish check by chance: the country of the account decides.
    country = transfers[0].account[:2] if transfers else (seller.country if seller is not None else None)
    if country == "FI" and _REFERENCE.fullmatch(compact):
        return Plan(transfers, compact, "SPY")
    sheet.lose("payment.remittance", reference, AS_TEXT)
    sheet.spill.append(_reference_text(payment, reference, country))
    other = compact if _NAME_CHARACTERS.fullmatch(compact) and len(compact) <= 35 else ""
    return Plan(transfers, other_reference=other)


def _account(sheet: Sheet, transfer: CreditTransfer, number: int) -> CreditTransfer:
    account = transfer.account.replace(" ", "")
    if is_norwegian_account(account) and not (transfer.provider or "").startswith("SE:"):
        sheet.lose(f"payment.transfers[{number}].account", transfer.account, RECOMPUTED)
        account = make_iban("NO", account)
    return msgspec.structs.replace(transfer, account=account)


def _reference_text(payment: PaymentInstructions, reference: str, country: str | None) -> str:
    slip = _FIK.fullmatch(reference)
    if slip is not None and payment.transfers:
        return f"+{slip[1]}<{slip[2]}+{payment.transfers[0].account}<"
    return f"KID {reference}" if country == "NO" else f"Payment reference {reference}"


def accounts(sheet: Sheet, made: Plan) -> None:
    """SellerAccountDetails, which have a BIC: all accounts that have one, the first one once more."""
    for number, each in enumerate(made.transfers):
        values = {"account": each.account, "account_name": each.account_name, "provider": each.provider}
        same = next((one for one in made.transfers[:number] if one.account == each.account), None)
        if same is not None:
            # One account is read as one, whatever is said of it: another name, another bank become text.
            other = {field: value for field, value in values.items() if value not in (None, getattr(same, field))}
            for field, value in values.items():
                if value is not None:
                    sheet.lose(f"payment.transfers[{number}].{field}", value, AS_TEXT if field in other else RECOMPUTED)
            if other:
                sheet.spill.append(f"Account: {', '.join(filter(None, values.values()))}")
            continue
        bic = (each.provider or "").replace(" ", "").upper()
        if not _is_account(each.account) or not _BIC.fullmatch(bic):
            if number:
                place = f"payment.transfers[{number}]"
                for field, value in values.items():
                    if value is not None:
                        sheet.lose(f"{place}.{field}", value, AS_TEXT)
                sheet.spill.append(f"Account: {', '.join(filter(None, values.values()))}")
            continue
        mark = sheet.open("SellerAccountDetails")
        sheet.raw("SellerAccountID", each.account, _scheme(each.account))
        sheet.raw("SellerBic", bic, attribute("IdentificationSchemeName", "BIC"))
        sheet.text("SellerAccountName", each.account_name, f"payment.transfers[{number}].account_name", 70)
        sheet.close("SellerAccountDetails", mark)


def _is_account(account: str) -> bool:
    return len(account) <= 34 and _NAME_CHARACTERS.fullmatch(account) is not None


def _scheme(account: str) -> str:
    return attribute("IdentificationSchemeName", "IBAN" if is_iban(account) else "BBAN")


def card_and_debit(sheet: Sheet, payment: PaymentInstructions | None) -> None:
    """PaymentCardInfo and DirectDebitInfo."""
    if payment is not None and payment.card is not None and not payment.card.number.strip():
        sheet.say_all({"holder": payment.card.holder}, "payment.card")
    elif payment is not None and payment.card is not None:
        mark = sheet.open("PaymentCardInfo")
        sheet.text("PrimaryAccountNumber", payment.card.number, "payment.card.number", 19)
        sheet.text("CardHolderName", payment.card.holder, "payment.card.holder", 70)
        sheet.close("PaymentCardInfo", mark)
    debit = payment.direct_debit if payment is not None else None
    if debit is None:
        return
    mark = sheet.open("DirectDebitInfo")
    sheet.text("MandateReference", debit.mandate, "payment.direct_debit.mandate", 35)
    sheet.text("CreditorIdentifier", debit.creditor_id, "payment.direct_debit.creditor_id", 35)
    if debit.debited_account is not None:
        account = debit.debited_account.replace(" ", "")
        if _is_account(account):
            sheet.raw("DebitedAccountID", account, _scheme(account))
        else:
            sheet.say("payment.direct_debit.debited_account", debit.debited_account)
    sheet.close("DirectDebitInfo", mark)


def status(sheet: Sheet, invoice: Invoice) -> None:
    """PaymentStatusDetails, where something was paid before."""
    if invoice.totals.paid:
        code = "PAID" if invoice.totals.payable == 0 else "PARTLYPAID"
        sheet.out.append(f"<PaymentStatusDetails><PaymentStatusCode>{code}</PaymentStatusCode></PaymentStatusDetails>")


def bar_code(sheet: Sheet, invoice: Invoice, made: Plan) -> None:
    """The virtual bar code of an invoice to be paid to a Finnish account."""
    if sheet.sign < 0 or not made.transfers or invoice.currency != "EUR":
        return
    code = virtual_bar_code(made.transfers[0].account, _payable(sheet, invoice), made.reference, invoice.due_date)
    if code is not None:
        sheet.raw("VirtualBankBarcode", code)


def epi(sheet: Sheet, invoice: Invoice, made: Plan) -> None:
    """EpiDetails, which the schema requires of every document, a credit note too."""
    payment = invoice.payment or PaymentInstructions()
    first = made.transfers[0] if made.transfers else None
    mark = sheet.open("EpiDetails")
    sheet.out.append("<EpiIdentificationDetails>")
    sheet.day("EpiDate", invoice.issue_date)
    sheet.raw("EpiReference", made.other_reference)
    sheet.out.append("</EpiIdentificationDetails><EpiPartyDetails><EpiBfiPartyDetails>")
    bic = (first.provider or "").replace(" ", "").upper() if first is not None else ""
    if _BIC.fullmatch(bic):
        sheet.raw("EpiBfiIdentifier", bic, attribute("IdentificationSchemeName", "BIC"))
    elif first is not None:
        # A clearing system such as SE:BANKGIRO is no BIC; the name of the bank is the place that is left.
        if first.provider is not None and not NATIONAL_PROVIDER.fullmatch(first.provider):
            sheet.lose("payment.transfers[0].provider", first.provider, AS_TEXT)
        sheet.text("EpiBfiName", first.provider, "payment.transfers[0].provider", 35)
    sheet.out.append("</EpiBfiPartyDetails><EpiBeneficiaryPartyDetails>")
    _beneficiary(sheet, invoice, first, bic)
    sheet.out.append("</EpiBeneficiaryPartyDetails></EpiPartyDetails><EpiPaymentInstructionDetails>")
    if made.reference is not None:
        sheet.raw(
            "EpiRemittanceInfoIdentifier", made.reference, attribute("IdentificationSchemeName", made.reference_scheme)
        )
    _instructed(sheet, invoice)
    charge = "SHA" if _is_domestic(invoice, first) else "SLEV"
    sheet.raw("EpiCharge", charge, attribute("ChargeOption", charge))
    sheet.day("EpiDateOptionDate", invoice.due_date or invoice.issue_date)
    sheet.code("EpiPaymentMeansCode", payment.means_code, "payment.means_code")
    sheet.text("EpiPaymentMeansText", payment.means_text, "payment.means_text", 70)
    sheet.out.append("</EpiPaymentInstructionDetails>")
    sheet.close("EpiDetails", mark)


def _beneficiary(sheet: Sheet, invoice: Invoice, first: CreditTransfer | None, bic: str) -> None:
    paid = invoice.payee.name if invoice.payee is not None and invoice.payee.name else invoice.seller.name
    usual, shown = _shown(paid), _shown(paid)
    if first is not None and first.account_name and not _BIC.fullmatch(bic):
        # Without a BIC there are no SellerAccountDetails: the name of the account is that of who is paid.
        shown = _shown(first.account_name)
        place = "payment.transfers[0].account_name"
        if len(first.account_name) > 35:
            sheet.say(place, first.account_name)
        elif len(shown) < 2 or shown.casefold() in {usual.casefold(), _shown(invoice.seller.name).casefold()}:
            # One that says the same as the name of the company is read as that.
            sheet.say(place, first.account_name)
    if len(shown) >= 2:
        sheet.raw("EpiNameAddressDetails", shown)
    account = first.account if first is not None else None
    if account is not None and not _is_account(account):
        sheet.say("payment.transfers[0].account", account)
        account = None
    sheet.raw("EpiAccountID", account or "-", _scheme(account or ""))


def _shown(name: str | None) -> str:
    return " ".join((name or "").split())[:35].strip()


def _payable(sheet: Sheet, invoice: Invoice) -> Decimal:
    totals = invoice.totals
    if totals.payable is not None:
        return totals.payable
    return (totals.with_vat or Decimal(0)) - (totals.paid or Decimal(0)) + (totals.rounding or Decimal(0))


def _instructed(sheet: Sheet, invoice: Invoice) -> None:
    """The amount to be paid, with two decimals exactly."""
    value = _payable(sheet, invoice)
    rounded = value.quantize(_CENT, ROUND_HALF_UP)
    if rounded != value:
        sheet.lose("totals.payable", value, ROUNDED)
    sheet.amount("EpiInstructedAmount", rounded, "totals.payable")


def _is_domestic(invoice: Invoice, first: CreditTransfer | None) -> bool:
    buyer = invoice.buyer.address
    return buyer is None or first is None or buyer.country in (None, first.account[:2])
