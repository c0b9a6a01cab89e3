"""The QR code of a credit transfer in euros, which banking apps read.

Source: European Payments Council, EPC069-12, Quick Response Code: Guidelines to Enable the Data Capture for the
Initiation of a SEPA Credit Transfer, version 2.1: version 002 of the data, in which the BIC is optional, in UTF-8.
"""

from __future__ import annotations

import re
from decimal import Decimal

import segno

from fakturahub.model.checkdigits import is_finnish_reference, is_iban, is_rf_reference, make_rf_reference

#: modules of white that a reader needs on each side
QUIET_ZONE = 4

_LEAST, _LARGEST = Decimal("0.01"), Decimal("999999999.99")
_NAME, _TEXT = 70, 140
_BYTES = 331
#: of the symbol: 69 modules
_VERSION = 13
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")


def payload(
    name: str, iban: str, amount: Decimal, *, bic: str | None = None, remittance: str | None = None
) -> str | None:
    """The text of the code for *amount* euros to *iban*, an RF or Finnish reference or free words as *remittance*.

    A Finnish reference is written as the RF reference of the same claim, for the field takes no other. A name over 70
    and words over 140 characters are cut; what has no place in one line (breaks, control characters) becomes a blank.

    None where no such code can be made: no name, an account that is no IBAN, an amount below a cent, over
    999 999 999.99 or with parts of a cent, or more than 331 bytes.
    """
    account = iban.replace(" ", "")
    payee = _one_line(name)[:_NAME].strip()
    if not payee or not is_iban(account) or not _LEAST <= amount <= _LARGEST or amount * 100 != int(amount * 100):
        return None
    reference, text = _remittance(remittance)
    provider = (bic or "").replace(" ", "")
    elements = [
        "BCD",
        "002",
        "1",
        "SCT",
        provider if _BIC.fullmatch(provider) else "",
        payee,
        account,
        f"EUR{amount:.2f}",
        "",
        reference,
        text,
    ]
    data = "\n".join(elements).rstrip("\n")
    return data if len(data.encode()) <= _BYTES else None


def matrix(data: str) -> tuple[str, ...] | None:
    """The modules of *data*, a row of ``0`` and ``1`` for each row, without quiet zone; None where it does not fit.

    Error correction is that of the guidelines (level M), and so is the largest symbol (version 13).
    """
    symbol = segno.make_qr(data, error="m", encoding="utf-8", boost_error=False)
    if int(symbol.version) > _VERSION:
        return None
    return tuple("".join("1" if module & 1 else "0" for module in row) for row in symbol.matrix)


def _remittance(stated: str | None) -> tuple[str, str]:
    """What goes to the field for a reference, and what to that for words: one of them, or neither."""
    if stated is None:
        return "", ""
    if is_rf_reference(stated):
        return stated.replace(" ", "").upper(), ""
    if is_finnish_reference(stated):
        return make_rf_reference(stated), ""
    return "", _one_line(stated)[:_TEXT].strip()


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
