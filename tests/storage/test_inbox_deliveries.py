"""Deliveries to companies of this hub: each exactly once, whoever does them and however often."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from fakturahub.errors import DatabaseUnavailable
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import Batch, InboxDeliveries
from tests.storage.proxy import proxied
from tests.storage.rows import NOW, count, deliver, query, run, state_of, store, submission

LATER = NOW + timedelta(seconds=3)


async def test_a_delivery_is_recorded_whole(db: Database, company: UUID, receiver: UUID) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    assert await deliver(db, [rows], LATER) == 1
    document, delivery = rows.documents[0], rows.deliveries[0]
    assert await query(
        db,
        "SELECT company_id, document_id, delivery_id, arrived_at, received_at FROM inbox WHERE company_id = :id",
        id=receiver,
    ) == [(receiver, document.id, delivery.id, LATER, None)]
    assert await query(
        db,
        "SELECT state, attempts, delivered_syntax, changed_at, last_error FROM delivery WHERE id = :id",
        id=delivery.id,
    ) == [("delivered", 1, "ubl-2.1", LATER, None)]
    assert await query(db, "SELECT state, changed_at FROM document WHERE id = :id", id=document.id) == [
        ("delivered", LATER)
    ]
    (attempt,) = await query(
        db,
        """SELECT a.outcome, a.started_at <= :at, a.seconds >= 0, a.detail ->> 'inbox' = i.id::text
           FROM attempt a JOIN inbox i USING (delivery_id) WHERE a.delivery_id = :id""",
        id=delivery.id,
        at=LATER,
    )
    assert attempt == ("delivered", True, True, True)
    kinds = await query(db, "SELECT kind FROM event WHERE document_id = :id ORDER BY at, xact, id", id=document.id)
    assert kinds[0] == "document.received"
    assert "delivery.delivered" in kinds


async def test_done_again_it_changes_nothing(db: Database, company: UUID, receiver: UUID) -> None:
    rows = [submission(company, receiver=receiver) for _ in range(5)]
    await store(db, *rows)
    assert await deliver(db, rows[:3]) == 3
    before = [await count(db, table, receiver) for table in ("inbox",)] + [await count(db, "event", company)]
    assert await deliver(db, rows[:3], LATER) == 0
    assert [await count(db, "inbox", receiver), await count(db, "event", company)] == before
    assert await deliver(db, [*rows, *rows], LATER) == 2, "two were open, each is named twice"
    assert await count(db, "inbox", receiver) == 5
    assert await query(db, "SELECT DISTINCT attempts FROM delivery WHERE company_id = :id", id=company) == [1]


async def test_nothing_to_do_is_nothing(db: Database) -> None:
    worker = InboxDeliveries(db)
    assert await worker.do([], NOW) == Batch()
    assert await worker.do([uuid4(), uuid4()], NOW) == Batch()
    await worker.close()


@pytest.mark.parametrize("state", ["held", "cancelled", "failed", "delivered"])
async def test_what_is_not_open_is_left_alone(db: Database, company: UUID, receiver: UUID, state: str) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET state = :state WHERE id = :id", state=state, id=rows.deliveries[0].id)
    assert await deliver(db, [rows]) == 0
    assert await state_of(db, rows) == ("routed", state)
    assert await count(db, "inbox", receiver) == 0


@pytest.mark.parametrize("state", ["pending", "sending", "retrying"])
async def test_what_is_open_is_done(db: Database, company: UUID, receiver: UUID, state: str) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET state = :state WHERE id = :id", state=state, id=rows.deliveries[0].id)
    assert await deliver(db, [rows]) == 1


@pytest.mark.parametrize(
    ("others", "then"),
    [
        ((), "delivered"),
        (("delivered",), "delivered"),
        (("cancelled",), "delivered"),
        (("pending",), "partly-delivered"),
        (("failed",), "partly-delivered"),
        (("cancelled", "retrying"), "partly-delivered"),
    ],
)
async def test_the_document_follows_from_all_its_deliveries(
    db: Database, company: UUID, receiver: UUID, others: tuple[str, ...], then: str
) -> None:
    rows = submission(company, receiver=receiver, deliveries=1 + len(others))
    await store(db, rows)
    first, *rest = sorted(one.id for one in rows.deliveries)
    for other, state in zip(rest, others, strict=True):
        await run(db, "UPDATE delivery SET state = :state WHERE id = :id", state=state, id=other)
    worker = InboxDeliveries(db)
    await worker.do([first], LATER)
    await worker.close()
    assert await state_of(db, rows) == (then, "delivered", *others)


async def test_a_document_done_in_two_transactions_at_once_ends_delivered(
    db: Database, company: UUID, receiver: UUID
) -> None:
    """Neither transaction sees the other's delivery done, unless they settle the document one after the other."""
    rows = [submission(company, receiver=receiver, deliveries=2) for _ in range(40)]
    await store(db, *rows)
    halves = [[one.deliveries[half].id for one in rows] for half in range(2)]
    workers = [InboxDeliveries(db) for _ in halves]
    for start in range(0, 40, 4):
        done = await asyncio.gather(
            *(worker.do(half[start : start + 4], LATER) for worker, half in zip(workers, halves, strict=True))
        )
        assert [one.done for one in done] == [4, 4]
    for worker in workers:
        await worker.close()
    assert await query(db, "SELECT DISTINCT state FROM document WHERE company_id = :id", id=company) == ["delivered"]


async def test_workers_with_overlapping_batches_do_each_delivery_once(
    db: Database, company: UUID, receiver: UUID
) -> None:
    """Three workers, the same 300 deliveries of 150 documents, each worker in an order of its own."""
    rows = [submission(company, receiver=receiver, deliveries=2) for _ in range(150)]
    await store(db, *rows)
    ids = [delivery.id for one in rows for delivery in one.deliveries]
    random.seed(3)

    async def work() -> int:
        worker, mine = InboxDeliveries(db), ids.copy()
        random.shuffle(mine)
        done = 0
        for start in range(0, len(mine), 25):
            done += (await worker.do(mine[start : start + 25], LATER)).done
        await worker.close()
        return done

    assert sum(await asyncio.gather(work(), work(), work())) == 300
    assert await count(db, "inbox", receiver) == 300
    assert await query(
        db, "SELECT count(*), count(DISTINCT delivery_id) FROM inbox WHERE company_id = :id", id=receiver
    ) == [(300, 300)]
    assert await query(
        db,
        "SELECT count(*) FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.company_id = :id",
        id=company,
    ) == [300]
    assert await query(db, "SELECT DISTINCT state FROM document WHERE company_id = :id", id=company) == ["delivered"]


async def test_a_lost_answer_leaves_it_done_or_not_done(db: Database, url: str, company: UUID, receiver: UUID) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    async with proxied(url) as proxy:
        behind = Database(proxy.url)
        worker = InboxDeliveries(behind)
        for when in (b"INSERT INTO attempt", b"COMMIT"):
            proxy.cut_after = lambda data, when=when: when in data  # type: ignore[misc]
            with pytest.raises(DatabaseUnavailable):
                await worker.do([rows.deliveries[0].id], LATER)
        proxy.cut_after = lambda _: False
        assert (await worker.do([rows.deliveries[0].id], LATER)).done == 0, "the commit had arrived"
        await worker.close()
        await behind.close()
    assert await count(db, "inbox", receiver) == 1
    assert await state_of(db, rows) == ("delivered", "delivered")
