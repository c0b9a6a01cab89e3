"""What belongs to another company answers, byte for byte, as what never was."""

from __future__ import annotations

import re
from uuid import uuid4

from tests.acceptance import stored
from tests.acceptance.load import number_in, until
from tests.acceptance.town import KOSKI, LUND, SKOG, VIRTA, Receiver, Sender, bill
from tests.running import Answer, Hub, stamp

#: what differs between any two answers: ids, time stamps, the numbers of incidents
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
_INCIDENT = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d{4,6}")
_OWN = ("date", "x-request-id")


def masked(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """An answer without what differs between any two."""
    fields = [(name.lower(), value) for name, value in answer.headers if name.lower() not in _OWN]
    return answer.status, fields, _INCIDENT.sub(b"INCIDENT", _ID.sub(b"ID", answer.body))


def delivered(hub: Hub, number: str, to: Receiver) -> dict[str, str]:
    """Send an invoice to a receiver: its storage."""
    assert hub.post(bill(number, to), key=f"isolated-{number}").status == 200
    url = stored.url_of(hub)
    until(lambda: stored.odd_documents(url, number) == [], 20, "the delivery")
    (found,) = (one for one in hub.list2(to.transfer_id, to.transfer_key) if one["DocumentID"] == number)
    return found


def listing(hub: Hub, transfer_id: str, transfer_key: str) -> Answer:
    return hub.apix("list2", digest=("TraID", "t"), secret=transfer_key, query={"TraID": transfer_id, "t": stamp()})


def test_the_lists_of_two_receivers_share_nothing(town_hub: Hub) -> None:
    mine, theirs = delivered(town_hub, "ISO-LIST-V", VIRTA), delivered(town_hub, "ISO-LIST-K", KOSKI)
    of_virta = town_hub.list2(VIRTA.transfer_id, VIRTA.transfer_key)
    of_koski = town_hub.list2(KOSKI.transfer_id, KOSKI.transfer_key)
    assert mine["StorageID"] in {one["StorageID"] for one in of_virta}
    assert theirs["StorageID"] in {one["StorageID"] for one in of_koski}
    assert not {one["StorageID"] for one in of_virta} & {one["StorageID"] for one in of_koski}
    assert {one["ReceiverId"] for one in of_virta} == {VIRTA.business_id}
    assert {one["ReceiverId"] for one in of_koski} == {KOSKI.business_id}


def test_another_ones_list_is_nobodys(town_hub: Hub) -> None:
    """The right TransferID with another company's key, and with none that is anybody's."""
    nobody = masked(listing(town_hub, str(uuid4()), str(uuid4())))
    assert b"<Status>ERR</Status>" in nobody[2]
    for key in (KOSKI.transfer_key, str(uuid4()), VIRTA.transfer_id, ""):
        assert masked(listing(town_hub, VIRTA.transfer_id, key)) == nobody
    assert masked(listing(town_hub, str(uuid4()), VIRTA.transfer_key)) == nobody


def test_another_ones_storage_is_nobodys(town_hub: Hub) -> None:
    mine, second = delivered(town_hub, "ISO-ONE", VIRTA), delivered(town_hub, "ISO-TWO", VIRTA)
    theirs = delivered(town_hub, "ISO-THEIRS", KOSKI)
    for mark in (None, "yes", "no"):
        never = masked(town_hub.download(str(uuid4()), mine["StorageKey"], mark))
        assert (never[0], never[2]) == (200, b"")
        for key in (theirs["StorageKey"], second["StorageKey"], "000000000000", KOSKI.transfer_key, VIRTA.transfer_key):
            assert masked(town_hub.download(mine["StorageID"], key, mark)) == never
    # None of that counted as a receipt, and the right key opens it.
    assert town_hub.storage_of("ISO-ONE")["StorageStatus"] == "UNRECEIVED"
    assert number_in(town_hub.download(mine["StorageID"], mine["StorageKey"], "no").body) == "ISO-ONE"


def test_ids_of_other_things_are_no_storages(town_hub: Hub) -> None:
    """The id of a document, a delivery or a company, which are ids of the same form, opens nothing."""
    mine = delivered(town_hub, "ISO-IDS", VIRTA)
    never = masked(town_hub.download(str(uuid4()), mine["StorageKey"]))
    ids = stored.rows(
        stored.url_of(town_hub),
        """SELECT d.id::text FROM document d WHERE number = 'ISO-IDS'
           UNION ALL SELECT v.id::text FROM delivery v JOIN document d ON d.id = v.document_id WHERE number = 'ISO-IDS'
           UNION ALL SELECT receiver_id::text FROM document WHERE number = 'ISO-IDS'""",
    )
    assert len(ids) == 3
    for (one,) in ids:
        assert masked(town_hub.download(one, mine["StorageKey"])) == never


def test_receiving_as_another_is_receiving_as_nobody(town_hub: Hub) -> None:
    delivered(town_hub, "ISO-RECEIVE", VIRTA)
    nobody = masked(town_hub.receive(str(uuid4()), str(uuid4())))
    assert (nobody[0], nobody[2]) == (200, b"")
    assert masked(town_hub.receive(VIRTA.transfer_id, KOSKI.transfer_key)) == nobody
    assert masked(town_hub.receive(VIRTA.transfer_id, str(uuid4()))) == nobody
    assert town_hub.storage_of("ISO-RECEIVE")["StorageStatus"] == "UNRECEIVED"
    # Everything that koski gets by asking until there is nothing is koski's own.
    while (answer := town_hub.receive(KOSKI.transfer_id, KOSKI.transfer_key)).body:
        of_koski = stored.value(
            stored.url_of(town_hub),
            "SELECT c.key FROM document d JOIN company c ON c.id = d.receiver_id WHERE d.number = $1",
            number_in(answer.body),
        )
        assert of_koski == "koski"
    assert town_hub.storage_of("ISO-RECEIVE")["StorageStatus"] == "UNRECEIVED"


def posted(hub: Hub, sender: Sender, number: str, key: str) -> Answer:
    return hub.post(bill(number), key=key, user=sender.user, password=sender.password)


def submission_id(answer: Answer) -> bytes:
    found = _ID.search(answer.body)
    assert found is not None, answer
    return found[0]


def test_a_key_that_another_used_is_unused(town_hub: Hub) -> None:
    """Neither the other's answer, nor a conflict, nor a hint."""
    first = posted(town_hub, SKOG, "ISO-KEY", "iso-key")
    same, other = posted(town_hub, LUND, "ISO-KEY", "iso-key"), posted(town_hub, LUND, "ISO-KEY-2", "iso-key")
    never = posted(town_hub, LUND, "ISO-KEY-3", "iso-key-3")
    assert first.status == 200
    assert masked(same) == masked(never)
    assert submission_id(same) != submission_id(first)
    # The conflict is with its own first one, and names that.
    assert other.status == 409
    assert submission_id(other) == submission_id(same)
    assert posted(town_hub, SKOG, "ISO-KEY", "iso-key").body == first.body
    assert posted(town_hub, LUND, "ISO-KEY", "iso-key").body == same.body


def test_the_same_bytes_of_another_are_no_repeat(town_hub: Hub) -> None:
    body = bill("ISO-BYTES")
    first = town_hub.post(body)
    other = town_hub.post(body, user=LUND.user, password=LUND.password)
    assert (first.status, other.status) == (200, 200)
    assert first.body != other.body
    assert masked(first) == masked(other)
    count = stored.value(stored.url_of(town_hub), "SELECT count(*) FROM document WHERE number = 'ISO-BYTES'")
    assert count == 2


def test_a_wrong_password_is_no_user(town_hub: Hub) -> None:
    nobody = masked(town_hub.post(bill("ISO-401"), user="nobody-at-all", password="x"))
    assert nobody[0] == 401
    assert masked(town_hub.post(bill("ISO-401"), user=SKOG.user, password=LUND.password)) == nobody
    assert masked(town_hub.post(bill("ISO-401"), user=VIRTA.transfer_id, password=VIRTA.transfer_key)) == nobody
    assert stored.rows(stored.url_of(town_hub), "SELECT 1 FROM document WHERE number = 'ISO-401'") == []
