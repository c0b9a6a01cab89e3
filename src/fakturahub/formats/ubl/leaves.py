"""The single values of the UBL binding: how each kind is read from an element and written as one.

Each stands in a table of `binding`. ``field`` is the field of the noun that it belongs to; of two different values of
one field the second is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.codes import CODE_UNKNOWN, NO_PLACE
from fakturahub.formats.ubl.names import CBC
from fakturahub.formats.ubl.pen import Pen, attribute
from fakturahub.formats.ubl.walking import NOTHING, Found, Reader, Restated, Step
from fakturahub.formats.values import attribute_of, date_of, decimal_of, text_of
from fakturahub.formats.walk import UNKNOWN
from fakturahub.intake.limits import TEXT
from fakturahub.model import Identifier
from fakturahub.model.terms import TERM

# A Finnish OVT address: Peppol has it under 0216, older senders name it by its first digits.
_OVT = re.compile(r"0037[0-9]{8}[0-9A-Z]{0,5}")
_PLACE_IN_LIST = re.compile(r"\[[0-9]+\]")


def term_of(group: str, field: str) -> str:
    """The business term of *field* in the part *group* of the model; *group* may be a place with numbers."""
    return TERM[f"{_PLACE_IN_LIST.sub('', group)}.{field}" if group else field]


def place_in(path: str, field: str) -> str:
    """The dotted path of *field* in the part of the model at *path*."""
    return f"{path}.{field}" if path else field


@dataclass(frozen=True, slots=True)
class Leaf:
    """An element of the basic components with one value."""

    name: str
    fields: tuple[str, ...]
    #: makes the step that reads it, for its business term
    reading: Callable[[str], Step]
    #: writes it from the noun at a path
    write: Callable[[Pen, Any, str], None]

    def key(self, aggregates: str) -> str:
        return CBC + self.name

    def step(self, group: str, aggregates: str) -> Step:
        return self.reading(term_of(group, self.fields[0]))


def text(name: str, field: str, limit: int = TEXT.text, restated: Restated = NOTHING) -> Leaf:
    """A text in one line: a name, a reference, a code. Raises ``BadValue`` over *limit*."""

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if element.attrib or len(element):
                walk.beside(element, restated)
            value = text_of(element, term, limit)
            if value is not None:
                walk.put(element, found, field, value, term)

        return step

    return Leaf(name, (field,), reading, _writing(field, name))


def prose(name: str, field: str) -> Leaf:
    """A text for people with its line breaks, which carry meaning in payment terms; the parser bounds its length."""

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if element.attrib or len(element):
                walk.beside(element)
            value = (element.text or "").strip()
            if value:
                walk.put(element, found, field, value, term)

        return step

    return Leaf(name, (field,), reading, _writing(field, name))


def _writing(field: str, name: str) -> Callable[[Pen, Any, str], None]:
    tag = f"cbc:{name}"

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = getattr(noun, field)
        if value is not None:
            pen.leaf(tag, value)

    return write


def day(name: str, field: str) -> Leaf:
    """An ``xs:date``. Raises ``BadValue``."""
    tag = f"cbc:{name}"

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if element.attrib or len(element):
                walk.beside(element)
            value = date_of(element, term)
            if value is not None:
                walk.put(element, found, field, value, term)

        return step

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = getattr(noun, field)
        if value is not None:
            pen.day(tag, value)

    return Leaf(name, (field,), reading, write)


def amount(name: str, field: str, *, price: bool = False) -> Leaf:
    """Money in the currency of the document (BT-5); another currency is reported. Raises ``BadValue``.

    A price has as many decimals as it has; of an amount, zeros beyond the second are not written (BR-DEC).
    """
    tag = f"cbc:{name}"

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            attributes = element.attrib
            if len(attributes) != 1 or attributes.get("currencyID") != walk.currency or len(element):
                beside_amount(walk, element, walk.currency)
            value = decimal_of(element, term)
            if value is not None:
                walk.put(element, found, field, value, term)

        return step

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = getattr(noun, field)
        if value is None:
            return
        if price:
            pen.number(tag, value, pen.currency)
        else:
            pen.amount(tag, value)

    return Leaf(name, (field,), reading, write)


def beside_amount(walk: Reader, element: etree._Element, currency: str | None) -> None:
    """Report what stands beside an amount but the *currency* that it has to be in."""
    walk.beside(element, frozenset({("currencyID", currency)}) if currency else NOTHING)


def number(name: str, field: str) -> Leaf:
    """A percentage. Raises ``BadValue``."""
    tag = f"cbc:{name}"

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if element.attrib or len(element):
                walk.beside(element)
            value = decimal_of(element, term)
            if value is not None:
                walk.put(element, found, field, value, term)

        return step

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = getattr(noun, field)
        if value is not None:
            pen.number(tag, value)

    return Leaf(name, (field,), reading, write)


#: Rec 20 is the only list that EN 16931 has for units (BR-CL-23)
UNIT_LIST: Restated = frozenset({("unitCodeListID", "UNECERec20"), ("unitCodeListAgencyID", "6")})


def quantity(name: str, field: str, unit: str) -> Leaf:
    """A quantity and the field of its unit. Raises ``BadValue``."""
    tag = f"cbc:{name}"

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            code = attribute_of(element, "unitCode", term)
            if len(element.attrib) > 1 or code is None or len(element):
                walk.beside(element, UNIT_LIST, "unitCode")
            value = decimal_of(element, term)
            if value is None:
                if code is not None:
                    walk.loss(element, code, UNKNOWN, attribute="unitCode")
                return
            first = field not in found
            walk.put(element, found, field, value, term)
            if code is not None:
                if first:
                    found[unit] = code
                else:
                    walk.put(element, found, unit, code, term)

        return step

    def write(pen: Pen, noun: Any, path: str) -> None:
        value, code = getattr(noun, field), getattr(noun, unit)
        if value is not None:
            pen.number(tag, value, f' unitCode="{attribute(code)}"' if code is not None else "")
        elif code is not None:
            pen.lose(term_of(path, unit), code, NO_PLACE, place_in(path, unit))

    return Leaf(name, (field, unit), reading, write)


def identifier(name: str, field: str, codes: str, *, needs_scheme: bool = False) -> Leaf:
    """An identifier with its scheme, which is of the list *codes*.

    Written without a scheme that the profile's list does not have, or not at all where it would be invalid without.
    """
    tag = f"cbc:{name}"

    def reading(term: str) -> Step:
        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            value = identifier_in(walk, element, term)
            if value is not None:
                walk.put(element, found, field, value, term)

        return step

    def write(pen: Pen, noun: Any, path: str) -> None:
        value = getattr(noun, field)
        if value is not None:
            if value.scheme == "0037" and codes == "eas" and pen.profile.peppol and _OVT.fullmatch(value.value):
                value = Identifier(value.value, "0216")
            write_identifier(pen, tag, value, codes, needs_scheme, term_of(path, field), place_in(path, field))

    return Leaf(name, (field,), reading, write)


def identifier_in(walk: Reader, element: etree._Element, term: str, restated: Restated = NOTHING) -> Identifier | None:
    """The identifier of *element*, everything else of it reported."""
    if element.attrib or len(element):
        walk.beside(element, restated, "schemeID")
    value = text_of(element, term)
    scheme = attribute_of(element, "schemeID", term)
    if value is None:
        if scheme is not None:
            walk.loss(element, scheme, UNKNOWN, attribute="schemeID")
        return None
    return Identifier(value, scheme)


def write_identifier(
    pen: Pen, tag: str, value: Identifier, codes: str, needs_scheme: bool, term: str, place: str
) -> None:
    """Write *value* as far as the profile's list *codes* has its scheme; see `identifier`."""
    if (value.scheme is None and not needs_scheme) or (value.scheme is not None and pen.allows(codes, value.scheme)):
        pen.identifier(tag, value)
    elif needs_scheme and pen.profile.core:
        pen.lose(term, value, CODE_UNKNOWN, place)
    elif value.scheme is None:
        pen.leaf(tag, value.value)
    else:
        pen.lose(term, value.scheme, CODE_UNKNOWN, place)
        pen.leaf(tag, value.value)
