"""A document against packs: one tree, one pass, every check that applies."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import localcontext
from functools import partial
from threading import Lock
from typing import Any

from lxml.etree import _Element

from fakturahub.rules.glance import Glance
from fakturahub.rules.locations import Locations
from fakturahub.rules.outcome import Fired, Outcome
from fakturahub.rules.pack import Pack
from fakturahub.rules.run import Run
from fakturahub.rules.runtime.brief import CONTEXT
from fakturahub.rules.runtime.building import build
from fakturahub.rules.runtime.collector import RELAXED
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.memo import UNSET
from fakturahub.rules.runtime.records import Record, Records
from fakturahub.rules.shapes import Shape

#: shapes of documents that an engine keeps, and those of them that are not known better than by their names
SHAPES = 100
GLANCES = 500
#: documents of one shape up to which it is not looked at closer
OFTEN = 10


def _entries_at(number: int, record: Record) -> Any:
    return (record.plan[number] or ((),))[0]


class Engine:
    """Packs that run together, with what they know of paths of names. Threads share it."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = tuple(packs)
        self._entries: dict[Any, Any] = {}
        #: paths -> what to do
        self._shapes: dict[Any, Shape] = {}
        self._glances: dict[Any, Glance] = {}
        self._records = Records(self._plan)

    def _plan(self, record: Record) -> Any:
        """For every pack: (candidates by pattern, guarded checks that this path calls for)."""
        plans: list[Any] = []
        for number, pack in enumerate(self.packs):
            # equal entries are one object: the run groups by it
            entries = tuple(
                self._entries.setdefault((number, pattern, candidates), (pattern, candidates))
                for pattern, matcher in enumerate(pack.matchers)
                if (candidates := matcher.candidates(record))
            )
            called = pack.guards.at(record, partial(_entries_at, number))
            plans.append((entries, called) if entries or called else None)
        return tuple(plans)

    def _shape(self, document: Document) -> Shape | Glance:
        """What the packs do with documents of this shape."""
        outline = document.outline
        if outline is not None and outline.shape is not None:
            document.by_name = outline.shape.by_name
            return outline.shape  # type: ignore[no-any-return]
        records = tuple(document.lists)
        known = self._shapes.get(records)
        if known is None:
            glance = self._glances.get(records)
            if glance is None:
                if len(self._glances) >= GLANCES:
                    self._glances.clear()
                glance = self._glances[records] = Glance(self.packs, records)
            glance.met += 1
            if glance.met <= OFTEN:
                document.by_name = glance.by_name
                return glance
            self._glances.pop(records, None)
            if len(self._shapes) >= SHAPES:
                self._shapes.clear()
            known = self._shapes[records] = Shape(self.packs, records)
        if outline is not None:
            outline.shape, outline.marks = known, None
        document.by_name = known.by_name
        return known

    def check(self, root: _Element) -> list[Outcome]:
        """The outcome of every pack for the document whose root element is *root*.

        Raises:
            TooDeep, TooManyParts: the document is past the limits of ``runtime.document``.
        """
        with RELAXED:
            return self._check(root)

    def _check(self, root: _Element) -> list[Outcome]:
        records = self._records
        if records.full:
            self._entries = {}
            self._shapes = {}
            self._glances = {}
            records = self._records = Records(self._plan)
        document = build(root, records)
        document.remember([UNSET] * pack.slots for pack in self.packs)
        locations = Locations(document)
        with localcontext(CONTEXT):
            shape = self._shape(document)
            plans = shape.plans(document)
            return [
                Outcome(pack.name, *shape.ran[number], Run(document, number, pack, locations).fired(plans[number]))
                for number, pack in enumerate(self.packs)
            ]


_engines: dict[tuple[int, ...], Engine] = {}
_lock = Lock()
#: combinations of packs that are kept ready, and alive: the last ones used
_KEPT = 8


def check(root: _Element, packs: Sequence[Pack]) -> list[Outcome]:
    """The outcome of every one of *packs* for the document whose root element is *root*, in their order.

    Raises:
        TooDeep, TooManyParts: the document is past the limits of ``runtime.document``.
    """
    return _engine(tuple(packs)).check(root)


def _engine(packs: tuple[Pack, ...]) -> Engine:
    # an engine holds its packs, so their ids stay theirs as long as it is kept
    key = tuple(map(id, packs))
    engine = _engines.get(key)
    if engine is None:
        with _lock:
            engine = _engines.get(key)
            if engine is None:
                if len(_engines) >= _KEPT:
                    _engines.pop(next(iter(_engines)))
                engine = _engines[key] = Engine(packs)
    return engine


__all__ = ["Engine", "Fired", "Outcome", "check"]
