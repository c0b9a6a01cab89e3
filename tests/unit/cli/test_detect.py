"""``detect``: what files are, one by one, whatever lies among them."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fakturahub.intake.limits import XML
from tests.running import INVOICE, ROOT
from tests.unit.cli.conftest import Done, Run, parsed

CREDIT_NOTE = ROOT / "examples" / "credit-note.xml"
KEYS = ["file", "syntax", "version", "profile", "charset", "documents", "why"]
PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def listed(done: Done) -> list[dict[str, Any]]:
    found: Any = json.loads(done.out)
    return list(found)


def test_a_document_is_told_to_a_program(fakturahub: Run) -> None:
    (one,) = list(parsed(fakturahub("detect", "--json", INVOICE)))  # type: ignore[call-overload]
    assert list(one) == KEYS
    assert one == {
        "file": str(INVOICE),
        "syntax": "peppol-bis-3",
        "version": "3.0",
        "profile": PEPPOL,
        "charset": "utf-8",
        "documents": 1,
        "why": "UBL Invoice; the customisation begins with that of Peppol BIS Billing 3.",
    }


def test_a_document_is_told_to_a_person(fakturahub: Run) -> None:
    done = fakturahub("detect", INVOICE)
    assert (done.status, done.err) == (0, "")
    heading, line = done.out.splitlines()
    assert heading.split() == ["file", "syntax", "version", "charset", "documents", "why"]
    assert line.split()[:5] == [str(INVOICE), "peppol-bis-3", "3.0", "utf-8", "1"]
    assert "Peppol BIS Billing 3" in line


def test_a_bad_file_does_not_stop_the_others(fakturahub: Run, tmp_path: Path) -> None:
    text, empty, other, gone = (tmp_path / name for name in ("a.txt", "empty.xml", "other.xml", "gone.xml"))
    text.write_bytes(b"Dear Sir or Madam")
    empty.write_bytes(b"")
    other.write_bytes(b'<?xml version="1.0"?><Menu xmlns="urn:kitchen"/>')
    gone.symlink_to("nowhere")
    done = fakturahub("detect", "--json", text, empty, other, tmp_path, CREDIT_NOTE)
    assert done.status == 1
    assert done.err == ""
    rows = listed(done)
    assert [one["file"] for one in rows[:3]] == [str(text), str(empty), str(other)]
    assert rows[-1]["syntax"] == "peppol-bis-3"
    codes = {Path(one["file"]).name: one["error"]["code"] for one in rows[:-1]}
    assert codes == {
        "a.txt": "not-xml",
        "empty.xml": "empty-body",
        "other.xml": "unknown-document",
        "gone.xml": "operator",
    }
    for one in rows[:-1]:
        assert [*KEYS, "error"] == list(one)
        assert (one["syntax"], one["version"], one["profile"], one["charset"], one["documents"]) == (None,) * 4 + (0,)
        assert one["why"] == one["error"]["reason"] != ""
    told = fakturahub("detect", text, empty, CREDIT_NOTE)
    assert told.status == 1
    assert "error code not-xml" in told.out
    assert "error code empty-body" in told.out
    assert "peppol-bis-3" in told.out
    assert told.err == "2 of 3 files were not recognised.\n"


def test_standard_input(fakturahub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, INVOICE.read_bytes())
    done = fakturahub("detect", "--json", "-", CREDIT_NOTE)
    assert [(one["file"], one["syntax"]) for one in listed(done)] == [
        ("-", "peppol-bis-3"),
        (str(CREDIT_NOTE), "peppol-bis-3"),
    ]
    monkeypatch.setattr(sys, "stdin", None)
    closed = fakturahub("detect", "--json", "-")
    assert closed.status == 1
    assert listed(closed)[0]["why"] == "Standard input is closed."


def test_several_documents_in_one_file_and_an_archive(fakturahub: Run, tmp_path: Path) -> None:
    batch, archive = tmp_path / "batch.xml", tmp_path / "pack.zip"
    one = b'<?xml version="1.0" encoding="ISO-8859-15"?>\n<Finvoice Version="3.0"><A>\xe4</A></Finvoice>\n'
    batch.write_bytes(one * 3)
    with zipfile.ZipFile(archive, "w") as made:
        made.write(INVOICE, "INV1.xml")
        made.write(CREDIT_NOTE, "INV2.xml")
        made.writestr("INV1.pdf", b"%PDF")
    first, second = listed(fakturahub("detect", "--json", batch, archive))
    assert (first["syntax"], first["charset"], first["documents"]) == ("finvoice-3.0", "iso-8859-15", 3)
    assert (second["syntax"], second["documents"]) == ("peppol-bis-3", 2)
    assert second["why"].startswith("A ZIP archive of 3 files; in INV1.xml: ")


def test_a_folder_stands_for_its_files(fakturahub: Run, tmp_path: Path) -> None:
    """In the order of their names; nothing hidden, nothing twice through links, nothing that could wait for ever."""
    for name in ("b.xml", "a.xml", ".hidden.xml", "sub/c.xml", ".git/d.xml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(INVOICE.read_bytes())
    (tmp_path / "round").symlink_to(".")
    os.mkfifo(tmp_path / "pipe")
    done = fakturahub("detect", "--json", tmp_path)
    assert done.status == 0
    assert [one["file"] for one in listed(done)] == [str(tmp_path / name) for name in ("a.xml", "b.xml", "sub/c.xml")]


def test_a_folder_with_nothing_in_it(fakturahub: Run, tmp_path: Path) -> None:
    assert fakturahub("detect", tmp_path) == Done(0, "No files.\n", "")
    assert fakturahub("detect", tmp_path, "--json") == Done(0, "[]\n", "")


def test_what_is_too_large_is_not_read_to_its_end(fakturahub: Run) -> None:
    (one,) = listed(fakturahub("detect", "--json", "/dev/zero"))
    assert one["error"]["code"] == "too-large"
    assert f"{XML.bytes:,}" in one["why"]


def test_names_that_are_no_text_and_steer_no_terminal(fakturahub: Run, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[31m\n.xml")
    Path(path).write_bytes(b'<a xmlns="urn:\xc2\x9b31m"/>')
    for name in (path, tmp_path):
        done = fakturahub("detect", name)
        assert done.status == 1
        assert len(done.out.splitlines()) == 2
        assert not {"\x1b", "\x9b"} & set(done.out)
        assert "\N{REPLACEMENT CHARACTER}[31m .xml" in done.out
    (one,) = listed(fakturahub("detect", "--json", path))
    assert one["file"] == f"{tmp_path}/\N{REPLACEMENT CHARACTER}\x1b[31m\n.xml"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "Missing argument"),
        (["nowhere.xml"], "there is no file nowhere.xml"),
        ([INVOICE, "nowhere/nowhere.xml"], "there is no file nowhere/nowhere.xml"),
        (["x" * 5_000], "there is no file xxx"),
        (["-", "-"], "named once only"),
        ([INVOICE, "--xml"], "--xml"),
    ],
)
def test_misuse_ends_with_2_and_looks_at_nothing(fakturahub: Run, arguments: list[object], named: str) -> None:
    done = fakturahub("detect", *arguments)
    assert (done.status, done.out) == (2, "")
    assert named in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "fakturahub", *map(str, arguments)]


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """As ``head`` does. More than a pipe holds is printed."""
    for number in range(400):
        (tmp_path / f"{number}.xml").symlink_to(INVOICE)
    for arguments in (("detect", "--json", tmp_path), ("detect", tmp_path)):
        with subprocess.Popen(program(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.stderr.read() == b""


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_on_terminals_alone(tmp_path: Path, terminal: bool) -> None:
    read, write = pty.openpty() if terminal else os.pipe()
    done = subprocess.run(
        program("detect", "--json", INVOICE, CREDIT_NOTE),
        stdout=subprocess.PIPE,
        stderr=write,
        env={**os.environ, "TERM": "xterm"},
        check=True,
    )
    os.close(write) if not terminal else None
    shown = os.read(read, 10_000)
    os.close(read)
    assert len(json.loads(done.stdout)) == 2
    assert (b"Looking" in shown and b"100%" in shown) == terminal
    assert terminal or shown == b""
