"""Every grant with clients that nobody here wrote: requests-oauthlib (oauthlib) and Authlib's own client."""

from __future__ import annotations

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import (
    BackendApplicationClient,
    InvalidGrantError,
    LegacyApplicationClient,
    TokenExpiredError,
    WebApplicationClient,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.running import Hub, invoice
from tests.wire.oauth.parties import (
    APPLICATION,
    APPLICATION_SECRET,
    AUDIENCE,
    AUTHORIZE,
    CLIENT,
    INTROSPECT,
    PASSWORD,
    REDIRECT,
    REVOKE,
    SCOPE,
    SECRET,
    TOKEN,
    USER,
    Browser,
    claims,
)


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub of the tests speaks no TLS, which both libraries insist on otherwise."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def url(hub: Hub, path: str) -> str:
    return f"http://127.0.0.1:{hub.port}{path}"


def sends(session: requests.Session, hub: Hub, number: str) -> None:
    """A document goes through the Interchange with the session's token."""
    answer = session.post(url(hub, "/pagero/incoming/tokenauth/default/invoice/test"), data=invoice(number))
    assert answer.status_code == 200, answer.text


def followed(browser: Browser, address: str) -> str:
    """What the person does at *address*: signs in, lets the client in; where the browser is sent then."""
    path, _, query = address.partition("?")
    assert path.endswith(AUTHORIZE)
    browser.url = f"{AUTHORIZE}?{query}"
    assert browser._taken(browser.hub.request("GET", browser.url, headers=browser._sent())).status == 200
    if "Sign in</h1>" in browser.page:
        assert browser.sign_in().status == 200
    location = browser.submit("allow").header("location")
    assert location is not None
    return location


# --- requests-oauthlib -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pkce", ["S256", None])
@pytest.mark.parametrize("in_body", [True, False])
def test_requests_oauthlib_code(authority: Hub, browser: Browser, pkce: str | None, in_body: bool) -> None:
    session = OAuth2Session(CLIENT, redirect_uri=REDIRECT, scope=["all"], pkce=pkce)
    address, state = session.authorization_url(url(authority, AUTHORIZE))
    response = followed(browser, address)
    assert f"state={state}" in response
    if in_body:
        token = session.fetch_token(
            url(authority, TOKEN), authorization_response=response, client_secret=SECRET, include_client_id=True
        )
    else:
        token = session.fetch_token(
            url(authority, TOKEN), authorization_response=response, auth=HTTPBasicAuth(CLIENT, SECRET)
        )
    assert (token["expires_in"], token["scope"]) == (600, ["all"])
    sends(session, authority, f"OL-C-{pkce}-{in_body}")


def test_requests_oauthlib_code_that_is_made_up(authority: Hub) -> None:
    session = OAuth2Session(client=WebApplicationClient(CLIENT), redirect_uri=REDIRECT)
    with pytest.raises(InvalidGrantError):
        session.fetch_token(url(authority, TOKEN), code="made-up", client_secret=SECRET, include_client_id=True)


def test_requests_oauthlib_password_and_refresh(authority: Hub) -> None:
    kept: list[dict[str, object]] = []
    session = OAuth2Session(
        client=LegacyApplicationClient(CLIENT),
        auto_refresh_url=url(authority, TOKEN),
        auto_refresh_kwargs={"client_id": CLIENT, "client_secret": SECRET},
        token_updater=kept.append,
    )
    first = session.fetch_token(
        url(authority, TOKEN), username=USER, password=PASSWORD, client_id=CLIENT, client_secret=SECRET
    )
    sends(session, authority, "OL-P-1")
    session.token = {**first, "expires_at": 1, "expires_in": -1}
    sends(session, authority, "OL-P-2")  # it refreshes by itself
    assert len(kept) == 1
    assert kept[0]["refresh_token"] != first["refresh_token"]
    with pytest.raises(InvalidGrantError):
        session.refresh_token(
            url(authority, TOKEN), refresh_token=first["refresh_token"], client_id=CLIENT, client_secret=SECRET
        )


def test_requests_oauthlib_password_that_is_wrong(authority: Hub) -> None:
    session = OAuth2Session(client=LegacyApplicationClient(CLIENT))
    with pytest.raises(InvalidGrantError):
        session.fetch_token(
            url(authority, TOKEN), username=USER, password="wrong", client_id=CLIENT, client_secret=SECRET
        )


def test_requests_oauthlib_knows_when_a_token_ends(authority: Hub) -> None:
    session = OAuth2Session(client=LegacyApplicationClient(CLIENT))
    token = session.fetch_token(
        url(authority, TOKEN), username=USER, password=PASSWORD, client_id=CLIENT, client_secret=SECRET
    )
    session.token = {**token, "expires_at": 1}
    with pytest.raises(TokenExpiredError):
        session.post(url(authority, "/pagero/incoming/tokenauth/default/invoice/test"), data=b"")


def test_requests_oauthlib_client_credentials(authority: Hub) -> None:
    session = OAuth2Session(client=BackendApplicationClient(APPLICATION, scope=[SCOPE]))
    token = session.fetch_token(
        url(authority, "/oauth/token"), auth=HTTPBasicAuth(APPLICATION, APPLICATION_SECRET), audience=AUDIENCE
    )
    assert claims(token["access_token"])["aud"] == AUDIENCE
    assert "refresh_token" not in token


# --- Authlib ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("pkce", [True, False])
def test_authlib_code_with_an_id_token(authority: Hub, browser: Browser, method: str, pkce: bool) -> None:
    session = AuthlibSession(
        CLIENT,
        SECRET,
        redirect_uri=REDIRECT,
        scope="openid",
        token_endpoint_auth_method=method,
        code_challenge_method="S256" if pkce else None,
    )
    verifier = "v" * 43 if pkce else None
    address, state = session.create_authorization_url(url(authority, AUTHORIZE), nonce="n-1", code_verifier=verifier)
    response = followed(browser, address)
    token = session.fetch_token(
        url(authority, TOKEN), authorization_response=response, state=state, code_verifier=verifier
    )
    sends(session, authority, f"AL-C-{method}-{pkce}")
    keys = KeySet.import_key_set(requests.get(url(authority, "/.well-known/jwks.json"), timeout=10).json())
    said = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    assert said.header["kid"]
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": url(authority, "")},
        aud={"essential": True, "value": CLIENT},
        exp={"essential": True},
        nonce={"essential": True, "value": "n-1"},
    ).validate(said.claims)
    assert said.claims["sub"] == f"skog/{USER}"


def test_authlib_password_refresh_introspection_and_revocation(authority: Hub) -> None:
    session = AuthlibSession(CLIENT, SECRET)
    first = session.fetch_token(url(authority, TOKEN), username=USER, password=PASSWORD, grant_type="password")
    second = session.refresh_token(url(authority, TOKEN), refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    sends(session, authority, "AL-P-1")
    told = session.introspect_token(url(authority, INTROSPECT), token=second["access_token"]).json()
    assert (told["active"], told["sub"]) == (True, f"skog/{USER}")
    assert session.revoke_token(url(authority, REVOKE), token=second["refresh_token"]).status_code == 200
    told = session.introspect_token(url(authority, INTROSPECT), token=second["access_token"]).json()
    assert told == {"active": False}


@pytest.mark.parametrize("path", ["/oauth/token", "/cached/oauth/token", "/oauth2/token"])
def test_authlib_client_credentials(authority: Hub, path: str) -> None:
    session = AuthlibSession(APPLICATION, APPLICATION_SECRET, scope=SCOPE)
    token = session.fetch_token(url(authority, path), grant_type="client_credentials", audience=AUDIENCE)
    said = claims(token["access_token"])
    assert (said["sub"], said["aud"], said["scope"]) == (APPLICATION, AUDIENCE, SCOPE)
