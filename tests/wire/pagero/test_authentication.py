"""Who may send: every way of not being known, each with the challenge that RFC 9110 asks for."""

from __future__ import annotations

import base64

import pytest

from tests.running import Hub, invoice
from tests.wire.pagero.interchange import PATH, paragraphs, posting
from tests.wire.raw import basic, connected, exchange, head

# Failed sign-ins are counted by address; this one is used here only.
SOURCE = "127.0.0.21"

UNAUTHORIZED = """\
HTTP/1.1 401 Unauthorized
date: DATE
content-type: text/html; charset=iso-8859-1
content-length: 430
www-authenticate: Basic realm="Pagero Interchange", charset="UTF-8"
x-request-id: REQUEST

<!DOCTYPE html>
<html><head><title>Not accepted</title></head>
<body>
<h1>Not accepted</h1>
<p>Code not-authenticated</p>
<p>User name and password are not those of an account here.</p>
<p>What to do: Check user name, password, key or digest. For the caller&#x27;s safety the answer does not say which \
was wrong.</p>
<p>About this code: /errors/not-authenticated</p>
<p>Request REQUEST</p>
</body></html>
"""


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


NOT_BASE64 = "The Authorization header is not base64 of user:password in UTF-8."
NO_PAIR = "The Authorization header holds no user:password."


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (None, "The request has no Authorization header; send Basic user name and password."),
        ("", "The request has no Authorization header; send Basic user name and password."),
        ("Bearer abc.def", "This path takes Basic authentication; bearer tokens have a path of their own."),
        ('Digest username="skog"', "The Authorization header is not of the Basic scheme."),
        ("skog:skog-password", "The Authorization header is not of the Basic scheme."),
        ("Basic", NO_PAIR),
        ("Basic !!!!", NOT_BASE64),
        (f"Basic {encoded('skog:skog-password')[:-1]}", NOT_BASE64),
        (f"Basic {encoded('skog:skog-password')} trailing", NOT_BASE64),
        (f"Basic {encoded('skog')}", NO_PAIR),
        (f"Basic {encoded(':skog-password')}", NO_PAIR),
        (f"Basic {encoded('skog:lösenord', 'latin-1')}", NOT_BASE64),
        (f"Basic {encoded('skog:' + 'x' * 4096)}", "The Authorization header is too long."),
    ],
)
def test_requests_that_name_nobody(hub: Hub, field: str | None, reason: str) -> None:
    authorization = None if field is None else f"Authorization: {field}"
    answer = exchange(hub.port, posting(invoice("PA-1"), authorization=authorization), source=SOURCE)
    assert answer.status_line == "HTTP/1.1 401 Unauthorized"
    assert answer.field("www-authenticate") == 'Basic realm="Pagero Interchange", charset="UTF-8"'
    assert paragraphs(answer)[:2] == ["Code not-authenticated", reason]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("skog", "wrong"),
        ("skog", ""),
        ("skog", "Skog-password"),
        ("Skog", "skog-password"),
        ("skog ", "skog-password"),
        ("nobody", "skog-password"),
        ("virta", "skog-password"),
        ("skog\0", "skog-password"),
    ],
)
def test_wrong_user_and_wrong_password_get_the_same_bytes(hub: Hub, user: str, password: str) -> None:
    request = posting(invoice("PA-2"), authorization=basic(user, password))
    assert exchange(hub.port, request, source=SOURCE).shown == UNAUTHORIZED


def test_the_scheme_is_matched_whatever_its_case(hub: Hub) -> None:
    for scheme in ("basic", "BASIC", "bAsIc"):
        field = f"Authorization: {scheme}  {encoded('skog:skog-password')}  "
        assert exchange(hub.port, posting(invoice("PA-3"), key="pa-3", authorization=field)).status == 200


def test_a_password_may_hold_a_colon_and_letters_that_are_composed_either_way(big_hub: Hub) -> None:
    composed, decomposed = "l\u00f6sen:ord", "lo\u0308sen:ord"
    for password in (composed, decomposed):
        request = posting(invoice("PA-4"), key="pa-4", authorization=basic("prov", password))
        assert exchange(big_hub.port, request).status == 200


def test_a_header_beyond_all_measure_is_refused_before_anything_reads_it(hub: Hub) -> None:
    fits = posting(b"", f"X-Long: {'x' * 60_000}", authorization=None)
    assert exchange(hub.port, fits, source=SOURCE).status == 401
    many = [f"x-{number}: y" for number in range(100)]
    for fields in ([f"X-Long: {'x' * 66_000}"], [f"Authorization: Basic {'A' * 66_000}"], many):
        answer = exchange(hub.port, head(f"POST {PATH} HTTP/1.1", *fields), source=SOURCE)
        assert answer.shown == (
            "HTTP/1.1 431 Request Header Fields Too Large\n"
            "content-type: text/plain; charset=utf-8\n"
            "content-length: 45\n"
            "connection: close\n"
            "\n"
            "The header is larger than this server takes.\n"
        )


def test_who_is_not_known_is_not_asked_for_the_body(hub: Hub) -> None:
    with connected(hub.port, source=SOURCE) as wire:
        wire.send(posting(b"", "Expect: 100-continue", authorization=basic("skog", "wrong"), length=20_000_000))
        assert wire.answer().status == 401


def test_guessing_is_held_off_by_address_and_harms_nobody_else(big_hub: Hub) -> None:
    guesser = "127.0.0.22"
    request = posting(b"", authorization=None)
    answers = []
    while len(answers) < 1000 and (not answers or answers[-1].status == 401):  # one a second comes back meanwhile
        answers.append(exchange(big_hub.port, request, source=guesser))
    held_off = answers[-1]
    assert len(answers) > 60
    assert held_off.status_line == "HTTP/1.1 429 Too Many Requests"
    assert paragraphs(held_off)[0] == "Code rate-limited"
    assert 1 <= int(held_off.field("retry-after") or "0") <= 60
    # A password is not even checked for this address, right or wrong …
    fresh = posting(invoice("PA-5"), key="pa-5", authorization=basic("strikt", "wrong"))
    assert exchange(big_hub.port, fresh, source=guesser).status == 429
    # … while others sign in as ever.
    good = posting(invoice("PA-5"), key="pa-5")
    assert exchange(big_hub.port, good, source="127.0.0.23").status == 200


@pytest.mark.parametrize("mode", ["prod", "test"])
def test_a_company_without_the_contract_may_not_send(big_hub: Hub, mode: str) -> None:
    path = f"/pagero/incoming/default/invoice/{mode}"
    answer = exchange(big_hub.port, posting(invoice("PA-6"), path=path, authorization=basic("lager", "lager-password")))
    assert answer.status_line == "HTTP/1.1 403 Forbidden"
    assert answer.names == [
        "date",
        "content-type",
        "content-length",
        "ratelimit-policy",
        "ratelimit",
        "x-request-id",
    ]
    assert paragraphs(answer)[:3] == [
        "Code no-contract",
        "Lager AB has no contract for sending.",
        "What to do: Ask the hub's operator to add the service to the company's contracts.",
    ]
