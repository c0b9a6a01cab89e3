"""What stands on a page, as frozen data that the A4 page and the HTML page both draw from.

Every text is ready to be shown: amounts, dates, percentages and labels are in the language of the sheet, lengths are
bounded and characters that no page may hold are gone (``render.texts``). Nothing here is markup, so whoever draws it
escapes it in the way of the medium. Missing is None or an empty tuple.
"""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What all parts of a sheet have in common."""


class Field(msgspec.Struct, frozen=True):
    """A label and what it names, such as ``Fakturadato`` and ``20.11.2026``."""

    label: str
    value: str


class PartyBlock(Part, frozen=True, kw_only=True):
    """A party with a title of its own: seller, buyer, payee, place of delivery, tax representative."""

    #: what the party is: ``Selger``; empty where the place on the page says it
    title: str = ""
    name: str = ""
    #: the postal address below the name, in the order of the envelope; a foreign country's name is last
    address: tuple[str, ...] = ()
    #: business id, VAT number, contact, electronic address
    fields: tuple[Field, ...] = ()


class Paragraph(Part, frozen=True, kw_only=True):
    """A note or another free text; line breaks in ``text`` are the sender's."""

    title: str = ""
    text: str


class Column(Part, frozen=True, kw_only=True):
    """A column of the table of lines."""

    #: ``id``, ``item``, ``quantity``, ``unit``, ``price``, ``discount``, ``vat`` or ``amount``; of claims ``id``,
    #: ``item``, which is the invoice, and the names of the fields of ``Claim``
    key: str
    label: str
    #: numbers are set flush right, in figures of one width
    number: bool = False


class Row(Part, frozen=True, kw_only=True):
    """A line of the invoice, or a claim."""

    #: a text for each column of the table, empty where the line says nothing
    cells: tuple[str, ...]
    #: what else the line says, below its name: description, identifiers, period, note, allowances and charges
    details: tuple[str, ...] = ()
    #: the sum of the amounts down to and with this line, for the foot of a page that the table breaks on
    carried: str = ""


class Table(Part, frozen=True, kw_only=True):
    """The lines; only columns in which some line says something."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    #: the label of ``Row.carried`` at the foot of a page, and at the head of the next one
    carried_label: str = ""
    brought_label: str = ""


class Adjustment(Part, frozen=True, kw_only=True):
    """An allowance or charge of the whole document (BG-20, BG-21); an allowance's amount bears a minus."""

    text: str
    #: ``10 % × 1 000,00``; empty where the sender states only the amount
    basis: str = ""
    #: the VAT rate that it is under
    vat: str = ""
    amount: str


class VatRow(Part, frozen=True, kw_only=True):
    """A group of the VAT breakdown (BG-23)."""

    rate: str
    taxable: str
    tax: str
    #: the reason of an exemption
    note: str = ""


class VatTable(Part, frozen=True, kw_only=True):
    """The VAT breakdown with the heads of its columns: rate, taxable amount, VAT."""

    title: str = ""
    heads: tuple[str, str, str] = ("", "", "")
    rows: tuple[VatRow, ...] = ()


class Total(Part, frozen=True, kw_only=True):
    """One of the sums below the lines."""

    label: str
    amount: str
    #: ISO 4217, where the amount is the one to pay or is in another currency than the lines
    currency: str = ""
    #: the amount to pay
    strong: bool = False


class PaymentBlock(Part, frozen=True, kw_only=True):
    """One way to pay, as people of the country know it.

    ``kind`` chooses the drawing: ``transfer`` (account, BIC, reference), ``giro-no`` (slip with KID), ``giro-se``
    (Bankgiro or Plusgiro with an OCR line), ``giro-dk`` (FIK line), ``barcode-fi`` (Finnish reference and virtual bar
    code), ``qr`` (EPC069-12), ``text`` (card, direct debit and whatever else is said in words).
    """

    kind: str
    title: str = ""
    #: in the order in which they are read: payee, account, BIC, reference, due date, amount
    fields: tuple[Field, ...] = ()
    #: accounts to choose from, each with its BIC, where there are several
    accounts: tuple[tuple[Field, ...], ...] = ()
    #: what a machine or a clerk reads, character by character, such as ``+71<000000000000000+12345678<``
    lines: tuple[str, ...] = ()
    #: a sentence for the person who pays
    note: str = ""
    #: what a bar code says, as digits
    digits: str = ""
    #: widths of the bars and spaces of a bar code in modules: bar, space, bar ..., without quiet zones
    bars: tuple[int, ...] = ()
    #: a QR code without its quiet zone: a text of 0 and 1 (1 is dark) for each row, all of one length
    matrix: tuple[str, ...] = ()


class Style(Part, frozen=True, kw_only=True):
    """What a company's pages have of their own."""

    #: PNG, JPEG or SVG, in the bounds of ``render.page.logos``
    logo: bytes | None = None
    #: ``#rrggbb``, for the rules and the name of the document; darkened where white paper would not show it
    accent: str = "#1f3a5f"
    #: at most four lines at the foot of each page, such as seat, board and bank; instead of what the document says
    footer: tuple[str, ...] = ()
    #: which edge the window of the envelope is at where the country knows both: ``left`` or ``right``; None for the
    #: country's usual one
    window: str | None = None


class Sheet(Part, frozen=True, kw_only=True):
    """Everything that stands on the page of one document."""

    #: nb, sv, da, fi, de or en
    language: str
    #: ``invoice``, ``credit-note``, ``reminder``, ``collection-notice``, ``letter`` or ``payslip``
    kind: str
    #: ``Faktura``
    title: str
    number: str = ""
    #: the country whose envelope the page goes into, ISO 3166-1 alpha-2: the seller's
    country: str = ""
    style: Style = Style()
    #: the sender as at the head of the page, with contact and identifiers
    sender: PartyBlock = PartyBlock()
    #: the title of a block that has the sender among others: ``Selger``
    sender_title: str = ""
    #: the name and address in the window of the envelope
    receiver: PartyBlock = PartyBlock()
    #: dates, due date, numbers and references, most wanted first
    facts: tuple[Field, ...] = ()
    #: payee, place of delivery, tax representative
    parties: tuple[PartyBlock, ...] = ()
    #: the unpaid invoices of a reminder or a collection notice, without running sums
    claims: Table = Table()
    table: Table = Table()
    adjustments_title: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    vat: VatTable = VatTable()
    totals: tuple[Total, ...] = ()
    notes: tuple[Paragraph, ...] = ()
    payment: tuple[PaymentBlock, ...] = ()
    #: names and descriptions of what is attached or referred to
    supporting_title: str = ""
    supporting: tuple[Field, ...] = ()
    #: at the foot of each page: the company's own lines, else the seller's legal data
    footer: tuple[str, ...] = ()
    #: ``Side`` and ``av``, for ``Side 1 av 2``
    page_label: str = ""
    of_label: str = ""
    #: texts that were too long and are cut, told on the page; the document itself lies inside the PDF
    shortened: int = 0
    shortened_note: str = ""
