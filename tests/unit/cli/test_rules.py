"""``rules``: packs from their authority to the hub and out again, as a person at the command line sees it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from fakturahub.exchange import packs
from fakturahub.exchange.rulebook import BUNDLED, bundled_source
from tests.rules import small
from tests.unit.cli.conftest import Run, parsed

Where = tuple[str, str, str, str]
NAME = "town-1.0"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    file = tmp_path / "town.sch"
    file.write_bytes(small.schema())
    return file


def words(text: str) -> str:
    return " ".join(text.split())


def listed(fakturahub: Run, where: Where) -> dict[str, dict[str, Any]]:
    found: Any = parsed(fakturahub("rules", "list", "--json", *where))
    return {one["name"]: one for one in found}


@pytest.fixture
def ready(fakturahub: Run, empty: Where, pack: Path) -> Where:
    """A hub with the small pack."""
    assert fakturahub("rules", "install", pack, "--name", NAME, *empty).status == 0
    return empty


def test_a_fresh_machine_shows_its_rules(fakturahub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And makes no data folder for it."""
    monkeypatch.chdir(tmp_path)
    (ours,) = parsed(fakturahub("rules", "list", "--json"))  # type: ignore[misc]
    assert ours["name"] == BUNDLED
    assert (ours["version"], ours["profile"], ours["valid_from"]) == ("1.3.16", "en16931", None)
    assert (ours["rules"], ours["usable"], ours["bundled"], ours["standing"]) == (979, True, True, "in use")
    assert sum(ours["severities"].values()) == 979
    shown = fakturahub("rules", "show", BUNDLED)
    assert (shown.status, shown.err) == (0, "")
    assert "comes with the program" in shown.out
    assert "EN16931-UBL-validation.xslt" in shown.out
    assert not list(tmp_path.iterdir())


def test_installed_used_and_removed(fakturahub: Run, empty: Where, pack: Path, tmp_path: Path) -> None:
    done = fakturahub("rules", "install", pack, "--name", NAME, *empty)
    assert done.status == 0, done
    assert done.out.startswith(f"Installed {NAME}.\n")
    for said in ("profile none: it runs where it is named", "rules 2: 1 fatal, 1 warning", "documents Bill"):
        assert said in words(done.out)
    assert (tmp_path / "data" / "cache").is_dir(), "what was compiled is kept"
    facts = listed(fakturahub, empty)
    assert list(facts) == [BUNDLED, NAME]
    assert facts[NAME]["standing"] == "where it is named"
    table = fakturahub("rules", "list", *empty).out.splitlines()
    assert [line.split()[0] for line in table] == ["name", BUNDLED, NAME]

    again = fakturahub("rules", "install", pack, "--name", NAME, *empty)
    assert (again.status, again.out.splitlines()[0]) == (
        0,
        f"Nothing changed: {NAME} is installed with these very bytes.",
    )
    removed = fakturahub("rules", "remove", NAME, *empty)
    assert (removed.status, removed.out) == (0, f"Removed {NAME}.\nIt ran only where it was named.\n")
    assert list(listed(fakturahub, empty)) == [BUNDLED]
    gone = fakturahub("rules", "remove", NAME, *empty)
    assert gone.status == 1
    assert "no installed rule pack" in gone.err


def test_a_new_data_folder_is_made(fakturahub: Run, database: str, pack: Path, tmp_path: Path) -> None:
    where = ("--data", tmp_path / "new", "--database", database)
    assert fakturahub("rules", "install", pack, "--name", NAME, *where).status == 0
    assert fakturahub("rules", "show", NAME, *where).status == 0


def test_as_a_folder_and_as_an_archive(fakturahub: Run, empty: Where, pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "town.sch").write_bytes(small.schema())
    (folder / "LICENSE.txt").write_text("Do as you like.")
    with zipfile.ZipFile(tmp_path / "town.zip", "w") as archive:
        archive.write(folder / "town.sch", "town-1.0/town.sch")
    for place in (pack, folder, tmp_path / "town.zip"):
        done: Any = parsed(fakturahub("rules", "install", place, "--name", NAME, "--json", *empty))
        assert done["deed"] == ("installed" if place == pack else "unchanged")


def test_two_versions_side_by_side(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    """Which of them counts is told where it is installed, listed and removed."""
    for version, said, said_of_it in (
        ("1", ("--profile", "en16931"), "in use"),
        ("2", ("--profile", "en16931", "--valid-from", "2999-12-31"), "from 2999-12-31"),
        ("3", ("--profile", "en16931", "--valid-from", "2020-01-01"), "in use"),
    ):
        file = tmp_path / "town.sch"
        file.write_bytes(small.schema(message=f"Version {version}."))
        done = fakturahub("rules", "install", file, "--name", f"town-{version}", *said, *empty)
        assert f"standing {said_of_it}" in words(done.out)
    facts = listed(fakturahub, empty)
    assert facts["town-1"]["standing"] == "not used: town-3 takes its place"
    assert facts["town-3"]["valid_from"] == "2020-01-01"
    done = fakturahub("rules", "remove", "town-3", *empty)
    assert "Bill of en16931: now checked with town-1." in done.out
    fakturahub("rules", "remove", "town-1", *empty)
    done = fakturahub("rules", "remove", "town-2", *empty)
    assert "Bill of en16931: no longer checked by a pack of this profile." in done.out


def test_another_date_for_the_same_bytes(fakturahub: Run, ready: Where, pack: Path) -> None:
    done = fakturahub("rules", "install", pack, "--name", NAME, "--valid-from", "2027-01-01", *ready)
    assert done.out.startswith(f"{NAME} was installed with these very bytes; changed: valid from: 2027-01-01, was any")
    assert listed(fakturahub, ready)[NAME]["valid_from"] == "2027-01-01"


def test_other_bytes_are_refused(fakturahub: Run, ready: Where, pack: Path) -> None:
    pack.write_bytes(small.schema(message="Another one."))
    done = fakturahub("rules", "install", pack, "--name", NAME, *ready)
    assert (done.status, done.out) == (1, "")
    assert "installed with other bytes" in done.err
    assert "--name town-1.0.1" in done.err


def test_every_reason_is_told(fakturahub: Run, empty: Where, pack: Path) -> None:
    """With file, line and expression, in lines that steer no terminal."""
    rule = '<assert id="{0}" test="{1}">.</assert>'
    wrong = "".join(rule.format(f"W-{number}", f"doc(&#x9b;31m{number})") for number in range(60))
    pack.write_bytes(small.schema().replace(b'<assert id="TOWN-1"', wrong.encode() + b'<assert id="TOWN-1"'))
    done = fakturahub("rules", "install", pack, "--name", NAME, *empty)
    assert (done.status, done.out) == (1, "")
    first, *reasons, more, what = done.err.splitlines()
    assert "was refused" in first
    assert len(reasons) == 40
    assert all("town.sch:6" in reason for reason in reasons)
    assert "and 20 more" in more
    assert "error code pack-refused" in what
    assert "\x9b" not in done.err
    assert list(listed(fakturahub, empty)) == [BUNDLED]


def test_a_control_document_must_fail(fakturahub: Run, empty: Where, pack: Path, tmp_path: Path) -> None:
    pack.write_bytes(small.schema(test="not(u:Wrong)"))
    done = fakturahub("rules", "install", pack, "--name", NAME, *empty)
    assert done.status == 1
    assert "an empty Bill must fail and does not" in done.err
    assert "--control FILE" in done.err
    control = tmp_path / "control.xml"
    control.write_bytes(b'<Bill xmlns="urn:town"><Wrong/></Bill>')
    assert fakturahub("rules", "install", pack, "--name", NAME, "--control", control, *empty).status == 0
    assert "a document of its own" in fakturahub("rules", "show", NAME, *empty).out
    control.write_bytes(b" " * (packs.CONTROL + 1))
    done = fakturahub("rules", "install", pack, "--name", NAME, "--control", control, *empty)
    assert done.status == 1
    assert "1,048,576 bytes" in done.err


def test_all_about_a_pack(fakturahub: Run, ready: Where) -> None:
    found: Any = parsed(fakturahub("rules", "show", NAME, "--json", *ready))
    assert found["files"] == [{"name": "town.sch", "bytes": len(small.schema())}]
    assert found["roots"] == ["{urn:town}Bill"]
    assert found["control"] == "an empty root of each kind, with its parts where no rule is about it"
    assert " by " in found["installed"]
    assert found["digest"] in fakturahub("rules", "show", NAME, *ready).out


@pytest.mark.parametrize("asked", ["TOWN-2", "town-2"])
def test_what_a_rule_asks(fakturahub: Run, ready: Where, asked: str) -> None:
    found: Any = parsed(fakturahub("rules", "show", asked, "--json", *ready))
    assert found == {
        "explanation": None,
        "rules": [
            {
                "rule": "TOWN-2",
                "pack": NAME,
                "severity": "warning",
                "kind": "assert",
                "context": "/u:Bill",
                "test": "u:Sum",
                "message": "The sum of {name()} is missing.",
                "file": "town.sch",
                "line": 7,
            }
        ],
    }


@pytest.mark.parametrize(("language", "word"), [("en", "total with VAT"), ("fi", "BT-112"), ("sv-FI", "BT-112")])
def test_a_rule_in_the_readers_language(fakturahub: Run, ready: Where, language: str, word: str) -> None:
    done = fakturahub("rules", "show", "BR-CO-15", "--language", language, *ready)
    assert done.status == 0
    assert word in done.out.partition("explanation")[2]


def test_what_there_is_nothing_of(fakturahub: Run, ready: Where) -> None:
    done = fakturahub("rules", "show", "TOWN-3", *ready)
    assert (done.status, done.out) == (1, "")
    assert "There is: " in done.err
    assert "TOWN-2" in done.err


def test_ours_stays(fakturahub: Run, empty: Where, tmp_path: Path) -> None:
    done = fakturahub("rules", "remove", BUNDLED, *empty)
    assert done.status == 1
    assert "comes with the program" in done.err
    file = tmp_path / "EN16931-UBL-validation.xslt"
    (data,) = bundled_source().values()
    file.write_bytes(data)
    assert fakturahub("rules", "install", file, "--name", BUNDLED, *empty).out.startswith("Nothing changed")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["rules", "install"], "Missing argument"),
        (["rules", "install", "{pack}"], "--name"),
        (["rules", "install", "nowhere.sch", "--name", "a"], "no file or folder nowhere.sch"),
        (["rules", "install", "{pack}", "--name", "a/b"], "letters, digits"),
        (["rules", "install", "{pack}", "--name", "x" * 101], "letters, digits"),
        (["rules", "install", "{pack}", "--name", "a", "--profile", "pepol-bis-3"], "peppol-bis-3"),
        (["rules", "install", "{pack}", "--name", "a", "--valid-from", "tomorrow"], "%Y-%m-%d"),
        (["rules", "show"], "Missing argument"),
        (["rules", "show", "BR-01", "--language", "tlh"], "en, fi, sv, nb, da"),
        (["rules", "remove"], "Missing argument"),
        (["rules", "mend"], "mend"),
    ],
)
def test_misuse_ends_with_2_and_touches_nothing(
    fakturahub: Run, pack: Path, tmp_path: Path, arguments: list[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = fakturahub(*(one.format(pack=pack) for one in arguments))
    assert (done.status, done.out) == (2, "")
    assert named in words(done.err.replace("│", " "))
    assert list(tmp_path.iterdir()) == [pack]


def test_a_folder_that_is_no_hubs(fakturahub: Run, tmp_path: Path) -> None:
    """A folder that was named and is none is a mistake, not a reason to use other rules."""
    for command in (["list"], ["show", "BR-01"], ["remove", "a"]):
        done = fakturahub("rules", *command, "--data", tmp_path / "missing")
        assert (done.status, done.out) == (1, "")
        assert "is no data folder of a hub" in done.err
    (tmp_path / "keys").mkdir()
    done = fakturahub("rules", "list", "--data", tmp_path)
    assert done.status == 1
    assert "name it with --database" in done.err
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]
