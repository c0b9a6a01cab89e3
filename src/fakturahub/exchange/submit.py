"""Taking a submission: recognise, read, check, route, and store all of it with the answer, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from fakturahub import formats, telemetry
from fakturahub.clock import new_id, today
from fakturahub.errors import DocumentRefused, InvalidDocument, NoContract, PackUnusable, RulesFailed, SellerMismatch
from fakturahub.exchange.route import Known, Route, find_route, is_company
from fakturahub.exchange.validate import NOT_CHECKED, Validation, remark, validate
from fakturahub.formats import Opened
from fakturahub.identity.companies import Company
from fakturahub.model import (
    Answer,
    DocumentState,
    Finding,
    Heading,
    Kind,
    Mode,
    Recognition,
    Severity,
    Submission,
    SubmissionState,
    Verdict,
)
from fakturahub.storage.payloads import Kept, PayloadStore
from fakturahub.storage.submissions import (
    DeliveryRow,
    DocumentRow,
    EventRow,
    Repeat,
    Stored,
    SubmissionRows,
    SubmissionWriter,
)

if TYPE_CHECKING:
    from fakturahub.exchange.rulebook import Rulebook

#: without a key of the sender's, equal bytes are a repeat for this long
REPEAT_WINDOW = timedelta(hours=24)
#: bytes above which a document is read in a thread, so that it holds up nobody else
READ_IN_THREAD = 128 * 1024
#: the same for a document that is also held against rules
CHECK_IN_THREAD = 32 * 1024
#: most findings that are stored with a document, the gravest first, and most characters of a message or a path in them
FINDINGS = 100
FINDING_TEXT = 1_000
#: the channel of deliveries to companies of this hub
INBOX = "inbox"

log = telemetry.logger("exchange.submit")


class Judged(msgspec.Struct, frozen=True):
    """What became of one document of a submission."""

    id: UUID
    state: DocumentState
    number: str | None
    route: Route | None
    #: with explanations in the sender's language
    findings: tuple[Finding, ...]
    #: the error for which it was rejected
    refusal: DocumentRefused | None = None
    verdict: Verdict = Verdict.NOT_CHECKED


class Accepted(msgspec.Struct, frozen=True):
    """What a dialect composes its answer from."""

    submission: Submission
    documents: tuple[Judged, ...]


class _Read(msgspec.Struct, frozen=True):
    recognition: Recognition | None
    heading: Heading
    refusal: DocumentRefused | None
    #: None: it was not held against rules
    validation: Validation | None = None


def _read(data: bytes, check: Callable[[bytes | Opened], Validation] | None) -> _Read:
    """Recognise, read and check; a document that is well-formed but not acceptable comes back with its refusal.

    Raises `TransferUnreadable` for bytes that are no readable document at all, `RulesFailed` where it was not judged.
    """
    try:
        opened = formats.open_document(data)
    except DocumentRefused as refusal:
        return _Read(getattr(refusal, "recognition", None), Heading(Kind.OTHER), refusal)
    try:
        # What cannot be taken out again must not be taken in: its receiver would never get the document.
        if any(one.embedded for one in opened.heading.attachments):
            opened.attachments()
    except DocumentRefused as refusal:
        return _Read(opened.recognition, opened.heading, refusal)
    # The tree is there already, without the comments and instructions that rules may see: few documents have any.
    validation = check(data if formats.has_marks(data) else opened) if check is not None else None
    return _Read(opened.recognition, opened.heading, None, validation)


async def _apart(data: bytes, check: Callable[[bytes | Opened], Validation] | None) -> _Read:
    """`_read`, in a thread where it would hold up others."""
    if len(data) > (READ_IN_THREAD if check is None else CHECK_IN_THREAD):
        return await asyncio.to_thread(_read, data, check)
    return _read(data, check)


class Exchange:
    """The use case of submitting, for one process."""

    def __init__(
        self, known: Known, writer: SubmissionWriter, payloads: PayloadStore, rules: Callable[[], Rulebook]
    ) -> None:
        """``rules`` gives the rule packs of this moment."""
        self._known = known
        self._writer = writer
        self._payloads = payloads
        self._rules = rules

    async def submit(
        self, submission: Submission, sender: Company, compose: Callable[[Accepted], Answer]
    ) -> tuple[Answer, bool]:
        """Take *submission* from *sender*; returns the answer and whether it repeats an earlier one.

        ``compose`` makes the dialect's answer from what became of the documents; it is stored with them, before anybody
        is told. Raises `TransferUnreadable`, `PermissionDenied`, `IdempotencyConflict` and `Unavailable`; nothing is
        stored then.
        """
        if "send" not in sender.contracts:
            raise NoContract(f"{sender.name} has no contract for sending.")
        if sender.test_mode and submission.mode is Mode.PROD:
            submission = msgspec.structs.replace(submission, mode=Mode.TEST)
        data = submission.data
        try:
            read = await _apart(data, self._check(submission, sender))
        except (RulesFailed, PackUnusable) as failed:
            if isinstance(failed, RulesFailed):
                log.error("rules failed", reason=failed.reason, exc_info=failed)
            # What was accepted stays so: the same again gets the same answer, whatever became of the rules.
            earlier = await self._earlier(submission, sender)
            if earlier is None:
                raise
            telemetry.SUBMISSIONS.labels(submission.dialect, submission.mode.value, "true").inc()
            return earlier.answer, True
        judged = self._judge(submission, sender, read)
        kept = await self._payloads.keep(data)
        answer = compose(Accepted(submission, (judged,)))
        stored = await self._writer.store(_rows(submission, sender, read, judged, answer, kept))
        telemetry.VALIDATIONS.labels(submission.dialect, judged.verdict.value).inc()
        telemetry.SUBMISSIONS.labels(submission.dialect, submission.mode.value, str(stored.repeated).lower()).inc()
        return stored.answer, stored.repeated

    async def _earlier(self, submission: Submission, sender: Company) -> Stored | None:
        """The accepted submission that this one repeats, which cannot be judged now."""
        read = await _apart(submission.data, None) if submission.key is None else None
        sha256 = hashlib.sha256(submission.data).digest()
        number = read.heading.number if read is not None and read.refusal is None else None
        key, window = _repeat_key(submission, number, sha256)
        if key is None:
            return None
        since = None if window is None else submission.at - window
        return await self._writer.earlier(Repeat(sender.id, submission.dialect, key, since, sha256))

    def _check(self, submission: Submission, sender: Company) -> Callable[[bytes | Opened], Validation] | None:
        if sender.validation == "off":
            return None
        rulebook = self._rules()
        day = today(submission.at, sender.zone)
        return lambda document: validate(document, rulebook, day, language=sender.language)

    def _judge(self, submission: Submission, sender: Company, read: _Read) -> Judged:
        document_id = new_id(submission.at)
        heading, validation = read.heading, read.validation
        verdict = validation.verdict if validation is not None else Verdict.NOT_CHECKED

        def rejected(refusal: DocumentRefused, number: str | None, *findings: Finding) -> Judged:
            return Judged(document_id, DocumentState.REJECTED, number, None, findings, refusal, verdict)

        if read.refusal is not None:
            return rejected(read.refusal, None, _finding(read.refusal))
        findings: list[Finding] = [*(validation.findings if validation is not None else ())]
        if verdict is Verdict.NOT_CHECKED:
            findings.append(_OFF if validation is None else remark(read.recognition))
        if is_company(heading.seller, sender) is not True:
            mismatch = SellerMismatch(
                f"The document names {_named(heading)} as its seller; it was sent by {sender.name}.", term="BG-4"
            )
            if sender.seller_mismatch == "reject":
                return rejected(mismatch, heading.number, _finding(mismatch), *findings)
            findings.insert(0, _finding(mismatch, Severity.WARNING))
        if verdict is Verdict.INVALID and sender.validation == "reject":
            return rejected(_broken(findings), heading.number, *findings)
        route = find_route(heading.buyer, self._known)
        state = DocumentState.ROUTED if route.receiver is not None else DocumentState.UNROUTABLE
        return Judged(document_id, state, heading.number, route, tuple(findings), verdict=verdict)


#: the remark on a document of a company that has its documents not checked
_OFF = Finding(NOT_CHECKED, Severity.INFORMATION, "Not checked: this company has its documents passed on unchecked.")
#: rules that a refusal names
_RULES_NAMED = 8


def broken(findings: tuple[Finding, ...] | list[Finding]) -> str:
    """In a sentence, which rules *findings* say are broken."""
    rules = list(dict.fromkeys(one.rule for one in findings if one.severity is Severity.FATAL))
    more = len(rules) - _RULES_NAMED
    names = ", ".join(rules[:_RULES_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"The document breaks {f'{len(rules)} rules' if len(rules) != 1 else 'the rule'}: {names}."


def _broken(findings: list[Finding]) -> InvalidDocument:
    first = next(one for one in findings if one.severity is Severity.FATAL)
    line = f", line {first.line}" if first.line is not None else ""
    return InvalidDocument(broken(findings), place=f"{first.path}{line}" if first.path else None)


def _named(heading: Heading) -> str:
    seller = heading.seller
    return seller.name or (str(seller.endpoint) if seller.endpoint else "nobody")


def _finding(error: DocumentRefused, severity: Severity = Severity.FATAL) -> Finding:
    return Finding(error.code, severity, error.reason, path=error.place, term=error.term)


def _repeat_key(submission: Submission, number: str | None, sha256: bytes) -> tuple[str | None, timedelta | None]:
    """What makes this submission a repeat of an earlier one, and for how long.

    The mode is part of it: what was sent as a test is not thereby sent.
    """
    if submission.key is not None:
        return f"{submission.mode}:key:{submission.key}", None
    if number is None:
        return None, None
    return f"{submission.mode}:bytes:{sha256.hex()}", REPEAT_WINDOW


_GRAVITY = (Severity.FATAL, Severity.WARNING, Severity.INFORMATION)


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


def _rows(
    submission: Submission,
    sender: Company,
    read: _Read,
    judged: Judged,
    answer: Answer,
    kept: Kept,
) -> SubmissionRows:
    heading = read.heading
    at = submission.at
    receiver = judged.route.receiver if judged.route is not None else None
    refused = judged.state is DocumentState.REJECTED
    repeat_key, repeat_window = _repeat_key(submission, judged.number, kept.sha256)
    facts = {
        "recognition": read.recognition,
        "heading": heading,
        "findings": _kept(judged.findings),
        "findings_in_all": len(judged.findings),
        "verdict": judged.verdict,
        "packs": () if read.validation is None else read.validation.report.packs,
        "route": None if judged.route is None else judged.route.why,
    }
    document = DocumentRow(
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
    deliveries: tuple[DeliveryRow, ...] = ()
    if judged.route is not None and receiver is not None and submission.mode is Mode.PROD:
        deliveries = (
            DeliveryRow(
                id=new_id(at),
                document_id=judged.id,
                receiver_id=receiver.id,
                channel=INBOX,
                address=judged.route.address,
                why=judged.route.why,
                wanted_syntax=receiver.receive_as,
            ),
        )
    return SubmissionRows(
        id=submission.id,
        company_id=sender.id,
        dialect=submission.dialect,
        repeat_key=repeat_key,
        # what was refused is judged anew when it comes again
        takes_key=not refused,
        repeat_window=repeat_window,
        body_sha256=kept.sha256,
        mode=submission.mode.value,
        state=(SubmissionState.REFUSED if refused else SubmissionState.ACCEPTED).value,
        answer=answer,
        request=_text(
            {
                "key": submission.key,
                "file_name": submission.file_name,
                "declared_type": submission.declared_type,
                "request_id": submission.request_id,
            }
        ),
        at=at,
        documents=(document,),
        deliveries=deliveries,
        events=_events(judged, deliveries),
    )


def _events(judged: Judged, deliveries: tuple[DeliveryRow, ...]) -> tuple[EventRow, ...]:
    # Both are of one moment and one transaction: the ids alone say which came first.
    first, second = sorted((new_id(), new_id()))
    received = EventRow(first, judged.id, None, "document.received", "{}")
    data = {
        "why": judged.refusal.reason if judged.refusal is not None else judged.route and judged.route.why,
        "code": None if judged.refusal is None else judged.refusal.code,
        "verdict": judged.verdict,
    }
    delivery_id = deliveries[0].id if deliveries else None
    return (received, EventRow(second, judged.id, delivery_id, f"document.{judged.state}", _text(data)))
