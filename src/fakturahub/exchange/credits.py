"""Credits, as the people who run the hub and the dialects ask for them: what there is, and why."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from fakturahub.errors import NotFound
from fakturahub.identity.companies import Company
from fakturahub.model import Clock
from fakturahub.storage import ledger
from fakturahub.storage.database import Database
from fakturahub.storage.ledger import Balance, Discrepancy, Entry

__all__ = [
    "Account",
    "Balance",
    "Balances",
    "Discrepancy",
    "Entry",
    "account",
    "accounts",
    "add",
    "balance",
    "discrepancies",
    "used_up",
]


class Account(msgspec.Struct, frozen=True):
    """An account with lines of its ledger, the newest first."""

    balance: Balance
    entries: list[Entry]


class Balances:
    """What companies have left, as their own programs ask for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left(self, company: Company) -> Decimal | None:
        """What *company* may still spend; None where it pays afterwards. Raises `DatabaseUnavailable`."""
        if (company.settings.get("credits") or "postpaid") == "postpaid":
            return None
        found = await ledger.balance(self._database, company.id)
        return found.free if found is not None and found.prepaid else None


async def accounts(database: Database, most: int, *, after: str = "") -> list[Balance]:
    """The accounts of the companies whose keys come after *after*, by key."""
    return await ledger.balances(database, most, after=after)


async def balance(database: Database, company_id: UUID) -> Balance:
    """What a company has at this moment. Raises `NotFound`."""
    found = await ledger.balance(database, company_id)
    if found is None:
        raise NotFound(f"There is no company with the id {company_id}.")
    return found


async def account(database: Database, key: str, most: int, *, before: UUID | None = None) -> Account:
    """The account of the company with that key; *before* is the last id of the page before. Raises `NotFound`."""
    company_id = await _company(database, key)
    return Account(await balance(database, company_id), await ledger.entries(database, company_id, most, before=before))


async def add(database: Database, key: str, amount: Decimal, why: str, who: str, clock: Clock) -> Balance:
    """Add credits to an account, or take them away where *amount* is negative; *who* and *why* stand in the ledger.

    Raises `NotFound`, and `InsufficientCredit` where an account that is paid before would be overdrawn.
    """
    company_id = await _company(database, key)
    await ledger.add(database, company_id, amount, f"{why} (by {who})", clock.now())
    return await balance(database, company_id)


async def discrepancies(database: Database) -> list[Discrepancy]:
    """Accounts that are not the sums of their ledgers; there should never be one. Reads all ledgers."""
    return await ledger.discrepancies(database.patient())


async def used_up(database: Database) -> tuple[int, list[str]]:
    """How many companies pay before, and the keys of some that have nothing left to spend."""
    return await ledger.used_up(database)


async def _company(database: Database, key: str) -> UUID:
    company_id = await ledger.company_id_of(database, key)
    if company_id is None:
        raise NotFound(f"There is no company with the key {key!r}; `fakturahub credits` lists them.")
    return company_id
