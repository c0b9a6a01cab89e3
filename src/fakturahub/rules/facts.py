"""What of a document, beside its paths, decides what packs do with it."""

from __future__ import annotations

from typing import Any, TypeAlias

from fakturahub.rules.runtime.absent import StringWanted
from fakturahub.rules.runtime.brief import RETRY
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.records import Record
from fakturahub.rules.runtime.strings import WHITE_SPACE

#: (kind, path, text): see the triggers of ``compiler.guards``; ("open" or "shut", pack, function): a predicate that is
#: the same for all elements may hold, or may not
Fact: TypeAlias = tuple[str, Any, str]

#: stands for a text that is none of those looked for
OTHER = ""

#: the texts of xs:boolean
BOOLEANS = frozenset({"true", "false", "1", "0"})
#: texts of one path of which is kept what they come to, and their length
TEXTS = 500
LENGTH = 200


class Watched:
    """A path whose texts are looked at: which of *words* occur there."""

    __slots__ = ("_kept", "_name", "_words", "record")

    def __init__(self, record: Record, words: frozenset[str | None]) -> None:
        self.record = record
        self._name = record.tag[1:] if record.is_attribute else None
        self._words = words
        #: texts -> what is told of them
        self._kept: dict[Any, frozenset[str | None]] = {}

    def texts(self, document: Document) -> frozenset[str | None]:
        """Those of the words that occur; None among them: where one is no xs:boolean; OTHER: a text that is no word."""
        nodes = document.lists[self.record]
        texts: Any
        if self._name is not None:
            name, owners = self._name, document.A
            texts = owners[nodes[0]][name] if len(nodes) == 1 else frozenset([owners[node][name] for node in nodes])
        else:
            column = document.T
            try:
                texts = column[nodes[0]] if len(nodes) == 1 else frozenset([column[node] for node in nodes])
                known = self._kept.get(texts)
            except StringWanted:
                # an element that holds elements
                return self._words | {OTHER}
            return known if known is not None else self._told(texts)
        known = self._kept.get(texts)
        return known if known is not None else self._told(texts)

    def _told(self, read: Any) -> frozenset[str | None]:
        words = self._words
        texts: frozenset[str] = frozenset((read,)) if read.__class__ is str else read
        stripped = {text.strip(WHITE_SPACE) for text in texts}
        found: frozenset[str | None] = words & stripped
        if None in words and not stripped <= BOOLEANS:
            found |= {None}
        if not texts <= words:
            found |= {OTHER}
        if len(self._kept) < TEXTS and sum(map(len, texts)) < LENGTH:
            self._kept[read] = found
        return found


def gate(document: Document, function: Any) -> bool | None:
    """Whether a predicate holds for the whole document; None: it takes the exact form to know."""
    try:
        return bool(function(document))
    except RETRY:
        return None
