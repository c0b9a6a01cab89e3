"""``convert`` into a folder: of many files, of folders, and of files that hold several documents."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from fakturahub import formats
from tests.docs.pages import ROOT, blocks
from tests.running import INVOICE
from tests.unit.cli.conftest import Done, Run
from tests.unit.cli.test_convert import ATTACHED, FILE, OWN, REPORT, archive_of

CREDIT_NOTE = ROOT / "examples" / "credit-note.xml"
FINVOICE = ROOT / "examples" / "finvoice.xml"


def tree(folder: Path) -> list[str]:
    """All files in *folder*."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def entries_of(path: Path) -> list[dict[str, Any]]:
    read: Any = json.loads(path.read_bytes())
    return list(read)


def test_each_is_named_after_its_source_and_syntax(fakturahub: Run, tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    done = fakturahub("convert", INVOICE, CREDIT_NOTE, FINVOICE, "--to", "cii", "-o", out, "--report", report)
    assert done == Done(0, "", f"3 documents written to {out}.\n")
    assert tree(out) == ["credit-note.cii.xml", "finvoice.cii.xml", "invoice.cii.xml"]
    assert {formats.recognise((out / name).read_bytes()).syntax for name in tree(out)} == {"cii"}
    entries = entries_of(report)
    assert [(one["file"], one["output"]) for one in entries] == [
        (str(INVOICE), f"{out}/invoice.cii.xml"),
        (str(CREDIT_NOTE), f"{out}/credit-note.cii.xml"),
        (str(FINVOICE), f"{out}/finvoice.cii.xml"),
    ]
    assert all(list(one) == ["file", "output", *REPORT] for one in entries)
    again = fakturahub("convert", INVOICE, CREDIT_NOTE, FINVOICE, "--to", "cii", "-o", out)
    assert again.status == 1
    assert again.err.count("exists already; --force replaces it. (error code operator)") == 3
    assert fakturahub("convert", INVOICE, CREDIT_NOTE, FINVOICE, "--to", "cii", "-o", out, "--force").status == 0


@pytest.mark.parametrize("place", ["new/deep/", "there"])
def test_one_document_into_a_folder(fakturahub: Run, tmp_path: Path, place: str) -> None:
    """A folder that is there, or a name that ends as one."""
    (tmp_path / "there").mkdir()
    assert fakturahub("convert", INVOICE, "--to", "original", "-o", f"{tmp_path}/{place}").status == 0
    assert tree(tmp_path / place) == ["invoice.peppol-bis-3.xml"]


def test_what_is_refused_does_not_stop_the_rest(fakturahub: Run, tmp_path: Path) -> None:
    own, text, out = tmp_path / "own.xml", tmp_path / "a.txt", tmp_path / "out"
    own.write_bytes(INVOICE.read_bytes().replace(b"</cbc:DueDate>", b"</cbc:DueDate>" + OWN % b"green"))
    text.write_bytes(b"Dear Sir")
    arguments = ("convert", text, own, INVOICE, "--to", "cii", "-o", out, "--report", "-")
    done = fakturahub(*arguments)
    assert done.status == 1
    first, second, *rest = done.err.splitlines()
    assert first.startswith(f"{text}: The body begins with the byte 0x44")
    assert first.endswith("(error code not-xml)")
    assert second.startswith(f"{own}: Writing peppol-bis-3 as cii would lose 1 value")
    assert rest == [
        f"1 document written to {out}.",
        "2 were refused.",
        "What to do: --allow-loss writes documents all the same, and the report lists every value that is lost.",
    ]
    refused, lossy, fine = json.loads(done.out)
    assert list(refused) == ["file", "output", "error"]
    assert refused["output"] is None
    assert list(lossy) == ["file", "output", *REPORT, "error"]
    assert lossy["not_read"][0]["value"] == "green"
    assert "error" not in fine
    done = fakturahub(*arguments, "--allow-loss", "--force")
    assert done.status == 1
    assert "1 value was lost:\n  Invoice/Colour\n1 was refused.\n" in done.err
    assert tree(out) == ["invoice.cii.xml", "own.cii.xml"]


def test_a_folder_and_names_that_meet(fakturahub: Run, tmp_path: Path) -> None:
    """What was written on an earlier day lies in the folder, too, and is not converted again."""
    for name in ("a/x.xml", "b/X.xml", "c/ -rf ..xml", "c/nul.xml", ".hidden/y.xml"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(INVOICE.read_bytes())
    out = tmp_path / "in" / "out"
    for more in ((), ("--force",)):
        assert fakturahub("convert", tmp_path / "in", "--to", "cii", "-o", out, *more).status == 0
        assert tree(out) == ["X-2.cii.xml", "_nul.cii.xml", "rf.cii.xml", "x.cii.xml"]


def test_names_hang_on_no_refusal(fakturahub: Run, tmp_path: Path) -> None:
    """Once the first is put right, the second is called what it was called before."""
    sources = (tmp_path / "a/x.xml", tmp_path / "b/x.xml")
    for path, data in zip(sources, (b"", CREDIT_NOTE.read_bytes()), strict=True):
        path.parent.mkdir()
        path.write_bytes(data)
    arguments = ("convert", *sources, "--to", "cii", "-o", tmp_path / "out", "--force")
    assert fakturahub(*arguments).status == 1
    assert tree(tmp_path / "out") == ["x-2.cii.xml"]
    second = (tmp_path / "out/x-2.cii.xml").read_bytes()
    sources[0].write_bytes(INVOICE.read_bytes())
    assert fakturahub(*arguments).status == 0
    assert tree(tmp_path / "out") == ["x-2.cii.xml", "x.cii.xml"]
    assert (tmp_path / "out/x-2.cii.xml").read_bytes() == second


def test_an_empty_folder(fakturahub: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = fakturahub("convert", tmp_path / "in", "--to", "cii", "-o", tmp_path / "out", "--report", "-")
    assert done == Done(0, "[]\n", f"0 documents written to {tmp_path}/out.\n")


def test_a_folder_that_cannot_be_made(fakturahub: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = fakturahub("convert", INVOICE, CREDIT_NOTE, "--to", "cii", "-o", tmp_path / "file/out")
    assert done == Done(1, "", f"fakturahub: {tmp_path}/file/out cannot be written: Not a directory.\n")


def test_files_beside_a_document_are_kept_with_it(fakturahub: Run, tmp_path: Path) -> None:
    """In a folder of its own: two invoices may both have an ``invoice.pdf``."""
    second = tmp_path / "second.xml"
    second.write_bytes(ATTACHED.read_bytes())
    out = tmp_path / "out"
    assert (
        fakturahub("convert", ATTACHED, second, INVOICE, "--to", "finvoice-3.0", "--allow-loss", "-o", out).status == 0
    )
    assert tree(out) == [
        f"invoice-with-attachment.finvoice-3.0/{FILE}",
        "invoice-with-attachment.finvoice-3.0/invoice-with-attachment.finvoice-3.0.xml",
        "invoice.finvoice-3.0.xml",
        f"second.finvoice-3.0/{FILE}",
        "second.finvoice-3.0/second.finvoice-3.0.xml",
    ]


def test_a_file_of_several_documents_is_taken_apart(fakturahub: Run, tmp_path: Path) -> None:
    batch, out = tmp_path / "batch.xml", tmp_path / "out"
    other = FINVOICE.read_bytes().replace(b"2026-12<", b"2026-13<")
    batch.write_bytes(FINVOICE.read_bytes() + other)
    done = fakturahub("convert", batch, "--to", "original", "-o", f"{out}/", "--report", "-")
    assert done.status == 0
    assert [(one["document"], one["output"]) for one in json.loads(done.out)] == [
        (1, f"{out}/batch-1.finvoice-3.0.xml"),
        (2, f"{out}/batch-2.finvoice-3.0.xml"),
    ]
    assert formats.recognise((out / "batch-1.finvoice-3.0.xml").read_bytes()).charset == "iso-8859-15"
    assert b"2026-13<" in (out / "batch-2.finvoice-3.0.xml").read_bytes()
    # one bad document in it is told by its number
    batch.write_bytes(FINVOICE.read_bytes() + other.replace(b"<InvoiceNumber>2026-13</InvoiceNumber>", b""))
    done = fakturahub("convert", batch, "--to", "ubl-2.1", "--allow-loss", "-o", f"{out}/")
    assert done.status == 1
    assert f"{batch}, document 2: " in done.err
    assert "batch-1.ubl-2.1.xml" in tree(out)
    assert "batch-2.ubl-2.1.xml" not in tree(out)


def test_an_archive_of_several_documents(fakturahub: Run, tmp_path: Path) -> None:
    """Each gets the files that are its own; a file that is none's has nothing to go with, and is told."""
    members = [
        ("INV1.xml", INVOICE.read_bytes()),
        ("INV2.xml", CREDIT_NOTE.read_bytes()),
        ("INV1.pdf", b"%PDF-1"),
        ("document.xml", b"<Menu/>"),
        ("readme.txt", b"of nobody"),
    ]
    pack = archive_of(tmp_path / "pack.zip", *members)
    out, report = tmp_path / "out", tmp_path / "report.json"
    done = fakturahub("convert", pack, "--to", "cii", "-o", f"{out}/", "--report", report)
    assert done.status == 1
    assert "belong to none of its 2 documents are left out: document.xml, readme.txt." in done.err
    assert tree(out) == ["pack-1.cii.xml", "pack-2.cii.xml"]
    files = formats.attachments((out / "pack-1.cii.xml").read_bytes())
    assert [(one.name, one.content) for one in files] == [("INV1.pdf", b"%PDF-1")]
    left = entries_of(report)[-1]
    assert [loss["value"] for loss in left["not_written"]] == [
        "document.xml (application/xml, 7 bytes)",
        "readme.txt (text/plain, 9 bytes)",
    ]
    assert left["error"]["code"] == "conversion-loss"
    allowed = ("--allow-loss", "--force", "--report", report)
    done = fakturahub("convert", pack, "--to", "cii", "-o", f"{out}/", *allowed)
    assert done.status == 0
    assert "are left out: document.xml, readme.txt." in done.err
    assert list(entries_of(report)[-1]) == ["file", "not_written"]


def test_what_an_archive_holds_goes_nowhere_else(fakturahub: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive_of(tmp_path / "in/pack.zip", ("a.xml", INVOICE.read_bytes()), ("../../evil.pdf", b"%PDF-1"))
    done = fakturahub("convert", tmp_path / "in", "--to", "original", "-o", tmp_path / "out")
    assert done.status == 1
    assert "error code zip-unsafe" in done.err
    assert tree(tmp_path) == ["in/pack.zip"]


def test_the_example_is_a_finvoice_after_its_schema(shared: Path) -> None:
    data = FINVOICE.read_bytes()
    assert formats.recognise(data).charset == "iso-8859-15"
    heading = formats.read_heading(data)
    assert (heading.number, str(heading.payable), heading.buyer.name) == ("2026-12", "1140.00", "Skog & Såg AB")
    schema = etree.XMLSchema(etree.parse(str(shared / "samples/finvoice/Finvoice3.0.xsd")))
    assert schema.validate(etree.fromstring(data)), schema.error_log


def test_what_the_guide_shows(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its other blocks are run with those of all guides."""
    guide = ROOT / "docs" / "how-to" / "convert-a-document.md"
    (shown,) = blocks(guide, "console")
    (making,) = [block for block in blocks(guide, "sh") if "> own.xml" in block.text]
    command, said = shown.text.split("\n", 1)
    (tmp_path / "examples").symlink_to(INVOICE.parent)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-euc", making.text], check=True)
    assert fakturahub(*command.split()[2:]) == Done(1, "", said)


# --- as a process ---------------------------------------------------------------------------------------------------


def test_interrupted_it_leaves_nothing_half_done(tmp_path: Path) -> None:
    sources, out = tmp_path / "in", tmp_path / "out"
    sources.mkdir()
    for number in range(2_000):
        (sources / f"{number}.xml").symlink_to(INVOICE)
    command = [sys.executable, "-m", "fakturahub", "convert", str(sources), "--to", "cii", "-o", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 20
        while not (out.exists() and any(out.iterdir())) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert b"Traceback" not in errors
    written = [path.name for path in out.iterdir()]
    assert 0 < len(written) < 2_000
    assert not [name for name in written if name.startswith(".")]
    assert all((out / name).read_bytes().rstrip().endswith(b"CrossIndustryInvoice>") for name in written)
