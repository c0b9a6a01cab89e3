"""The invoice and the credit note in the terms of EN 16931-1, whatever syntax they came in.

One noun for both: ``type_code`` (BT-3) tells them apart, and a credit note's amounts are positive. Amounts are signed
decimals as the sender stated them; nothing is recomputed. Dates are dates, unit codes are UN/ECE Rec 20 and 21, code
lists are those of EN 16931 (so BT-8 is a code of UNTDID 2005: 3, 35 or 432). Missing is None or an empty tuple; an
empty element of a document is missing.

Which business term each field is stands in ``model/terms.py``, keyed by the path of the field.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from fakturahub.model.heading import Attachment
from fakturahub.model.party import Identifier

#: BT-3 codes (UNTDID 1001) of credit notes. Source: the code lists of EN 16931.
CREDIT_NOTE_TYPES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})


class Noun(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What all parts of a document have in common."""


class Note(Noun, frozen=True, kw_only=True):
    """BG-1."""

    text: str
    #: UNTDID 4451
    subject: str | None = None


class PrecedingInvoice(Noun, frozen=True, kw_only=True):
    """BG-3."""

    number: str
    issue_date: date | None = None


class PostalAddress(Noun, frozen=True, kw_only=True):
    """BG-5, 8, 12, 15."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    post_code: str | None = None
    subdivision: str | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None


class Contact(Noun, frozen=True, kw_only=True):
    """BG-6, 9."""

    name: str | None = None
    telephone: str | None = None
    email: str | None = None


class Party(Noun, frozen=True, kw_only=True):
    """BG-4 and BG-7: the seller and the buyer."""

    name: str | None = None
    trading_name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    #: legal registration
    legal_id: Identifier | None = None
    vat_id: str | None = None
    #: the seller's other tax registration, such as the Swedish F-skatt
    tax_registration: str | None = None
    #: additional legal information of the seller
    legal_information: str | None = None
    #: electronic address; the scheme is an EAS code
    endpoint: Identifier | None = None
    address: PostalAddress | None = None
    contact: Contact | None = None


class Payee(Noun, frozen=True, kw_only=True):
    """BG-10."""

    name: str | None = None
    identifier: Identifier | None = None
    legal_id: Identifier | None = None


class TaxRepresentative(Noun, frozen=True, kw_only=True):
    """BG-11."""

    name: str | None = None
    vat_id: str | None = None
    address: PostalAddress | None = None


class Delivery(Noun, frozen=True, kw_only=True):
    """BG-13."""

    party_name: str | None = None
    location: Identifier | None = None
    actual_date: date | None = None
    address: PostalAddress | None = None


class Period(Noun, frozen=True, kw_only=True):
    """BG-14, 26."""

    start: date | None = None
    end: date | None = None


class CreditTransfer(Noun, frozen=True, kw_only=True):
    """BG-17."""

    #: IBAN, or an account in the form of its country
    account: str
    account_name: str | None = None
    #: BIC, or the national clearing id
    provider: str | None = None


class PaymentCard(Noun, frozen=True, kw_only=True):
    """BG-18."""

    number: str
    holder: str | None = None


class DirectDebit(Noun, frozen=True, kw_only=True):
    """BG-19."""

    mandate: str | None = None
    creditor_id: str | None = None
    debited_account: str | None = None


class PaymentInstructions(Noun, frozen=True, kw_only=True):
    """BG-16."""

    #: UNTDID 4461
    means_code: str | None = None
    means_text: str | None = None
    #: remittance information: KID, Finnish or RF reference, OCR, FIK number
    remittance: str | None = None
    transfers: tuple[CreditTransfer, ...] = ()
    card: PaymentCard | None = None
    direct_debit: DirectDebit | None = None


class AllowanceCharge(Noun, frozen=True, kw_only=True):
    """BG-20, 21, 27, 28: a deduction or an addition; ``amount`` is positive for both."""

    amount: Decimal
    base: Decimal | None = None
    #: 10 for ten per cent
    percent: Decimal | None = None
    #: only at document level
    vat_category: str | None = None
    vat_rate: Decimal | None = None
    reason: str | None = None
    #: UNTDID 5189 for allowances, 7161 for charges
    reason_code: str | None = None


class Totals(Noun, frozen=True, kw_only=True):
    """BG-22."""

    lines: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    without_vat: Decimal | None = None
    vat: Decimal | None = None
    #: in the VAT accounting currency
    vat_accounting: Decimal | None = None
    with_vat: Decimal | None = None
    paid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None


class VatBreakdown(Noun, frozen=True, kw_only=True):
    """BG-23."""

    taxable: Decimal | None = None
    tax: Decimal | None = None
    #: UNTDID 5305
    category: str | None = None
    rate: Decimal | None = None
    exemption_reason: str | None = None
    #: VATEX
    exemption_code: str | None = None


class SupportingDocument(Noun, frozen=True, kw_only=True):
    """BG-24, with what is attached."""

    reference: str | None = None
    description: str | None = None
    uri: str | None = None
    attachment: Attachment | None = None
    #: True for the sender's own picture of this very invoice (Apix PDF, PUF "Commercial Invoice"), which EN 16931
    #: syntaxes must not carry as a supporting document
    is_picture: bool = False


class Price(Noun, frozen=True, kw_only=True):
    """BG-29."""

    net: Decimal | None = None
    discount: Decimal | None = None
    gross: Decimal | None = None
    base_quantity: Decimal | None = None
    base_unit: str | None = None


class Classification(Noun, frozen=True, kw_only=True):
    """BT-158."""

    code: str
    #: UNTDID 7143
    list_id: str | None = None
    list_version: str | None = None


class ItemAttribute(Noun, frozen=True, kw_only=True):
    """BG-32."""

    name: str
    value: str


class Item(Noun, frozen=True, kw_only=True):
    """BG-31 with BG-30, the VAT of the line."""

    name: str | None = None
    description: str | None = None
    sellers_id: str | None = None
    buyers_id: str | None = None
    standard_id: Identifier | None = None
    classifications: tuple[Classification, ...] = ()
    #: ISO 3166-1 alpha-2
    origin: str | None = None
    attributes: tuple[ItemAttribute, ...] = ()
    #: UNTDID 5305
    vat_category: str | None = None
    vat_rate: Decimal | None = None


class Line(Noun, frozen=True, kw_only=True):
    """BG-25."""

    id: str | None = None
    note: str | None = None
    object_id: Identifier | None = None
    quantity: Decimal | None = None
    #: UN/ECE Rec 20 or 21
    unit: str | None = None
    #: net of the line's own allowances, charges included
    amount: Decimal | None = None
    order_line: str | None = None
    buyer_accounting: str | None = None
    period: Period | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    charges: tuple[AllowanceCharge, ...] = ()
    price: Price = Price()
    item: Item = Item()


class Extension(Noun, frozen=True, kw_only=True):
    """Data that a syntax carries beyond EN 16931, kept as it came for a target of the same syntax family.

    ``family`` is the folder that understands it (``ubl`` for PUF and VRBL, ``finvoice``), ``name`` its own name and
    ``place`` the dotted path of the part of the invoice it belongs to, such as ``seller`` or ``lines[2].item``, empty
    for the document. ``content`` is the XML of the extension's content, in UTF-8, namespaces included. ``words`` says
    the same as text, for targets of another family: there they become a note of the line, a part of the payment terms
    or a note of the document, as ``place`` tells. No words at all, an empty text, say that the rest of the model
    says it already.
    """

    family: str
    name: str
    place: str
    content: str
    words: str | None = None


class Invoice(Noun, frozen=True, kw_only=True):
    """An invoice or a credit note."""

    number: str | None = None
    issue_date: date | None = None
    #: UNTDID 1001
    type_code: str | None = None
    #: ISO 4217
    currency: str | None = None
    accounting_currency: str | None = None
    tax_point_date: date | None = None
    #: UNTDID 2005: 3 issue, 35 delivery, 432 payment
    tax_point_code: str | None = None
    due_date: date | None = None
    buyer_reference: str | None = None
    project: str | None = None
    contract: str | None = None
    order: str | None = None
    sales_order: str | None = None
    receiving_advice: str | None = None
    despatch_advice: str | None = None
    tender: str | None = None
    object_id: Identifier | None = None
    buyer_accounting: str | None = None
    payment_terms: str | None = None
    notes: tuple[Note, ...] = ()
    business_process: str | None = None
    specification: str | None = None
    preceding: tuple[PrecedingInvoice, ...] = ()
    seller: Party = Party()
    buyer: Party = Party()
    payee: Payee | None = None
    tax_representative: TaxRepresentative | None = None
    delivery: Delivery | None = None
    period: Period | None = None
    payment: PaymentInstructions | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    charges: tuple[AllowanceCharge, ...] = ()
    totals: Totals = Totals()
    vat: tuple[VatBreakdown, ...] = ()
    supporting: tuple[SupportingDocument, ...] = ()
    lines: tuple[Line, ...] = ()
    extensions: tuple[Extension, ...] = ()

    @property
    def is_credit_note(self) -> bool:
        """Whether BT-3 is one of a credit note."""
        return self.type_code in CREDIT_NOTE_TYPES
