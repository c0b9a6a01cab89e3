"""Storing submissions: everything or nothing, once, with the answer; repeats and conflicts."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from fakturahub.errors import IdempotencyConflict, Unavailable
from fakturahub.storage import submissions
from fakturahub.storage.database import Database
from fakturahub.storage.submission_rows import SubmissionRows
from fakturahub.storage.submissions import Stored, SubmissionWriter
from tests.storage.rows import NOW, count, jobs, query, run, store, submission, writing

DAY = timedelta(hours=24)


async def test_everything_of_a_submission_is_stored_with_its_answer(db: Database, company: UUID) -> None:
    rows = submission(company, key="k", receiver=uuid4(), body=b"\x00\xff bytes", answer=b"\x00 answer \xff")
    async with writing(db) as writer:
        stored = await writer.store(rows)
    assert stored == Stored(rows.answer, False, rows.id)
    assert [await count(db, table, company) for table in ("submission", "document", "delivery", "event")] == [1] * 4
    document = rows.documents[0]
    assert await query(
        db,
        """SELECT s.answer, s.answer_status, d.payload, d.sha256, d.created_at, v.state, v.due_at, v.document_id
           FROM submission s JOIN document d ON d.submission_id = s.id JOIN delivery v ON v.document_id = d.id
           WHERE s.id = :id""",
        id=rows.id,
    ) == [(rows.answer.body, 200, document.payload, document.sha256, NOW, "pending", NOW, document.id)]
    assert await jobs(db, rows.deliveries[0].id) == 1


async def test_many_at_once_are_each_stored_once_with_their_own_answer(db: Database, company: UUID) -> None:
    rows = [submission(company, key=f"k{number}", receiver=uuid4()) for number in range(300)]
    async with writing(db) as writer:
        stored = await asyncio.gather(*(writer.store(one) for one in rows))
    assert stored == [Stored(one.answer, False, one.id) for one in rows]
    assert await count(db, "submission", company) == 300
    assert await query(
        db,
        """SELECT count(*) FROM delivery d JOIN pgqueuer j ON j.payload = uuid_send(d.id) WHERE d.company_id = :id""",
        id=company,
    ) == [300]


async def test_the_same_again_gets_the_first_answer(db: Database, company: UUID) -> None:
    first, again = submission(company, key="k"), submission(company, key="k", at=NOW + timedelta(days=400))
    async with writing(db) as writer:
        await writer.store(first)
        assert await writer.store(again) == Stored(first.answer, True, first.id)
    assert await count(db, "submission", company) == 1
    assert await count(db, "document", company) == 1


async def test_repeats_and_conflicts_within_one_batch(db: Database, company: UUID) -> None:
    first = submission(company, key="k", body=b"one")
    repeat = submission(company, key="k", body=b"one")
    conflict = submission(company, key="k", body=b"two")
    other = submission(company, key="other", body=b"two")
    async with writing(db) as writer:
        got = await asyncio.gather(
            *(writer.store(one) for one in (first, repeat, conflict, other)), return_exceptions=True
        )
    assert got[0] == Stored(first.answer, False, first.id)
    assert got[1] == Stored(first.answer, True, first.id)
    assert isinstance(got[2], IdempotencyConflict)
    assert got[3] == Stored(other.answer, False, other.id)
    assert await count(db, "submission", company) == 2


async def test_another_body_under_a_used_key_is_a_conflict_that_names_the_first(db: Database, company: UUID) -> None:
    first = submission(company, key="k", body=b"one", receiver=uuid4())
    other = submission(company, key="k", body=b"two", receiver=uuid4())
    async with writing(db) as writer:
        await writer.store(first)
        with pytest.raises(IdempotencyConflict) as caught:
            await writer.store(other)
    assert str(first.id) in str(caught.value)
    assert "2026-11-20 12:00:00 UTC" in str(caught.value)
    assert await count(db, "document", company) == 1
    assert await jobs(db, other.deliveries[0].id) == 0


async def test_a_key_belongs_to_a_company_and_a_dialect(db: Database, company: UUID) -> None:
    rows = [submission(company, key="k"), submission(uuid4(), key="k"), submission(company, key="k", dialect="apix")]
    async with writing(db) as writer:
        assert [(await writer.store(one)).repeated for one in rows] == [False] * 3


async def test_without_a_key_nothing_is_a_repeat(db: Database, company: UUID) -> None:
    async with writing(db) as writer:
        stored = await asyncio.gather(*(writer.store(submission(company)) for _ in range(5)))
    assert not any(one.repeated for one in stored)
    assert await count(db, "submission", company) == 5


@pytest.mark.parametrize(
    ("later", "repeated"),
    [
        (timedelta(0), True),
        (DAY - timedelta(microseconds=1), True),
        (DAY, True),
        (DAY + timedelta(microseconds=1), False),
        (timedelta(days=30), False),
    ],
)
async def test_equal_bytes_are_a_repeat_within_a_day(
    db: Database, company: UUID, later: timedelta, repeated: bool
) -> None:
    first = submission(company, key="prod:bytes:1", window=DAY)
    again = submission(company, key="prod:bytes:1", window=DAY, at=NOW + later)
    async with writing(db) as writer:
        await writer.store(first)
        stored = await writer.store(again)
        assert stored == Stored((first if repeated else again).answer, repeated, (first if repeated else again).id)
        # the window is counted from the newest that was taken
        third = submission(company, key="prod:bytes:1", window=DAY, at=NOW + later)
        assert (await writer.store(third)).submission_id == stored.submission_id
    assert await count(db, "submission", company) == (1 if repeated else 2)


async def test_forgetting_a_window_touches_no_other_key(db: Database, company: UUID) -> None:
    """A key that the sender gave holds for ever, and so does another company's window until it sends again."""
    other = uuid4()
    await store(
        db,
        submission(company, key="prod:key:1"),
        submission(company, key="prod:bytes:2", window=DAY),
        submission(other, key="prod:bytes:1", window=DAY),
    )
    late = NOW + timedelta(days=2)
    await store(db, submission(company, key="prod:bytes:1", window=DAY, at=late))
    assert await query(
        db,
        "SELECT repeat_key FROM submission WHERE company_id IN (:one, :two) ORDER BY repeat_key",
        one=company,
        two=other,
    ) == ["prod:bytes:1", "prod:bytes:1", "prod:bytes:2", "prod:key:1"]
    async with writing(db) as writer:
        assert (await writer.store(submission(company, key="prod:key:1", at=late))).repeated


async def test_a_refused_submission_takes_no_key(db: Database, company: UUID) -> None:
    refused = submission(company, key="k", body=b"bad", refused=True)
    async with writing(db) as writer:
        assert (await writer.store(refused)).submission_id == refused.id
        anew = submission(company, key="k", body=b"bad", refused=True)
        assert await writer.store(anew) == Stored(anew.answer, False, anew.id), "it is judged anew"
        good = submission(company, key="k", body=b"good")
        assert await writer.store(good) == Stored(good.answer, False, good.id)
    assert await count(db, "submission", company) == 3
    assert await query(db, "SELECT id FROM submission WHERE company_id = :id AND repeat_key = 'k'", id=company) == [
        good.id
    ]


async def test_a_refused_submission_conflicts_with_a_used_key(db: Database, company: UUID) -> None:
    first = submission(company, key="k", body=b"good")
    async with writing(db) as writer:
        await writer.store(first)
        with pytest.raises(IdempotencyConflict, match=str(first.id)):
            await writer.store(submission(company, key="k", body=b"bad", refused=True))
        # accepted once, refused now that a setting has changed: what was answered stays answered
        assert await writer.store(submission(company, key="k", body=b"good", refused=True)) == Stored(
            first.answer, True, first.id
        )
    assert await count(db, "submission", company) == 1


async def test_refused_and_accepted_under_one_key_in_one_batch(db: Database, company: UUID) -> None:
    refused = submission(company, key="k", body=b"bad", refused=True)
    good = submission(company, key="k", body=b"good")
    async with writing(db) as writer:
        got = await asyncio.gather(writer.store(refused), writer.store(good))
    assert [one.submission_id for one in got] == [refused.id, good.id]
    assert not any(one.repeated for one in got)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "BATCH", 8)


@pytest.mark.usefixtures("small_batches")
async def test_processes_that_store_the_same_keys_at_once_agree(db: Database, company: UUID) -> None:
    """Each key of 100 is sent to four writers at once, each in an order of its own, one of four with another body."""
    random.seed(7)
    ways: list[list[SubmissionRows]] = []
    for number in range(4):
        rows = [
            submission(company, key=f"k{key:03}", body=b"other" if number == 3 else b"same", receiver=uuid4())
            for key in range(100)
        ]
        random.shuffle(rows)
        ways.append(rows)
    writers = [SubmissionWriter(db) for _ in ways]
    for writer in writers:
        writer.start()
    got = await asyncio.gather(
        *(writer.store(one) for writer, rows in zip(writers, ways, strict=True) for one in rows),
        return_exceptions=True,
    )
    for writer in writers:
        await writer.stop()
    assert await count(db, "submission", company) == 100
    assert await count(db, "delivery", company) == 100
    taken = dict(await query(db, "SELECT repeat_key, id FROM submission WHERE company_id = :company", company=company))
    bodies = dict(
        await query(db, "SELECT repeat_key, body_sha256 FROM submission WHERE company_id = :company", company=company)
    )
    sent = [one for rows in ways for one in rows]
    for one, outcome in zip(sent, got, strict=True):
        assert one.repeat_key is not None
        if one.body_sha256 != bodies[one.repeat_key]:
            assert isinstance(outcome, IdempotencyConflict), outcome
            assert str(taken[one.repeat_key]) in str(outcome)
        else:
            assert isinstance(outcome, Stored), outcome
            assert outcome.submission_id == taken[one.repeat_key]
            assert outcome.answer.body == str(taken[one.repeat_key]).encode()
            assert outcome.repeated == (one.id != taken[one.repeat_key])


async def test_batches_with_the_same_keys_in_opposite_order_wait_for_each_other(db: Database, company: UUID) -> None:
    """As after a load balancer's retries. A deadlock would cost one of them all its submissions, and a second."""
    there = [submission(company, key=f"k{key:03}") for key in range(submissions.BATCH)]
    back = [submission(company, key=f"k{key:03}") for key in reversed(range(submissions.BATCH))]
    for _ in range(5):
        async with writing(db) as one, writing(db) as other:
            got = await asyncio.gather(*(one.store(row) for row in there), *(other.store(row) for row in back))
        assert await count(db, "submission", company) == submissions.BATCH
        assert len({stored.submission_id for stored in got}) == submissions.BATCH
        await run(db, "DELETE FROM event WHERE company_id = :id", id=company)
        await run(db, "DELETE FROM document WHERE company_id = :id", id=company)
        await run(db, "DELETE FROM submission WHERE company_id = :id", id=company)


async def test_a_repeat_whose_window_another_process_just_ended_is_asked_for_again(
    db: Database, company: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submission(company, key="prod:bytes:1", window=DAY)
    await store(db, first)
    insert = submissions._insert

    async def slowly(*arguments: Any) -> set[UUID]:
        new = await insert(*arguments)
        await run(db, "UPDATE submission SET repeat_key = NULL WHERE id = :id", id=first.id)
        return new

    monkeypatch.setattr(submissions, "_insert", slowly)
    again, other = submission(company, key="prod:bytes:1", window=DAY), submission(company, key="k")
    async with writing(db) as writer:
        got = await asyncio.gather(writer.store(again), writer.store(other), return_exceptions=True)
        assert isinstance(got[0], Unavailable)
        assert got[1] == Stored(other.answer, False, other.id)
        assert await writer.store(again) == Stored(again.answer, False, again.id)


async def test_several_documents_and_none(db: Database, company: UUID) -> None:
    two = [submission(company, receiver=uuid4()) for _ in range(2)]
    both = msgspec.structs.replace(
        two[0],
        documents=two[0].documents + two[1].documents,
        deliveries=two[0].deliveries + two[1].deliveries,
        events=(),
    )
    none = msgspec.structs.replace(submission(company), documents=(), events=())
    await store(db, both, none)
    assert await query(
        db,
        """SELECT s.id, count(d.id) FROM submission s LEFT JOIN document d ON d.submission_id = s.id
           WHERE s.company_id = :company GROUP BY s.id ORDER BY 2""",
        company=company,
    ) == [(none.id, 0), (both.id, 2)]
