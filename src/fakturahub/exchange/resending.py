"""A document that is stored, on its way once more: the way it would go now, and the same document as a new one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from fakturahub.clock import new_id
from fakturahub.config import routing_form
from fakturahub.errors import DocumentRefused, NotFound, Refused
from fakturahub.exchange.choose import Decision, Question, Surroundings, decide, question_of, settings_of
from fakturahub.exchange.letters import pages_of
from fakturahub.identity.companies import Company
from fakturahub.model import Answer, Attachment, DocumentState, Heading, Identifier, Medium, PartyHeading, Recognition
from fakturahub.storage import document_files, inbox
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from fakturahub.storage.documents import Whole
from fakturahub.storage.payloads import Kept, PayloadStore
from fakturahub.storage.submission_rows import DeliveryRow, DocumentRow, EventRow, SubmissionRows
from fakturahub.storage.submissions import SubmissionWriter


class Around(Surroundings, Protocol):
    """The settings of the moment, and the companies by their ids."""

    def get(self, company_id: UUID) -> Company | None: ...


async def decide_again(
    database: Database,
    known: Around,
    payloads: PayloadStore,
    whole: Whole,
    at: datetime,
    to: str | None = None,
) -> Decision:
    """The way that a stored document goes now, to the receiver it names or to *to*. Raises `Refused` and `NotFound`."""
    sender = known.get(whole.company_id)
    if sender is None:
        raise Refused(f"Its sender {whole.listed.sender} is no company of this hub any more.")
    files = await document_files.files_of(database, whole.listed.id)
    beside = [Attachment(one.name, one.mime, b"", one.description) for one in files]
    heading = msgspec.convert(whole.facts["heading"], Heading)
    stated = whole.facts.get("recognition")
    recognition = None if stated is None else msgspec.convert(stated, Recognition)
    question = question_of(heading, recognition, sender, at, files=beside)
    if to is not None:
        question = _addressed(question, to)
    settings = settings_of(known.setting)
    decision = decide(question, known, settings)
    if not decision.uncounted:
        return decision
    data = await payloads.load(await _kept(database, whole.listed.id))
    loaded = [Attachment(one.name, one.mime, await payloads.load(one.kept), one.description) for one in files]
    language = None if decision.details is None else decision.details["language"]
    try:
        pages = await asyncio.to_thread(pages_of, data, language=language, at=at, files=loaded)
    except DocumentRefused as refusal:
        question = msgspec.structs.replace(question, undrawable=refusal.reason)
    else:
        question = msgspec.structs.replace(question, pages=pages.count)
    return decide(question, known, settings)


def _addressed(question: Question, to: str) -> Question:
    """The question for another receiver, of whom only the address is known."""
    if "@" in to:
        return msgspec.structs.replace(question, buyer=PartyHeading(), email=to, address=None, prefer=Medium.EMAIL)
    scheme, colon, value = routing_form(to).partition(":")
    if not colon or not value:
        raise Refused(f"{to!r} is no electronic address such as 0216:003712345678, and no mail address.")
    buyer = PartyHeading(endpoint=Identifier(value, scheme))
    return msgspec.structs.replace(question, buyer=buyer, email=None, address=None, on_paper=False)


async def _kept(database: Database, document_id: UUID) -> Kept:
    kept = await inbox.payload_of(database, document_id)
    if kept is None:
        raise NotFound(f"There is no document with the id {document_id}.")
    return kept


async def store_as_new(database: Database, whole: Whole, decision: Decision, word: Word) -> tuple[UUID, UUID]:
    """Store the document once more, with a delivery; the ids of both. Raises `InsufficientCredit`."""
    listed, at = whole.listed, word.at
    kept = await _kept(database, listed.id)
    submission_id, document_id, delivery_id = new_id(at), new_id(at), new_id(at)
    receiver_id = None if decision.receiver is None else decision.receiver.id
    told = word.told(resent=str(listed.id), reason=decision.why)
    rows = SubmissionRows(
        id=submission_id,
        company_id=whole.company_id,
        dialect=listed.dialect,
        repeat_key=None,
        takes_key=False,
        repeat_window=None,
        body_sha256=kept.sha256,
        mode=listed.mode,
        state="accepted",
        answer=Answer(200, "application/json", _json({"document": str(document_id)}).encode()),
        request=_json({**whole.request, "key": None, "resent": str(listed.id), "by": word.by}),
        at=at,
        documents=(
            DocumentRow(
                id=document_id,
                receiver_id=receiver_id,
                state=DocumentState.ROUTED.value,
                syntax=listed.syntax,
                kind=listed.kind,
                number=listed.number,
                issue_date=listed.issue_date,
                currency=listed.currency,
                payable=listed.payable,
                facts=_json({**whole.facts, "route": decision.why, "way": decision.channel}),
                sha256=kept.sha256,
                size=kept.size,
                encoding=kept.encoding,
                payload=kept.payload,
            ),
        ),
        deliveries=(
            DeliveryRow(
                id=delivery_id,
                document_id=document_id,
                receiver_id=receiver_id,
                channel=decision.channel or "",
                address=decision.address,
                why=decision.why,
                wanted_syntax=decision.wanted,
                target=decision.target,
                details=None if decision.details is None else _json(decision.details),
                cost=decision.price,
                due_at=decision.leaves_at,
            ),
        ),
        events=(
            EventRow(new_id(at), document_id, None, "document.received", _json(told)),
            EventRow(new_id(at), document_id, delivery_id, "document.routed", _json({"why": decision.why})),
        ),
        files=tuple(
            (document_id, place, one) for place, one in enumerate(await document_files.files_of(database, listed.id))
        ),
    )
    writer = SubmissionWriter(database)
    writer.start()
    try:
        await writer.store(rows)
    finally:
        await writer.stop()
    return document_id, delivery_id


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
