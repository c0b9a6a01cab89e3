"""``render``: pages of documents into files, named after them, and nothing overwritten."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from uuid import uuid4

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from fakturahub import rendercommand
from fakturahub.errors import RenderingFailed
from fakturahub.exchange import render as exchange_render
from fakturahub.exchange.render import Page
from fakturahub.render.labels import LANGUAGES
from tests.running import INVOICE, ROOT
from tests.unit.cli.conftest import Done, Filled, Run

FINVOICE = ROOT / "examples" / "finvoice.xml"


def blank(pages: int) -> bytes:
    made = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=(595, 842))
        document.save(made)
    return made.getvalue()


def words(done: Done) -> str:
    """What a command said on standard error, without the frame around it."""
    return " ".join(done.err.replace("│", " ").split())


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(document[number].get_textpage().get_text_bounded() for number in range(len(document)))
    document.close()
    return text


@pytest.fixture
def pictured(tmp_path: Path) -> Path:
    """An archive of an invoice with its own picture of two pages."""
    path = tmp_path / "pictured.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("INV1.xml", INVOICE.read_bytes())
        made.writestr("INV1.pdf", blank(2))
    return path


def test_each_form_by_the_name_of_the_file(fakturahub: Run, tmp_path: Path) -> None:
    for name, start in (
        ("a.pdf", b"%PDF-"),
        ("a.html", b"<!DOCTYPE html>"),
        ("a.htm", b"<!DOCTYPE html>"),
    ):
        assert fakturahub("render", INVOICE, "-o", tmp_path / name) == Done(0, "", "")
        assert (tmp_path / name).read_bytes().startswith(start)
    for name, form in (("a.jpg", "JPEG"), ("b.jpeg", "JPEG"), ("a.PNG", "PNG")):
        assert fakturahub("render", INVOICE, "-o", tmp_path / name, "--page", 1) == Done(0, "", "")
        with Image.open(tmp_path / name) as picture:
            assert picture.format == form


def test_the_language(fakturahub: Run, tmp_path: Path) -> None:
    titles = {"nb": "Faktura", "fi": "Lasku", "de": "Rechnung", "en": "Invoice"}
    for language, title in titles.items():
        out = tmp_path / f"{language}.pdf"
        assert fakturahub("render", INVOICE, "-o", out, "--language", language).status == 0
        assert title in text_of(out.read_bytes())
    refused = fakturahub("render", INVOICE, "-o", tmp_path / "x.pdf", "--language", "xx")
    assert refused.status == 2
    assert all(f"'{language}'" in words(refused) for language in LANGUAGES)


def test_pictures_of_several_pages_are_numbered(fakturahub: Run, tmp_path: Path, pictured: Path) -> None:
    assert fakturahub("render", pictured, "-o", tmp_path / "out.jpg") == Done(0, "", "")
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-1.jpg", "out-2.jpg"]
    assert fakturahub("render", pictured, "-o", tmp_path / "second.png", "--page", 2) == Done(0, "", "")
    assert sorted(path.name for path in tmp_path.glob("second*")) == ["second.png"]
    missing = fakturahub("render", pictured, "-o", tmp_path / "third.png", "--page", 3)
    assert (missing.status, missing.out) == (1, "")
    assert "There is no page 3: the document has 2 pages." in missing.err
    again = fakturahub("render", pictured, "-o", tmp_path / "out.jpg")
    assert again.status == 1
    assert "out-1.jpg exists already; --force replaces it." in again.err
    assert fakturahub("render", pictured, "-o", tmp_path / "out.jpg", "--force").status == 0


def test_a_document_of_very_many_pages(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendercommand, "MOST_PICTURES", 1)
    monkeypatch.setattr(exchange_render, "pdf_of", lambda *_, **__: Page(blank(2), 2))
    done = fakturahub("render", INVOICE, "-o", tmp_path / "out.jpg")
    assert done.status == 1
    assert "The document has 2 pages; at most 1 are drawn at once. --page N draws one." in done.err
    assert fakturahub("render", INVOICE, "-o", tmp_path / "out.jpg", "--page", 2).status == 0


def test_a_picture_of_its_own_is_kept_unless_ours_is_asked_for(fakturahub: Run, tmp_path: Path, pictured: Path) -> None:
    out = tmp_path / "out.pdf"
    assert fakturahub("render", pictured, "-o", out).status == 0
    with zipfile.ZipFile(pictured) as archive:
        assert out.read_bytes() == archive.read("INV1.pdf")
    assert fakturahub("render", pictured, "-o", out, "--ours", "--force").status == 0
    assert "Lasku" in text_of(out.read_bytes())


def test_a_factur_x(fakturahub: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert fakturahub("render", INVOICE, "-o", out, "--factur-x") == Done(0, "", "")
    with pikepdf.open(out) as document:
        assert {spec.filename for spec in document.attachments.values()} == {"invoice.xml", "factur-x.xml"}


def test_logo_and_colour_of_the_seller(fakturahub: Run, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (60, 20), (194, 65, 12)).save(logo)
    out = tmp_path / "out.png"
    assert fakturahub("render", INVOICE, "-o", out, "--logo", logo, "--colour", "#0b6623") == Done(0, "", "")
    with Image.open(out) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
    assert {(194, 65, 12), (11, 102, 35)} <= colours


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--logo", "absent.png"), "absent.png cannot be read: No such file or directory."),
        (("--logo", "script.svg"), "it has the element `script`"),
        (("--colour", "red"), "a colour is written as in '#1f3a5f'."),
    ],
)
def test_a_style_that_is_not_taken(
    fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
    done = fakturahub("render", INVOICE, "-o", "out.pdf", *more)
    assert done.status == 2
    assert why in words(done)
    assert not (tmp_path / "out.pdf").exists()


def test_nothing_is_overwritten_and_nothing_left_behind(fakturahub: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    out.write_bytes(b"mine")
    done = fakturahub("render", INVOICE, "-o", out)
    assert done == Done(1, "", f"fakturahub: {out} exists already; --force replaces it.\n")
    assert out.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]


def test_to_standard_output(fakturahub: Run, pictured: Path) -> None:
    page = fakturahub("render", INVOICE, "-o", "-", "--form", "html")
    assert (page.status, page.err) == (0, "")
    assert page.out.startswith("<!DOCTYPE html>")
    several = fakturahub("render", pictured, "-o", "-", "--form", "png")
    assert (several.status, several.out) == (1, "")
    assert "--page N chooses one of 2" in several.err


def test_from_standard_input(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(INVOICE.read_bytes())))
    assert fakturahub("render", "-", "-o", tmp_path / "out.html") == Done(0, "", "")
    assert b"<!DOCTYPE html>" in (tmp_path / "out.html").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((INVOICE,), "it has to be said, as in -o invoice.pdf"),
        ((INVOICE, "-o", "out.docx"), "--form says what to write"),
        ((INVOICE, "-o", "out"), "the name ends in none of .pdf, .jpg"),
        ((INVOICE, "-o", "out.pdf", "--page", "1"), "a single page is drawn as JPEG or PNG only"),
        ((INVOICE, "-o", "out.html", "--factur-x"), "a Factur-X invoice is a PDF"),
        ((INVOICE, "-o", "out.jpg", "--page", "0"), "greater than or equal to 1"),
        ((INVOICE, FINVOICE, "-o", "-"), "several files need a folder"),
        ((INVOICE, FINVOICE, "-o", INVOICE), "several files need a folder"),
        (("nowhere.xml", "-o", "out.pdf"), "there is no file nowhere.xml"),
        ((INVOICE, "-o", "out.pdf", "--form", "docx"), "is not one of"),
    ],
)
def test_misuse(
    fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = fakturahub("render", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in words(done)
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_page_is_told(fakturahub: Run, tmp_path: Path, shared: Path) -> None:
    order = shared / "samples/oioubl/OIOUBL_Invoice_v2.1.xml"
    done = fakturahub("render", order, "-o", tmp_path / "out.pdf")
    assert (done.status, done.out) == (1, "")
    assert "Documents in oioubl-2.1 are passed on as they came" in done.err
    assert "(error code unrenderable-document)" in done.err
    (tmp_path / "menu.xml").write_bytes(b"<Menu xmlns='urn:kitchen'/>")
    assert "unknown-document" in fakturahub("render", tmp_path / "menu.xml", "-o", tmp_path / "out.pdf").err
    (tmp_path / "empty.xml").write_bytes(b"")
    assert fakturahub("render", tmp_path / "empty.xml", "-o", tmp_path / "out.pdf").status == 1
    assert not (tmp_path / "out.pdf").exists()


def test_a_page_that_could_not_be_made_is_told(
    fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> Page:
        raise RenderingFailed("The page took longer than 60 seconds and was stopped.")

    monkeypatch.setattr(exchange_render, "pdf_of", stopped)
    done = fakturahub("render", INVOICE, "-o", tmp_path / "out.pdf")
    assert done.status == 1
    assert done.err == (
        "fakturahub: The page took longer than 60 seconds and was stopped.\n"
        f"What to do: {RenderingFailed.advice} (error code rendering-failed)\n"
    )


# --- many -----------------------------------------------------------------------------------------------------------


def archive_of(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return path


def test_many_into_a_folder(fakturahub: Run, tmp_path: Path) -> None:
    given = tmp_path / "in"
    given.mkdir()
    (given / "menu.xml").write_bytes(b"<Menu xmlns='urn:kitchen'/>")
    (given / "invoice.xml").write_bytes(INVOICE.read_bytes())
    two = (("a.xml", INVOICE.read_bytes()), ("b.xml", FINVOICE.read_bytes()), ("b.pdf", blank(1)))
    archive_of(given / "two.zip", *two)
    out = tmp_path / "out"
    done = fakturahub("render", given, "-o", f"{out}/")
    assert (done.status, done.out) == (1, "")
    assert sorted(path.name for path in out.iterdir()) == ["invoice.pdf", "two-1.pdf", "two-2.pdf"]
    assert (out / "two-2.pdf").read_bytes() == two[2][1], "the file that belongs to the second document"
    told = done.err.splitlines()
    assert told[0].startswith(f"{given / 'menu.xml'}: ")
    assert told[0].endswith("(error code unknown-document)")
    assert told[1:] == [f"3 documents drawn into {out}.", "1 was refused."]


def test_one_into_a_folder_in_a_form(fakturahub: Run, tmp_path: Path, pictured: Path) -> None:
    out = tmp_path / "out"
    done = fakturahub("render", pictured, "-o", f"{out}/", "--form", "png")
    assert (done.status, done.err) == (0, f"1 document drawn into {out}.\n")
    assert sorted(path.name for path in out.iterdir()) == ["pictured-1.png", "pictured-2.png"]
    again = fakturahub("render", pictured, INVOICE, "-o", out, "--form", "html")
    assert again.status == 0
    assert {path.name for path in out.glob("*.html")} == {"pictured.html", "invoice.html"}


def test_files_of_one_name_get_names_of_their_own(fakturahub: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "invoice.xml").write_bytes(INVOICE.read_bytes())
    done = fakturahub("render", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out/", "--form", "html")
    assert done.status == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_several_documents_in_one_file_need_a_folder(fakturahub: Run, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "two.zip", ("a.xml", INVOICE.read_bytes()), ("b.xml", FINVOICE.read_bytes()))
    done = fakturahub("render", archive, "-o", tmp_path / "out.pdf")
    assert done.status == 1
    assert "Name a folder, as in -o FOLDER/" in done.err


# --- of a hub -------------------------------------------------------------------------------------------------------


def test_a_page_of_a_stored_document(fakturahub: Run, filled: Filled, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    for any_id in (filled.documents["delivered"], filled.deliveries["delivered"]):
        assert fakturahub("payload", any_id, "--form", "pdf", "-o", out, *filled.where) == Done(0, "", "")
        assert "Lasku" in text_of(out.read_bytes())
    shown = tmp_path / "out.png"
    assert fakturahub("payload", filled.documents["waiting"], "--form", "png", "-o", shown, *filled.where).status == 0
    with Image.open(shown) as picture:
        assert picture.format == "PNG"
    beyond = fakturahub("payload", filled.documents["waiting"], "--form", "png", "--page", 99, *filled.where)
    assert (beyond.status, beyond.out) == (1, "")
    assert "There is no page 99" in beyond.err
    refused = fakturahub("payload", filled.documents["menu"], "--form", "html", *filled.where)
    assert refused.status == 1
    assert "unknown-document" in refused.err
    nothing = fakturahub("payload", uuid4(), "--form", "pdf", *filled.where)
    assert nothing.status == 1
    assert "There is no document with the id" in nothing.err
