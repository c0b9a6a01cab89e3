"""invoice.xml as it is delivered: one well-formed document whose links name the files of its ZIP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from fakturahub.dialects.apix.delivered import as_delivered
from tests.unit.dialects.apix.transfers import ATTACHMENT, PICTURE, finvoice, frame


def linked(data: bytes) -> list[tuple[str, str]]:
    root = etree.fromstring(data)
    names = [element.text or "" for element in root.iter("InvoiceUrlNameText")]
    texts = [element.text or "" for element in root.iter("InvoiceUrlText")]
    assert len(names) in (len(texts), 0)
    return list(zip(names or [""] * len(texts), texts, strict=True))


def test_a_document_with_nothing_to_change_stays_as_it_is() -> None:
    data = finvoice("1", (PICTURE, "file://a.pdf"), ("Ehdot", "https://virta.example/a.pdf"))
    assert as_delivered(data, "finvoice-3.0", {"a.pdf": "a.pdf"}) == data
    assert as_delivered(data, "finvoice-3.0", {}) == data
    ubl = b"<Invoice/>\n"
    assert as_delivered(ubl, "ubl-2.1", {"a": "b"}) == ubl


@pytest.mark.parametrize("blank", [b"\n", b" \r\n\t"])
@pytest.mark.parametrize("syntax", ["finvoice-3.0", "ubl-2.1"])
def test_blanks_before_the_declaration_go(blank: bytes, syntax: str) -> None:
    data = finvoice("1")
    assert as_delivered(blank + data, syntax, {}) == data


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-15", "utf-16"])
def test_the_frame_goes_and_nothing_else(charset: str) -> None:
    bare = finvoice("1", head=f'<?xml version="1.0" encoding="{charset}"?>\n').decode()
    delivered = as_delivered((frame() + bare).encode(charset), "finvoice-3.0-soap", {})
    root = etree.fromstring(delivered)
    assert (root.tag, root.findtext(".//SellerOrganisationName")) == ("Finvoice", "Virta Sähkö Oy")
    if charset != "utf-16":
        assert delivered == bare.encode(charset)


def test_who_wants_the_frame_gets_it_with_the_names_of_the_files() -> None:
    data = frame().encode() + finvoice("1", (PICTURE, "file://a.pdf"))
    delivered = as_delivered(data, "finvoice-3.0-soap", {"a.pdf": "b.pdf"}, framed=True)
    assert delivered == data.replace(b"file://a.pdf", b"file://b.pdf")


@pytest.mark.parametrize(
    "name",
    ["gobl_soap_framed_3.0.xml", "gobl_invoice_3.0.xml", "finvoice201_wo_SOAP_example.xml", "rfinvoice_1.2.xml"],
)
def test_real_documents_are_well_formed_when_they_are_delivered(shared: Path, name: str) -> None:
    data = (shared / "samples" / "finvoice" / name).read_bytes()
    delivered = as_delivered(data, "finvoice-3.0", {"test_invoice.pdf": "Lasku 1.pdf"})
    root = etree.fromstring(delivered)
    assert root.tag == "Finvoice"
    assert delivered in (data, data[-len(delivered) :]) or b"file://Lasku 1.pdf" in delivered


def test_links_get_the_names_that_the_files_have() -> None:
    data = finvoice(
        "1", (PICTURE, "file://C:\\tmp\\INVOICE.PDF"), ("Ehdot", "https://a.example/b.pdf"), ("x", "no.txt")
    )
    delivered = as_delivered(data, "finvoice-3.0", {"invoice.pdf": "invoice-2.pdf"})
    assert linked(delivered) == [
        (PICTURE, "file://invoice-2.pdf"),
        ("Ehdot", "https://a.example/b.pdf"),
        ("x", "no.txt"),
    ]
    # everything else is as it was, byte for byte
    assert delivered == data.replace(b"C:\\tmp\\INVOICE.PDF", b"invoice-2.pdf")


def test_an_archive_that_was_opened_becomes_a_link_for_each_file_that_was_in_it() -> None:
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://liitteet.zip"), ("Ehdot", "https://a.example/")]
    beside = {"a.pdf": "a.pdf", "x & y.txt": "x & y.txt", "kuva.png": "kuva.png"}
    assert linked(as_delivered(finvoice("1", *links), "finvoice-3.0", beside)) == [
        (PICTURE, "file://a.pdf"),
        (ATTACHMENT, "file://x & y.txt"),
        (ATTACHMENT, "file://kuva.png"),
        ("Ehdot", "https://a.example/"),
    ]


def test_names_that_the_character_set_does_not_have_are_written_as_references() -> None:
    head = '<?xml version="1.0" encoding="iso-8859-1"?>'
    data = finvoice("1", (PICTURE, "file://lasku.pdf"), head=head).decode().encode("iso-8859-1")
    delivered = as_delivered(data, "finvoice-3.0", {"LASKU.pdf": "Łódź ä.pdf"})
    assert linked(delivered) == [(PICTURE, "file://Łódź ä.pdf")]
    assert re.search(rb"file://&#321;\xf3d&#378; \xe4.pdf", delivered)


def test_what_looks_like_a_link_in_a_comment_is_none() -> None:
    note = "<!-- <InvoiceUrlText>file://a.pdf</InvoiceUrlText> -->"
    data = finvoice("1", (PICTURE, "file://a.pdf"), note=note)
    delivered = as_delivered(data, "finvoice-3.0", {"a.pdf": "b.pdf"})
    assert note.encode() in delivered
    assert linked(delivered) == [(PICTURE, "file://b.pdf")]
