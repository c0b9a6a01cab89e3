"""The address register: who can be reached, inside this hub and outside, by business id and by name.

Kept in memory beside the companies and brought up to date with them, so that a question costs a look-up. A name is
found however it is spelled: the case, accents, punctuation, blanks and the words that tell a legal form do not count
(``OY VIRTA SÄHKÖ AB`` is ``Virta Sähkö``). Where none is found so, names that differ in a single letter are (written
wrongly, left out, added, or two that changed places). Whoever asks sees the registered name in the answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

#: words of a name that tell its legal form, in the countries of the operators and around them
LEGAL_FORMS = frozenset(
    (  # noqa: SIM905 (one word a line would be a page)
        "oy oyj ab abp ky kommandiittiyhtio tmi ry rf osk osakeyhtio aktiebolag hb kb as asa ans da enk aps is ivs "
        "amba gmbh ag kg ohg ug ev mbh bv nv sa sarl srl spa ou uab sia ltd limited llc llp plc inc co corp"
    ).split()
)
#: letters of the shortest name that is also found with one wrong
SHORTEST = 5
# Letters at the beginning and at the end by which such names are looked for: one wrong letter spares one of the two.
# Long names have longer ends, for many names begin alike; those in between are under both.
_SHORT_END, _LONG_END = 2, 4
_LONG = 9
#: what stands for "and" between two names
_AND = frozenset({"&", "+", "ja", "och", "og", "and", "und"})
# Letters that have no accent to be taken off, though people write them without one.
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def compact(identifier: str) -> str:
    """An identifier as it is compared: letters and digits only, in upper case (``556161-8033`` is ``5561618033``)."""
    return re.sub(r"[^0-9A-Za-z]", "", identifier).upper()


def name_key(name: str) -> str:
    """The form in which two spellings of a name are the same: ``virtasahko`` of ``Virta Sähkö Oy``.

    Empty for a name without letters and digits. A name that is nothing but a legal form keeps it.
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN))
    letters = "".join(one for one in folded if not unicodedata.combining(one))
    # "A/S", "B.V." and "Oy:n" are one word
    words = re.findall(r"[^\W_]+|[&+]", re.sub(r"(?<=\w)[./:'’](?=\w)", "", letters))
    kept = [word for word in words if word not in LEGAL_FORMS and word not in _AND]
    return "".join(kept or [word for word in words if word not in _AND])


class Address(msgspec.Struct, frozen=True):
    """Where somebody is reached: an address, and the operator that has it."""

    address: str
    operator: str | None = None
    operator_id: str | None = None


class Listed(msgspec.Struct, frozen=True):
    """Somebody in the register. ``company_id`` tells a company of this hub; its addresses have their schemes."""

    name: str
    business_id: str | None
    country: str | None
    addresses: tuple[Address, ...]
    company_id: UUID | None = None


class Register:
    """The register of one process. Every change is one step without an await."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, str], Listed] = {}
        self._by_business_id: dict[str, dict[tuple[str, str], None]] = {}
        self._by_name: dict[str, dict[tuple[str, str], None]] = {}
        self._by_end: dict[tuple[str, str], set[str]] = {}

    def __len__(self) -> int:
        return len(self._listed)

    def put_company(
        self, company_id: UUID, name: str, business_id: str | None, country: str, addresses: Iterable[str]
    ) -> None:
        """Enter a company of this hub; *addresses* are ``scheme:value``, the default one first."""
        listed = Listed(name, business_id, country, tuple(map(Address, addresses)), company_id)
        self._put(("company", str(company_id)), listed)

    def drop_company(self, company_id: UUID) -> None:
        """Take out a company of this hub, if it is there."""
        self._drop(("company", str(company_id)))

    def put_participant(self, key: str, settings: Mapping[str, Any]) -> None:
        """Enter a ``[[participant]]`` as it is stored under *key*."""
        addresses = tuple(
            Address(one["address"], one.get("operator"), one.get("operator_id"))
            for one in settings.get("addresses") or ()
        )
        listed = Listed(settings["name"], settings.get("business_id"), settings.get("country"), addresses)
        self._put(("participant", key), listed)

    def by_business_id(self, business_id: str) -> list[Listed]:
        """Everybody with a business id, however it is written, this hub's companies first."""
        number = compact(business_id)
        return self._of(self._by_business_id.get(number, ()) if number else ())

    def by_name(self, name: str) -> list[Listed]:
        """Everybody with a name, however it is spelled, this hub's companies first; nobody with another name."""
        key = name_key(name)
        return self._of(self._by_name.get(key, ()) if key else ())

    def by_similar_name(self, name: str) -> list[Listed]:
        """Those whose names differ from *name* in a single letter, by their names."""
        key = name_key(name)
        if len(key) < SHORTEST:
            return []
        candidates: set[str] = set()
        for end in _ends(key, _LONG_END if len(key) >= _LONG else _SHORT_END):
            candidates |= self._by_end.get(end, set())
        near = sorted(one for one in candidates if abs(len(one) - len(key)) <= 1 and _is_one_off(one, key))
        return [listed for one in near for listed in self.by_name_key(one)]

    def by_name_key(self, key: str) -> list[Listed]:
        """The same as `by_name` for the form of a name that is compared."""
        return self._of(self._by_name.get(key, ()))

    def _of(self, keys: Iterable[tuple[str, str]]) -> list[Listed]:
        return [self._listed[key] for key in sorted(keys)]

    def _put(self, key: tuple[str, str], listed: Listed) -> None:
        self._drop(key)
        self._listed[key] = listed
        number, name = compact(listed.business_id or ""), name_key(listed.name)
        if number:
            self._by_business_id.setdefault(number, {})[key] = None
        if name:
            self._by_name.setdefault(name, {})[key] = None
            for end in _all_ends(name):
                self._by_end.setdefault(end, set()).add(name)

    def _drop(self, key: tuple[str, str]) -> None:
        listed = self._listed.pop(key, None)
        if listed is None:
            return
        number, name = compact(listed.business_id or ""), name_key(listed.name)
        _discard(self._by_business_id, number, key)
        if _discard(self._by_name, name, key):
            for end in _all_ends(name):
                self._by_end[end].discard(name)
                if not self._by_end[end]:
                    del self._by_end[end]


def _ends(name: str, length: int) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("<", name[:length]), (">", name[-length:])


def _all_ends(name: str) -> set[tuple[str, str]]:
    """Under what *name* is kept: it is looked for with up to a letter less or more."""
    found: set[tuple[str, str]] = set()
    if SHORTEST - 1 <= len(name) <= _LONG:
        found.update(_ends(name, _SHORT_END))
    if len(name) >= _LONG - 1:
        found.update(_ends(name, _LONG_END))
    return found


def _discard(index: dict[str, dict[tuple[str, str], None]], value: str, key: tuple[str, str]) -> bool:
    """Take *key* from under *value*; True where nothing is left there."""
    keys = index.get(value)
    if keys is None:
        return False
    keys.pop(key, None)
    if keys:
        return False
    del index[value]
    return True


def _is_one_off(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts of nearly the same length differ in one letter, or in two neighbours that changed places."""
    if len(one) > len(other):
        one, other = other, one
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    if one[start + 1 :] == other[start + 1 :]:
        return True
    return one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
