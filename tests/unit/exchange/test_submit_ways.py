"""Submissions that leave the hub, of several documents, and with files beside them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fakturahub.clock import new_id
from fakturahub.errors import MissingFile, NotWellFormed, NoWay, Overloaded, RenderingFailed, UnrenderableDocument
from fakturahub.exchange import submit as submit_module
from fakturahub.exchange.letters import Pages
from fakturahub.exchange.submit import Accepted, Exchange
from fakturahub.model import Answer, Attachment, DocumentState, Medium, Mode, Part, Submission
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.payloads import decode_inline
from fakturahub.storage.submission_rows import SubmissionRows
from tests.running import invoice
from tests.unit.exchange.test_letters import of_width
from tests.unit.exchange.test_submit import NOW, ORIGINAL, Desk, kinds

#: nobody of this hub
GONE = {"addresses": ["0216:1"], "business_id": "1", "vat_id": "1"}
PRICES = [{"channel": "print", "pages": 1, "credits": "1"}, {"channel": "print", "credits": "2.5"}, {"credits": "0.5"}]
WITHOUT_MAIL = ORIGINAL.replace(b"laskut@virta.example", b"")
UNKNOWN = b'<Menu xmlns="urn:kitchen"/>'
BROKEN = ORIGINAL[:-20]


class Counter(Desk):
    """A desk whose hub has prices, and takes whole submissions."""

    def __init__(self, *, prices: list[dict[str, Any]] | None = None, **more: Any) -> None:
        super().__init__(**more)
        if prices is not None:
            self.companies.apply(Changes(2, [], [SettingRow("price", "", prices)]))
        self.exchange = Exchange(self.companies, self.writer, self.payloads, self.rules)  # type: ignore[arg-type]

    async def send(self, *parts: Part, data: bytes = b"the whole", **more: Any) -> SubmissionRows:
        submission = Submission(
            **{
                "id": new_id(NOW),
                "company_id": self.sender.id,
                "dialect": "apix",
                "data": data,
                "mode": Mode.PROD,
                "at": NOW,
                "parts": parts,
                **more,
            }
        )

        def compose(accepted: Accepted) -> Answer:
            self.told.append(accepted)
            return Answer(200, "text/plain", " ".join(one.state for one in accepted.documents).encode())

        await self.exchange.submit(submission, self.sender, compose)
        return self.writer.stored[-1]


def facts(rows: SubmissionRows, place: int = 0) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(rows.documents[place].facts)
    return read


# --- ways -----------------------------------------------------------------------------------------------------------


async def test_nobody_of_this_hub_gets_a_mail() -> None:
    rows = await Counter(receiver=GONE, prices=PRICES).send(data=ORIGINAL)
    (delivery,), (document,) = rows.deliveries, rows.documents
    assert (document.state, document.receiver_id) == ("routed", None)
    assert (delivery.channel, delivery.target, delivery.receiver_id) == ("email", "email", None)
    assert (delivery.address, delivery.wanted_syntax) == ("laskut@virta.example", "original")
    assert json.loads(delivery.details or "") == {"to": ["laskut@virta.example"], "language": "fi"}
    assert (delivery.cost, delivery.due_at) == (Decimal("0.5"), None)
    assert (facts(rows)["way"], facts(rows)["price"], facts(rows)["route"]) == ("email", "0.5", delivery.why)
    assert kinds(rows) == ["document.received", "document.routed"]


async def test_a_letter_is_counted_and_priced_by_its_pages() -> None:
    rows = await Counter(receiver=GONE, prices=PRICES).send(data=ORIGINAL, prefer=Medium.PRINT)
    (delivery,) = rows.deliveries
    details = json.loads(delivery.details or "")
    assert (delivery.channel, delivery.target, details["pages"], delivery.cost) == ("print", "print", 1, Decimal(1))
    assert details["recipient"]["lines"] == ["Sinikalliontie 9", "02630 Espoo"]
    assert delivery.due_at == NOW, "without cut-offs a letter does not wait"
    longer = await Counter(receiver=GONE, prices=PRICES).send(
        Part(ORIGINAL, (Attachment("more.pdf", "application/pdf", of_width(300)),)), prefer=Medium.PRINT
    )
    # the list of its attachments begins a second page, and the attached page comes behind it
    assert json.loads(longer.deliveries[0].details or "")["pages"] == 3
    assert longer.deliveries[0].cost == Decimal("2.5")


async def test_a_letter_waits_for_its_cut_off() -> None:
    desk = Counter(receiver=GONE)
    desk.companies.apply(Changes(3, [], [SettingRow("print", "", {"cut_offs": ["15:00"]})]))
    rows = await desk.send(data=ORIGINAL, prefer=Medium.PRINT)
    # noon in UTC is one in the afternoon in Stockholm
    assert rows.deliveries[0].due_at == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


async def test_to_a_companys_own_server() -> None:
    rows = await Counter(receiver={"pagero": {"push": {"url": "https://firm.example/"}}}).send(data=ORIGINAL)
    (delivery,) = rows.deliveries
    assert (delivery.channel, delivery.target) == ("http", f"http {delivery.receiver_id}")
    assert (delivery.details, delivery.cost, delivery.wanted_syntax) == ("{}", None, "finvoice-3.0")


async def test_an_inbox_has_no_target_and_nothing_to_pay_without_a_price() -> None:
    (delivery,) = (await Counter().send(data=ORIGINAL)).deliveries
    assert (delivery.channel, delivery.target, delivery.details) == ("inbox", None, None)
    assert (delivery.cost, delivery.due_at) == (None, None)


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.CERT])
async def test_what_is_not_meant_is_priced_and_not_delivered(mode: Mode) -> None:
    desk = Counter(receiver=GONE, prices=PRICES)
    rows = await desk.send(data=ORIGINAL, prefer=Medium.PRINT, mode=mode)
    assert rows.deliveries == ()
    assert (facts(rows)["way"], facts(rows)["price"]) == ("print", "1")
    decision = desk.told[0].documents[0].decision
    assert decision is not None
    assert (decision.channel, decision.pages, decision.price) == ("print", 1, Decimal(1))


async def test_prices_that_were_changed_count_at_once() -> None:
    desk = Counter(prices=[{"credits": "1"}])
    assert (await desk.send(data=ORIGINAL)).deliveries[0].cost == 1
    desk.companies.apply(Changes(4, [], [SettingRow("price", "", [{"credits": "2"}])]))
    assert (await desk.send(data=ORIGINAL)).deliveries[0].cost == 2


async def test_what_no_page_can_be_made_of_finds_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> Pages:
        raise UnrenderableDocument("The letter has 501 pages; the limit is 500.")

    monkeypatch.setattr(submit_module, "pages_of", refused)
    rows = await Counter(receiver=GONE).send(data=WITHOUT_MAIL)
    assert (rows.documents[0].state, rows.deliveries) == ("unroutable", ())
    assert "it cannot be printed: The letter has 501 pages; the limit is 500." in facts(rows)["route"]


async def test_where_no_page_could_be_made_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*_: object, **__: object) -> Pages:
        raise RenderingFailed("The page could not be made.")

    monkeypatch.setattr(submit_module, "pages_of", failed)
    desk = Counter(receiver=GONE)
    with pytest.raises(RenderingFailed):
        await desk.send(data=WITHOUT_MAIL)
    assert desk.writer.stored == []


async def test_letters_do_not_pile_up_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    release, at_once, most = asyncio.Event(), 0, 0

    async def slow(count: Any, *arguments: Any, **more: Any) -> Pages:
        nonlocal at_once, most
        if count is not submit_module.pages_of:
            return count(*arguments)  # type: ignore[no-any-return]
        at_once += 1
        most = max(most, at_once)
        await release.wait()
        at_once -= 1
        return Pages(1, 1)

    monkeypatch.setattr(submit_module.asyncio, "to_thread", slow)
    desk = Counter(sender={"validation": "off"}, receiver=GONE)
    waiting = [asyncio.create_task(desk.send(data=WITHOUT_MAIL)) for _ in range(submit_module.COUNTED_LATER)]
    for _ in range(20):
        await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await desk.send(data=WITHOUT_MAIL)
    assert (at_once, most) == (submit_module.COUNTED_AT_ONCE, submit_module.COUNTED_AT_ONCE)
    release.set()
    await asyncio.gather(*waiting)
    assert len(desk.writer.stored) == submit_module.COUNTED_LATER
    assert (await desk.send(data=WITHOUT_MAIL)).deliveries[0].channel == "print"


# --- several documents ----------------------------------------------------------------------------------------------


async def test_each_is_judged_and_all_are_stored_together() -> None:
    desk = Counter(prices=[{"credits": "1"}])
    parts = [Part(invoice("A-1")), Part(UNKNOWN), Part(BROKEN), Part(invoice("A-2"))]
    rows = await desk.send(*parts, data=b"PK the archive")
    assert rows.state == "accepted"
    assert [one.state for one in rows.documents] == ["routed", "rejected", "rejected", "routed"]
    assert [one.number for one in rows.documents] == ["A-1", None, None, "A-2"]
    assert [one.sha256 for one in rows.documents] == [hashlib.sha256(part.data).digest() for part in parts]
    assert rows.body_sha256 == hashlib.sha256(b"PK the archive").digest()
    assert [one.document_id for one in rows.deliveries] == [rows.documents[0].id, rows.documents[3].id]
    assert sum(one.cost for one in rows.charges) == 2
    (told,) = desk.told
    assert [one.id for one in told.documents] == [one.id for one in rows.documents]
    assert rows.answer.body == b"routed rejected rejected routed"
    assert [getattr(one.refusal, "code", None) for one in told.documents] == [
        None,
        "unknown-document",
        "xml-not-well-formed",
        None,
    ]
    assert len(rows.events) == 8
    assert len({one.id for one in rows.documents}) == 4


async def test_a_single_part_is_refused_like_any_other_and_alone_it_is_not_taken() -> None:
    desk = Counter()
    rows = await desk.send(Part(BROKEN), data=b"PK")
    assert (rows.state, rows.takes_key, rows.documents[0].state) == ("refused", False, "rejected")
    with pytest.raises(NotWellFormed):
        await desk.send(data=BROKEN)


async def test_where_none_is_accepted_the_key_is_not_taken() -> None:
    rows = await Counter().send(Part(UNKNOWN), Part(BROKEN), key="k")
    assert (rows.state, rows.takes_key, rows.repeat_key) == ("refused", False, "prod:key:k")
    assert rows.deliveries == ()


async def test_equal_bytes_are_a_repeat_where_one_of_them_has_a_number() -> None:
    digest = hashlib.sha256(b"PK").hexdigest()
    assert (await Counter().send(Part(UNKNOWN), Part(ORIGINAL), data=b"PK")).repeat_key == f"prod:bytes:{digest}"
    assert (await Counter().send(Part(UNKNOWN), Part(BROKEN), data=b"PK")).repeat_key is None


async def test_each_goes_its_own_way() -> None:
    desk = Counter(receiver={"contracts": ["send"]})
    rows = await desk.send(Part(ORIGINAL), Part(WITHOUT_MAIL))
    assert [one.channel for one in rows.deliveries] == ["email", "print"]


# --- files beside ---------------------------------------------------------------------------------------------------

PICTURE = Attachment("invoice.pdf", "application/pdf", of_width(200), "as printed")
SHEET = Attachment("hours.xlsx", "application/vnd.ms-excel", b"x" * 300_000)


async def test_files_beside_are_stored_and_named_in_the_heading() -> None:
    desk = Counter()
    rows = await desk.send(Part(invoice("B-1"), (PICTURE, SHEET)), Part(invoice("B-2")))
    assert [(id_, place, one.name, one.mime, one.description) for id_, place, one in rows.files] == [
        (rows.documents[0].id, 0, "invoice.pdf", "application/pdf", "as printed"),
        (rows.documents[0].id, 1, "hours.xlsx", "application/vnd.ms-excel", None),
    ]
    kept = rows.files[0][2].kept
    assert kept.payload is not None
    assert decode_inline(kept.encoding, kept.payload) == PICTURE.content
    assert rows.files[1][2].kept.encoding == "store"
    assert await desk.payloads.load(rows.files[1][2].kept) == SHEET.content
    assert facts(rows)["heading"]["attachments"] == [
        {"name": "invoice.pdf", "mime": "application/pdf", "beside": True},
        {"name": "hours.xlsx", "mime": "application/vnd.ms-excel", "beside": True},
    ]
    assert "attachments" not in facts(rows, 1)["heading"]
    assert rows.weight > len(rows.documents[0].payload or b"") + len(kept.payload)


async def test_a_file_that_the_document_names_stands_where_it_names_it() -> None:
    link = (
        b"<cac:AdditionalDocumentReference><cbc:ID>Kuva</cbc:ID><cac:Attachment><cac:ExternalReference>"
        b"<cbc:URI>file://Invoice.PDF</cbc:URI></cac:ExternalReference></cac:Attachment>"
        b"</cac:AdditionalDocumentReference>"
    )
    seller = b"<cac:AccountingSupplierParty>"
    desk = Counter(sender={"validation": "off"})
    rows = await desk.send(Part(ORIGINAL.replace(seller, link + seller, 1), (PICTURE,)))
    (only,) = facts(rows)["heading"]["attachments"]
    assert only == {
        "id": "Kuva",
        "name": "invoice.pdf",
        "mime": "application/pdf",
        "uri": "file://Invoice.PDF",
        "beside": True,
    }


async def test_a_rejected_document_keeps_its_files() -> None:
    rows = await Counter().send(Part(UNKNOWN, (PICTURE,)), Part(ORIGINAL))
    assert [one.name for _, _, one in rows.files] == ["invoice.pdf"]
    assert rows.documents[0].state == DocumentState.REJECTED


async def test_one_document_is_judged_as_it_was_before() -> None:
    alone, among = await Counter().send(data=ORIGINAL), await Counter().send(Part(ORIGINAL), data=ORIGINAL)

    def without_ids(rows: SubmissionRows) -> Any:
        return [msgspec.structs.replace(one, id=None) for one in rows.documents]  # type: ignore[arg-type]

    assert without_ids(alone) == without_ids(among)
    assert (alone.repeat_key, alone.body_sha256) == (among.repeat_key, among.body_sha256)


# --- what a dialect has to say of a part ----------------------------------------------------------------------------


async def test_a_part_that_is_refused_from_the_start_is_kept_with_its_number() -> None:
    desk = Counter()
    missing = MissingFile("The document names a file that did not come.")
    rows = await desk.send(Part(ORIGINAL, refusal=missing), Part(ORIGINAL), Part(b"", refusal=missing))
    assert [one.state for one in rows.documents] == ["rejected", "routed", "rejected"]
    assert [one.number for one in rows.documents] == [rows.documents[1].number, rows.documents[1].number, None]
    assert [one.refusal for one in desk.told[0].documents] == [missing, None, missing]
    assert len(rows.deliveries) == 1


async def test_one_document_prefers_another_way_than_the_rest() -> None:
    desk = Counter(receiver=GONE)
    rows = await desk.send(Part(ORIGINAL), Part(ORIGINAL, prefer=Medium.PRINT), prefer=Medium.EMAIL)
    assert [one.channel for one in rows.deliveries] == ["email", "print"]


async def test_what_must_leave_is_refused_where_it_has_no_way() -> None:
    nowhere = WITHOUT_MAIL.replace(b"02630", b"")
    desk = Counter(receiver=GONE)
    rows = await desk.send(Part(nowhere), Part(ORIGINAL), must_leave=True)
    assert [one.state for one in rows.documents] == ["rejected", "routed"]
    refusal = desk.told[0].documents[0].refusal
    assert isinstance(refusal, NoWay)
    assert "no mail address of its buyer" in refusal.reason
    assert "no post code" in refusal.reason
    (kept,) = (await desk.send(Part(nowhere))).documents
    assert kept.state == "unroutable"
