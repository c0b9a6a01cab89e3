"""Accounts in credits: reserved when a delivery is accepted, settled when it is done, refunded when it is given up.

An account is its row, and its ledger sums to it: ``amount`` to the balance, ``held`` to what is reserved. Every change
of a row and the entry that tells it are one transaction under the row's lock, so that no number of processes overdraws
an account. A company without an account pays afterwards; deliveries without a cost touch nothing.

Locks are taken in this order, by all: deliveries, their documents, accounts by company, keys of submissions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.clock import new_id
from fakturahub.errors import InsufficientCredit

ZERO = Decimal(0)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Charge(msgspec.Struct, frozen=True):
    """What a delivery that was just accepted will cost its sender."""

    company_id: UUID
    delivery_id: UUID
    #: in credits, more than nothing
    cost: Decimal
    why: str


class _Entry(msgspec.Struct, frozen=True):
    company_id: UUID
    kind: str
    amount: Decimal
    held: Decimal
    delivery_id: UUID | None
    why: str


async def lock(connection: Connection, companies: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Lock the accounts of those of *companies* that pay before, and say what each may still spend.

    Until the open transaction ends nobody else spends of them. Who is not in the answer pays afterwards.
    """
    records = await connection.fetch(
        """SELECT company_id, prepaid, balance - reserved FROM account WHERE company_id = ANY ($1)
           ORDER BY company_id FOR NO KEY UPDATE""",
        sorted(set(companies)),
    )
    return {record[0]: record[2] for record in records if record[1]}


async def reserve(connection: Connection, charges: Sequence[Charge], now: datetime) -> None:
    """Hold what *charges* cost, in the transaction that stores their deliveries.

    The caller has locked the accounts with `lock` in the same transaction and seen that they cover it: charges of
    companies that pay afterwards are left out.
    """
    await _enter(
        connection,
        [_Entry(one.company_id, "reserve", ZERO, one.cost, one.delivery_id, one.why) for one in charges],
        now,
    )


async def settle(connection: Connection, delivered: Sequence[UUID], given_up: Sequence[UUID], now: datetime) -> None:
    """Take the cost of deliveries that were *delivered*, and give back what is held for those *given_up*.

    To be called in the transaction that records them, last: it holds the locks of the deliveries and of their
    documents. Free ones cost one look-up of all of them together; one that was settled already is not settled again.
    """
    priced = await connection.fetch(
        "SELECT id, company_id, cost FROM delivery WHERE id = ANY ($1) AND cost > 0 ORDER BY id",
        [*delivered, *given_up],
    )
    if not priced:
        return
    await _open_accounts(connection, [record["company_id"] for record in priced], now)
    left = await lock(connection, [record["company_id"] for record in priced])
    held = await _held(connection, [record["id"] for record in priced])
    done = frozenset(delivered)
    entries: list[_Entry] = []
    for record in priced:
        delivery_id, company_id, cost = record["id"], record["company_id"], record["cost"]
        state = held.get(delivery_id, _Held())
        if state.settled:
            continue
        if delivery_id not in done:
            if state.held:
                entries.append(_Entry(company_id, "refund", ZERO, -state.held, delivery_id, "it was not delivered"))
                left[company_id] = left.get(company_id, ZERO) + state.held
            continue
        entry = _settled(company_id, delivery_id, cost, state.held, left.get(company_id))
        entries.append(entry)
        if company_id in left:
            left[company_id] += entry.amount - entry.held
    await _enter(connection, entries, now)


def _settled(company_id: UUID, delivery_id: UUID, cost: Decimal, held: Decimal, left: Decimal | None) -> _Entry:
    """The entry for a delivery that was done. *left*: what the account may spend; None where it pays afterwards."""
    if left is not None and cost > held + left:
        # It was given up, its credits were given back and spent, and then it was done after all, such as by a receiver
        # whose answer was lost. An account is never overdrawn: the rest is the hub's loss, and stands in the ledger.
        taken = held + max(left, ZERO)
        return _Entry(company_id, "settle", -taken, -held, delivery_id, f"{cost - taken} of {cost} were not covered")
    return _Entry(company_id, "settle", -cost, -held, delivery_id, "it was delivered")


async def reserve_again(connection: Connection, delivery_ids: Sequence[UUID], now: datetime) -> None:
    """Hold the cost of deliveries that were given up and are started again, in the transaction that starts them.

    The caller holds the locks of the deliveries. Raises `InsufficientCredit` where an account does not cover it;
    nothing of the transaction may be kept then.
    """
    priced = await connection.fetch(
        "SELECT id, company_id, cost FROM delivery WHERE id = ANY ($1) AND cost > 0 ORDER BY id", list(delivery_ids)
    )
    if not priced:
        return
    left = await lock(connection, [record["company_id"] for record in priced])
    held = await _held(connection, [record["id"] for record in priced])
    charges = []
    for record in priced:
        company_id, cost = record["company_id"], record["cost"]
        state = held.get(record["id"], _Held())
        if company_id not in left or state.held or state.settled:
            continue
        if left[company_id] < cost:
            raise InsufficientCredit(
                f"Delivery {record['id']} costs {plain(cost)} credits; the account of its sender has "
                f"{plain(left[company_id])} that are not reserved."
            )
        left[company_id] -= cost
        charges.append(Charge(company_id, record["id"], cost, "it was started again"))
    await reserve(connection, charges, now)


def plain(amount: Decimal) -> str:
    """An amount for people: ``500``, ``2.75``; no exponent and no zeros behind the last digit."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Held(msgspec.Struct, frozen=True):
    """What the ledger says of one delivery."""

    held: Decimal = ZERO
    settled: bool = False


async def _held(connection: Connection, delivery_ids: Sequence[UUID]) -> Mapping[UUID, _Held]:
    records = await connection.fetch(
        """SELECT delivery_id, sum(held), bool_or(kind = 'settle') FROM account_entry WHERE delivery_id = ANY ($1)
           GROUP BY delivery_id""",
        list(delivery_ids),
    )
    return {record[0]: _Held(record[1], record[2]) for record in records}


async def _open_accounts(connection: Connection, companies: Sequence[UUID], now: datetime) -> None:
    """Give those of *companies* that have none an account that is paid afterwards."""
    await connection.execute(
        """INSERT INTO account (company_id, prepaid, balance, reserved, granted, changed_at)
           SELECT id, false, 0, 0, 0, $2 FROM company WHERE id = ANY ($1) ORDER BY id
           ON CONFLICT (company_id) DO NOTHING""",
        sorted(set(companies)),
        now,
    )


async def _enter(connection: Connection, entries: Sequence[_Entry], now: datetime) -> None:
    """Write *entries* and change the accounts by their sums; the caller holds the locks of the accounts."""
    if not entries:
        return
    # Ids of one millisecond are in no order; the ledger is read in theirs.
    ids = sorted(new_id(now) for _ in entries)
    await connection.execute(
        """WITH written AS (
               INSERT INTO account_entry (id, company_id, kind, amount, held, delivery_id, why, at)
               SELECT r.id, company_id, kind, amount, held, delivery_id, why, $8
               FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::numeric[], $6::uuid[], $7::text[])
                    AS r (id, company_id, kind, amount, held, delivery_id, why)
               RETURNING company_id, amount, held),
           sums AS (SELECT company_id, sum(amount) AS amount, sum(held) AS held FROM written GROUP BY company_id)
           UPDATE account SET balance = balance + sums.amount, reserved = reserved + sums.held, changed_at = $8
           FROM sums WHERE account.company_id = sums.company_id""",
        ids,
        [one.company_id for one in entries],
        [one.kind for one in entries],
        [one.amount for one in entries],
        [one.held for one in entries],
        [one.delivery_id for one in entries],
        [one.why for one in entries],
        now,
    )
