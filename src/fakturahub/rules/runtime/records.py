"""Path records: what is known of a path of element names, kept from document to document.

Of every distinct path from the root to an element there is one record. Which rules may match there is decided once per
record by name; documents of the same kind then share the answer. An attribute has a record, too, named ``@name``
below its element's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock
from typing import Any

from fakturahub.errors import TooManyParts
from fakturahub.rules.runtime.outlines import Outlines

#: distinct paths; a real document has a few hundred. A table that has grown past KEPT is not used for another document.
PATHS = 200_000
KEPT = 20_000


class Record:
    """One path. *tag* is its last name; *plan* is what the engine wants to do with the elements there."""

    __slots__ = ("attributes", "below", "commented", "is_attribute", "names", "parent", "plan", "tag")

    def __init__(self, parent: Record | None, tag: str, is_attribute: bool) -> None:
        self.parent = parent
        self.tag = tag
        self.is_attribute = is_attribute
        #: the names above
        self.names: frozenset[str] = frozenset() if parent is None else parent.names | {parent.tag}
        self.below: dict[str, Record] = {}
        #: records of attributes, by the name without ``@``
        self.attributes: dict[str, Record] = {}
        #: an element here was seen to hold comments or processing instructions and no element
        self.commented = False
        self.plan: Any = None

    def path(self) -> tuple[str, ...]:
        """The names from the root element down."""
        names: list[str] = []
        record: Record | None = self
        while record is not None and record.parent is not None:
            names.append(record.tag)
            record = record.parent
        return tuple(reversed(names))


class Records:
    """The records of one engine. Threads share it: only the adding of a record takes the lock."""

    def __init__(self, plan: Callable[[Record], Any]) -> None:
        self._plan = plan
        self._lock = Lock()
        self._count = 0
        self.outlines = Outlines()
        self.top = Record(None, "", False)
        self.top.plan = plan(self.top)

    @property
    def full(self) -> bool:
        """Whether another document should begin with an empty table."""
        return self._count > KEPT

    def add(self, parent: Record, name: str) -> Record:
        """The record of *name* below *parent*.

        Raises:
            TooManyParts: more than :data:`PATHS` distinct paths.
        """
        with self._lock:
            is_attribute = name.startswith("@")
            known = parent.attributes.get(name[1:]) if is_attribute else parent.below.get(name)
            if known is not None:
                return known
            if self._count >= PATHS:
                raise TooManyParts(f"the document has more than {PATHS} distinct paths of element names")
            self._count += 1
            record = Record(parent, sys.intern(name), is_attribute)
            record.plan = self._plan(record)
            # published last: whoever reads without the lock sees it whole
            if is_attribute:
                parent.attributes[sys.intern(name[1:])] = record
            else:
                parent.below[record.tag] = record
            return record
