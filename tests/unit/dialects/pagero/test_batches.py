"""Transfers taken apart, and their bounds; what the Interchange answers is in ``tests/wire/pagero``."""

from __future__ import annotations

import time
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import pytest

from fakturahub.clock import new_id
from fakturahub.dialects.pagero import batches, wire
from fakturahub.errors import NoBusinessDocument, TooManyDocuments, UnreadableAttachment
from fakturahub.exchange.submit import Accepted, Judged
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import DocumentState, Finding, Mode, Severity, Submission, Verdict
from tests.unit.dialects.apix.transfers import finvoice, zipped

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def stored(*members: tuple[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def test_what_is_no_zip_is_one_document() -> None:
    transfer = batches.taken_apart(finvoice(), several=False)
    assert transfer == batches.Transfer()
    assert not transfer.archived


def test_several_documents_of_one_file_are_several() -> None:
    body = zipped(("invoices.xml", finvoice("1") + finvoice("2")), ("x.pdf", b"%PDF"))
    (refused,) = batches.taken_apart(body, several=False).parts
    assert isinstance(refused.refusal, TooManyDocuments)
    assert refused.data == body
    transfer = batches.taken_apart(body, several=True)
    assert transfer.names == ("invoices.xml", "invoices.xml")
    assert [part.refusal for part in transfer.parts] == [None, None]
    assert transfer.remarks == (
        "This file of the ZIP archive belongs to none of its documents, and went with none of them: x.pdf.",
    )


def test_a_document_that_another_one_names_is_a_file() -> None:
    body = zipped(("a.xml", finvoice("1", ("LIITE", "file://b.xml"))), ("b.xml", finvoice("2")))
    transfer = batches.taken_apart(body, several=False)
    assert [[file.name for file in part.files] for part in transfer.parts] == [["b.xml"]]


def test_an_archive_that_is_named_stays_closed() -> None:
    inner = zipped(("x.txt", b"x"))
    body = zipped(("a.xml", finvoice("1", ("APIX_ATTACHMENT", "file://more.zip"))), ("more.zip", inner))
    (part,) = batches.taken_apart(body, several=False).parts
    assert [(file.name, file.content) for file in part.files] == [("more.zip", inner)]


def test_a_file_of_any_size_is_given_to_its_document_to_be_judged_there() -> None:
    body = stored(("a.xml", finvoice("1")), ("a.bin", b"x" * (ATTACHMENT.one + 1)), ("b.xml", finvoice("2")))
    transfer = batches.taken_apart(body, several=True)
    assert [len(part.files) for part in transfer.parts] == [1, 0]


def test_too_many_documents_and_files() -> None:
    (refused,) = batches.taken_apart(
        stored(("a.xml", b"".join(finvoice(str(number)) for number in range(batches.DOCUMENTS + 1)))), several=True
    ).parts
    assert isinstance(refused.refusal, TooManyDocuments)
    assert "1,001 documents; the limit is 1,000" in str(refused.refusal)
    files = [(f"{number}.txt", b"x") for number in range(ATTACHMENT.count + 1)]
    (refused,) = batches.taken_apart(stored(("a.xml", finvoice("1")), *files), several=False).parts
    assert isinstance(refused.refusal, UnreadableAttachment)


def test_names_of_files_that_belong_to_nobody_are_bounded() -> None:
    files = [(f"{'n' * 150}{number}.txt", b"x") for number in range(50)]
    transfer = batches.taken_apart(zipped(("a.xml", finvoice("1")), ("b.xml", finvoice("2")), *files), several=True)
    (remark,) = transfer.remarks
    assert remark.endswith(", and 30 more.")
    assert len(remark) < 2_400


@pytest.mark.parametrize("name", ["a.xml", "a.txt", "a.pdf"])
def test_a_document_is_one_whatever_it_is_called(name: str) -> None:
    (part,) = batches.taken_apart(zipped((name, finvoice("1"))), several=False).parts
    assert part.refusal is None
    (part,) = batches.taken_apart(zipped((name, b"<a/>")), several=False).parts
    assert isinstance(part.refusal, NoBusinessDocument)


def test_an_answer_to_a_thousand_documents_is_soon_made_and_bounded() -> None:
    findings = tuple(
        Finding(f"BR-{number}", Severity.FATAL, "m" * 900, path="/a" * 300, pack="p") for number in range(50)
    )
    judged = tuple(
        Judged(new_id(AT), DocumentState.ROUTED, f"N-{number}", None, findings, verdict=Verdict.INVALID)
        for number in range(batches.DOCUMENTS)
    )
    submission = Submission(uuid4(), uuid4(), "pagero", b"", Mode.TEST, AT)
    transfer = batches.Transfer(names=("x" * batches.NAME,) * batches.DOCUMENTS)
    started = time.perf_counter()
    body = wire.answer(Accepted(submission, judged), transfer).body
    assert time.perf_counter() - started < 2
    assert body.count(b"of p, at ") == wire.FINDINGS
    assert body.count(b"more findings that are not shown here") == batches.DOCUMENTS
    assert len(body) < 1_000_000
