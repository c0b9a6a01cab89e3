"""Storing submissions when something goes wrong: bad rows, too many, a caller or a database that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from fakturahub.errors import DatabaseUnavailable, InternalFault, Overloaded
from fakturahub.storage import database as database_module
from fakturahub.storage import submissions
from fakturahub.storage.database import Database
from fakturahub.storage.submissions import Stored, SubmissionWriter
from tests.storage.proxy import Proxy, proxied
from tests.storage.rows import count, query, run, store, submission, writing


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[Proxy]:
    async with proxied(url) as opened:
        yield opened


@pytest.fixture
async def behind(proxy: Proxy) -> AsyncIterator[Database]:
    """The shared database, through the proxy."""
    database = Database(proxy.url)
    yield database
    await database.close()


BAD: dict[str, dict[str, Any]] = {
    "a NUL in a text": {"number": "in\0voice"},
    "half a surrogate pair": {"number": "\ud800"},
    "a NUL in the facts": {"facts": '{"name": "\\u0000"}'},
    "facts that are no JSON": {"facts": "{"},
    "a number with more decimals than the type": {"payable": Decimal("1e-20000")},
    "a size larger than the type": {"size": 2**63},
    "no kind": {"kind": None},
    "a date that is none": {"issue_date": "2026-11-20"},
    "an id that is taken": {},
}


@pytest.mark.parametrize("why", BAD)
async def test_a_bad_row_costs_only_itself_its_answer(
    db: Database, company: UUID, why: str, logged: list[dict[str, Any]]
) -> None:
    taken = submission(company)
    await store(db, taken)
    rows = [submission(company, key=f"k{number}", receiver=uuid4()) for number in range(20)]
    values = {"id": taken.documents[0].id} if why == "an id that is taken" else BAD[why]
    bad = submission(company, key="bad", receiver=uuid4(), **values)
    rows.insert(13, bad)
    async with writing(db) as writer:
        got = await asyncio.gather(*(writer.store(one) for one in rows), return_exceptions=True)
        for one, outcome in zip(rows, got, strict=True):
            if one is bad:
                assert isinstance(outcome, InternalFault)
            else:
                assert outcome == Stored(one.answer, False, one.id)
        mended = submission(company, key="bad")
        assert not (await writer.store(mended)).repeated, "nothing of the bad row was kept, its key neither"
    assert await count(db, "submission", company) == 22
    assert await count(db, "delivery", company) == 20
    assert [one["submission"] for one in logged if one["log_level"] == "error"] == [str(bad.id)]


async def test_good_values_at_the_edges_are_kept(db: Database, company: UUID) -> None:
    edges: dict[str, Any] = {
        "number": "Ω\U0001f9fe\x01" + "x" * 5000,
        "payable": Decimal("-0." + "0" * 27 + "1"),
        "issue_date": date(1, 1, 1),
        "size": 2**63 - 1,
    }
    await store(db, submission(company, **edges), submission(company, payable=Decimal("9" * 30), issue_date=date.max))
    found = await query(
        db,
        "SELECT number, payable, issue_date, size FROM document WHERE company_id = :id ORDER BY size DESC",
        id=company,
    )
    assert found[0] == tuple(edges.values())
    assert found[1][1:3] == (Decimal("9" * 30), date.max)


async def test_too_many_are_told_to_come_back(db: Database, company: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "QUEUE_LENGTH", 3)
    writer = SubmissionWriter(db)  # not started: nothing leaves the queue
    waiting = [asyncio.create_task(writer.store(submission(company))) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await writer.store(submission(company))
    writer.start()
    assert len(await asyncio.gather(*waiting)) == 3
    await writer.stop()
    assert await count(db, "submission", company) == 3


async def test_bytes_that_wait_are_bounded(db: Database, company: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "QUEUE_BYTES", 10_000)
    writer = SubmissionWriter(db)
    first = asyncio.create_task(writer.store(submission(company, body=b"x" * 9_000)))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await writer.store(submission(company, body=b"x" * 2_000))
    writer.start()
    await first
    await writer.stop()


async def test_stopping_writes_what_waits(db: Database, company: UUID) -> None:
    writer = SubmissionWriter(db)
    waiting = [asyncio.create_task(writer.store(submission(company))) for _ in range(200)]
    await asyncio.sleep(0)
    writer.start()
    await writer.stop()
    assert [task.result().repeated for task in waiting] == [False] * 200
    assert await count(db, "submission", company) == 200
    with pytest.raises(Overloaded):
        await writer.store(submission(company))


async def test_a_caller_that_went_away_gets_the_same_answer_later(db: Database, company: UUID) -> None:
    rows, other = submission(company, key="k"), submission(company)
    async with writing(db) as writer:
        gone = asyncio.create_task(writer.store(rows))
        stays = asyncio.create_task(writer.store(other))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        again = await writer.store(submission(company, key="k"))
        assert again in (Stored(rows.answer, True, rows.id), Stored(again.answer, False, again.submission_id))
    assert await count(db, "submission", company) == 2


async def test_a_database_that_is_gone_is_said_to_be_and_found_again(
    db: Database, behind: Database, proxy: Proxy, company: UUID
) -> None:
    async with writing(behind) as writer:
        await writer.store(submission(company))
        await proxy.cut()
        for _ in range(2):
            got = await asyncio.gather(*(writer.store(submission(company)) for _ in range(10)), return_exceptions=True)
            assert {type(one) for one in got} == {DatabaseUnavailable}
        await proxy.open()
        assert not (await writer.store(submission(company))).repeated
    assert await count(db, "submission", company) == 2


async def test_an_answer_lost_after_commit_is_given_again(
    db: Database, behind: Database, proxy: Proxy, company: UUID
) -> None:
    rows = submission(company, key="k", receiver=uuid4())
    proxy.cut_after = lambda data: b"COMMIT" in data
    async with writing(behind) as writer:
        with pytest.raises(DatabaseUnavailable):
            await writer.store(rows)
        proxy.cut_after = lambda _: False
        # the server may still be at its commit: whoever comes with the same key waits for that
        again = submission(company, key="k", receiver=uuid4())
        assert await writer.store(again) == Stored(rows.answer, True, rows.id)
    assert await count(db, "delivery", company) == 1


async def test_a_transaction_that_was_cut_off_leaves_nothing(
    db: Database, behind: Database, proxy: Proxy, company: UUID
) -> None:
    rows = submission(company, key="k", receiver=uuid4())
    proxy.cut_after = lambda data: b"INSERT INTO delivery" in data
    async with writing(behind) as writer:
        with pytest.raises(DatabaseUnavailable):
            await writer.store(rows)
        proxy.cut_after = lambda _: False
        assert await count(db, "submission", company) == 0
        assert await writer.store(rows) == Stored(rows.answer, False, rows.id)


async def test_a_database_that_hangs_is_given_up(
    db: Database, behind: Database, proxy: Proxy, company: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writing(behind) as writer:
        await writer.store(submission(company))
        monkeypatch.setattr(database_module, "STATEMENT_TIMEOUT", 0.3)
        monkeypatch.setattr(database_module, "CONNECT_TIMEOUT", 0.3)
        proxy.hang()
        for _ in range(2):  # on the connection at hand, and on a new one
            async with asyncio.timeout(10):
                with pytest.raises(DatabaseUnavailable):
                    await writer.store(submission(company))
        proxy.flow()
        monkeypatch.undo()
        await writer.store(submission(company))
    assert await count(db, "submission", company) >= 2


async def test_stopping_while_the_database_is_away_ends(behind: Database, proxy: Proxy, company: UUID) -> None:
    writer = SubmissionWriter(behind)
    waiting = [asyncio.create_task(writer.store(submission(company))) for _ in range(100)]
    await asyncio.sleep(0)
    await proxy.cut()
    writer.start()
    await asyncio.wait_for(writer.stop(), 20)
    got = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in got} == {DatabaseUnavailable}


@pytest.mark.parametrize(
    ("close", "reopen"),
    [
        ("ALTER DATABASE {} ALLOW_CONNECTIONS false", "ALTER DATABASE {} ALLOW_CONNECTIONS true"),
        ("ALTER DATABASE {} RENAME TO {}_away", "ALTER DATABASE {}_away RENAME TO {}"),
    ],
)
async def test_a_database_that_takes_no_connections_is_unavailable(
    db: Database, new_url: str, company: UUID, close: str, reopen: str
) -> None:
    """As while somebody restores or moves it: not a defect of the hub, and over some time."""
    name = new_url.partition("?")[0].rpartition("/")[2]
    own = Database(new_url)
    async with writing(own) as writer:
        await writer.store(submission(company))
        terminate = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = :name"
        await run(db, terminate, name=name)
        await _alone(db, close.format(name, name))
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await writer.store(submission(company))
        await _alone(db, reopen.format(name, name))
        await writer.store(submission(company))
    await own.close()


async def _alone(database: Database, statement: str) -> None:
    """A statement that no transaction may hold, and that wants nobody connected."""
    connection = await database.connect_plain()
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
