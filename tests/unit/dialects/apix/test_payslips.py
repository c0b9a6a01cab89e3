"""Payslips taken apart: one data file, every PDF named, nobody's id in any message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fakturahub.dialects.apix.payslips import payslips as taken
from fakturahub.errors import (
    EmptyBody,
    FakturahubError,
    MissingFile,
    SeveralDocuments,
    UnknownDocument,
    UnreadableAttachment,
    ZipTooLarge,
    ZipUnreadable,
    ZipUnsafe,
)
from fakturahub.formats import open_document
from tests.unit.dialects.apix.transfers import PDF, finvoice, payslips, zipped

PERSON = "010199A123X"
ONE = payslips(("m1", [(1, f"{PERSON}.pdf")]))


def test_the_picture_comes_first_and_the_attachments_behind_it() -> None:
    data = payslips(("m1", [(2, "terms.pdf"), (1, "slip.pdf"), (3, "hours.txt")]))
    body = zipped(("p.xml", data), ("terms.pdf", PDF), ("slip.pdf", PDF + b"slip"), ("hours.txt", b"8"))
    (one,) = taken(body).documents
    assert one.refusal is None
    assert [(file.name, file.mime) for file in one.files] == [
        ("slip.pdf", "application/pdf"),
        ("terms.pdf", "application/pdf"),
        ("hours.txt", "text/plain"),
    ]


def test_several_payslips_go_to_their_own_people_with_their_own_files() -> None:
    data = payslips(("m1", [(1, "1.pdf")]), ("m2", [(1, "2.pdf")]))
    transfer = taken(zipped(("p.xml", data), ("2.pdf", PDF + b"2"), ("1.pdf", PDF + b"1")))
    assert [[file.name for file in one.files] for one in transfer.documents] == [["1.pdf"], ["2.pdf"]]
    assert [open_document(one.data).heading.number for one in transfer.documents] == ["m1", "m2"]
    assert all(one.data.count(b"PersonID>") == 2 for one in transfer.documents)


def test_a_real_payslip(shared: Path) -> None:
    """It names no file, which the operator's page wants."""
    data = (shared / "samples" / "finvoice" / "payslip_2.0_valid.xml").read_bytes()
    (one,) = taken(zipped(("p.xml", data), ("slip.pdf", PDF))).documents
    assert isinstance(one.refusal, MissingFile)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ([], UnknownDocument),
        ([(f"{PERSON}.pdf", PDF)], UnknownDocument),
        ([("p.xml", ONE)], MissingFile),
        ([("p.xml", ONE), (f"{PERSON}.pdf", PDF), (f"{PERSON}-2.pdf", PDF)], MissingFile),
        ([("p.xml", ONE), ("q.xml", ONE), (f"{PERSON}.pdf", PDF)], SeveralDocuments),
        ([("p.xml", ONE), (f"../{PERSON}.pdf", PDF)], ZipUnsafe),
        ([("p.xml", ONE), (f"{PERSON}.pdf", bytes(30 * 1024 * 1024))], ZipTooLarge),
    ],
)
def test_a_transfer_that_is_not_as_it_has_to_be(
    members: Sequence[tuple[str, bytes]], error: type[FakturahubError]
) -> None:
    with pytest.raises(error) as raised:
        taken(zipped(*members))
    assert PERSON not in str(raised.value)


@pytest.mark.parametrize(("body", "error"), [(b"", EmptyBody), (ONE, ZipUnreadable), (b"PK\x03\x04", ZipUnreadable)])
def test_what_is_no_archive(body: bytes, error: type[FakturahubError]) -> None:
    with pytest.raises(error):
        taken(body)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (payslips(("m1", [(1, f"{PERSON}-other.pdf")])), MissingFile),
        (payslips(("m1", [(1, "p.xml"), (2, f"{PERSON}.pdf")])), UnreadableAttachment),
        (payslips(("m1", [])), MissingFile),
        (payslips(("", [(1, f"{PERSON}.pdf")])), FakturahubError),
        (finvoice(), UnknownDocument),
        (f"<Payslips><PersonID>{PERSON}".encode(), FakturahubError),
        (ONE.replace(b"</Payslips>", b""), FakturahubError),
    ],
)
def test_a_payslip_that_cannot_be_taken(data: bytes, error: type[FakturahubError]) -> None:
    (one,) = taken(zipped(("p.xml", data), (f"{PERSON}.pdf", PDF))).documents
    assert isinstance(one.refusal, error)
    assert PERSON not in str(one.refusal)
