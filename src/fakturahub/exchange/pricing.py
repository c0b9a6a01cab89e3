"""What a delivery costs: the first line of the price list that fits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
#: the members of the European Union
EU = frozenset(_MEMBERS.split())
#: how Finvoice, Peppol and others name Greece, and Finland's Åland
_SAME = {"EL": "GR", "AX": "FI"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ``[[price]]`` as it is stored; a condition that is None fits everything."""

    credits: Decimal
    channel: str | None = None
    #: up to so many
    pages: int | None = None
    postal_class: int | None = msgspec.field(name="class", default=None)
    colour: bool | None = None
    country: str | None = None


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """What of a delivery its price depends on; None where it is no letter."""

    #: inbox, http, email or print
    channel: str
    pages: int | None = None
    postal_class: int | None = None
    colour: bool | None = None
    #: see `country_class`
    country: str | None = None


def price_list(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Line, ...]:
    """The lines of ``[[price]]``, in the order of the file."""
    return tuple(msgspec.convert(dict(line), Line) for line in stored or ())


def price_of(delivery: Priced, prices: Sequence[Line]) -> Decimal | None:
    """What *delivery* costs in credits; None: it is free, because no line fits or the one that does says nothing.

    A line for ``network`` is for both ways to a company of this hub, one for ``http`` for documents that are posted to
    its server. A line with a condition for letters fits letters only.
    """
    for line in prices:
        if _fits(delivery, line):
            return line.credits or None
    return None


def country_class(sender: str, receiver: str) -> str:
    """Where a letter goes, seen from its sender's country: FI stays there, EU goes to a member, OTHER anywhere else.

    The words are those of Apix, whose letters are posted in Finland (specs/apix.md, 6.4).
    """
    here, there = (_SAME.get(one.upper(), one.upper()) for one in (sender, receiver))
    if here == there:
        return "FI"
    return "EU" if there in EU else "OTHER"


def _fits(delivery: Priced, line: Line) -> bool:
    if line.channel not in (None, delivery.channel) and not (
        line.channel == "network" and delivery.channel in ("inbox", "http")
    ):
        return False
    if line.pages is not None and (delivery.pages is None or delivery.pages > line.pages):
        return False
    return all(
        wanted is None or wanted == has
        for wanted, has in (
            (line.postal_class, delivery.postal_class),
            (line.colour, delivery.colour),
            (line.country, delivery.country),
        )
    )
