"""Requests as the clients of the Interchange send them, byte for byte where it matters.

No program that speaks the Interchange is public, so these are the HTTP libraries that its users have (specification 9);
the first is the operator's own example.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.running import ROOT, Hub, invoice
from tests.wire.pagero.interchange import PATH, paragraphs, posting, submission_of
from tests.wire.raw import Wire, basic, connected, exchange

USER = basic().removeprefix("Authorization: ")

#: client -> its request line and header fields in its own order; what stands in braces is filled in
REQUESTS = {
    "Apache HttpClient": """\
POST {path} HTTP/1.1
x-interchange-id: {key}
Content-Type: application/xml
Content-Length: {length}
Host: {host}
Connection: Keep-Alive
User-Agent: Apache-HttpClient/4.5 (Java/1.7.0_72)
Accept-Encoding: gzip,deflate
Authorization: {user}
""",
    "curl": """\
POST {path} HTTP/1.1
Host: {host}
Authorization: {user}
User-Agent: curl/7.88.1
Accept: */*
x-interchange-id: {key}
Content-Type: application/xml
Content-Length: {length}
""",
    "Python requests": """\
POST {path} HTTP/1.1
Host: {host}
User-Agent: python-requests/2.31.0
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive
x-interchange-id: {key}
Content-Length: {length}
Authorization: {user}
""",
    "Python httpx": """\
POST {path} HTTP/1.1
Host: {host}
Accept: */*
Accept-Encoding: gzip, deflate
Connection: keep-alive
User-Agent: python-httpx/0.27.0
X-Interchange-Id: {key}
Content-Length: {length}
Authorization: {user}
""",
    "Perl LWP": """\
POST {path} HTTP/1.1
TE: deflate,gzip;q=0.3
Connection: TE, close
Authorization: {user}
Host: {host}
User-Agent: libwww-perl/6.68
Content-Length: {length}
Content-Type: application/xml
X-Interchange-ID: {key}
""",
    "PHP curl": """\
POST {path} HTTP/1.1
Host: {host}
Authorization: {user}
Accept: */*
x-interchange-id: {key}
Content-Length: {length}
Content-Type: application/x-www-form-urlencoded
""",
    "PHP streams": """\
POST {path} HTTP/1.0
Authorization: {user}
Host: {host}
Connection: close
Content-Length: {length}
Content-Type: application/xml
x-interchange-id: {key}
""",
    "Ruby rest-client": """\
POST {path} HTTP/1.1
Accept: */*
User-Agent: rest-client/2.1.0 (linux-gnu x86_64) ruby/3.1.2p20
X-Interchange-Id: {key}
Content-Type: application/xml
Content-Length: {length}
Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3
Host: {host}
Authorization: {user}
""",
    "Go net/http": """\
POST {path} HTTP/1.1
Host: {host}
User-Agent: Go-http-client/1.1
Content-Length: {length}
Authorization: {user}
Content-Type: application/xml
X-Interchange-Id: {key}
Accept-Encoding: gzip
""",
    "Java HttpURLConnection": """\
POST {path} HTTP/1.1
Authorization: {user}
x-interchange-id: {key}
Content-Type: application/xml
User-Agent: Java/1.8.0_392
Host: {host}
Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2
Connection: keep-alive
Content-Length: {length}
""",
}


@pytest.mark.parametrize("client", REQUESTS)
def test_a_request_as_this_client_writes_it(hub: Hub, client: str) -> None:
    key = f"PC-1 {client}"
    body = invoice(key)
    text = REQUESTS[client].format(path=PATH, key=key, length=len(body), host=f"127.0.0.1:{hub.port}", user=USER)
    with connected(hub.port) as wire:
        wire.send(text.replace("\n", "\r\n").encode() + b"\r\n")
        wire.send(body)
        answer = wire.answer()
        first = submission_of(answer)
        assert paragraphs(answer) == [f"Submission {first}"]
        closes = "HTTP/1.0" in text or "close" in text
        assert answer.field("connection") == ("close" if closes else None)
        if closes:
            assert wire.ended()
    assert submission_of(exchange(hub.port, posting(body, key=key))) == first


def test_net_waits_for_the_go_ahead_and_answers_the_challenge_first(hub: Hub) -> None:
    """.NET Framework: no credentials before it was asked for them, Expect: 100-continue, one connection."""
    body = invoice("PC-2")
    fields = ("Content-Type: application/xml", "x-interchange-id: pc-2", "Expect: 100-continue")
    with connected(hub.port, source="127.0.0.27") as wire:
        wire.send(posting(b"", *fields, "Connection: Keep-Alive", authorization=None, length=len(body)))
        challenge = wire.answer()
        assert (challenge.status, challenge.field("www-authenticate")) == (
            401,
            'Basic realm="Pagero Interchange", charset="UTF-8"',
        )
        wire.send(body)  # announced and not called back
        wire.send(posting(b"", *fields, length=len(body)))
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200


def test_java_httpclient_offers_h2c_and_sends_chunks(hub: Hub) -> None:
    fields = (
        "Connection: Upgrade, HTTP2-Settings",
        f"Host: 127.0.0.1:{hub.port}",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Transfer-encoding: chunked",
        "Upgrade: h2c",
        "User-Agent: Java-http-client/17.0.9",
    )
    body = invoice("PC-3")
    with connected(hub.port) as wire:
        wire.send(posting(b"", *fields, key="pc-3", host=None))
        time.sleep(0.05)
        wire.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        first = submission_of(wire.answer())
    assert submission_of(exchange(hub.port, posting(body, key="pc-3"))) == first


def _curl_itself(hub: Hub, file: Path) -> str:
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--include", "-u", "skog:skog-password"),
            *("-H", "x-interchange-id: pc-4", "-H", "Content-Type: application/xml", "-H", "Expect: 100-continue"),
            *("--data-binary", f"@{file}", f"http://127.0.0.1:{hub.port}{PATH}"),
        ],
        capture_output=True,
        timeout=30,
        check=True,
    )
    return done.stdout.decode()


def _as_curl(hub: Hub, file: Path) -> str:
    body = file.read_bytes()
    text = REQUESTS["curl"].format(path=PATH, key="pc-4", length=len(body), host=f"127.0.0.1:{hub.port}", user=USER)
    wire = Wire(hub.port)
    wire.send((text + "Expect: 100-continue\n\n").replace("\n", "\r\n").encode())
    interim = wire.answer()
    wire.send(body)
    final = wire.answer()
    wire.close()
    return (interim.wire + final.wire).decode()


def test_the_command_of_the_specification(hub: Hub) -> None:
    """With curl itself where the machine has it, else with its bytes."""
    file = ROOT / "examples" / "invoice-with-attachment.xml"
    shown = (_curl_itself if shutil.which("curl") else _as_curl)(hub, file)
    assert shown.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert shown.count("<h1>Received</h1>") == 1
    again = posting(file.read_bytes(), key="pc-4")
    assert exchange(hub.port, again).body.decode() in shown
