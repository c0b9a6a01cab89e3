"""Our own short explanations of the rules people meet most: what a finding means and what to do about it.

The texts are data beside this module: ``rules.toml`` says which explanation belongs to which rules, ``<language>.toml``
holds its text. They stand beside the authority's message and never in place of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

#: ISO 639-1 codes of the languages in which every explanation exists
LANGUAGES = ("en", "fi", "sv", "nb", "da")

_TERM = re.compile(r"\bB[TG]-[0-9]{1,3}\b")
#: what a family's pattern ends with
_ANY = "*"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An explanation's rules (ids, or families ending in ``*``) and the terms of those whose message names none."""

    rules: tuple[str, ...]
    terms: tuple[str, ...] = ()


class _Index(NamedTuple):
    #: name of every explanation
    entries: Mapping[str, _Entry]
    #: rule id -> name of its explanation
    rules: Mapping[str, str]
    #: (beginning of an id, name of the explanation), the longest first
    families: tuple[tuple[str, str], ...]


def _table(name: str) -> dict[str, object]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _index() -> _Index:
    entries = msgspec.convert(_table("rules"), dict[str, _Entry])
    rules = {rule: name for name, entry in entries.items() for rule in entry.rules if not rule.endswith(_ANY)}
    families = [
        (rule.removesuffix(_ANY), name)
        for name, entry in entries.items()
        for rule in entry.rules
        if rule.endswith(_ANY)
    ]
    return _Index(entries, rules, tuple(sorted(families, key=lambda family: -len(family[0]))))


@cache
def _texts(language: str) -> dict[str, str]:
    return msgspec.convert(_table(language), dict[str, str])


def _name_of(rule: str) -> str | None:
    index = _index()
    if rule in index.rules:
        return index.rules[rule]
    return next((name for beginning, name in index.families if rule.startswith(beginning)), None)


def explain(rule: str, language: str) -> str | None:
    """What *rule* (an id as the pack writes it, ``BR-CO-15``) means and what to do; None where we have no text for it.

    *language* is an ISO 639-1 code, its region ignored (``sv-FI``); Norwegian is ``nb`` or ``no``. Another language
    gets the English text.
    """
    name = _name_of(rule)
    if name is None:
        return None
    primary = language.lower().replace("_", "-").partition("-")[0]
    known = {"no": "nb", "nn": "nb"}.get(primary, primary)
    return _texts(known if known in LANGUAGES else "en")[name]


def terms(rule: str, message: str = "") -> tuple[str, ...]:
    """The EN 16931 terms and groups (``BT-1``, ``BG-25``) that a finding is about, each once.

    Those that the authority's *message* names, in its order; else those that our table has for *rule*; else none.
    """
    named = tuple(dict.fromkeys(_TERM.findall(message)))
    if named:
        return named
    name = _name_of(rule)
    return _index().entries[name].terms if name is not None else ()
