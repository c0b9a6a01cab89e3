"""The nouns of the exchange: what is submitted, what is answered, and the seam to the clock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec


class Mode(StrEnum):
    """Whether a submission is real. The mode is stored with the document and never changes."""

    #: delivered
    PROD = "prod"
    #: everything but the delivery
    TEST = "test"
    #: the whole flow, never forwarded to the receiver (Pagero "certification")
    CERT = "cert"


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
    data: bytes
    mode: Mode
    at: datetime
    #: the sender's idempotency key; without one, equal bytes within a day are a repeat
    key: str | None = None
    file_name: str | None = None
    #: what the sender said the bytes are, in the dialect's words
    declared_type: str | None = None
    request_id: str = ""


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
