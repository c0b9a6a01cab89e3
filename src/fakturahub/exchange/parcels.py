"""What the engine asks of the rest of the exchange for a delivery that it has claimed: the way, and the content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from fakturahub.model import Content
from fakturahub.storage.converted import Prepared
from fakturahub.storage.outgoing import Claimed


class Withheld(msgspec.Struct, frozen=True):
    """There is no way at the moment: a setting or a credential is missing. The delivery is held until a person acts."""

    #: one sentence without secrets: what is missing, and what to do
    reason: str


class Made(msgspec.Struct, frozen=True):
    """What is handed over in a delivery, made of the document; the same bytes however often it is made."""

    #: None where it cannot be handed over at all; ``prepared.error`` then says why
    content: Content | None
    #: terms of the document that the way asked for, None where the document does not have one
    terms: Mapping[str, str | None] = msgspec.field(default_factory=dict)
    #: stored with the delivery: the report of a conversion, and what it wrote; None where it went as it came
    prepared: Prepared | None = None


class Ways(Protocol):
    """The channel's own settings for a delivery, from the settings of the moment."""

    def way_of(self, claimed: Claimed) -> Any | Withheld:
        """A struct of ``model.ways`` with secrets opened, or why there is none.

        Looks up memory only. What it raises counts as the hub's own trouble: the delivery is tried again.
        """


class Contents(Protocol):
    """What is handed over in a delivery."""

    async def content_of(self, claimed: Claimed, way: Any) -> Made:
        """Raises `DocumentRefused` where it can never be made, any other error of ours where it cannot be now."""
