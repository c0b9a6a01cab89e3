"""Reading a tree so that nothing in it is lost in silence.

A reader walks each element once and gives every child to the step that its table names. What no table names, an
attribute that no step takes, and a second value where the model has room for one are reported as losses with path and
value. A test walks the source and proves that each leaf is either in what was read or in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lxml import etree

from fakturahub.formats.values import LONGEST_NAME, name_of, path_of, place_of, text_of
from fakturahub.intake.limits import REPORT, TEXT
from fakturahub.model import Loss

Into = TypeVar("Into")
#: how names of schema instance attributes begin (schemaLocation, type, nil), which speak of schemas
#: and not of the document
XML_SCHEMA = "{http://www.w3.org/2001/XMLS"
#: takes one child element into what is being read
Step = Callable[["Walk", etree._Element, Into], None]

#: why a reader reports something (the ``why`` of a `Loss`)
UNKNOWN = "not-understood"
#: the model has room for one
REPEATED = "cardinality"
#: no value but how many more there are: the report of losses is full (`limits.REPORT`)
NOT_LISTED = "not-listed"

#: how much was reported: what `Walk.mark` gives and `Walk.instead` goes back to
Mark = tuple[int, int, int]


class Walk:
    """One reading of one document: the losses so far.

    Each loss is told with its place and its value as long as there is room for it (``limits.REPORT``); those beyond
    are counted, and a last loss says how many they are and from where to where they stand.
    """

    def __init__(self, *restated: tuple[str, str]) -> None:
        """*restated*: attributes, as name and value, that say nothing beyond what the elements are."""
        self._restated = frozenset(restated)
        self._told: list[Loss] = []
        #: characters that places may still take
        self._room = REPORT.places
        self._more = 0
        self._first: etree._Element | None = None
        self._last: etree._Element | None = None
        # What is lost mostly stands together: the path of the last parent is kept.
        self._parent: etree._Element | None = None
        self._path = ""

    @property
    def losses(self) -> list[Loss]:
        """The report so far."""
        if self._first is not None and self._last is not None:
            first, last = self.place(self._first), self.place(self._last)
            if self._told and self._told[-1].why == NOT_LISTED:
                self._told.pop()
            rest = Loss(path_of(self._first), f"{self._more:,} more values", NOT_LISTED, f"{first} to {last}")
            self._told.append(rest)
        return self._told

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
        """Report the attributes of *element* but those *taken*; those of schema instances speak of schemas alone."""
        for name, value in element.items():
            stated = str(value).strip()
            if not stated or name in taken or (name, stated) in self._restated or str(name).startswith(XML_SCHEMA):
                continue
            self.loss(element, stated, UNKNOWN, attribute=str(name))

    def leaf(self, element: etree._Element, *taken: str) -> None:
        """Report what an element whose text is taken has beside it: attributes but those *taken*, and children."""
        if element.attrib:
            self.attributes(element, *taken)
        for child in element:
            self.unknown(child)

    def unknown(self, element: etree._Element, why: str = UNKNOWN) -> None:
        """Report every text and attribute of *element* and below; of texts between elements `stray` does."""
        if self._first is not None and not self._restated and (len(element) or element.attrib):
            # They are only counted from here on, and the parser counts faster.
            count = int(_COUNT(element))
            if count:
                self._last = element
                self._more += count
            return
        for part in element.iter(etree.Element) if len(element) else (element,):
            for name, value in part.items():
                stated = str(value).strip()
                if stated and (name, stated) not in self._restated:
                    self.loss(part, stated, why, attribute=str(name))
            text = part.text
            if text and not len(part):
                text = text.strip()
                if text:
                    self.loss(part, text, why)

    def loss(
        self, element: etree._Element, value: str, why: str, *, term: str | None = None, attribute: str | None = None
    ) -> None:
        """Report one value; ``term`` is the business term it belongs to, its path where there is none."""
        if self._first is None and len(self._told) < REPORT.losses:
            place = self.place(element)
            if attribute is not None:
                place = f"{place}, @{attribute.rpartition('}')[2][:LONGEST_NAME]}"
            self._room -= len(place)
            if self._room >= 0:
                self._told.append(Loss(term or place, value, why, place))
                return
        if self._first is None:
            self._first = element
        self._last = element
        self._more += 1

    def place(self, element: etree._Element) -> str:
        """What ``values.place_of`` says of *element*."""
        parent = element.getparent()
        if parent is None:
            return place_of(element)
        if parent is not self._parent:
            self._parent, self._path = parent, path_of(parent)
        return f"{self._path}/{name_of(element)}, line {element.sourceline}"

    def mark(self) -> Mark:
        """How much was reported so far, for `instead`."""
        return len(self._told), self._more, self._room

    def instead(self, element: etree._Element, mark: Mark, why: str = UNKNOWN) -> None:
        """Report all of *element*, in place of what was reported of it since the *mark*."""
        told, self._more, self._room = mark
        del self._told[told:]
        if self._more == 0:
            self._first = self._last = None
        self.unknown(element, why)


# The values that `Walk.unknown` reports of an element.
_COUNT = etree.XPath(
    "count(descendant-or-self::*/@*[normalize-space()]) + count(descendant-or-self::*[not(*)][normalize-space()])"
)
# Elements of elements with a text of their own: one look at the parser's speed for the whole document.
_MIXED = etree.XPath("descendant-or-self::*[*][text()[normalize-space()]]")


def stray(root: etree._Element) -> tuple[Loss, ...]:
    """The texts between the elements of *root*, where no syntax of business documents has any.

    No reader looks for them. An extension that is kept as it came has none, or it is not kept.
    """
    found = Walk()
    for element in _MIXED(root):
        for text in (element.text, *(child.tail for child in element)):
            value = text.strip() if text else ""
            if value:
                found.loss(element, value, UNKNOWN)
    return tuple(found.losses)


def is_mixed(element: etree._Element) -> bool:
    """Whether there are texts between the elements of *element*."""
    return bool(_MIXED_INSIDE(element))


_MIXED_INSIDE = etree.XPath("boolean(descendant-or-self::*[*][text()[normalize-space()]])")


#: the fields of a noun that is being read
Fields = dict[str, Any]


def one(field: str, limit: int = TEXT.text) -> Step[Fields]:
    """The step of an element whose text is *field*; a second one is reported. Raises ``BadValue`` over *limit*."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        walk.leaf(element)
        value = text_of(element, name_of(element), limit)
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
        value = text_of(element, name_of(element), limit)
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
