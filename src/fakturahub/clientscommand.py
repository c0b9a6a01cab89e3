"""``fakturahub clients``: the programs that may fetch access tokens, and how one of them is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fakturahub.clock import SystemClock
from fakturahub.errors import NotFound
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.opened import Opened


class Shown(msgspec.Struct, frozen=True):
    """A client as it is listed."""

    client_id: str
    #: None: an application, which acts for itself
    company: str | None
    audiences: tuple[str, ...]


def clients(
    remove: Annotated[
        str | None, typer.Option("--remove", help="Take this client away, with its tokens, whatever the file says.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the programs that may fetch access tokens, or take one away that the provisioning file names no more."""
    from fakturahub import printing

    listed = with_data(place(data, database), lambda all_of_it: _work(all_of_it, remove))
    if as_json:
        printing.as_json(listed)
        return
    for one in listed:
        of = "an application" if one.company is None else f"of company {one.company}"
        typer.echo(printing.visible(f"{one.client_id}  {of}, for {', '.join(one.audiences) or 'no audience'}"))
    typer.echo(f"{len(listed)} {'client' if len(listed) == 1 else 'clients'}.")


async def _work(all_of_it: Opened, remove: str | None) -> list[Shown]:
    from fakturahub import provision
    from fakturahub.storage import companies as stored

    if remove is not None and not await provision.remove_client(all_of_it.database, remove, SystemClock().now()):
        raise NotFound(f"There is no client with the id {remove!r}.")
    everything = await stored.changes_since(all_of_it.database, 0)
    found = [
        Shown(one.key, None, tuple(one.value.get("audiences", ())))
        for one in everything.settings
        if one.section == "application" and one.value
    ]
    found += [
        Shown(section["client_id"], company.key, (dialect,))
        for company in everything.companies
        for dialect in provision.CLIENT_DIALECTS
        if (section := company.settings.get(dialect) or {}).get("client_id")
    ]
    return sorted(found, key=lambda one: one.client_id)
