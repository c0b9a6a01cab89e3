"""Demands for payment of earlier invoices: the reminder, and the notice of who collects a debt.

Parties, payment, charges and totals are those of EN 16931 (``model.invoice``); the claims are not in it. All amounts
are as the sender stated them, in the currency of the document; nothing is recomputed, and whether a fee or a rate is
lawful is not looked at. Legal words are the sender's: they stand in ``notes``.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.invoice import (
    AllowanceCharge,
    Extension,
    Invoice,
    Line,
    Note,
    Noun,
    Party,
    Payee,
    PaymentInstructions,
    Period,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from fakturahub.model.party import Identifier


class Claim(Noun, frozen=True, kw_only=True):
    """An earlier invoice, or another debt, that is demanded; of a credit note what it takes off."""

    #: the number of the line in the document
    id: str | None = None
    #: of the invoice
    number: str | None = None
    issue_date: date | None = None
    #: when it was to be paid at first
    due_date: date | None = None
    #: what the invoice was for
    amount: Decimal | None = None
    #: what was paid of it so far
    paid: Decimal | None = None
    #: what a credit note takes off; positive
    credited: Decimal | None = None
    #: what is left to pay of it
    open: Decimal | None = None
    #: per cent a year or as the sender means it
    interest_rate: Decimal | None = None
    #: for late payment, up to the date of this document
    interest: Decimal | None = None
    #: for reminding or collecting
    fee: Decimal | None = None
    note: str | None = None


class Demand(Noun, frozen=True, kw_only=True):
    """What a reminder and a collection notice have in common.

    Fees and interest that belong to no single claim are ``charges``. ``totals.payable`` is what is to be paid until
    ``due_date``.
    """

    number: str | None = None
    issue_date: date | None = None
    #: until when the demand is to be paid; some senders repeat the date that the debt was due at first
    due_date: date | None = None
    #: what kind of reminder the sender calls it, a code or a word of the syntax (OIOUBL: ``Advis``, ``Reminder``)
    type_code: str | None = None
    #: ISO 4217
    currency: str | None = None
    accounting_currency: str | None = None
    buyer_reference: str | None = None
    buyer_accounting: str | None = None
    order: str | None = None
    sales_order: str | None = None
    contract: str | None = None
    project: str | None = None
    object_id: Identifier | None = None
    #: what the reminder is about
    period: Period | None = None
    payment_terms: str | None = None
    notes: tuple[Note, ...] = ()
    business_process: str | None = None
    specification: str | None = None
    #: who sends the demand
    seller: Party = Party()
    #: who has to pay
    buyer: Party = Party()
    payee: Payee | None = None
    payment: PaymentInstructions | None = None
    claims: tuple[Claim, ...] = ()
    allowances: tuple[AllowanceCharge, ...] = ()
    charges: tuple[AllowanceCharge, ...] = ()
    totals: Totals = Totals()
    vat: tuple[VatBreakdown, ...] = ()
    #: of the invoice, where the syntax repeats them (EHF Reminder)
    lines: tuple[Line, ...] = ()
    supporting: tuple[SupportingDocument, ...] = ()
    extensions: tuple[Extension, ...] = ()


class Reminder(Demand, frozen=True, kw_only=True):
    """A reminder that invoices have not been paid."""

    #: 1 for the first reminder, 2 for the second ...; None where the sender does not count
    level: int | None = None
    #: it tells that the debt goes to collection unless it is paid (inkassovarsel)
    before_collection: bool = False


class CollectionNotice(Demand, frozen=True, kw_only=True):
    """The demand of who collects a debt, for itself or for another creditor.

    It has no syntax of its own among the hub's; nothing reads or writes it.
    """

    #: the collector's number of the case
    case: str | None = None
    #: whose claim it is, where the sender collects for another
    creditor: Party | None = None


#: what has parties, lines, charges, totals and payment
Billed = Invoice | Demand
