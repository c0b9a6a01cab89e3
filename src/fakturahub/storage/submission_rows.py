"""One submission as rows of its tables, as the writer of submissions takes it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from fakturahub.model import Answer
from fakturahub.storage.accounts import Charge
from fakturahub.storage.document_files import FileRow


class DocumentRow(msgspec.Struct, frozen=True):
    id: UUID
    receiver_id: UUID | None
    state: str
    syntax: str | None
    kind: str
    number: str | None
    issue_date: date | None
    currency: str | None
    payable: Decimal | None
    #: JSON text
    facts: str
    sha256: bytes
    size: int
    encoding: str
    payload: bytes | None


class DeliveryRow(msgspec.Struct, frozen=True):
    id: UUID
    document_id: UUID
    receiver_id: UUID | None
    channel: str
    address: str
    why: str
    wanted_syntax: str
    #: where it goes as far as breakers and limits are concerned; None for the inboxes of this hub
    target: str | None = None
    #: JSON text
    details: str | None = None
    #: in credits, more than nothing; None where it is free
    cost: Decimal | None = None
    #: None: at once
    due_at: datetime | None = None


class EventRow(msgspec.Struct, frozen=True):
    id: UUID
    document_id: UUID | None
    delivery_id: UUID | None
    kind: str
    #: JSON text
    data: str


class SubmissionRows(msgspec.Struct, frozen=True):
    """One submission with everything that hangs on it."""

    id: UUID
    company_id: UUID
    dialect: str
    #: None: never a repeat of anything
    repeat_key: str | None
    #: False for a refused submission: the key may be in use by another, but this one does not take it
    takes_key: bool
    #: a repeat only within this time; None for ever (the sender gave the key)
    repeat_window: timedelta | None
    body_sha256: bytes
    mode: str
    state: str
    answer: Answer
    #: JSON text
    request: str
    at: datetime
    documents: tuple[DocumentRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    events: tuple[EventRow, ...]
    #: each with the id of its document and its place among that document's files
    files: tuple[tuple[UUID, int, FileRow], ...] = ()

    @property
    def weight(self) -> int:
        """Bytes that waiting costs."""
        documents = sum(len(document.payload or b"") + len(document.facts) for document in self.documents)
        return documents + sum(len(file.kept.payload or b"") for _, _, file in self.files)

    @property
    def charges(self) -> list[Charge]:
        """What its deliveries cost, those that are free left out."""
        return [Charge(self.company_id, one.id, one.cost, one.channel) for one in self.deliveries if one.cost]
