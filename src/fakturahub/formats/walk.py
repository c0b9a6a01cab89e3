"""Reading a tree so that nothing in it is lost in silence.

A reader walks each element once and gives every child to the step that its table names. What no table names, an
attribute that no step takes, and a second value where the model has room for one are reported as losses with path and
value. A test walks the source and proves that each leaf is either in what was read or in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lxml import etree

from fakturahub.formats.values import place_of, text_of
from fakturahub.intake.limits import TEXT
from fakturahub.model import Loss

Into = TypeVar("Into")
#: takes one child element into what is being read
Step = Callable[["Walk", etree._Element, Into], None]

#: why a reader reports something (the ``why`` of a `Loss`)
UNKNOWN = "not-understood"
#: the model has room for one
REPEATED = "cardinality"


class Walk:
    """One reading of one document: the losses so far."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []

    def children(self, element: etree._Element, steps: Mapping[str, Step[Into]], into: Into) -> Into:
        """Give each child of *element* to its step; report children without one, and *element*'s own attributes."""
        self.attributes(element)
        if not len(element) and element.text and element.text.strip():
            # A text where the syntax has elements.
            self.loss(element, element.text.strip(), UNKNOWN)
        for child in element:
            # The parser left comments out; were there any, their tag would be no key of a table.
            step = steps.get(child.tag)  # type: ignore[arg-type]
            if step is None:
                self.unknown(child)
            else:
                step(self, child, into)
        return into

    def attributes(self, element: etree._Element, *taken: str) -> None:
        """Report the attributes of *element* but those *taken*."""
        if element.attrib:
            for name, value in element.attrib.items():
                if (
                    name not in taken
                    and str(value).strip()
                    and not str(name).startswith("{http://www.w3.org/2001/XMLS")
                ):
                    self.loss(element, str(value), UNKNOWN, attribute=str(name))

    def leaf(self, element: etree._Element, *taken: str) -> None:
        """Report what an element whose text is taken has beside it: attributes but those *taken*, and children."""
        if element.attrib:
            self.attributes(element, *taken)
        for child in element:
            self.unknown(child)

    def unknown(self, element: etree._Element, why: str = UNKNOWN) -> None:
        """Report every text and attribute of *element* and below."""
        for part in element.iter(etree.Element):
            for name, value in part.attrib.items():
                if str(value).strip():
                    self.loss(part, str(value), why, attribute=str(name))
            if part.text and part.text.strip():
                self.loss(part, part.text.strip(), why)
            if part is not element and part.tail and part.tail.strip():
                self.loss(part, part.tail.strip(), why)

    def loss(
        self, element: etree._Element, value: str, why: str, *, term: str | None = None, attribute: str | None = None
    ) -> None:
        """Report one value; ``term`` is the business term it belongs to, its path where there is none."""
        place = place_of(element) + (f", @{etree.QName(attribute).localname}" if attribute else "")
        self.losses.append(Loss(term or place, value, why, place))


def stray(root: etree._Element) -> list[Loss]:
    """The texts between the elements of *root*, where no syntax of business documents has any.

    What is inside an extension of UBL is its family's to judge: it is kept as it came.
    """
    found = Walk()
    for element in root.iter(etree.Element):
        if len(element):
            text = element.text
            if text and not text.isspace():
                found.loss(element, text.strip(), UNKNOWN)
        tail = element.tail
        if tail and element is not root and not tail.isspace():
            found.loss(element, tail.strip(), UNKNOWN)
    return [loss for loss in found.losses if "/ExtensionContent/" not in str(loss.place)]


#: the fields of a noun that is being read
Fields = dict[str, Any]


def one(field: str, limit: int = TEXT.text) -> Step[Fields]:
    """The step of an element whose text is *field*; a second one is reported. Raises ``BadValue`` over *limit*."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        walk.leaf(element)
        value = text_of(element, _local(element), limit)
        if value is None:
            return
        if field in into:
            walk.loss(element, value, REPEATED)
        else:
            into[field] = value

    return step


def many(field: str, limit: int = TEXT.text) -> Step[Fields]:
    """The step of an element whose text is one of several in *field*. Raises ``BadValue`` over *limit*."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        walk.leaf(element)
        value = text_of(element, _local(element), limit)
        if value is not None:
            into.setdefault(field, []).append(value)

    return step


def part(field: str, steps: Mapping[str, Step[Fields]], make: Callable[[Fields], object]) -> Step[Fields]:
    """The step of an element that is a noun of its own, made of what *steps* find in it; a second one is reported."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        if field in into:
            walk.unknown(element, REPEATED)
        else:
            into[field] = make(walk.children(element, steps, {}))

    return step


def parts(field: str, steps: Mapping[str, Step[Fields]], make: Callable[[Fields], object]) -> Step[Fields]:
    """The step of an element that is one of several nouns in *field*."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        into.setdefault(field, []).append(make(walk.children(element, steps, {})))

    return step


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
