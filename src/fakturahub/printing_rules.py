"""What the commands about rules print: packs, single rules, and what files were found to be worth."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from fakturahub.exchange.packs import Rule
from fakturahub.given import Say
from fakturahub.model import Verdict
from fakturahub.printing import _console, _table, as_json, visible
from fakturahub.validating import Answer

#: findings of one file that are told to a person
MOST = 50
#: reasons of a refused pack that are told
REASONS = 40

_COLOUR = {"fatal": "bold red", "warning": "yellow", "information": "cyan"}
_WORD = {Verdict.VALID: ("valid", "green"), Verdict.INVALID: ("NOT VALID", "bold red")}


def packs(listed: Sequence[Mapping[str, Any]], json: bool) -> None:
    """The packs, each as `exchange.packs.as_facts` tells it."""
    if json:
        as_json(listed)
        return
    table = _table("name", "profile", "valid from", "rules", "documents", "standing")
    table.columns[-1].no_wrap = False
    for one in listed:
        cells = (
            one["name"],
            one["profile"] or "none",
            str(one["valid_from"] or "any date"),
            f"{one['rules']:,}",
            kinds(one),
        )
        style = "" if one["usable"] else "bold red"
        table.add_row(*(Text(visible(cell)) for cell in cells), Text(visible(one["standing"]), style=style))
    _console().print(table)


def pack(facts: Mapping[str, Any], json: bool) -> None:
    """All about one pack."""
    if json:
        as_json(facts)
        return
    severities = ", ".join(f"{count:,} {one}" for one, count in facts["severities"].items())
    lines = [
        ("pack", facts["name"]),
        ("standing", facts["standing"]),
        ("profile", facts["profile"] or "none: it runs where it is named"),
        ("valid from", facts["valid_from"] or "any date"),
        ("rules", f"{facts['rules']:,}: {severities}" if severities else None),
        ("documents", kinds(facts)),
        ("control", facts.get("control")),
        ("installed", facts.get("installed")),
        ("SHA-256", facts["digest"]),
    ]
    lines += [("file", f"{one['name']}, {one['bytes']:,} bytes") for one in facts.get("files", ())]
    _lines(lines)


def kinds(facts: Mapping[str, Any]) -> str:
    """The documents that a pack is for, by their root elements."""
    return ", ".join(root.rpartition("}")[2] for root in facts["roots"]) or "not told by its rules"


def rules(found: Sequence[Rule], explanation: str | None, json: bool) -> None:
    """One rule as all packs have it."""
    if json:
        as_json({"explanation": explanation, "rules": found})
        return
    for number, one in enumerate(found):
        lines = [
            ("rule", one.rule),
            ("pack", one.pack),
            ("severity", one.severity),
            ("place", f"{one.file}, line {one.line}"),
            ("context", one.context),
            (one.kind, one.test),
            ("message", one.message),
        ]
        if number:
            _console().print()
        _lines(lines)
    if explanation:
        _console().print()
        _lines([("explanation", explanation)])


def _lines(lines: Sequence[tuple[str, object]]) -> None:
    console = _console()
    for name, value in lines:
        if value not in (None, ""):
            console.print(Text(f"{name:<12}", style="bold"), Text(visible(str(value))))


def refusal(reason: str, reasons: Sequence[str]) -> str:
    """Why a pack was refused, a line for each reason; what is quoted of it cannot steer a terminal."""
    if reasons == (reason,):
        return visible(reason)
    told = [visible(reason.partition("\n")[0]), *(f"  {visible(one)}" for one in reasons[:REASONS])]
    if len(reasons) > REASONS:
        told.append(f"  … and {len(reasons) - REASONS:,} more")
    return "\n".join(told)


class Answers:
    """What documents were found to be: JSON and SVRL as it comes, lines for a person."""

    def __init__(self, form: str, *, one: bool) -> None:
        """*one*: there is one file. Where one document is in it, its SVRL is a document by itself."""
        self._form = form
        self._one = one
        self._count = 0
        self.verdicts = dict.fromkeys(Verdict, 0)
        #: whether something is printed on a terminal before the end
        self.streams_to_terminal = form != "text" and sys.stdout.isatty()

    def add(self, answers: Sequence[Answer], say: Say) -> None:
        """The documents of the next file; *say* writes above a progress bar."""
        self._one = self._one and len(answers) == 1
        for answer in answers:
            self._add(answer, say)

    def _add(self, answer: Answer, say: Say) -> None:
        self._count += 1
        self.verdicts[answer.verdict] += 1
        if self._form == "json":
            sys.stdout.write(("[\n  " if self._count == 1 else ",\n  ") + answer.data.decode())
        elif self._form == "svrl":
            self._add_svrl(answer)
        elif sys.stdout.isatty() and sys.stderr.isatty() and not self._one:
            for line in told(answer):
                say(line.plain)
        else:
            console = _console()
            for line in told(answer):
                console.print(line, soft_wrap=True)

    def _add_svrl(self, answer: Answer) -> None:
        if self._one:
            sys.stdout.write(answer.data.decode())
            return
        if self._count == 1:
            sys.stdout.write("<?xml version='1.0' encoding='UTF-8'?>\n<reports>\n")
        sys.stdout.write(answer.data.decode().partition("?>\n")[2] + "\n")

    def end(self) -> None:
        """All files were added."""
        if self._form == "json":
            sys.stdout.write("\n]\n" if self._count else "[]\n")
        elif self._form == "svrl":
            sys.stdout.write("\n" if self._one else "</reports>\n" if self._count else "<reports/>\n")
        elif not self._count:
            sys.stdout.write("No files.\n")


def told(answer: Answer) -> list[Text]:
    """What is said to a person of one file."""
    validation = answer.validation
    if validation is None:
        raise AssertionError("a person was to be told")
    word, style = _WORD.get(answer.verdict, ("not checked", "yellow"))
    ran = ", ".join(f"{one.name} ({one.rules:,} rules)" for one in validation.report.packs)
    tail = f"; {ran}" if ran else "; no rules apply to it"
    lines = [Text.assemble(f"{visible(answer.name)}: ", (word, style), tail)]
    for one in validation.findings[:MOST]:
        line = f"line {one.line}" if one.line is not None else ""
        place = "  ".join(part for part in (line, one.path or "") if part)
        severity = (f"{one.severity:<12}", _COLOUR[one.severity])
        lines.append(Text.assemble("  ", severity, (visible(one.rule), "bold"), f"  {visible(place)}"))
        lines.append(Text(f"    {visible(one.message)}"))
        if one.explanation:
            lines.append(Text(f"    {one.explanation}", style="cyan"))
    if len(validation.findings) > MOST:
        lines.append(Text(f"  … and {len(validation.findings) - MOST:,} more; --json tells all of them"))
    return lines


def summary(verdicts: Mapping[Verdict, int], files: int) -> str:
    """How many documents, of how many files, were of which verdict."""
    count = sum(verdicts.values())
    what = f"{count:,} files" if count == files else f"{count:,} documents in {files:,} file{'s' if files > 1 else ''}"
    return (
        f"{what}: {verdicts[Verdict.VALID]:,} valid, {verdicts[Verdict.INVALID]:,} not valid,"
        f" {verdicts[Verdict.NOT_CHECKED]:,} not checked."
    )
