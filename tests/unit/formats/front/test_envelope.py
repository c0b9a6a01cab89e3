"""ZIP envelopes: what is a document, and which file belongs to which."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import DoctypeRefused, SeveralDocuments, UnknownDocument, UnreadableAttachment, ZipUnreadable
from fakturahub.formats.envelope import names_of_files
from fakturahub.intake.filenames import MIME
from fakturahub.intake.limits import ATTACHMENT, MIB, ZIP
from fakturahub.model import Attachment, AttachmentHeading, Heading, Kind
from fakturahub.model.invoice import Invoice, SupportingDocument
from fakturahub.model.letter import Letter


def packed(*members: tuple[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return data.getvalue()


def letter(number: str, *uris: str) -> bytes:
    roles = "".join("<InvoiceUrlNameText>FILE</InvoiceUrlNameText>" for _ in uris)
    named = "".join(f"<InvoiceUrlText>{uri}</InvoiceUrlText>" for uri in uris)
    return f'<Letter Version="1.0"><DocumentID>{number}</DocumentID>{roles}{named}</Letter>'.encode()


def tied(data: bytes) -> tuple[dict[str, list[str]], list[str]]:
    """Number of each document -> names of its files; and the files of none."""
    envelope = formats.open_envelope(data)
    return (
        {str(formats.read_heading(one.data).number): [file.name for file in one.files] for one in envelope.documents},
        [file.name for file in envelope.unclaimed],
    )


def test_files_that_a_document_names() -> None:
    data = packed(
        ("b.pdf", b"b"),
        ("a.pdf", b"a"),
        ("c.pdf", b"c"),
        ("invoices.xml", letter("1", "file://a.pdf", "https://x.example/c.pdf") + letter("2", "FILE://sub/B.PDF")),
    )
    assert tied(data) == ({"1": ["a.pdf"], "2": ["b.pdf"]}, ["c.pdf"])


def test_a_bare_name_is_one_too() -> None:
    data = packed(("1.xml", letter("1", "extra.bin")), ("2.xml", letter("2")), ("extra.bin", b"x"))
    assert tied(data) == ({"1": ["extra.bin"], "2": []}, [])


def test_a_name_in_two_folders_names_neither() -> None:
    members = (("1.xml", letter("1", "file://a.pdf")), ("2.xml", letter("2")), ("x/a.pdf", b"1"), ("y/a.pdf", b"2"))
    assert tied(packed(*members)) == ({"1": [], "2": []}, ["a.pdf", "a-2.pdf"])
    whole = packed(("1.xml", letter("1", "file://y/a.pdf")), *members[1:])
    envelope = formats.open_envelope(whole)
    assert [file.content for file in envelope.documents[0].files] == [b"2"]


def test_files_of_one_stem() -> None:
    data = packed(
        ("INV1.xml", letter("1")),
        ("inv1.pdf", b""),
        ("INV1_1.pdf", b""),
        ("INV1-annex.xlsx", b""),
        ("INV12.xml", letter("12")),
        ("INV12.pdf", b""),
        ("INV123.pdf", b""),
        ("other.pdf", b""),
    )
    assert tied(data) == (
        {"1": ["inv1.pdf", "INV1_1.pdf", "INV1-annex.xlsx"], "12": ["INV12.pdf"]},
        ["INV123.pdf", "other.pdf"],
    )


def test_the_longer_stem_decides() -> None:
    data = packed(("A.xml", letter("1")), ("A_B.xml", letter("2")), ("A_B_1.pdf", b""), ("A_C.pdf", b""))
    assert tied(data) == ({"1": ["A_C.pdf"], "2": ["A_B_1.pdf"]}, [])


def test_all_files_are_the_only_document_s() -> None:
    data = packed(("x.xml", letter("1")), ("any.pdf", b""), ("notes/other.txt", b""), ("page.html", b"<html></html>"))
    assert tied(data) == ({"1": ["any.pdf", "other.txt", "page.html"]}, [])


def test_several_documents_in_one_member_share_no_stem() -> None:
    data = packed(("all.xml", letter("1") + letter("2")), ("all.pdf", b""))
    assert tied(data) == ({"1": [], "2": []}, ["all.pdf"])
    assert formats.recognise(data).documents == 2
    with pytest.raises(SeveralDocuments, match="2 documents"):
        formats.enclosed(data)


def test_a_document_that_another_one_names_is_an_attachment() -> None:
    data = packed(("1.xml", letter("1", "file://2.xml")), ("2.xml", letter("2")))
    assert tied(data) == ({"1": ["2.xml"]}, [])
    assert formats.recognise(data).documents == 1
    assert formats.recognise(data).why.startswith("A ZIP archive of 2 files; in 1.xml: ")


def test_documents_that_name_each_other_are_both_kept() -> None:
    data = packed(("1.xml", letter("1", "file://2.xml")), ("2.xml", letter("2", "file://1.xml")))
    assert set(tied(data)[0]) == {"1", "2"}
    assert formats.recognise(data).documents == 2


def test_an_archive_of_attachments_is_opened_once() -> None:
    inner = packed(("attachments/", b""), ("attachments/a.pdf", b"a"), ("attachments/more.zip", packed(("z", b"z"))))
    data = packed(("1.xml", letter("1", "file://att.zip")), ("att.zip", inner), ("a.pdf", b"0"))
    (document,) = formats.open_envelope(data).documents
    assert [(file.name, file.mime) for file in document.files] == [
        ("a.pdf", "application/pdf"),
        ("more.zip", "application/zip"),
        ("a-2.pdf", "application/pdf"),
    ]


def test_an_archive_that_nobody_names_or_that_is_damaged_stays_whole() -> None:
    inner = packed(("a.pdf", b"a"))
    assert tied(packed(("1.xml", letter("1")), ("att.zip", inner)))[0] == {"1": ["att.zip"]}
    data = packed(("1.xml", letter("1", "file://att.zip")), ("att.zip", inner[:-1]))
    (document,) = formats.open_envelope(data).documents
    assert document.files == (Attachment("att.zip", "application/zip", inner[:-1]),)


def test_the_real_envelope_of_a_letter(shared: Path) -> None:
    data = (shared / "samples/finvoice/apix_send_print_zip_example.zip").read_bytes()
    found = formats.recognise(data)
    assert (found.syntax, found.documents) == ("letters-1.0", 1)
    assert "ZIP" in found.why
    assert "test_invoice.xml" in found.why
    one = formats.enclosed(data)
    assert (one.member, [file.name for file in one.files]) == ("test_invoice.xml", ["test_invoice.pdf"])
    assert formats.documents(data) == (one.data,)


def test_character_sets_and_blank_lines_in_a_member() -> None:
    wide = letter("1").decode().encode("utf-16")
    assert formats.recognise(packed(("a.xml", wide))).charset == "utf-16le"
    assert formats.recognise(packed(("a.dat", b"\n\n" + letter("1")))).syntax == "letters-1.0"


def test_no_document() -> None:
    for ask in (formats.recognise, formats.documents, formats.open_envelope, formats.enclosed):
        with pytest.raises(UnknownDocument, match=r"holds 'a\.pdf', 'b\.txt'"):
            ask(packed(("a.pdf", b"%PDF"), ("b.txt", b"x")))
        with pytest.raises(UnknownDocument, match="holds nothing"):
            ask(packed())
        with pytest.raises(UnknownDocument, match="'Other'"):
            ask(packed(("a.xml", b"<Other/>"), ("b.txt", b"x")))
        with pytest.raises(DoctypeRefused):
            ask(packed(("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")))
        with pytest.raises(UnknownDocument, match=r"'a\.xml', 'b\.xml'"):
            ask(packed(("a.xml", b"<Other/>"), ("b.xml", b"<Other/>")))
        with pytest.raises(ZipUnreadable):
            ask(packed(("a.xml", letter("1")))[:-1])


def test_a_document_whose_heading_cannot_be_read_is_still_one() -> None:
    data = packed(("1.xml", letter("")), ("a.pdf", b""))
    envelope = formats.open_envelope(data)
    assert [file.name for file in envelope.documents[0].files] == ["a.pdf"]


def test_a_thousand_documents_and_files_are_tied_soon() -> None:
    letters = [(f"{number}.xml", letter(str(number), f"file://{number}.pdf")) for number in range(1_000)]
    files = [(f"{number}.pdf", b"") for number in range(1_000)]
    data = packed(*letters, *files)
    started = time.process_time()
    assert formats.recognise(data).documents == 1_000
    assert time.process_time() - started < 3
    envelope = formats.open_envelope(data)
    assert time.process_time() - started < 10
    assert [document.files[0].name for document in envelope.documents] == [name for name, _ in files]


def test_limits_of_attachments(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(f"{number}.txt", b"") for number in range(ATTACHMENT.count + 1)]
    with pytest.raises(UnreadableAttachment, match="1,000 attachments"):
        formats.open_envelope(packed(("1.xml", letter("1")), *many))
    large = (("1.xml", letter("1")), ("a.pdf", bytes(range(256)) * (26 * MIB // 256)))
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as made:
        for name, content in large:
            made.writestr(name, content)
    with pytest.raises(UnreadableAttachment, match=f"{ATTACHMENT.one:,}"):
        formats.open_envelope(stored.getvalue())
    assert ZIP.one > ATTACHMENT.one


def test_names_of_a_heading() -> None:
    attachments = (
        AttachmentHeading(uri="file://a.pdf"),
        AttachmentHeading(uri="FILE://folder/b.pdf"),
        AttachmentHeading(uri="https://x.example/c.pdf"),
        AttachmentHeading(name="d.pdf"),
        AttachmentHeading(name="e.pdf", embedded=True),
        AttachmentHeading(id="17"),
    )
    assert names_of_files(Heading(Kind.INVOICE, attachments=attachments)) == ("a.pdf", "folder/b.pdf", "d.pdf")


def test_files_become_supporting_documents_of_an_invoice() -> None:
    pdf, annex = Attachment("a b.pdf", "application/pdf", b"1"), Attachment("annex.csv", "text/csv", b"2")
    stated = (
        SupportingDocument(reference="17", uri="file://folder/a b.pdf", is_picture=True),
        SupportingDocument(reference="18", uri="file://missing.pdf"),
        SupportingDocument(reference="19", uri="https://x.example/annex.csv"),
    )
    noun, beside = formats.with_files(Invoice(number="1", supporting=stated), (pdf, annex))
    assert isinstance(noun, Invoice)
    assert noun.supporting == (
        SupportingDocument(reference="17", attachment=pdf, is_picture=True),
        *stated[1:],
        SupportingDocument(reference="annex.csv", attachment=annex),
    )
    assert beside == ()


def test_files_stay_beside_a_letter() -> None:
    pdf = Attachment("a.pdf", "application/pdf", b"1")
    assert formats.with_files(Letter(number="1"), (pdf,)) == (Letter(number="1"), (pdf,))
    assert formats.with_files(Invoice(number="1"), ()) == (Invoice(number="1"), ())


def test_the_types_are_those_of_the_network() -> None:
    assert all("/" in mime and extension == extension.lower() for extension, mime in MIME.items())
    assert {"pdf", "jpg", "tif", "gif", "bmp", "xls", "xlsx", "doc", "docx", "txt", "csv", "xml", "zip", "p7m"} <= set(
        MIME
    )
