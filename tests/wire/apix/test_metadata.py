"""What is told of a storage and of each file in it, and the older list (specification 7)."""

from __future__ import annotations

import hashlib
import time
from uuid import uuid4

import pytest

from tests.running import TRANSFER_ID, TRANSFER_KEY, Hub, invoice
from tests.wire.apix.terminal import Terminal, joined, members, put, request, signed
from tests.wire.apix.test_administration import SOURCE, body, error
from tests.wire.companies import MUTE, OFFICE, Reader, bill, with_attachments
from tests.wire.raw import RawAnswer
from tests.wire.stored import rows


def metadata(hub: Hub, reader: Reader, sid: str) -> RawAnswer:
    given = signed("metadata", reader.transfer_key, {"SID": sid, "TraID": reader.transfer_id})
    ordered = [(name, given[name]) for name in ("TraID", "SID", "t", "d")]
    return Terminal(hub, reader, source=SOURCE).get(f"metadata?{joined(ordered)}")


def test_all_about_a_storage_and_each_of_its_files(big_hub: Hub, reader: Reader) -> None:
    sent = with_attachments(bill("AM-1", reader), ("application/pdf", "Lasku 1196.pdf", "JVBERg=="))
    assert big_hub.post(sent).status == 200
    terminal = Terminal(big_hub, reader)
    (storage,) = terminal.waiting(1)
    email = signed("email", reader.transfer_key, {"uid": reader.transfer_id})
    assert put(big_hub, f"email?{joined(email)}", request({"Email": "uusi@lukija.example"})).status == 200
    (batch,) = rows(
        big_hub,
        "SELECT submission_id, to_char(arrived_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS') AS at "
        "FROM inbox JOIN document ON document.id = document_id WHERE inbox.id = $1::text::uuid",
        storage["StorageID"],
    )
    about = {
        "email": "uusi@lukija.example",
        "StorageID": storage["StorageID"],
        "StorageStatus": "UNRECEIVED",
        "CreatedDate": batch["at"],
        "SenderName": "Skog &amp; S&#229;g AB",
        "SenderYtunnus": "5561618033",
        "BatchID": str(batch["submission_id"]),
        "ChannelName": "eInvoice",
        "OriginalSyntax": "peppol-bis-3",
    }
    held = members(terminal.download(storage, "no").body)
    assert list(held) == ["invoice.xml", "Lasku 1196.pdf"]
    kinds = {"invoice.xml": ("peppol-bis-3", "application/xml"), "Lasku 1196.pdf": ("N/A", "application/pdf")}
    files = [
        {
            "FileName": name,
            "Size": str(len(data)),
            "SHA-256": hashlib.sha256(data).hexdigest(),
            "Syntax": kinds[name][0],
            "MimeType": kinds[name][1],
        }
        for name, data in held.items()
    ]
    assert metadata(big_hub, reader, storage["StorageID"]).text == body("2A00", about, *files, text="")
    # asking marks nothing; once it was fetched, it says so
    assert terminal.status(storage) == "UNRECEIVED"
    assert terminal.download(storage).status == 200
    until = time.monotonic() + 10
    while '<Value type="ReceivedDate">' not in (text := metadata(big_hub, reader, storage["StorageID"]).text):
        assert time.monotonic() < until, text
    assert '<Value type="StorageStatus">RECEIVED</Value>' in text


def test_what_a_document_was_before_it_was_converted(big_hub: Hub) -> None:
    """The company of the tour wants a Finvoice."""
    virta = Reader("virta", TRANSFER_ID, TRANSFER_KEY, "003727901319")
    assert big_hub.post(invoice("AM-2")).status == 200
    storage = big_hub.storage_of("AM-2")
    text = metadata(big_hub, virta, storage["StorageID"]).text
    assert '<Value type="OriginalSyntax">peppol-bis-3</Value>' in text
    assert '<Value type="Syntax">finvoice-3.0</Value>' in text


def test_a_storage_that_is_not_ones_own_does_not_exist(big_hub: Hub, reader: Reader) -> None:
    assert big_hub.post(bill("AM-3", reader)).status == 200
    (storage,) = Terminal(big_hub, reader).waiting(1)
    office = Reader(OFFICE.key, OFFICE.transfer_id, OFFICE.transfer_key, "")
    for sid in (storage["StorageID"], str(uuid4()), "x"):
        assert error(metadata(big_hub, office, sid)) == ("2A05", "There is no such storage. (not-found)")
    assert error(metadata(big_hub, MUTE, storage["StorageID"]))[0] == "2A03"
    # in the order of the address, which is not that of the digest
    given = signed("metadata", reader.transfer_key, {"SID": storage["StorageID"], "TraID": reader.transfer_id})
    given["SID"], given["TraID"] = given["TraID"], given["SID"]
    assert error(Terminal(big_hub, reader, source=SOURCE).get(f"metadata?{joined(given)}"))[0] == "2A04"


def listed(hub: Hub, reader: Reader) -> RawAnswer:
    return Terminal(hub, reader).get(f"list?{joined(Terminal(hub, reader).parameters('list'))}")


def test_the_older_list_has_one_group_for_each_storage(big_hub: Hub, reader: Reader) -> None:
    assert listed(big_hub, reader).text == body("2700", text="")
    for number in ("AM-4", "AM-5"):
        assert big_hub.post(bill(number, reader)).status == 200
    terminal = Terminal(big_hub, reader)
    newer, older = terminal.waiting(2)
    assert terminal.download(newer).status == 200

    def group(storage: dict[str, str], status: str) -> dict[str, str]:
        id_ = storage["StorageID"]
        return {"StorageID": id_, "StorageId": id_, "StorageKey": storage["StorageKey"], "Status": status}

    assert listed(big_hub, reader).text == body("2700", group(older, "Unreceived"), group(newer, "Received"), text="")


@pytest.mark.parametrize("removed", [False, True], ids=["before the chore came round", "after"])
def test_what_expired_is_told_for_a_day_and_cannot_be_fetched(big_hub: Hub, reader: Reader, removed: bool) -> None:
    assert big_hub.post(bill("AM-6", reader)).status == 200
    terminal = Terminal(big_hub, reader)
    (storage,) = terminal.waiting(1)
    rows(
        big_hub,
        "UPDATE inbox SET arrived_at = arrived_at - interval '100 days', removed_at = CASE WHEN $2 THEN now() END "
        "WHERE id = $1::text::uuid RETURNING id",
        storage["StorageID"],
        removed,
    )
    assert '"Status">Deleted<' in listed(big_hub, reader).text
    (shown,) = terminal.listed()
    assert (shown["StorageStatus"], shown["TransferStatus"]) == ("DELETED", "N/A")
    assert terminal.download(storage).body == b""
    assert error(metadata(big_hub, reader, storage["StorageID"]))[0] == "2A05"
    rows(
        big_hub,
        "UPDATE inbox SET removed_at = now() - interval '25 hours' WHERE id = $1::text::uuid RETURNING id",
        storage["StorageID"],
    )
    assert terminal.listed() == []
    assert listed(big_hub, reader).text == body("2700", text="")
    assert terminal.receive().body == b""
