"""The commands that work on files and need no hub: what is it, and the same in another syntax."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakturahub import placing, printing
from fakturahub.errors import ConversionLoss, EmptyBody, FakturahubError, SeveralDocuments
from fakturahub.given import STANDARD, Given, Say, found, is_folder, one_by_one

if TYPE_CHECKING:
    from fakturahub.converting import Wish

# Readers and writers of all syntaxes take as long to import as everything else here, and so they wait.

_OUTPUT = "'--output' / '-o'"
_REPORT = "'--report'"


def detect(
    file: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Files to look at; a folder stands for all files in it, - for standard input."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Say what files are: syntax, version, profile, character set, how many documents, and why. Needs no hub."""
    from fakturahub import formats

    files = found(file)
    detected = printing.Detections(json=as_json)
    refused = 0
    for given, _ in one_by_one(files, doing="Looking", bar=not detected.streams_to_terminal):
        try:
            detected.add(given.name, formats.recognise(given.read()))
        except FakturahubError as refusal:
            detected.add(given.name, refusal)
            refused += 1
    detected.end()
    if refused:
        if not as_json and len(files) > 1:
            typer.echo(f"{refused:,} of {len(files):,} files were not recognised.", err=True)
        raise typer.Exit(1)


def _names(incomplete: str) -> list[str]:
    """For the shell's completion."""
    return [name for name in _targets() if name.startswith(incomplete)]


def _targets() -> list[str]:
    from fakturahub import formats
    from fakturahub.exchange.convert import ORIGINAL

    return [ORIGINAL, *(name for name, can in formats.NAMES.items() if can.write)]


def convert(
    file: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Document to convert, - for standard input; several and folders need a folder to go to.",
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="NAME",
            help="Syntax to write, such as peppol-bis-3; has to be said.",
            autocompletion=_names,
        ),
    ] = None,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Write it although something is lost; without this it is refused.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="PLACE", help="File or folder to write to instead of standard output."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option("--report", metavar="FILE", help="File for all that was lost, as JSON; - is standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist already.")] = False,
) -> None:
    """Write documents in another syntax, and say what that loses. Needs no hub."""
    from fakturahub import formats
    from fakturahub.converting import Wish
    from fakturahub.exchange.convert import ORIGINAL

    if to is None or (to != ORIGINAL and to not in formats.NAMES):
        wrong = "it has to be said" if to is None else f"there is no syntax {printing.visible(to[:100])!r}"
        raise typer.BadParameter(f"{wrong}; there are: {', '.join(_targets())}.", param_hint="'--to'")
    wish = Wish(to, allow_loss, force, reported=report is not None)
    folder = _folder(file, output)
    place = None if output in (None, STANDARD) else Path(str(output))
    told = _report_place(report, place, folder)
    files = found(file, leave_out=folder)
    if told is not None:
        placing.check_free(told, replace=force)
    if folder is not None:
        entries, fine = _many(files, wish, folder)
        _tell(entries, report, told, force)
    else:
        entry, fine = _one(files[0], wish, place)
        _tell(entry, report, told, force)
    if not fine:
        raise typer.Exit(1)


def _folder(names: list[str], output: str | None) -> Path | None:
    """The folder that is written to; None where it is one document for a file or for standard output."""
    one = len(names) == 1 and not is_folder(names[0])
    asked = output is not None and output != STANDARD and (output.endswith("/") or is_folder(output))
    if one and not asked:
        return None
    if output is None or output == STANDARD:
        raise typer.BadParameter("several files need a folder to be written to, as in -o FOLDER/.", param_hint=_OUTPUT)
    if not asked and Path(output).exists():
        raise typer.BadParameter("several files need a folder; this is a file.", param_hint=_OUTPUT)
    return Path(output)


def _report_place(report: str | None, place: Path | None, folder: Path | None) -> Path | None:
    if report == STANDARD:
        if place is None:
            raise typer.BadParameter("standard output takes the document; name a file.", param_hint=_REPORT)
        return None
    if report is None:
        return None
    if is_folder(report) or report.endswith("/"):
        raise typer.BadParameter("a report is a file; this is a folder.", param_hint=_REPORT)
    if folder is None and place is not None and place.absolute() == Path(report).absolute():
        raise typer.BadParameter("the document itself is written there; name another file.", param_hint=_REPORT)
    return Path(report)


def _tell(entry: Any, report: str | None, place: Path | None, force: bool) -> None:
    """Write the report where it is asked for."""
    if report is None:
        return
    data = printing.json_of(entry)
    if place is None:
        placing.to_standard_output(data)
    else:
        placing.write([(place, data)], replace=force)


def _one(given: Given, wish: Wish, place: Path | None) -> tuple[dict[str, Any], bool]:
    """Convert *given* into the file *place*, None for standard output: what the report says, and whether it is done."""
    from fakturahub import converting

    try:
        if place is not None:
            placing.check_free(place, replace=wish.force)
        # Nothing lies beside what is on its way through a pipe or a device.
        alone = place is None or placing.is_device(place)
        converted = converting.convert(given.read(), wish, alone=alone)
        if place is None:
            placing.to_standard_output(converted.data)
        else:
            placing.write(converting.beside(place, converted), replace=wish.force)
    except FakturahubError as refusal:
        _refuse(refusal, wish)
        return converting.refused(refusal), False
    if converted.report.losses or converted.report.findings:
        typer.echo("\n".join(converting.lost(converted.report, wish)), err=True)
    return converted.report.as_data(), True


def _many(files: list[Given], wish: Wish, folder: Path) -> tuple[list[dict[str, Any]], bool]:
    """Convert *files* into *folder*: what the report says of each document, and whether all of it is done."""
    from fakturahub import converting

    placing.make_folder(folder)
    into = converting.Folder(folder, wish)
    for given, say in one_by_one(files, doing="Converting", bar=True):
        for refusal, name in into.convert(given):
            _refuse_one(name, refusal, say)
    typer.echo("\n".join(converting.summary(into)), err=True)
    if into.lossy_refused:
        typer.echo(f"What to do: {converting.allowing(wish)}", err=True)
    return into.entries, not into.refused


def _refuse_one(name: str, refusal: FakturahubError, say: Say) -> None:
    reason = printing.reason(refusal)
    named = reason if reason.startswith(name) else f"{name}: {reason}"
    say(printing.visible(f"{named} (error code {refusal.code})"))


def _refuse(refusal: FakturahubError, wish: Wish) -> None:
    """As every refusal is told, with what to do at a command line rather than over a wire."""
    from fakturahub import converting

    sentence, advice = printing.reason(refusal), printing.advice(refusal)
    told = [printing.visible(sentence)]
    if isinstance(refusal, ConversionLoss):
        # The terms follow with their names, a line for each.
        told = [f"{sentence.partition(': ')[0]}:", *converting.terms_of(refusal)]
        advice = converting.allowing(wish)
    elif isinstance(refusal, SeveralDocuments):
        advice = "Name a folder, as in -o FOLDER/: each document is written to a file of its own there."
    elif isinstance(refusal, EmptyBody):
        advice = ""
    if advice:
        told.append(f"What to do: {advice} (error code {refusal.code})")
    typer.echo("fakturahub: " + "\n".join(told), err=True)
