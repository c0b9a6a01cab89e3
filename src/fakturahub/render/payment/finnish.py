"""The Finnish credit transfer: the reference in groups. Its virtual bar code is in ``model.barcodes``.

Source: Finance Finland, Forming a Finnish reference number.
"""

from __future__ import annotations

from fakturahub.model.checkdigits import is_finnish_reference, is_rf_reference
from fakturahub.render.payment.grouping import from_the_left, from_the_right


def grouped(reference: str) -> str | None:
    """A Finnish or an RF reference in its groups, a Finnish one without the zeros that fill it up; None for another."""
    if is_rf_reference(reference):
        return from_the_left(reference.upper())
    if is_finnish_reference(reference):
        return from_the_right(reference.replace(" ", "").lstrip("0"))
    return None
