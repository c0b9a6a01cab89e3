"""Electronic addresses and party identifiers of Finvoice, and their schemes (EAS and ICD codes; mapping 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fakturahub.model import Identifier
from fakturahub.model.checkdigits import is_gln, is_iban

#: the EAS code of a Finnish OVT address
OVT_SCHEME = "0216"
#: the ICD code of a Finnish business id
BUSINESS_ID_SCHEME = "0212"
#: what stands for the receiver of an invoice that is to be printed
PRINT = "TULOSTUS"

_OVT = re.compile(r"0037[0-9]{8}[0-9A-Z]{0,5}")
_BUSINESS_ID = re.compile(r"[0-9]{7}-[0-9]")
# The codes of the list of electronic addresses: ICDs and country codes of four digits, and a few of letters.
_SCHEME = re.compile(r"[0-9]{4}|EM|A[NQSU]")
# ISO 6523 has an older entry for OVT than the list of electronic addresses.
_OLD_OVT_SCHEME = "0037"


def endpoint(value: str, scheme: str | None) -> Identifier:
    """The electronic address *value* with its EAS code: the one stated, else the one that its form tells.

    Operators write ``X`` or nothing as scheme. An address of no known form has none.
    """
    if scheme is not None and _SCHEME.fullmatch(scheme):
        return Identifier(value, OVT_SCHEME if scheme == _OLD_OVT_SCHEME else scheme)
    if _OVT.fullmatch(value):
        return Identifier(value, OVT_SCHEME)
    if is_iban(value):
        return Identifier(value, "9918")
    if value.startswith("TE") and len(value) > 2:
        return Identifier(value, "0215")
    if is_gln(value):
        return Identifier(value, "0088")
    return Identifier(value)


def first_address(stated: Iterable[tuple[str, str | None]]) -> Identifier | None:
    """The first of the addresses *stated*, each with its scheme; print is none.

    A SOAP frame has no schemes: that of the same address in a later place is taken.
    """
    made: Identifier | None = None
    for value, scheme in stated:
        if value.upper() == PRINT or (made is not None and value != made.value):
            continue
        if scheme is not None and _SCHEME.fullmatch(scheme):
            return endpoint(value, scheme)
        made = made or endpoint(value, None)
    return made


def is_scheme(value: str) -> bool:
    """Whether *value* has the form of a code of the list of electronic addresses."""
    return _SCHEME.fullmatch(value) is not None


def taken_scheme(scheme: str | None, address: Identifier) -> bool:
    """Whether the stated *scheme* is in *address*, as it stands or under its newer code."""
    return scheme is None or scheme == address.scheme or (scheme == _OLD_OVT_SCHEME and address.scheme == OVT_SCHEME)


def business_id_scheme(value: str) -> str | None:
    """The scheme of a party identifier that names none: a Finnish business id is known by its hyphen."""
    return BUSINESS_ID_SCHEME if _BUSINESS_ID.fullmatch(value) else None


def is_business_id_form(value: str) -> bool:
    """Whether *value* has the form of a Finnish business id."""
    return _BUSINESS_ID.fullmatch(value) is not None


def vat_id_of(business_id: str) -> str:
    """The Finnish VAT number of who has *business_id*."""
    return f"FI{business_id.replace('-', '')}"
