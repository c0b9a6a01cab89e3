"""Deliveries that lost their job, are started again by a person, or found their receiver late."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from fakturahub.storage.database import Database
from fakturahub.storage.deliveries import (
    OVERDUE,
    Backlog,
    backlog,
    enqueue_orphaned,
)
from fakturahub.storage.delivery_verbs import NewDelivery, Word, changing
from tests.storage.rows import NOW, count, deliver, jobs, query, run, state_of, store, submission

LATER = NOW + OVERDUE + timedelta(seconds=1)


async def start_again(db: Database, id_: UUID, at: datetime, who: str) -> str:
    """What was the state of a delivery that is started again, unless it is done."""
    async with changing(db, Word(who, at)) as change:
        (one,) = await change.delivery(id_)
        if one.state not in ("delivered", "cancelled"):
            await change.start([one], "delivery.started-again")
        return one.state


async def add_to_unroutable(db: Database, id_: UUID, new: NewDelivery, at: datetime, who: str) -> UUID | None:
    """Route a document that has no receiver yet."""
    async with changing(db, Word(who, at)) as change:
        found = await change.document_state(id_)
        return await change.route(id_, found[1], new) if found and found[0] == "unroutable" else None


async def take_jobs_away(db: Database) -> None:
    await run(db, "DELETE FROM pgqueuer")


# --- without a job ------------------------------------------------------------------------------------------------


async def test_an_overdue_delivery_without_a_job_gets_one(empty_db: Database, company: UUID, receiver: UUID) -> None:
    lost, kept = submission(company, receiver=receiver), submission(company, receiver=receiver)
    await store(empty_db, lost, kept)
    await run(
        empty_db,
        "DELETE FROM pgqueuer WHERE payload = uuid_send(CAST(:id AS uuid))",
        id=lost.deliveries[0].id,
    )
    assert await enqueue_orphaned(empty_db, NOW + OVERDUE) == 0, "it may still be on its way"
    assert await enqueue_orphaned(empty_db, LATER) == 1
    assert await jobs(empty_db, lost.deliveries[0].id) == 1
    assert await jobs(empty_db, kept.deliveries[0].id) == 1
    assert await enqueue_orphaned(empty_db, LATER) == 0, "it has a job now"


async def test_a_job_that_somebody_works_on_counts(empty_db: Database, company: UUID, receiver: UUID) -> None:
    await store(empty_db, submission(company, receiver=receiver))
    await run(empty_db, "UPDATE pgqueuer SET status = 'picked', heartbeat = now()")
    assert await enqueue_orphaned(empty_db, LATER) == 0


@pytest.mark.parametrize("state", ["held", "cancelled", "failed", "delivered"])
async def test_only_open_deliveries_get_a_job(empty_db: Database, company: UUID, receiver: UUID, state: str) -> None:
    await store(empty_db, submission(company, receiver=receiver))
    await run(empty_db, "UPDATE delivery SET state = :state", state=state)
    await take_jobs_away(empty_db)
    assert await enqueue_orphaned(empty_db, LATER) == 0


async def test_the_longest_due_come_first_and_so_many_at_a_time(
    empty_db: Database, company: UUID, receiver: UUID
) -> None:
    rows = [submission(company, receiver=receiver, at=NOW - timedelta(seconds=number)) for number in range(5)]
    await store(empty_db, *rows)
    await take_jobs_away(empty_db)
    assert await enqueue_orphaned(empty_db, LATER, most=2) == 2
    assert [await jobs(empty_db, one.deliveries[0].id) for one in rows] == [0, 0, 0, 1, 1]
    assert await enqueue_orphaned(empty_db, LATER, most=2) == 2
    assert await enqueue_orphaned(empty_db, LATER, most=2) == 1
    assert await enqueue_orphaned(empty_db, LATER, most=2) == 0


async def test_the_backlog_is_what_is_open(empty_db: Database, company: UUID, receiver: UUID) -> None:
    assert await backlog(empty_db, NOW) == Backlog(0, 0.0)
    rows = [submission(company, receiver=receiver, at=NOW - timedelta(seconds=number)) for number in range(4)]
    await store(empty_db, *rows)
    assert await backlog(empty_db, NOW) == Backlog(4, 3.0)
    await deliver(empty_db, rows[3:])
    assert await backlog(empty_db, NOW) == Backlog(3, 2.0)
    assert await backlog(empty_db, NOW - timedelta(hours=1)) == Backlog(3, 0.0), "a clock that runs behind"
    await deliver(empty_db, rows)
    assert await backlog(empty_db, NOW) == Backlog(0, 0.0)


# --- started again by a person ------------------------------------------------------------------------------------


async def test_a_failed_delivery_is_started_again(empty_db: Database, company: UUID, receiver: UUID) -> None:
    rows = submission(company, receiver=receiver)
    await store(empty_db, rows)
    id_ = rows.deliveries[0].id
    await take_jobs_away(empty_db)
    await run(empty_db, "UPDATE delivery SET state = 'failed', last_error = 'refused there'")
    await run(empty_db, "UPDATE document SET state = 'failed'")
    assert await start_again(empty_db, id_, LATER, "anna") == "failed"
    assert await state_of(empty_db, rows) == ("routed", "pending"), "what is on its way has not failed"
    assert await query(empty_db, "SELECT due_at, changed_at FROM delivery") == [(LATER, LATER)]
    assert await jobs(empty_db, id_) == 1
    assert await query(
        empty_db, "SELECT company_id, document_id, data FROM event WHERE kind = 'delivery.started-again'"
    ) == [(company, rows.documents[0].id, {"by": "anna", "was": "failed"})]
    assert await deliver(empty_db, [rows], LATER) == 1
    assert await state_of(empty_db, rows) == ("delivered", "delivered")


@pytest.mark.parametrize("state", ["pending", "sending", "retrying", "held"])
async def test_what_waits_is_made_due(db: Database, company: UUID, receiver: UUID, state: str) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET state = :state WHERE id = :id", state=state, id=rows.deliveries[0].id)
    assert await start_again(db, rows.deliveries[0].id, LATER, "anna") == state
    assert await state_of(db, rows) == ("routed", "pending")
    assert await jobs(db, rows.deliveries[0].id) == 2, "two jobs do no harm"
    assert await deliver(db, [rows, rows]) == 1


@pytest.mark.parametrize("state", ["delivered", "cancelled"])
async def test_what_is_done_is_left_as_it_is(db: Database, company: UUID, receiver: UUID, state: str) -> None:
    rows = submission(company, receiver=receiver)
    await store(db, rows)
    await run(db, "UPDATE delivery SET state = :state WHERE id = :id", state=state, id=rows.deliveries[0].id)
    assert await start_again(db, rows.deliveries[0].id, LATER, "anna") == state
    assert await state_of(db, rows) == ("routed", state)
    assert await jobs(db, rows.deliveries[0].id) == 1
    assert await query(db, "SELECT kind FROM event WHERE company_id = :id", id=company) == ["document.received"]


async def test_started_again_while_it_is_being_done_it_is_done_once(
    db: Database, company: UUID, receiver: UUID
) -> None:
    rows = [submission(company, receiver=receiver) for _ in range(20)]
    await store(db, *rows)
    ids = [one.deliveries[0].id for one in rows]
    done, *was = await asyncio.gather(deliver(db, rows, LATER), *(start_again(db, id_, LATER, "anna") for id_ in ids))
    assert done + await deliver(db, rows, LATER) == 20
    assert set(was) <= {"pending", "delivered"}
    assert await count(db, "inbox", receiver) == 20
    assert await query(db, "SELECT DISTINCT state FROM delivery WHERE company_id = :id", id=company) == ["delivered"]


# --- routed late --------------------------------------------------------------------------------------------------


def found(receiver: UUID) -> NewDelivery:
    return NewDelivery(receiver, "inbox", "0216:1", "it is known now", "finvoice-3.0")


async def test_an_unroutable_document_is_routed_late(db: Database, company: UUID, receiver: UUID) -> None:
    rows = submission(company, state="unroutable")
    await store(db, rows)
    id_ = await add_to_unroutable(db, rows.documents[0].id, found(receiver), LATER, "anna")
    assert id_ is not None
    assert await state_of(db, rows) == ("routed", "pending")
    assert await query(
        db,
        """SELECT v.company_id, v.receiver_id, v.channel, v.address, v.why, v.wanted_syntax, v.due_at, d.receiver_id
           FROM delivery v JOIN document d ON d.id = v.document_id WHERE v.id = :id""",
        id=id_,
    ) == [(company, receiver, "inbox", "0216:1", "it is known now", "finvoice-3.0", LATER, receiver)]
    assert await jobs(db, id_) == 1
    assert await query(db, "SELECT data FROM event WHERE delivery_id = :id AND kind = 'document.routed'", id=id_) == [
        {"by": "anna", "why": "it is known now"}
    ]


async def test_of_two_who_route_a_document_one_does(db: Database, company: UUID, receiver: UUID) -> None:
    rows = [submission(company, state="unroutable") for _ in range(10)]
    await store(db, *rows)
    for one in rows:
        ids = await asyncio.gather(
            *(add_to_unroutable(db, one.documents[0].id, found(receiver), LATER, who) for who in ("anna", "ben"))
        )
        assert [id_ is None for id_ in ids].count(True) == 1
    assert await count(db, "delivery", company) == 10
