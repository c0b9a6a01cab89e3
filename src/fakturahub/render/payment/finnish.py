"""The Finnish credit transfer: the reference in groups, and the virtual bar code (versions 4 and 5).

Source: Finance Finland, Bank bar code guide 5.3 and Forming a Finnish reference number.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.checkdigits import is_finnish_reference, is_iban, is_rf_reference
from fakturahub.render.payment.grouping import from_the_left, from_the_right

_LARGEST = Decimal("999999.99")


def virtual_bar_code(iban: str, amount: Decimal | None, reference: str, due: date | None) -> str | None:
    """The 54 digits that a payer types, or a reader takes from the bars; None where they cannot say this payment.

    They can for a Finnish account with a Finnish reference (version 4) or an RF reference of digits (version 5).
    An amount that is not known, negative, no whole number of cents or over 999 999.99 euros is written as zeros, and so
    is a due date that is not known: the payer fills it in. *amount* is in euros.
    """
    account = iban.replace(" ", "")
    if not account.startswith("FI") or not is_iban(account):
        return None
    plain = reference.replace(" ", "").upper()
    if is_rf_reference(plain) and plain[4:].isdigit():
        version, tail = "5", plain[2:4] + plain[4:].zfill(21)
    elif is_finnish_reference(plain):
        version, tail = "4", "000" + plain.lstrip("0").zfill(20)
    else:
        return None
    cents = 0
    if amount is not None and 0 <= amount <= _LARGEST and amount * 100 == int(amount * 100):
        cents = int(amount * 100)
    return f"{version}{account[2:]}{cents:08d}{tail}{format(due, '%y%m%d') if due else '000000'}"


def grouped(reference: str) -> str | None:
    """A Finnish or an RF reference in its groups, a Finnish one without the zeros that fill it up; None for another."""
    if is_rf_reference(reference):
        return from_the_left(reference.upper())
    if is_finnish_reference(reference):
        return from_the_right(reference.replace(" ", "").lstrip("0"))
    return None
