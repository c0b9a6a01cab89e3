"""A company's inbox: listing, fetching, and knowing what was received."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from fakturahub import formats
from fakturahub.errors import InternalFault
from fakturahub.model import Attachment, Clock, Heading, Recognition
from fakturahub.storage import converted, document_files
from fakturahub.storage import inbox as stored
from fakturahub.storage.database import Database
from fakturahub.storage.inbox import EVER
from fakturahub.storage.inbox import Origin as Origin  # what `Inbox.origin` gives
from fakturahub.storage.payloads import PayloadStore

#: how long an entry stays with a reader that neither finished nor went away
LEASE = timedelta(minutes=2)
#: how long an entry that was removed is still listed as removed
SHOWN_REMOVED = timedelta(days=1)
#: bytes above which attachments are decoded in a thread
DECODE_IN_THREAD = 128 * 1024


class Entry(msgspec.Struct, frozen=True):
    """A delivered document as its receiver sees it."""

    id: UUID
    company_id: UUID
    document_id: UUID
    arrived_at: datetime
    received_at: datetime | None
    heading: Heading
    recognition: Recognition
    #: until when it is reserved for a reader that has not received it to the end
    leased_until: datetime | None = None
    #: the delivery that wrote it in another syntax than it came in; None: its receiver gets it as it came
    converted_by: UUID | None = None
    #: since when its reader cannot fetch it any more
    removed_at: datetime | None = None
    #: what it came in as
    original_syntax: str | None = None

    def handed_out(self, now: datetime) -> bool:
        """Whether a reader has it, or has it reserved and may have it by now."""
        return self.received_at is not None or (self.leased_until is not None and self.leased_until >= now)


class Content(msgspec.Struct, frozen=True):
    """What a receiver fetches: the document's bytes and its attachments decoded."""

    entry: Entry
    data: bytes
    #: those embedded in it, then the files beside it
    attachments: tuple[Attachment, ...]


def _entry(one: stored.Entry) -> Entry:
    return Entry(
        one.id,
        one.company_id,
        one.document_id,
        one.arrived_at,
        one.received_at,
        msgspec.convert(one.facts["heading"], Heading),
        msgspec.convert(one.facts["recognition"], Recognition),
        one.lease_until,
        one.converted_by,
        one.removed_at,
        one.syntax,
    )


async def payload(database: Database, payloads: PayloadStore, any_id: UUID) -> bytes | None:
    """The bytes of a document as they came, or of a delivery as they were written for its receiver.

    None where there is no such document, and no such delivery that wrote anything.
    """
    kept = await stored.payload_of(database, any_id) or await converted.document_of(database, any_id)
    return None if kept is None else await payloads.load(kept)


class Inbox:
    """The inboxes of this hub's companies, for one process."""

    def __init__(self, database: Database, payloads: PayloadStore, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    async def newest(self, company_id: UUID, since: datetime, most: int) -> list[Entry]:
        """Entries that arrived at or after *since*, unreceived first, each part the newest first.

        Those that were removed are there for `SHOWN_REMOVED` more.
        """
        removed_since = self._clock.now() - SHOWN_REMOVED
        return [_entry(one) for one in await stored.newest(self._database, company_id, since, most, removed_since)]

    async def origin(self, entry: Entry) -> Origin | None:
        """How its document came into the hub."""
        return await stored.origin_of(self._database, entry.id)

    async def find(self, entry_id: UUID) -> Entry | None:
        """An entry by its id, whosever it is: the caller has to prove that it may see it."""
        found = await stored.find(self._database, entry_id)
        return None if found is None else _entry(found)

    async def content(self, entry: Entry) -> Content:
        """What is fetched of an entry."""
        data = await payload(self._database, self._payloads, entry.converted_by or entry.document_id)
        if data is None:
            raise InternalFault(f"The document of inbox entry {entry.id} is gone.")
        if not entry.heading.attachments:
            return Content(entry, data, ())
        if len(data) > DECODE_IN_THREAD:
            embedded = await asyncio.to_thread(formats.attachments, data)
        else:
            embedded = formats.attachments(data)
        return Content(entry, data, (*embedded, *await self._files(entry)))

    async def _files(self, entry: Entry) -> list[Attachment]:
        """The files that travel beside a document, as it came or as it was written for its receiver."""
        if not any(one.beside for one in entry.heading.attachments):
            return []
        if entry.converted_by is None:
            files = await document_files.files_of(self._database, entry.document_id)
        else:
            files = await converted.files_of(self._database, entry.converted_by)
        return [
            Attachment(file.name, file.mime, await self._payloads.load(file.kept), file.description) for file in files
        ]

    async def mark_received(self, entry_id: UUID) -> None:
        """Note that an entry was received; the first time counts."""
        await stored.mark_received(self._database, [entry_id], self._clock.now())

    async def lease_next(self, company_id: UUID, since: datetime = EVER) -> Entry | None:
        """The oldest entry that nobody has received, reserved so that no other reader gets it.

        Only of those that arrived at or after *since*, and were not removed.
        The reservation ends with `mark_received`, with `give_back`, or after `LEASE`.
        """
        now = self._clock.now()
        entry_id = await stored.lease_oldest_unreceived(self._database, company_id, now, LEASE, since)
        return None if entry_id is None else await self.find(entry_id)

    async def lease(self, entry: Entry) -> None:
        """Reserve an entry that its reader asked for by name. The reservation ends like that of `lease_next`."""
        await stored.lease(self._database, entry.id, self._clock.now(), LEASE)

    async def give_back(self, entry_id: UUID) -> None:
        """End a reservation: the reader went away before it had everything."""
        await stored.give_back(self._database, entry_id)
