"""Technical Acknowledgements that a sender has posted to its own server: the bytes, and what they are no part of."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC
from typing import Any

import pytest

from fakturahub.dialects.pagero.acknowledgement import of_stored
from fakturahub.exchange.acknowledgements import StoredDocument
from fakturahub.formats.acknowledging import write_acknowledgement
from fakturahub.model import DocumentState
from fakturahub.storage.payloads import decode_inline
from tests.peers.https import HttpsPeer, Received, answer
from tests.running import Hub, invoice, to_nobody
from tests.wire.pagero.interchange import PATH, paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, basic, exchange
from tests.wire.stored import rows

TEST_PATH = PATH.replace("/prod", "/test")


def send(
    hub: Hub, body: bytes, key: str | None, *, path: str = PATH, user: str = "kvitto", status: int = 200
) -> RawAnswer:
    said = exchange(hub.port, posting(body, key=key, path=path, authorization=basic(user, f"{user}-password")))
    assert said.status == status, said.text
    return said


def acknowledged(peer: HttpsPeer, about: str, count: int = 1) -> list[Received]:
    """The requests with an acknowledgement that says *about*, once there are *count*."""
    until = time.monotonic() + 20
    while True:
        found = [one for one in peer.received if f">{about}<".encode() in one.body]
        if len(found) >= count:
            return found
        assert time.monotonic() < until, f"{len(found)} of {count} acknowledgements about {about}"
        time.sleep(0.02)


def stored(hub: Hub, submission: str) -> dict[str, Any]:
    """The one document of a submission, and its acknowledgement's delivery as ``acknowledgement``."""
    # The deliveries first: what the document is by then includes what they made of it.
    deliveries = rows(
        hub,
        """SELECT d.* FROM delivery d JOIN document o ON o.id = d.document_id
           WHERE o.submission_id = $1::text::uuid ORDER BY d.id""",
        submission,
    )
    (document,) = rows(
        hub,
        """SELECT o.*, o.facts::text AS said, s.request::text AS asked, s.state AS submitted
           FROM document o JOIN submission s ON s.id = o.submission_id WHERE s.id = $1::text::uuid""",
        submission,
    )
    (document["acknowledgement"],) = [one for one in deliveries if one["channel"] == "acknowledgement"]
    document["deliveries"] = [one for one in deliveries if one["channel"] != "acknowledgement"]
    return document


def derived(document: dict[str, Any]) -> bytes:
    """The acknowledgement as whoever asks for it gets it, from the rows alone."""
    one = StoredDocument(
        id=document["id"],
        state=DocumentState(document["state"]),
        kind=document["kind"],
        number=document["number"],
        issue_date=document["issue_date"],
        at=document["created_at"].astimezone(UTC),
        facts=json.loads(document["said"]),
        request=json.loads(document["asked"]),
    )
    return write_acknowledgement(of_stored(one, decode_inline(document["encoding"], document["payload"])))


def masked(document: dict[str, Any], body: bytes) -> str:
    """*body* with what differs from one time to the next replaced by a word."""
    at = document["created_at"].astimezone(UTC)
    text = body.decode()
    for value, word in ((f"<cbc:IssueDate>{at:%Y-%m-%d}<", "<cbc:IssueDate>DAY<"), (f">{at:%H:%M:%S}<", ">TIME<")):
        assert value in text
        text = text.replace(value, word)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)


def wrong_sum(number: str) -> bytes:
    return re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>1.00", invoice(number))


ACCEPTED = """\
<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2" \
xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" \
xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" \
xmlns:ext="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2" \
xmlns:puf="urn:pagero:ExtensionComponent:1.0">
  <cbc:CustomizationID>urn:pagero.com:puf:technical_acknowledgement:1.0</cbc:CustomizationID>
  <cbc:ProfileID>urn:pagero.com:puf:technical_acknowledgement:1.0</cbc:ProfileID>
  <cbc:ID>UUID</cbc:ID>
  <cbc:IssueDate>DAY</cbc:IssueDate>
  <cbc:IssueTime>TIME</cbc:IssueTime>
  <cac:SenderParty/>
  <cac:ReceiverParty/>
  <cac:DocumentResponse>
    <cac:Response>
      <ext:UBLExtensions>
        <ext:UBLExtension>
          <ext:ExtensionURI>urn:pagero:ExtensionComponent:1.0:PageroExtension:ResponseExtension</ext:ExtensionURI>
          <ext:ExtensionContent>
            <puf:PageroExtension>
              <puf:ResponseExtension>
                <puf:ReferencedDocumentInterchangeID>
                  <cbc:ID>ta-1 &amp; more</cbc:ID>
                </puf:ReferencedDocumentInterchangeID>
              </puf:ResponseExtension>
            </puf:PageroExtension>
          </ext:ExtensionContent>
        </ext:UBLExtension>
      </ext:UBLExtensions>
      <cbc:ResponseCode>AP</cbc:ResponseCode>
    </cac:Response>
    <cac:DocumentReference>
      <ext:UBLExtensions>
        <ext:UBLExtension>
          <ext:ExtensionURI>urn:pagero:ExtensionComponent:1.0:PageroExtension:DocumentReferenceExtension\
</ext:ExtensionURI>
          <ext:ExtensionContent>
            <puf:PageroExtension>
              <puf:DocumentReferenceExtension>
                <puf:DistributionMethod>Electronic</puf:DistributionMethod>
              </puf:DocumentReferenceExtension>
            </puf:PageroExtension>
          </ext:ExtensionContent>
        </ext:UBLExtension>
      </ext:UBLExtensions>
      <cbc:ID>TA-1</cbc:ID>
      <cbc:IssueDate>2026-11-02</cbc:IssueDate>
      <cbc:DocumentTypeCode>380</cbc:DocumentTypeCode>
    </cac:DocumentReference>
  </cac:DocumentResponse>
</ApplicationResponse>
"""


def test_the_whole_acknowledgement_of_a_document_that_is_taken(big_hub: Hub, acknowledgements: HttpsPeer) -> None:
    submission = submission_of(send(big_hub, invoice("TA-1"), "ta-1 & more"))
    (got,) = acknowledged(acknowledgements, "TA-1")
    document = stored(big_hub, submission)
    assert masked(document, got.body) == ACCEPTED
    assert got.body == derived(document), "who asks for it gets the same"
    delivery = str(document["acknowledgement"]["id"])
    assert (got.method, got.target) == ("POST", "/acknowledgements?token=s3cret-in-url")
    assert got.headers["content-type"] == "application/xml"
    assert got.headers["content-length"] == str(len(got.body))
    assert (got.id, got.headers["x-delivery-id"], got.headers["x-document-id"]) == (
        delivery,
        delivery,
        str(document["id"]),
    )
    # of the same origin as the push: what that is known by counts here as well
    assert basic("hub", "push-s3cret") == f"Authorization: {got.headers['authorization']}"
    assert got.headers["x-api-key"] == "api-s3cret"
    send(big_hub, invoice("TA-1"), "ta-1 & more")
    assert stored(big_hub, submission)["acknowledgement"]["id"] == document["acknowledgement"]["id"]
    assert len(rows(big_hub, "SELECT id FROM delivery WHERE details::text LIKE '%ta-1 & more%'")) == 1


def test_a_document_that_breaks_rules_is_refused_with_their_code(big_hub: Hub, acknowledgements: HttpsPeer) -> None:
    said = send(big_hub, wrong_sum("TA-2"), "ta-2")
    (got,) = acknowledged(acknowledgements, "TA-2")
    document = stored(big_hub, submission_of(said))
    assert (document["submitted"], document["state"], document["deliveries"]) == ("refused", "rejected", [])
    text = got.body.decode()
    assert "<puf:ErrorClassificationCode>14600</puf:ErrorClassificationCode>" in text
    assert "<cbc:ResponseCode>RE</cbc:ResponseCode>\n      <cbc:Description>[BR-CO-15]-Invoice total amount" in text
    assert "\n[BR-CO-16]-Amount due for payment" in text
    assert "DistributionMethod" not in text
    assert got.body == derived(document)


@pytest.mark.parametrize(
    ("key", "body", "code", "words"),
    [
        ("ta-3", to_nobody("TA-3"), "28500", "No receiver was found: "),
        ("ta-4", b"<Something xmlns='urn:a'/>", "13200", "[unknown-document]-"),
        ("ta-5", invoice("TA-5").replace(b"<cbc:ID>TA-5</cbc:ID>", b"", 1), "18400", "[missing-term]-"),
        ("ta-6", invoice("TA-6").replace(b">2026-11-02<", b">the second<", 1), "20700", "[bad-value]-"),
    ],
    ids=["no receiver", "no business document", "no number", "no date"],
)
def test_what_is_refused_has_the_code_of_its_reason(
    big_hub: Hub, acknowledgements: HttpsPeer, key: str, body: bytes, code: str, words: str
) -> None:
    said = send(big_hub, body, key)
    (got,) = acknowledged(acknowledgements, key)
    document = stored(big_hub, submission_of(said))
    text = got.body.decode()
    assert f"<puf:ErrorClassificationCode>{code}</puf:ErrorClassificationCode>" in text
    assert f"<cbc:Description>{words}" in text
    # UBL demands a number: what has none is named by the hub's id of it
    assert f"<cbc:ID>{document['number'] or document['id']}</cbc:ID>" in text
    assert got.body == derived(document)


def test_a_test_is_acknowledged_as_the_real_one_is(big_hub: Hub, acknowledgements: HttpsPeer) -> None:
    submission = submission_of(send(big_hub, invoice("TA-7"), None, path=TEST_PATH))
    (got,) = acknowledged(acknowledgements, "TA-7")
    document = stored(big_hub, submission)
    assert (document["mode"], document["state"], document["deliveries"]) == ("test", "routed", [])
    assert b"<cbc:ResponseCode>AP<" in got.body
    assert b"puf:ResponseExtension>" not in got.body, "there was no interchange id"
    assert got.body == derived(document)


def test_its_sender_has_no_url_and_nothing_is_stored_for_it(big_hub: Hub) -> None:
    submission = submission_of(send(big_hub, invoice("TA-8"), "ta-8", user="skog"))
    deliveries = rows(
        big_hub,
        """SELECT channel FROM delivery d JOIN document o ON o.id = d.document_id
           WHERE o.submission_id = $1::text::uuid""",
        submission,
    )
    assert [one["channel"] for one in deliveries] == ["inbox"]


def test_the_same_key_with_other_bytes_is_told_in_the_answer_alone(big_hub: Hub, acknowledgements: HttpsPeer) -> None:
    send(big_hub, invoice("TA-9"), "ta-9")
    acknowledged(acknowledgements, "ta-9")
    said = send(big_hub, invoice("TA-9b"), "ta-9", status=409)
    assert paragraphs(said)[0] == "Code idempotency-conflict (PUF-020 11300)"
    assert not rows(big_hub, "SELECT id FROM document WHERE number = 'TA-9b'")
    assert len(acknowledged(acknowledgements, "ta-9")) == 1


def test_a_server_that_is_down_gets_it_once_it_is_up_and_the_document_is_none_the_worse(
    big_hub: Hub, acknowledgements: HttpsPeer
) -> None:
    acknowledgements.script.next.append(answer(503, b"not now"))
    submission = submission_of(send(big_hub, invoice("TA-10"), "ta-10"))
    first = acknowledged(acknowledgements, "ta-10")[0]
    document = until(big_hub, submission, "retrying")
    assert document["state"] == "delivered"
    assert [one["state"] for one in document["deliveries"]] == ["delivered"]
    one = document["acknowledgement"]
    assert (one["channel"], one["cost"], one["receiver_id"]) == ("acknowledgement", None, None)
    assert one["address"] == acknowledgements.url("/acknowledgements"), "without its query"
    assert one["why"] == "Technical Acknowledgement AP"
    listed = big_hub.command("document", str(document["id"]))
    told = f"to its sender, {one['address']}: Technical Acknowledgement AP\n               127.0.0.1:"
    assert told in listed
    assert "s3cret" not in listed
    got = acknowledged(acknowledgements, "ta-10", 2)
    assert [each.body for each in got] == [first.body] * 2
    assert {each.id for each in got} == {str(one["id"])}
    assert [each.headers["x-delivery-attempt"] for each in got] == ["1", "2"]
    after = until(big_hub, submission, "delivered")
    assert (after["state"], after["acknowledgement"]["delivered_syntax"]) == (
        "delivered",
        "puf-technical-acknowledgement",
    )
    events = rows(big_hub, "SELECT kind FROM event WHERE document_id = $1 ORDER BY xact, id", document["id"])
    assert [one["kind"] for one in events if one["kind"].startswith("document.")] == [
        "document.received",
        "document.routed",
        "document.delivered",
    ]


def test_one_that_its_sender_never_takes_leaves_the_document_delivered(
    big_hub: Hub, acknowledgements: HttpsPeer
) -> None:
    acknowledgements.script.next.append(answer(410))
    submission = submission_of(send(big_hub, invoice("TA-11"), "ta-11"))
    document = until(big_hub, submission, "failed")
    assert (document["state"], [one["state"] for one in document["deliveries"]]) == ("delivered", ["delivered"])
    said = big_hub.command("redeliver", str(document["acknowledgement"]["id"]))
    assert "was failed and is due now" in said
    assert until(big_hub, submission, "delivered")["state"] == "delivered"


def test_an_address_in_a_private_network_is_refused(big_hub: Hub) -> None:
    submission = submission_of(send(big_hub, invoice("TA-12"), "ta-12", user="inom"))
    document = until(big_hub, submission, "retrying")
    assert "trusted_networks" in document["acknowledgement"]["last_error"]
    assert document["state"] == "delivered"
    one = document["acknowledgement"]["id"]
    assert "is cancelled" in big_hub.command("cancel", str(one), "--why", "no longer wanted")
    assert until(big_hub, submission, "cancelled")["state"] == "delivered"


def test_no_business_of_anybody_else(big_hub: Hub, acknowledgements: HttpsPeer) -> None:
    """Nothing but acknowledgements arrives there, and none of them says anything of the document but what names it."""
    send(big_hub, invoice("TA-13"), "ta-13")
    acknowledged(acknowledgements, "TA-13")
    for one in acknowledgements.received:
        assert one.target.startswith("/acknowledgements?")
        assert b"<ApplicationResponse " in one.body
        assert b"Skog" not in one.body


def until(hub: Hub, submission: str, state: str) -> dict[str, Any]:
    """The document of *submission* once its acknowledgement is in *state* and it is itself no more on its way."""
    end = time.monotonic() + 20
    while True:
        document = stored(hub, submission)
        open_ones = [one for one in document["deliveries"] if one["state"] != "delivered"]
        if document["acknowledgement"]["state"] == state and not open_ones:
            return document
        assert time.monotonic() < end, (document["acknowledgement"], document["state"])
        time.sleep(0.05)
