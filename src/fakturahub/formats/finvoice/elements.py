"""The elements of Finvoice 3.0: their order, how often each may occur, and the form of its value.

Written down from the schema of Finance Finland (11/2019); a test compares the two. It serves what the model has no term
for: such an element is kept as it came, and is put back only where and as the schema takes it.

The tree of them stands in ``structure.py``. A form is one of those below, or ``s0-35`` a string, ``t0-14`` a token and
``n0-35`` a name token, each from so many to so many characters.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec
from lxml import etree

from fakturahub.formats.finvoice.structure import TYPES

ROOT, ROW = "Finvoice", "InvoiceRowType"

_PATTERNS = {
    "any": r"(?s:.*)",
    "token": r"(?s:.*)",
    "code": r"[A-Z0-9]{1,3}",
    "icd": r"[0-9]{4}",
    "day": r"[0-9]{8}",
    "unit": r"[A-Z0-9]{2,3}",
    "kind": r"(?:REQ|QUO|ORD|ORC|INV|DEV|TES|INF|PRI|DEN|SEI|REC|RES|SDD)[0-9]{2}",
    "money": r"-?[0-9]{1,15}(?:,[0-9]{2,5})?",
    "cents": r"-?[0-9]{1,15},[0-9]{2}",
    "rate": r"[0-9]{1,15}(?:,[0-9]{1,6})?",
    "percentage": r"[1-9]?[0-9]{1,2}(?:,[0-9]{1,3})?",
    "exemption": r"[A-Za-z0-9-]{1,20}",
    "reference": r"[0-9]{2,20}|RF[0-9][0-9][0-9A-Za-z]{1,21}",
    "attachments": r".{2,48}::attachments",
}
# A type with attributes: the form of the text, then each attribute; an exclamation mark for one that is required.
_VALUES = {
    "ElectronicAddrIdType": "s2-35 SchemeID=n1-10",
    "PartyLegalRegIdType": "s0-35 SchemeID=icd",
    "PartyIdentifierType": "s0-70 IdentifierType=t1-20 SchemeID=icd",
    "date": "day Format!=CCYYMMDD",
    "SellerAccountIDType": "n2-35 IdentificationSchemeName!=IBAN|BBAN",
    "SellerBicType": "n8-11 IdentificationSchemeName!=BIC",
    "DestinationNameType": "s0-35 SchemeID=icd",
    "QuantityType0_14": "s0-14 QuantityUnitCode=t0-14 QuantityUnitCodeUN=unit",
    "QuantityType0_70": "s0-70 QuantityUnitCode=t0-14 QuantityUnitCodeUN=unit",
    "anypartytexttype0_35": "s0-35 AnyPartyCode!=t0-35",
    "InvoiceTypeCodeTypeFI": "kind CodeListAgencyIdentifier=SPY",
    "InvoicedObjectIDType": "s1-70 SchemeID=code",
    "DefinitionHeaderText": "s0-70 DefinitionCode=t1-20",
    "RowDefinitionHeaderText": "s0-70 DefinitionCode=t1-20",
    "SubRowDefinitionHeaderText": "s0-70 DefinitionCode=t1-20",
    "amount": "money AmountCurrencyIdentifier!=n3-3",
    "epiAmount": "cents AmountCurrencyIdentifier!=n3-3",
    "unitAmount": "money AmountCurrencyIdentifier!=n3-3 UnitPriceUnitCode=s0-14",
    "unitAmountUN": "money AmountCurrencyIdentifier!=n3-3 UnitPriceUnitCode=s0-14 QuantityUnitCodeUN=unit",
    "EpiAccountIDType": "n1-34 IdentificationSchemeName!=IBAN|BBAN",
    "EpiBfiIdentifierType": "n8-11 IdentificationSchemeName!=BIC",
    "EpiRemittanceInfoIdentifierType": "reference IdentificationSchemeName=SPY|ISO",
    "EpiChargeType": "token ChargeOption!=SHA|OUR|BEN|SLEV",
    "ArticleGroupIdentifierType": "s0-70 SchemeID=code SchemeVersion=s1-35",
    "EanCodeType": "s0-35 SchemeID=icd",
}
_LENGTH = re.compile(r"([stn])([0-9]+)-([0-9]+)")
_NAME_CHARACTERS = re.compile(r"[\w.:\-\u00b7]*")
_CHILD = re.compile(r"([A-Za-z0-9]+)([?*+]|\{[0-9]+-[0-9]+\})?=(\S+)")
_OFTEN = {"": (1, 1), "?": (0, 1), "*": (0, 1_000_000), "+": (1, 1_000_000)}
# These have one of two contents: what is in the row itself, or sub-rows; a date or a code.
_EITHER = {ROW: "SubInvoiceRow", "VatPointType": "VatPointDateCode"}


class Child(msgspec.Struct, frozen=True):
    """One of the children of a type."""

    place: int
    least: int
    most: int
    type: str


@cache
def types() -> dict[str, dict[str, Child]]:
    """Type -> its children by name."""
    found: dict[str, dict[str, Child]] = {}
    for line in re.sub(r"\n  ", " ", TYPES).strip().splitlines():
        name, _, rest = line.partition(":")
        found[name] = {}
        for place, (child, often, type_of) in enumerate(_CHILD.findall(rest)):
            least, most = _OFTEN.get(often) or (int(often[1:-1].split("-")[0]), int(often[1:-1].split("-")[1]))
            found[name][child] = Child(place, least, most, type_of)
    return found


@cache
def value_of(type_of: str) -> tuple[str, dict[str, tuple[bool, str]]]:
    """The form of the text of *type_of*, and its attributes: whether each is required, and its form."""
    form, *attributes = _VALUES.get(type_of, type_of).split(" ")
    return form, {
        name.rstrip("!"): (name.endswith("!"), each) for name, each in (one.split("=", 1) for one in attributes)
    }


def is_form(text: str, form: str) -> bool:
    """Whether *text* has the *form* of a value."""
    length = _LENGTH.fullmatch(form)
    if length is not None:
        value = text if length[1] == "s" else " ".join(text.split())
        fits_length = int(length[2]) <= len(value) <= int(length[3])
        return fits_length and (length[1] != "n" or _NAME_CHARACTERS.fullmatch(value) is not None)
    pattern = _PATTERNS.get(form)
    # What is no pattern is a list of the values there are.
    return text.strip() in form.split("|") if pattern is None else re.fullmatch(pattern, text.strip()) is not None


def fits(element: etree._Element, type_of: str) -> bool:
    """Whether *element* with all in it is what the schema takes as a *type_of*."""
    children = types().get(type_of)
    if children is None:
        form, attributes = value_of(type_of)
        if len(element) or any(required and name not in element.attrib for name, (required, _) in attributes.items()):
            return False
        if not all(
            name in attributes and is_form(str(value), attributes[str(name)][1])
            for name, value in element.attrib.items()
        ):
            return False
        return is_form(element.text or "", form)
    if element.attrib or (element.text or "").strip():
        return False
    counts = dict.fromkeys(children, 0)
    last = 0
    for child in element:
        known = children.get(str(child.tag))
        if known is None or known.place < last or (child.tail or "").strip() or not fits(child, known.type):
            return False
        last = known.place
        counts[str(child.tag)] += 1
    either = _EITHER.get(type_of)
    if either is not None and counts[either]:
        return all(not count or name == either for name, count in counts.items())
    return all(known.least <= counts[name] <= known.most for name, known in children.items() if name != either)
