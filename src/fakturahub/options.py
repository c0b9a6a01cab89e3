"""What several commands take: the options that name a hub, and how its data is opened for one command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from fakturahub.opened import Opened, Place, Running

Data = Annotated[
    Path,
    typer.Option("--data", envvar="FAKTURAHUB_DATA", help="Folder of the database, payloads, mail, print and keys."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="FAKTURAHUB_DATABASE",
        help="postgresql://… of a server of your own. Without it the hub runs a private one in the data folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]

DEFAULT_DATA = Path("var")

Result = TypeVar("Result")


def place(data: Path, database: str | None, payloads: str | None = None) -> Place:
    """Where the data is that a command is about."""
    # What opens a database is imported where one is opened: it takes longer than looking at a file does.
    from fakturahub.opened import Place

    return Place(data, database, payloads, os.environ.get("FAKTURAHUB_MASTER_KEY"))


def say(sentence: str) -> None:
    """Say *sentence* on standard error."""
    typer.echo(sentence, err=True)


def with_data(place: Place, work: Callable[[Opened], Awaitable[Result]]) -> Result:
    """Run *work* on data that exists already."""
    from fakturahub.opened import Running, existing, opened

    if place.database is None:
        existing(place.data)

    async def run(running: Running) -> Result:
        async with opened(running) as all_of_it:
            return await work(all_of_it)

    with Running(place, say, make=False) as running:
        return asyncio.run(run(running))
