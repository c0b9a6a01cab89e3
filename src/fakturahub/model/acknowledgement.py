"""The Technical Acknowledgement: what a sender is told of a document once the hub has looked at it.

It is about the transport and the checks of a document, not about what its receiver thinks of it. Source: PUF Technical
Acknowledgement 1.0.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

#: the channel of deliveries that carry one; they say nothing of the state of their document
CHANNEL = "acknowledgement"

#: how a document leaves, in the words of PUF's DistributionMethod
Distribution = Literal["Electronic", "Print", "Email", "None"]


class Acknowledgement(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One document accepted (``AP``) or refused (``RE``)."""

    #: of the response itself
    id: UUID
    #: aware, UTC
    at: datetime
    accepted: bool
    #: the document's own, and what else names it where it has none
    number: str
    issue_date: date | None = None
    #: UNTDID 1001, as the document states it
    type_code: str | None = None
    #: the sender's own id of the transfer (``x-interchange-id``)
    interchange_id: str | None = None
    #: PUF-020, only of one that was refused
    classification: str | None = None
    #: why it was refused, in sentences; lines are divided by ``\n``
    description: str | None = None
    #: None: it was refused
    distribution: Distribution | None = None
    #: key and value of what the sender wants back as it stated it (puf:RestrictedInformation)
    restricted: tuple[tuple[str, str], ...] = ()
