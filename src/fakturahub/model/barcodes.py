"""The Finnish virtual bank bar code, versions 4 and 5 (Finance Finland, Bank bar code guide 5.3).

54 digits that a payer types into a bank's form, or a reader takes from the bars: version, account, amount, reference,
due date. It says nothing that an invoice does not say elsewhere, and in real files it contradicts account or amount, so
it is never read: who has one compares it, and who writes or draws one makes it anew.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.checkdigits import is_finnish_reference, is_iban, is_rf_reference

_LARGEST = Decimal("999999.99")


def virtual_bar_code(iban: str, amount: Decimal | None, reference: str | None, due: date | None) -> str | None:
    """The bar code of a payment to the Finnish account *iban* with a Finnish or RF reference; None for any other.

    Version 4 has a Finnish reference, version 5 an RF reference of digits. *amount* is in euros; one that is not known,
    negative, larger than 999 999.99 or no whole number of cents is written as zeros, so is a due date that is not
    known: the payer fills it in.
    """
    account = iban.replace(" ", "")
    if not account.startswith("FI") or not is_iban(account) or reference is None:
        return None
    plain = reference.replace(" ", "").upper()
    # The reference of an RF reference is a Finnish one here: digits only.
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
