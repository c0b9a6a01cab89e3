"""Documents as pages: the hub's own, or the document's own picture where it has one."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from fakturahub import formats
from fakturahub.errors import SeveralDocuments, UnknownDocument, UnrenderableDocument
from fakturahub.exchange.render import FORMS, MIME, Look, Page, check_form, html_of, language_of, pdf_of, picture_of
from fakturahub.model import Attachment
from fakturahub.render import pictures
from tests.running import INVOICE, ROOT

AT = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)
ATTACHED = ROOT / "examples" / "invoice-with-attachment.xml"
FINVOICE = ROOT / "examples" / "finvoice.xml"


def blank(pages: int = 1) -> bytes:
    """A PDF that somebody else made."""
    made = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=(595, 842))
        document.save(made)
    return made.getvalue()


def packed(*members: tuple[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return data.getvalue()


def embedded_in(pdf: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return {spec.filename: spec.get_file().read_bytes() for spec in document.attachments.values()}


def test_a_pdf_holds_the_document_as_it_came_and_its_attachments() -> None:
    data = ATTACHED.read_bytes()
    made = pdf_of(data, Look(), at=AT)
    assert (made.own, made.pages) == (False, pictures.count(made.data))
    files = embedded_in(made.data)
    assert files["invoice.xml"] == data
    attached = formats.attachments(data)
    assert {name: files[name] for name in files if name != "invoice.xml"} == {one.name: one.content for one in attached}
    assert attached


def test_a_file_of_the_name_of_the_document_gets_another() -> None:
    beside = (Attachment("Invoice.XML", "application/xml", b"<a/>"), Attachment("x.csv", "text/csv", b"1;2"))
    files = embedded_in(pdf_of(INVOICE.read_bytes(), Look(), at=AT, files=beside).data)
    assert set(files) == {"invoice.xml", "1-Invoice.XML", "x.csv"}
    assert files["1-Invoice.XML"] == b"<a/>"


def test_a_factur_x_holds_the_invoice_as_cii_besides() -> None:
    data = ATTACHED.read_bytes()
    envelope = packed(("a.xml", data), ("a.pdf", blank()), ("factur-x.xml", b"<a/>"))
    made = pdf_of(envelope, Look(factur_x=True), at=AT)
    assert not made.own
    files = embedded_in(made.data)
    assert files["invoice.xml"] == data
    opened = formats.open_document(files["factur-x.xml"])
    assert (opened.recognition.syntax, opened.heading.number) == ("cii", formats.read_heading(data).number)
    assert formats.attachments(files["factur-x.xml"]) == (), "they lie beside it"
    assert b"<a/>" in files.values()


def test_a_letter_is_no_factur_x(shared: Path) -> None:
    letter = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    with pytest.raises(UnrenderableDocument, match="Factur-X"):
        pdf_of(letter, Look(factur_x=True), at=AT)


def test_the_same_document_at_the_same_time_is_the_same_page() -> None:
    first, second = (pdf_of(INVOICE.read_bytes(), Look(language="nb"), at=AT) for _ in range(2))
    assert first == second
    assert first.data != pdf_of(INVOICE.read_bytes(), Look(language="de"), at=AT).data


def test_the_language_of_the_page() -> None:
    data = INVOICE.read_bytes()
    assert b'lang="fi"' in html_of(data, Look(), at=AT).data, "the buyer is in Finland"
    assert b'lang="da"' in html_of(data, Look(language="da"), at=AT).data


@pytest.mark.parametrize(
    ("stated", "language"),
    [("fi", "fi"), ("no", "nb"), ("NN", "nb"), ("en", "en"), ("fr", None), ("", None), (None, None)],
)
def test_the_language_that_a_company_states(stated: str | None, language: str | None) -> None:
    assert language_of(stated) == language


def test_pictures_of_a_page() -> None:
    made = pdf_of(INVOICE.read_bytes(), Look(), at=AT)
    for form, name in (("jpg", "JPEG"), ("png", "PNG")):
        with Image.open(io.BytesIO(picture_of(made, form, 1))) as picture:
            assert (picture.format, picture.size) == (name, pictures.SIZE)
    for number in (0, made.pages + 1):
        with pytest.raises(UnrenderableDocument, match=f"no page {number}"):
            picture_of(made, "jpg", number)


def test_forms_that_there_are() -> None:
    for form in FORMS:
        check_form(form)
    assert set(MIME) == {"pdf", "jpg", "png", "html"}
    with pytest.raises(UnrenderableDocument, match="pdf, jpg, png, html"):
        check_form("docx")


# --- the document's own picture -------------------------------------------------------------------------------------


def test_a_pdf_beside_a_document_of_its_name_is_its_picture() -> None:
    own = blank(2)
    envelope = packed(("INV1.xml", INVOICE.read_bytes()), ("inv1.PDF", own), ("INV1_1.pdf", blank()))
    assert pdf_of(envelope, Look(), at=AT) == Page(own, 2, own=True)
    ours = pdf_of(envelope, Look(ours=True), at=AT)
    assert not ours.own
    assert set(embedded_in(ours.data)) == {"invoice.xml", "inv1.PDF", "INV1_1.pdf"}
    assert b"<table" in html_of(envelope, Look(), at=AT).data


@pytest.mark.parametrize("content", [b"no PDF at all", b"%PDF-1.7 that ends here"])
def test_what_does_not_open_is_no_picture(content: bytes) -> None:
    envelope = packed(("INV1.xml", INVOICE.read_bytes()), ("INV1.pdf", content))
    assert not pdf_of(envelope, Look(), at=AT).own


def test_another_pdf_is_an_attachment() -> None:
    envelope = packed(("INV1.xml", INVOICE.read_bytes()), ("terms.pdf", blank()))
    made = pdf_of(envelope, Look(), at=AT)
    assert not made.own
    assert "terms.pdf" in embedded_in(made.data)


def test_the_picture_that_a_finvoice_names(shared: Path) -> None:
    # The example is a page of text where the picture would be.
    with zipfile.ZipFile(shared / "samples/finvoice/apix_send_invoice_zip_example.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    own = blank(3)
    (xml,) = [name for name in members if name.lower().endswith(".xml")]
    pdfs = [name for name in members if name.lower().endswith(".pdf")]
    assert pdfs
    envelope = packed((xml, members[xml]), *((name, own) for name in pdfs))
    assert pdf_of(envelope, Look(), at=AT) == Page(own, 3, own=True)


@pytest.mark.parametrize("description", ["Commercial Invoice", "commercial invoice"])
def test_an_embedded_pdf_that_is_called_the_invoice_is_its_picture(description: str) -> None:
    import base64

    own = blank()
    attached = (
        "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID>"
        f"<cbc:DocumentDescription>{description}</cbc:DocumentDescription><cac:Attachment>"
        '<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="f.pdf">'
        f"{base64.b64encode(own).decode()}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
        "</cac:AdditionalDocumentReference>"
    )
    end = b"<cac:AccountingSupplierParty>"
    data = INVOICE.read_bytes().replace(end, attached.encode() + end, 1)
    assert pdf_of(data, Look(), at=AT) == Page(own, 1, own=True)


def test_a_letter_is_its_file_and_a_cover_without_it(shared: Path) -> None:
    letter = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    with zipfile.ZipFile(shared / "samples/finvoice/apix_send_print_zip_example.zip") as archive:
        (xml,) = [archive.read(name) for name in archive.namelist() if name.lower().endswith(".xml")]
        (pdf,) = [name for name in archive.namelist() if name.lower().endswith(".pdf")]
    own = blank(2)
    assert pdf_of(packed(("letter.xml", xml), (pdf, own)), Look(), at=AT) == Page(own, 2, own=True)
    cover = pdf_of(letter, Look(), at=AT)
    assert (cover.own, cover.pages) == (False, 1)
    assert set(embedded_in(cover.data)) == {"letter.xml"}


def test_a_payslip_is_its_first_file(shared: Path) -> None:
    payslip = (shared / "samples/finvoice/payslip_2.0_valid.xml").read_bytes()
    assert not pdf_of(payslip, Look(), at=AT).own
    noun = formats.read(payslip).noun
    names = [one.name for one in noun.files if one.index == 1]  # type: ignore[attr-defined]
    own = blank()
    beside = tuple(Attachment(name or "", "application/pdf", own) for name in names)
    assert bool(names) == pdf_of(payslip, Look(), at=AT, files=beside).own


# --- what has no page -----------------------------------------------------------------------------------------------


def test_a_document_that_is_only_passed_on_has_no_page_but_its_own(shared: Path) -> None:
    order = (shared / "samples/oioubl/OIOUBL_Invoice_v2.1.xml").read_bytes()
    for draw in (pdf_of, html_of):
        with pytest.raises(UnrenderableDocument, match=r"oioubl-2\.1"):
            draw(order, Look(), at=AT)
    own = blank()
    assert pdf_of(packed(("o.xml", order), ("o.pdf", own)), Look(), at=AT) == Page(own, 1, own=True)


def test_several_documents_and_none() -> None:
    with pytest.raises(SeveralDocuments):
        pdf_of(packed(("a.xml", INVOICE.read_bytes()), ("b.xml", FINVOICE.read_bytes())), Look(), at=AT)
    with pytest.raises(UnknownDocument):
        html_of(b"<Menu xmlns='urn:kitchen'/>", Look(), at=AT)


def test_a_document_taken_out_of_an_envelope() -> None:
    envelope = formats.open_envelope(packed(("a.xml", INVOICE.read_bytes()), ("a.pdf", blank())))
    assert pdf_of(envelope.documents[0], Look(), at=AT).own
