"""``/list2``: the bytes of the list, and what is in it (specification 1.1, 2.2, 7.1)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from fakturahub.dialects.apix.auth import StorageKeys
from fakturahub.identity.sealing import MasterKey
from tests.running import ROOT, Hub, stamp, storages
from tests.wire.apix.terminal import Terminal, members
from tests.wire.companies import Reader, bill
from tests.wire.raw import exchange, head
from tests.wire.stored import rows

CREDIT_NOTE = ROOT / "examples" / "credit-note.xml"

HEAD = """\
HTTP/1.1 200 OK
date: DATE
content-type: text/xml
content-length: LENGTH
ratelimit-policy: "account";q=6000;w=60
ratelimit: "account";r=LEFT;t=SECONDS
x-request-id: REQUEST

"""

EMPTY = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Response version="1.0">
<Status>OK</Status>
<StatusCode>2700</StatusCode>
<Content/>
</Response>
"""

ONE = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Response version="1.0">
<Status>OK</Status>
<StatusCode>2700</StatusCode>
<Content>
<Group>
<Value type="DocumentID">AL-1</Value>
<Value type="DueDate">20261202</Value>
<Value type="SellerReference">SO-5120</Value>
<Value type="SenderVAT">SE556161803301</Value>
<Value type="DocumentDate">20261102</Value>
<Value type="PaymentStatus">NOTPAID</Value>
<Value type="PaymentReference">20261107</Value>
<Value type="SenderName">Skog &amp; S&#229;g AB</Value>
<Value type="TransferStatus">NEW</Value>
<Value type="ReceiverVAT">FI27901319</Value>
<Value type="DocumentName">invoice.xml</Value>
<Value type="ImageName">N/A</Value>
<Value type="AmountToPay">15000.00</Value>
<Value type="ReceiverId">2790131-9</Value>
<Value type="CreatedDate">TODAY</Value>
<Value type="ApprovalStatus">NEUTRAL</Value>
<Value type="BankAccount">SE4550000000058398257466</Value>
<Value type="OrderReference">PO-88213</Value>
<Value type="Currency">EUR</Value>
<Value type="ReceiverName">Virta S&#228;hk&#246; Oy</Value>
<Value type="StorageKey">KEY</Value>
<Value type="StorageID">UUID</Value>
<Value type="StorageStatus">UNRECEIVED</Value>
<Value type="DocumentOrigin">eInvoice</Value>
</Group>
</Content>
</Response>
"""

BARE = (
    b'<Invoice xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    b'xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    b'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>AL-2</cbc:ID>'
    b"<cac:AccountingCustomerParty><cac:Party><cbc:EndpointID schemeID='0216'>%b</cbc:EndpointID></cac:Party>"
    b"</cac:AccountingCustomerParty></Invoice>"
)


def test_the_whole_answer_without_storages(big_hub: Hub, reader: Reader) -> None:
    answer = Terminal(big_hub, reader).list2()
    assert answer.shown == HEAD.replace("LENGTH", str(len(EMPTY))) + EMPTY


def test_the_whole_answer_with_one_storage(big_hub: Hub, reader: Reader) -> None:
    assert big_hub.post(bill("AL-1", reader)).status == 200
    terminal = Terminal(big_hub, reader)
    terminal.waiting(1)
    answer = terminal.list2()
    shown = re.sub(r'(?<="StorageKey">)\d{12}(?=<)', "KEY", answer.shown)
    # The day is that of Helsinki; it may have ended since the document was delivered.
    shown = re.sub(r'(?<="CreatedDate">)\d{8}(?=<)', "TODAY", shown)
    assert shown == HEAD.replace("LENGTH", str(len(answer.body))) + ONE
    assert answer.body.isascii()


def test_what_the_document_does_not_say_is_not_available_and_never_empty(big_hub: Hub, reader: Reader) -> None:
    assert big_hub.post(BARE % reader.endpoint.encode(), headers={"x-interchange-id": "al-2"}).status == 200
    (storage,) = Terminal(big_hub, reader).waiting(1)
    known = {
        "DocumentID": "AL-2",
        "TransferStatus": "NEW",
        "DocumentName": "invoice.xml",
        "ApprovalStatus": "NEUTRAL",
        "StorageStatus": "UNRECEIVED",
        "DocumentOrigin": "eInvoice",
        **{name: storage[name] for name in ("CreatedDate", "StorageKey", "StorageID")},
    }
    assert list(storage) == re.findall(r'type="(\w+)"', ONE)
    assert storage == {**dict.fromkeys(storage, "N/A"), **known}


def test_a_credit_note_is_nothing_to_pay(big_hub: Hub, reader: Reader) -> None:
    """It states a positive figure (EN 16931); the list speaks Finvoice, where what is given back is negative."""
    source = ElementTree.parse(CREDIT_NOTE).find(".//{*}PayableAmount")  # noqa: S314 - our own example
    assert source is not None
    assert not (source.text or "-").startswith("-")
    assert big_hub.post(bill("AL-3", reader, CREDIT_NOTE)).status == 200
    (storage,) = Terminal(big_hub, reader).waiting(1)
    assert (storage["AmountToPay"], storage["PaymentStatus"]) == (f"-{source.text}", "N/A")


@pytest.mark.parametrize(("payable", "status"), [("0", "PAID"), ("0.00", "PAID"), ("-5.10", "N/A"), ("1E2", None)])
def test_amounts_are_shown_as_they_were_stated(big_hub: Hub, reader: Reader, payable: str, status: str | None) -> None:
    body = bill("AL-4", reader).replace(b">15000.00</cbc:PayableAmount>", f">{payable}</cbc:PayableAmount>".encode())
    assert big_hub.post(body).status == 200
    if status is None:  # no decimal number: rejected, and in nobody's list
        assert Terminal(big_hub, reader).listed() == []
        return
    (storage,) = Terminal(big_hub, reader).waiting(1)
    assert (storage["AmountToPay"], storage["PaymentStatus"]) == (payable, status)


def test_clients_that_decode_wrongly_still_read_every_letter(big_hub: Hub, reader: Reader) -> None:
    """An Odoo connector encodes the decoded text as latin-1 for one call and as UTF-8 for another (measured)."""
    number = "AL-5 \u20ac \U0001f9fe \u017d"
    assert big_hub.post(bill(number, reader), key="al-5").status == 200
    terminal = Terminal(big_hub, reader)
    terminal.waiting(1)
    text = terminal.list2().body.decode("iso-8859-1")  # what requests takes text/xml without a charset for
    for body in (text.encode("latin-1"), text.encode("utf-8")):
        assert storages(body)[0]["DocumentID"] == number


def test_unreceived_storages_come_first_and_each_part_the_newest_first(big_hub: Hub, reader: Reader) -> None:
    terminal = Terminal(big_hub, reader)
    for number in range(4):
        assert big_hub.post(bill(f"AL-6-{number}", reader)).status == 200
        found = terminal.waiting(number + 1)
    assert [one["DocumentID"] for one in found] == ["AL-6-3", "AL-6-2", "AL-6-1", "AL-6-0"]
    for one in (found[0], found[2]):
        assert terminal.download(one).status == 200
    listed = terminal.listed()
    assert [one["DocumentID"] for one in listed] == ["AL-6-2", "AL-6-0", "AL-6-3", "AL-6-1"]
    assert [one["StorageStatus"] for one in listed] == ["UNRECEIVED"] * 2 + ["RECEIVED"] * 2
    assert [one["TransferStatus"] for one in listed] == ["NEW"] * 2 + ["RETRIEVED"] * 2


def test_no_list_names_a_storage_twice_or_none_while_they_are_fetched(big_hub: Hub, reader: Reader) -> None:
    terminal = Terminal(big_hub, reader)
    assert big_hub.post(bill("AL-9", reader)).status == 200
    terminal.waiting(1)
    _copies(big_hub, reader, 60, datetime.now(UTC))
    storages_there = terminal.listed()
    everyone = sorted(one["StorageID"] for one in storages_there)
    with ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(lambda: [terminal.download(one).status for one in storages_there])
        while not fetching.done():
            listed = terminal.listed()
            assert sorted(one["StorageID"] for one in listed) == everyone
            states = [one["StorageStatus"] for one in listed]
            assert states == sorted(states, reverse=True)
    assert fetching.result() == [200] * 61
    assert {one["StorageStatus"] for one in terminal.listed()} == {"RECEIVED"}


def _copies(hub: Hub, reader: Reader, count: int, at: datetime, *, received: bool = False) -> None:
    """More storages of the reader's newest document, made in the database, that arrived at *at*."""
    rows(
        hub,
        """WITH own AS (SELECT i.*, d.receiver_id FROM inbox i JOIN delivery d ON d.id = i.delivery_id
                        JOIN credential c ON c.company_id = i.company_id AND c.name = $1
                        ORDER BY i.id DESC LIMIT 1),
                made AS (INSERT INTO delivery (id, document_id, company_id, receiver_id, channel, address, state, why,
                                               wanted_syntax, attempts, due_at, created_at, changed_at)
                         SELECT gen_random_uuid(), own.document_id, d.company_id, d.receiver_id, d.channel, d.address,
                                d.state, d.why, d.wanted_syntax, 1, $3, $3, $3
                         FROM own JOIN delivery d ON d.id = own.delivery_id, generate_series(1, $2)
                         RETURNING id, document_id, receiver_id)
           INSERT INTO inbox (id, company_id, document_id, delivery_id, arrived_at, received_at)
           SELECT (lpad(to_hex((extract(epoch FROM $3::timestamptz) * 1000)::bigint), 12, '0')
                   || '7' || substr(replace(made.id::text, '-', ''), 14))::uuid,
                  made.receiver_id, made.document_id, made.id, $3, CASE WHEN $4 THEN $3 END
           FROM made RETURNING id""",
        reader.transfer_id,
        count,
        at,
        received,
    )


def test_five_hundred_at_most_and_the_received_ones_are_dropped_first(big_hub: Hub, reader: Reader) -> None:
    terminal = Terminal(big_hub, reader)
    assert big_hub.post(bill("AL-7", reader)).status == 200
    terminal.waiting(1)
    now = datetime.now(UTC)
    _copies(big_hub, reader, 200, now, received=True)
    _copies(big_hub, reader, 400, now - timedelta(minutes=1))
    listed = terminal.listed()
    assert len(listed) == 500
    assert [one["StorageStatus"] for one in listed] == ["UNRECEIVED"] * 401 + ["RECEIVED"] * 99
    assert len({one["StorageID"] for one in listed}) == 500


def test_the_list_begins_with_the_previous_month_and_older_storages_can_still_be_fetched(
    big_hub: Hub, reader: Reader
) -> None:
    terminal = Terminal(big_hub, reader)
    assert big_hub.post(bill("AL-8", reader)).status == 200
    (newest,) = terminal.waiting(1)
    now = datetime.now(UTC)
    # at noon in the previous month: the same day wherever one stands
    before = (now.replace(day=1) - timedelta(days=2)).replace(day=15, hour=12)
    _copies(big_hub, reader, 1, before)
    assert len(terminal.waiting(2)) == 2
    (old,) = (one for one in terminal.listed() if one["StorageID"] != newest["StorageID"])
    assert old["CreatedDate"] == f"{before:%Y%m%d}"
    # What has left the list is still there for whoever kept its key, for three calendar months in all.
    _copies(big_hub, reader, 1, before - timedelta(days=30))
    assert len(terminal.listed()) == 2
    ids = "SELECT i.id FROM inbox i JOIN credential c USING (company_id) WHERE c.name = $1 ORDER BY i.id LIMIT 1"
    (oldest,) = rows(big_hub, ids, reader.transfer_id)
    key = StorageKeys(MasterKey.kept_in(big_hub.data, create=False).derive("apix storage key")).of(oldest["id"])
    answer = terminal.download({"StorageID": str(oldest["id"]), "StorageKey": key})
    assert members(answer.body) == {"invoice.xml": bill("AL-8", reader)}


def test_parameters_may_come_in_any_order_encoded_or_not_with_others_between(big_hub: Hub, reader: Reader) -> None:
    terminal = Terminal(big_hub, reader)
    now = stamp()
    given = terminal.parameters("list2", t=now)
    digest = given["d"].removeprefix("SHA-256:")
    tra = reader.transfer_id
    for query in (
        f"TraID={tra}&t={now}&d=SHA-256:{digest}",
        f"TraID={tra}&t={now}&d=SHA-256%3A{digest}",
        f"TraID={tra}&t={now}&d=SHA-256%3a{digest}",
        f"d=SHA-256:{digest}&t={now}&TraID={tra}",
        f"pass=secret&TraID={tra}&soft=Standard&ver=1.0&t={now}&d=SHA-256:{digest}&id=7",
        f"&&TraID={tra}&&t={now}&d=SHA-256:{digest}&&",
        f"TraID={tra}&ts={now}&d=SHA-256:{digest}",
        f"TraID={tra}&t={now}&D=SHA-256:{digest}",
        f"TraID={tra}&t={now}&d=SHA-256:{digest.upper()}",
        f"TraID={tra}&t={now}&d={digest}",
        f"TraID={tra}&t={now}&d=SHA-256:{digest}&TraID=other&t=0&d=x",
        f"TraI%44={tra.replace('-', '%2D')}&t={now}&d=SHA-256:{digest}",
        f"x={'y' * 10_000}&TraID={tra}&t={now}&d=SHA-256:{digest}",
    ):
        answer = terminal.get(f"list2?{query}")
        assert b"<Status>OK</Status>" in answer.body, query
    assert b"<Status>OK</Status>" in terminal.get(f"list2/?TraID={tra}&t={now}&d={digest}").body


def test_a_body_and_headers_of_old_clients_do_no_harm(big_hub: Hub, reader: Reader) -> None:
    terminal = Terminal(big_hub, reader)
    given = terminal.parameters("list2")
    target = "&".join(f"{name}={value}" for name, value in given.items())
    for fields, body in (
        ((f"Authorization: {given['d']}", "Content-Type: text/xml"), b""),
        (("Content-Length: 5", "Content-Type: application/octet-stream"), b"hello"),
    ):
        request = head(f"GET /apix/list2?{target} HTTP/1.1", *fields) + body
        assert b"<Status>OK</Status>" in exchange(big_hub.port, request).body
