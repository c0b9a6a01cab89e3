"""Invoices of the model for tests that write and read them: what real senders state, and what odd ones do.

Amounts do not add up, on purpose: nothing may be recomputed. Every text is one that XML can hold and that a reader
gives back as it is: no blanks at its ends, no two in a row, no control characters.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Classification,
    Contact,
    CreditTransfer,
    Delivery,
    DirectDebit,
    Invoice,
    Item,
    ItemAttribute,
    Line,
    Note,
    Party,
    Payee,
    PaymentCard,
    PaymentInstructions,
    Period,
    PostalAddress,
    PrecedingInvoice,
    Price,
    SupportingDocument,
    TaxRepresentative,
    Totals,
    VatBreakdown,
)


def _one_of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def _maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


def _several(strategy: st.SearchStrategy[object], most: int = 2, least: int = 0) -> st.SearchStrategy[object]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
#: a sentence in any script, sometimes with what markup has to escape
TEXTS = (
    st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
    | _one_of("Mäkelä & Söner <AB>", 'A "quoted" name', "0", "-", "日本 商事", "€ 5 – 10 %", "]]>", "x" * 120)
).map(lambda text: text.strip() or "x")
#: letters and digits, as numbers and references are
NUMBERS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9/-]{0,14}[A-Za-z0-9])?", fullmatch=True)
DATES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
COUNTRIES = _one_of("FI", "SE", "NO", "DK", "DE", "EE")


def _decimals(digits: int, places: int, *, negative: bool = False) -> st.SearchStrategy[Decimal]:
    lowest = -(10**digits) if negative else 0
    return st.integers(lowest, 10**digits).map(lambda number: Decimal(number).scaleb(-places))


AMOUNTS = _decimals(9, 2) | st.just(Decimal("0.00"))
SIGNED = _decimals(9, 2, negative=True)
PRICES = _decimals(9, 4)
RATES = _one_of("0", "10", "14.00", "24", "25", "25.5").map(Decimal)
PERCENTS = _decimals(4, 2)
CATEGORIES = _one_of("S", "Z", "E", "AE", "K", "G", "O")
UNITS = _one_of("C62", "H87", "HUR", "KGM", "MTR", "MON", "XPP", "LTR")

ENDPOINTS = st.builds(
    Identifier,
    st.from_regex(r"[0-9A-Z]{4,14}", fullmatch=True),
    _one_of("0007", "0088", "0192", "0184", "0204", "9930"),
) | st.builds(Identifier, _one_of("003712345671", "00371234567112345"), st.just("0216"))
IDENTIFIERS = st.builds(Identifier, NUMBERS, st.none() | _one_of("0088", "0007", "0212"))
ADDRESSES = st.builds(
    PostalAddress,
    line1=_maybe(TEXTS),
    line2=_maybe(TEXTS),
    line3=_maybe(TEXTS),
    city=_maybe(TEXTS),
    post_code=_maybe(_one_of("00100", "115 44", "0150", "10115")),
    subdivision=_maybe(TEXTS),
    country=COUNTRIES,
)
CONTACTS = st.builds(
    Contact, name=TEXTS, telephone=_maybe(_one_of("+358 40 1234567", "08-123 45")), email=_maybe(_one_of("a@b.example"))
)
BUYERS = st.builds(
    Party,
    name=TEXTS,
    trading_name=_maybe(TEXTS),
    identifiers=_several(IDENTIFIERS),
    legal_id=_maybe(IDENTIFIERS),
    vat_id=_maybe(_one_of("FI12345671", "SE556036079301", "NO974761076MVA", "DE123456789")),
    endpoint=_maybe(ENDPOINTS),
    address=_maybe(ADDRESSES),
    contact=_maybe(CONTACTS),
)
SELLERS = st.builds(
    msgspec.structs.replace,
    BUYERS,
    tax_registration=_maybe(_one_of("Godkänd för F-skatt", "Foretaksregisteret")),
    legal_information=_maybe(TEXTS),
)
PERIODS = st.builds(Period, start=DATES, end=DATES)
TRANSFERS = st.builds(
    CreditTransfer,
    account=_one_of("FI2112345600000785", "SE4550000000058398257466", "NO9386011117947", "5402-9681", "86011117947"),
    account_name=_maybe(TEXTS),
    provider=_maybe(_one_of("NDEAFIHH", "HANDSESS", "DNBANOKK")),
)
PAYMENTS = st.builds(
    PaymentInstructions,
    means_code=_one_of("30", "31", "42", "58"),
    means_text=_maybe(TEXTS),
    remittance=_maybe(_one_of("1234561", "RF18539007547034", "12345674", "Order 17")),
    transfers=st.lists(TRANSFERS, max_size=2, unique_by=lambda transfer: transfer.account).map(tuple),
) | st.builds(
    PaymentInstructions,
    means_code=_one_of("49", "59"),
    remittance=_maybe(NUMBERS),
    direct_debit=st.builds(
        DirectDebit, mandate=NUMBERS, creditor_id=_maybe(NUMBERS), debited_account=_maybe(_one_of("FI2112345600000785"))
    ),
)


PAYMENTS |= st.builds(
    PaymentInstructions,
    means_code=st.just("48"),
    card=st.builds(PaymentCard, number=_one_of("123456", "1234"), holder=_maybe(TEXTS)),
)


def _allowances(codes: st.SearchStrategy[str], *, of_document: bool) -> st.SearchStrategy[AllowanceCharge]:
    return st.builds(
        AllowanceCharge,
        amount=AMOUNTS,
        base=_maybe(AMOUNTS),
        percent=_maybe(PERCENTS),
        vat_category=CATEGORIES if of_document else st.none(),
        vat_rate=RATES if of_document else st.none(),
        reason=TEXTS,
        reason_code=_maybe(codes),
    )


_ALLOWANCE_CODES, _CHARGE_CODES = _one_of("95", "100", "104"), _one_of("FC", "AA", "ABL")
ITEMS = st.builds(
    Item,
    name=TEXTS,
    description=_maybe(TEXTS),
    sellers_id=_maybe(NUMBERS),
    buyers_id=_maybe(NUMBERS),
    standard_id=_maybe(st.builds(Identifier, _one_of("06411300101010", "7311250004360"), st.just("0160"))),
    classifications=_several(
        st.builds(Classification, code=NUMBERS, list_id=_one_of("STI", "CV", "TST"), list_version=_maybe(NUMBERS))
    ),
    origin=_maybe(COUNTRIES),
    attributes=_several(st.builds(ItemAttribute, name=TEXTS, value=TEXTS)),
    vat_category=CATEGORIES,
    vat_rate=RATES,
)
_LINES = st.builds(
    Line,
    id=NUMBERS,
    note=_maybe(TEXTS),
    object_id=_maybe(IDENTIFIERS),
    quantity=_decimals(7, 3, negative=True),
    unit=UNITS,
    amount=SIGNED,
    order_line=_maybe(NUMBERS),
    buyer_accounting=_maybe(NUMBERS),
    period=_maybe(PERIODS),
    allowances=_several(_allowances(_ALLOWANCE_CODES, of_document=False)),
    charges=_several(_allowances(_CHARGE_CODES, of_document=False)),
    # A discount is that from a gross price.
    price=st.builds(
        Price,
        net=PRICES,
        discount=PRICES,
        gross=PRICES,
        base_quantity=_maybe(_decimals(4, 0)),
    )
    | st.builds(Price, net=PRICES, base_quantity=_maybe(_decimals(4, 0))),
    item=ITEMS,
)


def _base_unit(line: Line, stated: bool) -> Line:
    """*line* with the unit of its base quantity stated, which is that of the quantity (PEPPOL-EN16931-R130)."""
    if line.price.base_quantity is None or not stated:
        return line
    return msgspec.structs.replace(line, price=msgspec.structs.replace(line.price, base_unit=line.unit))


LINES = st.builds(_base_unit, _LINES, st.booleans())
ATTACHMENTS = st.builds(
    Attachment,
    _one_of("invoice.pdf", "hours.csv", "liite ä.pdf", "photo.png"),
    _one_of("application/pdf", "text/csv", "image/png"),
    st.binary(min_size=1, max_size=60),
)
SUPPORTING = st.one_of(
    st.builds(SupportingDocument, reference=NUMBERS, description=_maybe(TEXTS)),
    st.builds(
        SupportingDocument,
        reference=NUMBERS,
        description=_maybe(TEXTS),
        uri=_one_of("https://files.example/1.pdf", "https://files.example/a?b=c&d=e"),
    ),
    st.builds(SupportingDocument, reference=NUMBERS, description=_maybe(TEXTS), attachment=ATTACHMENTS),
)

_MADE = st.builds(
    Invoice,
    number=NUMBERS,
    issue_date=DATES,
    type_code=_one_of("380", "380", "381", "384", "389"),
    currency=_one_of("EUR", "SEK", "NOK"),
    accounting_currency=_one_of("EUR", "SEK", "DKK"),
    tax_point_date=_maybe(DATES),
    tax_point_code=_maybe(_one_of("3", "35", "432")),
    due_date=_maybe(DATES),
    buyer_reference=_maybe(TEXTS),
    project=_maybe(NUMBERS),
    contract=_maybe(NUMBERS),
    order=_maybe(NUMBERS),
    sales_order=_maybe(NUMBERS),
    receiving_advice=_maybe(NUMBERS),
    despatch_advice=_maybe(NUMBERS),
    tender=_maybe(NUMBERS),
    object_id=_maybe(IDENTIFIERS),
    buyer_accounting=_maybe(TEXTS),
    payment_terms=_maybe(TEXTS),
    notes=_several(st.builds(Note, text=TEXTS, subject=st.none() | _one_of("AAI", "REG")), 3),
    preceding=_several(st.builds(PrecedingInvoice, number=NUMBERS, issue_date=_maybe(DATES))),
    seller=SELLERS,
    buyer=BUYERS,
    payee=_maybe(st.builds(Payee, name=TEXTS, identifier=_maybe(IDENTIFIERS), legal_id=_maybe(IDENTIFIERS))),
    tax_representative=_maybe(
        st.builds(TaxRepresentative, name=TEXTS, vat_id=_one_of("FI12345671", "DE123456789"), address=ADDRESSES)
    ),
    delivery=_maybe(
        st.builds(
            Delivery,
            party_name=_maybe(TEXTS),
            location=_maybe(IDENTIFIERS),
            actual_date=DATES,
            address=_maybe(ADDRESSES),
        )
    ),
    period=_maybe(PERIODS),
    payment=_maybe(PAYMENTS),
    allowances=_several(_allowances(_ALLOWANCE_CODES, of_document=True)),
    charges=_several(_allowances(_CHARGE_CODES, of_document=True)),
    totals=st.builds(
        Totals,
        lines=SIGNED,
        allowances=_maybe(AMOUNTS),
        charges=_maybe(AMOUNTS),
        without_vat=SIGNED,
        vat=SIGNED,
        vat_accounting=_maybe(SIGNED),
        with_vat=SIGNED,
        paid=_maybe(AMOUNTS),
        rounding=_maybe(SIGNED),
        payable=SIGNED,
    ),
    vat=_several(
        st.builds(
            VatBreakdown,
            taxable=SIGNED,
            tax=SIGNED,
            category=CATEGORIES,
            rate=RATES,
            exemption_reason=_maybe(TEXTS),
            exemption_code=_maybe(_one_of("VATEX-EU-AE", "VATEX-EU-IC")),
        ),
        least=1,
    ),
    supporting=_several(SUPPORTING),
    lines=_several(LINES, 3, least=1),
)


def _as_model(invoice: Invoice) -> Invoice:
    """What the terms themselves forbid, taken out.

    A trading name is a name other than the registered one (BT-28, BT-45). A credit note's total is positive in the
    model (mapping.md 3.9). BT-7 and BT-8 exclude each other (BR-CO-03). BT-6 and BT-111 come together (BR-53).
    """
    if invoice.tax_point_date is not None:
        invoice = msgspec.structs.replace(invoice, tax_point_code=None)
    if invoice.accounting_currency == invoice.currency or invoice.totals.vat_accounting is None:
        totals = msgspec.structs.replace(invoice.totals, vat_accounting=None)
        invoice = msgspec.structs.replace(invoice, totals=totals, accounting_currency=None)
    total = invoice.totals.with_vat
    if invoice.is_credit_note and total is not None and total < 0:
        invoice = msgspec.structs.replace(invoice, totals=msgspec.structs.replace(invoice.totals, with_vat=-total))
    return msgspec.structs.replace(invoice, seller=_named_once(invoice.seller), buyer=_named_once(invoice.buyer))


def _named_once(party: Party) -> Party:
    return msgspec.structs.replace(party, trading_name=None) if party.trading_name == party.name else party


INVOICES = _MADE.map(_as_model)


def addressed(invoice: Invoice) -> Invoice:
    """*invoice* with electronic addresses where it has none, for syntaxes that cannot do without (a SOAP frame)."""
    address = Identifier("003712345671", "0216")
    return msgspec.structs.replace(
        invoice,
        seller=msgspec.structs.replace(invoice.seller, endpoint=invoice.seller.endpoint or address),
        buyer=msgspec.structs.replace(invoice.buyer, endpoint=invoice.buyer.endpoint or address),
    )
