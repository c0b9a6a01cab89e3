"""The files of a pack as elements that know where they stand, for both front ends.

XML is read by ``intake.xml``, which refuses every DOCTYPE and leaves comments and processing instructions out; its
other limits hold as well. A line is the one on which the start tag of an element ends, as libxml2 counts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import msgspec
from lxml import etree

from fakturahub.errors import PackRefused, TransferUnreadable
from fakturahub.intake import xml
from fakturahub.rules.tree import Place

XSL = "http://www.w3.org/1999/XSL/Transform"
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"

#: nested elements; official packs have eight
DEPTH = 100
#: elements of one file, and of one schema with all that it includes; the largest official sheet has 20,000
ELEMENTS = 100_000
#: prefixes in scope, summed over the elements that declare some; official sheets come to 30,000
SCOPES = 3_000_000
#: reasons that one refusal lists
REASONS = 100

NO_PREFIXES: Mapping[str, str] = MappingProxyType({})
_LINE = re.compile(r"line (\d+)")
_TOO_DEEP = f"elements are nested more than {DEPTH} deep"
#: what white space is in XML; Python's own idea of it is wider
BLANK = " \t\r\n"


class Element(msgspec.Struct):
    """An element. Attributes of a namespace have it in braces before their name, those without have none."""

    namespace: str
    name: str
    attributes: Mapping[str, str]
    #: elements and texts in their order; no text is empty, no two stand side by side
    children: list[Element | str]
    place: Place
    #: prefix -> namespace, of those in scope; "" for the default one
    prefixes: Mapping[str, str]
    #: itself and all elements in it
    size: int

    def elements(self) -> Iterator[Element]:
        for child in self.children:
            if not isinstance(child, str):
                yield child

    def everything(self) -> Iterator[Element | str]:
        """Itself, and the elements and texts in it at any depth, in their order."""
        waiting: list[Element | str] = [self]
        while waiting:
            one = waiting.pop()
            yield one
            if not isinstance(one, str):
                waiting.extend(reversed(one.children))

    def all_elements(self) -> Iterator[Element]:
        """Itself and the elements in it at any depth, in their order."""
        for one in self.everything():
            if not isinstance(one, str):
                yield one

    def text(self) -> str:
        """The texts in it, at any depth."""
        return "".join(one for one in self.everything() if isinstance(one, str))

    def is_a(self, namespace: str, *names: str) -> bool:
        return self.namespace == namespace and self.name in names

    def required(self, attribute: str) -> str:
        """The value of an attribute; ``PackRefused`` where it is missing or nothing but white space."""
        value = self.attributes.get(attribute)
        if value is None or not value.strip(BLANK):
            raise refusal(self.place, f"{self.name} has no {attribute}")
        return value

    def only(self, *allowed: str) -> None:
        """``PackRefused`` where there is an attribute that is not *allowed*; those of other vocabularies are."""
        for attribute in self.attributes:
            if attribute not in allowed and (not attribute.startswith("{") or attribute.startswith(f"{{{XSL}}}")):
                raise refusal(self.place, f"the attribute {attribute} of {self.name} is not known")


def refusal(place: Place, what: str) -> PackRefused:
    """The error for *what* is not known or not right at *place*."""
    return PackRefused(place.file, (f"{place.file}, line {place.line}: {what}",))


class Reasons:
    """Collects the reasons for which a pack is refused, so that all of them are told at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[str] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the reasons of a refusal in the block, and go on behind it."""
        try:
            yield
        except PackRefused as refused:
            self._found.extend(refused.reasons)
            if len(self._found) >= REASONS:
                self.tell()

    def tell(self) -> None:
        """``PackRefused`` with all reasons, if there is one."""
        if self._found:
            raise PackRefused(self._name, tuple(dict.fromkeys(self._found))[:REASONS])


def tags(data: bytes) -> int:
    """How many elements there can be at most in XML, known before it is read."""
    return data.count(b"<") - data.count(b"</")


def parse(file: str, data: bytes) -> Element:
    """The root of a file. Raises ``PackRefused`` for XML that cannot be read."""
    if tags(data) > ELEMENTS:
        raise PackRefused(file, (f"{file}: it has more than {ELEMENTS:,} elements",))
    try:
        root = xml.parse(data)
    except TransferUnreadable as unreadable:
        line = _LINE.search(unreadable.place or "")
        where = f"{file}, line {line[1]}" if line else file
        raise PackRefused(file, (f"{where}: {unreadable.reason}",)) from None
    return _built(file, root)


def _built(file: str, root: etree._Element) -> Element:
    """The tree under *root*, built without a call per level."""
    open_elements: list[Element] = []
    declared: dict[str, str] = {}
    scopes = 0
    built: list[Element] = []
    events: Iterator[tuple[str, Any]] = iter(etree.iterwalk(root, events=("start", "end", "start-ns")))
    for event, node in events:
        if event == "start-ns":
            prefix, uri = node
            declared[prefix or ""] = uri
        elif event == "start":
            parent = open_elements[-1] if open_elements else None
            prefixes = parent.prefixes if parent else NO_PREFIXES
            if declared:
                prefixes = {**prefixes, **declared}
                scopes += len(prefixes)
                declared = {}
            element = Element(
                *_split(node.tag),
                dict(node.attrib) if node.attrib else NO_PREFIXES,
                [node.text] if node.text else [],
                Place(file, node.sourceline or 1),
                prefixes,
                1,
            )
            at_depth(element, len(open_elements) + 1)
            if scopes > SCOPES:
                raise refusal(element.place, "there are too many namespaces in scope of too many elements")
            if parent:
                parent.children.append(element)
            open_elements.append(element)
        else:
            closed = open_elements.pop()
            if open_elements:
                open_elements[-1].size += closed.size
                if node.tail:
                    open_elements[-1].children.append(node.tail)
            else:
                built.append(closed)
    return built[0]


def _split(tag: object) -> tuple[str, str]:
    tag = str(tag)
    if tag.startswith("{"):
        namespace, _, name = tag[1:].partition("}")
        return namespace, name
    return "", tag


def at_depth(element: Element, depth: int) -> None:
    """``PackRefused`` if *depth*, counted over the borders of files, is too much."""
    if depth > DEPTH:
        raise refusal(element.place, _TOO_DEEP)
