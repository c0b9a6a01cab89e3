"""Validating many files: each read and checked in one of several processes, told in the order in which they were named.

A file that holds several documents, a ZIP archive too, is taken apart, as other commands do it: each document is told
by itself.

The processes are forks of this one: they have the packs without loading them. No more than a few files for each of them
are in hand at a time, so that thousands take no more memory than a few.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from itertools import islice
from typing import Literal

import msgspec

from fakturahub import formats
from fakturahub.errors import FakturahubError, OperatorError, UnknownDocument
from fakturahub.exchange.rulebook import Rulebook
from fakturahub.exchange.validate import OWN, Validation, as_data, svrl, validate
from fakturahub.given import Given
from fakturahub.intake.zip import is_zip
from fakturahub.model import Finding, Severity, Verdict
from fakturahub.rules.outcome import Fired, Outcome
from fakturahub.rules.report import Found, Report

#: files below which other processes are not worth their start
FEW = 4
#: files that a process takes at a time, and such portions in hand for each process
PORTION = 8
IN_HAND = 3


class Question(msgspec.Struct, frozen=True):
    """What is asked of every file."""

    on: date
    packs: tuple[str, ...]
    next: bool
    language: str
    form: Literal["text", "json", "svrl"]


class Answer(msgspec.Struct, frozen=True):
    """What is to be told of one document."""

    #: the file's name and, where it holds several documents, which of them it is
    name: str
    verdict: Verdict
    #: JSON or SVRL, where one of them was asked for
    data: bytes = b""
    #: for a person
    validation: Validation | None = None


def answered(files: Sequence[Given], rulebook: Rulebook, question: Question, jobs: int) -> Iterator[list[Answer]]:
    """The answers for each of *files*, in their order; *jobs* processes work on them. A fault of one stops no other.

    The processes are started here and not when the first answer is asked for: a process with threads of its own, such
    as that of a progress bar, is not to be forked. Raises ``OperatorError`` where a process dies.
    """
    if jobs < 2 or len(files) < FEW:
        return (_answers(file, rulebook, question) for file in files)
    # What is there stays: else each process would copy it by counting references while it collects.
    gc.collect()
    gc.freeze()
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("fork"), initializer=_take, initargs=(rulebook, question)
    )
    size = max(1, min(PORTION, len(files) // (jobs * IN_HAND)))
    portions = (files[start : start + size] for start in range(0, len(files), size))
    hand = deque(_submit(pool, portion) for portion in islice(portions, jobs * IN_HAND))
    return _collected(pool, portions, hand)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


_rulebook = Rulebook()
_question: Question | None = None


def _take(rulebook: Rulebook, question: Question) -> None:
    global _rulebook, _question
    _rulebook, _question = rulebook, question


def _submit(pool: ProcessPoolExecutor, portion: Sequence[Given]) -> Future[list[list[Answer]]]:
    return pool.submit(_portion, [_read_here(one) for one in portion])


def _collected(
    pool: ProcessPoolExecutor, portions: Iterator[Sequence[Given]], hand: deque[Future[list[list[Answer]]]]
) -> Iterator[list[Answer]]:
    try:
        while hand:
            yield from hand.popleft().result()
            hand.extend(_submit(pool, portion) for portion in islice(portions, 1))
    except BrokenProcessPool:
        what = "A process that validates files died. Is there enough memory? --jobs 1 needs least."
        raise OperatorError(what) from None
    finally:
        pool.shutdown(cancel_futures=True)
        gc.unfreeze()


class _Read(msgspec.Struct, frozen=True):
    """Standard input, which only the first process has."""

    name: str
    data: bytes | FakturahubError

    def read(self) -> bytes:
        if isinstance(self.data, FakturahubError):
            raise self.data
        return self.data


def _read_here(file: Given) -> Given | _Read:
    if file.path is not None:
        return file
    try:
        return _Read(file.name, file.read())
    except FakturahubError as error:
        return _Read(file.name, error)


def _portion(files: list[Given | _Read]) -> list[list[Answer]]:
    if _question is None:
        raise AssertionError("a process was started without a question")
    return [_answers(file, _rulebook, _question) for file in files]


def _answers(file: Given | _Read, rulebook: Rulebook, question: Question) -> list[Answer]:
    try:
        parts = list(_parts(file.name, file.read(), anything=bool(question.packs)))
    except FakturahubError as error:
        return [_told(file.name, _refused(file.name, error), rulebook, question)]
    return [_answer(name, data, rulebook, question) for name, data in parts]


def _parts(name: str, data: bytes, *, anything: bool) -> Iterator[tuple[str, bytes]]:
    """The documents in a file with their names; *anything*: whatever is XML counts as one, and a file of it as one."""
    if is_zip(data):
        if anything:
            members = formats.xml_members(data)
        else:
            envelope = formats.open_envelope(data)
            # XML beside several documents that is none of theirs is no attachment: that nobody knows it has to be told.
            strays = [one for one in envelope.unclaimed if one.name.lower().endswith(".xml")]
            members = (*envelope.documents, *(formats.Enclosed(one.name, one.content) for one in strays))
        if len(members) == 1:
            yield name, members[0].data
            return
        of_member = Counter(one.member for one in members)
        numbers: Counter[str] = Counter()
        for one in members:
            numbers[one.member] += 1
            number = f", document {numbers[one.member]}" if of_member[one.member] > 1 else ""
            yield f"{name}/{one.member}{number}", one.data
        return
    try:
        documents = (data,) if anything else formats.documents(data)
    except UnknownDocument:
        documents = (data,)  # whoever parses it says more of it
    for at, document in enumerate(documents, 1):
        yield name if len(documents) == 1 else f"{name}, document {at}", document


def _answer(name: str, data: bytes, rulebook: Rulebook, question: Question) -> Answer:
    try:
        found = validate(
            data,
            rulebook,
            question.on,
            packs=question.packs,
            next=question.next,
            language=question.language,
            file=name,
        )
    except FakturahubError as error:
        found = _refused(name, error)
    return _told(name, found, rulebook, question)


def _told(name: str, found: Validation, rulebook: Rulebook, question: Question) -> Answer:
    if question.form == "json":
        return Answer(name, found.verdict, data=msgspec.json.encode(as_data(found)))
    if question.form == "svrl":
        return Answer(name, found.verdict, data=svrl(found, rulebook))
    return Answer(name, found.verdict, validation=msgspec.structs.replace(found, outcomes=()))


def _refused(name: str, error: FakturahubError) -> Validation:
    """What is said of a file that could not be looked at: it is not valid, for nobody knows what is in it."""
    fired = Fired(error.code, None, None, Severity.FATAL, str(error), "/", None)
    found = Found(error.code, Severity.FATAL, OWN, None, None, str(error))
    report = Report(name.encode(errors="backslashreplace").decode(), False, None, (), (found,))
    finding = Finding(error.code, Severity.FATAL, str(error), pack=OWN)
    return Validation(Verdict.INVALID, report, (finding,), (Outcome(OWN, True, 0, (fired,)),))
