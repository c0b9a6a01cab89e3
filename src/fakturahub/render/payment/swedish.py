"""Swedish Bankgiro and Plusgiro: the numbers as people write them, and the code line with the OCR number.

Source of the line: Bankgirot, manual BG6070, and PlusGirot, Inbetalningsservice: ``#`` reference ``#`` kronor öre check
digit ``>`` account ``#`` type of document ``#``. The type (such as 41) is given with the seller's own forms, and the
hub does not know it: the line ends with the account.
"""

from __future__ import annotations

from decimal import Decimal

from fakturahub.model.checkdigits import is_kid_mod10
from fakturahub.render.payment.luhn import check_digit

#: BT-86 of Swedish invoices (Peppol BIS Billing 3, SE-R-008)
BANKGIRO, PLUSGIRO = "SE:BANKGIRO", "SE:PLUSGIRO"

_LARGEST = Decimal("99999999.99")


def is_ocr(reference: str) -> bool:
    """An OCR number: 2 to 25 digits, the last one by modulo 10."""
    return reference.isascii() and reference.isdigit() and is_kid_mod10(reference)


def bankgiro(number: str) -> str | None:
    """7 or 8 digits as ``123-4567`` or ``1234-5678``; None for what is no Bankgiro number."""
    plain = _digits(number)
    return f"{plain[:-4]}-{plain[-4:]}" if plain is not None and len(plain) in (7, 8) else None


def plusgiro(number: str) -> str | None:
    """2 to 8 digits as ``28 65 43-4``, in pairs before the check digit; None for what is no Plusgiro number."""
    plain = _digits(number)
    if plain is None or not 2 <= len(plain) <= 8:
        return None
    before = plain[:-1]
    first = len(before) % 2
    pairs = [before[place : place + 2] for place in range(first, len(before), 2)]
    return f"{' '.join([before[:first], *pairs] if first else pairs)}-{plain[-1]}"


def code_line(account: str, reference: str, amount: Decimal) -> str | None:
    """The line of a payment of *amount* kronor; None without an OCR number, and for an amount that it cannot hold."""
    plain = _digits(account)
    if plain is None or not is_ocr(reference) or not 0 < amount <= _LARGEST or amount * 100 != int(amount * 100):
        return None
    cents = f"{int(amount * 100):03d}"
    return f"# {reference} # {cents[:-2]} {cents[-2:]}   {check_digit(cents)} > {plain}#"


def _digits(number: str) -> str | None:
    plain = number.replace(" ", "").replace("-", "")
    return plain if plain.isascii() and plain.isdigit() else None
