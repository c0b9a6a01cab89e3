"""The reference of commands against the commands, and every command line of any page against them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args
from uuid import uuid4

import pytest
import typer

from fakturahub.cli import app
from tests.docs.pages import PAGES, ROOT, hub_commands, name, tables, ticked

REFERENCE = ROOT / "docs" / "reference" / "commands.md"
GROUP = typer.main.get_command(app)


def _commands(group: Any, above: str = "") -> dict[str, Any]:
    """Every command by its words, those of a group of commands, too."""
    found: dict[str, Any] = {}
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= _commands(command, f"{above}{word} ")
        elif not command.hidden:
            found[f"{above}{word}"] = command
    return found


COMMANDS = _commands(GROUP)

#: what the reference says where the program has no default of its own
WORDS = {
    ("payload", "output"): "standard output",
    ("sheet", "output"): "standard output",
    "payloads": "`payloads` in the data folder",
}


def _options(command: object) -> Iterator[typer.core.TyperOption]:
    for parameter in command.params:  # type: ignore[attr-defined]
        if isinstance(parameter, typer.core.TyperOption) and parameter.name != "help":
            yield parameter


def _documented() -> dict[str, dict[str, list[str]]]:
    """For each heading: the spellings of each option, and its row."""
    found: dict[str, dict[str, list[str]]] = {}
    for heading, columns, rows in tables(REFERENCE):
        assert columns == ["option", "meaning", "default"]
        assert heading not in found
        found[heading] = {" ".join(one.split()[0] for one in ticked(row[0])): row for row in rows}
    return found


def test_every_command_has_its_entry_and_every_entry_its_command() -> None:
    assert set(_documented()) == {"fakturahub", *(f"fakturahub {one}" for one in COMMANDS)}


@pytest.mark.parametrize("command", COMMANDS)
def test_options(command: str) -> None:
    documented = _documented()[f"fakturahub {command}"]
    options = {" ".join([*one.opts, *one.secondary_opts]): one for one in _options(COMMANDS[command])}
    assert set(documented) == set(options)
    for spelling, option in options.items():
        _, meaning, default = documented[spelling]
        takes = not option.is_flag
        assert (" " in ticked(documented[spelling][0])[0]) == takes, f"{spelling}: whether it takes a value"
        expected = WORDS.get((command, option.name), WORDS.get(option.name or "", ""))
        if option.default is not None and not option.is_flag:
            expected = f"`{option.default}`"
        assert default == expected, spelling
        variable = re.findall(r"`(FAKTURAHUB_\w+)`", meaning)
        assert variable == ([option.envvar] if option.envvar else []), spelling
        for bound in re.findall(r"up to (\d+)", meaning):
            assert int(bound) == option.max, spelling


def test_options_of_the_program_itself() -> None:
    documented = set(_documented()["fakturahub"])
    assert documented == {"--help", *(one.opts[0] for one in _options(GROUP))}


@pytest.mark.parametrize("command", COMMANDS)
def test_arguments(command: str) -> None:
    """Where a command takes an argument, its entry shows it in its place."""
    section = REFERENCE.read_text(encoding="utf-8").partition(f"\n## fakturahub {command}\n")[2].partition("\n## ")[0]
    arguments = [one.name.upper() for one in COMMANDS[command].params if not isinstance(one, typer.core.TyperOption)]
    shown = re.findall(rf"`fakturahub {command}((?: [A-Z]+)+)(?: --[a-z]+ [A-Z]+)*`", section)
    assert [one.split() for one in shown] == ([arguments] if arguments else [])


def test_states_that_can_be_asked_for() -> None:
    documented = _documented()
    (asked,) = [one for one in _options(COMMANDS["documents"]) if one.name == "state"]
    choices = list(get_args(asked.type_descriptor.annotation))
    assert ticked(documented["fakturahub documents"]["--state"][1]) == choices


def _parsed(words: list[str]) -> None:
    """Let the program take *words* apart as it would before it does anything. Raises what it raises."""
    words = [str(uuid4()) if word in ("ID", "$id") else word for word in words]
    with GROUP.make_context("fakturahub", list(words), resilient_parsing=not words) as context:
        rest = [*context._protected_args, *context.args]
        if rest:
            command_name, command, rest = GROUP.resolve_command(context, rest)  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                command_name, command, rest = command.resolve_command(context, rest)
            command.make_context(command_name, rest, parent=context)


@pytest.mark.parametrize(
    ("page", "line", "words"),
    [(name(page), line, words) for page in PAGES for line, words in hub_commands(page)],
)
def test_command_lines(page: str, line: str, words: list[str]) -> None:
    if " ".join(words) in COMMANDS or words == ["rules"]:
        return  # a command is named, not called
    with suppress(typer.Exit):  # --version and --help
        _parsed(["doctor" if word == "COMMAND" else word for word in words])


def test_command_lines_were_found() -> None:
    """Of each kind: in a block that is run, in one that is not, in an indented one, and in the text."""
    found = {(name(page), " ".join(words)) for page in PAGES for _, words in hub_commands(page)}
    assert {
        ("README.md", "documents"),
        ("README.md", "serve --companies companies.toml"),
        ("README.md", "document ID"),
        ("docs/how-to/run-on-several-machines.md", "serve --host 0.0.0.0 --proxy 10.0.0.0/24 --processes 2"),
        ("docs/how-to/find-a-document.md", "redeliver ID"),
        ("docs/how-to/find-a-document.md", "payload $id --output document.xml"),
        ("SECURITY.md", "--version"),
    } <= found


def test_a_wrong_command_line_is_noticed() -> None:
    for wrong in (["serv"], ["documents", "--limit", "0"], ["document"], ["apply", "a.toml", "--payloads", "x"]):
        with pytest.raises(Exception, match=r"No such|greater than|Missing"):
            _parsed(wrong)
