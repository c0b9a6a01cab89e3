"""The Finnish virtual bank bar code, versions 4 and 5 (Finance Finland, Bank bar code guide 5.3).

54 digits that a payer types into a bank's form: version, account, amount, reference, due date. It says nothing that the
invoice does not say elsewhere, and in real files it contradicts account or amount, so it is never read: a reader
compares it and a writer makes it anew.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.checkdigits import is_finnish_reference, is_iban, is_rf_reference

_LARGEST = Decimal("999999.99")


def virtual_bar_code(iban: str, amount: Decimal | None, reference: str | None, due: date | None) -> str | None:
    """The bar code of a payment to the Finnish account *iban* with a Finnish or RF reference; None for any other.

    An amount that is negative, larger than 999 999.99 or no whole number of cents is written as zeros, so is a missing
    due date: the payer fills it in.
    """
    account = iban.replace(" ", "")
    if not account.startswith("FI") or not is_iban(account) or reference is None:
        return None
    # The reference of an RF reference is a Finnish one here: digits only.
    if is_rf_reference(reference) and reference[4:].isdigit():
        version, tail = "5", f"{reference[2:4]}{reference[4:].zfill(21)}"
    elif is_finnish_reference(reference):
        version, tail = "4", f"000{reference.lstrip('0').zfill(20)}"
    else:
        return None
    cents = 0
    if amount is not None and 0 <= amount <= _LARGEST and amount * 100 == int(amount * 100):
        cents = int(amount * 100)
    return (
        f"{version}{account[2:]}{cents:08d}{tail}{due:%y%m%d}"
        if due
        else f"{version}{account[2:]}{cents:08d}{tail}000000"
    )
