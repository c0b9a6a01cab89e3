"""The error tree as its pages show it: what each code means, what to do, and where it stands among the others."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Literal

import msgspec

from fakturahub import errors
from fakturahub.errors import FakturahubError, every_error

#: most codes that are offered in place of an unknown one
NEAR = 5
#: no code is longer than this; of a longer one only the beginning is compared
LONGEST = 100

Http = Literal["4xx", "5xx", "4xx, 5xx"]


class _Branch(msgspec.Struct, frozen=True):
    """What a whole branch of the tree has in common."""

    meaning: str
    http: Http
    #: whether, and when, the same request may succeed without a change
    again: str


_CHANGE_FIRST = "No. It would be refused again; change it first."

#: The nearest class above an error that stands here speaks for it, so that a new error has its page at once.
BRANCHES: dict[type[FakturahubError], _Branch] = {
    FakturahubError: _Branch(
        "Every error of the hub is one of those below.",
        "4xx, 5xx",
        "It depends on the error; its own page says it.",
    ),
    errors.Refused: _Branch(
        "The caller sent something that the hub does not take as it is.",
        "4xx",
        _CHANGE_FIRST,
    ),
    errors.TransferUnreadable: _Branch(
        "The bytes that arrived could not be read as a transfer, so there was nothing to judge or to keep.",
        "4xx",
        "No, unless it was damaged or cut off on its way. Else it would be refused again.",
    ),
    errors.DocumentRefused: _Branch(
        "The transfer could be read, but a document in it is not acceptable. The hub is working as it should; "
        "the document has to change.",
        "4xx",
        _CHANGE_FIRST,
    ),
    errors.IdempotencyConflict: _Branch(
        "A key marks one transfer, so that it can be sent again without being taken twice. This key was used before, "
        "for other bytes. What came under it first is unharmed.",
        "4xx",
        "No. The same bytes as the first time would be answered as the first time; these need a key of their own.",
    ),
    errors.NotAuthenticated: _Branch(
        "The request did not prove who sent it.",
        "4xx",
        "No. Callers that fail often are made to wait.",
    ),
    errors.ClockSkew: _Branch(
        "The request carries a time stamp, which keeps it from being replayed later, and this one is not of now.",
        "4xx",
        "No. It needs a new time stamp, and a new digest where the stamp is part of it.",
    ),
    errors.PermissionDenied: _Branch(
        "The caller is known, but this is not among what the account may do.",
        "4xx",
        "Yes, once the right was given.",
    ),
    errors.NoContract: _Branch(
        "The caller is known, but the company did not order this service.",
        "4xx",
        "Yes, once the contract was added.",
    ),
    errors.RateLimited: _Branch(
        "There is nothing wrong with the request itself; there were too many of them in too short a time.",
        "4xx",
        "Yes, after the time that the Retry-After header gives.",
    ),
    errors.Unavailable: _Branch(
        "The trouble is on the hub's side and usually passes. There is nothing wrong with the request.",
        "5xx",
        "Yes, after the time that the Retry-After header gives, with the same key.",
    ),
    errors.InternalFault: _Branch(
        "The hub failed where it should not have. There is nothing wrong with the request as far as the hub can tell.",
        "5xx",
        "Yes, with the same key; it will help only where the cause was passing.",
    ),
    errors.OperatorError: _Branch(
        "The person who runs the hub has to put something right. It is mostly told by a command, which then ends "
        "with exit code 1; callers of the APIs hardly ever meet it.",
        "5xx",
        "Yes, once it was put right.",
    ),
}


class Entry(msgspec.Struct, frozen=True):
    """One code of the tree. ``parents`` are codes, the root first; ``children`` are codes, in the order of the tree."""

    code: str
    title: str
    meaning: str
    advice: str
    #: the family of HTTP statuses it is answered with, where the operator's own API does not prescribe another
    http: Http
    again: str
    parents: tuple[str, ...]
    children: tuple[str, ...]


def catalogue() -> dict[str, Entry]:
    """Every code with its entry, the root first, parents before their children.

    Made anew at each call: an operator's dialect may bring errors of its own when it is imported.
    """
    classes: dict[str, type[FakturahubError]] = {}
    for cls in every_error():
        # a subclass that keeps its parent's code has its parent's page
        classes.setdefault(cls.code, cls)
    children: dict[str, list[str]] = {code: [] for code in classes}
    for code, cls in classes.items():
        above = _parents(cls)
        if above:
            children[above[-1]].append(code)
    return {code: _entry(cls, tuple(children[code])) for code, cls in classes.items()}


def near(code: str, entries: dict[str, Entry]) -> list[Entry]:
    """Entries whose codes are like *code*, the most similar first."""
    asked = code[:LONGEST].strip().lower()
    within = [one for one in entries if asked and (one in asked or asked in one)]
    similar = get_close_matches(asked, entries, n=NEAR, cutoff=0.55)
    return [entries[one] for one in dict.fromkeys([*similar, *within])][:NEAR]


def _entry(cls: type[FakturahubError], children: tuple[str, ...]) -> Entry:
    branch = next(BRANCHES[above] for above in cls.__mro__ if above in BRANCHES)
    return Entry(cls.code, cls.title, branch.meaning, cls.advice, branch.http, branch.again, _parents(cls), children)


def _parents(cls: type[FakturahubError]) -> tuple[str, ...]:
    line = [above.code for above in reversed(cls.__mro__) if issubclass(above, FakturahubError)]
    return tuple(code for code in dict.fromkeys(line) if code != cls.code)
