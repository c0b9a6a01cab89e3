"""``validate``: thousands of files in one call, each with its verdict, and an exit code that can be trusted."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from fakturahub import validating
from fakturahub.exchange.rulebook import BUNDLED
from fakturahub.rules import engine
from tests.rules import small
from tests.running import INVOICE, ROOT
from tests.unit.cli.conftest import Done, Run, parsed

Where = tuple[str, str, str, str]
WRONG_SUM = re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>1.00", INVOICE.read_bytes())
FINVOICE = ROOT / "examples" / "finvoice.xml"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in a folder where somebody has a hub."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of files: good, bad, of another kind, unreadable."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "bad.xml").write_bytes(WRONG_SUM)
    (folder / "good.xml").write_bytes(INVOICE.read_bytes())
    (folder / "other.xml").write_bytes(FINVOICE.read_bytes())
    (folder / "sub" / "cut.xml").write_bytes(INVOICE.read_bytes()[:3_000])
    (folder / ".hidden.xml").write_bytes(b"x")
    return folder


def archive_of(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return path


def reports(done: Done) -> dict[str, dict[str, Any]]:
    return {Path(one["file"]).name: one for one in json.loads(done.out)}


# --- what is said ---------------------------------------------------------------------------------------------------


def test_a_valid_file(fakturahub: Run) -> None:
    done = fakturahub("validate", INVOICE)
    assert (done.status, done.out, done.err) == (0, f"{INVOICE}: valid; {BUNDLED} (979 rules)\n", "")


def test_a_file_that_is_not_valid(fakturahub: Run, files: Path) -> None:
    done = fakturahub("validate", files / "bad.xml")
    assert done.status == 1
    first, *findings = done.out.splitlines()
    assert first == f"{files}/bad.xml: NOT VALID; {BUNDLED} (979 rules)"
    assert re.fullmatch(r" +fatal +BR-CO-15 +line \d+ +/.*Invoice.*", findings[0])
    assert "[BR-CO-15]" in findings[1]
    assert "The total with VAT (BT-112)" in findings[2], "our own words"
    told = fakturahub("validate", files / "bad.xml", "--language", "fi").out.splitlines()
    assert told[:3] == done.out.splitlines()[:3]
    assert told[3] != findings[2]
    assert "BT-112" in told[3]


def test_for_a_program(fakturahub: Run, files: Path) -> None:
    done = fakturahub("validate", files, "--json")
    assert (done.status, done.err) == (1, "")
    found = reports(done)
    assert [Path(one["file"]).name for one in json.loads(done.out)] == ["bad.xml", "good.xml", "other.xml", "cut.xml"]
    assert {name: one["valid"] for name, one in found.items()} == {
        "bad.xml": False,
        "good.xml": True,
        "other.xml": None,
        "cut.xml": False,
    }
    for one in found.values():
        assert {"file", "valid", "profile", "packs", "findings"} <= set(one)
        for finding in one["findings"]:
            assert {"rule", "severity", "pack", "path", "line", "message"} <= set(finding)
    assert found["good.xml"]["packs"] == [{"name": BUNDLED, "version": "1.3.16", "rules": 979}]
    assert found["good.xml"]["profile"].startswith("urn:cen.eu:en16931:2017#compliant#")
    assert found["bad.xml"]["findings"][0]["severity"] == "fatal"
    assert found["bad.xml"]["findings"][0]["pack"] == BUNDLED
    assert found["other.xml"]["packs"] == []
    assert found["cut.xml"]["findings"][0]["rule"] == "xml-not-well-formed"


def test_for_a_person(fakturahub: Run, files: Path) -> None:
    done = fakturahub("validate", files)
    assert done.status == 1
    verdicts = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert [line.split(": ", 1)[1].partition(";")[0] for line in verdicts] == [
        "NOT VALID",
        "valid",
        "not checked",
        "NOT VALID",
    ]
    assert done.err == "4 files: 1 valid, 2 not valid, 1 not checked.\n"


def test_in_svrl(fakturahub: Run, files: Path) -> None:
    done = fakturahub("validate", files / "bad.xml", "--svrl")
    assert done.status == 1
    root = etree.fromstring(done.out.encode())
    assert (root.tag, root.get("title")) == (f"{SVRL}schematron-output", f"{files}/bad.xml")
    failed = root.find(f"{SVRL}failed-assert")
    assert failed is not None
    assert failed.get("id") == "BR-CO-15"
    assert "every $Currency" in str(failed.get("test"))
    many = etree.fromstring(fakturahub("validate", files, "--svrl").out.encode())
    assert [Path(str(one.get("title"))).name for one in many] == ["bad.xml", "good.xml", "other.xml", "cut.xml"]
    unread = many[3].find(f"{SVRL}failed-assert")
    assert unread is not None
    assert unread.get("id") == "xml-not-well-formed"


def test_standard_input(fakturahub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for jobs in ("1", "2"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG_SUM)))
        done = fakturahub("validate", "--json", "-", INVOICE, INVOICE, INVOICE, "--jobs", jobs)
        assert [one["valid"] for one in json.loads(done.out)] == [False, True, True, True]
        assert json.loads(done.out)[0]["file"] == "-"


# --- exit codes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["good.xml"], 0),
        (["good.xml", "good.xml"], 0),
        (["bad.xml"], 1),
        (["good.xml", "bad.xml"], 1),
        (["other.xml"], 1),
        (["good.xml", "other.xml"], 1),
        (["sub/cut.xml"], 1),
        (["nowhere.xml"], 2),
    ],
)
def test_only_what_is_valid_throughout_ends_with_0(fakturahub: Run, files: Path, names: list[str], status: int) -> None:
    for form in ((), ("--json",), ("--svrl",)):
        assert fakturahub("validate", *(files / name for name in names), *form).status == status


def test_nothing_is_not_valid(fakturahub: Run, tmp_path: Path) -> None:
    """A pipeline that names the wrong folder is not told that all is well."""
    assert fakturahub("validate", tmp_path) == Done(1, "No files.\n", "")
    assert fakturahub("validate", tmp_path, "--json") == Done(1, "[]\n", "")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "Missing argument"),
        (["nowhere.xml"], "there is no file nowhere.xml"),
        (["-", "-"], "named once only"),
        ([INVOICE, "--json", "--svrl"], "one or the other"),
        ([INVOICE, "--pack", "nothing-1.0"], f"there are: {BUNDLED}"),
        ([INVOICE, "--pack", BUNDLED, "--next"], "exactly those packs"),
        ([INVOICE, "--language", "tlh"], "en, fi, sv, nb, da"),
        ([INVOICE, "--jobs", "0"], "--jobs"),
    ],
)
def test_misuse_ends_with_2(fakturahub: Run, arguments: list[object], named: str) -> None:
    done = fakturahub("validate", *arguments)
    assert (done.status, done.out) == (2, "")
    assert named in " ".join(done.err.replace("│", " ").split())


# --- which packs ----------------------------------------------------------------------------------------------------


def test_exactly_the_packs_that_are_named(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    """On anything, whatever it claims to be."""
    pack, bill, good = tmp_path / "town.sch", tmp_path / "bill.xml", tmp_path / "good.xml"
    pack.write_bytes(small.schema())
    bill.write_bytes(small.BAD)
    good.write_bytes(small.GOOD)
    assert fakturahub("rules", "install", pack, "--name", "town-1.0", *empty).status == 0
    done = fakturahub("validate", bill, good, INVOICE, "--pack", "town-1.0", "--json", *empty)
    found = reports(done)
    assert [one["valid"] for one in found.values()] == [False, True, None]
    assert [(one["rule"], one["severity"]) for one in found["bill.xml"]["findings"]] == [
        ("TOWN-1", "fatal"),
        ("TOWN-2", "warning"),
    ]
    assert fakturahub("validate", good, "--pack", "town-1.0", *empty).status == 0
    both = fakturahub("validate", INVOICE, "--pack", "town-1.0", "--pack", BUNDLED, "--json", *empty)
    assert [one["name"] for one in reports(both)["invoice.xml"]["packs"]] == [BUNDLED]


def test_the_packs_of_a_hub_and_the_next_ones(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    """Would it still pass on the next version?"""
    pack = tmp_path / "next.sch"
    root = '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">'
    rule = '<rule context="/u:Invoice"><assert id="NEXT-1" test="false()">Nothing passes.</assert></rule>'
    namespace = '<ns prefix="u" uri="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    pack.write_text(f"{root}{namespace}<pattern>{rule}</pattern></schema>")
    done = fakturahub(
        "rules", "install", pack, "--name", "en16931-2.0", "--profile", "en16931", "--valid-from", "2999-01-01", *empty
    )
    assert done.status == 0, done
    now = fakturahub("validate", INVOICE, *empty)
    assert (now.status, now.out) == (0, f"{INVOICE}: valid; {BUNDLED} (979 rules)\n")
    then = fakturahub("validate", INVOICE, "--next", *empty)
    assert then.status == 1
    assert f"{INVOICE}: NOT VALID; en16931-2.0 (1 rules)" in then.out


def test_a_folder_that_is_no_hubs(fakturahub: Run, tmp_path: Path) -> None:
    done = fakturahub("validate", INVOICE, "--data", tmp_path / "missing")
    assert (done.status, done.out) == (1, "")
    assert "is no data folder of a hub" in done.err


# --- many files -----------------------------------------------------------------------------------------------------


def test_in_parallel_as_one_by_one(fakturahub: Run, files: Path) -> None:
    """The same answers in the same order, however many processes work on them."""
    many = [files / name for name in ("bad.xml", "good.xml", "other.xml", "sub/cut.xml")] * 25
    alone = fakturahub("validate", *many, "--json", "--jobs", "1")
    for jobs in ("2", "5"):
        assert fakturahub("validate", *many, "--json", "--jobs", jobs) == alone
    assert len(json.loads(alone.out)) == 100
    for form in ((), ("--svrl",)):
        ones = [fakturahub("validate", *many, *form, "--jobs", jobs) for jobs in ("1", "3")]
        assert ones[0] == ones[1]


def test_archives_and_files_of_several_documents_are_taken_apart(fakturahub: Run, tmp_path: Path) -> None:
    batch, pack, one = tmp_path / "batch.xml", tmp_path / "pack.zip", tmp_path / "one.zip"
    batch.write_bytes(FINVOICE.read_bytes() * 2)
    members = [
        ("good.xml", INVOICE.read_bytes()),
        ("sub/bad.xml", WRONG_SUM),
        ("both.xml", FINVOICE.read_bytes() * 2),
        ("menu.xml", b"<Menu/>"),
        ("readme.txt", b"of nobody"),
    ]
    archive_of(pack, *members)
    archive_of(one, members[0], ("good.pdf", b"%PDF-1"))
    done = fakturahub("validate", tmp_path, "--json")
    assert done.status == 1
    found = {one["file"].removeprefix(f"{tmp_path}/"): one for one in json.loads(done.out)}
    assert {name: one["valid"] for name, one in found.items()} == {
        "batch.xml, document 1": None,
        "batch.xml, document 2": None,
        "one.zip": True,
        "pack.zip/good.xml": True,
        "pack.zip/bad.xml": False,
        "pack.zip/both.xml, document 1": None,
        "pack.zip/both.xml, document 2": None,
        "pack.zip/menu.xml": False,
    }
    assert [one["rule"] for one in found["pack.zip/menu.xml"]["findings"]] == ["unknown-document"]
    assert [one["rule"] for one in found["pack.zip/bad.xml"]["findings"]] == ["BR-CO-15", "BR-CO-16"]
    assert fakturahub("validate", *[tmp_path] * 3, "--json", "--jobs", "2").out == (
        fakturahub("validate", *[tmp_path] * 3, "--json", "--jobs", "1").out
    )
    assert fakturahub("validate", tmp_path).err == "8 documents in 3 files: 2 valid, 2 not valid, 4 not checked.\n"
    assert fakturahub("validate", one).status == 0
    svrl = etree.fromstring(fakturahub("validate", pack, "--svrl").out.encode())
    assert [each.get("title") for each in svrl] == [str(pack) + name for name in _IN_PACK]
    assert etree.fromstring(fakturahub("validate", one, "--svrl").out.encode()).tag == f"{SVRL}schematron-output"


_IN_PACK = ("/good.xml", "/bad.xml", "/both.xml, document 1", "/both.xml, document 2", "/menu.xml")


def test_with_packs_all_xml_of_an_archive_is_checked(fakturahub: Run, tmp_path: Path) -> None:
    pack, batch = tmp_path / "pack.zip", tmp_path / "batch.xml"
    archive_of(pack, ("good.xml", INVOICE.read_bytes()), ("menu.xml", b"<Menu/>"), ("a.txt", b"of nobody"))
    done = fakturahub("validate", pack, "--pack", BUNDLED, "--json")
    assert [(one["file"], one["valid"]) for one in json.loads(done.out)] == [
        (f"{pack}/good.xml", True),
        (f"{pack}/menu.xml", None),
    ]
    archive_of(batch, ("a.txt", b"of nobody"))
    done = fakturahub("validate", batch, "--pack", BUNDLED, "--json")
    assert [one["findings"][0]["rule"] for one in json.loads(done.out)] == ["unknown-document"]
    archive_of(batch, ("../evil.xml", INVOICE.read_bytes()))
    done = fakturahub("validate", batch, "--json")
    assert [one["findings"][0]["rule"] for one in json.loads(done.out)] == ["zip-unsafe"]


def test_a_process_that_dies_is_told(fakturahub: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validating, "validate", lambda *_, **__: os._exit(9))
    done = fakturahub("validate", *[files / "good.xml"] * 20, "--jobs", "2")
    assert done.status == 1
    assert "died" in done.err
    assert "Traceback" not in done.err


def test_a_defect_of_the_engine_is_not_valid(fakturahub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError

    fakturahub("validate", INVOICE)
    monkeypatch.setattr(engine, "check", defect)
    done = fakturahub("validate", INVOICE, "--json")
    assert done.status == 1
    (one,) = json.loads(done.out)
    assert (one["valid"], one["findings"][0]["rule"]) == (False, "rules-failed")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_on_terminals_alone(tmp_path: Path, terminal: bool) -> None:
    read, write = pty.openpty() if terminal else os.pipe()
    done = subprocess.run(
        [sys.executable, "-m", "fakturahub", "validate", "--json", *[str(INVOICE)] * 10],
        stdout=subprocess.PIPE,
        stderr=write,
        env={**os.environ, "TERM": "xterm"},
        check=True,
    )
    os.close(write) if not terminal else None
    shown = os.read(read, 100_000)
    os.close(read)
    assert len(json.loads(done.stdout)) == 10
    assert (b"Validating" in shown and b"100%" in shown) == terminal
    assert terminal or shown == b""


def test_json_is_what_the_reference_says(fakturahub: Run) -> None:
    (one,) = parsed(fakturahub("validate", INVOICE, "--json"))  # type: ignore[misc]
    assert list(one) == ["file", "valid", "profile", "packs", "findings"]
