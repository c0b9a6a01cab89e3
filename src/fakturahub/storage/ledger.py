"""Accounts as people see and change them: balances, ledgers, what was granted and what is added by hand.

What deliveries do to accounts is in `accounts`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.clock import new_id
from fakturahub.errors import InsufficientCredit
from fakturahub.storage.accounts import ZERO, plain
from fakturahub.storage.database import Database
from fakturahub.storage.newest import GREATEST, newest_of
from fakturahub.storage.tables import account, account_entry, company


class Balance(msgspec.Struct, frozen=True):
    """An account of one moment, in credits."""

    company: str
    name: str
    prepaid: bool
    balance: Decimal
    #: part of the balance, held for deliveries that are under way
    reserved: Decimal
    granted: Decimal

    @property
    def free(self) -> Decimal:
        """What may still be spent, of an account that is paid before."""
        return self.balance - self.reserved


class Entry(msgspec.Struct, frozen=True):
    """A line of a ledger."""

    id: UUID
    at: datetime
    #: grant, adjust, reserve, settle or refund
    kind: str
    #: what it changed in the balance, and in what is reserved
    amount: Decimal
    held: Decimal
    delivery_id: UUID | None
    why: str


class Discrepancy(msgspec.Struct, frozen=True):
    """An account that is not the sum of its ledger: a defect, or somebody changed the tables by hand."""

    company: str
    balance: Decimal
    entered: Decimal
    reserved: Decimal
    held: Decimal


_BALANCE = sa.select(
    company.c.key,
    company.c.settings["name"].as_string(),
    sa.func.coalesce(account.c.prepaid, sa.false()),
    sa.func.coalesce(account.c.balance, 0),
    sa.func.coalesce(account.c.reserved, 0),
    sa.func.coalesce(account.c.granted, 0),
).select_from(company.outerjoin(account, account.c.company_id == company.c.id))


async def balances(database: Database, most: int, *, after: str = "") -> list[Balance]:
    """The accounts of the companies whose keys come after *after*, by key."""
    statement = _BALANCE.where(company.c.key > after).order_by(company.c.key).limit(most)
    async with database.begin() as connection:
        return [Balance(*row) for row in await connection.execute(statement)]


async def balance(database: Database, company_id: UUID) -> Balance | None:
    """The account of a company; one that never was charged pays afterwards and has nothing. None: no such company."""
    async with database.begin() as connection:
        row = (await connection.execute(_BALANCE.where(company.c.id == company_id))).one_or_none()
    return None if row is None else Balance(*row)


async def company_id_of(database: Database, key: str) -> UUID | None:
    """The company with a key of the provisioning file."""
    async with database.begin() as connection:
        found: UUID | None = await connection.scalar(sa.select(company.c.id).where(company.c.key == key))
        return found


async def entries(database: Database, company_id: UUID, most: int, *, before: UUID | None = None) -> list[Entry]:
    """The ledger of a company, the newest line first; *before* is the last id of the page before."""
    columns = sa.select(
        account_entry.c.id,
        account_entry.c.at,
        account_entry.c.kind,
        account_entry.c.amount,
        account_entry.c.held,
        account_entry.c.delivery_id,
        account_entry.c.why,
    ).limit(most)
    same: dict[sa.ColumnElement[Any], object] = {account_entry.c.company_id: company_id}
    statement = newest_of(columns, same, account_entry.c.id, before=before or GREATEST)
    async with database.begin() as connection:
        return [Entry(*row) for row in await connection.execute(statement)]


async def discrepancies(database: Database, most: int = 10) -> list[Discrepancy]:
    """Accounts that are not the sum of their ledgers; reads all of it, in one moment."""
    sums = (
        sa.select(
            account_entry.c.company_id,
            sa.func.sum(account_entry.c.amount).label("amount"),
            sa.func.sum(account_entry.c.held).label("held"),
        )
        .group_by(account_entry.c.company_id)
        .subquery()
    )
    entered, held = sa.func.coalesce(sums.c.amount, 0), sa.func.coalesce(sums.c.held, 0)
    statement = (
        sa.select(company.c.key, account.c.balance, entered, account.c.reserved, held)
        .select_from(
            account.join(company, company.c.id == account.c.company_id).outerjoin(
                sums, sums.c.company_id == account.c.company_id
            )
        )
        .where(sa.or_(account.c.balance != entered, account.c.reserved != held))
        .order_by(company.c.key)
        .limit(most)
    )
    async with database.begin() as connection:
        return [Discrepancy(*row) for row in await connection.execute(statement)]


async def used_up(database: Database, most: int = 10) -> tuple[int, list[str]]:
    """How many companies pay before, and the keys of those that have nothing left to spend."""
    empty = (
        sa.select(company.c.key)
        .join(account, account.c.company_id == company.c.id)
        .where(account.c.prepaid, account.c.balance <= account.c.reserved)
        .order_by(company.c.key)
        .limit(most)
    )
    async with database.begin() as connection:
        count = await connection.scalar(sa.select(sa.func.count()).where(account.c.prepaid))
        return int(count or 0), list((await connection.scalars(empty)).all())


async def add(database: Database, company_id: UUID, amount: Decimal, why: str, now: datetime) -> None:
    """Add *amount* to an account, or take it away where it is negative.

    Raises `InsufficientCredit` where an account that is paid before would be overdrawn.
    """
    async with database.begin() as connection:
        row = await _locked(connection, company_id, now)
        free = row.balance - row.reserved
        if row.prepaid and free + amount < 0:
            raise InsufficientCredit(
                f"{plain(-amount)} credits cannot be taken: {plain(free)} are there that are not reserved."
            )
        await _enter(connection, company_id, "adjust", amount, why, now)


async def granted(connection: AsyncConnection) -> dict[UUID, Decimal]:
    """What those companies that pay before were granted in all."""
    rows = await connection.execute(sa.select(account.c.company_id, account.c.granted).where(account.c.prepaid))
    return {row[0]: row[1] for row in rows}


async def grant(connection: AsyncConnection, company_id: UUID, credits: Decimal | None, now: datetime) -> None:
    """Make an account what the provisioning file says, in its transaction: *credits* in all, None: paid afterwards.

    What was granted before is not granted again; a smaller figure takes the difference back. Raises
    `InsufficientCredit` where that, or paying before for the first time, is not covered.
    """
    if credits is None:
        # One who pays afterwards from the first day gets an account with the first charge.
        await connection.execute(
            sa.update(account)
            .where(account.c.company_id == company_id, account.c.prepaid)
            .values(prepaid=False, changed_at=now)
        )
        return
    row = await _locked(connection, company_id, now)
    amount = credits - row.granted
    if row.prepaid and not amount:
        return
    free = row.balance - row.reserved
    if free + amount < 0:
        raise InsufficientCredit(
            f"with {plain(credits)} credits granted in all, instead of {plain(row.granted)}, the account would be "
            f"overdrawn by {plain(-free - amount)}"
        )
    if amount:
        await _enter(connection, company_id, "grant", amount, "granted by the provisioning file", now)
    await connection.execute(
        sa.update(account)
        .where(account.c.company_id == company_id)
        .values(prepaid=True, granted=credits, changed_at=now)
    )


async def _locked(connection: AsyncConnection, company_id: UUID, now: datetime) -> sa.Row[Any]:
    """The account of a company, made where it has none, and nobody else's until the transaction ends."""
    new = {"company_id": company_id, "prepaid": False, "balance": ZERO, "reserved": ZERO, "granted": ZERO}
    await connection.execute(insert(account).values(**new, changed_at=now).on_conflict_do_nothing())
    statement = sa.select(account).where(account.c.company_id == company_id).with_for_update(key_share=True)
    return (await connection.execute(statement)).one()


async def _enter(
    connection: AsyncConnection, company_id: UUID, kind: str, amount: Decimal, why: str, now: datetime
) -> None:
    await connection.execute(
        sa.insert(account_entry),
        {
            "id": new_id(now),
            "company_id": company_id,
            "kind": kind,
            "amount": amount,
            "held": ZERO,
            "why": why,
            "at": now,
        },
    )
    await connection.execute(
        sa.update(account)
        .where(account.c.company_id == company_id)
        .values(balance=account.c.balance + amount, changed_at=now)
    )
