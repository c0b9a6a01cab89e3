"""``convert`` of one document: to standard output or into a file, with its losses told and nothing overwritten."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fakturahub import converting, formats, placing
from fakturahub.exchange.convert import Report, convert
from tests.docs.pages import README
from tests.running import INVOICE, ROOT
from tests.unit.cli.conftest import Done, Run

ATTACHED = ROOT / "examples" / "invoice-with-attachment.xml"
FILE = "följesedel-2026-4410.pdf"
REPORT = [field.name for field in msgspec.structs.fields(Report)]
#: what no reader knows
OWN = b'<x:Colour xmlns:x="urn:example:colours">%s</x:Colour>'


def report_in(path: Path) -> dict[str, Any]:
    read: Any = json.loads(path.read_bytes())
    return dict(read)


def words(done: Done) -> str:
    """What a command said on standard error, without the frame around it."""
    return " ".join(done.err.replace("│", " ").split())


def archive_of(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("to", ["cii", "xrechnung-3", "vrbl", "puf-billing-2.0", "ubl-2.1"])
def test_to_standard_output(fakturahub: Run, to: str) -> None:
    done = fakturahub("convert", INVOICE, "--to", to)
    assert (done.status, done.err) == (0, "")
    assert done.out.encode() == convert(INVOICE.read_bytes(), to, allow_loss=False).data
    assert fakturahub("convert", INVOICE, "--to", to, "-o", "-").out == done.out


def test_from_standard_input_byte_for_byte(fakturahub: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a document that is none of ASCII, in no UTF-8, with the line ends of another system."""
    data = b'<?xml version="1.0" encoding="ISO-8859-15"?>\r\n' + INVOICE.read_bytes().partition(b"?>")[2].strip()
    data = data.decode().replace("€", "").encode("iso-8859-15", "xmlcharrefreplace")
    out = tmp_path / "out.xml"
    for wish in ("original", "peppol-bis-3"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert fakturahub("convert", "-", "--to", wish, "-o", out, "--force") == Done(0, "", "")
        assert out.read_bytes() == data


def test_into_a_file_and_never_over_one(fakturahub: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.xml"
    assert fakturahub("convert", INVOICE, "--to", "cii", "-o", out) == Done(0, "", "")
    written = out.read_bytes()
    assert formats.recognise(written).syntax == "cii"
    again = fakturahub("convert", ATTACHED, "--to", "cii", "-o", out)
    assert (again.status, again.out) == (1, "")
    assert again.err == f"fakturahub: {out} exists already; --force replaces it.\n"
    assert out.read_bytes() == written
    assert fakturahub("convert", ATTACHED, "--to", "cii", "-o", out, "--force").status == 0
    assert out.read_bytes() != written
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]


@pytest.fixture
def coloured(tmp_path: Path) -> Path:
    """An invoice with two values that every conversion loses."""
    path = tmp_path / "coloured.xml"
    end = b"</cbc:DueDate>"
    path.write_bytes(INVOICE.read_bytes().replace(end, end + OWN % b"green" + OWN % b"blue", 1))
    return path


def test_a_loss_is_refused_and_told(fakturahub: Run, tmp_path: Path, coloured: Path) -> None:
    out, report = tmp_path / "out.xml", tmp_path / "report.json"
    done = fakturahub("convert", coloured, "--to", "cii", "-o", out, "--report", report)
    assert (done.status, done.out) == (1, "")
    assert not out.exists()
    assert done.err.splitlines() == [
        "fakturahub: Writing peppol-bis-3 as cii would lose 2 values:",
        "  Invoice/Colour, 2 times",
        "What to do: --allow-loss writes documents all the same, and the report lists every value that is lost. "
        "(error code conversion-loss)",
    ]
    told = report_in(report)
    assert list(told) == [*REPORT, "error"]
    assert [loss["value"] for loss in told["not_read"]] == ["green", "blue"]
    assert all(set(loss) == {"term", "value", "why", "place"} for loss in told["not_read"])
    assert told["error"]["code"] == "conversion-loss"
    assert "--report FILE lists" in fakturahub("convert", coloured, "--to", "cii").err


def test_a_loss_that_is_allowed_is_told(fakturahub: Run, tmp_path: Path, coloured: Path) -> None:
    out, report = tmp_path / "out.xml", tmp_path / "report.json"
    done = fakturahub("convert", coloured, "--to", "cii", "--allow-loss", "-o", out, "--report", report)
    assert (done.status, done.out) == (0, "")
    converted = convert(coloured.read_bytes(), "cii", allow_loss=True)
    assert out.read_bytes() == converted.data
    assert report_in(report) == converted.report.as_data()
    first, second, *_ = done.err.splitlines()
    assert first == "2 values were lost between peppol-bis-3 and cii:"
    assert second == "  Invoice/Colour, 2 times"
    assert "green" not in done.err, "values are in the report alone"
    again = fakturahub("convert", coloured, "--to", "cii", "--allow-loss")
    assert again.out.encode() == converted.data
    assert again.err == done.err + "--report FILE lists all of it with the values.\n"


def test_terms_are_told_by_number_and_name_the_frequent_first() -> None:
    lost = ["BT-19", "Invoice/Colour", "BT-133", "BT-19"]
    told = ["  BT-19 buyer accounting, 2 times", "  Invoice/Colour", "  BT-133 lines buyer accounting"]
    assert converting.terms(lost) == told
    assert converting.terms(f"BT-{number}" for number in range(201, 221))[-1] == "  and 8 more"
    assert converting.term("Finvoice/InvoiceDetails/OrderDate, line 41, @Format") == (
        "Finvoice/InvoiceDetails/OrderDate, @Format"
    )


def test_the_report_on_standard_output(fakturahub: Run, tmp_path: Path) -> None:
    done = fakturahub("convert", INVOICE, "--to", "cii", "-o", tmp_path / "out.xml", "--report", "-")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["target"] == "cii"


def test_a_report_of_what_was_refused_otherwise(fakturahub: Run, tmp_path: Path) -> None:
    """So that no older report is taken for that of the document in hand."""
    cut, report = tmp_path / "cut.xml", tmp_path / "report.json"
    cut.write_bytes(INVOICE.read_bytes()[:1_000])
    report.write_text("{}")
    kept = fakturahub("convert", cut, "--to", "cii", "--report", report)
    assert (kept.status, report.read_text()) == (1, "{}")
    assert "--force" in kept.err
    done = fakturahub("convert", cut, "--to", "cii", "--report", report, "--force")
    assert done.status == 1
    assert done.err.startswith("fakturahub: The XML is not well-formed")
    told = report_in(report)
    assert list(told) == ["error"]
    assert told["error"]["code"] == "xml-not-well-formed"
    assert told["error"]["reason"] in done.err


def test_remarks_on_what_the_sender_stated(fakturahub: Run, tmp_path: Path, shared: Path) -> None:
    finvoice = shared / "samples/finvoice/rfinvoice_2.01.xml"
    done = fakturahub("convert", finvoice, "--to", "cii", "--allow-loss", "-o", tmp_path / "out.xml")
    assert done.status == 0
    findings = convert(finvoice.read_bytes(), "cii", allow_loss=True).report.findings
    assert f"{len(findings)} remarks on what the sender stated; nothing was changed." in done.err


# --- files beside the document --------------------------------------------------------------------------------------


def test_files_are_written_beside_the_document(fakturahub: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.xml"
    arguments = ("convert", ATTACHED, "--to", "finvoice-3.0", "--allow-loss", "-o", out)
    assert fakturahub(*arguments).status == 0
    assert f"file://{FILE}".encode() in out.read_bytes()
    (content,) = (file.content for file in formats.attachments(ATTACHED.read_bytes()))
    assert (tmp_path / FILE).read_bytes() == content
    # all or nothing: the file is in the way of the document
    out.unlink()
    (tmp_path / FILE).write_bytes(b"mine")
    done = fakturahub(*arguments)
    assert done.status == 1
    assert f"{FILE} exists already" in done.err
    assert not out.exists()
    assert (tmp_path / FILE).read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {FILE}
    assert fakturahub(*arguments, "--force").status == 0
    assert (tmp_path / FILE).read_bytes() == content


def test_a_file_of_the_documents_own_name(fakturahub: Run, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "in.zip", ("a.xml", INVOICE.read_bytes()), ("out.pdf", b"%PDF-1"))
    done = fakturahub("convert", archive, "--to", "original", "-o", tmp_path / "out.pdf")
    assert done.status == 1
    assert "A file beside the document is called out.pdf as well" in done.err
    assert not (tmp_path / "out.pdf").exists()


def test_standard_output_has_no_place_for_files(fakturahub: Run, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "in.zip", ("a.xml", INVOICE.read_bytes()), ("a.pdf", b"%PDF-1"))
    report = tmp_path / "report.json"
    done = fakturahub("convert", archive, "--to", "original", "--report", report)
    assert (done.status, done.out) == (1, "")
    assert "--output" in done.err
    assert "BT-125" in done.err
    lost = {"term": "BT-125", "value": "a.pdf (application/pdf, 6 bytes)", "why": "no-place"}
    assert report_in(report)["not_written"] == [lost]
    done = fakturahub("convert", archive, "--to", "original", "--allow-loss", "--report", report, "--force")
    assert done.status == 0
    assert done.out.encode() == INVOICE.read_bytes()
    assert "1 value was lost" in done.err
    assert report_in(report)["not_written"] == [lost]
    assert report_in(report)["files"] == []


def test_an_archive_is_converted_with_its_files(fakturahub: Run, tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "in.zip", ("a.xml", INVOICE.read_bytes()), ("a.pdf", b"%PDF-1"))
    done = fakturahub("convert", archive, "--to", "cii")
    assert (done.status, done.err) == (0, "")
    assert [(one.name, one.content) for one in formats.attachments(done.out.encode())] == [("a.pdf", b"%PDF-1")]


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "to", "code", "said"),
    [
        (b"", "cii", "empty-body", "The body is empty."),
        (b"Dear Sir", "cii", "not-xml", "an XML document begins with '<'"),
        (b"<Menu/>", "cii", "unknown-document", "'Menu'"),
        (INVOICE.read_bytes(), "letters-1.0", "unwritable-document", "cannot be written as a letter"),
        (INVOICE.read_bytes(), "finvoice-2.01", "unwritable-document", "finvoice-2.01 are not written"),
    ],
)
def test_what_cannot_be_converted(fakturahub: Run, tmp_path: Path, data: bytes, to: str, code: str, said: str) -> None:
    (tmp_path / "in.xml").write_bytes(data)
    done = fakturahub("convert", tmp_path / "in.xml", "--to", to)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert f"error code {code}" in done.err or code == "empty-body"
    assert "Traceback" not in done.err


def test_several_documents_want_a_folder(fakturahub: Run, tmp_path: Path) -> None:
    pack = archive_of(tmp_path / "in.zip", ("a.xml", INVOICE.read_bytes()), ("b.xml", ATTACHED.read_bytes()))
    done = fakturahub("convert", pack, "--to", "cii", "-o", tmp_path / "out.xml")
    assert done.status == 1
    assert "holds 2 documents" in done.err
    assert "-o FOLDER/" in done.err


def test_what_a_sender_wrote_steers_no_terminal(fakturahub: Run, tmp_path: Path) -> None:
    data = INVOICE.read_bytes().replace(
        b"</cbc:ID>", "</cbc:ID><x:\u202eA xmlns:x='urn:\x9b31m'>1</x:\u202eA>".encode(), 1
    )
    (tmp_path / "in.xml").write_bytes(data)
    done = fakturahub("convert", tmp_path / "in.xml", "--to", "cii")
    assert done.status == 1
    assert not {"\x9b", "\u202e"} & set(done.err)


@pytest.mark.parametrize(
    ("place", "why"),
    [("missing/out.xml", "No such file or directory"), ("/dev/full", "No space left on device"), ("", "needs")],
)
def test_a_place_that_cannot_be_written(fakturahub: Run, tmp_path: Path, place: str, why: str) -> None:
    if not place:
        (tmp_path / "file").touch()
        place, why = "file/out.xml", "Not a directory"
    done = fakturahub("convert", INVOICE, "--to", "cii", "-o", tmp_path / place)
    assert (done.status, done.out) == (1, "")
    assert done.err == f"fakturahub: {tmp_path / place} cannot be written: {why}.\n"


def test_a_device_is_written_to_and_never_replaced(fakturahub: Run) -> None:
    assert fakturahub("convert", INVOICE, "--to", "cii", "-o", "/dev/null", "--force") == Done(0, "", "")
    assert Path("/dev/null").is_char_device()


def test_a_link_is_replaced_and_not_what_it_leads_to(fakturahub: Run, tmp_path: Path) -> None:
    target, link, dead = tmp_path / "target", tmp_path / "link.xml", tmp_path / "dead.xml"
    target.write_bytes(b"mine")
    link.symlink_to(target)
    dead.symlink_to(tmp_path / "elsewhere")
    for path in (link, dead):
        assert fakturahub("convert", INVOICE, "--to", "cii", "-o", path).status == 1
        assert path.is_symlink()
    assert fakturahub("convert", INVOICE, "--to", "cii", "-o", link, "--force").status == 0
    assert not link.is_symlink()
    assert target.read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


def test_where_there_are_no_links(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    out = tmp_path / "out.xml"
    assert fakturahub("convert", INVOICE, "--to", "cii", "-o", out).status == 0
    assert formats.recognise(out.read_bytes()).syntax == "cii"
    assert fakturahub("convert", INVOICE, "--to", "cii", "-o", out).status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]


def test_nothing_half_written_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the writing: here a person does, between the two files."""
    real = placing._put
    seen: list[Path] = []

    def interrupted(made: Path, at: Path, *, replace: bool) -> bool:
        if seen:
            raise KeyboardInterrupt
        seen.append(at)
        return real(made, at, replace=replace)

    monkeypatch.setattr(placing, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        placing.write([(tmp_path / "a", b"1"), (tmp_path / "b", b"2")], replace=False)
    assert seen == [tmp_path / "a"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "Missing argument"),
        ([INVOICE], "it has to be said; there are: original, ubl-2.1, peppol-bis-3"),
        ([INVOICE, "--to", "word-97"], "there is no syntax 'word-97'; there are: original, ubl-2.1, peppol-bis-3"),
        (["nowhere.xml", "--to", "cii"], "there is no file nowhere.xml"),
        ([INVOICE, ATTACHED, "--to", "cii"], "several files need a folder to be written to"),
        ([INVOICE, ATTACHED, "--to", "cii", "-o", "-"], "several files need a folder to be written to"),
        ([INVOICE, ATTACHED, "--to", "cii", "-o", INVOICE], "this is a file"),
        ([INVOICE.parent, "--to", "cii"], "several files need a folder to be written to"),
        ([INVOICE, "--to", "cii", "--report", "-"], "standard output takes the document"),
        ([INVOICE, "--to", "cii", "--report", INVOICE.parent], "a report is a file"),
        ([INVOICE, "--to", "cii", "-o", "same", "--report", "./same"], "name another file"),
    ],
)
def test_misuse_ends_with_2_and_writes_nothing(
    fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[object], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = fakturahub("convert", *arguments)
    assert (done.status, done.out) == (2, "")
    assert named in words(done)
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_what_the_readme_shows(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(INVOICE.parent)
    monkeypatch.chdir(tmp_path)
    section = README.read_text(encoding="utf-8").partition("## Without a hub")[2].partition("\n## ")[0]
    lines = [line.split()[1:] for line in section.splitlines() if line.startswith("    .venv/bin/fakturahub ")]
    assert [line[0] for line in lines] == ["detect", "convert", "render"]
    for line in lines:
        assert fakturahub(*line).status == 0
    assert formats.recognise(Path(lines[1][-1]).read_bytes()).syntax == "cii"


# --- as a process ---------------------------------------------------------------------------------------------------


def test_a_pipe_of_conversions() -> None:
    hub = f"{sys.executable} -m fakturahub"
    script = f"{hub} convert {INVOICE} --to cii | {hub} convert - --to peppol-bis-3 | {hub} detect --json - "
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, check=True)
    assert json.loads(done.stdout)[0]["syntax"] == "peppol-bis-3"
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("> /dev/full", "fakturahub: Standard output cannot be written: No space left on device.\n"),
        (">&-", "fakturahub: Standard output is closed.\n"),
    ],
)
def test_an_output_that_takes_nothing(ending: str, said: str) -> None:
    script = f"{sys.executable} -m fakturahub convert {INVOICE} --to cii {ending}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
