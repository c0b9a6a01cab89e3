"""What is stored of a submission, and what its sender is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from obstore.store import MemoryStore

from fakturahub import telemetry
from fakturahub.clock import new_id
from fakturahub.errors import (
    DoctypeRefused,
    EmptyBody,
    NoContract,
    NotWellFormed,
    Overloaded,
    SellerMismatch,
    TransferUnreadable,
    UnknownDocument,
)
from fakturahub.exchange import submit as submit_module
from fakturahub.exchange.submit import Accepted, Exchange
from fakturahub.model import Answer, DocumentState, Mode, Submission
from fakturahub.storage.payloads import INLINE_LIMIT, PayloadStore, decode_inline
from fakturahub.storage.submissions import DocumentRow, Stored, SubmissionRows
from tests.running import INVOICE
from tests.unit.exchange.town import known, named, row

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORIGINAL = INVOICE.read_bytes()
SKOG = row("skog", name="Skog & Såg AB", country="SE", business_id="556161-8033", addresses=["0007:5561618033"])
VIRTA = row("virta", name="Virta Sähkö Oy", addresses=["0216:003727901319"], receive_as="finvoice-3.0")


class Writer:
    """Stands where the writer stands: keeps what it is given."""

    def __init__(self, earlier: Stored | None = None) -> None:
        self.stored: list[SubmissionRows] = []
        self._earlier = earlier

    async def store(self, rows: SubmissionRows) -> Stored:
        self.stored.append(rows)
        return self._earlier or Stored(rows.answer, False, rows.id)


class Desk:
    """An exchange whose companies a test may describe, and what came of one submission."""

    def __init__(self, *, sender: dict[str, Any] | None = None, receiver: dict[str, Any] | None = None) -> None:
        skog = msgspec.structs.replace(SKOG, settings={**SKOG.settings, **(sender or {})})
        virta = msgspec.structs.replace(VIRTA, settings={**VIRTA.settings, **(receiver or {})})
        self.companies = known(skog, virta)
        self.sender = named(self.companies, "skog")
        self.receiver = named(self.companies, "virta")
        self.writer = Writer()
        self.payloads = PayloadStore(MemoryStore())
        self.told: list[Accepted] = []

    async def submit(self, data: bytes = ORIGINAL, *, mode: Mode = Mode.PROD, key: str | None = None) -> SubmissionRows:
        """Submit *data*; what was stored."""
        exchange = Exchange(self.companies, self.writer, self.payloads)  # type: ignore[arg-type]
        submission = Submission(
            new_id(NOW), self.sender.id, "pagero", data, mode, NOW, key, "file.xml", "invoice", "request-1"
        )

        def compose(accepted: Accepted) -> Answer:
            self.told.append(accepted)
            return Answer(200, "text/plain", str(accepted.submission.id).encode())

        answer, repeated = await exchange.submit(submission, self.sender, compose)
        assert (answer, repeated) == (self.writer.stored[-1].answer, False)
        return self.writer.stored[-1]


def kinds(rows: SubmissionRows) -> list[str]:
    return [event.kind for event in sorted(rows.events, key=lambda event: event.id)]


def facts(rows: SubmissionRows) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(rows.documents[0].facts)
    return read


async def test_a_document_for_a_company_of_this_hub_is_routed() -> None:
    desk = Desk()
    rows = await desk.submit(key="k-1")
    (document,), (delivery,) = rows.documents, rows.deliveries
    assert (rows.company_id, rows.dialect, rows.mode, rows.state, rows.at) == (
        desk.sender.id,
        "pagero",
        "prod",
        "accepted",
        NOW,
    )
    assert json.loads(rows.request) == {
        "key": "k-1",
        "file_name": "file.xml",
        "declared_type": "invoice",
        "request_id": "request-1",
    }
    assert document == DocumentRow(
        id=document.id,
        receiver_id=desk.receiver.id,
        state="routed",
        syntax="peppol-bis-3",
        kind="invoice",
        number="2026-1107",
        issue_date=document.issue_date,
        currency="EUR",
        payable=Decimal("15000.00"),
        facts=document.facts,
        sha256=hashlib.sha256(ORIGINAL).digest(),
        size=len(ORIGINAL),
        encoding="zlib",
        payload=document.payload,
    )
    assert document.payload is not None
    assert decode_inline(document.encoding, document.payload) == ORIGINAL
    assert str(document.issue_date) == "2026-11-02"
    assert (delivery.document_id, delivery.receiver_id, delivery.channel) == (document.id, desk.receiver.id, "inbox")
    assert (delivery.address, delivery.wanted_syntax) == ("0216:003727901319", "finvoice-3.0")
    assert delivery.why == "Virta Sähkö Oy was found by electronic address 0216:003727901319"
    assert facts(rows)["route"] == delivery.why
    assert facts(rows)["verdict"] == "not checked"
    assert facts(rows)["findings"] == []
    assert facts(rows)["recognition"]["syntax"] == "peppol-bis-3"
    assert facts(rows)["heading"]["number"] == "2026-1107"
    (told,) = desk.told
    (judged,) = told.documents
    assert (judged.id, judged.state, judged.number, judged.refusal) == (
        document.id,
        DocumentState.ROUTED,
        "2026-1107",
        None,
    )


async def test_every_change_of_state_is_an_event_in_its_order() -> None:
    for _ in range(20):  # the ids decide, and are random within a millisecond
        rows = await Desk().submit()
        assert kinds(rows) == ["document.received", "document.routed"]
    last = max(rows.events, key=lambda event: event.id)
    assert {event.document_id for event in rows.events} == {rows.documents[0].id}
    assert last.delivery_id == rows.deliveries[0].id
    assert json.loads(last.data)["why"] == rows.deliveries[0].why


async def test_a_document_for_nobody_here_is_kept() -> None:
    rows = await Desk(receiver={"addresses": ["0216:1"]}).submit()
    assert (rows.state, rows.takes_key, rows.documents[0].state, rows.documents[0].receiver_id) == (
        "accepted",
        True,
        "unroutable",
        None,
    )
    assert rows.deliveries == ()
    assert "0216:003727901319" in facts(rows)["route"]
    assert kinds(rows) == ["document.received", "document.unroutable"]


async def test_a_receiver_without_a_contract_is_none() -> None:
    rows = await Desk(receiver={"contracts": ["send"]}).submit()
    assert (rows.documents[0].state, rows.documents[0].receiver_id, rows.deliveries) == ("unroutable", None, ())
    assert "no contract for receiving" in facts(rows)["route"]


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.CERT])
async def test_what_is_not_meant_is_not_delivered(mode: Mode) -> None:
    desk = Desk()
    rows = await desk.submit(mode=mode)
    assert (rows.mode, rows.documents[0].state, rows.documents[0].receiver_id) == (mode, "routed", desk.receiver.id)
    assert rows.deliveries == ()
    assert kinds(rows) == ["document.received", "document.routed"]
    assert desk.told[0].submission.mode is mode


@pytest.mark.parametrize(("sent", "taken"), [(Mode.PROD, Mode.TEST), (Mode.TEST, Mode.TEST), (Mode.CERT, Mode.CERT)])
async def test_a_company_in_test_mode_delivers_nothing(sent: Mode, taken: Mode) -> None:
    desk = Desk(sender={"test_mode": True})
    rows = await desk.submit(mode=sent, key="k")
    assert (rows.mode, rows.repeat_key, rows.deliveries) == (taken, f"{taken}:key:k", ())
    assert desk.told[0].submission.mode is taken, "the sender is told"


async def test_a_company_without_a_contract_for_sending_is_refused() -> None:
    desk = Desk(sender={"contracts": ["receive"]})
    with pytest.raises(NoContract):
        await desk.submit()
    assert desk.writer.stored == []


# --- the seller -----------------------------------------------------------------------------------------------------

FOREIGN = {"business_id": "1", "addresses": ["0007:1"], "name": "Somebody Else"}


async def test_another_seller_is_noted() -> None:
    rows = await Desk(sender=FOREIGN).submit()
    assert rows.documents[0].state == "routed"
    assert len(rows.deliveries) == 1
    (finding,) = facts(rows)["findings"]
    assert (finding["rule"], finding["severity"], finding["term"]) == ("seller-mismatch", "warning", "BG-4")
    assert "Skog & Såg AB" in finding["message"]
    assert "Somebody Else" in finding["message"]


async def test_another_seller_is_refused_where_the_company_wants_it() -> None:
    desk = Desk(sender={**FOREIGN, "seller_mismatch": "reject"})
    rows = await desk.submit(key="k")
    assert (rows.state, rows.takes_key, rows.documents[0].state) == ("refused", False, "rejected")
    assert (rows.documents[0].number, rows.documents[0].receiver_id, rows.deliveries) == ("2026-1107", None, ())
    assert facts(rows)["findings"][0]["severity"] == "fatal"
    assert kinds(rows) == ["document.received", "document.rejected"]
    (judged,) = desk.told[0].documents
    assert isinstance(judged.refusal, SellerMismatch)


async def test_its_own_documents_pass_the_strict_setting() -> None:
    rows = await Desk(sender={"seller_mismatch": "reject"}).submit()
    assert (rows.state, facts(rows)["findings"]) == ("accepted", [])


async def test_a_document_without_a_seller_is_not_the_companys() -> None:
    start, end = ORIGINAL.index(b"<cac:AccountingSupplierParty>"), ORIGINAL.index(b"<cac:AccountingCustomerParty>")
    rows = await Desk().submit(ORIGINAL[:start] + ORIGINAL[end:])
    assert "names nobody as its seller" in facts(rows)["findings"][0]["message"]


# --- documents that are none ----------------------------------------------------------------------------------------


async def test_an_unknown_document_is_kept_and_refused() -> None:
    desk = Desk()
    data = b'<Menu xmlns="urn:kitchen"><Dish>Soup</Dish></Menu>'
    rows = await desk.submit(data, key="k")
    (document,) = rows.documents
    assert (rows.state, rows.takes_key, rows.repeat_key) == ("refused", False, "prod:key:k")
    assert (document.state, document.kind, document.syntax, document.number) == ("rejected", "other", None, None)
    assert document.sha256 == hashlib.sha256(data).digest()
    assert rows.deliveries == ()
    assert facts(rows)["findings"][0]["rule"] == "unknown-document"
    assert facts(rows)["route"] is None
    last = max(rows.events, key=lambda event: event.id)
    assert json.loads(last.data)["code"] == "unknown-document"
    assert isinstance(desk.told[0].documents[0].refusal, UnknownDocument)


async def test_a_document_with_a_bad_value_is_kept_and_refused() -> None:
    rows = await Desk().submit(ORIGINAL.replace(b"2026-11-02", b"02.11.2026"))
    (finding,) = facts(rows)["findings"]
    assert (rows.documents[0].state, finding["rule"], finding["term"]) == ("rejected", "bad-value", "BT-2")
    assert "line" in finding["path"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyBody),
        (b"<Invoice", TransferUnreadable),
        (ORIGINAL[:-20], NotWellFormed),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + ORIGINAL.partition(b"?>")[2], DoctypeRefused),
        (b"\x00\x01\x02", TransferUnreadable),
    ],
)
async def test_nothing_is_kept_of_what_cannot_be_read(data: bytes, error: type[Exception]) -> None:
    desk = Desk()
    with pytest.raises(error):
        await desk.submit(data)
    assert desk.writer.stored == []
    assert desk.told == []


# --- repeats --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode))
async def test_the_senders_key_marks_a_repeat_for_ever_in_its_mode(mode: Mode) -> None:
    rows = await Desk().submit(key="k 1", mode=mode)
    assert (rows.repeat_key, rows.repeat_window, rows.takes_key) == (f"{mode}:key:k 1", None, True)
    assert rows.body_sha256 == hashlib.sha256(ORIGINAL).digest()


@pytest.mark.parametrize("mode", list(Mode))
async def test_without_a_key_equal_bytes_are_a_repeat_for_a_day(mode: Mode) -> None:
    rows = await Desk().submit(mode=mode)
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    assert (rows.repeat_key, rows.repeat_window) == (f"{mode}:bytes:{digest}", timedelta(hours=24))


async def test_without_a_key_and_a_number_nothing_is_a_repeat() -> None:
    rows = await Desk().submit(b'<Menu xmlns="urn:kitchen"/>')
    assert (rows.repeat_key, rows.repeat_window) == (None, None)


async def test_a_key_cannot_be_taken_for_bytes() -> None:
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    desk = Desk()
    keys = {(await desk.submit(key=key)).repeat_key for key in (None, f"bytes:{digest}", f"prod:bytes:{digest}")}
    assert len(keys) == 3


async def test_a_repeat_gets_the_first_answer_and_is_counted_as_one() -> None:
    desk = Desk()
    first = Answer(200, "text/plain", b"the first")
    desk.writer = Writer(Stored(first, True, new_id(NOW)))
    counter = telemetry.SUBMISSIONS.labels("pagero", "prod", "true")
    before = counter._value.get()
    exchange = Exchange(desk.companies, desk.writer, desk.payloads)  # type: ignore[arg-type]
    submission = Submission(new_id(NOW), desk.sender.id, "pagero", ORIGINAL, Mode.PROD, NOW)
    assert await exchange.submit(submission, desk.sender, lambda _: Answer(200, "", b"a new one")) == (first, True)
    assert counter._value.get() == before + 1


# --- size -----------------------------------------------------------------------------------------------------------


def padded(size: int) -> bytes:
    """The example with a comment that cannot be compressed away, *size* bytes in all."""
    rest = size - len(ORIGINAL) - len(b"<!---->")
    return ORIGINAL.rstrip() + b"<!--" + b"x" * (rest + len(ORIGINAL) - len(ORIGINAL.rstrip())) + b"-->"


@pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)])
async def test_large_payloads_go_into_the_store(size: int, inline: bool) -> None:
    desk, data = Desk(), padded(size)
    assert len(data) == size
    rows = await desk.submit(data)
    (document,) = rows.documents
    assert document.size == size
    if inline:
        assert document.payload is not None
        assert decode_inline(document.encoding, document.payload) == data
    else:
        assert (document.encoding, document.payload) == ("store", None)
        assert await desk.payloads.get(document.sha256) == data


async def test_a_large_document_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is read, others go on: the loop turns."""
    read, turns = submit_module._read, 0

    def slowly(data: bytes) -> Any:
        asyncio.run_coroutine_threadsafe(turn(), loop).result(10)
        return read(data)

    async def turn() -> None:
        nonlocal turns
        turns += 1

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(submit_module, "_read", slowly)
    await Desk().submit(padded(submit_module.READ_IN_THREAD + 1))
    assert turns == 1


async def test_an_answer_is_composed_before_anything_is_stored() -> None:
    class Full(Writer):
        async def store(self, rows: SubmissionRows) -> Stored:
            assert rows.answer.body
            raise Overloaded("full")

    desk = Desk()
    desk.writer = Full()
    with pytest.raises(Overloaded):
        await desk.submit()
    assert len(desk.told) == 1
