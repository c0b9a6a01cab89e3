"""Outlines: how the elements of a document stand in each other, without their texts and the values of attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakturahub.rules.runtime.absent import UNREAD

if TYPE_CHECKING:
    from fakturahub.rules.runtime.document import Document
    from fakturahub.rules.runtime.records import Record

#: elements of all outlines that are kept for one engine
KEPT = 50_000
#: documents of unknown outlines after which all are forgotten
DOCUMENTS = 20_000


class Outline:
    """The columns that documents of one outline share. Nobody changes them; threads share them, too."""

    __slots__ = ("doubled", "joined", "kids", "leaves", "lists", "marks", "named", "parents", "paths", "shape", "texts")

    def __init__(self, document: Document) -> None:
        self.kids = document.K
        self.parents = document.P
        self.paths = document.R
        self.lists = document.lists
        self.doubled = document.doubled
        #: name -> all elements of that name, as far as it was asked for
        self.named: dict[str, list[int]] = {}
        #: paths -> the elements there, of several paths that the engine goes through as one
        self.joined: dict[tuple[Record, ...], list[int]] = {}
        #: elements without elements in them
        self.leaves: list[tuple[int, Record]] = [
            (index, path) for index, path in enumerate(document.R) if document.T[index] is not UNREAD
        ]
        texts: list[Any] = [UNREAD] * len(document.R)
        #: the column of texts, without those of leaves
        self.texts = texts + document.T[len(document.R) :]
        #: what the engine does with documents of this outline, where it knows that
        self.shape: Any = None
        #: what of its facts is the same for all of them
        self.marks: Any = None


class Outlines:
    """The outlines of one engine: those that come again, until there is no room. Threads share it.

    Nothing goes to make room for another one: where documents come by turns in more outlines than are kept, that would
    cost more than it saves. After :data:`DOCUMENTS` it begins anew, so what comes no more does not stay.
    """

    def __init__(self) -> None:
        self._known: dict[Any, Outline] = {}
        self._elements = 0
        self._missed = 0
        #: hashes of what was met once
        self._met: set[int] = set()

    def get(self, key: Any) -> Outline | None:
        """The outline of these names, sizes and attributes, where it is known."""
        return self._known.get(key)

    def keep(self, key: Any, document: Document) -> None:
        """Keeps the outline of *document* where it is met for the second time, unless there are comments in it."""
        self._missed += 1
        if self._missed > DOCUMENTS:
            self._known, self._met, self._elements, self._missed = {}, set(), 0, 0
        size = len(document.R)
        if size <= len(key[0]) or self._elements + size > KEPT:
            return
        met = hash(key)
        if met not in self._met:
            self._met.add(met)
            return
        self._elements += size
        self._known[key] = document.outline = Outline(document)
