"""A hub that speaks TLS: what it agrees on and what not, its certificate renewed, and the proxies that it believes.

One hub for all of it, with two processes that answer. Its callers are at 127.0.0.1, and its proxy at 127.0.0.2.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import _make_database
from tests.peers.certificates import Authority, Certificate
from tests.running import Answer, Hub, invoice, running_hub

PROXY = "127.0.0.2"


@dataclass
class Secured:
    """The hub, who vouches for it, and its files."""

    hub: Hub
    authority: Authority
    cert: Path
    key: Path

    def context(self, **ciphers: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.authority.cert)
        context.set_alpn_protocols(["h2", "http/1.1"])
        if ciphers:
            context.set_ciphers(ciphers["ciphers"])
        return context

    def show(self, own: Certificate) -> None:
        """Put a certificate where the hub looks, the key first, each in one step."""
        for path, text in ((self.key, own.key), (self.cert, own.cert)):
            new = path.with_suffix(".new")
            new.write_text(text)
            new.chmod(0o600)
            new.replace(path)

    def shaken(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A connection after its handshake."""
        plain = socket.create_connection(("127.0.0.1", self.hub.port), timeout=10)
        return (context or self.context()).wrap_socket(plain, server_hostname="127.0.0.1")

    def serial(self) -> int:
        """Of the certificate that is shown."""
        with self.shaken() as line:
            return x509.load_der_x509_certificate(line.getpeercert(binary_form=True) or b"").serial_number

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        via: str = "127.0.0.1",
    ) -> Answer:
        line = http.client.HTTPSConnection(
            "127.0.0.1", self.hub.port, timeout=30, context=self.context(), source_address=(via, 0)
        )
        try:
            line.request(method, path, body, dict(headers or {}))
            response = line.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            line.close()

    def seen_as(self, headers: Mapping[str, str], *, via: str) -> str:
        """The address that the hub takes a caller for who sends *headers*."""
        answer = self.call("GET", "/pagero/whatever", headers=headers, via=via)
        named = answer.header("x-request-id")
        until = time.monotonic() + 5
        while time.monotonic() < until:
            for line in self.hub.log.read_text().splitlines():
                entry = json.loads(line) if line.startswith("{") else {}
                if entry.get("request_id") == named and entry["event"] == "request":
                    return str(entry["address"])
            time.sleep(0.02)
        raise AssertionError(f"no request {named} in the log")


@pytest.fixture(scope="module")
def secured(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority()
    cert, key = folder / "hub.pem", folder / "hub.key"
    own = authority.issue("127.0.0.1", "localhost", key=rsa.generate_private_key(65537, 2048))
    cert.write_text(own.cert)
    key.write_text(own.key)
    key.chmod(0o600)
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key), "--proxy", f"{PROXY}, 10.1.0.0/16")
    arguments += ("--processes", "2", "--failure-rate", "10")
    with running_hub(folder / "data", database=_make_database(postgres), arguments=arguments) as hub:
        yield Secured(hub, authority, cert, key)


# --- what is agreed on ---

ECDHE_RSA, ECDHE_ECDSA = (0xC02F, 0xC030, 0xCCA8), (0xC02B, 0xC02C, 0xCCA9)
#: what no caller gets, whatever else it has not: RC4, 3DES, CBC with SHA-1 and SHA-256, keys without ephemeral ones
REFUSED = {
    "rc4": (0x0005, 0xC011, 0xC007),
    "3des": (0x000A, 0xC012, 0xC008, 0x0016),
    "cbc-sha1": (0xC013, 0xC014, 0xC009, 0xC00A, 0x002F, 0x0035, 0x0033, 0x0039),
    "cbc-sha2": (0xC027, 0xC028, 0xC023, 0xC024, 0x003C, 0x003D),
    "rsa-keys": (0x009C, 0x009D),
    "null-and-export": (0x0001, 0x0002, 0x003B, 0x0003, 0x0008),
    "anonymous": (0x0018, 0x0034, 0x00A6, 0xC018),
}


def hello(version: int, suites: tuple[int, ...]) -> bytes:
    """A ClientHello without the extension of TLS 1.3, which offers compression besides (RFC 5246, 7.4.1.2)."""
    extensions = b"".join(
        struct.pack(">HH", kind, len(data)) + data
        for kind, data in (
            (10, bytes.fromhex("0006001d00170018")),  # groups: x25519, P-256, P-384
            (11, bytes.fromhex("0100")),
            (13, bytes.fromhex("000e0403050308040805040105010201")),
        )
    )
    body = struct.pack(">H", version) + os.urandom(32) + b"\0"
    body += struct.pack(f">H{len(suites)}H", 2 * len(suites), *suites)
    body += b"\x02\x01\x00" + struct.pack(">H", len(extensions)) + extensions
    return b"\x16\x03\x01" + struct.pack(">HBBH", len(body) + 4, 1, 0, len(body)) + body


def said_to(hub: Hub, data: bytes) -> bytes:
    """The first record of what the hub says to these bytes."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(data)
        with line.makefile("rb") as reader:
            head = reader.read(5)
            return head + reader.read(int.from_bytes(head[3:5]))


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302], ids=["ssl3", "tls1.0", "tls1.1"])
def test_what_is_older_than_tls_1_2_is_refused(secured: Secured, version: int) -> None:
    answer = said_to(secured.hub, hello(version, (*ECDHE_RSA, *REFUSED["cbc-sha1"])))
    assert _is_refusal(answer), answer


@pytest.mark.parametrize("suites", list(REFUSED))
def test_ciphers_that_are_refused(secured: Secured, suites: str) -> None:
    answer = said_to(secured.hub, hello(0x0303, REFUSED[suites]))
    assert _is_refusal(answer), answer


def _is_refusal(answer: bytes) -> bool:
    """The line is closed, with an alert before it or without: the loop's own TLS throws the library's alert away."""
    return answer == b"" or (answer[0], answer[5]) == (21, 2)


def test_without_compression(secured: Secured) -> None:
    answer = said_to(secured.hub, hello(0x0303, ECDHE_RSA))
    assert (answer[0], answer[5]) == (22, 2), answer  # a ServerHello
    after_session = 5 + 4 + 2 + 32 + 1 + answer[43]
    suite, compression = struct.unpack(">HB", answer[after_session : after_session + 3])
    assert (suite in ECDHE_RSA, compression) == (True, 0)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_tls_1_2_and_1_3(secured: Secured, version: ssl.TLSVersion) -> None:
    context = secured.context()
    context.minimum_version = context.maximum_version = version
    with secured.shaken(context) as line:
        assert line.version() == version.name.replace("_", ".")
        assert line.selected_alpn_protocol() == "http/1.1"
        assert line.compression() is None
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "cipher", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"]
)
def test_each_cipher_of_tls_1_2(secured: Secured, cipher: str) -> None:
    context = secured.context(ciphers=cipher)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with secured.shaken(context) as line:
        assert (line.cipher() or ("",))[0] == cipher


def test_plain_http_on_that_port_gets_nothing_done(secured: Secured) -> None:
    with socket.create_connection(("127.0.0.1", secured.hub.port), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not line.recv(1000).startswith(b"HTTP")


# --- what is done over it ---


def _basic() -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(b"skog:skog-password").decode()}


def test_a_document_is_taken_and_tokens_name_the_hub_by_https(secured: Secured) -> None:
    sent = {**_basic(), "x-interchange-id": "tls-1", "Content-Type": "application/xml"}
    path = "/pagero/incoming/default/invoice/test"
    assert secured.call("POST", path, invoice("TLS-1"), sent).status == 200
    large = invoice("TLS-2") + b" " * 3_000_000
    assert secured.call("POST", path, large, {**sent, "x-interchange-id": "tls-2"}).status == 200
    told = json.loads(secured.call("GET", "/.well-known/oauth-authorization-server").body)
    assert told["issuer"] == f"https://127.0.0.1:{secured.hub.port}"
    assert f"https://127.0.0.1:{secured.hub.port}/pagero" in secured.hub.output


# --- proxies ---


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),  # what stands left the caller may have written
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, unknown", PROXY),
        ("203.0.113.7, 10.1.2.3:x, 10.1.2.4", "10.1.2.4"),
        ("127.0.0.1", "127.0.0.1"),
        (",".join(["203.0.113.7"] + ["10.1.2.3"] * 40), "10.1.2.3"),
        ("", PROXY),
        (None, PROXY),
    ],
)
def test_a_caller_is_known_by_what_a_proxy_says_of_him(secured: Secured, forwarded: str | None, seen: str) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert secured.seen_as(headers, via=PROXY) == seen


def test_nobody_else_is_believed(secured: Secured) -> None:
    assert secured.seen_as({"X-Forwarded-For": "203.0.113.7"}, via="127.0.0.1") == "127.0.0.1"
    assert secured.seen_as({"X-Forwarded-For": "203.0.113.7"}, via="127.0.0.3") == "127.0.0.3"


def test_what_comes_through_a_proxy_is_not_of_this_machine(secured: Secured) -> None:
    """nginx's own ``proxy_pass`` adds nothing and writes the hub's own address into Host."""
    for path in ("/", "/metrics"):
        assert secured.call("GET", path).status == 200
        assert secured.call("GET", path, via=PROXY).status == 403
        assert secured.call("GET", path, headers={"X-Forwarded-For": "127.0.0.1"}, via=PROXY).status == 403
    assert secured.call("POST", "/validate", b"<a/>", via=PROXY).status == 403
    for path in ("/healthz", "/readyz", "/errors"):
        assert secured.call("GET", path, via=PROXY).status == 200


def test_each_caller_behind_a_proxy_has_a_quota_of_his_own(secured: Secured) -> None:
    wrong = {"Authorization": "Basic " + base64.b64encode(b"skog:wrong").decode()}
    path = "/pagero/incoming/default/invoice/test"
    statuses = [
        secured.call("POST", path, b"", {**wrong, "X-Forwarded-For": "203.0.113.99"}, via=PROXY).status
        for _ in range(20)
    ]
    assert statuses[-1] == 429, statuses  # 10 in a minute, by two processes that count for themselves
    assert secured.call("POST", path, b"", {**wrong, "X-Forwarded-For": "203.0.113.98"}, via=PROXY).status == 401


# --- renewal; the last, for the certificate is another one afterwards ---


def test_a_renewed_certificate_is_taken_up_by_every_process(secured: Secured) -> None:
    before = secured.serial()
    # halfway and wrong things on the disk change nothing
    was = secured.key.read_text()
    secured.key.write_text("nonsense")
    _logged(secured.hub, "the renewed certificate cannot be shown, the former one stays")
    assert secured.serial() == before
    secured.key.write_text(was)
    own = secured.authority.issue("127.0.0.1")  # of ECDSA, where it was RSA
    with secured.shaken() as kept:
        secured.show(own)
        new = x509.load_pem_x509_certificate(own.cert.encode()).serial_number
        assert new != before
        _logged(secured.hub, "certificate renewed", 2)
        until = time.monotonic() + 15
        while (seen := {secured.serial() for _ in range(12)}) != {new}:
            assert time.monotonic() < until, seen
        # the ciphers of the other kind of key are there, and who was connected before stays so
        context = secured.context(ciphers="ECDHE-ECDSA-CHACHA20-POLY1305")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with secured.shaken(context) as line:
            assert (line.cipher() or ("",))[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    _logged(secured.hub, "certificate", 2)  # it ends tomorrow
    log = secured.hub.log.read_text()
    assert "PRIVATE KEY" not in log
    assert "Traceback" not in log


def _logged(hub: Hub, event: str, times: int = 1) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        if sum(one["event"] == event for one in hub.logged()) >= times:
            return
        time.sleep(0.05)
    raise AssertionError(f"{event!r} is not {times} times in the log")


def test_certificates_are_what_this_test_takes_them_for(secured: Secured) -> None:
    key = serialization.load_pem_private_key(secured.authority.issue("a").key.encode(), None)
    assert not isinstance(key, rsa.RSAPrivateKey)
