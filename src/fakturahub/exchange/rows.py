"""A submission as rows: what of each document, its way and its price is stored, in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from fakturahub.clock import new_id
from fakturahub.model import Answer, DocumentState, Finding, Mode, Severity, Submission, SubmissionState
from fakturahub.storage.document_files import FileRow
from fakturahub.storage.payloads import Kept
from fakturahub.storage.submission_rows import DeliveryRow, DocumentRow, EventRow, SubmissionRows

if TYPE_CHECKING:
    from fakturahub.exchange.choose import Decision
    from fakturahub.exchange.submit import Judged, Read

#: most findings that are stored with a document, the gravest first, and most characters of a message or a path in them
FINDINGS = 100
FINDING_TEXT = 1_000

_GRAVITY = (Severity.FATAL, Severity.WARNING, Severity.INFORMATION)


class Taken(msgspec.Struct, frozen=True):
    """A document of a submission: what became of it, what was read, and where its bytes and those beside it are."""

    judged: Judged
    read: Read
    kept: Kept
    files: tuple[FileRow, ...] = ()


def of(
    submission: Submission,
    documents: Sequence[Taken],
    answer: Answer,
    body_sha256: bytes,
    repeat: tuple[str | None, timedelta | None],
) -> SubmissionRows:
    """Everything of *submission* that is stored; *repeat* says what makes it a repeat, and for how long."""
    repeat_key, repeat_window = repeat
    refused = all(one.judged.state is DocumentState.REJECTED for one in documents)
    deliveries = [_delivery(submission, one.judged) for one in documents]
    return SubmissionRows(
        id=submission.id,
        company_id=submission.company_id,
        dialect=submission.dialect,
        repeat_key=repeat_key,
        # what was refused is judged anew when it comes again
        takes_key=not refused,
        repeat_window=repeat_window,
        body_sha256=body_sha256,
        mode=submission.mode.value,
        state=(SubmissionState.REFUSED if refused else SubmissionState.ACCEPTED).value,
        answer=answer,
        request=_text(
            {
                "key": submission.key,
                "file_name": submission.file_name,
                "declared_type": submission.declared_type,
                "request_id": submission.request_id,
                **({"headers": submission.headers} if submission.headers else {}),
            }
        ),
        at=submission.at,
        documents=tuple(_document(one) for one in documents),
        deliveries=tuple(one for one in deliveries if one is not None),
        events=tuple(
            event
            for one, delivery in zip(documents, deliveries, strict=True)
            for event in _events(one.judged, delivery)
        ),
        files=tuple((one.judged.id, place, file) for one in documents for place, file in enumerate(one.files)),
    )


def _document(document: Taken) -> DocumentRow:
    judged, read, kept = document.judged, document.read, document.kept
    decision, heading = judged.decision, read.heading
    facts = {
        "recognition": read.recognition,
        "heading": heading,
        "findings": _kept(judged.findings),
        "findings_in_all": len(judged.findings),
        "verdict": judged.verdict,
        "packs": () if read.validation is None else read.validation.report.packs,
        "route": None if decision is None else decision.why,
        # also of what is not meant to be delivered: this is what a test is for
        "way": None if decision is None else decision.channel,
        "price": None if decision is None or decision.price is None else str(decision.price),
    }
    receiver = None if decision is None else decision.receiver
    return DocumentRow(
        id=judged.id,
        receiver_id=None if receiver is None else receiver.id,
        state=judged.state.value,
        syntax=None if read.recognition is None else read.recognition.syntax,
        kind=heading.kind.value,
        number=heading.number,
        issue_date=heading.issue_date,
        currency=heading.currency,
        payable=heading.payable,
        facts=_text(facts),
        sha256=kept.sha256,
        size=kept.size,
        encoding=kept.encoding,
        payload=kept.payload,
    )


def _delivery(submission: Submission, judged: Judged) -> DeliveryRow | None:
    """The delivery of a document; None where there is no way, or nothing is meant to be delivered."""
    decision = judged.decision
    if decision is None or decision.channel is None or submission.mode is not Mode.PROD:
        return None
    return DeliveryRow(
        id=new_id(submission.at),
        document_id=judged.id,
        receiver_id=None if decision.receiver is None else decision.receiver.id,
        channel=decision.channel,
        address=decision.address,
        why=decision.why,
        wanted_syntax=decision.wanted,
        target=decision.target,
        details=details_text(decision),
        cost=decision.price,
        due_at=decision.leaves_at,
    )


def details_text(decision: Decision) -> str | None:
    """What was decided beside the address, as JSON."""
    return None if decision.details is None else _text(decision.details)


def _events(judged: Judged, delivery: DeliveryRow | None) -> tuple[EventRow, ...]:
    # Both are of one moment and one transaction: the ids alone say which came first.
    first, second = sorted((new_id(), new_id()))
    received = EventRow(first, judged.id, None, "document.received", "{}")
    data: Mapping[str, Any] = {
        "why": judged.refusal.reason if judged.refusal is not None else judged.decision and judged.decision.why,
        "code": None if judged.refusal is None else judged.refusal.code,
        "verdict": judged.verdict,
    }
    delivery_id = None if delivery is None else delivery.id
    return (received, EventRow(second, judged.id, delivery_id, f"document.{judged.state}", _text(data)))


def _kept(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """*findings* as they are stored: bounded, and without explanations, which are made for each reader anew."""
    first = sorted(findings, key=lambda one: _GRAVITY.index(one.severity))[:FINDINGS]
    return tuple(
        msgspec.structs.replace(
            one,
            message=one.message[:FINDING_TEXT],
            path=one.path[:FINDING_TEXT] if one.path is not None else None,
            explanation=None,
        )
        for one in first
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
