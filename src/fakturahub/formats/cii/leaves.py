"""Steps of the reader for single values: each takes one element into a dictionary of what was found.

The keys are the names of the fields of the noun that is made of the dictionary. A second, different value of a field
is reported as lost; the same value again is not, for nothing of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.cii.names import QDT, RAM, UDT
from fakturahub.formats.values import attribute_of, decimal_of, identifier_of, place_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN, Step, Walk
from fakturahub.intake.limits import TEXT

Found = dict[str, Any]
Steps = Mapping[str, Step[Found]]

#: UNTDID 2379: CCYYMMDD, the only format of a date in EN 16931 (CII-DT-097)
_CCYYMMDD = "102"
# TaxPointDate has a DateString, FormattedIssueDateTime one of the qualified kind; senders mix them up.
_DATE_STRINGS = frozenset({f"{UDT}DateTimeString", f"{UDT}DateString", f"{QDT}DateTimeString", f"{QDT}DateString"})
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def put(walk: Walk, element: etree._Element, into: Found, key: str, value: object, term: str) -> None:
    """Put *value* under *key*; report it when another one is there already."""
    stated = into.setdefault(key, value)
    if stated is not value and stated != value:
        walk.loss(element, str(value), REPEATED, term=term)


def text(key: str, term: str, limit: int = TEXT.text) -> Step[Found]:
    """A value in one line."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            walk.leaf(element)
        value = text_of(element, term, limit)
        if value is not None:
            put(walk, element, into, key, value, term)

    return step


def identifier(key: str, term: str) -> Step[Found]:
    """An identifier with its ``schemeID``."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            walk.leaf(element, "schemeID")
        value = identifier_of(element, term)
        if value is not None:
            put(walk, element, into, key, value, term)
        elif element.attrib:
            walk.unknown(element)

    return step


def prose(key: str, term: str) -> Step[Found]:
    """A text for people, with its line breaks: payment terms and notes have a meaning by line. Of any length."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            walk.leaf(element)
        value = (element.text or "").strip()
        if value:
            put(walk, element, into, key, value, term)

    return step


def number(key: str, term: str, unit: str | None = None) -> Step[Found]:
    """A decimal number; with *unit* a quantity, whose ``unitCode`` goes under that key.

    A ``currencyID`` is reported unless it is that of the document (see `read`).
    """

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        code = None
        if element.attrib or len(element):
            code = attribute_of(element, "unitCode", term) if unit else None
            walk.leaf(element, *(("unitCode",) if unit else ()))
        value = decimal_of(element, term)
        if value is not None:
            put(walk, element, into, key, value, term)
            if code is not None and unit is not None:
                put(walk, element, into, unit, code, term)
        elif code is not None:
            walk.loss(element, code, UNKNOWN, attribute="unitCode")

    return step


def day(key: str, term: str) -> Step[Found]:
    """A date, in the format 102 or in none, which is taken for 102. Another format is reported, as EN 16931 has none.

    Raises ``BadValue`` for a date of format 102 that is none.
    """

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        value = date_in(walk, element, term)
        if value is not None:
            put(walk, element, into, key, value, term)

    return step


def date_in(walk: Walk, element: etree._Element, term: str) -> date | None:
    """The date in *element*, which has it in a child; see `day`."""
    value = None
    for child in children(walk, element):
        stated = child.get("format", _CCYYMMDD).strip()
        if value is not None or child.tag not in _DATE_STRINGS or stated != _CCYYMMDD:
            walk.unknown(child)
            continue
        if len(child.attrib) > 1 or len(child):
            walk.leaf(child, "format")
        text = text_of(child, term)
        if text is not None:
            value = _date(text, child, term)
    return value


def _date(value: str, element: etree._Element, term: str) -> date:
    if len(value) == 8 and value.isascii() and value.isdigit():
        try:
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        except ValueError:
            pass
    raise BadValue(
        f"{value[:40]!r} is no date; a date of the format 102 is written 20261120.",
        term=term,
        place=place_of(element),
    )


def truth(key: str) -> Step[Found]:
    """A ``ChargeIndicator`` with its ``Indicator``."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        for child in children(walk, element):
            value = _TRUTH.get((child.text or "").strip()) if child.tag == f"{UDT}Indicator" else None
            if value is None or key in into:
                walk.unknown(child)
            else:
                into[key] = value
                walk.leaf(child)

    return step


def inside(steps: Steps) -> Step[Found]:
    """A container that the model does not have: its values go where it stands."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        walk.children(element, steps, into)

    return step


def under(key: str, step: Step[Found]) -> Step[Found]:
    """What *step* finds goes into a dictionary of its own under *key*, one for the whole parent."""

    def within(walk: Walk, element: etree._Element, into: Found) -> None:
        step(walk, element, into.setdefault(key, {}))

    return within


def group(key: str, steps: Steps, make: Callable[..., object], *required: str) -> Step[Found]:
    """A part of the document that occurs once; without one of the values *required* all of it is reported."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        mark = walk.mark()
        found = part(walk, element, steps, *required)
        if not found:
            return
        made = make(**found)
        if into.setdefault(key, made) != made:
            walk.instead(element, mark, REPEATED)

    return step


def several(key: str, steps: Steps, make: Callable[..., object], *required: str) -> Step[Found]:
    """A part of the document that may occur many times."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        found = part(walk, element, steps, *required)
        if found:
            into.setdefault(key, []).append(make(**found))

    return step


def part(walk: Walk, element: etree._Element, steps: Steps, *required: str) -> Found:
    """What is found below *element*; without one of *required* it is nothing, and all of it is reported."""
    mark = walk.mark()
    found: Found = walk.children(element, steps, {})
    for name in required:
        if name not in found:
            walk.instead(element, mark)
            return {}
    return found


def children(walk: Walk, element: etree._Element) -> etree._Element:
    """*element*, whose children alone the caller takes: its attributes are reported, and a text where they are not."""
    if element.attrib:
        walk.attributes(element)
    if not len(element) and element.text and element.text.strip():
        walk.unknown(element)
    return element


def ram(steps: Steps) -> dict[str, Step[Found]]:
    """*steps* by qualified names: nearly all elements are in the namespace of aggregates."""
    return {RAM + name: step for name, step in steps.items()}
