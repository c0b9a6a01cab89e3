"""Steps of the reader for single values of a Finvoice: each takes one element into a dictionary of what was found.

The keys are the names of the fields of the noun that is made of the dictionary. A second, different value of a field
is reported as lost; the same value again is not, for nothing of it is. Finvoice has a decimal comma, dates of eight
digits and a currency at each amount.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.finvoice.extras import Kept
from fakturahub.formats.values import attribute_of, place_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN, Mark, Walk
from fakturahub.intake.limits import TEXT
from fakturahub.model import Finding, Identifier, Severity

#: what was found: a field of a noun -> its value, or a dictionary or list for a part that is made later
Found = dict[str, Any]
Step = Callable[["Document", etree._Element, Found], None]
Steps = Mapping[str, Step]

#: why something is reported: the hub makes it anew where it is needed (routing data, derived figures)
RECOMPUTED = "recomputed"
#: it is known what it is, and the model has no term for it
NO_PLACE = "no-place"
#: it is among the words of an extension
AS_TEXT = "as-text"
#: it is no value of the document: addresses of operators, identifiers of messages, constants of frames
FRAME = "frame"
#: a code that the model's lists do not have
CODE_UNKNOWN = "code-unknown"

CURRENCY = "AmountCurrencyIdentifier"
SCHEME = "SchemeID"

_COMMA = re.compile(r"-?[0-9]+(?:,[0-9]+)?")
# Seen in the wild: a plus, thousands grouped by blanks, a decimal point where it can be no thousands separator.
_TOLERATED = re.compile(
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+)(?:,[0-9]+)?"
    r"|[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+)"
)
# CCYYMMDD; versions before 2.0 may have a time of day behind it.
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{0,8})")


class Document(Walk):
    """One reading of one Finvoice: losses and findings so far, and what has to be known from the start."""

    def __init__(self, currency: str | None, flip: bool, amounts: bool = True) -> None:
        super().__init__()
        self.kept = Kept(amounts)
        #: BT-5
        self.currency = currency
        #: whether it is a credit note with negative figures, which the model has as positive ones
        self.flip = flip
        self.findings: list[Finding] = []
        self._explained: set[tuple[str, str]] = set()

    def take(self, element: etree._Element, steps: Steps, into: Found) -> Found:
        """Give each child of *element* to its step; keep children without one, and report *element*'s attributes."""
        if element.attrib:
            self.attributes(element)
        for child in element:
            step = steps.get(child.tag)  # type: ignore[arg-type]
            if step is None:
                self.keep(child)
            else:
                step(self, child, into)
        return into

    def keep(self, element: etree._Element, why: str = UNKNOWN) -> None:
        """Keep *element* as it came; report it where it cannot be kept."""
        if not self.kept.take(element):
            self.unknown(element, why)

    def forget(self, mark: Mark) -> None:
        """Take back what was reported since the *mark*: it is kept after all."""
        told, self._more, self._room = mark
        del self._told[told:]
        if self._more == 0:
            self._first = self._last = None

    def keep_attribute(self, element: etree._Element, name: str, why: str, term: str) -> None:
        """Keep the attribute *name* of *element*; report it where it cannot be kept."""
        if not self.kept.take(element, attributes=(name,)):
            self.loss(element, str(element.get(name)), why, term=term, attribute=name)

    def put(self, element: etree._Element, into: Found, key: str, value: object, term: str) -> None:
        """Put *value* under *key*; when another one is there already, the element is kept, or reported."""
        stated = into.setdefault(key, value)
        if stated is not value and stated != value and not self.kept.take(element):
            self.loss(element, str(value), REPEATED, term=term)

    def find(
        self, element: etree._Element, rule: str, message: str, term: str, severity: Severity = Severity.WARNING
    ) -> None:
        """Note a finding at *element*; one that only explains is noted once for each term."""
        if severity is Severity.INFORMATION:
            if (rule, term) in self._explained:
                return
            self._explained.add((rule, term))
        self.findings.append(
            Finding(rule, severity, message, place_of(element).partition(",")[0], element.sourceline, term)
        )


def decimal(text: str, element: etree._Element, term: str) -> Decimal:
    """A number of Finvoice, with a decimal comma. Raises ``BadValue``."""
    if _COMMA.fullmatch(text) is None:
        if _TOLERATED.fullmatch(text) is None:
            raise BadValue(
                f"{text[:40]!r} is no decimal number; Finvoice writes one 1656,25.", term=term, place=place_of(element)
            )
        text = "".join(text.split())
    if len(text) > TEXT.digits and sum(map(str.isdigit, text)) > TEXT.digits:
        raise BadValue(f"The number has more than {TEXT.digits} digits.", term=term, place=place_of(element))
    return Decimal(text.replace(",", ".", 1))


def negated(value: Decimal) -> Decimal:
    """*value* with the other sign, exactly; zero has none."""
    return value.copy_negate() if value else value.copy_abs()


def stated(element: etree._Element) -> str | None:
    """The text of *element* without blanks around it; None when there is none."""
    text = element.text
    return (text.strip() or None) if text else None


def text(key: str, term: str, limit: int = TEXT.text) -> Step:
    """A value in one line."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            doc.leaf(element)
        value = text_of(element, term, limit)
        if value is not None:
            doc.put(element, into, key, value, term)

    return step


def words(key: str, width: int, term: str) -> Step:
    """One of several texts of a field that stands in as many elements as it needs, *width* characters in each.

    A text that fills its element to the last character goes on in the next one: that is how longer texts are written.
    Line breaks stay.
    """
    full = f"{key} full"

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            doc.leaf(element)
        raw = element.text
        if raw is None or not raw.strip():
            # Behind a text that fills its element, an empty one says that the next text is another.
            into[full] = False
            return
        if len(raw) > TEXT.text:
            raise BadValue(f"The value has {len(raw):,} characters.", term=term, place=place_of(element))
        whole = into.setdefault(key, [])
        if into.get(full) and whole:
            whole[-1] += raw
        else:
            whole.append(raw)
        into[full] = len(raw) == width

    return step


def identifier(key: str, term: str, scheme_of: Callable[[str], str | None] | None = None) -> Step:
    """An identifier with its ``@SchemeID``; *scheme_of* tells the scheme of a value that comes without one."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            doc.leaf(element, SCHEME)
        value = text_of(element, term)
        if value is None:
            if element.attrib:
                doc.attributes(element)
            return
        scheme = attribute_of(element, SCHEME, term) or (scheme_of(value) if scheme_of else None)
        doc.put(element, into, key, Identifier(value, scheme), term)

    return step


def amount(key: str, term: str, *, flips: bool = True) -> Step:
    """An amount in the currency of the document; one in another is reported and not taken."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        value = money(doc, element, term, flips=flips)
        if value is not None:
            doc.put(element, into, key, value, term)

    return step


def money(
    doc: Document, element: etree._Element, term: str, *taken: str, flips: bool = True, any_currency: bool = False
) -> Decimal | None:
    """The amount of *element* with the sign of the model, None when it is missing or in another currency."""
    attributes = element.attrib
    if len(attributes) > 1 or len(element):
        doc.leaf(element, CURRENCY, *taken)
    text = stated(element)
    if text is None:
        return None
    currency = attributes.get(CURRENCY)
    if currency is not None and currency != doc.currency and not any_currency:
        if doc.kept.take(element):
            return None
        doc.loss(element, text, NO_PLACE, term=term)
        doc.loss(element, str(currency), NO_PLACE, attribute=CURRENCY)
        return None
    value = decimal(text, element, term)
    return negated(value) if doc.flip and flips else value


def number(key: str, term: str) -> Step:
    """A number without a currency: a percentage, a rate."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            doc.leaf(element)
        text = stated(element)
        if text is not None:
            doc.put(element, into, key, decimal(text, element, term), term)

    return step


def day(key: str, term: str) -> Step:
    """A date in the format CCYYMMDD. Raises ``BadValue``."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if len(element.attrib) > 1 or len(element):
            doc.leaf(element, "Format")
        text = stated(element)
        if text is not None:
            doc.put(element, into, key, date_in(doc, element, text, term), term)

    return step


def date_in(doc: Document | None, element: etree._Element, text: str, term: str) -> date:
    """The date that *text* begins with; a time of day behind it is reported. Raises ``BadValue``."""
    parts = _DATE.fullmatch(text)
    if parts is not None:
        try:
            found = date(int(parts[1]), int(parts[2]), int(parts[3]))
        except ValueError:
            pass
        else:
            if doc is not None and parts[4].strip("0") and not doc.kept.take(element):
                doc.loss(element, text, NO_PLACE, term=term)
            return found
    raise BadValue(f"{text[:40]!r} is no date; Finvoice writes one 20261120.", term=term, place=place_of(element))


def lost(why: str) -> Step:
    """Something that is known and not taken, whatever is in it."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.unknown(element, why)

    return step


def inside(steps: Steps) -> Step:
    """A container that the model does not have: its values go where it stands."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.take(element, steps, into)

    return step


def under(key: str, step: Step) -> Step:
    """What *step* finds goes into a dictionary of its own under *key*, one for the whole parent."""

    def within(doc: Document, element: etree._Element, into: Found) -> None:
        step(doc, element, into.setdefault(key, {}))

    return within


def several(key: str, steps: Steps) -> Step:
    """A part that may occur many times: a list of dictionaries."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        found = doc.take(element, steps, {"element": element})
        if len(found) > 1:
            into.setdefault(key, []).append(found)

    return step
