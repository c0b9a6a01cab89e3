"""Documents of every type, as their authorities publish them: recognised, routed by their parties, and not changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import Hub, invoice
from tests.wire.companies import COLLECTOR
from tests.wire.pagero.interchange import downloaded, paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, exchange
from tests.wire.stored import documents, rows

PEPPOL, OIOUBL = "corpora/peppol-bis3/examples-2026.5", "corpora/oioubl/1.17.2"
EHF, PUF = "corpora/ehf/src", "samples/puf"

#: the sample, the type it is sent as, its syntax, and its kind
SAMPLES = [
    (f"{PEPPOL}/Order_Example.xml", "order", "ubl-order", "order"),
    (f"{PEPPOL}/OrderResponse_Example.xml", "orderresponse", "ubl-order-response", "response"),
    (f"{PEPPOL}/DespatchAdvice_Example.xml", "despatchadvice", "ubl-despatch-advice", "other"),
    (f"{PEPPOL}/InvoiceResponse_Example.xml", "applicationresponse", "ubl-application-response", "response"),
    (f"{PEPPOL}/Catalogue_Example.xml", "catalogue", "ubl-catalogue", "other"),
    (f"{EHF}/ordering-3.0/rules/example/OrderResponse_Example.xml", "orderresponse", "ubl-order-response", "response"),
    (f"{OIOUBL}/OIOUBL_Order_v2p2.xml", "order", "ubl-order", "order"),
    (f"{OIOUBL}/OIOUBL_OrderChange_v2p2.xml", "order", "ubl-order-change", "order"),
    (f"{OIOUBL}/OIOUBL_OrderResponseSimple_v2p2.xml", "orderresponse", "ubl-order-response-simple", "response"),
    (f"{OIOUBL}/OIOUBL_Catalogue_v2p2.xml", "catalogue", "ubl-catalogue", "other"),
    ("samples/oioubl/OIOUBL_Reminder_v2p2.xml", "paymentreminder", "ubl-reminder", "reminder"),
    (
        "samples/oioubl/OIOUBL_ApplicationResponse_v2p2.xml",
        "applicationresponse",
        "ubl-application-response",
        "response",
    ),
    ("samples/oioubl/OIOUBL_Statement_v2p2.xml", "invoice", "ubl-statement", "other"),
    ("samples/oioubl/OIOUBL_Invoice_v2p2.xml", "invoice", "oioubl-2.02", "invoice"),
    ("samples/ehf/PaymentRequest-example-1.xml", "paymentreminder", "ehf-payment-request", "other"),
    (f"{PUF}/PUF-InvoiceResponse-REJECTED_RE_SEND.xml", "applicationresponse", "puf-response-1.0", "response"),
    (f"{PUF}/PUF_Invoice_with_extension_and_attachment.xml", "invoice", "puf-billing-2.0", "invoice"),
    (f"{PUF}/PUF_CreditNote_with_extension.xml", "invoice", "puf-billing-2.0", "credit-note"),
    (f"{PUF}/PUF_DebitNote_with_extension.xml", "invoice", "puf-billing-2.0", "invoice"),
]
MISMATCH = "It was sent as "


def send(hub: Hub, body: bytes, kind: str, key: str, mode: str = "prod") -> RawAnswer:
    return exchange(hub.port, posting(body, key=key, path=f"/pagero/incoming/default/{kind}/{mode}"))


@pytest.mark.parametrize(("sample", "kind", "syntax", "noun"), SAMPLES, ids=[one[0] for one in SAMPLES])
def test_a_sample_reaches_its_receiver_byte_for_byte(
    big_hub: Hub, shared: Path, sample: str, kind: str, syntax: str, noun: str
) -> None:
    body = (shared / sample).read_bytes()
    answer = send(big_hub, body, kind, f"sample-{sample}")
    submission = submission_of(answer)
    assert "rejected" not in answer.text
    remarked = [one for one in paragraphs(answer) if one.startswith(MISMATCH)]
    # there is no type for statements
    assert bool(remarked) == (syntax == "ubl-statement"), answer.text
    (document,) = rows(
        big_hub, "SELECT syntax, kind, state FROM document WHERE submission_id = $1::text::uuid", submission
    )
    assert (document["syntax"], document["kind"]) == (syntax, noun)
    assert downloaded(big_hub, COLLECTOR, submission)["invoice.xml"] == body


def test_what_the_address_says_is_told_where_the_bytes_say_another_thing(big_hub: Hub, shared: Path) -> None:
    order = (shared / f"{OIOUBL}/OIOUBL_Order_v2p2.xml").read_bytes()
    answer = send(big_hub, order, "invoice", "mismatch-1", "test")
    told = (
        "It was sent as invoice; the document is of the syntax ubl-order and was taken as that; its own type is order."
    )
    assert paragraphs(answer)[1] == told
    (document,) = rows(
        big_hub,
        "SELECT (facts -> 'findings')::text AS findings FROM document WHERE submission_id = $1::text::uuid",
        submission_of(answer),
    )
    assert {"rule": "document-type", "severity": "warning", "message": told} in json.loads(document["findings"])
    # said rightly, it is the same transfer under another key, without a remark
    assert not [one for one in paragraphs(send(big_hub, order, "order", "mismatch-2", "test")) if MISMATCH in one]
    answer = send(big_hub, invoice("DT-1"), "catalogue", "mismatch-3", "test")
    assert paragraphs(answer)[1] == (
        "It was sent as catalogue; the document is of the syntax peppol-bis-3 and was taken as that; "
        "its own type is invoice."
    )


def test_a_document_that_names_no_party_is_kept(big_hub: Hub, shared: Path) -> None:
    """A Technical Acknowledgement has empty parties; nobody can be found by them."""
    body = (shared / PUF / "PUF_techical_acknowledgement_approved_AP_RECEIVE.xml").read_bytes()
    answer = send(big_hub, body, "applicationresponse", "nobody-1")
    assert paragraphs(answer)[-1] == "No receiver was found for the document yet. It is kept, and can be routed later."


def test_headers_of_the_sender_are_kept_for_the_record(big_hub: Hub) -> None:
    fields = [
        "X-Erp-Run: 2026-11-20/7",
        "x-odd: caf\xe9 \x80",
        "X-Api-Key: secret-1",
        "X-Auth-Token: secret-2",
        "X-Session-Id: secret-3",
        "Cookie: a=secret-4",
        "X-Forwarded-For: 203.0.113.9",
        f"x-long: {'y' * 400}",
        f"x-{'n' * 70}: too long a name",
        *(f"x-filler-{number:02d}: {number}" for number in range(30)),
    ]
    answer = exchange(big_hub.port, posting(invoice("DT-2"), *fields, key="dt-2"))
    (stored,) = rows(
        big_hub, "SELECT request::text AS request FROM submission WHERE id = $1::text::uuid", submission_of(answer)
    )
    kept = json.loads(stored["request"])["headers"]
    assert kept == {
        "x-erp-run": "2026-11-20/7",
        "x-odd": "caf\\xe9 \\x80",
        "x-long": "y" * 256,
        **{f"x-filler-{number:02d}": str(number) for number in range(17)},
    }
    assert "secret" not in stored["request"]
    shown = big_hub.command("document", str(documents(big_hub, submission_of(answer))[0]["id"]))
    assert "headers        x-erp-run: 2026-11-20/7; x-filler-00: 0; " in shown
    # without any, nothing is said of them
    answer = exchange(big_hub.port, posting(invoice("DT-3"), key="dt-3"))
    (stored,) = rows(
        big_hub, "SELECT request::text AS request FROM submission WHERE id = $1::text::uuid", submission_of(answer)
    )
    assert "headers" not in json.loads(stored["request"])
