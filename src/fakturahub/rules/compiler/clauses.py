"""Sets of triggers, and what becomes of them where several things have to hold; see ``guards``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TypeAlias

from fakturahub.rules.compiler.harmless import Triggers

#: sets of triggers, each of which must have one that holds
Clauses: TypeAlias = tuple[Triggers, ...]
Found: TypeAlias = Clauses | None

#: triggers of one set; more are not worth it
TRIGGERS = 40
#: sets of one check
CLAUSES = 4


def worthwhile(found: Found) -> Found:
    """The sets that are worth it."""
    small = tuple(sorted((triggers for triggers in found or () if len(triggers) <= TRIGGERS), key=_strength)[:CLAUSES])
    return small or None


def single(triggers: Triggers | None) -> Found:
    """One set; None: not known."""
    return None if triggers is None else (triggers,)


def _strength(found: Triggers) -> tuple[int, int]:
    return sum(kind == "present" for kind, _path, _text in found), len(found)


def either(left: Found, right: Found) -> Found:
    """The triggers where one of two things is enough."""
    if left is None or right is None:
        return right if left is None else left
    return _fewest((*left, *right))


def together(left: Found, right: Found) -> Found:
    """The triggers where two things are needed."""
    if left is None or right is None:
        return None
    return _fewest(one | other for one, other in product(left, right))


def _fewest(clauses: Iterable[Triggers]) -> Clauses:
    """Sets that others hold in are of no use, and a few are enough."""
    kept: list[Triggers] = []
    for one in sorted(dict.fromkeys(clauses), key=_strength):
        if not any(known <= one for known in kept):
            kept.append(one)
    return tuple(kept[:CLAUSES])
