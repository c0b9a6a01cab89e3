"""What leaves the hub: a parcel, the seam to the ways out, and what came of one attempt.

A channel is stateless and knows neither dialects nor the database. Whatever it needs is in the parcel: where to, with
which credentials, which bytes. Trouble of any kind is an outcome, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from fakturahub.model.heading import Attachment, Heading

#: bytes of an answer's body that are kept with an attempt
KEPT_OF_ANSWER = 4_096

Way = TypeVar("Way")


class Content(msgspec.Struct, frozen=True):
    """What is handed over: the document in the form its receiver gets it, and the files that travel beside it."""

    data: bytes
    #: a file name without folders; empty in a mail that is its words alone
    name: str
    media_type: str
    files: tuple[Attachment, ...] = ()


class Parcel(msgspec.Struct, Generic[Way], frozen=True):
    """One delivery as a channel sees it. A channel never learns which dialect the document came through.

    The same parcel may be handed in again, after a crash even one that was delivered: ``delivery_id`` is the same then,
    and travels with it so that the receiver can tell.
    """

    delivery_id: UUID
    document_id: UUID
    #: 1 for the first
    attempt: int
    at: datetime
    #: the channel's own settings for this delivery; secrets are open in it
    way: Way
    content: Content
    heading: Heading
    #: terms of the document that the way asked for, None where the document does not have one
    terms: Mapping[str, str | None] = msgspec.field(default_factory=dict)


class Result(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    #: trouble of transport: again later
    RETRY = "retry"
    #: the receiver will never take it: not again
    FAILED = "failed"
    #: somebody has to put something right first, such as a credential; no attempt until then
    HELD = "held"


class Fault(StrEnum):
    """Whose trouble a failed attempt was; only a receiver's counts against its target."""

    NONE = "none"
    RECEIVER = "receiver"
    #: the hub's own surroundings: name server, proxy, token endpoint, disk
    OURS = "ours"


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of an attempt for people to look at. Secrets are redacted by whoever fills it in."""

    #: where it went: a URL without credentials and query, a host and port, a folder
    to: str
    #: the head of the request, or the commands that were given
    request: str = ""
    #: the head of the answer, or the answers
    answer: str = ""
    #: the first `KEPT_OF_ANSWER` bytes of the answer's body
    body: bytes = b""
    #: bytes
    sent: int = 0
    received: int = 0
    #: seconds by phase: ``resolve``, ``connect``, ``token``, ``send``, ``answer`` ...
    timings: dict[str, float] = msgspec.field(default_factory=dict)


class Outcome(msgspec.Struct, frozen=True):
    """What came of one attempt, in words for a person and in what the engine needs."""

    result: Result
    #: one sentence without secrets: what happened, and what to do where that is known
    detail: str
    record: Record | None = None
    fault: Fault = Fault.NONE
    #: seconds that the receiver asked to wait, as it stated them
    retry_after: float | None = None
    #: what the receiver calls what it got: a message id, a file name
    receipt: str | None = None


class Channel(Protocol[Way]):
    """A way out that takes one delivery at a time."""

    async def send(self, parcel: Parcel[Way]) -> Outcome:
        """Try once. Returns within the times that the way states; cancelled, it leaves nothing open."""


class BatchChannel(Protocol[Way]):
    """A way out that takes many deliveries at once, such as letters to a print house."""

    async def send_batch(self, batch_id: UUID, parcels: Sequence[Parcel[Way]]) -> Outcome:
        """Try once with all of *parcels*, which are the same for a *batch_id* however often it is tried.

        One outcome for all of them.
        """
