"""TLS to a real server: whom the hub believes, what it shows of itself, and calls by way of a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from fakturahub.config import Secret
from fakturahub.errors import UnusableCredential
from fakturahub.model import Fault
from fakturahub.outbound.tls import client_context
from tests.peers.certificates import Authority, Certificate, server_context
from tests.peers.https import HttpsPeer
from tests.peers.proxy import ProxyPeer
from tests.unit.outbound.calling import Names, answered, call, calling, failed

OURS = Authority()
THEIRS = Authority("Another authority")
SERVER = OURS.issue("firm.example", "127.0.0.1")


@contextmanager
def serving(own: Certificate = SERVER, clients: Authority | None = None) -> Iterator[HttpsPeer]:
    with HttpsPeer(tls=server_context(own, clients=clients)) as peer:
        yield peer


@contextmanager
def shaking_hands(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server on blocking sockets, whose library sends alerts, for one connection; without TLS where None."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, suppress(ssl.SSLError):
            if context is None:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(65_536)
            else:
                context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


async def test_a_server_that_the_given_authority_vouches_for() -> None:
    with serving() as peer:
        async with calling() as client:
            one = call(peer.url(host="firm.example"), ca=OURS.cert)
            assert answered(await client.call(one)).status == 200
            assert answered(await client.call(one)).status == 200
            assert answered(await client.call(call(peer.url(), ca=OURS.cert))).status == 200
    assert [one.connection for one in peer.received] == [1, 1, 2]


@pytest.mark.parametrize(
    ("own", "ca", "words"),
    [
        (SERVER, None, "does not know the authority"),
        (SERVER, THEIRS.cert, "does not know the authority"),
        (OURS.issue("firm.example", starts=timedelta(days=-3), ends=timedelta(days=-1)), OURS.cert, "has expired"),
        (OURS.issue("firm.example", starts=timedelta(days=1), ends=timedelta(days=2)), OURS.cert, "not valid yet"),
        (OURS.issue("other.example"), OURS.cert, "for another name"),
        (OURS.issue("firm.example", client=True), OURS.cert, "not accepted"),
    ],
)
async def test_a_server_that_is_not_believed(own: Certificate, ca: str | None, words: str) -> None:
    with serving(own) as peer:
        async with calling() as client:
            made = failed(await client.call(call(peer.url(host="firm.example"), ca=ca)))
        assert peer.received == []
    assert words in made.trouble.detail
    assert made.trouble.detail.startswith(f"The certificate of firm.example:{peer.port} is not accepted:")
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, False)


async def test_a_servers_own_certificate_can_be_trusted_by_itself() -> None:
    """For a server whose authority nobody gave: it is that certificate, or none."""
    own = THEIRS.issue("firm.example", "127.0.0.1")
    with serving(own) as peer:
        async with calling() as client:
            assert answered(await client.call(call(peer.url(host="firm.example"), ca=own.cert))).status == 200
            made = failed(await client.call(call(peer.url(host="firm.example"), ca=SERVER.cert)))
    assert "does not know the authority" in made.trouble.detail


async def test_a_client_certificate_is_shown_where_the_server_wants_one() -> None:
    mine = THEIRS.issue("hub.example", client=True)
    with serving(clients=THEIRS) as peer:
        async with calling() as client:
            answered(await client.call(call(peer.url(), ca=OURS.cert, cert=(mine.cert, mine.key))))
    assert "hub.example" in str(peer.received[0].certificate)


@pytest.mark.parametrize("shown", [None, OURS.issue("hub.example", client=True)])
async def test_a_server_that_wants_another_client_certificate(shown: Certificate | None) -> None:
    with serving(clients=THEIRS) as peer:
        async with calling() as client:
            cert = None if shown is None else (shown.cert, shown.key)
            made = failed(await client.call(call(peer.url(), ca=OURS.cert, cert=cert)))
        assert peer.received == []
    assert made.trouble.detail.endswith("Where it wants a client certificate, it does not want this one.")
    assert (made.trouble.fault, made.trouble.connected) == (Fault.RECEIVER, True)


@pytest.mark.parametrize(
    ("shown", "words"),
    [(None, "want a client certificate"), (OURS.issue("hub.example", client=True), "does not accept the hub's client")],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_says_so(shown: Certificate | None, words: str, version: ssl.TLSVersion) -> None:
    context = server_context(SERVER, clients=THEIRS)
    context.minimum_version = context.maximum_version = version
    with shaking_hands(context) as port:
        async with calling() as client:
            cert = None if shown is None else (shown.cert, shown.key)
            made = failed(await client.call(call(f"https://127.0.0.1:{port}/", ca=OURS.cert, cert=cert)))
    assert words in made.trouble.detail or (
        # What it says may be lost when it closes the connection right behind it.
        version is ssl.TLSVersion.TLSv1_3 and "it does not want this one" in made.trouble.detail
    )
    assert made.trouble.fault is Fault.RECEIVER


async def test_connections_are_not_shared_between_credentials() -> None:
    first, second = (THEIRS.issue(name, client=True) for name in ("one.example", "two.example"))
    with serving(clients=THEIRS) as peer:
        async with calling() as client:
            for mine in (first, second):
                answered(await client.call(call(peer.url(), ca=OURS.cert, cert=(mine.cert, mine.key))))
    shown = [str(one.certificate) for one in peer.received]
    assert "one.example" in shown[0]
    assert "two.example" in shown[1]


async def test_a_server_without_tls_and_one_with_an_old_version() -> None:
    with shaking_hands(None) as port:
        async with calling() as client:
            made = failed(await client.call(call(f"https://127.0.0.1:{port}/", ca=OURS.cert)))
    assert "does not speak TLS" in made.trouble.detail
    old = server_context(SERVER)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with shaking_hands(old) as port:
        async with calling() as client:
            made = failed(await client.call(call(f"https://127.0.0.1:{port}/", ca=OURS.cert)))
    assert "no version of TLS from 1.2 on" in made.trouble.detail


async def test_plain_http_on_a_tls_port() -> None:
    with serving() as peer:
        async with calling() as client:
            made = failed(await client.call(call(f"http://127.0.0.1:{peer.port}/")))
    assert made.trouble.connected


@pytest.mark.parametrize(
    ("ca", "cert", "key", "words"),
    [
        ("no PEM", None, None, "`ca` holds no certificate"),
        ("å", None, None, "`ca` holds no certificate"),
        (None, SERVER.cert, OURS.issue("x").key, "not the key of the certificate"),
        (None, SERVER.key, SERVER.key, "not a certificate and its key"),
        (None, SERVER.cert, "-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----", "not a certificate"),
        (None, *[getattr(OURS.issue("x", password=b"pw"), name) for name in ("cert", "key")], "locked"),
    ],
)
def test_a_credential_that_cannot_be_used(ca: str | None, cert: str | None, key: str | None, words: str) -> None:
    with pytest.raises(UnusableCredential) as refused:
        client_context(ca=ca, cert=cert, key=None if key is None else Secret(key))
    assert words in str(refused.value)
    assert "TOPSECRET" not in str(refused.value)
    assert refused.value.__cause__ is None


# --- by way of a proxy ----------------------------------------------------------------------------------------------


async def test_calls_go_by_the_proxy_which_resolves_the_name() -> None:
    names = Names()
    with serving() as secure, HttpsPeer() as plain, ProxyPeer({"firm.example": "127.0.0.1"}) as proxy:
        async with calling(names) as client:
            by = proxy.url("hub:pass%40word")
            answered(await client.call(call(secure.url(host="firm.example"), ca=OURS.cert, proxy=by)))
            answered(await client.call(call(plain.url("/in?a=b", host="firm.example"), proxy=by)))
    assert set(names.asked) == {"proxy.example"}
    assert [asked[0] for asked in proxy.asked] == [
        f"CONNECT firm.example:{secure.port} HTTP/1.1",
        f"POST http://firm.example:{plain.port}/in?a=b HTTP/1.1",
    ]
    assert {asked[1]["proxy-authorization"] for asked in proxy.asked} == {"Basic aHViOnBhc3NAd29yZA=="}
    assert "content-type" not in proxy.asked[0][1]
    assert "proxy-authorization" not in secure.received[0].headers
    assert plain.received[0].target == "/in?a=b"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "0x7f.1"])
async def test_what_needs_no_name_server_is_judged_before_the_proxy_sees_it(host: str) -> None:
    with ProxyPeer({}) as proxy:
        async with calling(trusted=("127.0.0.0/24",) if host.startswith("169") else ()) as client:
            made = failed(await client.call(call(f"http://{host}/", proxy=proxy.url())))
    assert proxy.asked == []
    assert made.trouble.fault is Fault.RECEIVER


async def test_a_proxy_is_a_target_itself() -> None:
    with ProxyPeer({}) as proxy:
        async with calling(trusted=()) as client:
            made = failed(await client.call(call("http://firm.example/", proxy=proxy.url())))
    assert proxy.asked == []
    assert "proxy.example leads to 127.0.0.1" in made.trouble.detail


async def test_a_proxy_that_fails_is_no_fault_of_the_receiver() -> None:
    with ProxyPeer({}, refuses=407) as proxy:
        async with calling() as client:
            made = failed(await client.call(call("https://firm.example/", ca=OURS.cert, proxy=proxy.url("u:secret"))))
    assert "answered 407" in made.trouble.detail
    assert made.trouble.fault is Fault.OURS
    async with calling() as client:
        made = failed(await client.call(call("https://firm.example/", proxy="http://u:secret@proxy.example:1")))
    assert made.trouble.detail.startswith("The proxy cannot be used. proxy.example:1 refused")
    assert made.trouble.fault is Fault.OURS
    assert "secret" not in str(made)
