"""Deliveries that leave the hub: claimed, tried, recorded, on the real database."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from fakturahub.exchange import schedule
from fakturahub.exchange.schedule import SCHEDULES
from fakturahub.model import Fault, Outcome, Parcel, Record, Result
from fakturahub.storage import claims
from fakturahub.storage.claims import Claims, Wanted
from fakturahub.storage.database import Database
from tests.storage.engine import DELIVERED, DOWN, Engine, Peer, SetClock, all_are, outgoing, running, states, until
from tests.storage.rows import NOW, query, run


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def test_what_is_due_is_delivered_and_recorded(empty_db: Database, clock: SetClock) -> None:
    ids = await outgoing(empty_db, 3)
    peer = Peer()
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
    assert [one.delivery_id for one in peer.handed] == ids
    assert {one.attempt for one in peer.handed} == {1}
    assert await states(empty_db, ids) == ["delivered"] * 3
    rows = await query(empty_db, "SELECT attempts, node, receipt, delivered_syntax, last_error FROM delivery")
    assert rows == [(1, None, "r-1", "ubl-2.1", None)] * 3
    assert await query(empty_db, "SELECT state FROM document") == ["delivered"] * 3
    attempts = await query(empty_db, "SELECT outcome, detail FROM attempt")
    assert [one[0] for one in attempts] == ["delivered"] * 3
    assert attempts[0][1]["to"] == "https://peer.example/"
    assert attempts[0][1]["node"] == "node-1"
    events = await query(empty_db, "SELECT kind FROM event WHERE kind <> 'document.received' ORDER BY document_id, id")
    assert events == ["delivery.delivered", "document.delivered"] * 3
    assert await query(empty_db, "SELECT count(*) FROM target") == [0]
    assert await query(empty_db, "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'deliver'") == [0]


async def test_trouble_is_tried_again_by_the_schedule(empty_db: Database, clock: SetClock) -> None:
    (id_,) = await outgoing(empty_db)
    peer = Peer(lambda _: DOWN)
    pauses = SCHEDULES["http"].pauses
    async with running(empty_db, peer, clock) as engine:
        for number, pause in enumerate(pauses[:4], 1):
            await engine.settle()
            assert len(peer.handed) == number
            (row,) = await query(
                empty_db, "SELECT state, attempts, due_at, last_error FROM delivery WHERE id = :id", id=id_
            )
            assert row == ("retrying", number, clock.at + pause, "503 from peer.example")
            clock.at += pause
        peer.answer = lambda _: DELIVERED
        await engine.settle()
    assert await states(empty_db, [id_]) == ["delivered"]
    assert await query(empty_db, "SELECT state FROM document") == ["delivered"]
    outcomes = await query(empty_db, "SELECT outcome FROM attempt ORDER BY id")
    assert outcomes == ["retrying"] * 4 + ["delivered"]
    # the same id each time, by which the receiver can tell
    assert {one.delivery_id for one in peer.handed} == {id_}
    assert [one.attempt for one in peer.handed] == [1, 2, 3, 4, 5]


async def test_a_delivery_is_given_up_at_the_end_of_its_schedule(empty_db: Database, clock: SetClock) -> None:
    (id_,) = await outgoing(empty_db)
    peer = Peer(lambda _: DOWN)
    async with running(empty_db, peer, clock) as engine:
        for _ in range(100):
            await engine.settle()
            (row,) = await query(empty_db, "SELECT state, due_at, last_error FROM delivery WHERE id = :id", id=id_)
            if row[0] == "failed":
                break
            clock.at = row[1]
    assert clock.at - NOW == SCHEDULES["http"].gives_up_after
    assert row[2] == "Given up after 7 days. 503 from peer.example"
    assert await query(empty_db, "SELECT state FROM document") == ["failed"]


@pytest.mark.parametrize(
    ("outcome", "state", "document"),
    [
        (Outcome(Result.FAILED, "410 Gone", fault=Fault.RECEIVER), "failed", "failed"),
        (Outcome(Result.HELD, "no token", fault=Fault.OURS), "held", "routed"),
    ],
)
async def test_other_outcomes(empty_db: Database, clock: SetClock, outcome: Outcome, state: str, document: str) -> None:
    ids = await outgoing(empty_db)
    async with running(empty_db, Peer(lambda _: outcome), clock) as engine:
        await engine.settle()
        clock.forward(days=30)
        await engine.settle()
    assert await states(empty_db, ids) == [state]
    assert await query(empty_db, "SELECT last_error FROM delivery") == [outcome.detail]
    assert await query(empty_db, "SELECT state FROM document") == [document]
    assert await query(empty_db, "SELECT attempts FROM delivery") == [1]
    kinds = await query(empty_db, "SELECT kind FROM event WHERE delivery_id IS NOT NULL")
    assert kinds == [f"delivery.{state}"]


async def test_a_way_that_is_withheld_holds_the_delivery(empty_db: Database, clock: SetClock) -> None:
    ids = await outgoing(empty_db, target="http x")
    peer = Peer()
    async with running(empty_db, peer, clock) as engine:
        engine.ways.withheld["http x"] = "There is no URL."
        await engine.settle()
    assert not peer.handed
    assert await query(empty_db, "SELECT last_error FROM delivery") == ["There is no URL."]
    assert await states(empty_db, ids) == ["held"]


async def test_a_channel_that_breaks_does_not_end_the_engine(
    empty_db: Database, clock: SetClock, logged: list[dict[str, Any]]
) -> None:
    bad, good = await outgoing(empty_db), await outgoing(empty_db)

    def answer(parcel: Parcel[Any]) -> Outcome:
        if parcel.delivery_id == bad[0]:
            raise ValueError("a defect")
        return DELIVERED

    async with running(empty_db, Peer(answer), clock) as engine:
        await engine.settle()
    assert await states(empty_db, [*bad, *good]) == ["retrying", "delivered"]
    # the hub's own trouble says nothing about the target
    assert await query(empty_db, "SELECT count(*) FROM target") == [0]
    assert any(one["event"] == "attempt failed" for one in logged)


async def test_so_many_of_a_target_at_a_time_on_all_nodes_together(empty_db: Database, clock: SetClock) -> None:
    most = SCHEDULES["http"].at_once
    target = f"http {uuid4()}"
    ids = await outgoing(empty_db, 6 * most, target=target)

    async def slow(_: Parcel[Any]) -> Outcome:
        await asyncio.sleep(0.02)
        return DELIVERED

    peer = Peer(slow)
    async with running(empty_db, peer, clock, "node-1") as one, running(empty_db, peer, clock, "node-2"):
        await one.settle()
    assert await states(empty_db, ids) == ["delivered"] * len(ids)
    assert peer.most[target] == most
    assert len(peer.handed) == len(ids)


async def test_two_nodes_share_the_work(empty_db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakturahub.exchange.dispatch.IN_HAND", 20)
    ids = [id_ for number in range(40) for id_ in await outgoing(empty_db, 5, target=f"http {number}")]

    async def slow(_: Parcel[Any]) -> Outcome:
        await asyncio.sleep(0.02)
        return DELIVERED

    peer = Peer(slow)
    async with running(empty_db, peer, clock, "node-1") as one, running(empty_db, peer, clock, "node-2"):
        await one.settle()
    assert await states(empty_db, ids) == ["delivered"] * len(ids)
    assert sorted(one.delivery_id for one in peer.handed) == sorted(ids)
    of_node = dict(await query(empty_db, "SELECT detail ->> 'node', count(*) FROM attempt GROUP BY 1"))
    assert min(of_node["node-1"], of_node["node-2"]) > len(ids) / 5


async def test_one_target_never_takes_all_there_is(empty_db: Database, clock: SetClock) -> None:
    """With every target hanging, the next one still finds room."""
    hanging = asyncio.Event()

    async def hang(parcel: Parcel[Any]) -> Outcome:
        if parcel.way != "http good":
            await hanging.wait()
        return DELIVERED

    for number in range(20):
        await outgoing(empty_db, 20, target=f"http hangs {number}")
    peer = Peer(hang)
    async with running(empty_db, peer, clock) as engine:
        await until(lambda: len(peer.handed) == 20 * SCHEDULES["http"].at_once)
        good = await outgoing(empty_db, 5, target="http good")
        await until(lambda: all_are(empty_db, good, "delivered"))
        hanging.set()
        await engine.settle()


# --- breakers -------------------------------------------------------------------------------------------------------


async def _minutes(engine: Engine, minutes: int, step: int = 1) -> None:
    for _ in range(minutes // step):
        engine.clock.forward(minutes=step)
        await engine.settle()


async def test_a_dead_target_is_left_alone_and_comes_back_in_order_of_age(empty_db: Database, clock: SetClock) -> None:
    target = "http dead"
    ids = await outgoing(empty_db, 40, target=target)
    peer = Peer(lambda _: DOWN)
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
        (row,) = await query(empty_db, "SELECT opened, open_until, failing_since FROM target")
        assert row[0] == 1
        assert row[1] > clock.at
        # what was under way when it opened, and nothing after that
        await asyncio.sleep(0.3)
        await engine.settle()
        tried = len(peer.handed)
        assert 10 <= tried <= 10 + SCHEDULES["http"].at_once
        clock.forward(seconds=29)
        await engine.settle()
        assert len(peer.handed) == tried
        assert (await states(empty_db, ids)).count("pending") == 40 - tried
        # half open: exactly one, the oldest
        clock.forward(seconds=1)
        await engine.settle()
        assert [one.delivery_id for one in peer.handed[tried:]] == [ids[0]]
        (row,) = await query(empty_db, "SELECT opened, open_until FROM target")
        assert row == (2, clock.at + timedelta(minutes=1))
        later = await outgoing(empty_db, 5, target=target, at=clock.at)
        await _minutes(engine, 60)
        assert {one.delivery_id for one in peer.handed[tried:]} == {ids[0]}
        peer.answer = lambda _: DELIVERED
        before = len(peer.handed)
        await _minutes(engine, 11)
        assert [one.delivery_id for one in peer.handed[before:]] == [*ids, *later]
        assert peer.most[target] <= SCHEDULES["http"].at_once
    assert await states(empty_db, [*ids, *later]) == ["delivered"] * 45


async def test_seldom_used_targets_come_back_in_order_of_age_too(empty_db: Database, clock: SetClock) -> None:
    """Too few attempts to open a breaker: the older goes first all the same."""
    target = "http seldom"
    peer = Peer(lambda _: DOWN)
    ids: list[UUID] = []
    async with running(empty_db, peer, clock) as engine:
        for _ in range(3):
            ids += await outgoing(empty_db, target=target, at=clock.at)
            await _minutes(engine, 120, 10)
        assert await query(empty_db, "SELECT opened FROM target") == [0]
        peer.answer = lambda _: DELIVERED
        before = len(peer.handed)
        await _minutes(engine, 24 * 60, 10)
    assert [one.delivery_id for one in peer.handed[before:]] == ids
    assert await states(empty_db, ids) == ["delivered"] * 3


async def test_our_own_trouble_opens_nothing_and_uses_no_pause(empty_db: Database, clock: SetClock) -> None:
    ids = await outgoing(empty_db, 30, target="http fine")
    peer = Peer(lambda _: Outcome(Result.RETRY, "no name server", fault=Fault.OURS))
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
        await _minutes(engine, 3)
        assert await query(empty_db, "SELECT count(*) FROM target") == [0]
        assert set(await query(empty_db, "SELECT step FROM delivery")) == {0}
        peer.answer = lambda _: DELIVERED
        await _minutes(engine, 20)
    assert await states(empty_db, ids) == ["delivered"] * 30


async def test_a_connection_that_failed_at_once_is_tried_once_more_at_once(empty_db: Database, clock: SetClock) -> None:
    await outgoing(empty_db)
    refused = Outcome(Result.RETRY, "refused", Record("https://peer.example/"), Fault.RECEIVER)
    peer = Peer(lambda _: refused)
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
    assert len(peer.handed) == 2
    assert await query(empty_db, "SELECT step, due_at FROM delivery") == [(1, clock.at + timedelta(seconds=5))]


# --- nodes that die -------------------------------------------------------------------------------------------------


async def test_a_lease_that_passed_is_taken_over(
    empty_db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakturahub.exchange.dispatch.RENEW", 0.05)
    ids = await outgoing(empty_db, 3, target="http x")
    dead = Claims(empty_db, "dead")
    await dead.claim([Wanted("http x", 16, 16)], clock.at)
    await dead.close()
    peer = Peer()
    async with running(empty_db, peer, clock) as engine:
        await asyncio.sleep(0.2)
        assert not peer.handed
        clock.at += claims.LEASE + timedelta(seconds=1)
        await engine.settle()
    assert [one.delivery_id for one in peer.handed] == ids
    assert {one.attempt for one in peer.handed} == {2}
    lost = await query(empty_db, "SELECT detail ->> 'node' FROM attempt WHERE outcome = 'lost'")
    assert lost == ["dead"] * 3
    assert await query(empty_db, "SELECT count(*) FROM event WHERE kind = 'delivery.taken-over'") == [3]


async def test_a_lease_in_hand_is_renewed(empty_db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakturahub.exchange.dispatch.RENEW", 0.05)
    ids = await outgoing(empty_db)
    go_on = asyncio.Event()

    async def slow(_: Parcel[Any]) -> Outcome:
        await go_on.wait()
        return DELIVERED

    peer, other = Peer(slow), Peer()
    async with running(empty_db, peer, clock) as engine:
        await until(lambda: bool(peer.handed))
        async with running(empty_db, other, clock, "node-2"):
            for _ in range(10):
                clock.forward(seconds=15)
                await asyncio.sleep(0.15)
            go_on.set()
            await engine.settle()
    assert await states(empty_db, ids) == ["delivered"]
    assert (len(peer.handed), len(other.handed)) == (1, 0)


async def test_a_late_word_counts_where_it_says_that_it_arrived(
    empty_db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that slept through its lease comes back while another one has taken over."""
    monkeypatch.setattr("fakturahub.exchange.dispatch.RENEW", 3600)
    ids = await outgoing(empty_db, target="http x")
    woken = asyncio.Event()

    async def sleepy(_: Parcel[Any]) -> Outcome:
        await woken.wait()
        return DELIVERED

    peer = Peer(sleepy)
    async with running(empty_db, peer, clock):
        await until(lambda: bool(peer.handed))
        clock.at += claims.LEASE + timedelta(seconds=1)
        other = Claims(empty_db, "other")
        assert [one.id for one in await other.take_over(clock.at)] == ids
        await other.claim([Wanted("http x", 16, 16)], clock.at)
        await other.close()
        woken.set()
        await until(lambda: all_are(empty_db, ids, "delivered"))
    assert await query(empty_db, "SELECT outcome FROM attempt ORDER BY id") == ["lost", "delivered"]


async def test_a_stopped_engine_ends_what_it_has_and_says_so(
    empty_db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakturahub.exchange.dispatch.GRACE", 0.1)
    ids = await outgoing(empty_db)

    async def hang(_: Parcel[Any]) -> Outcome:
        await asyncio.sleep(3600)
        raise AssertionError

    peer = Peer(hang)
    async with running(empty_db, peer, clock):
        await until(lambda: bool(peer.handed))
    assert await states(empty_db, ids) == ["retrying"]
    (error,) = await query(empty_db, "SELECT last_error FROM delivery")
    assert "was stopped" in error


# --- letters --------------------------------------------------------------------------------------------------------


async def test_letters_of_a_kind_go_together_and_stay_together(empty_db: Database, clock: SetClock) -> None:
    kinds = [
        {"class": 2, "colour": False, "duplex": True, "country_class": "FI", "pages": 2},
        {"class": 1, "colour": False, "duplex": True, "country_class": "FI", "pages": 1},
    ]
    cut_off = NOW + timedelta(hours=1)
    first = await outgoing(empty_db, 3, target="print", details=kinds[0], due_at=cut_off)
    second = await outgoing(empty_db, 2, target="print", details=kinds[1], due_at=cut_off)
    peer = Peer(lambda _: DOWN)
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
        assert not peer.batches
        clock.at = cut_off
        await engine.settle()
        tried = dict(peer.batches)
        assert sorted(tried.values()) == sorted([first, second])
        # what comes later does not join a batch that was tried
        more = await outgoing(empty_db, 1, target="print", details=kinds[0], at=clock.at)
        peer.answer = lambda _: DELIVERED
        await _minutes(engine, 30)
    assert await states(empty_db, [*first, *second, *more]) == ["delivered"] * 6
    again: dict[UUID, set[tuple[UUID, ...]]] = {}
    for batch_id, letters in peer.batches:
        again.setdefault(batch_id, set()).add(tuple(letters))
    assert all(len(one) == 1 for one in again.values())
    assert len(again) == 3
    rows = await query(empty_db, "SELECT letters, pages, delivered_at IS NOT NULL FROM batch ORDER BY id")
    assert sorted(rows) == [(1, 2, True), (2, 2, True), (3, 6, True)]


async def test_the_breaker_hears_of_a_batch_once(empty_db: Database, clock: SetClock) -> None:
    await outgoing(empty_db, 30, target="print", details={"class": 2})
    async with running(empty_db, Peer(lambda _: DOWN), clock) as engine:
        await engine.settle()
    assert await query(empty_db, "SELECT attempts, failures, opened FROM target") == [(1, 1, 0)]


def test_limits_that_other_modules_lean_on() -> None:
    assert schedule.SCHEDULES["print"].at_once == 1


async def test_looking_for_work_costs_by_targets_and_not_by_deliveries(empty_db: Database, empty_url: str) -> None:
    for number in range(3):
        (id_,) = await outgoing(empty_db, target=f"http {number}")
        await run(
            empty_db,
            """INSERT INTO delivery (id, document_id, company_id, channel, address, state, why, wanted_syntax, attempts,
                                     due_at, created_at, changed_at, target)
               SELECT gen_random_uuid(), document_id, company_id, channel, address, 'retrying', why, wanted_syntax, 1,
                      due_at + interval '1 h', created_at, changed_at, target
               FROM delivery, generate_series(1, 5000) WHERE id = :id""",
            id=id_,
        )
    connection = await asyncpg.connect(empty_url)
    try:
        # the tests before left dead entries in the index, as many as the server had no time for to sweep
        await connection.execute("VACUUM (ANALYZE) delivery")
        looked = claims._DUE.replace("$1", "''").replace("$2", "now() + interval '1 day'").replace("$3", "250")
        (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {looked}"))
        assert plan["Plan"]["Actual Rows"] == 3
        blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        assert blocks < 40, "some for each probe of the index, and no more"
    finally:
        await connection.close()
