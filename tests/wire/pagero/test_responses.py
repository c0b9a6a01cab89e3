"""Answers of buyers, and the hub's own acknowledgements, among the documents of the Document API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import Hub, to_nobody
from tests.wire.pagero.apiclient import BUTIK, GROSSIST, Client, answer_to, bill, masked, members
from tests.wire.stored import rows


@pytest.fixture
def butik(big_hub: Hub) -> Client:
    return Client(big_hub, "butik")


@pytest.fixture
def grossist(big_hub: Hub) -> Client:
    return Client(big_hub, "grossist")


def test_a_buyers_answer(butik: Client, grossist: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-applicationresponse200.json").read_text())
    query = "?documentType=ApplicationResponse&direction=Received&showFetchedOnly=false&referenceDocumentIdentifier="
    butik.settled(butik.send(bill("DG-1", GROSSIST)))
    assert butik.documents(query + "DG-1") == []
    assert grossist.documents("?direction=Received&documentIdentifier=DG-1")
    for code, sub_type in (("RE", "RecipientReject"), ("AP", "RecipientAccept"), ("UQ", None)):
        grossist.settled(grossist.send(answer_to("DG-1", BUTIK, code, GROSSIST), document_type="ApplicationResponse"))
        item = butik.documents(query + "DG-1")[0]
        info = item["documentInfo"]
        assert {name: info.get(name) for name in sample["items"][0]["documentInfo"]} == {
            "direction": "Received",
            "documentIdentifier": "DG-1",
            "documentSubType": sub_type,
            "documentType": "ApplicationResponse",
        }
        assert members(sample["items"][0]) - members(item) <= {"documentInfo.documentSubType."}
        assert item["documentReferences"] == [{"documentIdentifier": "DG-1", "documentType": "Invoice"}]
    assert len(butik.documents(query + "DG-1")) == 3
    assert butik.documents(query + "DG") == []


def test_technical_acknowledgements_are_listed_where_they_are_asked_for(big_hub: Hub, butik: Client) -> None:
    asked = "documentType=TechnicalAcknowledgement&direction=Received"
    taken, refused = butik.send(bill("DH-1", GROSSIST)), butik.send(to_nobody("DH-2"))
    butik.settled(taken)
    for query in (
        f"?fileId={taken}",
        f"?fileId={taken}&documentType=ApplicationResponse",
        f"?fileId={taken}&direction=Sent&{asked[:39]}",
    ):
        assert "TechnicalAcknowledgement" not in [one["documentInfo"]["documentType"] for one in butik.documents(query)]
    (item,) = butik.documents(f"?{asked}&referenceDocumentIdentifier=DH-1&showFetchedOnly=false")
    assert masked(json.dumps(item, separators=(",", ":"))) == (
        '{"createTime":"TIME","documentInfo":{"direction":"Received","documentIdentifier":"DH-1","documentSubType":'
        '"Accepted","documentType":"TechnicalAcknowledgement"},"documentReferences":[{"documentIdentifier":"DH-1",'
        '"documentType":"Invoice"}],"fileId":"UUID","id":"UUID","isFetched":false,"sendMode":"Production"}'
    )
    assert item["fileId"] == taken
    target = butik.call("GET", f"/document/v1/documents/{item['id']}/targetdocument")
    assert target.header("content-type") == "application/xml"
    assert b"<cbc:ResponseCode>AP</cbc:ResponseCode>" in target.body
    assert b"<cbc:ID>DH-1</cbc:ID>" in target.body
    assert butik.call("GET", f"/document/v1/documents/{item['id']}/targetdocument").body == target.body
    (other,) = butik.documents(f"?{asked}&fileId={refused}")
    assert other["documentInfo"]["documentSubType"] == "Rejected"
    said = butik.call("GET", f"/document/v1/documents/{other['id']}/targetdocument").body
    assert b"<cbc:ResponseCode>RE</cbc:ResponseCode>" in said
    assert butik.fetch(item["id"], other["id"]).status == 200
    assert butik.fetch(item["id"]).status == 200
    assert butik.documents(f"?{asked}&fileId={taken}&showFetchedOnly=false") == []
    assert [one["id"] for one in butik.documents(f"?{asked}&fileId={taken}&showFetchedOnly=true")] == [item["id"]]
    assert butik.get(f"/document/v1/documents/{item['id']}")["isFetched"] is True
    # once it finds its receiver, what was fetched of it is no more what is said of it
    rows(
        big_hub,
        """UPDATE document SET facts = facts || '{"way": "inbox"}', state = 'routed'
           WHERE submission_id = $1::text::uuid RETURNING id""",
        refused,
    )
    (again,) = butik.documents(f"?{asked}&fileId={refused}&showFetchedOnly=false")
    assert (again["id"], again["documentInfo"]["documentSubType"]) == (other["id"], "Accepted")
