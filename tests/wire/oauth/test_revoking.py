"""Introspection, revocation, and what is said about the server itself (RFC 7662, 7009, 8414)."""

from __future__ import annotations

import json

import pytest

from tests.running import Hub, invoice
from tests.wire.oauth.parties import (
    APPLICATION,
    APPLICATION_SECRET,
    AUDIENCE,
    CLIENT,
    INTROSPECT,
    NEIGHBOUR,
    NEIGHBOUR_SECRET,
    REVOKE,
    USER,
    WATCHER,
    WATCHER_SECRET,
    ask,
    basic,
    by_password,
    claims,
    error,
    post_with,
    refreshed,
    signing_key,
    told,
)

STRANGER = basic(NEIGHBOUR, NEIGHBOUR_SECRET)
SERVER = basic(WATCHER, WATCHER_SECRET)
ORACLE = basic(APPLICATION, APPLICATION_SECRET)


@pytest.mark.parametrize("path", [INTROSPECT, "/oauth/introspect"])
@pytest.mark.parametrize("who", [None, SERVER])
def test_a_token_is_described_to_its_client_and_to_a_server_of_its_audience(
    authority: Hub, path: str, who: str | None
) -> None:
    token = by_password(authority, scope="all")["access_token"]
    said = claims(token)
    got = told(ask(authority, path, authorization=who, token=token))
    expected = {name: said[name] for name in ("iss", "sub", "aud", "exp", "iat", "client_id", "jti", "auth_time")}
    assert got == {"active": True, "token_type": "bearer", "scope": "all", **expected}


def test_a_refresh_token_is_described_to_its_client(authority: Hub) -> None:
    first = by_password(authority)
    got = told(ask(authority, INTROSPECT, token=first["refresh_token"], token_type_hint="access_token"))
    assert (got["active"], got["token_type"], got["username"]) == (True, "refresh_token", USER)
    told(refreshed(authority, first["refresh_token"]))
    assert told(ask(authority, INTROSPECT, token=first["refresh_token"])) == {"active": False}


@pytest.mark.parametrize("who", [STRANGER, ORACLE])
def test_others_are_told_nothing(authority: Hub, who: str) -> None:
    tokens = by_password(authority)
    stranger_is_told = told(ask(authority, INTROSPECT, authorization=who, token=tokens["refresh_token"]))
    assert stranger_is_told == {"active": False}
    got = told(ask(authority, INTROSPECT, authorization=ORACLE, token=tokens["access_token"]))
    assert got == {"active": False}
    for unknown in ("x", "x.y.z", tokens["access_token"] + "x", "fhr_x"):
        assert told(ask(authority, INTROSPECT, authorization=who, token=unknown)) == {"active": False}


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_clients_have_to_say_who_they_are(authority: Hub, path: str) -> None:
    for who in ("", basic(CLIENT, "wrong"), basic("nobody", "x")):
        assert error(ask(authority, path, authorization=who, token="x"), 401) == "invalid_client"
    assert error(ask(authority, path)) == "invalid_request"
    assert error(ask(authority, path + "?token=x", token="x")) == "invalid_request"
    assert authority.request("GET", path).status == 405


@pytest.mark.parametrize("token", ["x", "x.y.z", "fhr_" + "A" * 86, "ä"])
@pytest.mark.parametrize("path", [REVOKE, "/oauth/revoke"])
def test_what_is_unknown_is_as_good_as_revoked(authority: Hub, path: str, token: str) -> None:
    answer = ask(authority, path, token=token)
    assert (answer.status, answer.body) == (200, b"")


def test_a_revoked_access_token_ends_alone(authority: Hub) -> None:
    tokens = by_password(authority)
    assert ask(authority, REVOKE, token=tokens["access_token"]).status == 200
    assert post_with(authority, tokens["access_token"], invoice("OI-1")).status == 401
    newer = told(refreshed(authority, tokens["refresh_token"]))
    assert post_with(authority, newer["access_token"], invoice("OI-1")).status == 200


@pytest.mark.parametrize("which", ["newest", "former"])
def test_a_revoked_refresh_token_takes_its_grant_along(authority: Hub, which: str) -> None:
    first = by_password(authority)
    second = told(refreshed(authority, first["refresh_token"]))
    token = (second if which == "newest" else first)["refresh_token"]
    for _ in range(2):
        assert ask(authority, REVOKE, token=token, token_type_hint="refresh_token").status == 200
    for one in (first, second):
        assert post_with(authority, one["access_token"], invoice("OI-2")).status == 401
    assert error(refreshed(authority, second["refresh_token"])) == "invalid_grant"


def test_another_client_revokes_nothing(authority: Hub) -> None:
    tokens = by_password(authority)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert error(ask(authority, REVOKE, authorization=STRANGER, token=token)) == "invalid_grant"
    assert post_with(authority, tokens["access_token"], invoice("OI-3")).status == 200
    told(refreshed(authority, tokens["refresh_token"]))


# --- what the server says about itself ---


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
def test_the_description(authority: Hub, name: str) -> None:
    answer = authority.request("GET", f"/.well-known/{name}")
    got = json.loads(answer.body)
    base = f"http://127.0.0.1:{authority.port}"
    assert got["issuer"] == base
    assert answer.header("cache-control") == "public, max-age=600"
    for key in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert got[key].startswith(base)
        assert authority.request("DELETE", got[key].removeprefix(base)).status == 405
    assert got["code_challenge_methods_supported"] == ["S256"]
    assert set(got["grant_types_supported"]) == {
        "authorization_code",
        "password",
        "refresh_token",
        "client_credentials",
    }
    assert got["authorization_response_iss_parameter_supported"] is True
    keys = json.loads(authority.request("GET", got["jwks_uri"].removeprefix(base)).body)
    assert [key["kid"] for key in keys["keys"]] == [signing_key(authority)[0]]


def test_only_what_is_public_of_a_key_is_published(authority: Hub) -> None:
    answer = authority.request("GET", "/.well-known/jwks.json")
    (key,) = json.loads(answer.body)["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert answer.header("cache-control") == "public, max-age=600"


def test_an_audience_that_is_a_list(authority: Hub) -> None:
    token = told(ask(authority, authorization=ORACLE, grant_type="client_credentials"))["access_token"]
    got = told(ask(authority, INTROSPECT, authorization=ORACLE, token=token))
    assert (got["aud"], got["sub"]) == ([AUDIENCE, "verx://other"], APPLICATION)
    assert "auth_time" not in got
