"""Applying a provisioning file from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import COMPANIES
from tests.unit.cli.conftest import Run, parsed

Where = tuple[str, str, str, str]

SKOG = """\
[outbound]
trusted_networks = ["10.0.0.0/8"]

[[company]]
key = "skog"
name = "Skog AB"
country = "SE"
business_id = "556161-8033"
addresses = ["0007:5561618033"]
language = "sv"
contracts = ["send"]
  [company.pagero]
  username = "skog"
  password = "skog-password"
"""
VIRTA = """
[[company]]
key = "virta"
name = "Virta Oy"
country = "FI"
business_id = "2790131-9"
contracts = ["receive"]
"""
TWO = SKOG + VIRTA


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "companies.toml"
    path.write_text(TWO)
    return path


def test_applied_twice_nothing_changes(fakturahub: Run, empty: Where) -> None:
    first = fakturahub("apply", COMPANIES, *empty)
    assert first.status == 0
    assert [line.split() for line in first.out.splitlines()] == [
        ["created", "company", "skog"],
        ["created", "company", "virta"],
        ["created", "outbound"],
    ]
    second = fakturahub("apply", COMPANIES, *empty)
    assert (second.status, second.out) == (0, "Nothing changed; 3 tables are as the file says.\n")


def test_what_was_done_can_be_read_by_a_program(fakturahub: Run, empty: Where, file: Path) -> None:
    report: Any = parsed(fakturahub("apply", "--json", file, *empty))
    created = ["company skog", "company virta", "outbound"]
    assert report == {"created": created, "changed": [], "unchanged": [], "kept": []}
    file.write_text(SKOG.replace("Skog AB", "Skog & Co").replace("skog-password", "another"))
    report = parsed(fakturahub("apply", "--json", file, *empty))
    assert report == {
        "created": [],
        "changed": ["company skog: name, pagero.password"],
        "unchanged": ["outbound"],
        "kept": ["company virta"],
    }


def test_what_vanished_from_the_file_is_reported_and_stays(fakturahub: Run, empty: Where, file: Path) -> None:
    fakturahub("apply", file, *empty)
    file.write_text(SKOG.replace('language = "sv"\n', "").replace('  password = "skog-password"\n', ""))
    done = fakturahub("apply", file, *empty)
    assert done.status == 1, "a user name wants its password"
    file.write_text(SKOG.replace('language = "sv"\n', ""))
    done = fakturahub("apply", file, *empty)
    assert done.status == 0
    assert "company virta: no longer in the file; what is stored stays" in done.out
    assert "company skog: language: no longer in the file; what is stored stays" in done.out
    assert "Nothing changed; 2 tables are as the file says." in done.out


def test_every_fault_is_told_with_its_line_and_nothing_is_applied(fakturahub: Run, empty: Where, file: Path) -> None:
    file.write_text(
        TWO.replace('country = "SE"', 'country = "Sweden"')
        .replace('language = "sv"', 'langauge = "sv"')
        .replace('password = "skog-password"', "password = 17")
        .replace('contracts = ["receive"]', 'contracts = ["collect"]')
    )
    done = fakturahub("apply", file, *empty)
    assert (done.status, done.out) == (1, "")
    lines = done.err.splitlines()
    assert lines[0] == f"fakturahub: {file} was not applied:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["line 7", "line 10", "line 14", "line 21"]
    for words in ("country", "langauge", "did you mean `language`", "pagero.password", "contracts"):
        assert words in done.err
    assert "Traceback" not in done.err
    assert fakturahub("doctor", *empty).out.count("no company is known") == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[[company]\n", "line 1"),
        (b"name = \xff", "it is not UTF-8: byte 7"),
        (None, "it cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_none_is_told(
    fakturahub: Run, empty: Where, tmp_path: Path, content: bytes | None, fault: str
) -> None:
    path = tmp_path / "broken.toml"
    if content is not None:
        path.write_bytes(content)
    done = fakturahub("apply", path, *empty)
    assert done.status == 1
    assert fault in done.err
    assert "Traceback" not in done.err


def test_an_address_of_a_company_that_is_not_in_the_file_cannot_be_taken(
    fakturahub: Run, empty: Where, file: Path
) -> None:
    fakturahub("apply", file, *empty)
    file.write_text(TWO.replace('key = "skog"', 'key = "thief"').replace('key = "virta"', 'key = "other"'))
    done = fakturahub("apply", file, *empty)
    assert done.status == 1
    assert "company thief: address 0007:5561618033 belongs to company skog already" in done.err
    assert "company thief: pagero name skog belongs to company skog already" in done.err
    listed = fakturahub("apply", "--json", COMPANIES, *empty)
    assert "thief" not in listed.out, "nothing of it was applied"


def test_another_master_key_is_refused(
    fakturahub: Run, empty: Where, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKTURAHUB_MASTER_KEY", "00" * 32)
    assert fakturahub("apply", file, *empty).status == 0
    monkeypatch.setenv("FAKTURAHUB_MASTER_KEY", "11" * 32)
    done = fakturahub("apply", file, *empty)
    assert done.status == 1
    assert "sealed with another master key" in done.err
    assert "Give the hub the master key" in done.err
    assert "11" * 32 not in done.err
