"""The command about the keys that access tokens are signed with: which there are, and a new one out of turn."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fakturahub.clock import SystemClock
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.identity.oauth.keys import Key
    from fakturahub.opened import Opened


def signing_keys(
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key; it signs once everybody knows it.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="With --rotate: it signs at once, and what the others signed is refused.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the keys that access tokens are signed with, or change them out of turn: they change by themselves."""
    from fakturahub.identity.oauth.keys import Keys

    if now and not rotate:
        raise typer.BadParameter("--now is about a new key; say --rotate as well.")
    where = place(data, database)
    clock = SystemClock()

    async def work(all_of_it: Opened) -> tuple[Key, ...]:
        keys = Keys(all_of_it.database, where.key(), clock)
        if now:
            await keys.replace()
        elif rotate:
            await keys.rotate(after=timedelta(0))
        await keys.refresh()
        return keys.all

    _print(with_data(where, work), clock, as_json)


def _print(keys: tuple[Key, ...], clock: SystemClock, as_json: bool) -> None:
    at = clock.now()
    due = [key for key in keys if key.signs_from <= at]
    signing = due[-1] if due else None
    if as_json:
        listed = [{"kid": key.kid, "signs_from": key.signs_from.isoformat(), "signs": key is signing} for key in keys]
        typer.echo(json.dumps(listed, indent=2))
        return
    for key in keys:
        state = "waits" if key.signs_from > at else "signs" if key is signing else "published"
        typer.echo(f"{key.kid}  {state:<9}  from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC")
    if not keys:
        typer.echo("There is no key yet; the hub makes one when it starts.")
