"""What a pack does with documents of one shape: those in which the same paths of names occur.

Which rules may match where, and which guarded checks have to be looked at, follows from the paths alone. Documents of
one sender mostly have one of a few shapes, so the answer is worked out once per shape and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fakturahub.rules.pack import Pack, RuleFunction
from fakturahub.rules.runtime.records import Record


@dataclass(frozen=True, slots=True)
class Turn:
    """A rule's turn at nodes that no rule before it matched."""

    #: ways of matching (see ``matching``); None: all nodes match
    ways: Any
    #: the function that tells for a list of nodes, where that is all there is to matching
    filter: Any
    #: functions that evaluate the rule's checks
    functions: tuple[RuleFunction, ...]
    #: checks that have an exact form only
    checks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Paths whose nodes go through the same rules of a pattern."""

    records: tuple[Record, ...]
    turns: tuple[Turn, ...]


def groups(pack: Pack, number: int, records: Iterable[Record]) -> tuple[Group, ...]:
    """The groups of a document with *records*; *number*: the pack's place in the records' plans."""
    together: dict[tuple[int, bool], tuple[Any, list[Record]]] = {}
    suspects: dict[tuple[int, int], dict[int, None]] = {}
    for record in records:
        if record.plan[number] is None:
            continue
        entries, called = record.plan[number]
        for pattern, rule, check in called:
            suspects.setdefault((pattern, rule), {})[check] = None
        for entry in entries:
            together.setdefault((id(entry), record.is_attribute), (entry, []))[1].append(record)
    found: list[Group] = []
    for (pattern, candidates), members in together.values():
        turns = [_turn(pack, pattern, rule, ways, suspects.get((pattern, rule), ())) for rule, ways in candidates]
        # who matches a rule without work, and no rule after it, need not be known
        while turns and not turns[-1].functions and not turns[-1].checks:
            turns.pop()
        if turns:
            found.append(Group(tuple(members), tuple(turns)))
    return tuple(found)


def _turn(pack: Pack, pattern: int, rule: int, ways: Any, suspects: Iterable[int]) -> Turn:
    functions = (*pack.always[pattern][rule], *[pack.guarded[check] for check in suspects])
    one = None
    if ways is not None and len(ways) == 1 and len(ways[0]) == 1:
        levels, _names, many = ways[0][0]
        one = pack.functions[many] if many is not None and not levels else None
    return Turn(ways, one, functions, () if pack.optimised else pack.rules[pattern][rule])
