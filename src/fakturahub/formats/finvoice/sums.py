"""Whether the totals of a Finvoice are the sums that they are said to be: a difference is a finding, and nothing more.

What the sender stated is in the model as it was stated, whether it adds up or not. The sums are those of EN 16931
(BR-CO-10, 13, 14, 15, 16, 17); two cents are let pass, and in the VAT of a category less than one of the currency, as
the rules of EN 16931 do: Finvoice sums the VAT of the rows.
"""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from fakturahub.formats.finvoice.leaves import Document
from fakturahub.model.invoice import Invoice

_TOLERANCE = Decimal("0.02")
_VAT_TOLERANCE = Decimal(1)
_NONE = Decimal(0)


def compare(doc: Document, root: etree._Element, invoice: Invoice) -> None:
    """Note each total of *invoice* that is not the sum of its parts, where all of them are stated."""
    totals = invoice.totals
    lines = [line.amount for line in invoice.lines]
    taxes = [part.tax for part in invoice.vat]
    _check(doc, root, "BT-106", totals.lines, _sum(lines), "the amounts of the lines")
    without = None if totals.lines is None else totals.lines - (totals.allowances or 0) + (totals.charges or 0)
    _check(doc, root, "BT-109", totals.without_vat, without, "lines, discounts and charges")
    _check(doc, root, "BT-110", totals.vat, _sum(taxes), "the VAT of the breakdown")
    parts = [totals.without_vat, totals.vat]
    _check(doc, root, "BT-112", totals.with_vat, _sum(parts), "the total without VAT and the VAT")
    rest = None if totals.with_vat is None else totals.with_vat - (totals.paid or 0) + (totals.rounding or 0)
    _check(doc, root, "BT-115", totals.payable, rest, "the total less what is paid")
    for part in invoice.vat:
        if part.taxable is not None and part.rate is not None and part.tax is not None:
            made = part.taxable * part.rate / 100
            if abs(made - part.tax) >= _VAT_TOLERANCE:
                message = f"The VAT of {part.rate:f} % on {part.taxable:f} is stated as {part.tax:f}, not {made:.2f}."
                doc.find(root, "vat", message, "BT-117")


def _sum(parts: list[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, _NONE) if known and len(known) == len(parts) else None


def _check(
    doc: Document, root: etree._Element, term: str, stated: Decimal | None, made: Decimal | None, what: str
) -> None:
    if stated is not None and made is not None and abs(stated - made) > _TOLERANCE:
        doc.find(root, "sum", f"The total is stated as {stated:f}; {what} make {made:f}.", term)
