"""The commands about deliveries: again, cancel, hold, release, withdraw, resend; and the targets that they go to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from fakturahub import printing
from fakturahub.clock import SystemClock
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.identity.companies import Companies
    from fakturahub.opened import Opened
    from fakturahub.storage.delivery_verbs import Word

Delivery = Annotated[UUID, typer.Argument(help="Id of the delivery, as `deliveries` shows it.")]
Document = Annotated[UUID, typer.Argument(help="Id of the document, as `documents` shows it.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the record.")]
Payloads = Annotated[
    str | None,
    typer.Option(
        "--payloads", envvar="FAKTURAHUB_PAYLOADS", help="As with `serve`; a letter's pages may have to be counted."
    ),
]

Verb = Callable[["Opened", "Companies", "Word"], Awaitable[str]]


def _do(data: Path, database: str | None, why: str | None, verb: Verb, payloads: str | None = None) -> None:
    from fakturahub.identity.companies import Companies, refresh
    from fakturahub.provision import CREDENTIAL_NAMES
    from fakturahub.storage.delivery_verbs import Word

    async def work(all_of_it: Opened) -> str:
        companies = Companies(CREDENTIAL_NAMES)
        await refresh(all_of_it.database, companies)
        return await verb(all_of_it, companies, Word(printing.who(), SystemClock().now(), why))

    typer.echo(with_data(place(data, database, payloads), work))


def redeliver(
    id: Annotated[UUID, typer.Argument(help="Id of a delivery, or of a document that found no receiver.")],
    why: Annotated[str | None, typer.Option("--why", help="The reason, for the record.")] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    payloads: Payloads = None,
) -> None:
    """Try a delivery again now, or route a document again that found no receiver. Never sends anything twice."""
    from fakturahub.exchange import verbs

    _do(
        data,
        database,
        why,
        lambda all_of_it, known, word: verbs.redeliver(all_of_it.database, known, all_of_it.payloads(), id, word),
        payloads,
    )


def cancel(id: Delivery, why: Why, data: Data = DEFAULT_DATA, database: DatabaseUrl = None) -> None:
    """End a delivery that has not arrived, a letter until its cut-off. What it would have cost is given back."""
    from fakturahub.exchange import verbs

    _do(data, database, why, lambda all_of_it, _, word: verbs.cancel(all_of_it.database, id, word))


def hold(id: Delivery, why: Why, data: Data = DEFAULT_DATA, database: DatabaseUrl = None) -> None:
    """Keep a delivery that waits from being tried, until it is released."""
    from fakturahub.exchange import verbs

    _do(data, database, why, lambda all_of_it, _, word: verbs.hold(all_of_it.database, id, word))


def release(
    id: Annotated[UUID | None, typer.Argument(help="Id of the delivery, unless --target is given.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Release all that are held of this target, as `targets` shows it.")
    ] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason, for the record.")] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
) -> None:
    """Let a held delivery go on: one that a person held, or that waited for a setting or a credential."""
    from fakturahub.exchange import verbs

    if (id is None) == (target is None):
        raise typer.BadParameter("Name the delivery, or a target with --target.")

    def verb(all_of_it: Opened, _: Companies, word: Word) -> Awaitable[str]:
        if id is not None:
            return verbs.release(all_of_it.database, id, word)
        return verbs.release_all(all_of_it.database, target or "", word)

    _do(data, database, why, verb)


def withdraw(id: Document, why: Why, data: Data = DEFAULT_DATA, database: DatabaseUrl = None) -> None:
    """Take a document back that has reached nobody: all its deliveries are cancelled."""
    from fakturahub.exchange import verbs

    _do(data, database, why, lambda all_of_it, _, word: verbs.withdraw(all_of_it.database, id, word))


def resend(
    id: Document,
    why: Why,
    to: Annotated[
        str | None, typer.Option("--to", help="Another receiver: an electronic address, or a mail address.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    payloads: Payloads = None,
) -> None:
    """Send a document once more as a new one, with ids of its own: its receiver cannot take it for the first."""
    from fakturahub.exchange import verbs

    _do(
        data,
        database,
        why,
        lambda all_of_it, known, word: verbs.resend(all_of_it.database, known, all_of_it.payloads(), id, word, to),
        payloads,
    )


def targets(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List where deliveries wait to go and which targets are in trouble, those in the worst trouble first."""
    from fakturahub import printing_targets
    from fakturahub.exchange.overview import Overview

    listed = with_data(
        place(data, database), lambda all_of_it: Overview(all_of_it.database, SystemClock()).targets(limit)
    )
    printing_targets.targets(listed, as_json)
