"""What a company sent and received, as it asks for it by program: a list, one of it, its bytes, and the mark of having
it fetched.

That mark is the one of the inbox, whichever way a reader comes: what was fetched here was received there, and the other
way round. What was posted to a company's own server it has, and so has fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from fakturahub.errors import BadRequest, InternalFault, NotFound
from fakturahub.exchange import inbox
from fakturahub.exchange.acknowledgements import StoredDocument
from fakturahub.identity.companies import Company
from fakturahub.model import Clock, DocumentState, Finding, Heading, Kind, Mode, Recognition, Severity
from fakturahub.storage import exchanged as stored
from fakturahub.storage import inbox as entries
from fakturahub.storage.database import Database
from fakturahub.storage.exchanged import COUNTED as COUNTED
from fakturahub.storage.exchanged import Row, Wish
from fakturahub.storage.exchanged import Source as Source
from fakturahub.storage.payloads import PayloadStore

#: ids that may be marked as fetched at once, and those of them that a refusal names
FETCHED_AT_ONCE = 1_000
NAMED = 10


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents are wanted; None where a condition is not given."""

    sent: bool = True
    received: bool = True
    #: Technical Acknowledgements, which are received as well, beside ``kinds``
    acknowledgements: bool = False
    fetched: bool | None = None
    kinds: frozenset[Kind] | None = None
    number: str | None = None
    #: the number of the document that a response answers
    answered: str | None = None
    modes: frozenset[Mode] | None = None
    file: UUID | None = None


class Happened(msgspec.Struct, frozen=True):
    """Something that became of a document."""

    kind: str
    at: datetime
    why: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One document as the company that asks sees it."""

    id: UUID
    source: Source
    #: when it was handed in, or arrived
    at: datetime
    fetched_at: datetime | None
    kind: Kind
    number: str | None
    heading: Heading
    mode: Mode
    #: the submission it came in; of what was received its own id, for the file was somebody else's
    file_id: UUID
    #: by which channel it leaves or came; None: by none
    channel: str | None
    syntax: str | None
    #: fatal findings of the rules
    errors: int
    #: of an acknowledgement, whether it says that the document was taken
    accepted: bool = True
    events: tuple[Happened, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """The bytes of a document as its company wants them."""

    data: bytes
    charset: str


class Archive:
    """What the companies of this hub sent and received, for one process."""

    def __init__(self, database: Database, payloads: PayloadStore, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    async def page(
        self, company: Company, dialect: str, wanted: Conditions, first: int, most: int
    ) -> tuple[list[Item], int]:
        """What is *wanted* from the *first* on, at most so many, the newest first; and how many there are.

        Of a list longer than `COUNTED` only that is told. ``dialect``: whose submissions have acknowledgements.
        """
        rows, total = await stored.page(self._database, _wish(company, dialect, wanted), first, most)
        return await self._items(rows), total

    async def find(self, company: Company, dialect: str, any_id: UUID) -> Item:
        """One document. Raises `NotFound`, for another company's as well."""
        (item,) = await self._items([await self._row(company, dialect, any_id)])
        return item

    async def target(self, company: Company, dialect: str, any_id: UUID) -> Target:
        """The bytes of a document: what was received as its receiver wants it, what was sent as it was sent.

        Raises `NotFound`, for one that was erased and for an acknowledgement as well: it is made, see `acknowledged`.
        """
        row = await self._row(company, dialect, any_id)
        if row.source is Source.ACKNOWLEDGEMENT:
            raise NotFound(f"There is no document with the id {any_id}.")
        delivery_id, facts = None, None
        if row.source is not Source.SENT:
            delivery_id, facts = await stored.converted_of(self._database, row.id)
        data = await inbox.payload(self._database, self._payloads, delivery_id or row.document_id)
        if data is None:
            raise InternalFault(f"The document {row.document_id} is gone.")
        if not data:
            raise NotFound(f"The document {any_id} was erased at its sender's request.")
        if facts is None:
            facts = (await stored.known(self._database, [row]))[row.id].facts
        recognition = facts.get("recognition")
        return Target(data, "utf-8" if recognition is None else msgspec.convert(recognition, Recognition).charset)

    async def acknowledged(self, company: Company, dialect: str, any_id: UUID) -> tuple[StoredDocument, bytes] | None:
        """The document that an acknowledgement is about, and its bytes; None where the id is that of another thing.

        Raises `NotFound`.
        """
        row = await self._row(company, dialect, any_id)
        if row.source is not Source.ACKNOWLEDGEMENT:
            return None
        known = (await stored.known(self._database, [row]))[row.id]
        data = await inbox.payload(self._database, self._payloads, row.document_id)
        document = StoredDocument(
            id=row.document_id,
            state=DocumentState(known.state),
            kind=known.kind,
            number=known.number,
            issue_date=known.issue_date,
            at=known.at,
            facts=known.facts,
            request=known.request,
        )
        return document, data or b""

    async def fetch(self, company: Company, dialect: str, ids: Sequence[UUID]) -> None:
        """Note that documents were fetched; the first time counts, and what was is no error.

        Raises `BadRequest` for more than `FETCHED_AT_ONCE`, and `NotFound`, naming them, where some are no documents
        that the company received; none is marked then.
        """
        if len(ids) > FETCHED_AT_ONCE:
            raise BadRequest(f"{len(ids):,} ids were given; {FETCHED_AT_ONCE:,} are taken at once.")
        rows = await self._rows(company, dialect, ids)
        received = {one: row for one, row in rows.items() if row.source is not Source.SENT}
        missing = [str(one) for one in ids if one not in received]
        if missing:
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            raise NotFound(f"No received document has the id {', '.join(missing[:NAMED])}{more}. None was marked.")
        now = self._clock.now()
        lying = [row.id for row in received.values() if row.source is Source.INBOX and row.fetched_at is None]
        if lying:
            await entries.mark_received(self._database, lying, now)
        told = [row.document_id for row in received.values() if row.source is Source.ACKNOWLEDGEMENT]
        if told:
            await stored.mark_acknowledgements(self._database, told, now)

    async def _row(self, company: Company, dialect: str, any_id: UUID) -> Row:
        found = (await self._rows(company, dialect, [any_id])).get(any_id)
        if found is None:
            raise NotFound(f"There is no document with the id {any_id}.")
        return found

    async def _rows(self, company: Company, dialect: str, ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The rows of *ids*, by the id that the caller knows each by."""
        told = {acknowledged_id(one): one for one in ids if is_acknowledgement(one)}
        others = [one for one in ids if not is_acknowledgement(one)]
        found: dict[UUID, Row] = {}
        if others:
            wish = _wish(company, dialect, Conditions())
            found |= {row.id: row for row in await stored.rows_of(self._database, wish, others)}
        if told:
            wish = _wish(company, dialect, Conditions(sent=False, acknowledgements=True, kinds=frozenset()))
            rows = await stored.rows_of(self._database, wish, list(told))
            found |= {told[row.id]: row for row in rows}
        return found

    async def _items(self, rows: Sequence[Row]) -> list[Item]:
        known = await stored.known(self._database, rows)
        sent = [row.document_id for row in rows if row.source is Source.SENT]
        channels = await stored.channels_of(self._database, sent) if sent else {}
        events = await stored.events_of(self._database, sent) if sent else {}
        return [
            _item(row, known[row.id], channels.get(row.document_id), events.get(row.document_id, [])) for row in rows
        ]


def acknowledgement_id(document_id: UUID) -> UUID:
    """The id by which the acknowledgement of a document is known: that of the document with another UUID version.

    An id of the hub is of version 7; version 8 is for whoever wants to make ids in a way of his own (RFC 9562, 5.8).
    """
    return _with_version(document_id, 8)


def acknowledged_id(any_id: UUID) -> UUID:
    """The document that the acknowledgement *any_id* is about."""
    return _with_version(any_id, 7)


def is_acknowledgement(any_id: UUID) -> bool:
    return any_id.version == 8


def _with_version(one: UUID, version: int) -> UUID:
    return UUID(int=one.int & ~(0xF << 76) | version << 76)


def _wish(company: Company, dialect: str, wanted: Conditions) -> Wish:
    sources = set()
    kinds = wanted.kinds
    if kinds is None or kinds:
        sources |= {Source.SENT} if wanted.sent else set()
        sources |= {Source.INBOX, Source.PUSHED} if wanted.received else set()
    if wanted.acknowledgements and wanted.received:
        sources.add(Source.ACKNOWLEDGEMENT)
    return Wish(
        company=company.id,
        sources=frozenset(sources),
        dialect=dialect,
        fetched=wanted.fetched,
        kinds=kinds,
        number=wanted.number,
        answered=wanted.answered,
        modes=None if wanted.modes is None else frozenset(one.value for one in wanted.modes),
        file=wanted.file,
    )


def _item(row: Row, known: stored.Known, channel: str | None, events: list[tuple[str, datetime, Any]]) -> Item:
    facts = known.facts
    findings = msgspec.convert(facts.get("findings") or [], list[Finding])
    told = row.source is Source.ACKNOWLEDGEMENT
    item_id = acknowledgement_id(row.id) if told else row.id
    happened = [Happened(kind, at, data.get("why")) for kind, at, data in events]
    if row.source in (Source.INBOX, Source.PUSHED):
        happened = [Happened("document.arrived", row.at)]
        happened += [Happened("document.fetched", row.fetched_at)] if row.fetched_at is not None else []
    return Item(
        id=item_id,
        source=row.source,
        at=row.at,
        fetched_at=row.fetched_at,
        kind=Kind(known.kind),
        number=known.number,
        heading=msgspec.convert(facts["heading"], Heading),
        mode=Mode(known.mode),
        file_id=known.submission_id if row.source is Source.SENT or told else item_id,
        channel=(channel or facts.get("way")) if row.source is Source.SENT else row.source.value,
        syntax=(facts.get("recognition") or {}).get("syntax"),
        errors=0 if told else sum(one.severity is Severity.FATAL for one in findings),
        accepted=known.state != DocumentState.REJECTED and bool(facts.get("way")),
        events=tuple(happened),
    )
