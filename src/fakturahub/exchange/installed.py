"""One rule pack as this process has it: usable, or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

from fakturahub.errors import PackUnusable
from fakturahub.exchange.compilation import Contents, Stated
from fakturahub.rules.pack import Pack
from fakturahub.rules.report import Asked

_VERSIONED = re.compile(r"(?P<family>.+)-(?P<version>\d[0-9A-Za-z.]*)")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a pack without its rules."""

    name: str
    #: SHA-256 of its source in hexadecimal digits
    digest: str
    #: which documents it is for; None: runs only where it is named
    profile: str | None
    #: None: as long as there is none of a later date
    valid_from: date | None = None
    #: root elements that it has rules for, ``{namespace}local``; none: its contexts do not tell
    roots: tuple[str, ...] = ()
    #: whether it comes with the program
    bundled: bool = False
    #: a document that must fail; None: an empty root of each type
    control: bytes | None = field(default=None, repr=False)

    @property
    def version(self) -> str | None:
        """What the name ends in: ``1.3.16`` of ``en16931-ubl-1.3.16``; None where that is no version."""
        found = _VERSIONED.fullmatch(self.name)
        return found["version"] if found else None

    @property
    def family(self) -> str:
        """The name without its version."""
        found = _VERSIONED.fullmatch(self.name)
        return found["family"] if found else self.name

    def as_facts(self) -> dict[str, Any]:
        """All of this, to make another of it."""
        return {one.name: getattr(self, one.name) for one in fields(Known)}

    def addresses(self, root_tag: str) -> bool:
        """Whether it has rules for documents with this root element, as far as it tells."""
        return not self.roots or root_tag in self.roots

    @property
    def age(self) -> tuple[date, tuple[int, ...], bool, str]:
        """What decides between two packs of one profile: the greater one is in force."""
        version = tuple(map(int, _NUMBER.findall(self.version or "")))
        return (self.valid_from or date.min, version, not self.bundled, self.name)


@dataclass(frozen=True, kw_only=True)
class Installed(Known):
    """A pack that can be run."""

    pack: Pack = field(repr=False)
    #: `Contents` in MessagePack
    contents: bytes = field(repr=False)

    @cached_property
    def _contents(self) -> Contents:
        return msgspec.msgpack.decode(self.contents, type=Contents)

    @property
    def checks(self) -> tuple[Stated, ...]:
        """Its checks in its own words."""
        return self._contents.checks

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Prefix -> namespace, as its tests use them."""
        return self._contents.namespaces

    @cached_property
    def asked(self) -> Mapping[str, Asked]:
        """Id of a check -> what it asks, for reports in SVRL; of several checks of one id the first."""
        found: dict[str, Asked] = {}
        for check in self.checks:
            found.setdefault(check.id, Asked(check.test, check.is_report))
        return found


@dataclass(frozen=True, kw_only=True)
class Broken(Known):
    """A pack that is there and cannot be used. What it would be in force for is not checked, and not valid either."""

    #: why, a sentence for whoever runs the hub
    reason: str

    def refuse(self) -> PackUnusable:
        """The error for a document that would have to be checked with it."""
        return PackUnusable(f"The rule pack {self.name} cannot be used: {self.reason}")
