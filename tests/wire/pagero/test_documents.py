"""The Document API: what a company sent and received, its bytes, and the mark of having fetched it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.peers.https import HttpsPeer
from tests.running import INVOICE, Hub, invoice, to_nobody
from tests.wire.companies import with_attachments
from tests.wire.pagero.apiclient import BREVLADA, BUTIK, GROSSIST, Client, bill, members, problem
from tests.wire.stored import rows


@pytest.fixture
def butik(big_hub: Hub) -> Client:
    return Client(big_hub, "butik")


@pytest.fixture
def grossist(big_hub: Hub) -> Client:
    return Client(big_hub, "grossist")


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_a_document_that_was_sent(butik: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-documents200.json").read_text())
    file_id = butik.send(bill("DA-1", GROSSIST))
    butik.settled(file_id)
    got = butik.get(f"/document/v1/documents?fileId={file_id}")
    assert got["meta"] == sample["meta"]
    (item,), (wanted,) = got["items"], sample["items"]
    # what the sample has of its operator's own registers is nothing that this hub could tell
    theirs = {
        one
        for one in members(wanted)
        if one.startswith(("receivingService", "receivingTrading", "sendingService", "sendingTrading"))
    }
    # of a sender's address only the country is kept, and no contact's name is
    kept = {"documentInfo.senderParty.personalContact.name", "documentInfo.receiverParty.personalContact.name"}
    assert {one.rstrip(".") for one in members(wanted) - theirs} - {one.rstrip(".") for one in members(item)} == {
        *kept,
        "documentInfo.senderParty.personalContact.email",
        "documentInfo.senderParty.address.postCode",
        "documentInfo.senderParty.address.street",
        "documentInfo.senderParty.address.town",
    }
    assert item["documentInfo"] == {
        "amounts": {"currency": "EUR", "netAmount": "12000.00", "totalAmount": "15000.00", "vatAmount": "3000.00"},
        "direction": "Sent",
        "documentIdentifier": "DA-1",
        "documentSubType": "Debit",
        "documentType": "Invoice",
        "dueDate": "2026-12-02",
        "issueDate": "2026-11-02",
        "receiverParty": {
            "address": {
                "countryCode": "FI",
                "postCode": "02630",
                "street": "Sinikalliontie 9",
                "town": "Espoo",
            },
            "ids": [
                {"idType": "GLN", "value": GROSSIST},
                {"idType": "UNDEFINED", "value": "K-10427"},
                {"idType": "UNDEFINED_VAT", "value": "FI27901319"},
                {"idType": "UNDEFINED_ORGNR", "value": "2790131-9"},
            ],
            "name": "Virta Sähkö Oy",
            "personalContact": {"email": "laskut@virta.example"},
            "type": "Business",
        },
        "senderParty": {
            "address": {"countryCode": "SE"},
            "ids": [
                {"idType": "UNDEFINED_ORGNR", "value": "5561618033"},
                {"idType": "GLN", "value": "9520000104276"},
                {"idType": "UNDEFINED_VAT", "value": "SE556161803301"},
            ],
            "name": "Skog & Såg AB",
            "type": "Business",
        },
    }
    assert (item["fileId"], item["isFetched"], item["sendMode"], item["distribution"]) == (
        file_id,
        False,
        "Production",
        "Electronic",
    )
    assert item["documentReferences"] == [{"documentIdentifier": "PO-88213", "documentType": "Order"}]
    kinds = [one["eventType"] for one in item["eventDetails"]]
    assert kinds == ["document.received", "document.routed", "delivery.delivered", "document.delivered"]
    assert butik.get(f"/document/v1/documents/{item['id']}") == item


def test_a_document_that_was_received(butik: Client, grossist: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-documentsreceived200.json").read_text())
    data = bill("DA-2", GROSSIST)
    butik.send(data)
    item = grossist.received("DA-2")
    assert members(sample["items"][0]) <= members(item) | {"documentInfo.amounts.vatAmount."}
    assert item["fileId"] == item["id"]
    assert item["documentInfo"]["direction"] == "Received"
    assert "sendingCompanyId" not in item
    assert [one["eventType"] for one in item["eventDetails"]] == ["document.arrived"]
    target = grossist.call("GET", f"/document/v1/documents/{item['id']}/targetdocument", Accept="application/json")
    assert (target.status, target.body, target.header("content-type")) == (200, data, "application/xml")
    assert (
        grossist.call("GET", f"/document/v1/documents/{item['id']}/targetdocument", Accept="text/plain").status == 200
    )
    assert grossist.documents(f"?fileId={item['fileId']}") == [item]


def test_a_credit_note_and_attachments(butik: Client) -> None:
    credit = INVOICE.parent / "credit-note.xml"
    file_id = butik.send(invoice("DA-3", credit), mode="Test")
    (item,) = butik.documents(f"?fileId={file_id}")
    info = item["documentInfo"]
    assert (info["documentType"], info["documentSubType"], item["sendMode"]) == ("Invoice", "Credit", "Test")
    assert info["amounts"] == {
        "currency": "EUR",
        "netAmount": "1757.50",
        "totalAmount": "2196.88",
        "vatAmount": "439.38",
    }
    data = with_attachments(
        invoice("DA-4"), ("application/pdf", "följesedel.pdf", "JVBERi0="), ("text/csv", None, "YQ==")
    )
    (item,) = butik.documents(f"?fileId={butik.send(data, mode='Test')}")
    assert item["attachments"] == [
        {"name": "följesedel.pdf", "mimeType": "application/pdf"},
        {"name": "A2", "mimeType": "text/csv"},
    ]


def test_another_character_set_is_named(butik: Client) -> None:
    data = (
        invoice("DA-5")
        .replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"')
        .decode()
        .replace("€", "EUR")
        .encode("latin-1")
    )
    (item,) = butik.documents(f"?fileId={butik.send(data, mode='Test')}")
    target = butik.call("GET", f"/document/v1/documents/{item['id']}/targetdocument")
    assert (target.body, target.header("content-type")) == (data, "application/xml; charset=iso-8859-1")


def test_a_document_that_was_erased(big_hub: Hub, butik: Client) -> None:
    file_id = butik.send(bill("DA-6", GROSSIST), mode="Test")
    (item,) = butik.documents(f"?fileId={file_id}")
    rows(
        big_hub,
        """UPDATE document SET sha256 = sha256(''), size = 0, encoding = 'identity', payload = '', payable = NULL,
                               facts = jsonb_set(facts, '{heading}', jsonb_build_object('kind', kind)) - 'route'
           WHERE id = $1::text::uuid RETURNING id""",
        item["id"],
    )
    shown = butik.get(f"/document/v1/documents/{item['id']}")
    assert shown["documentInfo"] == {
        "direction": "Sent",
        "documentIdentifier": "DA-6",
        "documentSubType": "Debit",
        "documentType": "Invoice",
        "receiverParty": {"address": {}, "ids": [], "type": "Business"},
        "senderParty": {"address": {}, "ids": [], "type": "Business"},
    }
    answer = butik.call("GET", f"/document/v1/documents/{item['id']}/targetdocument")
    assert problem(answer, 404).endswith("was erased at its sender's request.")


# --- conditions ------------------------------------------------------------------------------------------------------


def numbers(found: list[dict[str, Any]]) -> list[str]:
    return [one["documentInfo"]["documentIdentifier"] for one in found]


def test_conditions_of_a_list(butik: Client, grossist: Client) -> None:
    butik.settled(butik.send(bill("DB-1", GROSSIST)))
    butik.send(bill("DB-2", GROSSIST), mode="Test")
    grossist.settled(grossist.send(bill("DB-3", BUTIK)))
    butik.send(to_nobody("DB-4"))
    butik.send(b"<a>DB-5</a>")
    item = butik.received("DB-3")

    def told(query: str, client: Client = butik) -> list[str]:
        return [one for one in numbers(client.documents(query + "&limit=1000")) if one.startswith("DB-")]

    # the newest first, and what was rejected is no document
    assert told("?") == ["DB-4", "DB-3", "DB-2", "DB-1"]
    assert told("?direction=sent") == ["DB-4", "DB-2", "DB-1"]
    assert told("?direction=Received") == ["DB-3"]
    assert told("?direction=Received", grossist) == ["DB-1"]
    assert told("?sendMode=Test") == ["DB-2"]
    assert told("?sendMode=test&sendMode=Production") == ["DB-4", "DB-3", "DB-2", "DB-1"]
    assert told("?documentIdentifier=DB-2") == ["DB-2"]
    assert told("?documentType=invoice&documentType=PaymentReminder&direction=Sent") == ["DB-4", "DB-2", "DB-1"]
    assert told("?documentType=PaymentReminder") == []
    assert told("?showFetchedOnly=false") == ["DB-4", "DB-3", "DB-2", "DB-1"]
    assert told("?showFetchedOnly=true") == []
    assert told(f"?companyId={butik.documents('?direction=Sent')[0]['sendingCompanyId']}&unknown=1") == [
        "DB-4",
        "DB-3",
        "DB-2",
        "DB-1",
    ]
    for _ in range(2):
        assert json.loads(butik.fetch(item["id"], item["id"]).body) == {"ids": [item["id"]]}
    assert told("?showFetchedOnly=true") == ["DB-3"]
    assert told("?showFetchedOnly=false") == ["DB-4", "DB-2", "DB-1"]
    shown = butik.get(f"/document/v1/documents/{item['id']}")
    assert shown["isFetched"] is True
    assert [one["eventType"] for one in shown["eventDetails"]] == ["document.arrived", "document.fetched"]


def test_pages_of_a_list(butik: Client, grossist: Client) -> None:
    ids = [grossist.send(bill(f"DC-{number}", BREVLADA), mode="Test") for number in range(12)]
    newest = grossist.get("/document/v1/documents?direction=Sent")
    assert newest["meta"]["limit"] == newest["meta"]["count"] == len(newest["items"]) == 10
    total = newest["meta"]["total"]
    assert total >= 12
    assert [one["fileId"] for one in newest["items"]] == ids[:1:-1]
    page = grossist.get("/document/v1/documents?direction=Sent&limit=3&offset=10")
    assert page["meta"] == {"count": 3, "limit": 3, "offset": 10, "total": total}
    assert [one["fileId"] for one in page["items"][:2]] == [ids[1], ids[0]]
    beyond = grossist.get(f"/document/v1/documents?direction=Sent&offset={total}")
    assert (beyond["items"], beyond["meta"]["total"]) == ([], total)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "offset=10001",
        "offset=-1",
        "offset=1.5",
        "offset=%D9%A1",
        "limit=9999999999",
        "direction=Both",
        "direction=Sent&direction=Sent",
        "showFetchedOnly=1",
        "documentType=Bill",
        "sendMode=prod",
        "fileId=",
        "fileId=1234567890",
        "documentIdentifier=",
        "documentIdentifier=a%00b",
        "referenceDocumentIdentifier=" + "x" * 256,
    ],
)
def test_conditions_that_are_refused(butik: Client, query: str) -> None:
    assert problem(butik.call("GET", f"/document/v1/documents?{query}"), 400).startswith("bad-request: ")


def test_the_id_of_another_company_is_refused(big_hub: Hub, butik: Client) -> None:
    said = [problem(butik.call("GET", f"/document/v1/documents?companyId={one}"), 403) for one in ("Gran-2809445", "x")]
    assert said[0] == said[1]
    assert said[0].startswith("permission-denied: The parameter companyId is not the id of the company")


# --- fetching --------------------------------------------------------------------------------------------------------


def test_nothing_of_one_company_is_there_for_another(big_hub: Hub, butik: Client, grossist: Client) -> None:
    annan = Client(big_hub, "annan")
    file_id = butik.send(bill("DD-1", GROSSIST))
    received = grossist.received("DD-1")["id"]
    (sent,) = butik.documents(f"?fileId={file_id}")
    (told,) = butik.documents(f"?fileId={file_id}&documentType=TechnicalAcknowledgement")
    for other, hidden in (
        (annan, (received, sent["id"], told["id"])),
        (grossist, (sent["id"], told["id"])),
        (butik, (received,)),
    ):
        for one in (*hidden, str(uuid4()), "none"):
            assert problem(other.call("GET", f"/document/v1/documents/{one}"), 404).startswith("not-found: ")
            answer = other.call("GET", f"/document/v1/documents/{one}/targetdocument")
            assert problem(answer, 404).startswith("not-found: ")
            if one != "none":
                assert (
                    problem(other.fetch(one), 404)
                    == f"not-found: No received document has the id {one}. None was marked."
                )
        assert other.documents(f"?fileId={file_id}") == ([] if other is not butik else [sent])
    # what was asked for beside another's is not marked either, and a sent document is none that was received
    assert problem(grossist.fetch(received, sent["id"]), 404).startswith(
        f"not-found: No received document has the id {sent['id']}"
    )
    assert problem(butik.fetch(sent["id"]), 404)
    assert grossist.get(f"/document/v1/documents/{received}")["isFetched"] is False


def test_what_is_fetched_here_is_received_through_apix_and_the_other_way_round(
    big_hub: Hub, butik: Client, grossist: Client
) -> None:
    for number in ("DE-1", "DE-2"):
        grossist.settled(grossist.send(bill(number, BUTIK)))
    here, there = butik.received("DE-1"), butik.received("DE-2")
    assert butik.fetch(here["id"]).status == 200
    account = ("0f6aa87f-ce1d-44ce-b025-butik", "butik-key")

    def storages() -> dict[str, dict[str, str]]:
        return {one["DocumentID"]: one for one in big_hub.list2(*account) if one["DocumentID"].startswith("DE-")}

    assert {number: one["StorageStatus"] for number, one in storages().items()} == {
        "DE-1": "RECEIVED",
        "DE-2": "UNRECEIVED",
    }
    one = storages()["DE-2"]
    assert big_hub.download(one["StorageID"], one["StorageKey"], mark="yes").status == 200
    until = time.monotonic() + 10
    while not butik.get(f"/document/v1/documents/{there['id']}")["isFetched"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert numbers(butik.documents("?direction=Received&showFetchedOnly=true&documentIdentifier=DE-2")) == ["DE-2"]


def test_what_is_posted_to_a_company_is_listed_and_fetched(
    big_hub: Hub, butik: Client, acknowledgements: HttpsPeer
) -> None:
    brevlada = Client(big_hub, "brevlada")
    data = bill("DF-1", BREVLADA)
    butik.send(data)
    item = brevlada.received("DF-1")
    assert (item["isFetched"], item["distribution"]) == (True, "Electronic")
    assert brevlada.documents("?direction=Received&showFetchedOnly=false") == []
    assert brevlada.call("GET", f"/document/v1/documents/{item['id']}/targetdocument").body == data
    assert brevlada.fetch(item["id"]).status == 200
    assert [one.body for one in acknowledgements.received if one.target == "/brevlada"] == [data]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"ids":[]}', None, 200),
        (b'{"ids":[]}', "application/json; charset=utf-8", 200),
        (b'{"ids":[]}', "text/plain", 415),
        (b'{"ids":[]}', "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 400),
        (b'{"ids":["1"]}', "application/json", 400),
        (b'{"ids":"x"}', "application/json", 400),
        (b'{"ids":[1]}', "application/json", 400),
        (b"", "application/json", 400),
        (json.dumps({"ids": [str(UUID(int=n)) for n in range(1001)]}).encode(), "application/json", 400),
        (b'{"ids":[' + b'"x",' * 40_000 + b"]}", "application/json", 413),
    ],
)
def test_bodies_of_a_fetch(butik: Client, body: bytes, content_type: str | None, status: int) -> None:
    answer = butik.call("POST", "/document/v1/documents/fetch", body, Content_Type=content_type)
    assert answer.status == status, answer
