"""Outlines: how the elements of a document stand in each other, without their texts and the values of attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakturahub.rules.runtime.absent import UNREAD

if TYPE_CHECKING:
    from fakturahub.rules.runtime.document import Document
    from fakturahub.rules.runtime.records import Record

#: elements of all outlines that are kept for one engine
KEPT = 50_000


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
    """The outlines of one engine. Threads share it."""

    def __init__(self) -> None:
        self._known: dict[Any, Outline] = {}
        self._elements = 0

    def get(self, key: Any) -> Outline | None:
        """The outline of these names, sizes and attributes, where it is known."""
        return self._known.get(key)

    def keep(self, key: Any, document: Document) -> None:
        """Keeps the outline of *document*, unless there are comments in it."""
        if len(document.R) <= len(key[0]):
            return
        if self._elements > KEPT:
            self._known = {}
            self._elements = 0
        self._elements += len(document.R)
        self._known[key] = document.outline = Outline(document)
