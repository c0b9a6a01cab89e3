"""Building a document's columns from lxml's elements.

Cutting the document's text at its tags instead was tried: it saves lxml's objects, but then costs as much in Python.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import _Element

from fakturahub.errors import TooDeep, TooManyParts
from fakturahub.rules.runtime.absent import ABSENT, UNREAD
from fakturahub.rules.runtime.document import DEPTH, ELEMENTS, NO_ATTRIBUTES, NO_CHILDREN, Children, Document
from fakturahub.rules.runtime.records import Record, Records


def build(root: _Element, records: Records) -> Document:
    """The columns of the document whose root element is *root*.

    Raises:
        TooDeep: more than :data:`DEPTH` elements are open at one place.
        TooManyParts: more than :data:`ELEMENTS` elements, or more distinct paths than ``records`` takes.
    """
    document = Document(root, records)
    kids, texts, attributes, parents, paths = document.K, document.T, document.A, document.P, document.R
    lists = document.lists
    doubled = document.doubled
    blank = document.blank
    add = records.add

    def fill(element: Iterable[_Element], node: int, record: Record, depth: int) -> None:
        below = record.below
        children: Children = {}
        for child in element:
            tag = child.tag
            if tag.__class__ is not str:
                continue
            path = below.get(tag)
            if path is None:
                path = add(record, tag)
            index = len(texts)
            tag = path.tag
            same = children.get(tag)
            if same is None:
                children[tag] = index
            elif same.__class__ is int:
                children[tag] = [same, index]
                doubled[path] = None
            else:
                same.append(index)  # type: ignore[union-attr]
            parents.append(node)
            paths.append(path)
            known = lists.get(path)
            if known is None:
                lists[path] = [index]
            else:
                known.append(index)
            items = child.items()
            if items:
                attributes.append(dict(items))
                named = path.attributes
                for name, _value in items:
                    at = named.get(name)
                    if at is None:
                        at = add(path, "@" + name)
                    known = lists.get(at)
                    if known is None:
                        lists[at] = [index]
                    else:
                        known.append(index)
            else:
                attributes.append(NO_ATTRIBUTES)
            kids.append(NO_CHILDREN)
            if len(child):
                texts.append(UNREAD)
                if depth > DEPTH:
                    raise TooDeep(f"more than {DEPTH} elements are open at one place")
                fill(child, index, path, depth + 1)  # noqa: F821 - deleted when all is done
            else:
                text = child.text
                if not text or text.isspace():
                    blank[path] = None
                    text = text or ""
                texts.append(text)
        if children:
            kids[node] = children
        elif node:
            # only comments or processing instructions between the texts
            record.commented = True
            text = "".join([element.text or "", *[child.tail or "" for child in element]])  # type: ignore[attr-defined]
            texts[node] = text
            if not text or text.isspace():
                blank[record] = None

    parents.append(-1)
    texts.append(UNREAD)
    attributes.append(NO_ATTRIBUTES)
    kids.append(NO_CHILDREN)
    paths.append(records.top)
    lists[records.top] = [0]
    try:
        fill((root,), 0, records.top, 0)
    finally:
        # it refers to itself, and would keep the columns until the collector comes
        del fill
    if len(texts) > ELEMENTS:
        raise TooManyParts(f"the document has {len(texts)} elements; {ELEMENTS} are taken")
    parents += [-1, -1]
    texts += [ABSENT, ""]
    attributes += [NO_ATTRIBUTES, NO_ATTRIBUTES]
    kids += [NO_CHILDREN, NO_CHILDREN]
    return document
