"""Steps of the reader for the values of a row that are more than one element says: units, prices, definitions."""

from __future__ import annotations

import re

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.finvoice import units
from fakturahub.formats.finvoice.leaves import (
    CODE_UNKNOWN,
    NO_PLACE,
    RECOMPUTED,
    SCHEME,
    Document,
    Found,
    Step,
    decimal,
    identifier,
    money,
    negated,
    stated,
)
from fakturahub.formats.values import attribute_of, text_of
from fakturahub.formats.walk import REPEATED
from fakturahub.model.invoice import Classification, ItemAttribute

_UNIT, _UNIT_CODE, _PRICE_UNIT = "QuantityUnitCode", "QuantityUnitCodeUN", "UnitPriceUnitCode"
#: the price with VAT among the values of a row
WITH_VAT = "with_vat"
_CODE = "DefinitionCode"
_CODED = re.compile(r"(\S.{0,69}) \[([A-Za-z0-9]{1,20})\]")
_CENTS = ("snt/", "c/", "snt")
_EURO = ("e", "eur", "€", "euro", "e/", "eur/", "€/")


def row_quantity(key: str, term: str) -> Step:
    """A quantity with its unit, printed and as a code. Text that is no number is reported: the schema allows any."""
    unit_key = f"{key}_unit"

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, _UNIT, _UNIT_CODE)
        text = stated(element)
        word, code = attribute_of(element, _UNIT, term), attribute_of(element, _UNIT_CODE, term)
        if text is None:
            return
        try:
            value = decimal(text, element, term)
        except BadValue:
            doc.keep(element)
            return
        unit = code if code and code != units.UNDEFINED else (units.code_of(word) if word else None) or code
        value = negated(value) if doc.flip and key != "base_quantity" else value
        if key in into:
            if into[key] != value or into.get(unit_key, unit) != unit:
                doc.keep(element, REPEATED)
            return
        into[key] = value
        if unit is not None:
            into[unit_key] = unit
        elif word is not None:
            # A unit that no code is known for is kept as a word.
            into[unit_key] = units.UNDEFINED
        if word is not None and (unit is None or not units.says(word, unit)):
            doc.keep_attribute(element, _UNIT, CODE_UNKNOWN, term)
        if code is not None and code != unit:
            doc.loss(element, code, CODE_UNKNOWN, term=term, attribute=_UNIT_CODE)

    return step


def unit_price(key: str, term: str) -> Step:
    """A unit price, which is never negated; one in cents becomes one in euros, exactly."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        value = money(doc, element, term, _PRICE_UNIT, _UNIT_CODE, flips=False)
        if value is None:
            return
        unit = attribute_of(element, _PRICE_UNIT, term)
        code = attribute_of(element, _UNIT_CODE, term)
        if key == WITH_VAT:
            # Kept whole, for the net price is made of it.
            if (unit or "").lower().startswith(_CENTS):
                value = value.scaleb(-2)
            doc.put(element, into, key, value, term)
            return
        if unit is not None:
            lowered = unit.lower()
            if lowered.startswith(_CENTS):
                doc.loss(element, stated(element) or "", RECOMPUTED, term=term)
                doc.loss(element, unit, RECOMPUTED, term=term, attribute=_PRICE_UNIT)
                value = value.scaleb(-2)
                into["cents"] = True
            elif not _is_price_unit(lowered, into):
                doc.keep_attribute(element, _PRICE_UNIT, NO_PLACE, term)
        if code is not None and code not in (into.get("quantity_unit"), into.get("delivered_unit"), units.UNDEFINED):
            doc.keep_attribute(element, _UNIT_CODE, NO_PLACE, term)
        elif code == units.UNDEFINED:
            # The code of no unit says nothing beside the word.
            doc.loss(element, code, RECOMPUTED, term=term, attribute=_UNIT_CODE)
        doc.put(element, into, key, value, term)

    return step


def _is_price_unit(text: str, into: Found) -> bool:
    """Whether *text* says no more than the unit of the row: ``e/kpl``, ``EUR/kk`` or the unit alone."""
    euro, slash, word = text.rpartition("/")
    if slash and euro not in _EURO:
        return False
    if not slash and text in _EURO:
        return True
    unit = into.get("quantity_unit") or into.get("delivered_unit")
    return unit is not None and units.says(word, unit)


# A file that names no scheme has an EAN code here, as the name of the element says.
standard_id = identifier("standard_id", "BT-157", lambda value: "0160" if value.isdigit() else None)


def classification(doc: Document, element: etree._Element, into: Found) -> None:
    doc.leaf(element, SCHEME, "SchemeVersion")
    code = text_of(element, "BT-158")
    if code is not None:
        into.setdefault("classifications", []).append(
            Classification(
                code=code,
                list_id=attribute_of(element, SCHEME, "BT-158"),
                list_version=attribute_of(element, "SchemeVersion", "BT-158"),
            )
        )


def definition(doc: Document, element: etree._Element, into: Found) -> None:
    """A name and a value (BG-32), such as the number of a meter; a code for the name stands behind it."""
    header = element.find("RowDefinitionHeaderText")
    value = element.find("RowDefinitionValue")
    name, said = (stated(part) if part is not None else None for part in (header, value))
    if header is None or value is None or name is None or said is None or len(element) != 2:
        doc.keep(element)
        return
    doc.attributes(element)
    doc.leaf(header, _CODE)
    doc.leaf(value, _UNIT, _UNIT_CODE)
    unit = value.get(_UNIT) or value.get(_UNIT_CODE)
    if (unit_code := value.get(_UNIT_CODE)) and not units.says(str(unit), unit_code):
        doc.loss(value, unit_code, NO_PLACE, term="BT-161", attribute=_UNIT_CODE)
    code = (header.get(_CODE) or "").strip()
    if code:
        name = coded_name(name, code)
    into.setdefault("attributes", []).append(ItemAttribute(name=name, value=f"{said} {unit}" if unit else said))


def split_name(name: str) -> tuple[str, str | None]:
    """The name of a definition and its code, if there is one behind it."""
    found = _CODED.fullmatch(name)
    return (name, None) if found is None else (found[1], found[2])


def coded_name(name: str, code: str) -> str:
    """The name of a definition with its code behind it, as the writer knows it again."""
    return f"{name} [{code}]"
