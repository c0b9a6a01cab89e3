"""What packs do with documents of one shape: those in which the same paths of names occur.

Which rules may match where, and which guarded checks have to be looked at, follows from the paths alone. Documents of
one sender mostly have one of a few shapes, so the answer is worked out once per shape and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fakturahub.rules.facts import Fact, Watched, gate
from fakturahub.rules.matching import Way
from fakturahub.rules.pack import Pack, RuleFunction
from fakturahub.rules.plans import Hit, Plan, grouped, plan, ran, root_of, suspected
from fakturahub.rules.runtime.document import Document, by_name
from fakturahub.rules.runtime.records import Record

#: combinations of facts that are kept for one shape
COMBINATIONS = 200


@dataclass(frozen=True, slots=True)
class _Way:
    """A way of matching at one path, with what is known of it for documents of one shape."""

    way: Way
    #: rows of facts of each of which one holds where any node matches
    passing: tuple[tuple[Fact, ...], ...]
    #: for each step with predicates: rows of facts of each of which one holds where a node fails them; None: not known
    failing: tuple[tuple[tuple[Fact, ...], ...] | None, ...]


class Shape:
    """What *packs* do with documents in which the paths of *records* occur.

    What else decides are facts that differ from document to document: the texts at a few paths, where a parent has two
    elements of a name or none, where a text is blank. Groups are kept for each combination of these.
    """

    def __init__(self, packs: Sequence[Pack], records: Sequence[Record]) -> None:
        self._packs = packs
        self._records = frozenset(records)
        self.by_name = by_name(records)
        self._present: list[Hit] = []
        self._called: dict[Fact, list[Hit]] = {}
        #: (pack, pattern, path, its rules in order with the ways of matching, or None where it matches by name)
        self._rules: list[tuple[int, int, Record, list[tuple[int, list[_Way] | None]]]] = []
        self._groups: dict[Any, tuple[Plan, ...]] = {}
        #: each fact once
        self._facts: dict[Fact, Fact] = {}
        self._met: dict[Fact, Fact] = {}
        root = root_of(records)
        #: for every pack whether it is for such documents, and how many of its checks
        self.ran = tuple(ran(pack, number, root, records) for number, pack in enumerate(packs))
        for number, pack in enumerate(packs):
            force = pack.in_force(root)
            for record in records:
                if record.plan[number] is not None:
                    self._add(number, pack, record, force)
        words: dict[Record, set[str | None]] = {}
        marked: dict[str, dict[Record, None]] = {"doubled": {}, "blank": {}, "hollow": {}, "missing": {}}
        gates: list[dict[str, RuleFunction]] = [{} for _ in packs]
        for kind, record, text in self._facts:
            if kind in ("open", "shut"):
                gates[record][text] = packs[record].functions[text]
            elif kind in marked:
                marked[kind][record] = None
            else:
                mine = words.setdefault(record, set())
                mine.update([None] if kind == "unlike" else text.split(" ") if kind == "other" else [text])
        #: records whose texts are looked at, with the texts that matter
        self._watched = tuple(Watched(record, frozenset(texts)) for record, texts in words.items())
        self._doubled = frozenset(marked["doubled"]) | frozenset(marked["missing"])
        self._blank = frozenset(marked["blank"]) | frozenset(marked["hollow"])
        above: dict[Record, list[Record]] = {}
        for record in marked["missing"]:
            if record.parent is not None:
                above.setdefault(record.parent, []).append(record)
        #: (path, paths below it) where there may be fewer elements than above
        self._fewer = tuple((record, tuple(below)) for record, below in above.items())
        #: (pack, functions) of what is the same for all elements
        self._gates = tuple((number, tuple(one.values())) for number, one in enumerate(gates) if one)
        places = [(number, name) for number, one in enumerate(gates) for name in one]
        self._gate_at = {one: place for place, one in enumerate(places)}

    # --- once for a shape ---

    def _add(self, number: int, pack: Pack, record: Record, force: frozenset[int] | None) -> None:
        entries, called = record.plan[number]
        for (kind, text), hits in called.items():
            mine = [(number, *hit) for hit in hits if force is None or hit[0] in force]
            if mine:
                self._note(self._at(record, kind, text), mine)
        for pattern, candidates in entries:
            if force is not None and pattern not in force:
                continue
            rules: list[tuple[int, list[_Way] | None]] = []
            for rule, ways in candidates:
                for path, hits in pack.guards.missing.get((pattern, rule), ()):
                    for fact in self._found(record, "missing", path, ""):
                        self._note(fact, [(number, *hit) for hit in hits])
                known = (
                    None
                    if ways is None
                    else [one for way in ways if (one := self._way(number, record, way)) is not None]
                )
                if known is None or known:
                    rules.append((rule, known))
            self._rules.append((number, pattern, record, rules))

    def _note(self, fact: Fact | bool, hits: list[Hit]) -> None:
        if fact is True:
            self._present.extend(hits)
        elif fact is not False:
            self._facts[fact] = fact
            self._called.setdefault(fact, []).extend(hits)

    def _way(self, number: int, record: Record, way: Way) -> _Way | None:
        """What is known of *way* at *record*; None: nothing matches in it."""
        passing: list[tuple[Fact, ...]] = []
        failing: list[tuple[tuple[Fact, ...], ...] | None] = []
        for levels, if_passing, if_failing, gates in way.guards:
            base = record
            for _ in range(levels):
                assert base.parent is not None  # noqa: S101 - the way was found going up
                base = base.parent
            for triggers in if_passing:
                row = self._row(base, triggers)
                if row is not None and not row:
                    return None
                if row is not None:
                    passing.append(row)
            for name in gates:
                passing.append((("open", number, name),))
                failing.append(((("shut", number, name),),))
            if if_failing is None:
                failing.append(None)
                continue
            rows = [row for triggers in if_failing if (row := self._row(base, triggers)) is not None]
            if all(rows):
                failing.append(tuple(rows) if rows else None)
        for row in (*passing, *[row for rows in failing for row in rows or ()]):
            self._facts.update(zip(row, row, strict=True))
        return _Way(way, tuple(passing), tuple(failing))

    def _row(self, base: Record, triggers: Iterable[tuple[str, tuple[str, ...], str]]) -> tuple[Fact, ...] | None:
        """The facts of which one holds where one of the triggers does; None: one of these holds in any case."""
        facts: list[Fact] = []
        for kind, path, text in triggers:
            for fact in self._found(base, kind, path, text):
                if fact is True:
                    return None
                if fact is not False:
                    facts.append(fact)
        return tuple(facts)

    def _found(self, base: Record, kind: str, path: tuple[str, ...], text: str) -> list[Fact | bool]:
        """What a trigger comes to at *base*: a fact, or whether it holds in all documents of the shape."""
        if path and path[0] == "//":
            ends = [one for one in self.by_name.get(path[-1], ()) if _ends_with(one, path[1:])]
            return [self._at(one, kind, text) for one in ends]
        at: Record | None = base
        for name in path:
            if at is None or at not in self._records:
                # what is missing above is another trigger
                return [False]
            at = at.attributes.get(name[1:]) if name.startswith("@") else at.below.get(name)
        if at is None or at not in self._records:
            return [kind == "missing"]
        return [self._at(at, kind, text)]

    def _at(self, record: Record, kind: str, text: str) -> Fact | bool:
        if kind == "present":
            return True
        if kind == "missing" and record.parent is not None and _is_root(record.parent):
            # one root, and there is something below it
            return False
        if kind == "blank" and not self._records.isdisjoint(record.below.values()):
            return True
        fact = (kind, record, text)
        return self._met.setdefault(fact, fact)

    # --- for each document ---

    def plans(self, document: Document) -> tuple[Plan, ...]:
        """What every pack does with a document of this shape."""
        blank = self._blank
        outline = document.outline
        if outline is None or outline.shape is not self:
            doubled, fewer = self._marks(document)
        else:
            if outline.marks is None:
                outline.marks = self._marks(document)
            doubled, fewer = outline.marks
        opened: list[bool | None] = []
        for number, functions in self._gates:
            document.enter(number)
            opened += [gate(document, function) for function in functions]
        key = (
            doubled,
            tuple([record for record in document.blank if record in blank]),
            fewer,
            tuple(opened),
            *[one.texts(document) for one in self._watched],
        )
        groups = self._groups.get(key)
        if groups is None:
            if len(self._groups) >= COMBINATIONS:
                self._groups.clear()
            groups = self._groups[key] = self._made(key)
        return groups

    def _marks(self, document: Document) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        """The paths at which a parent has two elements, and those at which there may be fewer than above."""
        lists, known = document.lists, self._doubled
        fewer: list[Record] = []
        for record, below in self._fewer:
            number = len(lists[record])
            if number > 1:
                fewer += [one for one in below if len(lists[one]) != number]
        return tuple([record for record in document.doubled if record in known]), tuple(fewer)

    def _made(self, key: Any) -> tuple[Plan, ...]:
        doubled, blank, fewer, opened, *found = key
        texts = {one.record: of_it for one, of_it in zip(self._watched, found, strict=True)}
        marked = {"doubled": frozenset(doubled), "blank": frozenset(blank), "missing": frozenset((*fewer, *doubled))}
        marked["hollow"] = marked["blank"]

        def holds(fact: Fact) -> bool:
            kind, record, text = fact
            if kind in ("open", "shut"):
                return opened[self._gate_at[record, text]] is not (kind == "shut")
            if kind in marked:
                return record in marked[kind]
            if kind == "unlike":
                return None in texts[record]
            return not texts[record] <= {*text.split(" "), None} if kind == "other" else text in texts[record]

        true = frozenset(fact for fact in self._facts if holds(fact))
        hits = [*self._present, *[one for fact in true for one in self._called.get(fact, ())]]
        suspects = suspected(self._packs, hits)
        rows: list[dict[Any, list[Record]]] = [{} for _ in self._packs]
        for number, pattern, record, rules in self._rules:
            active = tuple(_active(rules, true))
            if active:
                rows[number].setdefault((pattern, record.is_attribute, active), []).append(record)
        return tuple(plan(grouped(self._packs[number], number, row, suspects)) for number, row in enumerate(rows))


def _active(
    rules: Iterable[tuple[int, list[_Way] | None]], true: frozenset[Fact]
) -> Iterator[tuple[int, tuple[Way, ...] | None]]:
    """The rules that nodes may match, and how; behind one that matches in any case there is none."""
    for rule, ways in rules:
        if ways is None:
            yield rule, None
            return
        left = [one for one in ways if not any(true.isdisjoint(row) for row in one.passing)]
        if any(all(rows and any(true.isdisjoint(row) for row in rows) for rows in one.failing) for one in left):
            yield rule, None
            return
        if left:
            yield rule, tuple(dict.fromkeys(one.way for one in left))


def _ends_with(record: Record, path: tuple[str, ...]) -> bool:
    above: Record | None = record
    for name in reversed(path):
        if above is None or above.tag != name:
            return False
        above = above.parent
    return True


def _is_root(record: Record) -> bool:
    return record.parent is not None and record.parent.parent is None
