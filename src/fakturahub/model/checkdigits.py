"""Numbers with check digits: whether they are right, and the digit of those that the hub makes itself.

Pure functions of strings in the form in which documents carry them; blanks are passed over only where people group the
digits of that number (IBAN, RF). A wrong digit is something to point out to the sender, never a reason to refuse: all
return a bool and raise nothing, but for the three that make a number.
"""

from __future__ import annotations

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
_RF = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_BUSINESS_ID = re.compile(r"([0-9]{7})-?([0-9])")
_OVT = re.compile(r"0037([0-9]{8})[0-9A-Z]{0,5}")
_FINNISH_REFERENCE = re.compile(r"[0-9]{3,19}[0-9]")
_KID = re.compile(r"([0-9]{1,24})([0-9-])")

# Lengths by country where the registry of IBANs (ISO 13616) names one; for others only the sum is looked at.
_IBAN_LENGTHS = {
    **{"NO": 15, "BE": 16, "DK": 18, "FI": 18, "FO": 18, "GL": 18, "NL": 18},
    **{"AT": 20, "EE": 20, "LT": 20, "LU": 20, "LV": 21, "CH": 21, "LI": 21},
    **{"DE": 22, "GB": 22, "IE": 22, "CZ": 24, "ES": 24, "SE": 24, "SK": 24, "PT": 25},
    **{"IS": 26, "FR": 27, "GR": 27, "IT": 27, "HU": 28, "PL": 28, "CY": 28, "MT": 31},
}


def _mod97(text: str) -> int:
    """*text* with its letters as numbers from 10 on, modulo 97 (ISO 7064)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def is_iban(text: str) -> bool:
    """An IBAN (ISO 13616), with or without blanks: form, length in the country and check digits."""
    iban = text.replace(" ", "")
    if _IBAN.fullmatch(iban) is None or len(iban) != _IBAN_LENGTHS.get(iban[:2], len(iban)):
        return False
    return _mod97(iban[4:] + iban[:4]) == 1


def make_iban(country: str, account: str) -> str:
    """The IBAN of a national account that is written out to the length its country has for it (the BBAN)."""
    return f"{country}{98 - _mod97(account + country + '00'):02d}{account}"


def is_rf_reference(text: str) -> bool:
    """A creditor reference (ISO 11649), with or without blanks, in either case."""
    reference = text.replace(" ", "").upper()
    return _RF.fullmatch(reference) is not None and _mod97(reference[4:] + reference[:4]) == 1


def make_rf_reference(reference: str) -> str:
    """The creditor reference of a national one: leading zeros dropped, check digits before it (ISO 11649)."""
    stem = reference.replace(" ", "").upper().lstrip("0")
    return f"RF{98 - _mod97(stem + 'RF00'):02d}{stem}"


def is_finnish_reference(text: str) -> bool:
    """A Finnish reference: 4 to 20 digits, the last one by the weights 7, 3, 1. Leading zeros fill it up.

    Source: Finance Finland, Forming a Finnish reference number.
    """
    digits = text.replace(" ", "")
    stem = digits.lstrip("0")
    return (
        _FINNISH_REFERENCE.fullmatch(digits) is not None
        and len(stem) >= 4
        and make_finnish_reference(stem[:-1]) == (stem)
    )


def make_finnish_reference(base: str) -> str:
    """*base* (3 to 19 digits) with its check digit behind it."""
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(base)))
    return f"{base}{-total % 10}"


def is_business_id(text: str) -> bool:
    """A Finnish business id (y-tunnus), ``1234567-1`` with or without the hyphen."""
    parts = _BUSINESS_ID.fullmatch(text)
    if parts is None:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(parts[1], (7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    # A rest of 1 would need the digit 10: such numbers are not given out.
    return rest != 1 and int(parts[2]) == (11 - rest) % 11


def is_finnish_vat_id(text: str) -> bool:
    """A Finnish VAT number: ``FI`` and the eight digits of the business id."""
    return len(text) == 10 and text.startswith("FI") and is_business_id(text[2:])


def is_ovt(text: str) -> bool:
    """A Finnish OVT address: 0037, the business id without hyphen, and up to 5 characters of the company's own."""
    parts = _OVT.fullmatch(text)
    return parts is not None and is_business_id(parts[1])


def is_organisation_number(text: str) -> bool:
    """A Norwegian organisation number: nine digits, modulo 11 with the weights 3 2 7 6 5 4 3 2."""
    return len(text) == 9 and _digits(text) and _mod11(text, (3, 2, 7, 6, 5, 4, 3, 2, 1))


def is_swedish_organisation_number(text: str) -> bool:
    """A Swedish organisation number: ten digits, with or without a hyphen before the last four (modulo 10)."""
    digits = text[:-5] + text[-4:] if text[-5:-4] == "-" else text
    return len(digits) == 10 and _digits(digits) and _luhn(digits)


def is_cvr(text: str) -> bool:
    """A Danish CVR number: eight digits, modulo 11 with the weights 2 7 6 5 4 3 2 1; ``DK`` may stand before it."""
    digits = text.removeprefix("DK")
    return len(digits) == 8 and _digits(digits) and digits[0] != "0" and _mod11(digits, (2, 7, 6, 5, 4, 3, 2, 1))


def is_gln(text: str) -> bool:
    """A GLN: thirteen digits, the GS1 check digit last."""
    return len(text) == 13 and _digits(text) and _gs1(text)


def is_gtin(text: str) -> bool:
    """A GTIN of 8, 12, 13 or 14 digits, the GS1 check digit last."""
    return len(text) in (8, 12, 13, 14) and _digits(text) and _gs1(text)


def is_kid(text: str) -> bool:
    """A Norwegian KID: 2 to 25 characters, the last by modulo 10 or modulo 11; only modulo 11 may end in ``-``.

    Which of the two an agreement with the bank says; the number itself does not.
    """
    return is_kid_mod10(text) or is_kid_mod11(text)


def is_kid_mod10(text: str) -> bool:
    """A KID whose last digit is that of Luhn."""
    return _KID.fullmatch(text) is not None and not text.endswith("-") and _luhn(text)


def is_kid_mod11(text: str) -> bool:
    """A KID whose last character is modulo 11 with the weights 2 to 7 from the right; 10 is written ``-``."""
    parts = _KID.fullmatch(text)
    if parts is None:
        return False
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(parts[1])))
    digit = -total % 11
    return parts[2] == ("-" if digit == 10 else str(digit))


def is_norwegian_account(text: str) -> bool:
    """A Norwegian account number: eleven digits, modulo 11 with the weights 5 4 3 2 7 6 5 4 3 2."""
    return len(text) == 11 and _digits(text) and _mod11(text, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def is_fik(text: str) -> bool:
    """The reference of a Danish payment slip (FIK 71, 75): 15 or 16 digits, the last one that of Luhn."""
    return len(text) in (15, 16) and _digits(text) and _luhn(text)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _mod11(digits: str, weights: tuple[int, ...]) -> bool:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 == 0


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _gs1(digits: str) -> bool:
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0
