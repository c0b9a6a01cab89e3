"""What one pack does with a document: which functions are called for the nodes at which paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from fakturahub.rules.matching import Way
from fakturahub.rules.pack import Pack, RuleFunction
from fakturahub.rules.runtime.absent import StringWanted
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.records import Record

#: (pack, pattern, rule, check, number of the set of triggers)
Hit: TypeAlias = tuple[int, int, int, int, int]
#: (pack, pattern, rule) -> guarded checks that have to be evaluated
Suspects: TypeAlias = Mapping[tuple[int, int, int], Sequence[int]]


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


class Plan(NamedTuple):
    """What one pack does with a document."""

    #: (path of elements, functions for what stands there): rules that match by name
    plain: tuple[tuple[Record, tuple[RuleFunction, ...]], ...]
    #: all else
    groups: tuple[Group, ...]


def plan(groups: Iterable[Group]) -> Plan:
    """*groups* with those apart that match by name."""
    plain: list[tuple[Record, tuple[RuleFunction, ...]]] = []
    left: list[Group] = []
    for group in groups:
        first = group.turns[0]
        if group.record is not None and isinstance(first, Turn) and first.ways is None and not first.checks:
            plain.append((group.record, first.functions))
        else:
            left.append(group)
    return Plan(tuple(plain), tuple(left))


def turn(pack: Pack, pattern: int, rule: int, ways: Any, suspects: Iterable[int]) -> Turn:
    """A rule's turn; *suspects*: its guarded checks that have to be evaluated."""
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


def switched(pack: Pack, turns: list[Turn]) -> Iterator[Turn | Switch]:
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


def suspected(packs: Sequence[Pack], hits: Iterable[Hit]) -> Suspects:
    """The guarded checks of which every set of triggers is among *hits*."""
    sets = Counter([one[:4] for one in dict.fromkeys(hits)])
    suspects: dict[tuple[int, int, int], list[int]] = {}
    for number, pattern, rule, check in sorted(sets):
        if sets[number, pattern, rule, check] == packs[number].clauses[check]:
            suspects.setdefault((number, pattern, rule), []).append(check)
    return suspects


def grouped(pack: Pack, number: int, row: Mapping[Any, Sequence[Record]], suspects: Suspects) -> Iterator[Group]:
    """The groups of *pack*; *row*: (pattern, whether of attributes, its rules with their ways) -> paths."""
    for (pattern, is_attribute, rules), members in row.items():
        turns = [turn(pack, pattern, rule, ways, suspects.get((number, pattern, rule), ())) for rule, ways in rules]
        # who matches a rule without work, and no rule after it, need not be known
        while turns and not turns[-1].functions and not turns[-1].checks:
            turns.pop()
        if turns:
            one = members[0] if len(members) == 1 and not is_attribute else None
            yield Group(tuple(members), one, is_attribute, tuple(switched(pack, turns)))


def ran(pack: Pack, number: int, root: str, records: Iterable[Record]) -> tuple[bool, int]:
    """Whether *pack* is for documents with these paths, and how many of its checks are."""
    if pack.roots:
        applicable = root in pack.roots
    else:
        applicable = any(record.plan[number] and record.plan[number][0] for record in records)
    return applicable, pack.count(root) if applicable else 0


def root_of(records: Iterable[Record]) -> str:
    """The name of the root element; empty where there is none among *records*."""
    return next((one.tag for one in records if one.tag and one.parent is not None and not one.parent.tag), "")
