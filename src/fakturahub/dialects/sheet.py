"""The interconnect sheet of a company: what somebody needs who connects a program to this hub in one dialect.

A dialect says it in a file ``sheet.py`` of its own, from its own tables and from what is stored of the company. No
secret is in it: only where each stands, and how another is set.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fakturahub.identity.companies import Company

#: where it is said what became of a request, in every dialect
COMMON = (
    ("Finding a request again", "every answer has `X-Request-Id`; the hub's operator finds the log by it"),
    ("Requests a minute", "`RateLimit-Policy` and `RateLimit` of each answer say how many, and what is left"),
)


class Asked(msgspec.Struct, frozen=True):
    """Whose sheet it is, and where the hub is."""

    company: Company
    dialect: str
    #: ``[dialects.<name>]`` as it is stored
    hub: Mapping[str, Any]
    #: of the hub, without a slash at its end
    url: str
    #: at whose root the dialect answers
    hosts: tuple[str, ...] = ()
    #: those of them where nothing is delivered
    test_hosts: tuple[str, ...] = ()

    @property
    def section(self) -> Mapping[str, Any]:
        """``[company.<name>]`` as it is stored, with secrets hashed or sealed."""
        return self.company.section(self.dialect)

    @property
    def base(self) -> str:
        """Where the dialect's paths begin."""
        return f"{self.url}/{self.dialect}"

    def at(self, hosts: tuple[str, ...]) -> list[str]:
        """Addresses of *hosts*, with the scheme and the port of the hub's own."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return [f"{parts.scheme}://{host}{port}" for host in hosts]


class Section(msgspec.Struct, frozen=True):
    """A part of a sheet. Texts are Markdown of one line."""

    title: str
    #: what it is, and what is said of it
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    #: commands that run as they are printed, with secrets in variables of the environment
    example: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """What one dialect says."""

    title: str
    sections: tuple[Section, ...]


Write = Callable[[Asked], Sheet]


def code(text: object) -> str:
    """A value as it is typed, in backticks; one that has some of its own between more of them (CommonMark, 6.1)."""
    plain = str(text)
    fence = "`"
    while fence in plain:
        fence += "`"
    return f"{fence} {plain} {fence}" if "`" in plain else f"{fence}{plain}{fence}"


def listed(values: object) -> str:
    """Several values, each in backticks."""
    return ", ".join(code(one) for one in values) if isinstance(values, list | tuple) else code(values)


def hidden(key: str, table: str, *, kept: str = "a hash of it") -> str:
    """Where a secret stands, and how another one is set."""
    return (
        f"{code(key)} of {code(table)} in the provisioning file; the hub keeps {kept}, and shows it to nobody. For "
        "another one, write it there and run `fakturahub apply FILE`: it counts within seconds."
    )


def shown_url(url: str) -> str:
    """An address without its query, which may hold a key."""
    address, mark, _ = url.partition("?")
    return code(f"{address}?…" if mark else address)


def with_secret(before: str, variable: str) -> str:
    """A word of the shell: *before* as it is, and the value of *variable* behind it."""
    return f'{shlex.quote(before)}"${variable}"'
