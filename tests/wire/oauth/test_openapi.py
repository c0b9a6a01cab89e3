"""The OpenAPI document of the OAuth2 server: what is described is served, and schemathesis finds no exception."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fakturahub.identity.oauth import asking, metadata
from fakturahub.identity.oauth.routes import routes
from tests.running import Answer, Hub
from tests.wire import plain_yaml, schemathesis
from tests.wire.oauth.parties import (
    AUTHORIZE,
    CACHED,
    INTROSPECT,
    REDIRECT,
    REVOKE,
    TOKEN,
    Browser,
    ask,
    basic,
    by_password,
)
from tests.wire.test_openapi import Spec, operations, resolved

DOCUMENT = Path(__file__).parents[3] / "src" / "fakturahub" / "identity" / "oauth" / "openapi.yaml"
#: statuses that no request brings about while the hub is whole, or only after many others
OUT_OF_REACH = {"500", "503", "429"}


def load() -> Spec:
    spec: Spec = plain_yaml.read(DOCUMENT.read_text(encoding="utf-8"))
    return spec


def test_every_part_of_it_is_used_and_every_reference_leads_somewhere() -> None:
    spec = load()
    referred = set(re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(spec)))
    there = {f"{kind}/{name}" for kind, parts in spec["components"].items() for name in parts}
    assert referred == {one for one in there if not one.startswith("securitySchemes/")}
    ids = [operation["operationId"] for *_, operation in operations(spec)]
    assert len(set(ids)) == len(ids)


def test_what_is_served_is_what_is_described() -> None:
    """The first path of each endpoint stands in the document, the others are the same endpoint under another name."""
    served = {
        (method, route.path)
        for route in routes(None, None, None)  # type: ignore[arg-type]
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(method, path) for method, path, _ in operations(load())}
    assert described <= served
    endpoints = (
        metadata.AUTHORIZE,
        metadata.TOKEN,
        metadata.CACHED_TOKEN,
        metadata.INTROSPECT,
        metadata.REVOKE,
        metadata.JWKS,
    )
    aliases = {path for paths in endpoints for path in paths[1:]}
    assert {path for _, path in served} == {path for _, path in described} | aliases == metadata.PATHS


def test_the_figures_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"At most {asking.BODY // 1024} KiB" in text


def answers(hub: Hub) -> dict[tuple[str, str], list[Answer]]:
    """One answer of every kind, for each operation."""
    browser, tokens = Browser(hub), by_password(hub)
    shown = browser.open(redirect_uri=REDIRECT)
    wrong = browser.sign_in(password="wrong")
    allowed = browser.sign_in()
    back = browser.submit("allow")
    told_at_client = browser.open(redirect_uri=REDIRECT, response_type="x")
    nowhere = browser.open(redirect_uri="https://evil.example")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    stale = hub.request("POST", browser.url.replace("evil", "x"), b"step=allow", form)
    large = hub.request("POST", browser.url, b"x=" + b"y" * asking.BODY, form)
    stranger = basic("nobody", "x")
    huge = b"x=" + b"y" * asking.BODY

    def posted(path: str, **good: str) -> list[Answer]:
        return [
            ask(hub, path, **good),
            ask(hub, path),
            ask(hub, path, authorization=stranger, **good),
            ask(hub, path, body=huge),
        ]

    password = {"grant_type": "password", "username": "skog", "password": "skog-password"}
    return {
        ("get", AUTHORIZE): [shown, told_at_client, nowhere],
        ("post", AUTHORIZE): [wrong, allowed, back, stale, large],
        ("post", TOKEN): posted(TOKEN, **password),
        ("post", CACHED): posted(CACHED, **password),
        ("post", INTROSPECT): posted(INTROSPECT, token=tokens["access_token"]),
        ("post", REVOKE): posted(REVOKE, token=tokens["access_token"]),
        **{("get", path): [hub.request("GET", path)] for path in (*metadata.JWKS, *metadata.DESCRIPTION)},
    }


def test_it_answers_as_described(authority: Hub) -> None:
    spec = load()
    seen = answers(authority)
    assert set(seen) == {(method.lower(), path) for method, path, _ in operations(spec)}
    for (method, path), given in seen.items():
        described: dict[str, Any] = spec["paths"][path][method]["responses"]
        for answer in given:
            response = resolved(spec, described[str(answer.status)])
            for name, reference in response["headers"].items():
                header = resolved(spec, reference)
                value = answer.header(name)
                assert value is not None or not header.get("required"), (name, answer)
                if value is not None:
                    assert re.search(header["schema"].get("pattern", ""), value)
                    assert value == header["schema"].get("const", value)
            kind = answer.header("content-type")
            assert kind in response.get("content", {}) or (kind is None and answer.body == b""), answer
        assert set(described) - {str(answer.status) for answer in given} <= OUT_OF_REACH, (method, path)


@pytest.mark.timeout(240)
def test_schemathesis_finds_no_exception(authority: Hub, tmp_path: Path) -> None:
    """Hundreds of requests, good and bad, each answered with a status, type, headers and body as described."""
    assert schemathesis.tried(DOCUMENT, f"http://127.0.0.1:{authority.port}", basic(), tmp_path) > 300
