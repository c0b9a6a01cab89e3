"""Who takes part in the tests of the OAuth2 server: companies with clients and users, applications, and a browser."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg

from fakturahub.identity.sealing import MasterKey
from tests.running import COMPANIES, Answer, Hub

AUTHORIZE, TOKEN, CACHED = "/oauth/v2/oauth-authorize", "/oauth/v2/oauth-token", "/cached/oauth/token"
REVOKE, INTROSPECT = "/oauth/v2/oauth-revoke", "/oauth/v2/oauth-introspect"

CLIENT, SECRET, REDIRECT = "skog-erp", "skog-erp-secret", "http://127.0.0.1:8089/callback"
#: a second address of the same client, with a query of its own
REDIRECT_2 = "https://erp.skog.example/back?tenant=1"
USER, PASSWORD = "aino@skog.example", "aino-password"
READER, READER_PASSWORD = "leser@skog.example", "leser-password"

NEIGHBOUR, NEIGHBOUR_SECRET = "granne-erp", "a secret+with/odd%20signs"
APPLICATION, APPLICATION_SECRET = "oracle-connector", "oracle-connector-secret"
AUDIENCE, SCOPE = "verx://integration-platform-services", "ips-vertex"
#: an application that stands for the audience of Pagero's clients, as a server that takes their tokens would
WATCHER, WATCHER_SECRET = "watcher", "watcher-secret"

_MORE = f"""
[[company]]
key = "granne"
name = "Granne AB"
country = "SE"
business_id = "556000-0009"
contracts = ["send"]
credits = "postpaid"
validation = "off"

  [company.pagero]
  username = "granne"
  password = "granne-password"
  client_id = "{NEIGHBOUR}"
  client_secret = "{NEIGHBOUR_SECRET}"
  redirect_uris = ["http://127.0.0.1:8090/callback"]

[[application]]
client_id = "{APPLICATION}"
client_secret = "{APPLICATION_SECRET}"
audiences = ["{AUDIENCE}", "verx://other"]
scopes = ["{SCOPE}", "other"]

[[application]]
client_id = "{WATCHER}"
client_secret = "{WATCHER_SECRET}"
audiences = ["pagero"]
"""

_USERS = f"""
  [[company.user]]
  email = "{USER}"
  password = "{PASSWORD}"

  [[company.user]]
  email = "{READER}"
  password = "{READER_PASSWORD}"
  role = "reader"

"""


def write(folder: Path, *, more: str = "") -> Path:
    """The provisioning file with all of them, in *folder*."""
    text = COMPANIES.read_text(encoding="utf-8")
    before, finnish, after = text.partition("# A Finnish company")
    assert finnish
    known = f'redirect_uris = ["{REDIRECT}"]'
    assert known in before
    before = before.replace(known, f'redirect_uris = ["{REDIRECT}", "{REDIRECT_2}"]')
    file = folder / "companies.toml"
    file.write_text(before + _USERS + finnish + after + _MORE + more, encoding="utf-8")
    return file


def basic(user: str = CLIENT, password: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(
    hub: Hub,
    path: str = TOKEN,
    *,
    authorization: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    **given: str,
) -> Answer:
    """POST a form to an endpoint, as the first client unless told otherwise."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    if authorization != "":
        sent["Authorization"] = authorization or basic()
    return hub.request("POST", path, urlencode(given).encode() if body is None else body, sent)


def told(answer: Answer, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that has to have that status."""
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("pragma") == "no-cache"
    got: dict[str, Any] = json.loads(answer.body)
    return got


def error(answer: Answer, status: int = 400) -> str:
    """The error code of an answer (RFC 6749, 5.2)."""
    got = told(answer, status)
    assert set(got) == {"error", "error_description"}
    return str(got["error"])


def by_password(hub: Hub, **given: str) -> dict[str, Any]:
    """Tokens by the password grant."""
    return told(ask(hub, grant_type="password", **{"username": USER, "password": PASSWORD, **given}))


def refreshed(hub: Hub, token: str, **given: str) -> Answer:
    return ask(hub, grant_type="refresh_token", refresh_token=token, **given)


def claims(token: str) -> dict[str, Any]:
    """What stands in a JWT, unchecked."""
    part = token.split(".")[1]
    got: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return got


def post_with(
    hub: Hub, token: str, body: bytes, *, mode: str = "test", headers: Mapping[str, str] | None = None
) -> Answer:
    """Post a document to the Interchange with an access token."""
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml", **(headers or {})}
    return hub.request("POST", f"/pagero/incoming/tokenauth/default/invoice/{mode}", body, sent)


def rows(hub: Hub, statement: str, *values: object) -> list[asyncpg.Record]:
    """What a statement gives in the hub's database."""
    assert hub.database is not None

    async def fetched() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(hub.database)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(fetched())


def signing_key(hub: Hub) -> tuple[str, bytes]:
    """Name and PEM of the key that the hub signs with, opened with its master key."""
    (row,) = rows(hub, "SELECT kid, sealed FROM oauth_key ORDER BY signs_from LIMIT 1")
    key = MasterKey.kept_in(hub.data, create=False)
    return row["kid"], key.unseal(row["sealed"], f"oauth_key/{row['kid']}").encode()


@dataclass
class Browser:
    """What a person has before him: it keeps cookies, fills in forms and does not follow redirects."""

    hub: Hub
    cookies: dict[str, str] = field(default_factory=dict)
    page: str = ""
    url: str = ""

    def open(self, **given: str) -> Answer:
        """Go where a client sends its user."""
        self.url = f"{AUTHORIZE}?{urlencode({'client_id': CLIENT, 'response_type': 'code', **given})}"
        return self._taken(self.hub.request("GET", self.url, headers=self._sent()))

    def submit(self, step: str, **typed: str) -> Answer:
        """Press a button of the page in hand."""
        form = re.search(r'<form method="post" action="([^"]*)">', self.page)
        token = re.search(r'name="form" value="([0-9a-f]{64})"', self.page)
        assert form is not None, self.page
        assert token is not None, self.page
        path = self.url.partition("?")[0] + unescape(form[1])
        body = urlencode({"form": token[1], "step": step, **typed}).encode()
        headers = {**self._sent(), "Content-Type": "application/x-www-form-urlencoded"}
        return self._taken(self.hub.request("POST", path, body, headers))

    def sign_in(self, username: str = USER, password: str = PASSWORD) -> Answer:
        return self.submit("sign-in", username=username, password=password)

    def let_in(self, **given: str) -> dict[str, str]:
        """The whole way; what the client gets back with the redirect."""
        answer = self.open(**given)
        if "Sign in</h1>" in self.page:
            answer = self.sign_in()
        assert answer.status == 200, answer
        return back(self.submit("allow"))

    def _sent(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _taken(self, answer: Answer) -> Answer:
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                pair = value.partition(";")[0]
                key, _, content = pair.partition("=")
                if "Max-Age=0" in value:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = content
        self.page = answer.body.decode()
        return answer


def back(answer: Answer) -> dict[str, str]:
    """What a redirect tells the client."""
    assert answer.status in (302, 303), answer
    location = answer.header("location")
    assert location is not None
    return {name: value for name, (value,) in parse_qs(urlsplit(location).query, strict_parsing=True).items()}
