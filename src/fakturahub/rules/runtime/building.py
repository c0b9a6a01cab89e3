"""Building a document's columns from lxml's elements.

Most of them tell how the elements stand in each other, the *outline*, and not what is written in them. Documents of one
sender often have an outline that was met before; then its columns serve again, and only texts and attributes are read.

Cutting the document's text at its tags instead was tried: it saves lxml's objects, but then costs as much in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeAlias

from lxml.etree import _Element

from fakturahub.errors import TooDeep, TooManyParts
from fakturahub.rules.runtime.absent import ABSENT, UNREAD
from fakturahub.rules.runtime.document import DEPTH, ELEMENTS, NO_ATTRIBUTES, NO_CHILDREN, Children, Document
from fakturahub.rules.runtime.records import Record, Records

#: an element, its name, the number of its children, its attributes
_Row: TypeAlias = tuple[_Element, Any, int, dict[str, str]]

#: elements that are read from lxml at once; a document of more has no outline that is kept
PORTION = 1_000
#: sets of attributes that are kept, and characters of the values of one
ATTRIBUTES = 5_000
LENGTH = 100


def build(root: _Element, records: Records) -> Document:
    """The columns of the document whose root element is *root*.

    Raises:
        TooDeep: more than :data:`DEPTH` elements are open at one place.
        TooManyParts: more than :data:`ELEMENTS` elements, or more distinct paths than ``records`` takes.
    """
    walk = root.iter()
    elements = list(islice(walk, PORTION))
    read = _read(elements)
    if len(elements) == PORTION:
        further = iter(lambda: list(islice(walk, PORTION)), [])
        return _built(root, records, chain(zip(elements, *read, strict=True), _rows(further)))
    tags, sizes, held = read
    named: list[int | str] = []
    for index, attributes in enumerate(held):
        if attributes:
            named += (index, *attributes)
    key = (tuple(tags), tuple(sizes), tuple(named))
    outline = records.outlines.get(key)
    if outline is None:
        document = _built(root, records, zip(elements, *read, strict=True))
        records.outlines.keep(key, document)
        return document
    document = Document(root, records, outline)
    texts = document.T
    texts += outline.texts
    blank = document.blank
    for index, path in outline.leaves:
        text = elements[index - 1].text
        if not text or text.isspace():
            blank[path] = None
            text = text or ""
        texts[index] = text
    document.A = [NO_ATTRIBUTES, *held, NO_ATTRIBUTES, NO_ATTRIBUTES]
    return document


class _Attributes(dict[Any, dict[str, str]]):
    """Attributes as they come from lxml -> as they stand in a column. Equal ones are one object; threads share it."""

    __slots__ = ()

    def __missing__(self, items: tuple[tuple[str, str], ...]) -> dict[str, str]:
        made = dict(items)
        if len(self) >= ATTRIBUTES:
            self.clear()
        if sum([len(value) for _name, value in items]) < LENGTH:
            self[items] = made
        return made


_ATTRIBUTES = _Attributes()


def _read(elements: list[_Element]) -> tuple[list[Any], list[int], list[dict[str, str]]]:
    """Names, numbers of children, attributes."""
    tags = [one.tag for one in elements]
    known = _ATTRIBUTES
    held = [known[tuple(items)] if items else NO_ATTRIBUTES for items in [one.items() for one in elements]]
    return tags, list(map(len, elements)), held


def _rows(portions: Iterable[list[_Element]]) -> Iterator[_Row]:
    return chain.from_iterable(zip(one, *_read(one), strict=True) for one in portions)


def _built(root: _Element, records: Records, rows: Iterable[_Row]) -> Document:
    document = Document(root, records)
    kids, texts, attributes, parents, paths = document.K, document.T, document.A, document.P, document.R
    add_kids, add_text, add_attributes, add_parent, add_path = (
        kids.append,
        texts.append,
        attributes.append,
        parents.append,
        paths.append,
    )
    lists, doubled, blank = document.lists, document.doubled, document.blank
    listed, add = lists.get, records.add
    #: elements that hold comments or processing instructions
    commented: dict[int, _Element] = {}
    # the document node, and what is open: its index, children, paths below it, and how many of its nodes are to come
    children: Children = {}
    add_parent(-1)
    add_text(UNREAD)
    add_attributes(NO_ATTRIBUTES)
    add_kids(children)
    add_path(records.top)
    lists[records.top] = [0]
    node, below, left, index = 0, records.top.below, 1, 0
    stack: list[tuple[int, Children, dict[str, Record], int]] = []
    for element, tag, inside, held in rows:
        while not left:
            node, children, below, left = stack.pop()
        left -= 1
        path = below.get(tag)
        if path is None:
            if tag.__class__ is not str:
                commented[node] = element.getparent()  # type: ignore[assignment]
                continue
            path = add(paths[node], tag)
        index += 1
        # the same string for all elements of a name, whose hash is known
        tag = path.tag
        same = children.setdefault(tag, index)
        if same is index:
            known = listed(path)
            if known is None:
                lists[path] = [index]
            else:
                known.append(index)
        else:
            if same.__class__ is int:
                children[tag] = [same, index]
                doubled[path] = None
            else:
                same.append(index)  # type: ignore[union-attr]
            lists[path].append(index)
        add_parent(node)
        add_path(path)
        add_attributes(held)
        if held:
            named = path.attributes
            for name in held:
                at = named.get(name)
                if at is None:
                    at = add(path, "@" + name)
                known = listed(at)
                if known is None:
                    lists[at] = [index]
                else:
                    known.append(index)
        if inside:
            if len(stack) > DEPTH:
                raise TooDeep(f"more than {DEPTH} elements are open at one place")
            stack.append((node, children, below, left))
            node, children, below, left = index, {}, path.below, inside
            add_text(UNREAD)
            add_kids(children)
        else:
            text = element.text
            if not text or text.isspace():
                blank[path] = None
                text = text or ""
            add_text(text)
            add_kids(NO_CHILDREN)
    for node, element in commented.items():
        if not kids[node]:
            # nothing else between the texts
            text = "".join([element.text or "", *[child.tail or "" for child in element]])
            path = paths[node]
            path.commented = True
            kids[node] = NO_CHILDREN
            texts[node] = text
            if not text or text.isspace():
                blank[path] = None
    if len(texts) > ELEMENTS:
        raise TooManyParts(f"the document has {len(texts)} elements; {ELEMENTS} are taken")
    parents += [-1, -1]
    texts += [ABSENT, ""]
    attributes += [NO_ATTRIBUTES, NO_ATTRIBUTES]
    kids += [NO_CHILDREN, NO_CHILDREN]
    return document
