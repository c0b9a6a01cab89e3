"""What people do to deliveries and documents: what is done, what is refused in which words, and what is on record."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from fakturahub.errors import NotFound, Refused
from fakturahub.exchange import verbs
from fakturahub.identity.companies import Companies, refresh
from fakturahub.model import Heading, Identifier, Kind, PartyHeading, PostalHeading, Recognition
from fakturahub.storage import companies, documents
from fakturahub.storage.claims import Claims, Wanted
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from fakturahub.storage.payloads import PayloadStore
from tests.storage.engine import DOWN, Peer, SetClock, outgoing, running, states
from tests.storage.rows import NOW, jobs, query, run, state_of, store, submission

WORD = Word("anna", NOW, "the customer asked")

Verb = Callable[[Database, UUID, Word], Awaitable[str]]


async def document_of(db: Database, delivery: UUID) -> UUID:
    (found,) = await query(db, "SELECT document_id FROM delivery WHERE id = :id", id=delivery)
    assert isinstance(found, UUID)
    return found


async def events(db: Database, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = await query(
        db,
        "SELECT kind, data FROM event WHERE kind LIKE :like AND kind <> 'document.received' ORDER BY id",
        like=f"{prefix}%",
    )
    return [(one[0], one[1]) for one in found]


async def redeliver(db: Database, id_: UUID, word: Word = WORD) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return await verbs.redeliver(db, Companies({}), PayloadStore.open(folder), id_, word)


async def test_cancelling_ends_a_delivery_and_withdraws_its_document(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    said = await verbs.cancel(empty_db, id_, WORD)
    assert said == f"Delivery {id_} was pending and is cancelled."
    assert await states(empty_db, [id_]) == ["cancelled"]
    assert await query(empty_db, "SELECT state FROM document") == ["withdrawn"]
    assert await events(empty_db) == [
        ("delivery.cancelled", {"by": "anna", "was": "pending", "why": "the customer asked"}),
        ("document.withdrawn", {}),
    ]
    peer = Peer()
    async with running(empty_db, peer, SetClock(NOW + timedelta(days=1))) as engine:
        await engine.settle()
    assert not peer.handed


async def test_what_was_tried_may_have_arrived_and_that_is_said(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    async with running(empty_db, Peer(lambda _: DOWN), SetClock()) as engine:
        await engine.settle()
    assert "after 1 attempt, which may have arrived" in await verbs.cancel(empty_db, id_, WORD)


async def test_held_and_released(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    assert "is held until it is released" in await verbs.hold(empty_db, id_, WORD)
    assert await query(empty_db, "SELECT last_error FROM delivery") == ["It was held by anna: the customer asked"]
    peer, clock = Peer(), SetClock(NOW + timedelta(days=30))
    async with running(empty_db, peer, clock) as engine:
        await engine.settle()
        assert not peer.handed
        said = await verbs.release(empty_db, id_, Word("ben", clock.at))
        assert said == f"Delivery {id_} is released and due now."
        await engine.settle()
    assert [one.delivery_id for one in peer.handed] == [id_]
    assert await states(empty_db, [id_]) == ["delivered"]
    told = await events(empty_db, "delivery.")
    assert [kind for kind, _ in told] == ["delivery.held", "delivery.released", "delivery.delivered"]
    assert told[1][1] == {"by": "ben", "was": "held"}


async def test_all_that_are_held_of_a_target_are_released(empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "AT_A_TIME", 2)
    ids = await outgoing(empty_db, 5, target="http x")
    other = await outgoing(empty_db, 1, target="http y")
    await run(empty_db, "UPDATE delivery SET state = 'held'")
    assert await verbs.release_all(empty_db, "http x", WORD) == "5 deliveries are released."
    assert await states(empty_db, [*ids, *other]) == ["pending"] * 5 + ["held"]
    assert [kind for kind, _ in await events(empty_db, "delivery.")] == ["delivery.released"] * 5
    with pytest.raises(NotFound, match="No delivery to the target 'http x' is held"):
        await verbs.release_all(empty_db, "http x", WORD)


async def test_a_letter_that_was_held_is_not_released_before_its_cut_off(empty_db: Database) -> None:
    cut_off = NOW + timedelta(hours=3)
    (id_,) = await outgoing(empty_db, target="print", details={"class": 2}, due_at=cut_off)
    await verbs.hold(empty_db, id_, WORD)
    assert "due at 2026-11-20 15:00 UTC" in await verbs.release(empty_db, id_, WORD)
    assert await query(empty_db, "SELECT state, due_at FROM delivery") == [("pending", cut_off)]


async def test_again_begins_the_schedule_anew(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    await run(empty_db, "UPDATE delivery SET state = 'failed', step = 7, attempts = 9, trying_since = created_at")
    await run(empty_db, "UPDATE document SET state = 'failed'")
    assert await redeliver(empty_db, id_) == f"Delivery {id_} was failed and is due now."
    assert await query(empty_db, "SELECT state, step, attempts, trying_since FROM delivery") == [
        ("pending", 0, 9, None)
    ]
    assert await query(empty_db, "SELECT state FROM document") == ["routed"]
    assert await jobs(empty_db, id_) == 0, "it is claimed from the table"


async def test_the_letters_of_a_batch_share_their_fate(empty_db: Database) -> None:
    ids = await outgoing(empty_db, 3, target="print", details={"class": 2})
    async with running(empty_db, Peer(lambda _: DOWN), SetClock()) as engine:
        await engine.settle()
    for verb in (verbs.cancel, verbs.hold):
        with pytest.raises(Refused, match=r"is a letter of batch .*the house may have it"):
            await verb(empty_db, ids[0], WORD)
    with pytest.raises(Refused, match="is a letter of batch"):
        await verbs.withdraw(empty_db, await document_of(empty_db, ids[0]), WORD)
    assert "with the 2 other letters of its batch" in await redeliver(empty_db, ids[1])
    assert await states(empty_db, ids) == ["pending"] * 3


@pytest.mark.parametrize("verb", [verbs.cancel, verbs.hold, redeliver])
async def test_what_is_under_way_is_not_called_back(empty_db: Database, verb: Verb) -> None:
    (id_,) = await outgoing(empty_db, target="http x")
    claims = Claims(empty_db, "node-1")
    await claims.claim([Wanted("http x", 1, 1)], NOW)
    await claims.close()
    with pytest.raises(Refused, match="is being sent at this moment"):
        await verb(empty_db, id_, WORD)
    with pytest.raises(Refused, match="is being sent at this moment"):
        await verbs.withdraw(empty_db, await document_of(empty_db, id_), WORD)
    assert await states(empty_db, [id_]) == ["sending"]


@pytest.mark.parametrize(
    ("state", "verb", "words"),
    [
        ("delivered", verbs.cancel, "is delivered; there is nothing left to cancel"),
        ("failed", verbs.cancel, "is failed; there is nothing left to cancel"),
        ("cancelled", verbs.cancel, "is cancelled; there is nothing left to cancel"),
        ("delivered", verbs.hold, "is delivered; only one that waits can be held"),
        ("held", verbs.hold, "is held; only one that waits can be held"),
        ("pending", verbs.release, "is pending, not held"),
        ("delivered", redeliver, "is delivered; nothing is sent twice"),
        ("cancelled", redeliver, "is cancelled; nothing is sent twice"),
    ],
)
async def test_final_states_stay_as_they_are(empty_db: Database, state: str, verb: Verb, words: str) -> None:
    (id_,) = await outgoing(empty_db)
    await run(empty_db, "UPDATE delivery SET state = :state", state=state)
    with pytest.raises(Refused, match=words):
        await verb(empty_db, id_, WORD)
    assert await states(empty_db, [id_]) == [state]
    assert await events(empty_db) == []


@pytest.mark.parametrize("verb", [verbs.cancel, verbs.hold, verbs.release, verbs.withdraw, redeliver])
async def test_what_is_not_there(empty_db: Database, verb: Verb) -> None:
    with pytest.raises(NotFound, match="There is no"):
        await verb(empty_db, uuid4(), WORD)


async def test_a_document_is_withdrawn(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    document = await document_of(empty_db, id_)
    said = await verbs.withdraw(empty_db, document, WORD)
    assert said == f"Document {document} was routed and is withdrawn, and its delivery cancelled."
    assert await states(empty_db, [id_]) == ["cancelled"]
    told = [data for kind, data in await events(empty_db, "document.withdrawn") if data]
    assert told == [{"by": "anna", "was": "routed", "why": "the customer asked"}]
    with pytest.raises(Refused, match="is withdrawn; there is nothing left to withdraw"):
        await verbs.withdraw(empty_db, document, WORD)


async def test_an_unroutable_document_is_withdrawn_too(empty_db: Database, company: UUID) -> None:
    rows = submission(company, state="unroutable")
    await store(empty_db, rows)
    await verbs.withdraw(empty_db, rows.documents[0].id, WORD)
    assert await state_of(empty_db, rows) == ("withdrawn",)


async def test_what_arrived_is_not_taken_back(empty_db: Database) -> None:
    (id_,) = await outgoing(empty_db)
    async with running(empty_db, Peer(), SetClock()) as engine:
        await engine.settle()
    with pytest.raises(Refused, match=r"was delivered by http .*sends a credit note"):
        await verbs.withdraw(empty_db, await document_of(empty_db, id_), WORD)


# --- once more as a new one -----------------------------------------------------------------------------------------


async def _provision(db: Database, key: str, **settings: Any) -> UUID:
    table = {"name": key.title(), "country": "FI", "contracts": ["send", "receive"], **settings}
    async with companies.changing(db, NOW) as change:
        assert await change.put_company(key, table, settings.get("addresses", []), []) == []
        return (await change.companies())[key].id


async def _known(db: Database) -> Companies:
    made = Companies({})
    await refresh(db, made)
    return made


def _facts(address: str | None = None) -> str:
    buyer = PartyHeading(name="Virta", endpoint=Identifier(address, "0216") if address else None)
    heading = Heading(Kind.INVOICE, buyer=buyer, buyer_address=PostalHeading(("Katu 1",), "00100", "Helsinki"))
    return msgspec.json.encode({"heading": heading, "recognition": Recognition("ubl-2.1")}).decode()


async def test_a_document_is_sent_again_as_a_new_one(empty_db: Database, tmp_path: Path) -> None:
    sender = await _provision(empty_db, "skog")
    receiver = await _provision(empty_db, "virta", addresses=["0216:1"])
    other = await _provision(empty_db, "joki", addresses=["0216:2"])
    rows = submission(sender, receiver=receiver, facts=_facts("1"), number="N-1")
    await store(empty_db, rows)
    first = rows.documents[0].id
    payloads = PayloadStore.open(tmp_path)
    said = await verbs.resend(empty_db, await _known(empty_db), payloads, first, WORD)
    assert said.startswith(f"Document {first} is sent again as ")
    again = await verbs.resend(empty_db, await _known(empty_db), payloads, first, WORD, "0216:2")
    assert "electronic address 0216:2" in again
    found = await query(
        empty_db,
        "SELECT id, receiver_id, number, state, sha256, payload FROM document WHERE id <> :id ORDER BY id",
        id=first,
    )
    original = rows.documents[0]
    assert [one[1:] for one in found] == [
        (receiver, "N-1", "routed", original.sha256, original.payload),
        (other, "N-1", "routed", original.sha256, original.payload),
    ]
    whole = await documents.whole(empty_db, found[0][0])
    assert whole is not None
    assert whole.request["resent"] == str(first)
    assert [one.channel for one in whole.deliveries] == ["inbox"]
    assert whole.events[0].data["by"] == "anna"
    told = await query(empty_db, "SELECT data FROM event WHERE kind = 'document.resent' ORDER BY id")
    assert [one["document"] for one in told] == [str(one[0]) for one in found]
    assert await jobs(empty_db, whole.deliveries[0].id) == 1


async def test_a_document_is_sent_again_by_mail(empty_db: Database, tmp_path: Path) -> None:
    sender = await _provision(empty_db, "skog")
    rows = submission(sender, state="unroutable", facts=_facts())
    await store(empty_db, rows)
    known, payloads = await _known(empty_db), PayloadStore.open(tmp_path)
    said = await verbs.resend(empty_db, known, payloads, rows.documents[0].id, WORD, "buyer@virta.example")
    assert "buyer@virta.example" in said
    (found,) = await query(empty_db, "SELECT channel, target, details FROM delivery")
    assert found[:2] == ("email", "email")
    assert found[2]["to"] == ["buyer@virta.example"]


@pytest.mark.parametrize("to", ["nobody", "0216:", ":1"])
async def test_an_address_that_is_none(empty_db: Database, tmp_path: Path, to: str) -> None:
    sender = await _provision(empty_db, "skog")
    rows = submission(sender, state="unroutable", facts=_facts())
    await store(empty_db, rows)
    with pytest.raises(Refused, match=r"no electronic address|finds no receiver"):
        await verbs.resend(
            empty_db, await _known(empty_db), PayloadStore.open(tmp_path), rows.documents[0].id, WORD, to
        )


async def test_what_was_rejected_or_a_test_is_not_sent_again(empty_db: Database, tmp_path: Path) -> None:
    sender = await _provision(empty_db, "skog")
    rejected = submission(sender, refused=True, facts=_facts("1"))
    test = submission(sender, mode="test", facts=_facts("1"))
    await store(empty_db, rejected, test)
    payloads = PayloadStore.open(tmp_path)
    for rows, words in ((rejected, "was rejected"), (test, "was sent in mode test")):
        with pytest.raises(Refused, match=words):
            await verbs.resend(empty_db, await _known(empty_db), payloads, rows.documents[0].id, WORD)
    assert await query(empty_db, "SELECT count(*) FROM document") == [2]
