"""Help a person can follow, and exit codes that mean something."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from fakturahub import __version__, cli
from tests.unit.cli.conftest import Filled, Run

GROUP: Any = typer.main.get_command(cli.app)


def commands_of(group: Any, above: str = "") -> dict[str, Any]:
    """Every command by its words, those of a group of commands, too."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands_of(command, f"{above}{name} ")
        elif not command.hidden:
            found[f"{above}{name}"] = command
    return found


COMMANDS = commands_of(GROUP)


def plain(text: str) -> str:
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


def test_the_commands_are_those_of_the_house() -> None:
    assert set(COMMANDS) == {
        "serve",
        "signing-keys",
        "apply",
        "documents",
        "document",
        "deliveries",
        "redeliver",
        "payload",
        "registrations",
        "clients",
        "sheet",
        "doctor",
        "detect",
        "convert",
        "validate",
        "rules install",
        "rules list",
        "rules show",
        "rules remove",
        "render",
        "credits",
        "cancel",
        "hold",
        "release",
        "withdraw",
        "resend",
        "targets",
    }


def test_help_names_every_command_and_what_it_is_for(fakturahub: Run) -> None:
    done = fakturahub("--help")
    assert done.status == 0
    text = plain(done.out)
    rules = plain(fakturahub("rules", "--help").out)
    for name, command in COMMANDS.items():
        shown = rules if name.startswith("rules ") else text
        assert name.split()[-1] in shown
        assert (command.help or "").split(".")[0] in shown
    assert plain(GROUP.commands["rules"].help or "?") in text
    assert not re.search(r"\bnode\b", text), "what serve starts is not for people"
    assert "fakturahub serve" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_explains_all_that_it_takes(fakturahub: Run, name: str) -> None:
    done = fakturahub(*name.split(), "--help")
    assert done.status == 0
    text = plain(done.out)
    command = COMMANDS[name]
    assert plain(command.help or "?") in text
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, parameter.name
            assert parameter.help.endswith("."), parameter.name
            assert all(option in text for option in parameter.opts), parameter.opts
        explained = plain(getattr(parameter, "help", None) or "?")
        assert explained in text, parameter.name
    if name in ("detect", "convert", "render"):  # they work on files and need no hub
        return
    assert {"--data", "--database"} <= {option for one in command.params for option in one.opts}
    assert "FAKTURAHUB_DATA" in text
    assert "FAKTURAHUB_DATABASE" in text


@pytest.mark.parametrize("name", ["documents", "document", "deliveries", "apply", "doctor", "rules list", "rules show"])
def test_what_a_program_would_read_can_be_had_as_json(name: str) -> None:
    assert "--json" in {option for one in COMMANDS[name].params for option in one.opts}


def test_the_version_is_told(fakturahub: Run) -> None:
    done = fakturahub("--version")
    assert (done.status, done.out) == (0, f"fakturahub {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["documents", "--limit", "0"], "--limit"),
        (["documents", "--limit", "1001"], "--limit"),
        (["documents", "--limit", "many"], "--limit"),
        (["documents", "--state", "delivered"], "unroutable"),
        (["documents", "--before", "yesterday"], "--before"),
        (["deliveries", "--state", "lost"], "retrying"),
        (["document"], "Missing argument"),
        (["document", "17"], "UUID"),
        (["redeliver", "17"], "UUID"),
        (["payload", "--output"], "--output"),
        (["apply"], "Missing argument"),
        (["documents", "--colour"], "--colour"),
        (["serve", "--port", "65536"], "--port"),
        (["serve", "--processes", "0"], "--processes"),
        (["invoices"], "invoices"),
        (["--colour"], "--colour"),
    ],
)
def test_misuse_ends_with_2_and_says_what_was_wrong(fakturahub: Run, arguments: list[str], named: str) -> None:
    done = fakturahub(*arguments)
    assert (done.status, done.out) == (2, "")
    assert named in done.err
    assert "Traceback" not in done.err


def test_what_was_not_meant_touches_no_data(fakturahub: Run, tmp_path: object) -> None:
    missing = f"{tmp_path}/missing"
    for command in (["documents"], ["document", "0" * 32], ["deliveries"], ["redeliver", "0" * 32]):
        done = fakturahub(*command, "--data", missing)
        assert done.status == 1
        assert f"{missing} is no data folder of a hub" in done.err
        assert "Traceback" not in done.err
    assert not tmp_path.joinpath("missing").exists()  # type: ignore[attr-defined]


def test_an_unknown_id_ends_with_1(fakturahub: Run, filled: Filled) -> None:
    unknown = "01234567-89ab-7def-8123-456789abcdef"
    for command in ("document", "payload", "redeliver"):
        done = fakturahub(command, unknown, *filled.where)
        assert (done.status, done.out) == (1, "")
        assert unknown in done.err
        assert "error code not-found" in done.err


def test_a_database_that_is_not_there_ends_with_1(fakturahub: Run, filled: Filled) -> None:
    where = ("--data", filled.data, "--database", "postgresql://somebody:hush-hush@127.0.0.1:1/none")
    done = fakturahub("documents", *where)
    assert done.status == 1
    assert "database" in done.err
    assert "hush-hush" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("url", ["mysql://somebody:hush-hush@host/db", "hush-hush", "postgresql://a:hush-hush@[x/db"])
def test_a_url_that_is_none_ends_with_1_and_is_not_repeated(fakturahub: Run, filled: Filled, url: str) -> None:
    done = fakturahub("documents", "--data", filled.data, "--database", url)
    assert done.status == 1
    assert "hush-hush" not in done.err
    assert "Traceback" not in done.err
