"""Dialects at the root of host names: some clients can be given a host and nothing else."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.running import Hub, invoice, storages
from tests.unit.dialects.apix.transfers import PICTURE
from tests.wire.apix.sending import bill as finnish
from tests.wire.apix.sending import pdf, transfer
from tests.wire.apix.terminal import Terminal, joined, signed
from tests.wire.companies import API_HOST, PAGERO_HOST, PUBLIC_URL, TERMINAL_HOST, TEST_HOST, Reader
from tests.wire.pagero.interchange import paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, exchange, head
from tests.wire.stored import rows

ROOT_PATH = "/incoming/default/invoice/test"


def ask(hub: Hub, path: str, host: str | None) -> RawAnswer:
    version = "1.1" if host is not None else "1.0"
    return exchange(hub.port, head(f"GET {path} HTTP/{version}", host=host))


@pytest.mark.parametrize(
    "host",
    [
        API_HOST,
        TERMINAL_HOST,
        TEST_HOST,
        TERMINAL_HOST.upper(),
        "Terminal.Hub.Example",
        f"{TERMINAL_HOST}:8080",
        f"{TERMINAL_HOST}:443",
        f"{TERMINAL_HOST}.",
        f"{TERMINAL_HOST}.:8080",
        f"  {TERMINAL_HOST}  ",
    ],
)
def test_apix_at_the_root_of_its_hosts(big_hub: Hub, reader: Reader, host: str) -> None:
    query = joined(Terminal(big_hub, reader).parameters("list2"))
    answer = ask(big_hub, f"/list2?{query}", host)
    assert b"<Status>OK</Status>" in answer.body
    assert storages(answer.body) == []
    prefixed = ask(big_hub, f"/apix/list2?{query}", host)
    assert prefixed.shown == answer.shown


@pytest.mark.parametrize(
    ("host", "modes"), [(TEST_HOST, ["test"]), (f"{TEST_HOST.upper()}:8080", ["test"]), (API_HOST, ["prod"])]
)
@pytest.mark.parametrize("prefix", ["", "/apix"])
def test_what_comes_under_a_test_host_is_a_test_with_and_without_the_prefix(
    big_hub: Hub, reader: Reader, host: str, modes: list[str], prefix: str
) -> None:
    body = transfer(finnish(f"T-{reader.key}", reader, reader, (PICTURE, "file://a.pdf")), a_pdf=pdf())
    given = {"soft": "Standard", "ver": "1.0", "TraID": reader.transfer_id}
    query = joined(signed("invoices", reader.transfer_key, given))
    line = head(f"PUT {prefix}/invoices?{query} HTTP/1.1", f"Content-Length: {len(body)}", host=host)
    assert b"<Status>OK</Status>" in exchange(big_hub.port, line + body, to="PUT").body
    found = rows(big_hub, "SELECT mode FROM document WHERE number = $1", f"T-{reader.key}")
    assert [row["mode"] for row in found] == modes


@pytest.mark.parametrize("host", [PAGERO_HOST, PAGERO_HOST.upper(), f"{PAGERO_HOST}:8443"])
def test_pagero_at_the_root_of_its_host(big_hub: Hub, host: str) -> None:
    at_root = exchange(big_hub.port, posting(invoice("H-1"), key="h-1", path=ROOT_PATH, host=host))
    prefixed = exchange(big_hub.port, posting(invoice("H-1"), key="h-1", path=f"/pagero{ROOT_PATH}", host=host))
    assert submission_of(at_root) == submission_of(prefixed)


def test_what_a_dialect_does_not_know_is_refused_in_its_own_words(big_hub: Hub) -> None:
    apix = ask(big_hub, "/healthz", TERMINAL_HOST)
    assert (apix.status, apix.field("content-type")) == (404, "text/xml")
    pagero = ask(big_hub, "/", PAGERO_HOST)
    assert (pagero.status, paragraphs(pagero)[0]) == (404, "Code unknown-path")


@pytest.mark.parametrize("host", [API_HOST, PAGERO_HOST, "other.example", None])
def test_the_oauth2_server_answers_under_every_name(big_hub: Hub, host: str | None) -> None:
    assert ask(big_hub, "/.well-known/jwks.json", host).status == 200
    assert ask(big_hub, "/oauth/token", host).status == 405
    assert ask(big_hub, "/cached/oauth/token", host).status == 405


@pytest.mark.parametrize(
    "host", ["other.example", f"{TERMINAL_HOST}.evil.example", "hub.example", "", "[::1]:80", None]
)
def test_another_host_is_shown_the_hubs_own_pages(big_hub: Hub, host: str | None) -> None:
    assert ask(big_hub, "/healthz", host).status == 200
    assert ask(big_hub, "/list2", host).shown.startswith("HTTP/1.1 404 Not Found\n")
    assert ask(big_hub, "/apix/list2", host).field("content-type") == "text/xml"


def test_a_hub_without_host_names_answers_under_the_prefixes_only(hub: Hub) -> None:
    for host in (API_HOST, PAGERO_HOST):
        assert ask(hub, "/healthz", host).status == 200
        assert ask(hub, "/list2", host).field("content-type") != "text/xml"
    assert exchange(hub.port, posting(b"", path=ROOT_PATH, host=PAGERO_HOST)).status == 404


def test_the_metadata_of_an_issuer_with_a_path(big_hub: Hub) -> None:
    """RFC 8414, 3.1: the path of the issuer stands behind that of the metadata, whichever host is asked."""
    path = urlsplit(PUBLIC_URL).path
    assert path
    for name in ("oauth-authorization-server", "openid-configuration"):
        for host in (None, PAGERO_HOST):
            told = ask(big_hub, f"/.well-known/{name}{path}", host)
            assert told.status == 200
            assert json.loads(told.body)["issuer"] == PUBLIC_URL
            assert told.body == ask(big_hub, f"/.well-known/{name}", host).body
        assert ask(big_hub, f"/.well-known/{name}/other", None).status == 404
    assert ask(big_hub, f"/.well-known/jwks.json{path}", None).status == 404
