"""Parties and the identifiers that name them."""

from __future__ import annotations

import msgspec


class Identifier(msgspec.Struct, frozen=True):
    """An identifier and the code of its scheme, both as stated.

    ``scheme`` is an ISO 6523 ICD or EAS code such as ``0192`` where the syntax uses them, else the sender's own
    word (``NO:ORGNR``), else None.
    """

    value: str
    scheme: str | None = None

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}" if self.scheme else self.value


class PartyHeading(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a list shows of a party and what routing needs to find it."""

    #: BT-27, BT-44: the registered name, else the trading name (BT-28, BT-45)
    name: str | None = None
    #: BT-34, BT-49: the electronic address
    endpoint: Identifier | None = None
    #: BT-29, BT-46: further identifiers, a GLN among them
    identifiers: tuple[Identifier, ...] = ()
    #: BT-30, BT-47: the legal registration (business) id
    business_id: Identifier | None = None
    #: BT-31, BT-48: the VAT identifier
    vat_id: str | None = None
    #: BT-40, BT-55: ISO 3166-1 alpha-2
    country: str | None = None


class PostalHeading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address as far as an envelope needs it, as stated; its country is the party's."""

    #: BT-50, 51, 163: street, box, further lines
    lines: tuple[str, ...] = ()
    #: BT-52
    city: str | None = None
    #: BT-53
    post_code: str | None = None
    #: BT-54
    subdivision: str | None = None
