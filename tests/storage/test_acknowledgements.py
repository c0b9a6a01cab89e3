"""Acknowledgements on their way to the sender of a document: they say nothing of where the document itself is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fakturahub.exchange import verbs
from fakturahub.exchange.acknowledgements import SYNTAX, of_details
from fakturahub.identity.companies import Companies, refresh
from fakturahub.model import Fault, Heading, Identifier, Kind, Outcome, PartyHeading, Result
from fakturahub.model.acknowledgement import CHANNEL, Acknowledgement
from fakturahub.storage import companies
from fakturahub.storage.claims import Claims, Wanted
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word, changing
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submission_rows import DeliveryRow, SubmissionRows
from tests.storage.engine import DELIVERED, DOWN, Peer, SetClock, running
from tests.storage.rows import NOW, deliver, query, run, state_of, store, submission

WORD = Word("anna", NOW, "the customer asked")
NEVER = Outcome(Result.FAILED, "410 Gone", fault=Fault.RECEIVER)


def acknowledged(rows: SubmissionRows, accepted: bool = True) -> SubmissionRows:
    """*rows* with an acknowledgement of its document before whatever else is delivered."""
    (document,) = rows.documents
    said = Acknowledgement(
        id=document.id,
        at=rows.at,
        accepted=accepted,
        number="1",
        interchange_id="X-1",
        classification=None if accepted else "28500",
        description=None if accepted else "No receiver was found: nobody.",
        restricted=(("returnInResponse_a", "b"),),
    )
    one = DeliveryRow(
        # older than the others, so that it comes first in every list
        UUID(int=rows.id.int),
        document.id,
        None,
        CHANNEL,
        "https://skog.example/in",
        "Technical Acknowledgement",
        SYNTAX,
        # the engine of these tests tries what goes by http
        target=f"http {rows.company_id}",
        details=msgspec.json.encode({CHANNEL: said}).decode(),
    )
    return msgspec.structs.replace(rows, deliveries=(one, *rows.deliveries))


async def settle(db: Database, outcome: Outcome) -> None:
    peer = Peer(lambda _: outcome)
    async with running(db, peer, SetClock()) as engine:
        engine.dispatcher._sender._channels = {CHANNEL: peer}
        await engine.settle()
    assert len(peer.handed) == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(DELIVERED, "delivered"), (DOWN, "retrying"), (NEVER, "failed")],
    ids=lambda one: str(one)[:9],
)
async def test_the_document_is_where_it_is_whatever_becomes_of_it(
    empty_db: Database, outcome: Outcome, state: str
) -> None:
    company = await _provision(empty_db, "skog")
    on_its_way = acknowledged(submission(company, receiver=company))
    await store(empty_db, on_its_way)
    await settle(empty_db, outcome)
    assert await state_of(empty_db, on_its_way) == ("routed", state, "pending")
    # and the other way round: what the document's own delivery makes of it
    arrived = msgspec.structs.replace(on_its_way, deliveries=on_its_way.deliveries[1:])
    await deliver(empty_db, [arrived])
    assert await state_of(empty_db, on_its_way) == ("delivered", state, "delivered")


@pytest.mark.parametrize("state", ["rejected", "unroutable", "routed"])
async def test_a_document_that_is_not_delivered_at_all_stays_so(empty_db: Database, state: str) -> None:
    rows = acknowledged(submission(await _provision(empty_db, "skog"), state=state, refused=state == "rejected"))
    await store(empty_db, rows)
    await settle(empty_db, NEVER)
    assert await state_of(empty_db, rows) == (state, "failed")
    delivery = rows.deliveries[0].id
    with_a_word = await verbs.redeliver(empty_db, Companies({}), PayloadStore.open("/nowhere"), delivery, WORD)
    assert with_a_word == f"Delivery {delivery} was failed and is due now."
    await verbs.hold(empty_db, delivery, WORD)
    await verbs.release(empty_db, delivery, WORD)
    await verbs.cancel(empty_db, delivery, WORD)
    assert await state_of(empty_db, rows) == (state, "cancelled")
    assert await query(empty_db, "SELECT kind FROM event WHERE kind LIKE 'document.%'") == ["document.received"]


async def test_of_a_document_that_nobody_knows_it_is_claimed_as_well(empty_db: Database) -> None:
    facts = '{"recognition": null, "heading": {"kind": "other"}}'
    rows = acknowledged(submission(await _provision(empty_db, "skog"), refused=True, syntax=None, facts=facts), False)
    await store(empty_db, rows)
    claims = Claims(empty_db, "node-1")
    try:
        (leased,), _ = await claims.claim([Wanted(f"http {rows.company_id}", 1, 1)], NOW)
        (claimed,) = await claims.load([leased.id])
    finally:
        await claims.close()
    assert claimed.recognition.syntax == "unknown"
    one = of_details(claimed.details)
    assert one is not None
    assert (one.classification, one.restricted) == ("28500", (("returnInResponse_a", "b"),))


async def test_a_document_is_withdrawn_whether_or_not_its_sender_was_told(empty_db: Database) -> None:
    rows = acknowledged(submission(await _provision(empty_db, "skog"), state="unroutable"))
    await store(empty_db, rows)
    await run(empty_db, "UPDATE delivery SET state = 'delivered'")
    await verbs.withdraw(empty_db, rows.documents[0].id, WORD)
    assert await state_of(empty_db, rows) == ("withdrawn", "delivered")


async def test_what_is_erased_is_not_told_any_more(empty_db: Database) -> None:
    rows = acknowledged(submission(await _provision(empty_db, "skog"), state="withdrawn"))
    await store(empty_db, rows)
    async with changing(empty_db, WORD) as change:
        assert await change.of_document(rows.documents[0].id) == []
        await change.erase(rows.documents[0].id)
    assert await query(empty_db, "SELECT state, details, address, last_error FROM delivery") == [
        ("cancelled", None, "", "erased at its sender's request")
    ]
    assert await state_of(empty_db, rows) == ("withdrawn", "cancelled")


async def test_one_that_is_routed_later_is_acknowledged_anew(empty_db: Database, tmp_path: Path) -> None:
    sender = await _provision(empty_db, "skog", pagero={"acknowledgements_url": "https://skog.example/ack?key=1"})
    rows = acknowledged(submission(sender, state="unroutable", facts=_facts("1")), False)
    await store(empty_db, rows)
    document = rows.documents[0].id
    await _provision(empty_db, "virta", addresses=["0216:1"])
    known = Companies({})
    await refresh(empty_db, known)
    said = await verbs.redeliver(empty_db, known, PayloadStore.open(tmp_path), document, WORD)
    assert said.startswith(f"Document {document} is routed now")
    found = await query(
        empty_db, "SELECT channel, state, address, target, details, last_error FROM delivery ORDER BY created_at, id"
    )
    by_state = {(one[0], one[1]): one for one in found}
    assert set(by_state) == {(CHANNEL, "cancelled"), ("inbox", "pending"), (CHANNEL, "pending")}
    refused, accepted = by_state[CHANNEL, "cancelled"], by_state[CHANNEL, "pending"]
    assert refused[5] == "The document was routed meanwhile; a later acknowledgement says so."
    assert accepted[2:4] == ("https://skog.example/ack", f"{CHANNEL} {sender}")
    one = of_details(accepted[4])
    assert one is not None
    assert (one.accepted, one.classification, one.description, one.distribution) == (True, None, None, "Electronic")
    assert (one.at, one.interchange_id, one.restricted) == (NOW, "X-1", (("returnInResponse_a", "b"),))
    ((way, routed_at),) = await query(empty_db, "SELECT facts ->> 'way', facts ->> 'routed_at' FROM document")
    assert (way, routed_at) == ("inbox", NOW.isoformat())


async def _provision(db: Database, key: str, **settings: Any) -> UUID:
    table = {"name": key.title(), "country": "FI", "contracts": ["send", "receive"], **settings}
    async with companies.changing(db, NOW) as change:
        assert await change.put_company(key, table, settings.get("addresses", []), []) == []
        return (await change.companies())[key].id


def _facts(address: str) -> str:
    heading = Heading(Kind.INVOICE, buyer=PartyHeading(name="Virta", endpoint=Identifier(address, "0216")))
    return msgspec.json.encode({"heading": heading, "recognition": {"syntax": "ubl-2.1"}}).decode()
