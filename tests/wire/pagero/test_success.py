"""What the Interchange takes, and the bytes of its answers."""

from __future__ import annotations

import re

import pytest

from tests.running import ROOT, Hub, invoice
from tests.wire.pagero.interchange import paragraphs, posting, submission_of
from tests.wire.raw import basic, exchange
from tests.wire.stored import documents

RECEIVED = """\
HTTP/1.1 200 OK
date: DATE
content-type: text/html; charset=iso-8859-1
content-length: 154
ratelimit-policy: "account";q=6000;w=60
ratelimit: "account";r=LEFT;t=SECONDS
x-request-id: REQUEST

<!DOCTYPE html>
<html><head><title>Received</title></head>
<body>
<h1>Received</h1>
<p>Submission UUID</p>
</body></html>
"""

# As the operator's page prints it (specification, section 1.3), but for the slash that a request line must have.
OPERATORS_EXAMPLE = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>1234567890</cbc:ID>
<!-- Omitted for clarity -->
</Invoice>
"""


def test_the_whole_answer_to_a_document_that_is_delivered(hub: Hub) -> None:
    assert exchange(hub.port, posting(invoice("PS-1"), key="ps-1")).shown == RECEIVED
    assert hub.storage_of("PS-1")["StorageStatus"] == "UNRECEIVED"


@pytest.mark.parametrize("mode", ["test", "cert"])
def test_a_document_that_is_not_for_real_is_not_delivered_and_the_answer_says_so(hub: Hub, mode: str) -> None:
    number = f"PS-2-{mode}"
    answer = exchange(hub.port, posting(invoice(number), path=f"/pagero/incoming/default/invoice/{mode}"))
    said = f"<p>Mode {mode}: everything was done but the delivery. Nothing is forwarded.</p>\n"
    assert answer.shown == RECEIVED.replace("</body>", f"{said}</body>").replace(": 154", f": {154 + len(said)}")
    (kept,) = documents(hub, submission_of(answer))
    assert (kept["number"], kept["mode"], kept["state"], kept["deliveries"]) == (number, mode, "routed", [])


def test_a_company_in_test_mode_sends_tests_only(big_hub: Hub) -> None:
    request = posting(invoice("PS-3"), authorization=basic("prov", "lösen:ord"))
    answer = exchange(big_hub.port, request)
    assert paragraphs(answer)[-1] == "Mode test: everything was done but the delivery. Nothing is forwarded."
    (kept,) = documents(big_hub, submission_of(answer))
    assert (kept["mode"], kept["deliveries"]) == ("test", [])


@pytest.mark.parametrize(
    "path",
    [
        "/pagero/incoming/default/invoice/prod/",
        "/Pagero/Incoming/Default/Invoice/Prod",
        "/PAGERO/INCOMING/DEFAULT/INVOICE/PROD/",
        "/pagero/incoming/default/invoice/prod?channel=erp&x=%2Fprod",
        "/pagero/incoming/default/in%76oice/prod",
        "http://hub.example/pagero/incoming/default/invoice/prod",
    ],
)
def test_other_spellings_of_the_path(hub: Hub, path: str) -> None:
    assert exchange(hub.port, posting(invoice("PS-4"), key="ps-4", path=path)).shown == RECEIVED


@pytest.mark.parametrize(
    "kind",
    ["invoice", "paymentreminder", "applicationresponse", "order", "orderresponse", "despatchadvice", "catalogue"],
)
def test_every_document_type_is_taken_and_what_the_bytes_say_counts(hub: Hub, kind: str) -> None:
    path = f"/pagero/incoming/default/{kind}/test"
    assert exchange(hub.port, posting(invoice("PS-5"), key=f"ps-5-{kind}", path=path)).status == 200


@pytest.mark.parametrize(
    "field",
    [
        None,
        "Content-Type:",
        "Content-Type: text/xml; charset=utf-16",
        "Content-Type: application/octet-stream",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json",
        "Content-Type: !!! no type at all ;;;",
    ],
)
def test_the_content_type_does_not_matter(hub: Hub, field: str | None) -> None:
    fields = [] if field is None else [field]
    assert exchange(hub.port, posting(invoice("PS-6"), *fields, key="ps-6")).shown == RECEIVED


def test_unknown_headers_do_no_harm(hub: Hub) -> None:
    fields = [
        "x-interchange-version: 9",
        "X-Forwarded-For: 203.0.113.9, 198.51.100.7",
        "X-Request-Id: mine",
        "Cookie: a=b; c=d",
        "Prefer: respond-async",
        "Accept: application/json",
        "If-None-Match: *",
        "Range: bytes=0-1",
        "X-HTTP-Method-Override: DELETE",
        'X-Odd: "\x80\xff\t~',
        *(f"x-filler-{number}: {'y' * 200}" for number in range(60)),
    ]
    assert exchange(hub.port, posting(invoice("PS-7"), *fields, key="ps-7")).shown == RECEIVED


def test_the_operators_own_example_is_received_and_kept_without_a_receiver(hub: Hub, big_hub: Hub) -> None:
    request = posting(
        OPERATORS_EXAMPLE,
        "x-interchange-id: Invoice-1234567890",
        "Content-Type: application/xml",
        "Connection: Keep-Alive",
        "User-Agent: Apache-HttpClient/4.5 (Java/1.7.0_72)",
        host="www.pageroonline.com",
    )
    # By default it is refused, for the elements that were omitted for clarity.
    said = paragraphs(exchange(hub.port, request))
    assert said[1].startswith("The transfer is stored, but its document was rejected: invalid-document: ")
    answer = exchange(big_hub.port, request)
    said = paragraphs(answer)
    assert said[1].startswith("The document was taken as it is, as the company's settings say.")
    assert said[-1] == "No receiver was found for the document yet. It is kept, and can be routed later."
    (kept,) = documents(big_hub, submission_of(answer))
    assert (kept["number"], kept["state"], kept["deliveries"]) == ("1234567890", "unroutable", [])
    assert big_hub.command("payload", str(kept["id"])).encode() == OPERATORS_EXAMPLE


@pytest.mark.parametrize(
    ("root", "namespace"),
    [("Pakkelapp", "urn:x"), ("Invoice", "urn:somebody:else"), ("Invoice", None)],
)
def test_a_document_that_nobody_knows_is_received_and_rejected(hub: Hub, root: str, namespace: str | None) -> None:
    declaration, where = ("", "without a namespace")
    if namespace is not None:
        declaration, where = f' xmlns="{namespace}"', f"in the namespace '{namespace}'"
    answer = exchange(hub.port, posting(f"<{root}{declaration}><ID>7</ID></{root}>".encode()))
    assert paragraphs(answer)[1:] == [
        f"The transfer is stored, but its document was rejected: unknown-document: The root element is '{root}' "
        f"{where}; no known document begins like this."
    ]
    (kept,) = documents(hub, submission_of(answer))
    assert (kept["submission"], kept["state"], kept["deliveries"]) == ("refused", "rejected", [])


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        (b"<cbc:ID>2026-1107</cbc:ID>", b"", "missing-term: The document has no number. (term BT-1)"),
        (b"2026-11-02</cbc:IssueDate>", b"2.11.2026</cbc:IssueDate>", "bad-value: '2.11.2026' is no date;"),
        (b">15000.00</cbc:PayableAmount>", b">15 000,00</cbc:PayableAmount>", "bad-value: '15 000,00' is no decimal"),
    ],
)
def test_a_document_with_a_fault_is_received_and_rejected(hub: Hub, was: bytes, now: bytes, reason: str) -> None:
    body = (ROOT / "examples" / "invoice.xml").read_bytes()
    assert body.count(was) == 1
    said = paragraphs(exchange(hub.port, posting(body.replace(was, now))))[1]
    assert said.startswith(f"The transfer is stored, but its document was rejected: {reason}")


def test_a_seller_that_is_not_the_sender_is_rejected_where_the_setting_says_so(big_hub: Hub) -> None:
    request = posting(invoice("PS-8"), authorization=basic("strikt", "strikt-password"))
    assert paragraphs(exchange(big_hub.port, request))[1] == (
        "The transfer is stored, but its document was rejected: seller-mismatch: The document names Skog & Såg AB as "
        "its seller; it was sent by Strikt AB. (term BG-4)"
    )


def _declared(charset: str, number: str) -> str:
    text = invoice(number).decode()
    changed, count = re.subn(r'encoding="UTF-8"', f'encoding="{charset}"', text)
    assert count == 1
    return changed


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("utf-8 with a mark", b"\xef\xbb\xbf" + invoice("PS-9-mark")),
        ("utf-16 with a mark", _declared("UTF-16", "PS-9-16").encode("utf-16")),
        ("utf-16be with a mark", b"\xfe\xff" + _declared("UTF-16", "PS-9-16be").encode("utf-16-be")),
        ("utf-16le without a mark", _declared("UTF-16LE", "PS-9-16le").encode("utf-16-le")),
        ("iso-8859-15 with a euro sign", _declared("ISO-8859-15", "PS-9-15").encode("iso-8859-15")),
        ("windows-1252", _declared("windows-1252", "PS-9-1252").encode("cp1252")),
        ("a blank line before the declaration", b"\r\n" + invoice("PS-9-blank")),
        ("utf-8, called utf-16 by its writer", _declared("utf-16", "PS-9-net").encode()),
    ],
)
def test_character_sets(hub: Hub, name: str, body: bytes) -> None:
    assert exchange(hub.port, posting(body)).shown == RECEIVED
    found = re.search(rb"P\0?S\0?-\0?9\0?-\0?[a-z0-9\0]+", body)
    assert found is not None
    number = found[0].replace(b"\0", b"").decode()
    storage = hub.storage_of(number)
    assert (storage["SenderName"], storage["ReceiverName"]) == ("Skog & Såg AB", "Virta Sähkö Oy")
