"""One hub whose companies have their documents posted to servers of their own, each in another way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance import stored
from tests.peers.certificates import Authority, server_context
from tests.peers.https import HttpsPeer, TokenEndpoint
from tests.peers.proxy import ProxyPeer
from tests.running import Hub, invoice, running_hub
from tests.unit.dialects.apix.transfers import ATTACHMENT, PICTURE
from tests.wire.apix.sending import bill, pdf, sent, transfer
from tests.wire.companies import Reader

HUBS = Authority("The hub's authority")
THEIRS = Authority("The receivers' authority")
SECRETS = (
    "push-s3cret-pw",
    "oauth-s3cret",
    "api-key-s3cret",
    "query-s3cret",
    "erp-s3cret-pw",
    "proxy-s3cret",
)
#: a name that only the proxy knows
INNER = "erp.inside.example"
#: sends by Apix
SELLER = Reader("seller", "5a1e0f6e-55aa-44ce-b025-seller", "seller-key", "003712345671")

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
    #: of the receivers that take tokens, by their keys
    endpoints: dict[str, TokenEndpoint]
    proxy: ProxyPeer
    numbers: dict[str, str]

    def addressed(self, to: str, number: str, text: bytes) -> bytes:
        """*text*, made of the example invoice, for one of the receivers."""
        text = text.replace(b"003727901319", self.numbers[to].encode())
        return text.replace(b"2790131-9", self.numbers[to].encode()).replace(b"FI27901319", b"FI" + number.encode())

    def send(self, to: str, number: str, source: bytes | None = None) -> bytes:
        """Have the hub take an invoice by the Interchange; its bytes."""
        text = self.addressed(to, number, source or invoice(number))
        answered = self.hub.post(text, key=number)
        assert answered.status == 200, answered
        return text

    def send_by_apix(self, to: str, number: str) -> bytes:
        """Have the hub take a Finvoice by Apix, with its picture and an attachment of two pages; its bytes."""
        links = (PICTURE, "file://lasku.pdf"), (ATTACHMENT, "file://liite.pdf")
        text = bill(number, SELLER, None, *links, to=self.numbers[to])
        answered = sent(self.hub, "invoices", SELLER, transfer(text, lasku_pdf=pdf(), liite_pdf=pdf(2)))
        assert b"<Status>OK</Status>" in answered.body, answered
        return text

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

    def document_id(self, number: str) -> str:
        ((id_,),) = stored.rows(stored.url_of(self.hub), "SELECT id::text FROM document WHERE number = $1", number)
        assert isinstance(id_, str)
        return id_


def _oauth2(peer: HttpsPeer, ca: Path, *more: str) -> str:
    lines = (
        "auth = 'oauth2'",
        f"token_url = '{peer.url('/token')}'",
        "client_id = 'hub'",
        "client_secret = 'oauth-s3cret'",
        f"ca = 'file:{ca}'",
        *more,
    )
    return "\n".join(lines)


@contextmanager
def town_of(folder: Path, database: str) -> Iterator[Town]:
    mine = HUBS.issue("hub.example", client=True)
    own, inner = THEIRS.issue("127.0.0.1"), THEIRS.issue(INNER)
    for name, text in (("cert", mine.cert), ("key", mine.key), ("ca", THEIRS.cert), ("own", own.cert)):
        (folder / f"{name}.pem").write_text(text)
    ca, shown = folder / "ca.pem", f"cert = 'file:{folder}/cert.pem'\nkey = 'file:{folder}/key.pem'"
    endpoints = {"tokens": TokenEndpoint(), "password": TokenEndpoint()}
    endpoints["password"].credentials = "basic"
    with ExitStack() as stack:
        peers = {
            "mutual": stack.enter_context(HttpsPeer(tls=server_context(own, clients=HUBS))),
            "tokens": stack.enter_context(HttpsPeer(tls=server_context(own))),
            "flaky": stack.enter_context(HttpsPeer()),
            "closed": stack.enter_context(HttpsPeer()),
            "inside": stack.enter_context(HttpsPeer(address="127.0.0.2")),
            "erp": stack.enter_context(HttpsPeer(tls=server_context(own))),
            "password": stack.enter_context(HttpsPeer(tls=server_context(own))),
            "brisk": stack.enter_context(HttpsPeer(tls=server_context(own, clients=HUBS))),
            "behind": stack.enter_context(HttpsPeer(tls=server_context(inner))),
            "behind-plain": stack.enter_context(HttpsPeer()),
        }
        proxy = stack.enter_context(ProxyPeer({INNER: "127.0.0.1"}))
        for key, endpoint in endpoints.items():
            peers[key].handler = endpoint.guarding(peers[key].script)
        basic = "auth = 'basic'\nusername = 'hub'\npassword = 'push-s3cret-pw'\n"
        by_proxy = f"{basic}proxy = 'http://hub:proxy-s3cret@127.0.0.1:{proxy.port}'\n"
        pushes = {
            "mutual": f"auth = 'mtls'\n{shown}\nca = 'file:{ca}'\nattachments = 'zip'",
            "tokens": _oauth2(
                peers["tokens"],
                ca,
                "headers = { x-key = 'api-key-s3cret' }",
                "document_headers = { x-number = 'BT-1', x-sender = 'seller.name', x-note = 'xpath:/*/cbc:Note' }",
            ),
            "flaky": f"{basic}retry = ['1s']",
            "closed": basic,
            "inside": basic,
            # its own certificate, which is no authority's
            "erp": "auth = 'basic'\nusername = 'åke'\npassword = 'erp-s3cret-pw ö'\n"
            f"ca = 'file:{folder}/own.pem'\nmethod = 'PUT'\ncontent_type = 'text/xml; charset=utf-8'\nsuccess = '204'\n"
            "headers = { X-Tenant = 'tenant 7', User-Agent = 'Acme-Bridge/2', x-interchange-id = 'fixed 1' }\n"
            "document_headers = { X-Number = 'BT-1', X-Buyer = 'buyer.name', X-Payable = 'totals.payable', "
            "X-Line = 'BT-153', X-Due = 'BT-9', X-Xpath = 'xpath:/Finvoice/InvoiceDetails/InvoiceTypeText', "
            "X-Project = 'BT-11' }",
            "password": _oauth2(
                peers["password"],
                ca,
                "grant = 'password'",
                "username = 'hub-user'",
                "password = 'push-s3cret-pw'",
                "client_auth = 'basic'",
                "scope = 'in voices'",
                "audience = 'https://erp.example/'",
            ),
            "brisk": f"{basic}{shown}\nca = 'file:{ca}'\nat_once = 1\nretry = ['1s']\ngive_up_after = '2s'",
            "behind": f"{by_proxy}ca = 'file:{ca}'",
            "behind-plain": by_proxy,
        }
        urls = {key: peers[key].url("/inbound") for key in pushes}
        urls["erp"] = peers["erp"].url("/in%20bound/v1?key=query-s3cret&to=a%2Fb")
        for key in ("behind", "behind-plain"):
            urls[key] = peers[key].url("/inbound?a=1", host=INNER)
        wishes = {"mutual": "finvoice-3.0", "erp": "peppol-bis-3"}
        numbers = {key: f"00371{place:07d}" for place, key in enumerate(pushes)}
        text = _SENDER + SELLER.table
        for key, push in pushes.items():
            more = f"receive_as = '{wishes[key]}'" if key in wishes else ""
            push = f"url = '{urls[key]}'\n{push}"
            text += _RECEIVER.format(key=key, number=numbers[key], more=more, push=push)
        file = folder / "companies.toml"
        file.write_text(text)
        hub = stack.enter_context(running_hub(folder / "data", database=database, companies=file))
        yield Town(hub, peers, endpoints, proxy, numbers)
