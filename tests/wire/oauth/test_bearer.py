"""Access tokens at the Interchange: good ones let in, and none that somebody else made (RFC 8725, 9068)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from joserfc import jws
from joserfc.jwk import RSAKey

from tests.running import Hub, invoice
from tests.wire import schemathesis
from tests.wire.oauth.parties import (
    APPLICATION,
    APPLICATION_SECRET,
    AUDIENCE,
    ask,
    basic,
    by_password,
    claims,
    post_with,
    signing_key,
    told,
)

Claims = dict[str, Any]

INTERCHANGE = Path(__file__).parents[3] / "src" / "fakturahub" / "dialects" / "pagero" / "openapi.yaml"


def encoded(content: object) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Forger:
    """Makes tokens of all kinds; it even has the hub's own key."""

    def __init__(self, hub: Hub) -> None:
        self.kid, pem = signing_key(hub)
        self.key = RSAKey.import_key(pem)
        public = load_pem_private_key(pem, None).public_key()
        self.public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.token: str = by_password(hub)["access_token"]
        self.claims = claims(self.token)
        self.header = {"typ": "at+jwt", "alg": "RS256", "kid": self.kid}

    def signed(self, claims: Claims | None = None, **header: object) -> str:
        """With the hub's own key: *claims* over those of a good token, None leaves one out."""
        said = {name: one for name, one in {**self.claims, **(claims or {})}.items() if one is not None}
        head = {name: one for name, one in {**self.header, **header}.items() if one is not None}
        part = f"{encoded(head)}.{encoded(said)}"
        assert self.key.private_key is not None
        return f"{part}.{encoded(self.key.private_key.sign(part.encode(), PKCS1v15(), SHA256()))}"

    def with_hmac(self, secret: bytes, **header: object) -> str:
        part = f"{encoded({**self.header, 'alg': 'HS256', **header})}.{encoded(self.claims)}"
        return f"{part}.{encoded(hmac.digest(secret, part.encode(), hashlib.sha256))}"


@pytest.fixture(scope="module")
def forger(authority: Hub) -> Forger:
    return Forger(authority)


def refused(hub: Hub, token: str) -> str:
    """The reason for which a token is refused."""
    answer = post_with(hub, token, invoice("OB-X"))
    assert answer.status == 401, answer
    challenge = answer.header("www-authenticate") or ""
    assert challenge.startswith('Bearer realm="Pagero Interchange", error="invalid_token", error_description="')
    assert "<p>Code invalid-token</p>" in answer.text
    assert not token or token not in answer.text
    return challenge.rpartition('error_description="')[2].removesuffix('"')


def test_a_good_token_lets_in(authority: Hub, forger: Forger) -> None:
    assert post_with(authority, forger.token, invoice("OB-1"), headers={"x-interchange-id": "ob-1"}).status == 200
    assert post_with(authority, forger.signed(), invoice("OB-1"), headers={"x-interchange-id": "ob-1"}).status == 200


def test_the_scheme_is_matched_whatever_its_case(authority: Hub, forger: Forger) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        answer = post_with(authority, "", invoice("OB-2"), headers={"Authorization": f"{scheme} {forger.token}"})
        assert answer.status == 200


NOW = time.time()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"exp": int(NOW) - 120}, "has ended"),
        ({"exp": None}, "lacks a claim"),
        ({"exp": "tomorrow"}, "lacks a claim"),
        # by a day: the tests before these may take minutes
        ({"iat": int(NOW) + 86_400}, "not good yet"),
        ({"nbf": int(NOW) + 86_400}, "not good yet"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "lacks a claim"),
        ({"aud": AUDIENCE}, "may not have such a token"),
        ({"aud": ["pagero", AUDIENCE]}, "may not have such a token"),
        ({"aud": []}, "another audience"),
        ({"aud": None}, "lacks a claim"),
        ({"sub": ""}, "no subject"),
        ({"sub": "granne/granne"}, "another company"),
        ({"client_id": "nobody"}, "not known any more"),
        ({"client_id": APPLICATION}, "may not have such a token"),
        ({"client_id": None}, "lacks a claim"),
        ({"grant": None}, "may not have such a token"),
        ({"jti": None}, "lacks a claim"),
    ],
)
def test_claims_that_do_not_fit(authority: Hub, forger: Forger, changed: Claims, reason: str) -> None:
    assert reason in refused(authority, forger.signed(changed))


def test_clocks_may_differ_by_a_minute(authority: Hub, forger: Forger) -> None:
    for changed in ({"exp": int(time.time()) - 40}, {"iat": int(time.time()) + 40}, {"nbf": int(time.time()) + 40}):
        assert post_with(authority, forger.signed(changed), invoice("OB-3")).status == 200, changed


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "not signed with RS256"),
        ({"alg": "RS512"}, "not signed with RS256"),
        ({"alg": "PS256"}, "not signed with RS256"),
        ({"alg": None}, "cannot be read"),
        ({"kid": None}, "cannot be read"),
        ({"kid": "20200101-unknown"}, "not, or no longer"),
        ({"kid": "' OR 1=1 --"}, "not, or no longer"),
        ({"kid": 1}, "cannot be read"),
        ({"typ": "JWT"}, "no access token"),
        ({"typ": None}, "cannot be read"),
        ({"crit": ["b64"], "b64": False}, "extensions"),
        ({"crit": []}, "extensions"),
    ],
)
def test_headers_that_do_not_fit(authority: Hub, forger: Forger, header: Claims, reason: str) -> None:
    token = forger.signed(None, **header)
    assert reason in refused(authority, token)


def test_no_signature(authority: Hub, forger: Forger) -> None:
    head, body, _ = forger.token.split(".")
    none = encoded({**forger.header, "alg": "none"})
    for token in (f"{head}.{body}.", f"{none}.{body}.", f"{none}.{body}.{encoded(b'x')}"):
        refused(authority, token)


def test_the_public_key_is_no_secret_to_sign_with(authority: Hub, forger: Forger) -> None:
    jwks = authority.request("GET", "/.well-known/jwks.json").body
    for secret in (forger.public_pem, forger.public_pem.strip(), jwks, b""):
        assert "not signed with RS256" in refused(authority, forger.with_hmac(secret))
        # and under a header that claims the right algorithm
        assert "signature" in refused(authority, forger.with_hmac(secret, alg="RS256"))


def test_a_key_that_the_token_brings_along_is_not_looked_at(authority: Hub, forger: Forger) -> None:
    own = RSAKey.generate_key(2048)
    header = {**forger.header, "jwk": own.as_dict(private=False), "jku": "http://127.0.0.1:1/jwks", "x5u": "x"}
    part = f"{encoded(header)}.{encoded(forger.claims)}"
    token = jws.serialize_compact(forger.header, json.dumps(forger.claims), own, algorithms=["RS256"])
    assert "signature" in refused(authority, token)
    assert "signature" in refused(authority, f"{part}.{token.rpartition('.')[2]}")
    assert post_with(authority, forger.signed(None, jku="http://127.0.0.1:1/jwks"), invoice("OB-5")).status == 200


@pytest.mark.parametrize(
    "token",
    ["x", "x.y", "x.y.z.a", "..", "a.b.c.d.e", "é.é.é", "eyJ.eyJ.eyJ", "fhr_" + "A" * 86, "====.x.y"],
)
def test_what_is_no_token(authority: Hub, token: str) -> None:
    refused(authority, token)


def test_a_token_altered_in_any_place(authority: Hub, forger: Forger) -> None:
    token = forger.token
    for at in range(0, len(token), 37):
        other = "A" if token[at] != "A" else "B"
        refused(authority, token[:at] + other + token[at + 1 :])


def test_a_token_beyond_all_measure_is_refused_unread(authority: Hub, forger: Forger) -> None:
    large = forger.signed({"scope": "x" * 8192})
    assert "longer than" in refused(authority, large)
    fits = forger.signed({"scope": "x" * 5000})
    assert len(fits) < 8192
    assert post_with(authority, fits, invoice("OB-6")).status == 200


def test_a_token_of_an_application_is_for_another_audience(authority: Hub) -> None:
    oracle = basic(APPLICATION, APPLICATION_SECRET)
    token = told(ask(authority, authorization=oracle, grant_type="client_credentials"))["access_token"]
    assert refused(authority, token) == "The access token is for another audience."


def test_an_id_token_is_no_access_token(authority: Hub) -> None:
    assert refused(authority, by_password(authority, scope="openid")["id_token"]) == "The token is no access token."


# --- the two kinds of path ---


def test_a_token_on_the_path_for_passwords(authority: Hub, forger: Forger) -> None:
    sent = {"Authorization": f"Bearer {forger.token}"}
    answer = authority.request("POST", "/pagero/incoming/default/invoice/test", invoice("OB-7"), sent)
    assert (answer.status, answer.header("www-authenticate")) == (
        401,
        'Basic realm="Pagero Interchange", charset="UTF-8"',
    )


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "The request has no Authorization header; send Bearer and an access token."),
        (
            basic("skog", "skog-password"),
            "This path takes an access token; Basic authentication has a path of its own.",
        ),
        ("Digest x", "The Authorization header is not of the Bearer scheme."),
    ],
)
def test_what_is_no_token_on_the_path_for_tokens(authority: Hub, authorization: str | None, reason: str) -> None:
    sent = {} if authorization is None else {"Authorization": authorization}
    answer = authority.request("POST", "/pagero/incoming/tokenauth/default/invoice/test", invoice("OB-8"), sent)
    # RFC 6750, 3.1: a request that shows no token at all is told no error
    assert (answer.status, answer.header("www-authenticate")) == (401, 'Bearer realm="Pagero Interchange"')
    assert f"<p>{reason}</p>" in answer.text


@pytest.mark.parametrize("path", ["/invoice/prod/", "/Invoice/PROD", "/nothing/prod", "/invoice/never"])
def test_paths_are_matched_as_the_others_are(authority: Hub, forger: Forger, path: str) -> None:
    sent = {"Authorization": f"Bearer {forger.token}"}
    for prefix in ("/pagero/incoming/tokenauth/default", "/pagero/incoming/TokenAuth/default"):
        answer = authority.request("POST", prefix + path, invoice("OB-9"), sent)
        assert answer.status == (404 if path in ("/nothing/prod", "/invoice/never") else 200)


def test_a_repeat_is_a_repeat_whichever_way_it_comes(authority: Hub, forger: Forger) -> None:
    first = authority.post(invoice("OB-10"), key="ob-10")
    again = post_with(authority, forger.token, invoice("OB-10"), mode="prod", headers={"x-interchange-id": "ob-10"})
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body


@pytest.mark.timeout(240)
@pytest.mark.parametrize("way", ["password", "token"])
def test_schemathesis_finds_no_exception_at_the_interchange(
    authority: Hub, forger: Forger, tmp_path: Path, way: str
) -> None:
    who = basic("skog", "skog-password") if way == "password" else f"Bearer {forger.token}"
    path = f"/incoming/{'' if way == 'password' else 'tokenauth/'}default/{{documentType}}/{{sendMode}}"
    url = f"http://127.0.0.1:{authority.port}/pagero"
    assert schemathesis.tried(INTERCHANGE, url, who, tmp_path, path=path) > 60
