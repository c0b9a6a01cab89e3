"""What a pack does with documents of one shape: those in which the same paths of names occur.

Which rules may match where, and which guarded checks have to be looked at, follows from the paths alone. Documents of
one sender mostly have one of a few shapes, so the answer is worked out once per shape and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from fakturahub.rules.matching import Way
from fakturahub.rules.pack import Pack, RuleFunction
from fakturahub.rules.runtime.absent import StringWanted
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.records import Record
from fakturahub.rules.runtime.strings import WHITE_SPACE

#: (pattern, rule, check) of each
Checks: TypeAlias = tuple[tuple[int, int, int], ...]

#: the texts of xs:boolean
BOOLEANS = frozenset({"true", "false", "1", "0"})
#: combinations of texts that are kept for one shape
COMBINATIONS = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """A rule's turn at nodes that no rule before it matched."""

    #: ways of matching (see ``matching``); None: all nodes match
    ways: tuple[Way, ...] | None
    #: the function that tells for a list of nodes, or raises one of ``brief.RETRY``
    filter: Any
    #: functions that evaluate the rule's checks
    functions: tuple[RuleFunction, ...]
    #: checks that have an exact form only
    checks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Turns of which at most those under the text that *key* gives for a node can match it."""

    key: Any
    turns: tuple[Turn, ...]
    by_text: dict[str, tuple[Turn, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Paths whose nodes go through the same rules of a pattern."""

    records: tuple[Record, ...]
    #: the only record, of elements
    record: Record | None
    is_attribute: bool
    turns: tuple[Turn | Switch, ...]


class Shape:
    """What *pack* does with documents in which the paths of *records* occur; *number*: its place in their plans.

    What else decides about guarded checks are texts at a few paths, and where a parent has two elements of a name.
    Groups are kept for each combination of these.
    """

    def __init__(self, pack: Pack, number: int, records: Iterable[Record]) -> None:
        self._pack = pack
        self._together: dict[tuple[int, bool], tuple[Any, list[Record]]] = {}
        self._present: list[tuple[int, int, int]] = []
        #: records whose texts are looked at, with the texts that matter
        self._watched: list[tuple[Record, dict[str | None, Checks], frozenset[str | None]]] = []
        self._doubled: dict[Record, Checks] = {}
        self._groups: dict[Any, tuple[Group, ...]] = {}
        records = tuple(records)
        force = pack.in_force(_root(records))
        for record in records:
            if record.plan[number] is None:
                continue
            entries, called = record.plan[number]
            present, texts, doubled = called.present, called.texts, called.doubled
            if force is not None:
                entries = [entry for entry in entries if entry[0] in force]
                present, doubled = _of(present, force), _of(doubled, force)
                texts = {text: mine for text, checks in texts.items() if (mine := _of(checks, force))}
            self._present.extend(present)
            if texts:
                self._watched.append((record, texts, frozenset(texts)))
            if doubled:
                self._doubled[record] = doubled
            for entry in entries:
                self._together.setdefault((id(entry), record.is_attribute), (entry, []))[1].append(record)

    def groups(self, document: Document) -> tuple[Group, ...]:
        """The groups of a document of this shape."""
        doubled = tuple([record for record in document.doubled if record in self._doubled])
        found = [self._texts(document, record, known) for record, _checks, known in self._watched]
        key = (doubled, *found)
        groups = self._groups.get(key)
        if groups is None:
            if len(self._groups) >= COMBINATIONS:
                self._groups.clear()
            groups = self._groups[key] = self._made(doubled, found)
        return groups

    def _texts(self, document: Document, record: Record, known: frozenset[str | None]) -> frozenset[str | None]:
        """Those of the *known* texts that occur at *record*; None among them: one that is no xs:boolean."""
        nodes = document.lists[record]
        if record.is_attribute:
            name, owners = record.tag[1:], document.A
            texts = {owners[node][name].strip(WHITE_SPACE) for node in nodes}
        else:
            column = document.T
            try:
                texts = {column[node].strip(WHITE_SPACE) for node in nodes}
            except StringWanted:
                # an element that holds elements
                return known
        found = known & texts
        return found | {None} if None in known and not texts <= BOOLEANS else found

    def _made(self, doubled: tuple[Record, ...], found: Sequence[frozenset[str | None]]) -> tuple[Group, ...]:
        called = [*self._present, *[one for record in doubled for one in self._doubled[record]]]
        for (_record, checks, _known), texts in zip(self._watched, found, strict=True):
            called.extend(one for text in texts for one in checks[text])
        suspects: dict[tuple[int, int], list[int]] = {}
        for pattern, rule, check in sorted(set(called)):
            suspects.setdefault((pattern, rule), []).append(check)
        groups: list[Group] = []
        for (pattern, candidates), members in self._together.values():
            turns = [
                _turn(self._pack, pattern, rule, ways, suspects.get((pattern, rule), ())) for rule, ways in candidates
            ]
            # who matches a rule without work, and no rule after it, need not be known
            while turns and not turns[-1].functions and not turns[-1].checks:
                turns.pop()
            if turns:
                one = members[0] if len(members) == 1 and not members[0].is_attribute else None
                switched = tuple(_switched(self._pack, turns))
                groups.append(Group(tuple(members), one, members[0].is_attribute, switched))
        return tuple(groups)


def _root(records: Iterable[Record]) -> str:
    """The name of the root element; empty where there is none among *records*."""
    return next((one.tag for one in records if one.tag and one.parent is not None and not one.parent.tag), "")


def _of(checks: Checks, patterns: frozenset[int]) -> Checks:
    return tuple(one for one in checks if one[0] in patterns)


def _turn(pack: Pack, pattern: int, rule: int, ways: Any, suspects: Iterable[int]) -> Turn:
    functions = (*pack.always[pattern][rule], *[pack.guarded[check] for check in suspects])
    one = _unknown
    if ways is not None and len(ways) == 1 and ways[0].filter is not None:
        one = pack.functions[ways[0].filter]
    return Turn(ways, one, functions, () if pack.optimised else pack.rules[pattern][rule])


def _unknown(_document: Document, _nodes: list[Any]) -> list[Any]:
    """The filter where there is none for a whole list."""
    raise StringWanted


def _key(turn: Turn) -> str | None:
    return turn.ways[0].key[0] if turn.ways is not None and len(turn.ways) == 1 and turn.ways[0].key else None


def _switched(pack: Pack, turns: list[Turn]) -> Iterator[Turn | Switch]:
    """The turns in their order, neighbours with one key together."""
    for key, members in groupby(turns, _key):
        row = tuple(members)
        if key is None or len(row) == 1:
            yield from row
            continue
        by_text: dict[str, tuple[Turn, ...]] = {}
        for turn in row:
            assert turn.ways is not None and turn.ways[0].key is not None  # noqa: S101, PT018 - it has that key
            for text in turn.ways[0].key[1]:
                by_text[text] = (*by_text.get(text, ()), turn)
        yield Switch(pack.functions[key], row, by_text)
