"""What the commands show of documents and deliveries, for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fakturahub import printing
from tests.running import invoice
from tests.unit.cli.conftest import Filled, Run, parsed

LISTED = {
    "id",
    "created_at",
    "state",
    "mode",
    "dialect",
    "sender",
    "receiver",
    "syntax",
    "kind",
    "number",
    "issue_date",
    "currency",
    "payable",
}
DELIVERY = {
    "id",
    "document_id",
    "created_at",
    "state",
    "channel",
    "address",
    "receiver",
    "why",
    "wanted_syntax",
    "delivered_syntax",
    "attempts",
    "due_at",
    "changed_at",
    "last_error",
}


def documents(fakturahub: Run, filled: Filled, *arguments: object) -> list[dict[str, Any]]:
    listed: Any = parsed(fakturahub("documents", "--json", *arguments, *filled.where))
    assert all(set(one) == LISTED for one in listed)
    return list(listed)


def deliveries(fakturahub: Run, filled: Filled, *arguments: object) -> list[dict[str, Any]]:
    listed: Any = parsed(fakturahub("deliveries", "--json", *arguments, *filled.where))
    assert all(set(one) == DELIVERY for one in listed)
    return list(listed)


def test_documents_are_listed_the_newest_first(fakturahub: Run, filled: Filled) -> None:
    listed = documents(fakturahub, filled)
    assert [one["id"] for one in listed] == [str(id_) for id_ in reversed(filled.documents.values())]
    assert {one["number"]: one["state"] for one in listed} == {
        "delivered": "delivered",
        "waiting": "routed",
        "failed": "routed",
        "nobody": "unroutable",
        None: "rejected",
        "test": "routed",
    }
    newest = listed[0]
    assert (newest["mode"], newest["sender"], newest["receiver"], newest["dialect"]) == (
        "test",
        "skog",
        "virta",
        "pagero",
    )
    assert (newest["payable"], newest["currency"], newest["issue_date"]) == ("15000.00", "EUR", "2026-11-02")
    assert newest["created_at"].startswith("2026-11-20T12:05:00")


def test_documents_are_shown_to_a_person(fakturahub: Run, filled: Filled) -> None:
    done = fakturahub("documents", *filled.where)
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["id", "received"]
    assert len(lines) == 7
    assert all(str(id_) in done.out for id_ in filled.documents.values())
    assert "15000.00 EUR" in lines[1]
    assert "2026-11-20 12:05:00" in lines[1]
    assert all(len(line) == len(line.rstrip()) or line.endswith(" ") for line in lines)


def test_a_page_follows_a_page(fakturahub: Run, filled: Filled) -> None:
    seen: list[str] = []
    before: list[str] = []
    while page := documents(fakturahub, filled, "--limit", 2, *before):
        assert len(page) <= 2
        seen += [one["id"] for one in page]
        before = ["--before", page[-1]["id"]]
    assert seen == [str(id_) for id_ in reversed(filled.documents.values())]


@pytest.mark.parametrize(("state", "number"), [("unroutable", "nobody"), ("rejected", None)])
def test_documents_without_a_receiver_are_found(fakturahub: Run, filled: Filled, state: str, number: str) -> None:
    assert [one["number"] for one in documents(fakturahub, filled, "--state", state)] == [number]


def test_documents_of_a_company_are_found(fakturahub: Run, filled: Filled) -> None:
    assert len(documents(fakturahub, filled, "--company", "skog")) == 6
    assert documents(fakturahub, filled, "--company", "virta") == []
    assert documents(fakturahub, filled, "--company", "unknown") == []
    assert fakturahub("documents", "--company", "virta", *filled.where).out == "No documents.\n"


def test_deliveries_are_listed(fakturahub: Run, filled: Filled) -> None:
    listed = deliveries(fakturahub, filled)
    assert {one["id"]: one["state"] for one in listed} == {
        str(filled.deliveries["delivered"]): "delivered",
        str(filled.deliveries["waiting"]): "pending",
        str(filled.deliveries["failed"]): "failed",
    }
    assert [one["id"] for one in listed] == sorted((one["id"] for one in listed), reverse=True)
    (failed,) = deliveries(fakturahub, filled, "--state", "failed")
    assert (failed["last_error"], failed["receiver"], failed["attempts"]) == ("no [such] inbox", "virta", 0)
    assert deliveries(fakturahub, filled, "--state", "held") == []
    assert len(deliveries(fakturahub, filled, "--limit", 1, "--before", listed[0]["id"])) == 1
    assert fakturahub("deliveries", "--state", "held", *filled.where).out == "No deliveries.\n"
    shown = fakturahub("deliveries", *filled.where).out
    assert "no [such] inbox" in shown, "what others wrote is no markup"
    assert len(shown.splitlines()) == 4


def test_a_document_is_shown_whole(fakturahub: Run, filled: Filled) -> None:
    whole: Any = parsed(fakturahub("document", "--json", filled.documents["delivered"], *filled.where))
    assert set(whole) == {
        "listed",
        "submission_id",
        "company_id",
        "request",
        "facts",
        "sha256",
        "size",
        "deliveries",
        "attempts",
        "events",
        "entries",
    }
    assert set(whole["listed"]) == LISTED
    assert set(whole["deliveries"][0]) == {*DELIVERY, "report"}
    assert whole["request"]["key"] == "key-delivered"
    assert whole["facts"]["heading"]["number"] == "delivered"
    assert whole["attempts"][0]["outcome"] == "delivered"
    assert [event["kind"] for event in whole["events"]][:2] == ["document.received", "document.routed"]
    assert len(whole["entries"]) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("delivered", ["converted from peppol-bis-3 to finvoice-3.0", "attempt", "not received yet"]),
        ("waiting", ["pending", "Virta Sähkö Oy was found by electronic address 0216:003727901319"]),
        ("nobody", ["unroutable", "no company of this hub has the electronic address 0216:000000000000"]),
        ("menu", ["rejected", "not recognised", "unknown-document", "urn:kitchen"]),
        ("test", ["test", "key-test", "r-test"]),
    ],
)
def test_a_document_is_shown_to_a_person(fakturahub: Run, filled: Filled, name: str, says: list[str]) -> None:
    done = fakturahub("document", filled.documents[name], *filled.where)
    assert done.status == 0
    for words in (*says, str(filled.documents[name]), "event", "SHA-256"):
        assert words in done.out, words


def test_the_payload_is_written_as_it_came(fakturahub: Run, filled: Filled, tmp_path: Path) -> None:
    target = tmp_path / "invoice.xml"
    for option in ("-o", "--output"):
        done = fakturahub("payload", filled.documents["waiting"], option, target, *filled.where)
        assert (done.status, done.out, done.err) == (0, "", "")
        assert target.read_bytes() == invoice("waiting")
    assert fakturahub("payload", filled.documents["waiting"], *filled.where).out.encode() == invoice("waiting")


def test_the_payload_of_a_delivery_is_what_was_written_for_its_receiver(fakturahub: Run, filled: Filled) -> None:
    written = fakturahub("payload", filled.deliveries["delivered"], *filled.where).out
    assert '<Finvoice Version="3.0"' in written
    assert "<InvoiceNumber>delivered</InvoiceNumber>" in written
    assert fakturahub("payload", filled.documents["delivered"], *filled.where).out.encode() == invoice("delivered")
    done = fakturahub("payload", filled.deliveries["waiting"], *filled.where)
    assert (done.status, done.out) == (1, "")
    assert "nothing was written for" in done.err


def test_a_payload_that_cannot_be_written_is_told(fakturahub: Run, filled: Filled, tmp_path: Path) -> None:
    for target in (tmp_path / "missing" / "x.xml", tmp_path):
        done = fakturahub("payload", filled.documents["waiting"], "-o", target, *filled.where)
        assert done.status == 1
        assert f"{target} cannot be written" in done.err
        assert "Traceback" not in done.err


def test_what_is_delivered_is_not_delivered_again(fakturahub: Run, filled: Filled) -> None:
    done = fakturahub("redeliver", filled.deliveries["delivered"], *filled.where)
    assert (done.status, done.out) == (1, "")
    assert "is delivered; nothing is sent twice" in done.err


def test_what_failed_is_started_again(fakturahub: Run, filled: Filled) -> None:
    done = fakturahub("redeliver", filled.deliveries["failed"], *filled.where)
    assert (done.status, done.err) == (0, "")
    assert f"Delivery {filled.deliveries['failed']} was failed and is due now." in done.out


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody", "still finds no receiver"),
        ("menu", "was rejected"),
        ("test", "was sent in mode test"),
        ("waiting", "name the delivery"),
    ],
)
def test_a_document_is_routed_again_only_where_that_helps(fakturahub: Run, filled: Filled, name: str, why: str) -> None:
    done = fakturahub("redeliver", filled.documents[name], *filled.where)
    assert done.status == 1
    assert why in done.err


def test_options_may_come_from_the_environment(
    fakturahub: Run, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKTURAHUB_DATA", str(filled.data))
    monkeypatch.setenv("FAKTURAHUB_DATABASE", filled.database)
    done = fakturahub("documents", "--json", "--limit", "1")
    assert UUID(json.loads(done.out)[0]["id"]) == filled.documents["test"]


def test_what_others_sent_does_not_steer_the_terminal() -> None:
    """A receiver's answer, a sender's file name: a mark is shown for what they hold, and lines stay lines."""
    mark = "\N{REPLACEMENT CHARACTER}"
    assert printing.Text("a\x1b[31mb\x07\r\n c\u202e").plain == f"a{mark}[31mb{mark}\n c{mark}"
    attempt = {"answer": "HTTP/1.1 200 OK\r\nX: \x1b]0;owned\x07", "request": None, "attempt": 1}
    shown = printing.Text(printing._plain(attempt)).plain
    assert "\x1b" not in shown
    assert shown.splitlines()[1].startswith(" " * 15 + "X: ")
