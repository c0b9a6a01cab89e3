"""The embedded attachments of a UBL invoice or credit note."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import TooLarge, UnreadableAttachment
from fakturahub.intake.limits import ATTACHMENT, XML
from fakturahub.model import Attachment
from fakturahub.model.invoice import Invoice

EXAMPLE = Path(__file__).parents[3] / "examples" / "invoice-with-attachment.xml"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def document(content: str) -> bytes:
    return (
        f'<Invoice xmlns="{UBL}Invoice-2" xmlns:cac="{UBL}CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL}CommonBasicComponents-2"><cbc:ID>1</cbc:ID>{content}</Invoice>'
    ).encode()


def reference(
    content: str = "YWJj", *, identifier: str = "ts-1", name: str | None = None, mime: str | None = "application/pdf"
) -> str:
    attributes = (f' mimeCode="{mime}"' if mime is not None else "") + (
        f' filename="{name}"' if name is not None else ""
    )
    return (
        f"\n<cac:AdditionalDocumentReference><cbc:ID>{identifier}</cbc:ID><cac:Attachment>"
        f"<cbc:EmbeddedDocumentBinaryObject{attributes}>{content}</cbc:EmbeddedDocumentBinaryObject>"
        "</cac:Attachment></cac:AdditionalDocumentReference>"
    )


def names(*references: str) -> list[str]:
    return [attachment.name for attachment in formats.attachments(document("".join(references)))]


def test_an_attachment_is_decoded() -> None:
    (attachment,) = formats.attachments(EXAMPLE.read_bytes())
    assert attachment.name == "följesedel-2026-4410.pdf"
    assert attachment.mime == "application/pdf"
    assert attachment.description == "Följesedel"
    assert attachment.content.startswith(b"%PDF-1.4\n")
    assert attachment.content.endswith(b"%%EOF\n")


def test_a_document_may_have_none() -> None:
    assert formats.attachments(document("")) == ()
    link = "<cac:ExternalReference><cbc:URI>https://a.example</cbc:URI></cac:ExternalReference>"
    elsewhere = (
        f"<cac:AdditionalDocumentReference><cac:Attachment>{link}</cac:Attachment></cac:AdditionalDocumentReference>"
    )
    assert formats.attachments(document(elsewhere)) == ()


def test_they_keep_their_order_and_the_heading_counts_the_same() -> None:
    data = document(reference(name="b.pdf") + reference("eHl6", name="a.csv", mime="text/csv"))
    assert formats.attachments(data) == (
        Attachment("b.pdf", "application/pdf", b"abc"),
        Attachment("a.csv", "text/csv", b"xyz"),
    )
    assert [heading.name for heading in formats.read_heading(data).attachments] == ["b.pdf", "a.csv"]


@pytest.mark.parametrize(
    ("identifier", "mime", "name"),
    [
        ("ts-1", "application/pdf", "ts-1.pdf"),
        ("ts-1", "APPLICATION/PDF", "ts-1.pdf"),
        ("2026/17", "text/csv", "2026-17.csv"),
        ("a\\b", "image/png", "a-b.png"),
        ("ts-1", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "ts-1.xlsx"),
        ("ts-1", "application/x-odd", "ts-1.bin"),
        ("ts-1", None, "ts-1.bin"),
        ("", "application/pdf", "attachment.pdf"),
    ],
)
@pytest.mark.parametrize("stated", [None, ""])
def test_without_a_file_name_the_identifier_and_the_type_make_one(
    identifier: str, mime: str | None, name: str, stated: str | None
) -> None:
    assert names(reference(identifier=identifier, mime=mime, name=stated)) == [name]


def test_a_type_that_is_not_stated_is_bytes() -> None:
    (attachment,) = formats.attachments(document(reference(mime=None)))
    assert attachment.mime == "application/octet-stream"


def test_names_are_safe_and_unique() -> None:
    assert names(
        reference(name="../../etc/a.pdf"),
        reference(name="A.PDF"),
        reference(name="C:\\a.pdf"),
        reference(identifier="a"),
    ) == ["a.pdf", "A-2.PDF", "a-3.pdf", "a-4.pdf"]


@pytest.mark.parametrize("content", ["", " \n ", "YQ", "not base64!", "Y<!-- -->Q"])
def test_unreadable_content_is_refused_with_its_place(content: str) -> None:
    data = document(reference() + reference(content))
    with pytest.raises(UnreadableAttachment) as refused:
        formats.attachments(data)
    assert refused.value.term == "BT-125"
    assert refused.value.place == "Invoice/AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject, line 3"


def test_unreadable_content_does_not_hinder_the_heading() -> None:
    """Whether a bad attachment refuses a document is for the exchange to say."""
    assert formats.read_heading(document(reference("not base64!"))).attachments[0].embedded


def test_their_number_is_limited() -> None:
    most = document(reference() * ATTACHMENT.count)
    assert len(formats.attachments(most)) == ATTACHMENT.count
    with pytest.raises(UnreadableAttachment, match=f"more than {ATTACHMENT.count:,}"):
        formats.attachments(document(reference() * (ATTACHMENT.count + 1)))


def test_one_of_seven_megabytes_is_read_and_one_that_is_too_large_says_so() -> None:
    content = bytes(XML.text // 4 * 3)
    (attachment,) = formats.attachments(document(reference(base64.b64encode(content).decode())))
    assert attachment.content == content
    with pytest.raises(TooLarge, match="embedded attachment"):
        formats.attachments(document(reference(base64.b64encode(content + b"xxx").decode())))


def test_the_heading_gives_the_names_that_the_files_have() -> None:
    references = (
        reference(name="a.pdf"),
        reference(name="A.PDF"),
        reference(name="../b.pdf"),
        reference(identifier="2026/17"),
        reference(identifier="2026/17", mime="image/jpg"),
        reference(mime=None),
        reference(identifier="", mime="a/b"),
        reference(identifier="", mime="application/zip"),
    )
    data = document("".join(references))
    given = formats.file_names(formats.read_heading(data).attachments)
    assert given == tuple(one.name for one in formats.attachments(data))
    assert given == (
        "a.pdf",
        "A-2.PDF",
        "b.pdf",
        "2026-17.pdf",
        "2026-17.jpg",
        "ts-1.bin",
        "attachment.bin",
        "attachment.zip",
    )
    noun = formats.read(data).noun
    assert isinstance(noun, Invoice)
    assert tuple(one.attachment.name for one in noun.supporting if one.attachment) == given


def test_many_of_one_name_cost_little() -> None:
    started = time.process_time()
    found = names(*[reference(name="a.pdf")] * ATTACHMENT.count)
    assert time.process_time() - started < 1
    assert len({name.casefold() for name in found}) == ATTACHMENT.count
