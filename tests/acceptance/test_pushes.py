"""Documents that are posted to their receivers' own servers, from the submission on: real processes, real TLS."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.exchange.prepare import prepare
from fakturahub.model import Attachment
from tests.acceptance import stored
from tests.acceptance.pushed import INNER, SECRETS, Town, town_of
from tests.conftest import _make_database
from tests.peers.https import answer, drop, slow
from tests.running import invoice
from tests.unit.dialects.apix.transfers import zipped
from tests.wire.apix.sending import pdf
from tests.wire.companies import with_attachments

PDF64 = base64.b64encode(pdf()).decode()


@pytest.fixture(scope="module")
def town(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_of(tmp_path_factory.mktemp("pushes"), _make_database(postgres)) as town:
        yield town


def test_by_mutual_tls_in_its_receivers_syntax_with_its_files_in_one_archive(town: Town) -> None:
    source = town.send("mutual", "P-1", with_attachments(invoice("P-1"), ("application/pdf", "ritning 1.pdf", PDF64)))
    id_, _ = town.delivery("P-1", "delivered")
    (got,) = town.peers["mutual"].received
    assert got.headers["content-type"] == "application/zip"
    assert got.headers["idempotency-key"] == id_
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    written = prepare(source, "finvoice-3.0", allow_loss=True).written
    assert written is not None
    (file,) = written.files
    (document,) = set(members) - {file.name}
    assert members == {document: written.data, file.name: pdf()}
    assert f"file://{file.name}".encode() in written.data
    assert formats.recognise(written.data).syntax == "finvoice-3.0"
    assert formats.read_heading(written.data).number == "P-1"
    assert "hub.example" in str(got.certificate)


def test_with_a_token_and_what_the_document_says(town: Town) -> None:
    for number in range(20):
        town.send("tokens", f"T-{number}")
    until = time.monotonic() + 30
    while len(arrived := [one for one in town.peers["tokens"].received if one.target == "/inbound"]) < 20:
        assert time.monotonic() < until, arrived
        time.sleep(0.05)
    assert sorted(one.headers["x-number"] for one in arrived) == sorted(f"T-{number}" for number in range(20))
    assert {one.headers["x-key"] for one in arrived} == {"api-key-s3cret"}
    assert {one.headers["x-sender"] for one in arrived} == {"UTF-8''Skog%20&%20S%C3%A5g%20AB"}
    assert all(one.headers["x-note"].startswith("UTF-8''Leverans%2030%20oktober") for one in arrived)
    # one token for each process that delivers
    assert 1 <= len(town.endpoints["tokens"].calls) <= 4


def test_a_line_that_is_dropped_after_everything_was_read(town: Town) -> None:
    peer = town.peers["flaky"]
    peer.script.next.append(drop())
    town.send("flaky", "F-1")
    waiting, why = town.delivery("F-1", "retrying")
    assert "may have arrived; it is sent again with the same id" in why
    id_, _ = town.delivery("F-1", "delivered")
    assert waiting == id_
    assert peer.counts() == {id_: 2}
    assert [one.headers["x-delivery-attempt"] for one in peer.received] == ["1", "2"]
    assert peer.received[0].body == peer.received[1].body


def test_a_receiver_that_is_gone_for_good(town: Town) -> None:
    town.peers["closed"].script.always = answer(410)
    town.send("closed", "C-1")
    id_, why = town.delivery("C-1", "failed")
    assert "410 Gone. The receiver has closed this address for good." in why
    assert len(town.peers["closed"].received) == 1
    town.peers["closed"].script.always = answer(200)
    town.hub.command("redeliver", id_, "--why", "it is back")
    town.delivery("C-1", "delivered")


def test_a_receiver_in_a_network_that_nobody_trusts(town: Town) -> None:
    town.send("inside", "I-1")
    _, why = town.delivery("I-1", "retrying")
    assert "127.0.0.2 is the hub's own machine." in why
    assert "trusted_networks" in why
    assert town.peers["inside"].connections == 0


def test_by_basic_authentication_every_byte(town: Town) -> None:
    """Sent by Apix as Finvoice with a PDF beside it; its receiver has a certificate that no authority signed."""
    peer = town.peers["erp"]
    peer.script.always = answer(204)
    source = town.send_by_apix("erp", "E-1")
    id_, _ = town.delivery("E-1", "delivered")
    (got,) = peer.received
    beside = [Attachment(f"{name}.pdf", "application/pdf", pdf(pages)) for pages, name in ((1, "lasku"), (2, "liite"))]
    written = prepare(source, "peppol-bis-3", allow_loss=True, files=beside).written
    assert written is not None
    assert got.body == written.data
    assert formats.attachments(got.body)[-1].content == pdf(2)
    head = got.head.split("\r\n")
    assert head[:7] == [
        "PUT /in%20bound/v1?key=query-s3cret&to=a%2Fb HTTP/1.1",
        f"Host: 127.0.0.1:{peer.port}",
        "Content-Type: text/xml; charset=utf-8",
        f"Idempotency-Key: {id_}",
        f"X-Delivery-Id: {id_}",
        f"X-Document-Id: {town.document_id('E-1')}",
        "X-Delivery-Attempt: 1",
    ]
    # X-Project has no value, and `missing_header` is "omit"
    assert sorted(head[7:-5]) == [
        "User-Agent: Acme-Bridge/2",
        "X-Buyer: UTF-8''Ostaja%20%C3%96ljy%20Oy",
        "X-Due: 2026-12-04",
        "X-Line: UTF-8''%C3%96ljy",
        "X-Number: E-1",
        "X-Payable: 125.50",
        "X-Tenant: tenant 7",
        "X-Xpath: LASKU",
        "x-interchange-id: fixed 1",
    ]
    login = base64.b64encode("åke:erp-s3cret-pw ö".encode()).decode()
    assert head[-5:] == [f"Authorization: Basic {login}", "Accept: */*", f"Content-Length: {len(got.body)}", "", ""]


def test_with_a_token_of_the_password_grant_that_is_fetched_anew_where_it_is_refused(town: Town) -> None:
    peer, endpoint = town.peers["password"], town.endpoints["password"]
    town.send("password", "W-1")
    town.delivery("W-1", "delivered")
    form = {
        "grant_type": "password",
        "username": "hub-user",
        "password": "push-s3cret-pw",
        "scope": "in voices",
        "audience": "https://erp.example/",
    }
    basic = "Basic " + base64.b64encode(b"hub:oauth-s3cret").decode()
    assert endpoint.calls == [(form, basic)]
    source = town.send("password", "W-2")
    town.delivery("W-2", "delivered")
    # the receiver forgets its tokens: one more is fetched, and the document arrives in the same attempt
    endpoint.valid.clear()
    town.send("password", "W-3")
    town.delivery("W-3", "delivered")
    asked = [(one.target, one.headers["authorization"], one.headers.get("x-delivery-attempt")) for one in peer.received]
    assert asked == [
        ("/token", basic, None),
        ("/inbound", "Bearer token-1", "1"),
        ("/inbound", "Bearer token-1", "1"),
        ("/inbound", "Bearer token-1", "1"),
        ("/token", basic, None),
        ("/inbound", "Bearer token-2", "1"),
    ]
    assert peer.received[2].body == source
    assert all(one.headers["content-length"] == str(len(one.body)) for one in peer.received)
    assert not any("transfer-encoding" in one.headers for one in peer.received)


def test_by_its_own_schedule_one_at_a_time_by_password_and_certificate(town: Town) -> None:
    peer = town.peers["brisk"]
    peer.script.always = answer(503)
    town.send("brisk", "B-0")
    id_, why = town.delivery("B-0", "failed")
    assert why.startswith("Given up after 2 seconds. ")
    assert "503 Service Unavailable" in why
    tried = [one.at for one in peer.received]
    assert 2 <= len(tried) <= 4
    # the last one is at the end, however long the pause before it would be
    assert all(later - earlier > 0.75 for earlier, later in list(pairwise(tried))[:-1])
    assert tried[-1] - tried[0] > 0.75
    peer.received.clear()
    peer.script.always = slow(0.1, answer(200))
    town.hub.command("redeliver", id_, "--why", "it is back")
    for number in range(1, 7):
        town.send("brisk", f"B-{number}")
    for number in range(7):
        town.delivery(f"B-{number}", "delivered")
    assert len(peer.received) == 7
    assert all(later.at - earlier.at >= 0.1 for earlier, later in pairwise(peer.received))
    assert all("hub.example" in str(one.certificate) for one in peer.received)
    login = "Basic " + base64.b64encode(b"hub:push-s3cret-pw").decode()
    assert {one.headers["authorization"] for one in peer.received} == {login}


def test_by_a_proxy_to_names_that_only_it_knows(town: Town) -> None:
    login = "Basic " + base64.b64encode(b"hub:proxy-s3cret").decode()
    for key, number in (("behind", "X-1"), ("behind-plain", "X-2")):
        source = town.send(key, number)
        town.delivery(number, "delivered")
        (got,) = town.peers[key].received
        assert (got.target, got.headers["host"]) == ("/inbound?a=1", f"{INNER}:{town.peers[key].port}")
        assert got.body == source
        assert "proxy-authorization" not in got.headers
    (tunnel, first), (whole, second) = town.proxy.asked
    assert tunnel == f"CONNECT {INNER}:{town.peers['behind'].port} HTTP/1.1"
    assert whole == f"POST http://{INNER}:{town.peers['behind-plain'].port}/inbound?a=1 HTTP/1.1"
    assert first["proxy-authorization"] == second["proxy-authorization"] == login


def test_what_is_kept_of_attempts_shows_no_secret(town: Town) -> None:
    url = stored.url_of(town.hub)
    kept = [row for (row,) in stored.rows(url, "SELECT a::text FROM attempt a")]
    assert sum("Authorization: [redacted]" in one for one in kept) >= 20
    assert sum("x-key: [redacted]" in one for one in kept) >= 20
    events = [row for (row,) in stored.rows(url, "SELECT e::text FROM event e")]
    shown = json.dumps(town.hub.document_by_number("T-0"))
    assert "Idempotency-Key" in shown
    text = "".join([*kept, *events, shown, town.hub.log.read_text()])
    for secret in (*SECRETS, "token-1"):
        assert secret not in text


def test_a_batch_goes_on_as_one_archive(town: Town) -> None:
    """What came beside a document lies in it: a Finvoice names it, and it has a place in the archive."""
    pdf, table = b"%PDF-1.4 picture", b"a;b\n1;2\n"
    document = town.addressed("mutual", "P-zip", invoice("P-zip"))
    before = len(town.peers["mutual"].received)
    assert town.hub.post(zipped(("P-zip.xml", document), ("P-zip.pdf", pdf), ("P-zip_1.csv", table))).status == 200
    id_, _ = town.delivery("P-zip", "delivered")
    (got,) = town.peers["mutual"].received[before:]
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    stem = f"{id_.replace('-', '')}_P-zip"
    written = held.pop(f"{stem}.xml")
    assert formats.recognise(written).syntax == "finvoice-3.0"
    assert held == {"P-zip.pdf": pdf, "P-zip_1.csv": table}
    assert b"<InvoiceUrlText>file://P-zip.pdf</InvoiceUrlText>" in written


def test_an_order_goes_on_byte_for_byte(town: Town, shared: Path) -> None:
    order = (shared / "corpora/peppol-bis3/examples-2026.5/Order_Example.xml").read_bytes()
    order = order.replace(b'schemeID="0192">123456785', b'schemeID="0216">' + town.numbers["flaky"].encode())
    before = len(town.peers["flaky"].received)
    assert town.hub.post(order, kind="order").status == 200
    town.delivery("34", "delivered")
    (got,) = town.peers["flaky"].received[before:]
    assert (got.body, got.headers["content-type"]) == (order, "application/xml")
