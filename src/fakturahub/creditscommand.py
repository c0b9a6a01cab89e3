"""The command about credits: what companies have, their ledgers, and credits that are added by hand."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from fakturahub import printing
from fakturahub.clock import SystemClock
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.opened import Opened

#: a number of credits as a person types it: at most 9 digits, and 4 behind the point
_AMOUNT = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,4})?")
#: characters of a reason
REASON = 500


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text) or not Decimal(text):
        raise typer.BadParameter("expected a number of credits such as 100, 2.75 or -5.")
    return Decimal(text)


def credits(
    company: Annotated[
        str | None, typer.Argument(help="Key of a company; without one all accounts are listed.")
    ] = None,
    add: Annotated[
        Decimal | None, typer.Option("--add", parser=_amount, metavar="N", help="Add so many credits; -N takes away.")
    ] = None,
    why: Annotated[str | None, typer.Option("--why", help="Why they are added; stands in the ledger.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many lines at most.")] = 50,
    before: Annotated[UUID | None, typer.Option("--before", help="Only lines before this id: the next page.")] = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Only companies whose keys come after: the next page.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List what companies have in credits, show the ledger of one, newest first, or add to it."""
    from fakturahub import printing_credits
    from fakturahub.exchange import credits as accounts

    where = place(data, database)
    if company is None:
        if add is not None or why is not None or before is not None:
            raise typer.BadParameter("--add, --why and --before are about one company; name it.")
        listed = with_data(where, lambda o: accounts.accounts(o.database, limit, after=after or ""))
        printing_credits.accounts(listed, as_json)
        return
    key = company
    if after is not None:
        raise typer.BadParameter("--after is about the list of companies; name none.")
    if add is None:
        if why is not None:
            raise typer.BadParameter("--why is about credits that are added; say how many with --add.")
        account = with_data(where, lambda o: accounts.account(o.database, key, limit, before=before))
        printing_credits.account(account, as_json)
        return
    reason = (why or "").strip()
    if not reason or len(reason) > REASON or not reason.isprintable():
        raise typer.BadParameter(f"--add wants --why with one line of at most {REASON} characters.")
    amount = add

    async def work(all_of_it: Opened) -> accounts.Balance:
        return await accounts.add(all_of_it.database, key, amount, reason, printing.who(), SystemClock())

    printing_credits.balance(with_data(where, work), as_json)
