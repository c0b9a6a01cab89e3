"""Which attachments are taken, by their endings and their first bytes."""

from __future__ import annotations

import pytest

from fakturahub.dialects.pagero import attachments
from fakturahub.errors import AttachmentTooLarge, AttachmentTypeRefused, DocumentRefused, EmptyAttachment, MissingFile
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import Attachment, AttachmentHeading, Finding, Heading, Inspected, Kind, Recognition

PDF, OLE, PACKED = b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"


def looked_at(*files: Attachment, embedded: bool = True, archived: bool = False, **heading: object) -> list[str]:
    """The rules of the remarks on a document with these files."""
    syntax = str(heading.pop("syntax", "peppol-bis-3"))
    document = Inspected(
        Recognition(syntax),
        Heading(Kind.INVOICE, **heading),  # type: ignore[arg-type]
        files if embedded else (),
        () if embedded else files,
    )
    found: tuple[Finding, ...] = attachments.check(document, archived=archived)
    return [one.rule for one in found]


GOOD = [
    ("a.pdf", PDF),
    ("a.PDF", b"\xef\xbb\xbf  " + PDF),
    ("a.jpg", b"\xff\xd8\xff\xe0"),
    ("a.jpeg", b"\xff\xd8\xff\xe1"),
    ("a.tif", b"MM\0*"),
    ("a.gif", b"GIF89a"),
    ("a.bmp", b"BM\0\0"),
    ("a.png", b"\x89PNG\r\n"),
    ("a.xlsx", PACKED),
    ("with a password.xlsx", OLE),
    ("a.xls", OLE),
    ("an export.xls", b"<html><table>"),
    ("a.doc", b"{\\rtf1"),
    ("a.rtf", b"{\\rtf1"),
    ("a.zip", PACKED),
    ("a.csv", b"BMW;MZ-5\n"),
    ("a.csv", b"MZNR;1\n"),
    ("a.eml", b"From: a"),
    ("a.svg", b"<svg/>"),
    ("a.html", b"<!DOCTYPE html>"),
    ("a.p7m", b"\x30\x82"),
    ("a.ps", b"%!PS-Adobe"),
]
STRANGE = [("a.pdf", b"no PDF"), ("a.jpg", b"RIFF"), ("a.xlsx", b"a;b"), ("a.zip", b"x")]
REFUSED = [
    ("a.exe", b"MZ"),
    ("a.js", b"alert()"),
    ("a", b"x"),
    ("a.pdf.scr", PDF),
    ("a.pdf", b"MZ\x90\0"),
    ("a.txt", b"MZ\x90\0"),
    ("a.txt", b"#!/bin/sh"),
    ("a.csv", PACKED),
    ("a.xml", b"\x1f\x8b\x08"),
    ("a.jpg", b"\x89PNG"),
    ("a.xls", PDF),
    ("a.p7m", b"\x7fELF"),
]


@pytest.mark.parametrize(("name", "content"), GOOD, ids=[f"{place}-{one[0]}" for place, one in enumerate(GOOD)])
def test_files_that_begin_as_they_are_called(name: str, content: bytes) -> None:
    assert looked_at(Attachment(name, "x/y", content)) == []
    assert looked_at(Attachment(name, "x/y", content), embedded=False) == []


@pytest.mark.parametrize(("name", "content"), STRANGE)
def test_files_of_no_known_beginning_are_remarked(name: str, content: bytes) -> None:
    assert looked_at(Attachment(name, "x/y", content)) == ["attachment-type"]


@pytest.mark.parametrize(("name", "content"), REFUSED, ids=[f"{place}-{one[0]}" for place, one in enumerate(REFUSED)])
def test_files_that_are_refused(name: str, content: bytes) -> None:
    with pytest.raises(AttachmentTypeRefused, match=name):
        looked_at(Attachment(name, "application/octet-stream", content))


def test_the_stated_type_counts_where_the_name_has_no_ending() -> None:
    assert looked_at(Attachment("17", "application/pdf", PDF)) == []
    with pytest.raises(AttachmentTypeRefused):
        looked_at(Attachment("17", "application/x-own", PDF))


@pytest.mark.parametrize(
    ("size", "refusal"), [(0, EmptyAttachment), (ATTACHMENT.one, None), (ATTACHMENT.one + 1, AttachmentTooLarge)]
)
def test_sizes(size: int, refusal: type[DocumentRefused] | None) -> None:
    file = Attachment("a.txt", "text/plain", b"x" * size)
    if refusal is None:
        assert looked_at(file) == ["attachment-size"]
        return
    with pytest.raises(refusal):
        looked_at(file)


def test_from_which_size_on_it_is_remarked_and_how_often() -> None:
    assert looked_at(Attachment("a.txt", "text/plain", b"x" * attachments.RECOMMENDED)) == []
    large = Attachment("a.txt", "text/plain", b"x" * (attachments.RECOMMENDED + 1))
    assert looked_at(*[large] * 30) == ["attachment-size"] * attachments.NAMED


@pytest.mark.parametrize(
    ("file", "syntax", "found"),
    [
        (Attachment("17.pdf", "application/pdf", PDF), "peppol-bis-3", True),
        (Attachment("a.pdf", "application/pdf", PDF, "Commercial Invoice"), "ehf-3", True),
        (Attachment("a.pdf", "application/pdf", PDF, "credit note "), "cii", True),
        (Attachment("a.pdf", "application/pdf", PDF, "Commercial Invoice"), "puf-billing-2.0", False),
        (Attachment("a.pdf", "application/pdf", PDF, "Timesheet"), "peppol-bis-3", False),
        (Attachment("17.csv", "text/csv", b"a"), "peppol-bis-3", False),
    ],
)
def test_a_picture_of_the_document_itself(file: Attachment, syntax: str, found: bool) -> None:
    assert looked_at(file, syntax=syntax, number="17") == (["attachment-picture"] if found else [])
    assert looked_at(file, syntax=syntax, number="17", embedded=False) == []


def test_a_file_that_did_not_come() -> None:
    def named(**what: object) -> tuple[AttachmentHeading, ...]:
        return (AttachmentHeading(**what),)  # type: ignore[arg-type]

    with pytest.raises(MissingFile, match=r"file://a\.pdf"):
        looked_at(attachments=named(uri="file://a.pdf"), archived=True)
    assert looked_at(attachments=named(uri="FILE://a.pdf")) == ["attachment-missing"]
    assert looked_at(attachments=named(uri="file://a.pdf", beside=True), archived=True) == []
    assert looked_at(attachments=named(uri="https://firm.example/a.pdf"), archived=True) == []
