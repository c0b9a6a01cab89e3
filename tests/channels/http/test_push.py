"""Pushes to a real server: what arrives, what is kept of it, and that nothing secret is."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, quote_plus
from uuid import uuid4

import msgspec
import pytest

from fakturahub.config import Secret, status_codes
from fakturahub.model import Fault, Result
from fakturahub.model.outgoing import KEPT_OF_ANSWER
from tests.channels.http.parcels import DOCUMENT, PASSWORD, basic, channel, oauth2, parcel, push
from tests.peers.certificates import Authority, server_context
from tests.peers.https import HttpsPeer, Received, TokenEndpoint, answer, closed_port, drop, raw, reset, slow, trickle
from tests.unit.outbound.calling import Names


@pytest.fixture
def peer() -> Iterator[HttpsPeer]:
    with HttpsPeer() as running:
        yield running


# --- what arrives ---------------------------------------------------------------------------------------------------


async def test_a_document_arrives_with_what_names_it(peer: HttpsPeer) -> None:
    one = parcel(push(peer.url("/in?key=hidden")), attempt=3)
    async with channel() as http:
        outcome = await http.send(one)
    assert (outcome.result, outcome.fault) == (Result.DELIVERED, Fault.NONE)
    (got,) = peer.received
    assert (got.method, got.target, got.body) == ("POST", "/in?key=hidden", DOCUMENT)
    id_ = str(one.delivery_id)
    assert got.headers["content-type"] == "application/xml"
    assert got.headers["idempotency-key"] == got.headers["x-delivery-id"] == got.headers["x-interchange-id"] == id_
    assert got.headers["x-document-id"] == str(one.document_id)
    assert got.headers["x-delivery-attempt"] == "3"
    assert got.headers["content-length"] == str(len(DOCUMENT))
    assert got.headers["user-agent"].startswith("Fakturahub/")
    assert outcome.record is not None
    assert outcome.record.to == peer.url("/in")
    assert (outcome.record.sent, outcome.record.received) == (len(DOCUMENT), 0)
    assert {"connect", "answer"} <= set(outcome.record.timings)
    assert "hidden" not in str(outcome)


async def test_method_and_content_type_and_success_are_settings(peer: HttpsPeer) -> None:
    peer.script.always = answer(409)
    way = push(peer.url(), method="PUT", content_type="text/xml; charset=utf-8", success=status_codes("201,409"))
    async with channel() as http:
        assert (await http.send(parcel(way))).result is Result.DELIVERED
        peer.script.always = answer(200)
        outcome = await http.send(parcel(way))
    assert outcome.result is Result.RETRY
    assert outcome.detail.endswith("answered 200 OK. That is not among the statuses of `success`.")
    assert (peer.received[0].method, peer.received[0].headers["content-type"]) == ("PUT", "text/xml; charset=utf-8")


async def test_fields_of_the_receiver_and_of_the_document(peer: HttpsPeer) -> None:
    way = push(
        peer.url(),
        headers={"X-Tenant": Secret(" skog "), "x-interchange-id": Secret("theirs"), "user-agent": Secret("me")},
        document_headers={"X-Number": "number", "X-Seller": "seller.name", "X-None": "due_date", "X-Evil": "note"},
    )
    terms = {"number": "17", "seller.name": "Skog & Såg", "due_date": None, "note": "a\r\nX-Injected: 1\r\n\r\nbody"}
    async with channel() as http:
        outcome = await http.send(parcel(way, terms=terms))
    headers = peer.received[0].headers
    assert (headers["x-tenant"], headers["x-interchange-id"], headers["user-agent"]) == ("skog", "theirs", "me")
    assert (headers["x-number"], headers["x-seller"]) == ("17", "UTF-8''Skog%20&%20S%C3%A5g")
    assert "x-none" not in headers
    assert headers["x-evil"] == "a X-Injected: 1 body"
    assert "x-injected" not in headers
    assert peer.received[0].body == DOCUMENT
    assert outcome.record is not None
    assert "X-Tenant: [redacted]" in outcome.record.request
    assert "X-Number: 17" in outcome.record.request
    assert "skog" not in outcome.record.request


async def test_a_term_that_is_missing_can_stop_the_delivery(peer: HttpsPeer) -> None:
    way = push(peer.url(), document_headers={"X-Number": "number"}, missing_header="stop")
    async with channel() as http:
        for terms in ({"number": None}, {"number": " \r\n"}, {}):
            outcome = await http.send(parcel(way, terms=terms))
            assert outcome.result is Result.FAILED
            assert outcome.detail == "The document has no number, which the header X-Number is taken from."
        assert peer.connections == 0
        assert (await http.send(parcel(way, terms={"number": "1"}))).result is Result.DELIVERED


# --- who sends ------------------------------------------------------------------------------------------------------


async def test_basic_authentication(peer: HttpsPeer) -> None:
    async with channel() as http:
        outcome = await http.send(parcel(basic(peer.url())))
    login = peer.received[0].headers["authorization"]
    assert base64.b64decode(login.removeprefix("Basic ")) == f"hub:{PASSWORD}".encode()
    assert outcome.record is not None
    assert "Authorization: [redacted]" in outcome.record.request


async def test_mutual_tls() -> None:
    ours, theirs = Authority(), Authority("Another")
    mine = ours.issue("hub.example", client=True)
    own = theirs.issue("firm.example")
    with HttpsPeer(tls=server_context(own, clients=ours)) as peer:
        url = peer.url(host="firm.example")
        shown = {"cert": mine.cert, "key": Secret(mine.key), "ca": theirs.cert}
        async with channel() as http:
            good = push(url, auth="mtls", **shown)
            assert (await http.send(parcel(good))).result is Result.DELIVERED
            assert (await http.send(parcel(good))).result is Result.DELIVERED
            without = await http.send(parcel(push(url, ca=theirs.cert)))
            unknown = await http.send(parcel(push(url, auth="mtls", cert=mine.cert, key=Secret(mine.key))))
            broken = await http.send(parcel(push(url, auth="mtls", **{**shown, "key": Secret("TOPSECRET")})))
    assert [one.connection for one in peer.received] == [1, 1]
    assert (without.result, without.fault) == (Result.RETRY, Fault.RECEIVER)
    assert (unknown.result, unknown.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "`ca`" in unknown.detail
    assert (broken.result, broken.fault) == (Result.HELD, Fault.OURS)
    assert broken.detail.startswith("`cert` and `key` are not a certificate and its key")
    assert "TOPSECRET" not in str(broken)


@pytest.fixture
def endpoint(peer: HttpsPeer) -> TokenEndpoint:
    made = TokenEndpoint()
    peer.handler = made.guarding(peer.script)
    return made


def inbound(peer: HttpsPeer) -> list[Received]:
    return [one for one in peer.received if one.target == "/inbound"]


async def test_a_thousand_pushes_need_one_token(peer: HttpsPeer, endpoint: TokenEndpoint) -> None:
    endpoint.pause = 0.1
    way = oauth2(peer.url(), peer.url("/token"))
    async with channel() as http:
        outcomes = await asyncio.gather(*(http.send(parcel(way)) for _ in range(1_000)))
    assert {one.result for one in outcomes} == {Result.DELIVERED}
    assert len(endpoint.calls) == 1
    assert len(inbound(peer)) == 1_000
    assert "token" in (outcomes[0].record.timings if outcomes[0].record else {})


async def test_a_token_that_was_revoked_is_fetched_anew_in_the_same_attempt(
    peer: HttpsPeer, endpoint: TokenEndpoint
) -> None:
    way = oauth2(peer.url(), peer.url("/token"))
    async with channel() as http:
        assert (await http.send(parcel(way))).result is Result.DELIVERED
        endpoint.valid.clear()
        outcomes = await asyncio.gather(*(http.send(parcel(way)) for _ in range(100)))
    assert {one.result for one in outcomes} == {Result.DELIVERED}
    assert len(endpoint.calls) == 2


async def test_a_receiver_that_takes_no_token_gets_two_and_the_endpoint_is_left_in_peace(
    peer: HttpsPeer, endpoint: TokenEndpoint
) -> None:
    way = oauth2(peer.url(), peer.url("/token"))
    endpoint.knows = lambda _: False  # type: ignore[method-assign]
    one = parcel(way)
    async with channel() as http:
        outcome = await http.send(one)
        for _ in range(5):
            assert (await http.send(parcel(way))).result is Result.RETRY
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "does not accept the hub's credentials" in outcome.detail
    assert len(endpoint.calls) == 2
    assert peer.counts()[str(one.delivery_id)] == 2


async def test_without_a_token_the_receiver_is_not_asked_and_not_blamed(
    peer: HttpsPeer, endpoint: TokenEndpoint
) -> None:
    endpoint.instead.append(answer(500, b"client-s3cret"))
    async with channel() as http:
        outcome = await http.send(parcel(oauth2(peer.url(), peer.url("/token"))))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.OURS)
    assert outcome.detail == f"The hub cannot get a token: 127.0.0.1:{peer.port} answered 500."
    assert inbound(peer) == []


async def test_a_token_endpoint_in_a_private_network_never_sees_the_secret(peer: HttpsPeer) -> None:
    names = Names(idp_example=[["127.0.0.2"]])
    async with channel(names) as http:
        outcome = await http.send(parcel(oauth2(peer.url(), peer.url("/token", "idp.example"))))
    assert "idp.example leads to 127.0.0.2" in outcome.detail
    assert outcome.fault is Fault.OURS
    assert peer.connections == 0


async def test_changed_settings_count_at_once(peer: HttpsPeer, endpoint: TokenEndpoint) -> None:
    async with channel() as http:
        for _ in range(2):
            await http.send(parcel(oauth2(peer.url(), peer.url("/token"))))
        changed = oauth2(peer.url(), peer.url("/token"))
        changed = msgspec.structs.replace(changed, push=msgspec.structs.replace(changed.push, scope="more"))
        await http.send(parcel(changed))
    assert [form.get("scope") for form, _ in endpoint.calls] == [None, "more"]


# --- what the receiver does -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "result", "words"),
    [
        (answer(204), Result.DELIVERED, "answered 204 No Content."),
        (answer(301, headers={"Location": "http://169.254.169.254/latest"}), Result.RETRY, "to 169.254.169.254;"),
        (answer(302, headers={"Location": "/other"}), Result.RETRY, "It points elsewhere;"),
        (answer(401), Result.RETRY, "does not accept the hub's credentials"),
        (answer(403), Result.RETRY, "does not let it in"),
        (answer(404), Result.FAILED, "compare `url`"),
        (answer(409), Result.FAILED, "add 409 to `success`"),
        (answer(410), Result.FAILED, "closed this address for good"),
        (answer(413), Result.FAILED, "too large"),
        (answer(422, b"no\n buyer"), Result.FAILED, "does not take the document. It says: no buyer"),
        (answer(422, b"<html>", {"Content-Type": "text/html"}), Result.FAILED, "does not take the document."),
        (answer(425), Result.RETRY, "does not want the request yet"),
        (answer(429), Result.RETRY, "too many requests"),
        (answer(500), Result.RETRY, "answered 500 Internal Server Error."),
        (answer(599), Result.RETRY, "answered 599."),
        (drop(), Result.RETRY, "may have arrived; it is sent again with the same id"),
        (reset(), Result.RETRY, "may have arrived"),
        (raw(b"SSH-2.0-x\r\n\r\n"), Result.RETRY, "did not answer in HTTP/1.1"),
    ],
)
async def test_what_an_answer_means(peer: HttpsPeer, behaviour: object, result: Result, words: str) -> None:
    peer.script.always = behaviour  # type: ignore[assignment]
    with HttpsPeer() as elsewhere:
        async with channel(trusted=("127.0.0.1/32", "169.254.169.254/32")) as http:
            outcome = await http.send(parcel(push(peer.url(host="firm.example"))))
        assert elsewhere.connections == 0
    assert outcome.result is result
    assert words in outcome.detail
    assert outcome.detail.startswith(f"firm.example:{peer.port} ")
    assert outcome.fault is (Fault.RECEIVER if result is Result.RETRY else Fault.NONE)
    assert len(peer.received) == 1


async def test_nobody_there_and_nobody_trusted(peer: HttpsPeer) -> None:
    with closed_port() as port:
        async with channel() as http:
            outcome = await http.send(parcel(push(f"http://firm.example:{port}/")))
    assert "refused the connection" in outcome.detail
    assert "arrived" not in outcome.detail
    assert outcome.record is not None
    assert (outcome.record.sent, outcome.record.received) == (0, 0)
    async with channel(trusted=()) as http:
        outcome = await http.send(parcel(push(peer.url())))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "trusted_networks" in outcome.detail
    assert peer.connections == 0


async def test_too_slow(peer: HttpsPeer) -> None:
    peer.script.always = slow(5)
    way = push(peer.url(), read_timeout=timedelta(seconds=1), connect_timeout=timedelta(seconds=1))
    began = time.perf_counter()
    async with channel() as http:
        outcome = await http.send(parcel(way))
    assert time.perf_counter() - began < 3
    assert (outcome.result, outcome.retry_after) == (Result.RETRY, 60)
    assert "did not answer in time. The document may have arrived" in outcome.detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Fri, 20 Nov 2026 12:05:00 GMT"}, 300),
        # the receiver's clock is an hour off, and so is what it says
        ({"Retry-After": "Fri, 20 Nov 2026 13:05:00 GMT", "Date": "Fri, 20 Nov 2026 13:00:00 GMT"}, 300),
        ({"Retry-After": "Fri, 20 Nov 2020 12:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 30}, None),
        ({}, None),
    ],
)
async def test_when_the_receiver_wants_it_again(
    peer: HttpsPeer, headers: dict[str, str], seconds: float | None
) -> None:
    async with channel() as http:
        peer.script.always = answer(503, headers=headers)
        assert (await http.send(parcel(push(peer.url())))).retry_after == seconds
        peer.script.always = answer(429, headers=headers)
        assert (await http.send(parcel(push(peer.url())))).retry_after == (60 if seconds is None else seconds)


async def test_a_repeat_has_the_same_id(peer: HttpsPeer) -> None:
    peer.script.next.extend([drop(), answer(500)])
    id_, way = uuid4(), push(peer.url())
    async with channel() as http:
        results = [(await http.send(parcel(way, id_=id_, attempt=number))).result for number in (1, 2, 3)]
    assert results == [Result.RETRY, Result.RETRY, Result.DELIVERED]
    assert peer.counts() == {str(id_): 3}
    assert [one.headers["x-delivery-attempt"] for one in peer.received] == ["1", "2", "3"]


# --- what is kept ---------------------------------------------------------------------------------------------------


async def test_what_the_receiver_calls_it(peer: HttpsPeer) -> None:
    peer.script.always = answer(201, headers={"Location": "https://firm.example/documents/17?key=x"})
    async with channel() as http:
        assert (await http.send(parcel(push(peer.url())))).receipt == "/documents/17"


async def test_the_first_bytes_of_an_answer_are_kept(peer: HttpsPeer) -> None:
    body = bytes(range(256)) * 100
    peer.script.always = answer(200, body, {"Set-Cookie": "session=abc", "X-Trace": "t1"})
    async with channel() as http:
        outcome = await http.send(parcel(push(peer.url())))
    record = outcome.record
    assert record is not None
    assert (record.body, record.received) == (body[:KEPT_OF_ANSWER], len(body))
    assert record.answer.splitlines()[0] == "HTTP/1.1 200 OK"
    assert "X-Trace: t1" in record.answer
    assert "Set-Cookie: [redacted]" in record.answer
    assert "abc" not in record.answer


async def test_an_answer_that_was_cut_off_says_so(peer: HttpsPeer) -> None:
    peer.script.always = trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0)
    async with channel() as http:
        outcome = await http.send(parcel(push(peer.url())))
    assert outcome.result is Result.DELIVERED
    assert outcome.record is not None
    assert outcome.record.answer.endswith("(the body was cut off)")


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_receiver_that_sends_everything_back_shows_no_secret(peer: HttpsPeer, status: int) -> None:
    """Error pages show the request; some frameworks show it in JSON, in HTML, or in an address."""

    def echo(received: Received) -> object:
        if received.target == "/token":
            return endpoint.token(received)
        told = [PASSWORD, "client-s3cret", "static-api-key", *received.headers.values()]
        body = "\n".join(
            form(one)
            for one in told
            for form in (str, json.dumps, quote, quote_plus, lambda t: t.replace("&", "&amp;"))
        )
        return answer(status, body.encode(), {"X-Echo": received.headers.get("authorization", "")})

    endpoint = TokenEndpoint()
    peer.handler = echo  # type: ignore[assignment]
    static = {"X-Api-Key": Secret("static-api-key")}
    async with channel() as http:
        outcomes = [
            await http.send(parcel(basic(peer.url("/in?signature=url-s3cret"), headers=static))),
            await http.send(
                parcel(
                    oauth2(
                        peer.url(),
                        peer.url("/token"),
                        grant="password",
                        username="u",
                        password=Secret(PASSWORD),
                        headers=static,
                    )
                )
            ),
        ]
    shown = "\n".join(
        f"{one.detail} {one.record} {'' if one.record is None else one.record.body.decode()}" for one in outcomes
    )
    login = base64.b64encode(f"hub:{PASSWORD}".encode()).decode()
    for secret in (PASSWORD, "ss&word", quote(PASSWORD), login, "static-api-key", "url-s3cret", "token-1"):
        assert secret not in shown, secret
    assert "[redacted]" in shown


def test_a_way_shows_no_secret() -> None:
    assert PASSWORD not in repr(basic("https://firm.example/", headers={"X-Key": Secret(PASSWORD)}))
