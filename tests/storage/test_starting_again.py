"""What a person is told who asks for a delivery or a document to be done again."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from fakturahub.errors import NotFound, Refused
from fakturahub.exchange import verbs
from fakturahub.identity.companies import Companies, refresh
from fakturahub.model import Heading, Identifier, Kind, PartyHeading
from fakturahub.storage import companies, documents
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from fakturahub.storage.payloads import PayloadStore
from tests.storage.rows import NOW, deliver, jobs, run, state_of, store, submission


async def provision(db: Database, key: str, **settings: Any) -> UUID:
    table = {"name": key.title(), "country": "FI", "contracts": ["send", "receive"], **settings}
    async with companies.changing(db, NOW) as change:
        assert await change.put_company(key, table, settings.get("addresses", []), []) == []
        return (await change.companies())[key].id


async def known(db: Database) -> Companies:
    made = Companies({})
    await refresh(db, made)
    return made


def heading(address: str) -> str:
    buyer = PartyHeading(endpoint=Identifier(address, "0216"))
    return msgspec.json.encode({"heading": Heading(Kind.INVOICE, buyer=buyer)}).decode()


@pytest.fixture
async def sender(empty_db: Database) -> UUID:
    return await provision(empty_db, "skog")


@pytest.fixture
async def receiver(empty_db: Database) -> UUID:
    return await provision(empty_db, "virta", addresses=["0216:1"], receive_as="finvoice-3.0")


async def ask(db: Database, id_: UUID) -> str:
    with tempfile.TemporaryDirectory() as folder:
        payloads = PayloadStore.open(folder)
        return await verbs.redeliver(db, await known(db), payloads, id_, Word("anna", NOW + timedelta(minutes=1)))


async def test_a_failed_delivery_is_due_now(empty_db: Database, sender: UUID, receiver: UUID) -> None:
    rows = submission(sender, receiver=receiver)
    await store(empty_db, rows)
    id_ = rows.deliveries[0].id
    await run(empty_db, "UPDATE delivery SET state = 'failed'")
    assert await ask(empty_db, id_) == f"Delivery {id_} was failed and is due now."
    assert await jobs(empty_db, id_) == 2


@pytest.mark.parametrize("state", ["delivered", "cancelled"])
async def test_what_is_done_is_refused(empty_db: Database, sender: UUID, receiver: UUID, state: str) -> None:
    rows = submission(sender, receiver=receiver)
    await store(empty_db, rows)
    await run(empty_db, "UPDATE delivery SET state = :state", state=state)
    with pytest.raises(Refused, match=f"is {state}; nothing is sent twice"):
        await ask(empty_db, rows.deliveries[0].id)


async def test_an_unknown_id_is_not_found(empty_db: Database) -> None:
    with pytest.raises(NotFound):
        await ask(empty_db, uuid4())


async def test_an_unroutable_document_finds_the_receiver_that_was_added(
    empty_db: Database, sender: UUID, receiver: UUID
) -> None:
    rows = submission(sender, state="unroutable", facts=heading("2"))
    await store(empty_db, rows)
    document = rows.documents[0].id
    with pytest.raises(Refused, match="still finds no receiver: no company of this hub has the electronic address"):
        await ask(empty_db, document)
    await provision(empty_db, "virta", addresses=["0216:1", "0216:2"], receive_as="finvoice-3.0")
    said = await ask(empty_db, document)
    assert "is routed now: Virta was found by electronic address 0216:2" in said
    assert await state_of(empty_db, rows) == ("routed", "pending")
    whole = await documents.whole(empty_db, document)
    assert whole is not None
    (delivery,) = whole.deliveries
    assert str(delivery.id) in said
    assert (delivery.receiver, delivery.address, delivery.wanted_syntax) == ("virta", "0216:2", "finvoice-3.0")
    assert [event.kind for event in whole.events] == ["document.received", "document.routed"]
    with pytest.raises(Refused, match="is routed; name the delivery"):
        await ask(empty_db, document)


@pytest.mark.parametrize("mode", ["test", "cert"])
async def test_what_was_not_meant_is_never_delivered(
    empty_db: Database, sender: UUID, receiver: UUID, mode: str
) -> None:
    rows = submission(sender, state="unroutable", facts=heading("1"), mode=mode)
    await store(empty_db, rows)
    with pytest.raises(Refused, match=f"was sent in mode {mode}; such a document is never delivered"):
        await ask(empty_db, rows.documents[0].id)


async def test_a_rejected_document_has_to_be_sent_anew(empty_db: Database, sender: UUID, receiver: UUID) -> None:
    rows = submission(sender, refused=True, facts=heading("1"))
    await store(empty_db, rows)
    with pytest.raises(Refused, match="was rejected; its sender has to send it anew"):
        await ask(empty_db, rows.documents[0].id)


async def test_all_about_a_document(empty_db: Database, sender: UUID, receiver: UUID) -> None:
    rows = submission(sender, receiver=receiver, deliveries=2, facts=heading("1"), number="N-1")
    await store(empty_db, rows)
    await deliver(empty_db, [rows], NOW + timedelta(seconds=1))
    whole = await documents.whole(empty_db, rows.documents[0].id)
    assert whole is not None
    assert (whole.listed.sender, whole.listed.receiver, whole.listed.number) == ("skog", "virta", "N-1")
    assert (whole.listed.state, whole.listed.dialect, whole.submission_id) == ("delivered", "pagero", rows.id)
    assert (whole.sha256, whole.size) == (rows.body_sha256.hex(), rows.documents[0].size)
    assert {one.id for one in whole.deliveries} == {one.id for one in rows.deliveries}
    assert {one.delivery_id for one in whole.attempts} == {one.id for one in rows.deliveries}
    assert [entry.received_at for entry in whole.entries] == [None, None]
    assert [event.kind for event in whole.events] == [
        "document.received",
        "delivery.delivered",
        "delivery.delivered",
        "document.delivered",
    ], "a document follows from its deliveries"
    assert await documents.whole(empty_db, uuid4()) is None
