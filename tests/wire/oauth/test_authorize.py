"""The authorization endpoint: pages, forms, and where a user is sent back to, or is not (RFC 6749, 4.1; RFC 9207)."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.running import Hub
from tests.wire.oauth.parties import (
    APPLICATION,
    AUTHORIZE,
    CLIENT,
    NEIGHBOUR,
    PASSWORD,
    READER,
    READER_PASSWORD,
    REDIRECT,
    REDIRECT_2,
    USER,
    Browser,
    ask,
    back,
    claims,
    told,
)

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def issuer(hub: Hub) -> str:
    return f"http://127.0.0.1:{hub.port}"


# --- the way ---


@pytest.mark.parametrize("path", ["/oauth/v2/oauth-authorize", "/oauth2/authorize", "/oauth/authorize"])
def test_every_path_of_the_endpoint(authority: Hub, path: str) -> None:
    query = urlencode({"client_id": CLIENT, "response_type": "code", "redirect_uri": REDIRECT})
    answer = authority.request("GET", f"{path}?{query}")
    assert (answer.status, "Sign in</h1>" in answer.text) == (200, True)


def test_the_way_of_a_user(browser: Browser, authority: Hub) -> None:
    asked = {"redirect_uri": REDIRECT, "state": "a b&c=ä%", "scope": "openid", "nonce": "n"}
    assert browser.open(**asked).status == 200
    assert "<code>skog-erp</code> asks to act for you at Skog &amp; Såg AB." in browser.page
    assert browser.sign_in().status == 200
    assert f"<strong>{USER}</strong>" in browser.page
    assert "know your user name" in browser.page
    answer = browser.submit("allow")
    assert answer.status == 303, "a form is not sent on to the client"
    assert (answer.header("location") or "").startswith(f"{REDIRECT}?code=")
    got = back(answer)
    assert set(got) == {"code", "state", "iss"}
    assert (got["state"], got["iss"]) == ("a b&c=ä%", issuer(authority))
    token = told(ask(authority, grant_type="authorization_code", code=got["code"], redirect_uri=REDIRECT))
    said = claims(token["id_token"])
    assert (said["nonce"], said["aud"], said["preferred_username"]) == ("n", CLIENT, USER)


def test_an_address_keeps_its_own_query(browser: Browser) -> None:
    browser.open(redirect_uri=REDIRECT_2, state="s")
    browser.sign_in()
    location = urlsplit(browser.submit("allow").header("location") or "")
    assert location._replace(query="").geturl() == "https://erp.skog.example/back"
    got = parse_qs(location.query)
    assert (got["tenant"], got["state"], len(got["code"])) == (["1"], ["s"], 1)


def test_without_a_state_none_comes_back(browser: Browser) -> None:
    assert set(browser.let_in(redirect_uri=REDIRECT)) == {"code", "iss"}


def test_a_user_who_refuses(browser: Browser) -> None:
    for steps in (["refuse"], ["sign-in", "refuse"]):
        browser.open(redirect_uri=REDIRECT, state="s", prompt="login")
        for step in steps:
            answer = browser.sign_in() if step == "sign-in" else browser.submit(step)
        got = back(answer)
        assert (got["error"], got["state"]) == ("access_denied", "s")
        assert "iss" in got
        assert "code" not in got


def test_who_signed_in_a_moment_ago_is_asked_for_consent_only(browser: Browser) -> None:
    browser.let_in(redirect_uri=REDIRECT)
    browser.open(redirect_uri=REDIRECT)
    assert "Let <code>skog-erp</code> in?" in browser.page
    for prompt in ("login", "select_account", "login consent"):
        browser.open(redirect_uri=REDIRECT, prompt=prompt)
        assert "Sign in</h1>" in browser.page, prompt
    browser.open(redirect_uri=REDIRECT, max_age="0", state="1")
    browser.open(redirect_uri=REDIRECT, max_age="3600")
    assert "Let <code>skog-erp</code> in?" in browser.page
    assert "Sign in</h1>" in browser.submit("other").body.decode()
    browser.open(redirect_uri=REDIRECT)
    assert "Sign in</h1>" in browser.page


def test_prompt_none_shows_no_page(browser: Browser) -> None:
    assert back(browser.open(redirect_uri=REDIRECT, prompt="none", state="s"))["error"] == "login_required"
    browser.let_in(redirect_uri=REDIRECT)
    assert back(browser.open(redirect_uri=REDIRECT, prompt="none"))["error"] == "consent_required"


# --- who is sent nowhere ---


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": "nobody", "redirect_uri": REDIRECT},
        {"client_id": "", "redirect_uri": REDIRECT},
        {"client_id": APPLICATION, "redirect_uri": REDIRECT},
        {"client_id": NEIGHBOUR, "redirect_uri": REDIRECT},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": REDIRECT + "#x"},
        {"redirect_uri": REDIRECT.replace("8089", "8088")},
        {"redirect_uri": "HTTP://127.0.0.1:8089/callback"},
        {"redirect_uri": 'http://"ä\n'},
        {"redirect_uri": "javascript:alert(1)"},
        {},
    ],
)
def test_nobody_is_sent_to_where_nobody_is_known(browser: Browser, given: dict[str, str]) -> None:
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}):
        answer = browser.open(**{**given, **more})
        assert answer.status == 400, answer
        assert answer.header("location") is None
        assert "Nobody was let in" in browser.page
        assert "evil.example" not in browser.page


@pytest.mark.parametrize(
    "query",
    [
        f"client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&redirect_uri=https://evil.example",
        f"client_id={CLIENT}&client_id={NEIGHBOUR}&response_type=code&redirect_uri={REDIRECT}",
        f"client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&state=1&state=2",
        f"client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&state=%FF",
        "&".join(f"x{number}=1" for number in range(60)),
    ],
)
def test_requests_that_cannot_be_read(authority: Hub, query: str) -> None:
    answer = authority.request("GET", f"{AUTHORIZE}?{query}")
    assert (answer.status, answer.header("location")) == (400, None)
    assert "invalid_request" in answer.text


def test_where_one_address_is_registered_it_may_be_left_out(browser: Browser) -> None:
    assert back(browser.open(client_id=NEIGHBOUR, prompt="none"))["error"] == "login_required"


# --- what the client is told ---


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": 'ä"\\'}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": 'ä"'}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_uri_not_supported"),
    ],
)
def test_what_is_refused_at_the_client(browser: Browser, authority: Hub, given: dict[str, str], error: str) -> None:
    answer = browser.open(**{"redirect_uri": REDIRECT, "state": "ß", **given})
    assert answer.status == 302
    got = back(answer)
    assert (got["error"], got["state"], got["iss"]) == (error, "ß", issuer(authority))
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", got["error_description"]), "RFC 6749, 4.1.2.1"
    assert (answer.header("location") or "").startswith(f"{REDIRECT}?")


# --- signing in ---


@pytest.mark.parametrize(
    ("username", "password"),
    [(USER, "wrong"), ("nobody", PASSWORD), (READER, READER_PASSWORD), ("granne", "granne-password"), ("", "")],
)
def test_sign_ins_that_fail(browser: Browser, username: str, password: str) -> None:
    browser.open(redirect_uri=REDIRECT)
    answer = browser.sign_in(username, password)
    assert answer.status == 403
    assert "User name and password do not fit." in browser.page
    assert "fakturahub-sign-in" not in browser.cookies
    assert f'value="{username}"' in browser.page
    assert password not in browser.page or not password


def test_what_is_typed_is_shown_escaped(browser: Browser) -> None:
    browser.open(redirect_uri=REDIRECT)
    browser.sign_in('"><script>alert(1)</script>', "x")
    assert "<script" not in browser.page
    assert "&lt;script&gt;" in browser.page


# --- forms ---


def test_a_form_of_another_site_lets_nobody_in(browser: Browser, authority: Hub) -> None:
    """As a page elsewhere would send it: with cookies even, but without the token of the form."""
    browser.let_in(redirect_uri=REDIRECT)
    form = browser.open(redirect_uri=REDIRECT)
    token = re.search(r'name="form" value="([0-9a-f]{64})"', browser.page)
    assert token is not None
    headers = {**browser._sent(), "Content-Type": "application/x-www-form-urlencoded"}
    for body in ("step=allow", f"step=allow&form={'0' * 64}", "step=allow&form=%C3%A4", "", "step=other"):
        answer = authority.request("POST", browser.url, body.encode(), headers)
        assert (answer.status, answer.header("location")) == (400, None)
    # good for nothing but the request that it was made for …
    other = browser.url.replace("response_type=code", "response_type=code&scope=openid")
    body = f"step=allow&form={token[1]}".encode()
    assert authority.request("POST", other, body, headers).status == 400
    # … nor in another browser, nor in another session
    assert authority.request("POST", browser.url, body, {**headers, "Cookie": ""}).status == 400
    stranger = Browser(authority)
    stranger.let_in(redirect_uri=REDIRECT)
    cookies = {"fakturahub-browser": browser.cookies["fakturahub-browser"], **stranger.cookies}
    stolen = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert authority.request("POST", browser.url, body, {**headers, "Cookie": stolen}).status == 400
    assert authority.request("POST", browser.url, body, headers).status == 303
    assert form.status == 200


def test_a_session_that_was_altered_or_made_up_is_none(browser: Browser) -> None:
    browser.let_in(redirect_uri=REDIRECT)
    good = browser.cookies["fakturahub-sign-in"]
    body, _, tag = good.partition(".")
    for bad in ("x", ".", f"{body}.", f".{tag}", f"{body}x.{tag}", f"{body}.{tag[:-1]}", "x" * 5000, body):
        browser.cookies["fakturahub-sign-in"] = bad
        browser.open(redirect_uri=REDIRECT)
        assert "Sign in</h1>" in browser.page, bad
    browser.cookies["fakturahub-sign-in"] = good
    browser.open(redirect_uri=REDIRECT)
    assert "Let <code>skog-erp</code> in?" in browser.page


def test_a_session_of_one_company_is_none_at_another(browser: Browser) -> None:
    browser.let_in(redirect_uri=REDIRECT)
    browser.open(client_id=NEIGHBOUR)
    assert "Sign in</h1>" in browser.page


def test_pages_and_cookies_are_guarded(browser: Browser) -> None:
    sign_in = browser.open(redirect_uri=REDIRECT)
    consent = browser.sign_in()
    for answer in (sign_in, consent):
        policy = answer.header("content-security-policy") or ""
        assert "default-src 'none'" in policy
        assert "form-action 'self' http://127.0.0.1:8089;" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "<script" not in answer.body.decode()
        assert answer.header("cache-control") == "no-store"
        assert answer.header("x-frame-options") == "DENY"
        assert answer.header("referrer-policy") == "no-referrer"
        cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
        assert cookies
        for cookie in cookies:
            assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    session = next(value for _, value in consent.headers if value.startswith("fakturahub-sign-in="))
    assert "Max-Age=600" in session
    policy = browser.open(redirect_uri=REDIRECT_2).header("content-security-policy") or ""
    assert "form-action 'self' https://erp.skog.example;" in policy


def test_other_methods(authority: Hub) -> None:
    answer = authority.request("PUT", AUTHORIZE)
    assert answer.status == 405
    assert set((answer.header("allow") or "").split(", ")) == {"GET", "HEAD", "POST"}
