"""HTTP as clients really speak it: expectations, chunks, old versions, connections that are kept, and broken ones."""

from __future__ import annotations

import time

import pytest

from tests.running import Hub, invoice
from tests.wire.pagero.interchange import PATH, paragraphs, posting, submission_of
from tests.wire.raw import Wire, basic, chunked, connected, exchange, head
from tests.wire.stored import count_numbered

H2C = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)


def padded(number: str, size: int) -> bytes:
    return invoice(number).replace(b"</Invoice>", b"<!--" + b"x" * size + b"--></Invoice>")


def test_the_client_that_waits_is_told_to_go_on_before_it_sends_the_body(hub: Hub) -> None:
    body = invoice("PT-1")
    for expectation in ("100-continue", "100-Continue"):
        with connected(hub.port) as wire:
            wire.send(posting(b"", f"Expect: {expectation}", key="pt-1", length=len(body)))
            assert wire.answer().wire == b"HTTP/1.1 100 Continue\r\n\r\n"
            assert wire.silent(0.1)
            wire.send(body)
            assert wire.answer().status == 200


def test_the_client_that_waits_in_vain_sends_nothing(hub: Hub) -> None:
    for path, length, status in ((PATH + "x", 9, 404), (PATH, 10**9, 413)):
        with connected(hub.port) as wire:
            wire.send(posting(b"", "Expect: 100-continue", path=path, length=length))
            assert wire.answer().status == status


@pytest.mark.parametrize("size", [1, 7, 100, 4096, 10**6])
def test_bodies_in_chunks(hub: Hub, size: int) -> None:
    body = invoice(f"PT-2-{size}")
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    request = posting(b"", "Transfer-Encoding: chunked", key=f"pt-2-{size}") + chunked(*pieces)
    first = exchange(hub.port, request)
    whole = posting(body, key=f"pt-2-{size}")
    assert exchange(hub.port, whole).body == first.body


def test_chunks_with_extensions_and_trailers(hub: Hub) -> None:
    body = invoice("PT-3")
    sent = b'%X;name=value;other="a b"\r\n%b\r\n000;last\r\nx-checksum: abc\r\n\r\n' % (len(body), body)
    with connected(hub.port) as wire:
        wire.send(posting(b"", "Transfer-Encoding: chunked", "Trailer: x-checksum") + sent)
        assert wire.answer().status == 200
        wire.send(posting(body))
        assert wire.answer().status == 200
    assert count_numbered(hub, "PT-3") == 1


def test_http_1_0_needs_no_host_and_gets_one_answer(hub: Hub) -> None:
    for fields in ([], ["Connection: keep-alive"]):
        request = posting(invoice("PT-4"), *fields, key="pt-4", version="1.0", host=None)
        with connected(hub.port) as wire:
            wire.send(request)
            answer = wire.answer()
            assert answer.status_line == "HTTP/1.1 200 OK"
            assert answer.names[-1] == "connection"
            assert answer.field("connection") == "close"
            assert wire.ended()


def test_a_connection_is_kept_until_the_client_has_enough(hub: Hub) -> None:
    with connected(hub.port) as wire:
        for number in range(5):
            wire.send(posting(invoice(f"PT-5-{number}")))
            assert wire.answer().field("connection") is None
        wire.send(posting(invoice("PT-5-last"), "Connection: close"))
        assert wire.answer().field("connection") == "close"
        assert wire.ended()


@pytest.mark.parametrize("size", [0, 100_000, 400_000])
@pytest.mark.parametrize("cut", [0, 1, 60, 200])
def test_requests_sent_ahead_are_answered_in_their_order(hub: Hub, size: int, cut: int) -> None:
    """Wherever the bytes are cut between them: *cut* bytes of the second header arrive with the first body."""
    keys = [f"PT-6-{size}-{cut}-{number}" for number in range(3)]
    requests = [posting(padded(key, size), key=key) for key in keys]
    with connected(hub.port) as wire:
        wire.send(requests[0] + requests[1][:cut])
        time.sleep(0.05)
        wire.send(requests[1][cut:] + requests[2])
        told = [submission_of(wire.answer()) for _ in keys]
    assert [submission_of(exchange(hub.port, one)) for one in requests] == told


def test_a_refusal_before_the_body_does_not_mix_up_what_follows(hub: Hub) -> None:
    body = posting(invoice("PT-7-inner"), key="pt-7-inner")  # a body that looks like a request
    with connected(hub.port, source="127.0.0.26") as wire:
        wire.send(posting(body, authorization=basic("skog", "wrong")) + posting(invoice("PT-7"), key="pt-7"))
        assert [wire.answer().status, wire.answer().status] == [401, 200]
        assert wire.silent(0.2)
    assert count_numbered(hub, "PT-7-inner") == 0


def test_a_request_that_comes_byte_by_byte(hub: Hub) -> None:
    request = posting(invoice("PT-8"), key="pt-8")
    with connected(hub.port) as wire:
        for at in range(0, 400):
            wire.send(request[at : at + 1])
        wire.send(request[400:])
        assert wire.answer().status == 200


@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_of_another_protocol_is_declined_and_the_body_read(hub: Hub, apart: bool) -> None:
    """Java's HttpClient offers h2c in its first request over plain HTTP."""
    number = f"PT-9-{apart}"
    request = posting(invoice(number), *H2C, "User-Agent: Java-http-client/17.0.9", key=number)
    end = request.index(b"\r\n\r\n") + 4
    with connected(hub.port) as wire:
        if apart:
            wire.send(request[:end])
            time.sleep(0.05)
            wire.send(request[end:])
        else:
            wire.send(request)
        answer = wire.answer()
        assert answer.field("upgrade") is None
        first = submission_of(answer)
        wire.send(posting(invoice(number), key=number))
        assert submission_of(wire.answer()) == first
    assert hub.storage_of(number)["StorageStatus"] == "UNRECEIVED"


def test_the_body_behind_an_offer_is_never_read_as_a_request(hub: Hub) -> None:
    inner = posting(invoice("PT-10-inner"), key="pt-10-inner")
    request = posting(inner, *H2C)
    end = request.index(b"\r\n\r\n") + 4
    with connected(hub.port) as wire:
        wire.send(request[:end])
        time.sleep(0.05)
        wire.send(request[end:])
        assert paragraphs(wire.answer())[0] == "Code not-xml"
        assert wire.silent(0.2)
    assert count_numbered(hub, "PT-10-inner") == 0


def test_an_offer_keeps_the_other_wishes_of_its_connection(hub: Hub) -> None:
    fields = ("Connection: close, Upgrade", "Upgrade: websocket", "Transfer-Encoding: chunked")
    with connected(hub.port) as wire:
        wire.send(posting(b"", *fields, key="pt-11") + chunked(invoice("PT-11")))
        assert wire.answer().field("connection") == "close"
        assert wire.ended()


def test_a_client_that_goes_away_with_half_a_body_leaves_nothing_behind(hub: Hub) -> None:
    body = invoice("PT-12")
    wire = Wire(hub.port)
    wire.send(posting(body[:-100], key="pt-12", length=len(body)))
    time.sleep(0.05)
    wire.reset()
    assert exchange(hub.port, posting(invoice("PT-12-other"), key="pt-12")).status == 200
    assert count_numbered(hub, "PT-12") == 0


def test_offers_without_end_are_not_followed(hub: Hub) -> None:
    """Each would have the rest of the data read anew."""
    offer = head("GET /healthz HTTP/1.1", "Connection: upgrade", "Upgrade: x")
    with connected(hub.port) as wire:
        for number in range(3):  # one after the other they are as good as any request
            wire.send(offer)
            assert wire.answer().status == 200, number
        wire.send(offer * 200)
        assert wire.rest().endswith(b"Invalid HTTP request received.")
    assert exchange(hub.port, head("GET /healthz HTTP/1.1")).status == 200


MALFORMED = """\
HTTP/1.1 400 Bad Request
date: DATE
content-type: text/plain; charset=utf-8
content-length: 30
connection: close

Invalid HTTP request received."""


@pytest.mark.parametrize(
    "request_bytes",
    [
        # As printed on the operator's page: a request line whose path has no slash is no HTTP.
        head("POST incoming/default/invoice/test HTTP/1.1", basic(), "Content-Length: 0"),
        head(f"POST {PATH} HTTP/1.1", basic(), "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head(f"POST {PATH} HTTP/1.1", basic(), "Content-Length: 5", "Content-Length: 6") + b"<a/>  ",
        head(f"POST {PATH} HTTP/1.1", basic(), "Content-Length: -1"),
        head(f"POST {PATH} HTTP/1.1", "No colon here", "Content-Length: 0"),
        head("CONNECT 127.0.0.1:80 HTTP/1.1"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,  # TLS, spoken to a port without it
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello\r\n\r\n",
        head("GET /healthz HTTP/1.1", "Connection: upgrade", "Upgrade: x", "Content-Length: x"),
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(hub: Hub, request_bytes: bytes) -> None:
    with connected(hub.port) as wire:
        wire.send(request_bytes)
        assert wire.answer().shown == MALFORMED
        assert wire.ended()
