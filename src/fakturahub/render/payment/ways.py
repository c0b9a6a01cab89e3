"""The ways in which a document can be paid: what the sender stated, as the data of a block without any words.

The account (BT-84) with its institution (BT-86), the means (BT-81) and the reference (BT-83) decide. A code line, bar
code or QR code is made where all that it says is known, and only for an amount to pay: a credit note states accounts
but asks for nothing. Numbers are grouped as people of the country write them; check digits of the sender's numbers are
looked at, never corrected.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from fakturahub.model.barcodes import virtual_bar_code
from fakturahub.model.checkdigits import is_iban, is_kid, is_rf_reference
from fakturahub.model.invoice import CreditTransfer, DirectDebit, Invoice, PaymentCard, PaymentInstructions
from fakturahub.model.reminder import Billed
from fakturahub.render.payment import danish, epc, finnish, norwegian, swedish
from fakturahub.render.payment.code128 import code128c
from fakturahub.render.payment.grouping import from_the_left

#: accounts of one document that get a block; real ones have one to four
MOST_WAYS = 8

#: a text, an amount in the currency of the document, or a date, to be written in the language of the page
Value = str | Decimal | date


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to pay.

    ``kind`` is one of ``PaymentBlock``: ``transfer``, ``qr`` (a transfer with a QR code), ``giro-no``, ``giro-se``,
    ``giro-dk``, ``barcode-fi``, ``text``. Names of fields: ``payee``, ``iban``, ``account``, ``bic``, ``bankgiro``,
    ``plusgiro``, ``creditor``, ``kid``, ``ocr``, ``reference``, ``message``, ``card``, ``holder``, ``mandate``,
    ``creditor_id``, ``debited_account``, ``means``, ``due``, ``amount``.
    """

    kind: str
    #: names and values, in the order in which they are read
    fields: tuple[tuple[str, Value], ...]
    #: what a machine or a clerk reads, character by character
    lines: tuple[str, ...] = ()
    #: what a bar code says
    digits: str = ""
    #: widths of the bars and blanks of a bar code in modules, a bar first, without quiet zones
    bars: tuple[int, ...] = ()
    #: rows of the modules of a QR code without its quiet zone; 1 is dark
    matrix: tuple[str, ...] = ()
    #: the accounts, each with its BIC, where there are several to choose from and none in ``fields``
    accounts: tuple[tuple[tuple[str, Value], ...], ...] = ()


class _Claim(msgspec.Struct, frozen=True):
    """What is the same for every account of a document."""

    payee: str | None
    amount: Decimal | None
    currency: str | None
    due: date | None
    means: str | None
    #: the reference, else None
    remittance: str | None
    #: what a payer writes where there is no reference
    number: str | None
    #: whether something is to be paid
    asked: bool

    def fields(self, *between: tuple[str, str | None]) -> tuple[tuple[str, Value], ...]:
        """Payee, *between*, due date and amount: those that are known."""
        last: tuple[tuple[str, Value | None], ...] = (("due", self.due), ("amount", self.amount)) if self.asked else ()
        every: tuple[tuple[str, Value | None], ...] = (("payee", self.payee), *between, *last)
        return tuple((name, value) for name, value in every if value is not None and value != "")

    def sum_in(self, currency: str) -> Decimal | None:
        """The amount where it is to be paid and in *currency*."""
        return self.amount if self.asked and self.currency == currency else None


def ways(billed: Billed) -> tuple[Way, ...]:
    """The ways in which *billed* can be paid, as the sender orders them; none where it names none."""
    payment = billed.payment
    if payment is None:
        return ()
    payable = billed.totals.payable
    credit = isinstance(billed, Invoice) and billed.is_credit_note
    claim = _Claim(
        (billed.payee.name if billed.payee else None) or billed.seller.name or billed.seller.trading_name,
        payable,
        billed.currency,
        billed.due_date,
        payment.means_code,
        payment.remittance,
        billed.number,
        asked=payable is not None and payable > 0 and not credit,
    )
    found = [_transfer(transfer, claim) for transfer in payment.transfers[:MOST_WAYS]]
    if payment.card is not None:
        found.append(_card(payment.card, claim))
    if payment.direct_debit is not None:
        found.append(_direct_debit(payment.direct_debit, claim))
    if not found:
        found = [_in_words(payment, claim)] if payment.remittance or payment.means_text else []
    return tuple(found)


def _transfer(transfer: CreditTransfer, claim: _Claim) -> Way:
    """The block of an account: that of its country where it has one, else account, BIC and reference."""
    for special in (_swedish, _danish, _norwegian, _finnish):
        way = special(transfer, claim)
        if way is not None:
            return way
    return _plain(transfer, claim)


def _swedish(transfer: CreditTransfer, claim: _Claim) -> Way | None:
    provider = (transfer.provider or "").upper().replace(" ", "")
    if provider in (swedish.BANKGIRO, "BGABSESS", "BANKGIRO"):
        name, number = "bankgiro", swedish.bankgiro(transfer.account)
    elif provider in (swedish.PLUSGIRO, "PGSISESS", "PLUSGIRO"):
        name, number = "plusgiro", swedish.plusgiro(transfer.account)
    else:
        return None
    if number is None:
        return None
    reference = claim.remittance
    ocr = reference is not None and swedish.is_ocr(reference)
    amount = claim.sum_in("SEK")
    line = swedish.code_line(transfer.account, reference, amount) if reference and amount is not None else None
    return Way(
        kind="giro-se",
        fields=claim.fields((name, number), ("ocr" if ocr else "reference", reference)),
        lines=(line,) if line else (),
    )


def _danish(transfer: CreditTransfer, claim: _Claim) -> Way | None:
    if claim.means in (danish.GIRO, danish.FIK) and claim.remittance:
        line = danish.code_line(claim.means, claim.remittance, transfer.account)
        if line is not None:
            _, _, behind = claim.remittance.partition("#")
            message = behind.strip() if line.partition("<")[2].startswith("+") else None
            fields = claim.fields(("creditor", transfer.account), ("message", message))
            # What is asked for nothing has no slip.
            return Way(kind="giro-dk", fields=fields, lines=(line,) if claim.asked else ())
    if claim.means == "42":
        account = danish.account(transfer.provider, transfer.account)
        if account is not None:
            return Way(kind="transfer", fields=claim.fields(("account", account), ("reference", claim.remittance)))
    return None


def _norwegian(transfer: CreditTransfer, claim: _Claim) -> Way | None:
    account = norwegian.account_of(transfer.account)
    if account is None:
        return None
    reference = claim.remittance
    kid = reference.replace(" ", "") if reference else None
    if kid is not None and not is_kid(kid):
        kid = None
    amount = claim.sum_in("NOK")
    figures = norwegian.figures(account, kid, amount) if amount is not None else None
    is_international = is_iban(transfer.account)
    return Way(
        kind="giro-no",
        fields=claim.fields(
            ("account", norwegian.grouped(account)),
            ("iban", from_the_left(transfer.account) if is_international else None),
            ("bic", transfer.provider if is_international else None),
            ("kid", kid) if kid else ("reference", reference),
        ),
        lines=(figures.line,) if figures is not None and figures.kid else (),
    )


def _finnish(transfer: CreditTransfer, claim: _Claim) -> Way | None:
    reference = claim.remittance
    grouped = finnish.grouped(reference) if reference else None
    if reference is None or grouped is None or not claim.asked or claim.currency != "EUR":
        return None
    digits = virtual_bar_code(transfer.account, claim.amount, reference, claim.due)
    if digits is None:
        return None
    return Way(
        kind="barcode-fi",
        fields=claim.fields(
            ("iban", from_the_left(transfer.account)), ("bic", transfer.provider), ("reference", grouped)
        ),
        digits=digits,
        bars=code128c(digits).widths,
        matrix=_qr(transfer, claim),
    )


def _plain(transfer: CreditTransfer, claim: _Claim) -> Way:
    reference = claim.remittance
    if reference is not None:
        domestic = transfer.account.replace(" ", "").startswith("FI")
        reference = (finnish.grouped(reference) if domestic or is_rf_reference(reference) else None) or reference
    international = is_iban(transfer.account)
    matrix = _qr(transfer, claim)
    return Way(
        kind="qr" if matrix else "transfer",
        fields=claim.fields(
            (
                "iban" if international else "account",
                from_the_left(transfer.account) if international else transfer.account,
            ),
            ("bic", transfer.provider),
            ("reference", reference),
        ),
        matrix=matrix,
    )


def _qr(transfer: CreditTransfer, claim: _Claim) -> tuple[str, ...]:
    """The QR code of a transfer in euros; none for another, and for an amount or account that it cannot hold."""
    amount = claim.sum_in("EUR")
    payee = transfer.account_name or claim.payee
    if amount is None or payee is None:
        return ()
    said = claim.remittance or claim.number
    data = epc.payload(payee, transfer.account, amount, bic=transfer.provider, remittance=said)
    return (epc.matrix(data) or ()) if data is not None else ()


def _card(card: PaymentCard, claim: _Claim) -> Way:
    return Way(kind="text", fields=claim.fields(("card", card.number), ("holder", card.holder)))


def _direct_debit(debit: DirectDebit, claim: _Claim) -> Way:
    account = debit.debited_account
    return Way(
        kind="text",
        fields=claim.fields(
            ("mandate", debit.mandate),
            ("creditor_id", debit.creditor_id),
            ("debited_account", from_the_left(account) if account and is_iban(account) else account),
            ("reference", claim.remittance),
        ),
    )


def _in_words(payment: PaymentInstructions, claim: _Claim) -> Way:
    return Way(kind="text", fields=claim.fields(("means", payment.means_text), ("reference", payment.remittance)))
