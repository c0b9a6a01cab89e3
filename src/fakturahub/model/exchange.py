"""The nouns of the exchange: what is submitted, what is answered, and the seam to the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from fakturahub.errors import Refused
from fakturahub.model.finding import Finding
from fakturahub.model.heading import Attachment, Heading, Recognition


class Mode(StrEnum):
    """Whether a submission is real. The mode is stored with the document and never changes."""

    #: delivered
    PROD = "prod"
    #: everything but the delivery
    TEST = "test"
    #: the whole flow, never forwarded to the receiver (Pagero "certification")
    CERT = "cert"


class Medium(StrEnum):
    """How a document may leave, as senders and settings name it."""

    #: to a receiver of the network, the companies of this hub among them
    NETWORK = "network"
    EMAIL = "email"
    #: on paper
    PRINT = "print"


class Part(msgspec.Struct, frozen=True):
    """One document of a submission, with the files beside it that are its own."""

    data: bytes
    #: under names without folders, each different; a document names those it knows by ``file://<name>``
    files: tuple[Attachment, ...] = ()
    #: why it cannot be taken, whatever it says, such as a file that it names and that did not come
    refusal: Refused | None = None
    #: how the sender wants this one to leave; None: as the submission says
    prefer: Medium | None = None


class Inspected(msgspec.Struct, frozen=True):
    """A document that was read, before rules are held against it."""

    recognition: Recognition
    #: with the files beside it among its attachments
    heading: Heading
    #: what is embedded in it, decoded
    embedded: tuple[Attachment, ...] = ()
    #: what came beside it
    files: tuple[Attachment, ...] = ()


#: what a dialect has to say of a document that was read; raises `DocumentRefused` for one that it does not take. Pure.
Inspect = Callable[[Inspected], tuple[Finding, ...]]


class Answer(msgspec.Struct, frozen=True):
    """What the caller was told, kept byte for byte so that a repeat gets the same."""

    status: int
    content_type: str
    body: bytes


class Submission(msgspec.Struct, frozen=True):
    """A command: a company hands in bytes through a dialect."""

    id: UUID
    company_id: UUID
    #: name of the dialect's folder
    dialect: str
    #: the transfer as it came; where there are no ``parts`` it is the document itself
    data: bytes
    mode: Mode
    at: datetime
    #: the sender's idempotency key; without one, equal bytes within a day are a repeat
    key: str | None = None
    file_name: str | None = None
    #: what the sender said the bytes are, in the dialect's words
    declared_type: str | None = None
    request_id: str = ""
    #: which of the dialect's doors it came through, where they answer differently; a repeat is one only at the same
    door: str = ""
    #: the documents in ``data``, in its order; each is judged for itself, and all of them are stored together
    parts: tuple[Part, ...] = ()
    #: how the sender wants a document to leave whose receiver has no electronic address in this hub
    prefer: Medium | None = None
    #: a document that has no way to its receiver is refused; else it is kept until somebody finds one
    must_leave: bool = False
    #: further headers of the request, for the record only; bounded by the dialect, and nothing secret among them
    headers: Mapping[str, str] = {}
    #: asked for each document that could be read; what it gives are remarks that stand before those of the rules
    inspect: Inspect | None = None


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
