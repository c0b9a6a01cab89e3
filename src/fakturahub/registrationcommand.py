"""``fakturahub registrations``: who asks to become a company of this hub, for the person who decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from fakturahub import printing
from fakturahub.errors import NotFound
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.opened import Opened
    from fakturahub.storage.registrations import Registration


def registrations(
    drop: Annotated[UUID | None, typer.Option("--drop", help="Forget this one: it was seen to.")] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List who asks to become a company of this hub. What they stated is not checked, and creates nothing."""
    from fakturahub.exchange.registrations import WAITING
    from fakturahub.storage import registrations as stored

    async def work(all_of_it: Opened) -> list[Registration]:
        if drop is not None and not await stored.drop(all_of_it.database, drop):
            raise NotFound(f"There is no registration with the id {drop}.")
        return await stored.waiting(all_of_it.database, WAITING)

    found = with_data(place(data, database), work)
    if as_json:
        printing.as_json(found)
        return
    for one in found:
        typer.echo(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M} UTC  from {one.address}")
        typer.echo(printing.visible(f"  {one.qualifier} {one.identifier}"))
        for group in one.stated:
            typer.echo(printing.visible("  " + ", ".join(f"{name}: {value}" for name, value in group.items())))
    typer.echo(f"{len(found)} waiting.")
