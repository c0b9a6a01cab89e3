"""Documents that are posted to their receivers' own servers, from the submission on: real processes, real TLS."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakturahub import formats
from tests.acceptance import stored
from tests.conftest import _make_database
from tests.peers.certificates import Authority, server_context
from tests.peers.https import HttpsPeer, TokenEndpoint, answer, drop
from tests.running import Hub, invoice, running_hub
from tests.unit.dialects.apix.transfers import zipped

HUBS = Authority("The hub's authority")
THEIRS = Authority("The receivers' authority")
SECRETS = ("push-s3cret-pw", "oauth-s3cret", "api-key-s3cret")

_SENDER = """
[outbound]
trusted_networks = ["127.0.0.1/32"]
[[company]]
key = "skog"
name = "Skog & Såg AB"
country = "SE"
business_id = "556161-8033"
addresses = ["0007:5561618033"]
contracts = ["send"]
[company.pagero]
username = "skog"
password = "skog-password"
"""
_RECEIVER = """
[[company]]
key = "{key}"
name = "{key} Oy"
country = "FI"
business_id = "{number}"
addresses = ["0216:{number}"]
contracts = ["receive"]
{more}
[company.pagero]
username = "{key}"
password = "x"
[company.pagero.push]
{push}
"""


@dataclass
class Town:
    """A hub, and the servers of its receivers."""

    hub: Hub
    #: by the key of the company
    peers: dict[str, HttpsPeer]
    endpoint: TokenEndpoint
    numbers: dict[str, str]

    def addressed(self, to: str, number: str, text: bytes) -> bytes:
        """*text*, made of the example invoice, for one of the receivers."""
        text = text.replace(b"003727901319", self.numbers[to].encode())
        return text.replace(b"2790131-9", self.numbers[to].encode()).replace(b"FI27901319", b"FI" + number.encode())

    def send(self, to: str, number: str, source: bytes | None = None) -> None:
        text = self.addressed(to, number, source or invoice(number))
        answered = self.hub.post(text, key=number)
        assert answered.status == 200, answered

    def delivery(self, number: str, *states: str, wait: float = 30) -> tuple[str, str]:
        """Id and last error of the delivery of a document, once it is in one of these states."""
        until = time.monotonic() + wait
        while True:
            ((id_, state, error),) = stored.rows(
                stored.url_of(self.hub),
                "SELECT v.id::text, v.state, coalesce(v.last_error, '') FROM delivery v"
                " JOIN document d ON d.id = v.document_id WHERE d.number = $1",
                number,
            )
            if state in states:
                return id_, error
            assert time.monotonic() < until, (number, state, error)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def town(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("pushes")
    endpoint = TokenEndpoint()
    mine = HUBS.issue("hub.example", client=True)
    for name, text in (("cert", mine.cert), ("key", mine.key), ("ca", THEIRS.cert)):
        (folder / f"{name}.pem").write_text(text)
    own = THEIRS.issue("127.0.0.1")
    with ExitStack() as stack:
        peers = {
            "mutual": stack.enter_context(HttpsPeer(tls=server_context(own, clients=HUBS))),
            "tokens": stack.enter_context(HttpsPeer(tls=server_context(own))),
            "flaky": stack.enter_context(HttpsPeer()),
            "closed": stack.enter_context(HttpsPeer()),
            "inside": stack.enter_context(HttpsPeer(address="127.0.0.2")),
        }
        peers["tokens"].handler = endpoint.guarding(peers["tokens"].script)
        basic = "auth = 'basic'\nusername = 'hub'\npassword = 'push-s3cret-pw'\n"
        pushes = {
            "mutual": f"auth = 'mtls'\ncert = 'file:{folder}/cert.pem'\nkey = 'file:{folder}/key.pem'\n"
            f"ca = 'file:{folder}/ca.pem'\nattachments = 'zip'",
            "tokens": f"auth = 'oauth2'\ntoken_url = '{peers['tokens'].url('/token')}'\nclient_id = 'hub'\n"
            f"client_secret = 'oauth-s3cret'\nca = 'file:{folder}/ca.pem'\nheaders = {{ x-key = 'api-key-s3cret' }}\n"
            "document_headers = { x-number = 'BT-1', x-sender = 'seller.name', x-note = 'xpath:/*/cbc:Note' }",
            "flaky": basic,
            "closed": basic,
            "inside": basic,
        }
        numbers = {key: f"00371{place:07d}" for place, key in enumerate(pushes)}
        text = _SENDER
        for key, push in pushes.items():
            more = "receive_as = 'finvoice-3.0'" if key == "mutual" else ""
            url = f"url = '{peers[key].url('/inbound')}'\n{push}"
            text += _RECEIVER.format(key=key, number=numbers[key], more=more, push=url)
        file = folder / "companies.toml"
        file.write_text(text)
        hub = stack.enter_context(running_hub(folder / "data", database=_make_database(postgres), companies=file))
        yield Town(hub, peers, endpoint, numbers)


def test_by_mutual_tls_in_its_receivers_syntax_with_its_files_in_one_archive(town: Town) -> None:
    town.send("mutual", "P-1")
    id_, _ = town.delivery("P-1", "delivered")
    (got,) = town.peers["mutual"].received
    assert got.headers["content-type"] == "application/zip"
    assert got.headers["idempotency-key"] == id_
    with zipfile.ZipFile(io.BytesIO(got.body)) as archive:
        (name,) = archive.namelist()
        data = archive.read(name)
    assert formats.recognise(data).syntax == "finvoice-3.0"
    assert formats.read_heading(data).number == "P-1"
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
    assert 1 <= len(town.endpoint.calls) <= 4


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
