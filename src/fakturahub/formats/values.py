"""Values of elements in the types of the model, strictly: what is no date or number is refused, never guessed.

These are the forms of XML Schema, which UBL and CII use; a syntax with forms of its own (Finvoice) has its own.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.intake.limits import TEXT
from fakturahub.model import Identifier

# XML Schema part 2, 3.2.9: a date may carry a time zone. It is dropped: an invoice is dated by its sender's calendar,
# and applying the zone would move it by a day. Python's own parser takes week dates and more.
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?")
# 3.2.3: no exponent, no NaN, no digits but these ten. Python's own parser takes all of them and underscores.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


#: characters of a name in messages and reports; no syntax has a longer one, a foreign document may
LONGEST_NAME = 80


def name_of(element: etree._Element) -> str:
    """The local name of *element*, as messages and reports show it."""
    name = str(element.tag).rpartition("}")[2]
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def path_of(element: etree._Element) -> str:
    """The local names from the root to *element*: ``Invoice/LegalMonetaryTotal/PayableAmount``."""
    names = [name_of(step) for step in (element, *element.iterancestors())]
    return "/".join(reversed(names))


def place_of(element: etree._Element) -> str:
    """Where *element* stands: its path by local names, and its line."""
    return f"{path_of(element)}, line {element.sourceline}"


def text_of(element: etree._Element | None, term: str, limit: int = TEXT.identifier) -> str | None:
    """The text of *element* without blanks around it, line breaks in it as single blanks; None when nothing is left.

    Raises ``BadValue`` over *limit* characters.
    """
    if element is None:
        return None
    text = element.text
    if text is None:
        return None
    text = text.strip()
    if len(text) > limit:
        raise _too_long("The value", text, limit, term, element)
    if not text.isprintable():
        text = " ".join(text.split())
    return text or None


def attribute_of(element: etree._Element, name: str, term: str, limit: int = TEXT.identifier) -> str | None:
    """The attribute *name* of *element*, treated like a text."""
    text = (element.get(name) or "").strip()
    if len(text) > limit:
        raise _too_long(name, text, limit, term, element)
    return text or None


def _too_long(what: str, text: str, limit: int, term: str, element: etree._Element) -> BadValue:
    return BadValue(f"{what} has {len(text):,} characters; the limit is {limit:,}.", term=term, place=place_of(element))


def identifier_of(element: etree._Element | None, term: str) -> Identifier | None:
    """An identifier with its ``schemeID``, both as stated."""
    value = text_of(element, term)
    if element is None or value is None:
        return None
    return Identifier(value, attribute_of(element, "schemeID", term))


def date_of(element: etree._Element | None, term: str) -> date | None:
    """An ``xs:date``, its time zone dropped. Raises ``BadValue``."""
    text = text_of(element, term)
    if element is None or text is None:
        return None
    parts = _DATE.fullmatch(text)
    if parts is not None:
        try:
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
        except ValueError:
            pass
    raise BadValue(f"{text[:40]!r} is no date; a date is written 2026-11-20.", term=term, place=place_of(element))


def decimal_of(element: etree._Element | None, term: str) -> Decimal | None:
    """An ``xs:decimal`` of at most ``TEXT.digits`` digits. Raises ``BadValue``."""
    text = text_of(element, term)
    if element is None or text is None:
        return None
    if _DECIMAL.fullmatch(text) is None:
        raise BadValue(
            f"{text[:40]!r} is no decimal number; one is written 1656.25, without exponent and thousands separators.",
            term=term,
            place=place_of(element),
        )
    # The sign and the point are no digits; two more characters never make 30 digits wrong.
    if len(text) > TEXT.digits and sum(map(str.isdigit, text)) > TEXT.digits:
        raise BadValue(f"The number has more than {TEXT.digits} digits.", term=term, place=place_of(element))
    return Decimal(text)
