"""What is stored of a submission, and what its sender is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
    InvalidDocument,
    NoContract,
    NotWellFormed,
    Overloaded,
    SellerMismatch,
    TransferUnreadable,
    Unavailable,
    UnknownDocument,
)
from fakturahub.exchange import rows as rows_module
from fakturahub.exchange import submit as submit_module
from fakturahub.exchange.rulebook import Broken, Installed, Rulebook, bundled
from fakturahub.exchange.submit import REPEAT_WINDOW, Accepted, Exchange
from fakturahub.model import Answer, DocumentState, Mode, Submission, Verdict
from fakturahub.storage.payloads import INLINE_LIMIT, PayloadStore, decode_inline
from fakturahub.storage.submission_rows import DocumentRow, SubmissionRows
from fakturahub.storage.submissions import Repeat, Stored
from tests.running import INVOICE
from tests.unit.exchange.town import known, named, row

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORIGINAL = INVOICE.read_bytes()
SKOG = row("skog", name="Skog & Såg AB", country="SE", business_id="556161-8033", addresses=["0007:5561618033"])
VIRTA = row("virta", name="Virta Sähkö Oy", addresses=["0216:003727901319"], receive_as="finvoice-3.0")


#: nothing leaves by e-mail or on paper
NETWORK_ONLY = {"ways": ["network"]}


class Writer:
    """Stands where the writer stands: keeps what it is given."""

    def __init__(self, earlier: Stored | None = None) -> None:
        self.stored: list[SubmissionRows] = []
        self._earlier = earlier
        self.asked: Repeat | None = None

    async def store(self, rows: SubmissionRows) -> Stored:
        self.stored.append(rows)
        return self._earlier or Stored(rows.answer, False, rows.id)

    async def earlier(self, repeat: Repeat) -> Stored | None:
        self.asked = repeat
        return self._earlier


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
        self.rules: Callable[[], Rulebook] = bundled
        self.now = NOW

    async def submit(self, data: bytes = ORIGINAL, *, mode: Mode = Mode.PROD, key: str | None = None) -> SubmissionRows:
        """Submit *data*; what was stored."""
        answer, repeated = await self.answer(data, mode=mode, key=key)
        assert (answer, repeated) == (self.writer.stored[-1].answer, False)
        return self.writer.stored[-1]

    async def answer(
        self, data: bytes = ORIGINAL, *, mode: Mode = Mode.PROD, key: str | None = None
    ) -> tuple[Answer, bool]:
        """Submit *data*; the answer, and whether it repeats another one."""
        exchange = Exchange(self.companies, self.writer, self.payloads, self.rules)  # type: ignore[arg-type]
        submission = Submission(
            new_id(self.now), self.sender.id, "pagero", data, mode, self.now, key, "file.xml", "invoice", "request-1"
        )

        def compose(accepted: Accepted) -> Answer:
            self.told.append(accepted)
            return Answer(200, "text/plain", str(accepted.submission.id).encode())

        return await exchange.submit(submission, self.sender, compose)


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
    assert facts(rows)["verdict"] == "valid"
    assert facts(rows)["packs"] == [{"name": "en16931-ubl-1.3.16", "version": "1.3.16", "rules": 979}]
    assert (facts(rows)["findings"], facts(rows)["findings_in_all"]) == ([], 0)
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
    assert json.loads(last.data) == {"why": rows.deliveries[0].why, "code": None, "verdict": "valid"}


async def test_a_document_for_nobody_here_is_kept() -> None:
    rows = await Desk(sender=NETWORK_ONLY, receiver={"addresses": ["0216:1"]}).submit()
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
    rows = await Desk(sender=NETWORK_ONLY, receiver={"contracts": ["send"]}).submit()
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
    rows = await Desk(sender={"validation": "warn"}).submit(ORIGINAL[:start] + ORIGINAL[end:])
    (finding,) = [one for one in facts(rows)["findings"] if one["rule"] == "seller-mismatch"]
    assert "names nobody as its seller" in finding["message"]


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
    exchange = Exchange(desk.companies, desk.writer, desk.payloads, desk.rules)  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("size", "validation"),
    [(submit_module.READ_IN_THREAD + 1, "off"), (submit_module.CHECK_IN_THREAD + 1, "reject")],
)
async def test_a_large_document_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, size: int, validation: str) -> None:
    """While one is read, others go on: the loop turns."""
    read, turns = submit_module._read, 0

    def slowly(*given: Any) -> Any:
        asyncio.run_coroutine_threadsafe(turn(), loop).result(10)
        return read(*given)

    async def turn() -> None:
        nonlocal turns
        turns += 1

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(submit_module, "_read", slowly)
    desk = Desk(sender={"validation": validation})
    await desk.submit(padded(size))
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


# --- the rules ------------------------------------------------------------------------------------------------------

#: breaks BR-CO-15 and BR-CO-16 of EN 16931
INVALID = re.sub(rb"<cbc:TaxInclusiveAmount(.*?)>[^<]*", rb"<cbc:TaxInclusiveAmount\g<1>>1.00", ORIGINAL)
FORWARDED = ORIGINAL.replace(b"urn:cen.eu:en16931:2017#", b"urn:example:no-rules-here#")


def broken_rulebook() -> Rulebook:
    """One whose pack cannot be run: the engine trips over it."""
    (one,) = bundled()
    return Rulebook([replace(one, pack=object())])  # type: ignore[arg-type]


async def test_an_invalid_document_is_refused() -> None:
    desk = Desk()
    rows = await desk.submit(INVALID, key="k")
    assert (rows.state, rows.takes_key, rows.repeat_key) == ("refused", False, "prod:key:k")
    assert (rows.documents[0].state, rows.documents[0].number, rows.deliveries) == ("rejected", "2026-1107", ())
    told = facts(rows)
    assert (told["verdict"], told["route"], told["packs"][0]["rules"]) == ("invalid", None, 979)
    finding, other = told["findings"]
    assert (other["rule"], told["findings_in_all"]) == ("BR-CO-16", 2)
    assert (finding["rule"], finding["severity"], finding["pack"]) == ("BR-CO-15", "fatal", "en16931-ubl-1.3.16")
    assert (finding["path"], finding["term"]) == ("/Invoice[1]", "BT-112, BT-109, BT-110")
    assert finding["line"] == 4
    assert "explanation" not in finding, "it can be had in any language later"
    (judged,) = desk.told[0].documents
    assert isinstance(judged.refusal, InvalidDocument)
    assert str(judged.refusal) == "The document breaks 2 rules: BR-CO-15, BR-CO-16. (at /Invoice[1], line 4)"
    assert judged.findings[0].explanation is not None
    rejected = max(rows.events, key=lambda event: event.id)
    assert json.loads(rejected.data) == {
        "why": "The document breaks 2 rules: BR-CO-15, BR-CO-16.",
        "code": "invalid-document",
        "verdict": "invalid",
    }


async def test_without_a_key_an_invalid_document_is_still_known_by_its_bytes() -> None:
    """What was accepted under other rules is found again."""
    rows = await Desk().submit(INVALID)
    assert rows.repeat_key == f"prod:bytes:{hashlib.sha256(INVALID).hexdigest()}"
    assert rows.takes_key is False


async def test_what_breaks_the_schema_is_told_with_its_line() -> None:
    data = ORIGINAL.replace(b"<cbc:IssueDate>2026-11-02", b"<cbc:IssueDate>2026-11-02Q")
    desk = Desk(sender={"validation": "warn"})
    # the reader of headings refuses the date before anything else does
    assert facts(await desk.submit(data))["findings"][0]["rule"] == "bad-value"
    data = ORIGINAL.replace(b'<cbc:LineExtensionAmount currencyID="EUR">', b"<cbc:LineExtensionAmount>", 1)
    assert data != ORIGINAL
    (finding,) = [one for one in facts(await desk.submit(data))["findings"] if one["rule"] == "XSD"]
    assert (finding["severity"], finding["pack"]) == ("fatal", "ubl-2.1-xsd")
    assert data.splitlines()[finding["line"] - 1].strip().startswith(b"<cbc:LineExtensionAmount>")


async def test_a_company_that_only_wants_to_be_warned() -> None:
    desk = Desk(sender={"validation": "warn"})
    rows = await desk.submit(INVALID, key="k")
    assert (rows.state, rows.takes_key, rows.documents[0].state) == ("accepted", True, "routed")
    assert (facts(rows)["verdict"], len(rows.deliveries)) == ("invalid", 1)
    assert [one["rule"] for one in facts(rows)["findings"]] == ["BR-CO-15", "BR-CO-16"]
    assert desk.told[0].documents[0].verdict is Verdict.INVALID


async def test_a_company_whose_documents_are_not_checked() -> None:
    desk = Desk(sender={"validation": "off"})

    def never() -> Rulebook:
        raise AssertionError("nobody asks for rules")

    desk.rules = never
    rows = await desk.submit(INVALID)
    assert (rows.state, facts(rows)["verdict"], facts(rows)["packs"]) == ("accepted", "not checked", [])
    (finding,) = facts(rows)["findings"]
    assert (finding["rule"], finding["severity"]) == ("not-checked", "information")
    assert "passed on unchecked" in finding["message"]


async def test_a_document_without_rules_passes_with_a_remark() -> None:
    desk = Desk()
    rows = await desk.submit(FORWARDED)
    assert (rows.state, facts(rows)["verdict"], facts(rows)["packs"]) == ("accepted", "not checked", [])
    (finding,) = facts(rows)["findings"]
    assert finding["message"] == "Not checked: no rules are installed for documents in ubl-2.1."


@pytest.mark.parametrize("rules", [broken_rulebook, pytest.param(lambda: _unusable(), id="unusable")])
@pytest.mark.parametrize("validation", ["reject", "warn"])
async def test_where_the_engine_fails_nothing_is_stored(rules: Callable[[], Rulebook], validation: str) -> None:
    desk = Desk(sender={"validation": validation})
    desk.rules = rules
    with pytest.raises(Unavailable) as raised:
        await desk.submit(key="k")
    assert raised.value.code in ("rules-failed", "pack-unusable")
    assert (desk.writer.stored, desk.told) == ([], [])
    desk.rules = bundled
    assert (await desk.submit(key="k")).state == "accepted", "the same again, once the engine is well"


async def test_where_the_engine_fails_a_repeat_gets_the_first_answer() -> None:
    desk = Desk()
    first = await desk.submit()
    stored = Stored(first.answer, True, first.id)
    desk.writer = Writer(stored)
    desk.rules = _unusable
    answer = await desk.answer()
    assert (answer, desk.writer.stored) == ((first.answer, True), [])
    asked = desk.writer.asked
    assert asked is not None
    assert (asked.company_id, asked.repeat_key, asked.body_sha256) == (
        desk.sender.id,
        first.repeat_key,
        first.body_sha256,
    )
    assert asked.since == first.at - REPEAT_WINDOW


def _unusable() -> Rulebook:
    (one,) = bundled()
    return Rulebook([Broken(**one.as_facts(), reason="it is damaged.")])


async def test_the_rules_are_those_of_the_senders_day() -> None:
    """At half past eleven at night in London it is tomorrow in Stockholm."""
    asked: list[date] = []

    class Book(Rulebook):
        def chosen(self, recognition: Any, root_tag: str, on: date, *, next: bool = False) -> tuple[Installed, ...]:
            asked.append(on)
            return super().chosen(recognition, root_tag, on, next=next)

    desk = Desk()
    desk.rules = lambda: Book(bundled())
    desk.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    await desk.submit()
    assert asked == [date(2027, 1, 1)]


async def test_findings_are_stored_within_bounds_and_counted() -> None:
    line = re.search(rb"<cac:InvoiceLine>.*?</cac:InvoiceLine>", ORIGINAL, re.DOTALL)
    assert line is not None
    bad = line[0].replace(b"<cbc:Name>", b"<cbc:Name/><!--").replace(b"</cbc:Name>", b"-->")
    many = ORIGINAL.replace(b"</Invoice>", bad * (rows_module.FINDINGS + 5) + b"</Invoice>")
    rows = await Desk().submit(many)
    told = facts(rows)
    assert (rows.documents[0].state, len(told["findings"])) == ("rejected", rows_module.FINDINGS)
    assert told["findings_in_all"] > rows_module.FINDINGS
    assert {one["severity"] for one in told["findings"]} == {"fatal"}, "the gravest are kept"


async def test_a_finding_that_repeats_much_of_the_document_is_cut_off() -> None:
    data = re.sub(rb"(<cbc:CustomizationID>)[^<]*", rb"\g<1>urn:cen.eu:en16931:2017#" + b"x" * 5_000, ORIGINAL)
    long = data.replace(b'schemeID="0007"', b'schemeID="' + b"9" * 5_000 + b'"', 1)
    assert long != data
    rows = await Desk(sender={"validation": "warn"}).submit(long)
    found = facts(rows)["findings"]
    assert found
    assert max(len(one["message"]) for one in found) <= rows_module.FINDING_TEXT


async def test_the_sender_reads_explanations_in_its_language() -> None:
    texts = []
    for language in ("en", "sv"):
        desk = Desk(sender={"language": language})
        await desk.submit(INVALID)
        texts.append(desk.told[0].documents[0].findings[0].explanation)
    assert texts[0] != texts[1]
    assert None not in texts


async def test_verdicts_are_counted() -> None:
    before = telemetry.VALIDATIONS.labels("pagero", "invalid")._value.get()
    await Desk().submit(INVALID)
    assert telemetry.VALIDATIONS.labels("pagero", "invalid")._value.get() == before + 1
