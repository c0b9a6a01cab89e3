"""Taking a submission: recognise, read, check, route, price, and store all of it with the answer, in one transaction.

Of a submission with several documents each is judged for itself; those that are accepted and those that are rejected
are stored together, with one answer. It is refused as a whole where none of them is accepted.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from fakturahub import formats, telemetry
from fakturahub.clock import new_id, today
from fakturahub.errors import (
    DocumentRefused,
    InvalidDocument,
    NoContract,
    NoWay,
    Overloaded,
    PackUnusable,
    Refused,
    RulesFailed,
    SellerMismatch,
    TransferUnreadable,
)
from fakturahub.exchange import acknowledgements, rows
from fakturahub.exchange.choose import INBOX as INBOX
from fakturahub.exchange.choose import Decision, Question, Settings, Surroundings, decide, question_of, settings_of
from fakturahub.exchange.letters import pages_of
from fakturahub.exchange.prepare import with_files
from fakturahub.exchange.route import is_company
from fakturahub.exchange.validate import NOT_CHECKED, Validation, remark, validate
from fakturahub.formats import Opened
from fakturahub.identity.companies import Company
from fakturahub.model import (
    Answer,
    DocumentState,
    Finding,
    Heading,
    Inspect,
    Inspected,
    Kind,
    Mode,
    Part,
    Recognition,
    Severity,
    Submission,
    Verdict,
)
from fakturahub.storage.document_files import FileRow
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submission_rows import SubmissionRows
from fakturahub.storage.submissions import Repeat, Stored, SubmissionWriter

if TYPE_CHECKING:
    from fakturahub.exchange.rulebook import Rulebook

#: without a key of the sender's, equal bytes are a repeat for this long
REPEAT_WINDOW = timedelta(hours=24)
#: bytes above which a document is read in a thread, so that it holds up nobody else
READ_IN_THREAD = 128 * 1024
#: the same for a document that is also held against rules
CHECK_IN_THREAD = 32 * 1024
#: letters whose pages one process counts at a time, which takes a processor, and most that may wait for that
COUNTED_AT_ONCE = 2
COUNTED_LATER = 64

log = telemetry.logger("exchange.submit")


class Judged(msgspec.Struct, frozen=True):
    """What became of one document of a submission."""

    id: UUID
    state: DocumentState
    number: str | None
    #: which way it leaves; None where it was rejected
    decision: Decision | None
    #: with explanations in the sender's language
    findings: tuple[Finding, ...]
    #: the error for which it was rejected
    refusal: Refused | None = None
    verdict: Verdict = Verdict.NOT_CHECKED


class Accepted(msgspec.Struct, frozen=True):
    """What a dialect composes its answer from."""

    submission: Submission
    #: in the order of the submission's parts
    documents: tuple[Judged, ...]


class Read(msgspec.Struct, frozen=True):
    """A document that was read, or the reason for which it could not be."""

    recognition: Recognition | None
    heading: Heading
    refusal: Refused | None
    #: None: it was not held against rules
    validation: Validation | None = None
    #: what its dialect has to say of it
    remarks: tuple[Finding, ...] = ()


def _read(part: Part, check: Callable[[bytes | Opened], Validation] | None, inspect: Inspect | None) -> Read:
    """Recognise, read and check; a document that is well-formed but not acceptable comes back with its refusal.

    Raises `TransferUnreadable` for bytes that are no readable document at all, `RulesFailed` where it was not judged.
    """
    data, files = part.data, part.files
    try:
        opened = formats.open_document(data)
    except DocumentRefused as refusal:
        return Read(getattr(refusal, "recognition", None), Heading(Kind.OTHER), refusal)
    heading = with_files(opened.heading, files)
    remarks: tuple[Finding, ...] = ()
    try:
        # What cannot be taken out again must not be taken in: its receiver would never get the document.
        embedded = opened.attachments() if any(one.embedded for one in heading.attachments) else ()
        if inspect is not None:
            remarks = inspect(Inspected(opened.recognition, heading, embedded, files))
    except DocumentRefused as refusal:
        return Read(opened.recognition, opened.heading, refusal)
    # The tree is there already, without the comments and instructions that rules may see: few documents have any.
    validation = check(data if formats.has_marks(data) else opened) if check is not None else None
    return Read(opened.recognition, heading, None, validation, remarks)


def _refused(data: bytes, refusal: Refused) -> Read:
    """A document that is refused for what is around it, with what of it can be read."""
    try:
        opened = formats.open_document(data)
    except (DocumentRefused, TransferUnreadable):
        return Read(None, Heading(Kind.OTHER), refusal)
    return Read(opened.recognition, opened.heading, refusal)


class Exchange:
    """The use case of submitting, for one process."""

    def __init__(
        self,
        known: Surroundings,
        writer: SubmissionWriter,
        payloads: PayloadStore,
        rules: Callable[[], Rulebook],
        acknowledge: Mapping[str, acknowledgements.Compose] | None = None,
    ) -> None:
        """``rules`` gives the rule packs of this moment; ``acknowledge`` makes acknowledgements, by the dialect."""
        self._known = known
        self._settings: tuple[int, Settings] = (-1, Settings())
        self._counting = asyncio.Semaphore(COUNTED_AT_ONCE)
        self._uncounted = 0
        self._writer = writer
        self._payloads = payloads
        self._rules = rules
        self._acknowledge = acknowledge or {}

    async def submit(
        self, submission: Submission, sender: Company, compose: Callable[[Accepted], Answer]
    ) -> tuple[Answer, bool]:
        """Take *submission* from *sender*; returns the answer and whether it repeats an earlier one.

        ``compose`` makes the dialect's answer from what became of the documents; it is stored with them, before anybody
        is told. Raises `TransferUnreadable`, `PermissionDenied`, `IdempotencyConflict`, `InsufficientCredit` and
        `Unavailable`; nothing is stored then.
        """
        if "send" not in sender.contracts:
            raise NoContract(f"{sender.name} has no contract for sending.")
        if sender.test_mode and submission.mode is Mode.PROD:
            submission = msgspec.structs.replace(submission, mode=Mode.TEST)
        parts = _parts(submission)
        try:
            check = self._check(submission, sender)
            reads = [await self._read_one(submission, part, check) for part in parts]
        except (RulesFailed, PackUnusable) as failed:
            if isinstance(failed, RulesFailed):
                log.error("rules failed", reason=failed.reason, exc_info=failed)
            # What was accepted stays so: the same again gets the same answer, whatever became of the rules.
            earlier = await self._earlier(submission, sender)
            if earlier is None:
                raise
            telemetry.SUBMISSIONS.labels(submission.dialect, submission.mode.value, "true").inc()
            return earlier.answer, True
        documents = [await self._taken(submission, sender, part, read) for part, read in zip(parts, reads, strict=True)]
        judged = tuple(document.judged for document in documents)
        body = documents[0].kept.sha256 if not submission.parts else hashlib.sha256(submission.data).digest()
        answer = compose(Accepted(submission, judged))
        repeat = _repeat_key(submission, body, numbered=any(one.number is not None for one in judged))
        whole = await self._acknowledged(rows.of(submission, documents, answer, body, repeat), parts, sender)
        stored = await self._writer.store(whole)
        for one in judged:
            telemetry.VALIDATIONS.labels(submission.dialect, one.verdict.value).inc()
        telemetry.SUBMISSIONS.labels(submission.dialect, submission.mode.value, str(stored.repeated).lower()).inc()
        return stored.answer, stored.repeated

    async def _acknowledged(self, whole: SubmissionRows, parts: Sequence[Part], sender: Company) -> SubmissionRows:
        """*whole*, with acknowledgements on their way to *sender* where it has them posted."""
        compose, url = self._acknowledge.get(whole.dialect), acknowledgements.url_of(sender)
        if compose is None or url is None:
            return whole
        data = [part.data for part in parts]
        if sum(map(len, data)) > CHECK_IN_THREAD:
            return await asyncio.to_thread(acknowledgements.with_acknowledgements, whole, data, url, compose)
        return acknowledgements.with_acknowledgements(whole, data, url, compose)

    async def _earlier(self, submission: Submission, sender: Company) -> Stored | None:
        """The accepted submission that this one repeats, which cannot be judged now."""
        numbered = False
        if submission.key is None:
            reads = [await self._read_one(submission, part, None) for part in _parts(submission)]
            numbered = any(read.refusal is None and read.heading.number is not None for read in reads)
        sha256 = hashlib.sha256(submission.data).digest()
        key, window = _repeat_key(submission, sha256, numbered=numbered)
        if key is None:
            return None
        since = None if window is None else submission.at - window
        return await self._writer.earlier(Repeat(sender.id, submission.dialect, key, since, sha256))

    async def _read_one(
        self, submission: Submission, part: Part, check: Callable[[bytes | Opened], Validation] | None
    ) -> Read:
        """Read one document; what is unreadable among others is refused by itself."""
        if part.refusal is not None:
            return await asyncio.to_thread(_refused, part.data, part.refusal)
        apart = len(part.data) > (READ_IN_THREAD if check is None else CHECK_IN_THREAD)
        try:
            if apart:
                return await asyncio.to_thread(_read, part, check, submission.inspect)
            return _read(part, check, submission.inspect)
        except TransferUnreadable as unreadable:
            if not submission.parts:
                raise
            return Read(None, Heading(Kind.OTHER), unreadable)

    async def _taken(self, submission: Submission, sender: Company, part: Part, read: Read) -> rows.Taken:
        """One document, judged and kept."""
        judged = self._judge(submission, sender, part, read)
        if judged.decision is not None and judged.decision.uncounted:
            judged = await self._counted(submission, sender, part, read, judged)
        files = tuple(
            [FileRow(one.name, one.mime, one.description, await self._payloads.keep(one.content)) for one in part.files]
        )
        return rows.Taken(judged, read, await self._payloads.keep(part.data), files)

    def _check(self, submission: Submission, sender: Company) -> Callable[[bytes | Opened], Validation] | None:
        if sender.validation == "off":
            return None
        rulebook = self._rules()
        day = today(submission.at, sender.zone)
        return lambda document: validate(document, rulebook, day, language=sender.language)

    def _now(self) -> Settings:
        """The settings of this moment, read once for each version of them."""
        version, settings = self._settings
        if version != self._known.version:
            settings = settings_of(self._known.setting)
            self._settings = (self._known.version, settings)
        return settings

    async def _counted(self, submission: Submission, sender: Company, part: Part, read: Read, judged: Judged) -> Judged:
        """A letter with its pages counted, and priced by them; another way, or none, where it cannot be printed.

        Raises `Overloaded` where too many wait for that, `RenderingFailed`.
        """
        details = judged.decision.details if judged.decision is not None else None
        language = None if details is None else details["language"]
        question = _question(submission, sender, part, read)
        if self._uncounted >= COUNTED_LATER:
            raise Overloaded("More letters wait for their pages to be counted than the hub takes.", retry_after=5)
        self._uncounted += 1
        try:
            async with self._counting:
                pages = await asyncio.to_thread(
                    pages_of,
                    part.data,
                    language=language,
                    at=submission.at,
                    files=part.files,
                    style=sender.settings.get("style"),
                )
        except DocumentRefused as refusal:
            question = msgspec.structs.replace(question, undrawable=refusal.reason)
        else:
            question = msgspec.structs.replace(question, pages=pages.count)
        finally:
            self._uncounted -= 1
        return self._decided(submission, judged, question)

    def decide(self, question: Question) -> Decision:
        """Which way *question* would go at this moment, and at what price. Nothing is stored."""
        return decide(question, self._known, self._now())

    def _decided(self, submission: Submission, judged: Judged, question: Question) -> Judged:
        decision = self.decide(question)
        if decision.channel is None and submission.must_leave:
            refusal = NoWay(f"The document has no way to its receiver: {decision.why}.", term="BG-7")
            findings = (_finding(refusal), *judged.findings)
            return msgspec.structs.replace(
                judged, state=DocumentState.REJECTED, decision=None, findings=findings, refusal=refusal
            )
        state = DocumentState.ROUTED if decision.channel is not None else DocumentState.UNROUTABLE
        return msgspec.structs.replace(judged, decision=decision, state=state)

    def _judge(self, submission: Submission, sender: Company, part: Part, read: Read) -> Judged:
        document_id = new_id(submission.at)
        heading, validation = read.heading, read.validation
        verdict = validation.verdict if validation is not None else Verdict.NOT_CHECKED

        def rejected(refusal: Refused, number: str | None, *findings: Finding) -> Judged:
            return Judged(document_id, DocumentState.REJECTED, number, None, findings, refusal, verdict)

        if read.refusal is not None:
            return rejected(read.refusal, heading.number, _finding(read.refusal))
        findings: list[Finding] = [*read.remarks, *(validation.findings if validation is not None else ())]
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
        taken = Judged(document_id, DocumentState.VALIDATED, heading.number, None, tuple(findings), verdict=verdict)
        return self._decided(submission, taken, _question(submission, sender, part, read))


def _question(submission: Submission, sender: Company, part: Part, read: Read) -> Question:
    return question_of(
        read.heading, read.recognition, sender, submission.at, files=part.files, prefer=part.prefer or submission.prefer
    )


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


def _finding(error: Refused, severity: Severity = Severity.FATAL) -> Finding:
    return Finding(error.code, severity, error.reason, path=error.place, term=error.term)


def _parts(submission: Submission) -> tuple[Part, ...]:
    """Its documents, each with the files beside it."""
    return submission.parts or (Part(submission.data),)


def _repeat_key(submission: Submission, sha256: bytes, *, numbered: bool) -> tuple[str | None, timedelta | None]:
    """What makes this submission a repeat of an earlier one, and for how long.

    The mode is part of it: what was sent as a test is not thereby sent. So is the door: each has answers of its own.
    """
    space = f"{submission.door}:{submission.mode}" if submission.door else submission.mode
    if submission.key is not None:
        return f"{space}:key:{submission.key}", None
    if not numbered:
        return None, None
    return f"{space}:bytes:{sha256.hex()}", REPEAT_WINDOW
