"""A document as columns: what generated code reads instead of lxml's elements.

An element is an ``int``, its place in document order; 0 is the document node and 1 the root element. Each column is a
list
with one entry per node. Whole numbers instead of objects keep the tree free of cycles and almost free of containers, so
that Python's collector has nothing to do with it, and document order is the order of numbers.

Attributes and texts exist as nodes only where a rule asks for them as such: tuples ``(owner, order, name, value)``,
the name of
a text being "". The columns end with two entries that stand for "no such element" under the indices -1 and -2: no
children, no attributes, the empty string under -1 and ``ABSENT`` under -2.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from lxml.etree import _Element

from fakturahub.rules.runtime.absent import UNREAD
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.outlines import Outline
from fakturahub.rules.runtime.records import Record, Records

#: an attribute or a text
Leaf: TypeAlias = tuple[int, int, str, str]
Node: TypeAlias = int | Leaf
#: children of an element: name -> the only child of that name, or all of them
Children: TypeAlias = dict[str, int | list[int]]

#: open elements at one place
DEPTH = 512
#: elements of one document
ELEMENTS = 4_000_000
#: nodes that paths from the root and axes may go through for one pack: so many, and so many for each element
STEPS = 5_000_000
STEPS_OF_ELEMENT = 500
#: elements that are looked up one by one, before all are listed
LOOKUPS = 200

NO_CHILDREN: Children = {}
NO_ATTRIBUTES: dict[str, str] = {}


class Document:
    """The columns of one document. Built by ``building.build``; read by one thread at a time."""

    __slots__ = (
        "A",
        "K",
        "P",
        "R",
        "T",
        "_elements",
        "_found",
        "_held",
        "_memories",
        "_named",
        "_siblings",
        "blank",
        "by_name",
        "depth",
        "doubled",
        "failures",
        "lists",
        "memo",
        "outline",
        "records",
        "root",
        "steps",
    )

    def __init__(self, root: _Element, records: Records, outline: Outline | None = None) -> None:
        self.root = root
        self.records = records
        #: where it is known, whose columns these are in part
        self.outline = outline
        #: children
        self.K: list[Children] = [] if outline is None else outline.kids
        #: string value
        self.T: list[Any] = []
        #: attributes
        self.A: list[dict[str, str]] = []
        #: parent
        self.P: list[int] = [] if outline is None else outline.parents
        #: path record
        self.R: list[Record] = [] if outline is None else outline.paths
        #: path record -> the elements there, in document order; for an attribute's record the elements that have it
        self.lists: dict[Record, list[int]] = {} if outline is None else outline.lists
        #: path records at which a parent has two elements
        self.doubled: dict[Record, None] = {} if outline is None else outline.doubled
        #: path records at which a text is white space alone
        self.blank: dict[Record, None] = {}
        #: last name -> the path records that end with it, where that is known already; documents may share it
        self.by_name: dict[str, list[Record]] = {}
        #: values that are computed once per document, of the pack that is being run
        self.memo: list[Any] = []
        self.failures: dict[int, EvaluationError] = {}
        self._memories: list[tuple[list[Any], dict[int, EvaluationError]]] = []
        #: calls of the pack's functions that are open
        self.depth = 0
        #: what is left of STEPS
        self.steps = STEPS
        self._elements: list[_Element] = []
        self._named: dict[str, list[int]] = {} if outline is None else outline.named
        self._found: dict[int, _Element] = {}
        self._held: dict[str, list[Leaf]] = {}
        self._siblings: dict[int, list[int]] = {}

    def remember(self, slots: Iterable[list[Any]]) -> None:
        """Takes one list of slots for every pack."""
        self._memories = [(memo, {}) for memo in slots]

    def enter(self, number: int) -> None:
        """From here on it is that pack whose values are kept, and whose steps are counted."""
        self.memo, self.failures = self._memories[number]
        self.steps = STEPS + STEPS_OF_ELEMENT * len(self.R)

    def element(self, node: int) -> _Element:
        """The lxml element of *node* (not of the document node)."""
        found = self._found.get(node)
        if found is None:
            if len(self._found) > LOOKUPS and not self._elements:
                self._elements = list(self.root.iter("*"))
            found = self._elements[node - 1] if self._elements else self._look_up(node)
            self._found[node] = found
        return found

    def _look_up(self, node: int) -> _Element:
        if node == 1:
            return self.root
        parent, tag = self.P[node], self.R[node].tag
        same = self.K[parent][tag]
        position = 0 if isinstance(same, int) else bisect_left(same, node)
        return next(islice(self.element(parent).iterchildren(tag), position, None))

    def string(self, node: int) -> str:
        """The string value of an element or of the document node."""
        text = self.T[node]
        if text is UNREAD:
            text = "".join(_texts_below(self.element(node or 1)))
            self.T[node] = text
        return text  # type: ignore[no-any-return]

    def tag(self, node: int) -> str:
        """The name of an element, ``{namespace}local``; "" for the document node."""
        return self.R[node].tag

    def named(self, tag: str) -> list[int]:
        """All elements of that name, in document order."""
        found = self._named.get(tag)
        if found is None:
            records = (self.by_name or by_name(self.lists)).get(tag, ())
            if len(records) == 1:
                found = self.lists[records[0]]
            else:
                found = sorted([node for record in records for node in self.lists[record]])
            self._named[tag] = found
        self.steps -= len(found)
        if self.steps < 0:
            raise past_the_limit()
        return found

    def joined(self, records: tuple[Record, ...]) -> list[int]:
        """The elements at all of these paths, path by path."""
        lists, outline = self.lists, self.outline
        if outline is None:
            return [node for record in records for node in lists[record]]
        found = outline.joined.get(records)
        if found is None:
            found = outline.joined[records] = [node for record in records for node in lists[record]]
        return found

    def at(self, tags: Iterable[str]) -> list[int]:
        """The elements at the path of these names from the root, in document order; ``*`` is any name of the root."""
        record = self.records.top
        for tag in tags:
            below = self.R[1] if tag == "*" else record.below.get(tag)
            if below is None:
                return []
            record = below
        found = self.lists.get(record, [])
        self.spend(len(found))
        return found

    def attributes_named(self, name: str) -> list[Leaf]:
        """All attributes of that name, in document order."""
        if "@" + name not in self._held:
            self._held["@" + name] = [
                (node, list(self.A[node]).index(name) - len(self.A[node]), name, self.A[node][name])
                for node in self.named("@" + name)
            ]
        return self._held["@" + name]

    def attributes_in_all(self, name: str) -> int:
        """How many attributes have that name."""
        return len(self.named("@" + name))

    def elements(self) -> range:
        """All elements."""
        self.spend(len(self.R))
        return range(1, len(self.R))

    def spend(self, steps: int) -> None:
        """So many nodes are gone through; LIMIT past what is allowed."""
        self.steps -= steps
        if self.steps < 0:
            raise past_the_limit()

    def children(self, node: int) -> list[int]:
        """All child elements of *node*, in document order."""
        found = self._siblings.get(node)
        if found is None:
            found = []
            for child in self.K[node].values():
                if child.__class__ is int:
                    found.append(child)
                else:
                    found.extend(child)  # type: ignore[arg-type]
            found.sort()
            self._siblings[node] = found
        return found

    def texts(self, node: int) -> list[Leaf]:
        """The text nodes of an element; a comment divides a text in two."""
        if node == 0:
            return []
        if not self.K[node]:
            element = self.element(node) if self.R[node].commented else None
            if element is None or not len(element):
                text = self.T[node]
                return [(node, 1, "", text)] if text else []
        return [leaf for leaf in self.child_nodes(node) if leaf.__class__ is not int and not leaf[2]]  # type: ignore[index,misc]

    def child_nodes(self, node: int) -> list[Node]:
        """All children of *node* in document order: elements, texts, comments and instructions (named ``#…``)."""
        if node == 0:
            return [1]
        found: list[Node] = []
        children = iter(self.children(node))
        element = self.element(node)
        order = 1
        if element.text:
            found.append((node, order, "", element.text))
        for child in element:
            order += 1
            if child.tag.__class__ is str:
                found.append(next(children))
            else:
                found.append((node, order, "#other", child.text or ""))
            if child.tail:
                order += 1
                found.append((node, order, "", child.tail))
        return found


def past_the_limit() -> EvaluationError:
    """The error of a pack whose rules go through more nodes of a document than :data:`STEPS` allows."""
    return EvaluationError("LIMIT", "evaluating the rules for this document takes too long")


def by_name(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Path records by their last names."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.tag, []).append(record)
    return found


def _texts_below(element: _Element) -> Iterator[str]:
    # not the texts of comments and processing instructions, but what follows them
    for event, part in _walk(element):
        if event and part.tag.__class__ is str and part.text:
            yield part.text
        elif not event and part is not element and part.tail:
            yield part.tail


def _walk(element: _Element) -> Iterator[tuple[bool, _Element]]:
    """Every node below *element*, itself included: (True, node) at its start, (False, node) at its end."""
    stack: list[tuple[_Element, Iterator[_Element]]] = [(element, iter(element))]
    yield True, element
    while stack:
        parent, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            yield False, parent
        elif len(child):
            yield True, child
            stack.append((child, iter(child)))
        else:
            yield True, child
            yield False, child
