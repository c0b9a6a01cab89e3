"""Parts of files: how they stand, once more, and no more."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.running import Hub, invoice, to_nobody
from tests.unit.dialects.apix.transfers import zipped
from tests.wire.apix.sending import pdf
from tests.wire.pagero.apiclient import GROSSIST, Client, bill, problem
from tests.wire.pagero.interchange import posting, submission_of
from tests.wire.raw import basic, exchange
from tests.wire.stored import count_numbered, documents, rows


@pytest.fixture
def butik(big_hub: Hub) -> Client:
    return Client(big_hub, "butik")


def acted(butik: Client, part_id: str, action: str) -> dict[str, Any]:
    answer = butik.act(part_id, action)
    assert answer.status == 200, answer
    got: dict[str, Any] = json.loads(answer.body)
    return got


def test_a_file_that_is_processed_has_no_parts(butik: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-fileparts200.json").read_text())
    file_id = butik.send(bill("FP-1", GROSSIST))
    butik.settled(file_id)
    assert butik.get(f"/file/v1/files/{file_id}/fileparts?Status=AwaitingInteraction,Error") == sample


def test_a_zip_is_taken_apart_and_one_that_was_rejected_whole_is_sent_again(butik: Client) -> None:
    data, picture = bill("FP-ZIP", GROSSIST), pdf()
    file_id = butik.send(zipped(("a.xml", data), ("a.pdf", picture)))
    butik.settled(file_id)
    (sent,) = butik.documents(f"?fileId={file_id}")
    assert (sent["documentInfo"]["documentIdentifier"], len(sent["attachments"])) == ("FP-ZIP", 1)
    assert butik.call("GET", f"/document/v1/documents/{sent['id']}/targetdocument").body == data
    refused = butik.send(zipped(("a.pdf", picture)))
    (item,) = butik.get(f"/file/v1/files/{refused}/fileparts?Status=Error")["items"]
    assert item["error"]["description"][0].startswith("no-business-document: There is no business document in the ZIP")
    assert problem(butik.act(item["id"], "Restart"), 409).startswith("wrong-state: An archive")
    assert acted(butik, item["id"], "Cancel")["status"] == "Cancelled"


def test_a_rejected_document_is_an_error_with_its_reasons(butik: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-filepartserror.json").read_text())
    file_id = butik.send(b"<a>FP-2</a>")
    got = butik.get(f"/file/v1/files/{file_id}/fileparts")
    (item,) = got["items"]
    assert got["meta"] == sample["meta"]
    assert list(item) == list(sample["items"][0])
    assert (item["fileId"], item["status"]) == (file_id, "Error")
    assert item["error"] == {
        "description": [
            "unknown-document: The root element is 'a' without a namespace; no known document begins like this."
        ]
    }


def test_what_breaks_many_rules_is_told_within_bounds(big_hub: Hub) -> None:
    # a company that has what breaks rules rejected
    annan = Client(big_hub, "annan")
    text = invoice("FP-3").replace(b"<cbc:InvoiceTypeCode>380<", b"<cbc:InvoiceTypeCode>999<")
    text = text.replace(b"EUR", b"XXX").replace(b"<cbc:Percent>25<", b"<cbc:Percent>24<")
    (item,) = annan.parts(annan.send(text))
    assert item["status"] == "Error"
    described = item["error"]["description"]
    assert 2 < len(described) <= 21
    assert all(len(one) <= 500 for one in described)
    assert any(one.startswith("BR-CL-") for one in described), described


def test_statuses_that_may_be_asked_for(butik: Client) -> None:
    file_id = butik.send(to_nobody("FP-4"))
    path = f"/file/v1/files/{file_id}/fileparts"
    for query, count in {
        "": 1,
        "?Status=AwaitingInteraction": 1,
        "?status=awaitinginteraction&status=Error": 1,
        "?Status=Error,Processing": 0,
        "?offset=1": 0,
        "?limit=1": 1,
    }.items():
        got = butik.get(path + query)
        assert len(got["items"]) == count, query
        assert got["meta"] == {"offset": int("offset" in query), "total": 0 if "Processing" in query else 1}
    for query in ("?Status=", "?Status=Done", "?offset=-1", "?limit=0", "?limit=1001", "?offset=x", "?limit=1&limit=1"):
        assert problem(butik.call("GET", path + query), 400).startswith("bad-request: ")


def test_restart_judges_a_rejected_document_anew(big_hub: Hub, butik: Client) -> None:
    file_id = butik.send(b"<a>FP-5</a>")
    (part,) = butik.parts(file_id)
    before = documents(big_hub, file_id)[0]["id"]
    # as if what was not known yesterday were known today: the same part, with bytes that are taken now
    data = bill("FP-5", GROSSIST)
    rows(
        big_hub,
        """UPDATE document SET payload = $2, sha256 = sha256($2), encoding = 'identity', size = length($2)
           WHERE id = $1 RETURNING id""",
        before,
        data,
    )
    assert acted(butik, part["id"], "restart")["status"] in ("Processing", "Processed")
    butik.settled(file_id)
    assert acted(butik, part["id"], "Restart") == {"id": part["id"], "fileId": file_id, "status": "Processed"}
    (shown,) = butik.documents(f"?fileId={file_id}")
    assert shown["documentInfo"]["documentIdentifier"] == "FP-5"
    assert shown["id"] != str(before)
    assert butik.documents(f"?fileId={shown['fileId']}") == [shown]
    assert count_numbered(big_hub, "FP-5") == 1
    # what was restarted is on its way as any other: its bytes again are a repeat of it
    assert butik.send(data) == shown["fileId"]
    assert problem(butik.act(part["id"], "Cancel"), 409).startswith("wrong-state: ")


def test_restart_of_what_was_taken_meanwhile_sends_nothing_twice(big_hub: Hub, butik: Client) -> None:
    file_id = butik.send(b"<a>FP-6</a>")
    (part,) = butik.parts(file_id)
    data = bill("FP-6", GROSSIST)
    rows(
        big_hub,
        """UPDATE document SET payload = $2, sha256 = sha256($2), encoding = 'identity', size = length($2),
                               number = 'FP-6'
           WHERE id = $1 RETURNING id""",
        documents(big_hub, file_id)[0]["id"],
        data,
    )
    taken = butik.send(data)
    assert acted(butik, part["id"], "Restart")["status"] in ("Processing", "Processed")
    assert [one["fileId"] for one in butik.documents(f"?fileId={file_id}")] == [taken]


def test_many_restarts_at_once_take_a_document_once(big_hub: Hub, butik: Client) -> None:
    file_id = butik.send(b"<a>FP-15</a>")
    (part,) = butik.parts(file_id)
    data = bill("FP-15", GROSSIST)
    rows(
        big_hub,
        """UPDATE document SET payload = $2, sha256 = sha256($2), encoding = 'identity', size = length($2),
                               number = 'FP-15'
           WHERE id = $1 RETURNING id""",
        documents(big_hub, file_id)[0]["id"],
        data,
    )
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: butik.act(part["id"], "Restart"), range(8)))
    assert {one.status for one in answers} == {200}
    assert count_numbered(big_hub, "FP-15") == 2  # what was rejected, and what was taken
    butik.settled(file_id)
    assert len(butik.documents(f"?fileId={file_id}")) == 1


def test_restart_of_what_is_still_wrong_leaves_it_as_it_is(butik: Client) -> None:
    file_id = butik.send(b"<a>FP-7</a>")
    (part,) = butik.parts(file_id)
    assert [acted(butik, part["id"], "Restart") for _ in range(2)] == [part, part]
    assert butik.parts(file_id) == [part]


def test_what_found_no_receiver_waits_and_can_be_restarted_and_cancelled(butik: Client) -> None:
    file_id = butik.send(to_nobody("FP-8"))
    (part,) = butik.parts(file_id)
    assert part["status"] == "AwaitingInteraction"
    assert part["error"]["description"][0].startswith("No receiver was found: no company of this hub has")
    assert acted(butik, part["id"], "Restart") == part
    gone = {"id": part["id"], "fileId": file_id, "status": "Cancelled"}
    assert [acted(butik, part["id"], "Cancel") for _ in range(2)] == [gone, gone]
    assert butik.parts(file_id, "") == []
    assert butik.documents(f"?fileId={file_id}") == []
    assert problem(butik.act(part["id"], "Restart"), 409) == (
        f"wrong-state: File part {part['id']} was cancelled; hand its document in again."
    )


def test_a_test_that_found_no_receiver_is_tried_anew(butik: Client) -> None:
    file_id = butik.send(to_nobody("FP-9"), mode="Test")
    (part,) = butik.parts(file_id)
    assert acted(butik, part["id"], "Restart") == part
    assert acted(butik, part["id"], "Cancel")["status"] == "Cancelled"
    done = butik.send(bill("FP-10", GROSSIST), mode="Test")
    assert butik.parts(done, "") == []


def test_an_error_that_is_cancelled_is_done_with(butik: Client) -> None:
    file_id = butik.send(b"<a>FP-11</a>")
    (part,) = butik.parts(file_id)
    for _ in range(2):
        assert acted(butik, part["id"], "CANCEL")["status"] == "Cancelled"
    assert butik.parts(file_id, "") == []
    assert problem(butik.act(part["id"], "Restart"), 409).startswith("wrong-state: ")


def test_a_delivery_that_was_given_up_is_an_error_and_is_due_again(big_hub: Hub, butik: Client) -> None:
    file_id = butik.send(bill("FP-12", GROSSIST))
    butik.settled(file_id)
    (document,) = documents(big_hub, file_id)
    # it was never delivered: nothing of it is in an inbox
    rows(big_hub, "DELETE FROM inbox WHERE document_id = $1 RETURNING id", document["id"])
    rows(
        big_hub,
        """WITH d AS (UPDATE delivery SET state = 'failed', last_error = 'The server said no.' WHERE document_id = $1)
           UPDATE document SET state = 'failed' WHERE id = $1 RETURNING id""",
        document["id"],
    )
    (part,) = butik.parts(file_id)
    assert (part["status"], part["error"]) == ("Error", {"description": ["The server said no."]})
    assert acted(butik, part["id"], "Restart")["status"] in ("Processing", "Processed")
    butik.settled(file_id)
    assert documents(big_hub, file_id)[0]["deliveries"] == ["delivered"]


def test_files_of_the_interchange_have_parts_too(butik: Client) -> None:
    said = exchange(butik.hub.port, posting(b"<a>FP-13</a>", authorization=basic("butik", "butik-password")))
    (part,) = butik.parts(submission_of(said))
    assert acted(butik, part["id"], "Restart") == part


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Restart",
        b"[]",
        b"{}",
        b'{"action":1}',
        b'{"action":"Delete"}',
        b'{"action":"Restart"',
        b"\xff",
        b"[" * 9999,
    ],
)
def test_actions_that_are_none(butik: Client, body: bytes) -> None:
    (part,) = butik.parts(butik.send(b"<a>FP-14</a>"))
    answer = butik.call("POST", f"/file/v1/fileparts/{part['id']}/action", body)
    assert problem(answer, 400).startswith("bad-request: ")
    too_long = butik.call("POST", f"/file/v1/fileparts/{part['id']}/action", b" " * 70_000)
    assert too_long.status == 413
