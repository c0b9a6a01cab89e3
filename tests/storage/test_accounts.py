"""Accounts: what a submission reserves, what a delivery takes or gives back, and that a ledger always sums."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from fakturahub.clock import new_id
from fakturahub.errors import FakturahubError, IdempotencyConflict, InsufficientCredit
from fakturahub.storage import accounts, ledger
from fakturahub.storage.accounts import plain
from fakturahub.storage.converted import Prepared
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import InboxDeliveries
from fakturahub.storage.submission_rows import DeliveryRow, SubmissionRows
from fakturahub.storage.submissions import Stored
from tests.storage.rows import NOW, count, deliver, query, run, submission, writing


async def a_company(db: Database, *, credits: str | None = None) -> UUID:
    """A company of this test's own, with credits where it pays before."""
    id_ = uuid4()
    await run(
        db,
        "INSERT INTO company (id, key, settings, version, created_at) "
        "VALUES (:id, :key, CAST(:settings AS jsonb), 0, now())",
        id=id_,
        key=f"c-{id_}",
        settings='{"name": "Firm"}',
    )
    async with db.begin() as connection:
        await ledger.grant(connection, id_, None if credits is None else Decimal(credits), NOW)
    return id_


def costing(company: UUID, cost: str, *, number: int = 1, **more: Any) -> SubmissionRows:
    """A submission of one document and *number* letters, each at that cost."""
    rows = submission(company, deliveries=0, **more)
    return msgspec.structs.replace(
        rows,
        deliveries=tuple(
            DeliveryRow(
                new_id(NOW),
                rows.documents[0].id,
                None,
                "print",
                "Firm",
                "paper",
                "original",
                "print",
                "{}",
                Decimal(cost),
            )
            for _ in range(number)
        ),
    )


async def send(db: Database, *rows: SubmissionRows) -> list[Stored | FakturahubError]:
    """Store *rows*, all in one batch where they come at once."""
    async with writing(db) as writer:
        return list(await asyncio.gather(*(writer.store(one) for one in rows), return_exceptions=True))  # type: ignore[arg-type]


@asynccontextmanager
async def transaction(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def settle(url: str, delivered: Sequence[UUID] = (), given_up: Sequence[UUID] = ()) -> None:
    async with transaction(url) as connection:
        await accounts.settle(connection, delivered, given_up, NOW)


async def figures(db: Database, company: UUID) -> tuple[str, str]:
    """Balance and reservation, once it is certain that the ledger sums to them."""
    found = await ledger.balance(db, company)
    assert found is not None
    sums = await query(
        db,
        "SELECT coalesce(sum(amount), 0), coalesce(sum(held), 0) FROM account_entry WHERE company_id = :id",
        id=company,
    )
    assert sums == [(found.balance, found.reserved)]
    assert [one.company for one in await ledger.discrepancies(db)].count(found.company) == 0
    return plain(found.balance), plain(found.reserved)


async def kinds(db: Database, company: UUID) -> list[str]:
    return [one.kind for one in reversed(await ledger.entries(db, company, 100))]


def ids(rows: SubmissionRows) -> list[UUID]:
    return [one.id for one in rows.deliveries]


async def test_reserved_with_the_submission_and_settled_when_delivered(db: Database, url: str) -> None:
    company = await a_company(db, credits="10")
    rows = costing(company, "2.75")
    await send(db, rows)
    assert await figures(db, company) == ("10", "2.75")
    assert await query(db, "SELECT cost FROM delivery WHERE id = :id", id=ids(rows)[0]) == [Decimal("2.75")]
    await settle(url, ids(rows))
    assert await figures(db, company) == ("7.25", "0")
    assert await kinds(db, company) == ["grant", "reserve", "settle"]


async def test_given_back_when_it_is_not_delivered(db: Database, url: str) -> None:
    company = await a_company(db, credits="10")
    rows = costing(company, "2", number=2)
    await send(db, rows)
    first, second = ids(rows)
    await settle(url, [first], [second])
    assert await figures(db, company) == ("8", "0")
    assert sorted(await kinds(db, company)) == ["grant", "refund", "reserve", "reserve", "settle"]


async def test_done_twice_it_is_taken_once(db: Database, url: str) -> None:
    company = await a_company(db, credits="10")
    rows = costing(company, "2")
    await send(db, rows)
    for _ in range(3):
        await settle(url, ids(rows))
    await settle(url, [], ids(rows))
    assert await figures(db, company) == ("8", "0")


async def test_an_empty_account_refuses_and_nothing_is_stored(db: Database) -> None:
    company = await a_company(db, credits="3")
    (refused,) = await send(db, costing(company, "3.01", key="k"))
    assert isinstance(refused, InsufficientCredit)
    assert "costs 3.01 credits; the account has 3 to spend" in str(refused)
    assert [await count(db, table, company) for table in ("submission", "document", "delivery", "event")] == [0] * 4
    assert await figures(db, company) == ("3", "0")
    (taken,) = await send(db, costing(company, "3", key="k"))
    assert isinstance(taken, Stored), "the refused one did not take the key"
    assert await figures(db, company) == ("3", "3")


async def test_one_that_is_not_covered_does_not_harm_the_others_of_its_batch(db: Database) -> None:
    company, other = await a_company(db, credits="5"), await a_company(db, credits="1")
    answers = await send(
        db,
        costing(company, "3"),
        costing(company, "3"),
        costing(other, "1"),
        costing(company, "2"),
        submission(company),
    )
    assert [type(one) for one in answers] == [Stored, InsufficientCredit, Stored, Stored, Stored]
    assert await figures(db, company) == ("5", "5")
    assert await figures(db, other) == ("1", "1")


async def test_several_deliveries_of_one_submission_count_together(db: Database) -> None:
    company = await a_company(db, credits="5")
    (refused,) = await send(db, costing(company, "2", number=3))
    assert isinstance(refused, InsufficientCredit)
    assert await count(db, "submission", company) == 0
    assert await figures(db, company) == ("5", "0")


@pytest.mark.parametrize("together", [True, False])
async def test_a_repeat_is_not_charged_and_answered_though_the_account_is_empty(db: Database, together: bool) -> None:
    company = await a_company(db, credits="2")
    first, repeat = (costing(company, "2", key="k", answer=answer) for answer in (b"first", b"second"))
    if together:
        answers = await send(db, first, repeat)
    else:
        answers = [*await send(db, first), *await send(db, repeat)]
    assert all(isinstance(one, Stored) and one.answer.body == b"first" for one in answers)
    assert [one.repeated for one in answers if isinstance(one, Stored)] == [False, True]
    assert await figures(db, company) == ("2", "2")
    (conflict,) = await send(db, costing(company, "2", key="k", body=b"<Other/>"))
    assert isinstance(conflict, IdempotencyConflict)


async def test_a_repeat_whose_time_is_over_is_charged(db: Database) -> None:
    company = await a_company(db, credits="4")
    window = timedelta(hours=24)
    await send(db, costing(company, "2", key="k", window=window))
    later = NOW + timedelta(hours=25)
    (again,) = await send(db, costing(company, "2", key="k", window=window, at=later))
    assert isinstance(again, Stored)
    assert not again.repeated
    assert await figures(db, company) == ("4", "4")


async def test_who_pays_afterwards_has_settled_lines_only(db: Database, url: str) -> None:
    company = await a_company(db)
    rows = costing(company, "1000", number=2)
    (taken,) = await send(db, rows)
    assert isinstance(taken, Stored)
    assert await figures(db, company) == ("0", "0")
    assert await kinds(db, company) == []
    await settle(url, ids(rows)[:1], ids(rows)[1:])
    assert await figures(db, company) == ("-1000", "0")
    assert await kinds(db, company) == ["settle"]


async def test_what_is_free_touches_nothing(db: Database, url: str) -> None:
    company = await a_company(db, credits="1")
    rows = submission(company, deliveries=2)
    await send(db, rows)
    await settle(url, ids(rows))
    assert await figures(db, company) == ("1", "0")
    assert await kinds(db, company) == ["grant"]


async def test_given_up_and_started_again_it_is_reserved_again(db: Database, url: str) -> None:
    company = await a_company(db, credits="2")
    rows = costing(company, "2")
    await send(db, rows)
    await settle(url, [], ids(rows))
    assert await figures(db, company) == ("2", "0")
    async with transaction(url) as connection:
        await accounts.reserve_again(connection, ids(rows), NOW)
    assert await figures(db, company) == ("2", "2")
    async with transaction(url) as connection:
        await accounts.reserve_again(connection, ids(rows), NOW)
    assert await figures(db, company) == ("2", "2"), "it is held once"
    await settle(url, ids(rows))
    assert await figures(db, company) == ("0", "0")


async def test_started_again_with_an_empty_account_it_is_refused(db: Database, url: str) -> None:
    company = await a_company(db, credits="2")
    rows = costing(company, "2")
    await send(db, rows)
    await settle(url, [], ids(rows))
    await send(db, costing(company, "1"))
    with pytest.raises(InsufficientCredit, match="costs 2 credits"):
        async with transaction(url) as connection:
            await accounts.reserve_again(connection, ids(rows), NOW)
    assert await figures(db, company) == ("2", "1")


async def test_done_after_it_was_given_back_never_overdraws(db: Database, url: str) -> None:
    company = await a_company(db, credits="2")
    rows, other = costing(company, "2"), costing(company, "1.5")
    await send(db, rows)
    await settle(url, [], ids(rows))
    await send(db, other)
    await settle(url, ids(rows))
    assert await figures(db, company) == ("1.5", "1.5"), "what the other delivery holds is not touched"
    assert (await ledger.entries(db, company, 1))[0].why == "1.5 of 2 were not covered"
    await settle(url, ids(other))
    assert await figures(db, company) == ("0", "0")


async def test_a_grant_is_the_difference_to_what_was_granted(db: Database) -> None:
    company = await a_company(db, credits="500")
    for credits, expected in (("500", "500"), ("600", "600"), ("100.5", "100.5")):
        async with db.begin() as connection:
            await ledger.grant(connection, company, Decimal(credits), NOW)
        assert await figures(db, company) == (expected, "0")
    assert await kinds(db, company) == ["grant", "grant", "grant"]


async def test_a_grant_does_not_take_back_what_is_reserved_or_spent(db: Database) -> None:
    company = await a_company(db, credits="10")
    await send(db, costing(company, "6"))
    with pytest.raises(InsufficientCredit, match=r"overdrawn by 1\.5"):
        async with db.begin() as connection:
            await ledger.grant(connection, company, Decimal("4.5"), NOW)
    assert await figures(db, company) == ("10", "6")
    async with db.begin() as connection:
        await ledger.grant(connection, company, Decimal(6), NOW)
    assert await figures(db, company) == ("6", "6")


async def test_from_before_to_afterwards_and_back(db: Database, url: str) -> None:
    company = await a_company(db, credits="5")
    held, later = costing(company, "5"), costing(company, "7")
    await send(db, held)
    async with db.begin() as connection:
        await ledger.grant(connection, company, None, NOW)
    await send(db, later)
    assert await figures(db, company) == ("5", "5")
    await settle(url, ids(later))
    assert await figures(db, company) == ("-2", "5")
    with pytest.raises(InsufficientCredit, match="overdrawn by 7"):
        async with db.begin() as connection:
            await ledger.grant(connection, company, Decimal(5), NOW)
    await settle(url, ids(held))
    assert await figures(db, company) == ("-7", "0")
    async with db.begin() as connection:
        await ledger.grant(connection, company, Decimal(15), NOW)
    assert await figures(db, company) == ("3", "0")


async def test_credits_are_added_and_taken_by_hand(db: Database) -> None:
    company = await a_company(db, credits="5")
    await ledger.add(db, company, Decimal("2.5"), "paid by card (by ops)", NOW)
    await ledger.add(db, company, Decimal(-7), "a mistake (by ops)", NOW)
    assert await figures(db, company) == ("0.5", "0")
    with pytest.raises(InsufficientCredit, match=r"1 credits cannot be taken: 0\.5 are there"):
        await ledger.add(db, company, Decimal(-1), "too much", NOW)
    newest = (await ledger.entries(db, company, 10))[0]
    assert (newest.kind, newest.amount, newest.held, newest.why) == ("adjust", Decimal(-7), 0, "a mistake (by ops)")


async def test_a_ledger_is_read_page_by_page(db: Database) -> None:
    company = await a_company(db)
    for number in range(5):
        await ledger.add(db, company, Decimal(number + 1), f"{number}", NOW + timedelta(seconds=number))
    first = await ledger.entries(db, company, 3)
    rest = await ledger.entries(db, company, 3, before=first[-1].id)
    assert [one.why for one in (*first, *rest)] == ["4", "3", "2", "1", "0"]


async def test_what_was_changed_by_hand_in_the_tables_is_found(empty_db: Database) -> None:
    company = await a_company(empty_db, credits="5")
    await run(empty_db, "UPDATE account SET balance = 6 WHERE company_id = :id", id=company)
    (found,) = await ledger.discrepancies(empty_db)
    assert (found.balance, found.entered, found.reserved, found.held) == (6, 5, 0, 0)


async def test_the_database_itself_lets_no_account_be_overdrawn(db: Database) -> None:
    company = await a_company(db, credits="1")
    with pytest.raises(FakturahubError):
        await run(db, "UPDATE account SET reserved = 2 WHERE company_id = :id", id=company)
    assert await figures(db, company) == ("1", "0")


async def test_balances_are_listed_by_key(empty_db: Database) -> None:
    before, after = await a_company(empty_db, credits="1"), await a_company(empty_db)
    listed = await ledger.balances(empty_db, 10)
    assert {(one.prepaid, one.balance) for one in listed} == {(True, Decimal(1)), (False, Decimal(0))}
    assert [one.company for one in listed] == sorted(f"c-{id_}" for id_ in (before, after))
    assert [one.company for one in await ledger.balances(empty_db, 10, after=listed[0].company)] == [listed[1].company]


async def test_many_writers_at_once_never_overdraw(db: Database) -> None:
    """The small form; `tests/acceptance/test_credits.py` has it with processes and in the stated size."""
    company = await a_company(db, credits="50")
    batches = [[costing(company, "1.25", key=f"{writer}-{number}") for number in range(25)] for writer in range(4)]
    answers = await asyncio.gather(*(send(db, *batch) for batch in batches))
    flat = [one for batch in answers for one in batch]
    assert sum(isinstance(one, Stored) for one in flat) == 40
    assert sum(isinstance(one, InsufficientCredit) for one in flat) == 60
    assert await figures(db, company) == ("50", "50")


async def test_writers_and_settlers_at_once_do_not_deadlock(db: Database, url: str) -> None:
    companies = [await a_company(db, credits="1000") for _ in range(3)]
    sent = [costing(one, "1", key=f"{number}") for number in range(30) for one in companies]
    await send(db, *sent)

    async def settled(order: Sequence[SubmissionRows]) -> None:
        for rows in order:
            await settle(url, ids(rows))

    more = [costing(one, "1", key=f"more {number}") for number in range(30) for one in reversed(companies)]
    await asyncio.gather(settled(sent[:45]), settled(sent[45:]), send(db, *more), send(db, *reversed(more)))
    assert [await figures(db, one) for one in companies] == [("970", "30")] * 3


async def test_a_delivery_to_an_inbox_is_settled_with_it(db: Database) -> None:
    company, receiver = await a_company(db, credits="10"), await a_company(db)
    rows = submission(company, receiver=receiver)
    (delivery,) = rows.deliveries
    rows = msgspec.structs.replace(rows, deliveries=(msgspec.structs.replace(delivery, cost=Decimal("0.25")),))
    await send(db, rows)
    assert await figures(db, company) == ("10", "0.25")
    assert await deliver(db, [rows]) == 1
    assert await deliver(db, [rows]) == 0
    assert await figures(db, company) == ("9.75", "0")


async def test_one_that_cannot_be_put_into_an_inbox_is_given_back(db: Database) -> None:
    company, receiver = await a_company(db, credits="10"), await a_company(db)
    rows = submission(company, receiver=receiver)
    (delivery,) = rows.deliveries
    delivery = msgspec.structs.replace(delivery, cost=Decimal("0.25"), wanted_syntax="finvoice-3.0")
    await send(db, msgspec.structs.replace(rows, deliveries=(delivery,)))
    worker = InboxDeliveries(db)
    done = await worker.do([delivery.id], NOW, {delivery.id: Prepared("{}", error="it would lose something")})
    await worker.close()
    assert (done.done, done.failed) == (0, 1)
    assert await figures(db, company) == ("10", "0")
    assert await kinds(db, company) == ["grant", "reserve", "refund"]
