"""Installing, removing and showing rule packs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from fakturahub.errors import NotFound, OperatorError, PackRefused
from fakturahub.exchange import compilation
from fakturahub.exchange.compilation import Made, split_name
from fakturahub.exchange.installed import Broken, Installed, Known
from fakturahub.exchange.rulebook import BUNDLED, PROFILES, Rulebook, bundled_source
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Severity
from fakturahub.rules import sources
from fakturahub.storage import packs as stored
from fakturahub.storage.companies import changing
from fakturahub.storage.database import Database
from fakturahub.storage.pack_cache import PackCache

#: characters of a pack's name, and of a profile of the operator's own
NAME = 100
PROFILE = 255
#: bytes of a control document
CONTROL = 1024 * 1024

#: what stands for "for no profile" where one is asked for
NO_PROFILE = "none"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


class Deed(StrEnum):
    """What installing a pack did."""

    INSTALLED = "installed"
    #: the same source was there, and got another profile, date or control document
    CHANGED = "changed"
    #: the same was there
    UNCHANGED = "unchanged"


class Wish(msgspec.Struct, frozen=True):
    """What is said of a pack that is installed; None: not said."""

    name: str
    valid_from: date | None = None
    #: `NO_PROFILE` for none
    profile: str | None = None
    control: bytes | None = None


class Done(msgspec.Struct, frozen=True):
    deed: Deed
    row: stored.PackRow
    #: what was changed, in words
    changes: tuple[str, ...] = ()


def check_name(name: str) -> None:
    """Raise ``ValueError`` for what cannot be a pack's name."""
    if len(name) > NAME or not _NAME.fullmatch(name) or name.endswith((".", "-")) or ".." in name:
        raise ValueError(
            "a name has letters, digits, dots and hyphens, begins and ends with a letter or digit, and is up to "
            f"{NAME} characters long, such as en16931-ubl-1.3.16"
        )


def check_profile(profile: str) -> None:
    """Raise ``ValueError`` for what cannot be a profile."""
    if profile in (*PROFILES, NO_PROFILE):
        return
    if ":" not in profile or len(profile) > PROFILE or not profile.isprintable() or " " in profile:
        raise ValueError(
            f"it is {', '.join(PROFILES)}, {NO_PROFILE}, or how the specification identifiers (BT-24) of the documents "
            "begin, such as urn:cen.eu:en16931:2017#compliant#urn:example"
        )


async def install(
    database: Database,
    files: sources.Files,
    wish: Wish,
    *,
    kept: PackCache,
    master_key: MasterKey | None,
    by: str,
    now: datetime,
) -> Done:
    """Install the pack whose source is *files* as *wish* says: whole, or not at all.

    It is compiled, and its control documents must fail. Where a pack of the name with the same source is there already,
    what *wish* says anew is changed, and without anything new nothing is done. All nodes follow by themselves; with
    *master_key* they take what was compiled here.

    Raises ``PackRefused`` with every reason, also for a name that stands for another source.
    """
    digest = compilation.digest_of(files)
    if wish.name == BUNDLED:
        return await _bundled(digest, wish, now)
    known = {one.name: one for one in (await stored.listed(database)).packs}.get(wish.name)
    if known is not None:
        _refuse_other(known, digest)
        if not _changes(known, wish):
            return Done(Deed.UNCHANGED, known)
    made = await asyncio.to_thread(compilation.make, files, wish.name, kept)
    control = wish.control if wish.control is not None or known is None else known.control
    await asyncio.to_thread(compilation.check_control, made.pack, control)
    profile = compilation.inferred_profile(made.pack) if wish.profile is None else _profile(wish.profile)
    facts = {"roots": list(made.pack.roots), "checks": counts(made)}
    row = stored.PackRow(wish.name, digest, profile, wish.valid_from, facts, control, now, by)
    async with changing(database.patient(), now) as change:
        known = await stored.get(change, wish.name)
        if known is None:
            sealed = None if master_key is None else compilation.sealed(made, digest, wish.name, master_key)
            await stored.put(change, row, files, sealed)
            return Done(Deed.INSTALLED, row)
        _refuse_other(known, digest)
        changes = _changes(known, wish)
        row = _changed(known, wish)
        if changes:
            await stored.state_anew(change, row)
        return Done(Deed.CHANGED if changes else Deed.UNCHANGED, row, changes)


async def _bundled(digest: str, wish: Wish, now: datetime) -> Done:
    source = await asyncio.to_thread(bundled_source)
    if compilation.digest_of(source) != digest or wish != Wish(wish.name):
        raise PackRefused(f"{wish.name} comes with the program; install another pack under another name.")
    row = stored.PackRow(wish.name, digest, PROFILES[0], None, {}, None, now, "")
    return Done(Deed.UNCHANGED, row)


def _refuse_other(known: stored.PackRow, digest: str) -> None:
    if known.digest != digest:
        raise PackRefused(
            f"The rule pack {known.name} is installed with other bytes. Install this one under another name, as in "
            f"--name {known.name}.1, or remove the one that is there first."
        )


def _profile(asked: str) -> str | None:
    return None if asked == NO_PROFILE else asked


def _changed(known: stored.PackRow, wish: Wish) -> stored.PackRow:
    return msgspec.structs.replace(
        known,
        profile=known.profile if wish.profile is None else _profile(wish.profile),
        valid_from=known.valid_from if wish.valid_from is None else wish.valid_from,
        control=known.control if wish.control is None else wish.control,
    )


def _changes(known: stored.PackRow, wish: Wish) -> tuple[str, ...]:
    """What *wish* says of a pack otherwise than it is known, in words."""
    new = _changed(known, wish)
    said = []
    if new.profile != known.profile:
        said.append(f"profile: {new.profile or NO_PROFILE}, was {known.profile or NO_PROFILE}")
    if new.valid_from != known.valid_from:
        said.append(f"valid from: {new.valid_from}, was {known.valid_from or 'any date'}")
    if new.control != known.control:
        said.append("control document")
    return tuple(said)


async def remove(database: Database, name: str, now: datetime) -> stored.PackRow:
    """Remove the pack *name*; all nodes follow by themselves.

    Raises ``NotFound``, and ``OperatorError`` for the pack that comes with the program.
    """
    if name == BUNDLED:
        raise OperatorError(f"{BUNDLED} comes with the program and cannot be removed. A newer pack takes its place.")
    async with changing(database.patient(), now) as change:
        known = await stored.get(change, name)
        if known is None:
            raise NotFound(f"There is no installed rule pack {name[:100]!r}.")
        await stored.remove(change, name)
        return known


def counts(pack: Made | Installed) -> dict[str, int]:
    """How many checks of which severity a pack has."""
    severities = [check.severity for check in pack.pack.checks]
    return {str(one): severities.count(one) for one in Severity if one in severities}


class Place(msgspec.Struct, frozen=True):
    """Where a pack counts on a day: for one kind of document."""

    #: local name of the root element
    root: str
    #: the pack in force for it; None where none is yet
    in_force: str | None


def places(rulebook: Rulebook, pack: Known, on: date) -> tuple[Place, ...]:
    """Which pack is in force on the day *on* for each kind of document that *pack* is for."""
    found = []
    for root in pack.roots:
        other = rulebook.in_force(pack, root, on)
        found.append(Place(split_name(root)[1], None if other is None else other.name))
    return tuple(found)


def standing(rulebook: Rulebook, pack: Installed | Broken, on: date) -> str:
    """Whether *pack* is used on the day *on*, in words."""
    if isinstance(pack, Broken):
        return f"cannot be used: {pack.reason}"
    if pack.profile is None:
        return "where it is named"
    if pack.valid_from is not None and pack.valid_from > on:
        return f"from {pack.valid_from}"
    if not pack.roots:
        return "in use"
    found = places(rulebook, pack, on)
    mine = [one.root for one in found if one.in_force == pack.name]
    others = sorted({one.in_force for one in found if one.in_force not in (None, pack.name)})
    if not others:
        return "in use"
    if not mine:
        return f"not used: {', '.join(map(str, others))} takes its place"
    return f"in use for {', '.join(mine)}; for others {', '.join(map(str, others))} takes its place"


class Rule(msgspec.Struct, frozen=True):
    """A check of a pack, for whoever asks what it is."""

    rule: str
    pack: str
    severity: str
    kind: str
    context: str
    test: str
    message: str
    file: str
    line: int


def rules_of(rulebook: Rulebook, rule: str) -> tuple[Rule, ...]:
    """The checks with the id *rule* in all packs, in whatever case it is written."""
    wanted = rule.casefold()
    found = []
    for pack in rulebook:
        if not any(check.id.casefold() == wanted for check in pack.pack.checks):
            continue
        severities = {check.id: str(check.severity) for check in pack.pack.checks}
        found += [
            Rule(
                one.id,
                pack.name,
                severities[one.id],
                "report" if one.is_report else "assert",
                one.context,
                one.test,
                one.message,
                one.file,
                one.line,
            )
            for one in pack.checks
            if one.id.casefold() == wanted and one.id in severities
        ]
    return tuple(found)


def ids(rulebook: Rulebook) -> list[str]:
    """The ids of all rules, each once."""
    return list(dict.fromkeys(check.id for pack in rulebook for check in pack.pack.checks))


def as_facts(rulebook: Rulebook, pack: Installed | Broken, on: date) -> Mapping[str, Any]:
    """A pack as one object of JSON."""
    return {
        "name": pack.name,
        "version": pack.version,
        "profile": pack.profile,
        "valid_from": pack.valid_from,
        "usable": isinstance(pack, Installed),
        "standing": standing(rulebook, pack, on),
        "rules": len(pack.pack.checks) if isinstance(pack, Installed) else 0,
        "severities": counts(pack) if isinstance(pack, Installed) else {},
        "roots": list(pack.roots),
        "digest": pack.digest,
        "bundled": pack.bundled,
    }
