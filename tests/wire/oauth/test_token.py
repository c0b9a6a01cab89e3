"""The token endpoint: who may ask, in which form, and how each refusal reads (RFC 6749, RFC 9700)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode

import pytest

from tests.running import Hub, invoice
from tests.wire.oauth.parties import (
    APPLICATION,
    APPLICATION_SECRET,
    AUDIENCE,
    CACHED,
    CLIENT,
    NEIGHBOUR,
    NEIGHBOUR_SECRET,
    PASSWORD,
    READER,
    READER_PASSWORD,
    REDIRECT,
    REDIRECT_2,
    SCOPE,
    SECRET,
    TOKEN,
    USER,
    Browser,
    ask,
    basic,
    by_password,
    claims,
    error,
    post_with,
    refreshed,
    rows,
    told,
)

GRANT = {"grant_type": "password", "username": USER, "password": PASSWORD}
ORACLE = basic(APPLICATION, APPLICATION_SECRET)


# --- what is answered ---


def test_the_answer_has_the_operators_shape(authority: Hub) -> None:
    first = by_password(authority)
    assert list(first) == ["token_type", "access_token", "refresh_token", "scope", "expires_in"]
    assert (first["token_type"], first["scope"], first["expires_in"]) == ("bearer", "", 600)
    second = told(refreshed(authority, first["refresh_token"]))
    assert list(second) == [*first, "claims"]
    assert second["claims"] == "publicid"


@pytest.mark.parametrize("path", ["/oauth/v2/oauth-token", "/oauth2/token", "/oauth/token", "/cached/oauth/token"])
def test_every_path_of_the_endpoint(authority: Hub, path: str) -> None:
    assert told(ask(authority, path, **GRANT))["expires_in"] == 600


def test_what_stands_in_a_token_of_a_user(authority: Hub) -> None:
    said = claims(by_password(authority)["access_token"])
    now = datetime.now(UTC).timestamp()
    assert (said["sub"], said["aud"], said["client_id"], said["scope"]) == (f"skog/{USER}", "pagero", CLIENT, "")
    assert said["iss"] == f"http://127.0.0.1:{authority.port}"
    assert said["exp"] - said["iat"] == 600
    assert abs(said["iat"] - now) < 30
    assert said["auth_time"] == said["iat"]
    assert len({claims(by_password(authority)["access_token"])["jti"] for _ in range(3)}) == 3


def test_the_account_of_the_dialect_is_a_user_as_well(authority: Hub) -> None:
    token = by_password(authority, username="skog", password="skog-password")["access_token"]
    assert claims(token)["sub"] == "skog/skog"
    assert post_with(authority, token, invoice("OT-1")).status == 200


def test_a_mail_address_is_the_same_in_capitals(authority: Hub) -> None:
    assert claims(by_password(authority, username=USER.upper())["access_token"])["sub"] == f"skog/{USER}"


@pytest.mark.parametrize(("scope", "granted"), [("all", "all"), ("openid", "openid"), ("all openid", "all openid")])
def test_scopes_that_are_granted(authority: Hub, scope: str, granted: str) -> None:
    got = by_password(authority, scope=scope)
    assert (got["scope"], claims(got["access_token"])["scope"]) == (granted, granted)
    assert ("id_token" in got) == ("openid" in granted)


@pytest.mark.parametrize("scope", ["ALL", "all admin", "everything", "all  openid"])
def test_scopes_that_are_not(authority: Hub, scope: str) -> None:
    assert error(ask(authority, **GRANT, scope=scope)) == "invalid_scope"


def test_a_token_may_have_less_than_was_granted_and_not_more(authority: Hub) -> None:
    first = by_password(authority, scope="all openid")
    less = told(refreshed(authority, first["refresh_token"], scope="all"))
    assert (less["scope"], "id_token" in less) == ("all", False)
    again = told(refreshed(authority, less["refresh_token"]))
    assert again["scope"] == "all openid"
    plain = by_password(authority)
    assert error(refreshed(authority, plain["refresh_token"], scope="openid")) == "invalid_scope"
    assert told(refreshed(authority, plain["refresh_token"], scope="all"))["scope"] == "all"


# --- who asks ---


@pytest.mark.parametrize(
    ("authorization", "given"),
    [
        (basic(CLIENT, "wrong"), {}),
        (basic("nobody", SECRET), {}),
        (basic(CLIENT, ""), {}),
        (basic(CLIENT.upper(), SECRET), {}),
        (basic(NEIGHBOUR, SECRET), {}),
        ("", {"client_id": CLIENT, "client_secret": "wrong"}),
        ("", {"client_id": "nobody", "client_secret": SECRET}),
        ("", {"client_id": CLIENT}),
        ("", {}),
        ("Bearer abc", {}),
        ("Basic !!!", {}),
        ("Basic " + "c2tvZw==", {}),
    ],
)
def test_clients_that_are_not_known(authority: Hub, authorization: str, given: dict[str, str]) -> None:
    answer = ask(authority, authorization=authorization, **GRANT, **given)
    assert error(answer, 401) == "invalid_client"
    assert answer.header("www-authenticate") == 'Basic realm="Fakturahub", charset="UTF-8"'


def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer(authority: Hub) -> None:
    unknown, wrong = (ask(authority, authorization=basic(*who), **GRANT) for who in ((CLIENT, "x"), ("nobody", "x")))
    assert (unknown.status, unknown.body) == (wrong.status, wrong.body)


def test_credentials_in_the_body(authority: Hub) -> None:
    told(ask(authority, authorization="", **GRANT, client_id=CLIENT, client_secret=SECRET))


def test_credentials_in_header_and_body_at_once(authority: Hub) -> None:
    both = ask(authority, **GRANT, client_id=CLIENT, client_secret=SECRET)
    assert error(both) == "invalid_request"
    told(ask(authority, **GRANT, client_id=CLIENT))
    assert error(ask(authority, **GRANT, client_id=NEIGHBOUR)) == "invalid_request"


@pytest.mark.parametrize("form_encoded", [True, False])
def test_a_secret_with_odd_signs_form_encoded_and_as_it_stands(authority: Hub, form_encoded: bool) -> None:
    secret = quote_plus(NEIGHBOUR_SECRET) if form_encoded else NEIGHBOUR_SECRET
    answer = ask(
        authority,
        authorization=basic(NEIGHBOUR, secret),
        grant_type="password",
        username="granne",
        password="granne-password",
    )
    assert claims(told(answer)["access_token"])["sub"] == "granne/granne"


def test_two_authorization_headers(authority: Hub) -> None:
    from tests.wire.raw import exchange, head

    body = urlencode(GRANT).encode()
    request = head(
        f"POST {TOKEN} HTTP/1.1",
        f"Authorization: {basic()}",
        f"Authorization: {basic(CLIENT, 'x')}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    answer = exchange(authority.port, request + body)
    assert (answer.status, b'"invalid_request"' in answer.body) == (400, True)


# --- in which form ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_request"),
        (b"username=x", "invalid_request"),
        (b"grant_type=", "invalid_request"),
        (b"grant_type=password&grant_type=password&username=skog&password=skog-password", "invalid_request"),
        (b"grant_type=password&username=skog&username=skog&password=skog-password", "invalid_request"),
        (b"grant_type=password&username=skog&password=skog-password&x=1&x=2", "invalid_request"),
        (b"grant_type=password&username=skog", "invalid_request"),
        (b"grant_type=password&password=x", "invalid_request"),
        (b"grant_type=authorization_code", "invalid_request"),
        (b"grant_type=refresh_token", "invalid_request"),
        (b"grant_type=implicit", "unsupported_grant_type"),
        (b"grant_type=%22%C3%A4%0A", "unsupported_grant_type"),
        (b"grant_type=client_credentials", "unauthorized_client"),
        (b"grant_type=password&username=%FF&password=x", "invalid_request"),
        (b"grant_type=password&username=\xff&password=x", "invalid_request"),
        (b"&".join(b"x%d=1" % number for number in range(51)), "invalid_request"),
        (b"grant_type=authorization_code&code=made-up", "invalid_grant"),
        (b"grant_type=refresh_token&refresh_token=made-up", "invalid_grant"),
        (b"grant_type=refresh_token&refresh_token=fhr_" + b"A" * 86, "invalid_grant"),
        (b"grant_type=refresh_token&refresh_token=fhr_" + b"%C3%A4" * 86, "invalid_grant"),
        (b"grant_type=password&username=%00&password=%00", "invalid_grant"),
    ],
)
def test_requests_that_are_refused(authority: Hub, body: bytes, code: str) -> None:
    assert error(ask(authority, body=body)) == code


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_another_content_type(authority: Hub, kind: str) -> None:
    assert error(ask(authority, headers={"Content-Type": kind}, **GRANT)) == "invalid_request"


def test_a_charset_beside_the_content_type_does_no_harm(authority: Hub) -> None:
    kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    told(ask(authority, headers={"Content-Type": kind}, **GRANT))


@pytest.mark.parametrize("name", ["client_secret", "password", "refresh_token", "code", "token", "code_verifier"])
def test_credentials_in_the_address(authority: Hub, name: str) -> None:
    answer = ask(authority, f"{TOKEN}?{name}=x", **GRANT)
    assert error(answer) == "invalid_request"
    told(ask(authority, f"{TOKEN}?tenant=1", **GRANT))


def test_a_body_that_is_too_large(authority: Hub) -> None:
    assert error(ask(authority, body=b"x=" + b"y" * 32 * 1024), 413) == "invalid_request"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods(authority: Hub, method: str) -> None:
    answer = authority.request(method, TOKEN)
    assert (answer.status, answer.header("allow")) == (405, "POST")


# --- passwords ---


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (USER, "wrong"),
        ("nobody@skog.example", PASSWORD),
        ("granne", "granne-password"),
        (READER, READER_PASSWORD),
        ("Skog", "skog-password"),
        (USER, PASSWORD + "x" * 5000),
    ],
)
def test_users_that_are_none_of_this_client(authority: Hub, username: str, password: str) -> None:
    assert error(ask(authority, grant_type="password", username=username, password=password)) == "invalid_grant"


# --- refresh tokens ---


def test_the_second_use_of_a_refresh_token_ends_everything_that_came_of_it(authority: Hub) -> None:
    first = by_password(authority)
    second = told(refreshed(authority, first["refresh_token"]))
    third = told(refreshed(authority, second["refresh_token"]))
    assert post_with(authority, third["access_token"], invoice("OT-R-1")).status == 200
    assert error(refreshed(authority, first["refresh_token"])) == "invalid_grant"
    assert error(refreshed(authority, third["refresh_token"])) == "invalid_grant"
    for token in (first, second, third):
        refused = post_with(authority, token["access_token"], invoice("OT-R-1"))
        assert refused.status == 401
        assert 'error="invalid_token"' in (refused.header("www-authenticate") or "")


def test_a_refresh_token_is_good_once_even_right_after(authority: Hub) -> None:
    first = by_password(authority)
    second = told(refreshed(authority, first["refresh_token"]))
    assert post_with(authority, second["access_token"], invoice("OT-R-2")).status == 200
    assert error(refreshed(authority, first["refresh_token"])) == "invalid_grant"
    assert error(refreshed(authority, second["refresh_token"])) == "invalid_grant"
    assert post_with(authority, second["access_token"], invoice("OT-R-2")).status == 401


def test_of_many_uses_at_once_one_is_right_and_the_grant_ends(authority: Hub) -> None:
    token = by_password(authority)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refreshed(authority, token), range(8)))
    good = [told(one) for one in answers if one.status == 200]
    assert len(good) == 1
    assert {error(one) for one in answers if one.status != 200} == {"invalid_grant"}
    assert error(refreshed(authority, good[0]["refresh_token"])) == "invalid_grant"
    assert post_with(authority, good[0]["access_token"], invoice("OT-R-3")).status == 401


def test_a_refresh_token_of_another_client_harms_nobody(authority: Hub) -> None:
    token = by_password(authority)["refresh_token"]
    stolen = refreshed(authority, token, authorization=basic(NEIGHBOUR, NEIGHBOUR_SECRET))
    assert error(stolen) == "invalid_grant"
    told(refreshed(authority, token))


def test_a_grant_lives_three_years_from_its_last_use(authority: Hub) -> None:
    token = by_password(authority)
    grant = claims(token["access_token"])["grant"]

    def ends() -> datetime:
        (row,) = rows(authority, "SELECT expires_at FROM oauth_grant WHERE id::text = $1", grant)
        got: datetime = row["expires_at"]
        return got

    assert timedelta(days=1094) < ends() - datetime.now(UTC) <= timedelta(days=1095)
    past = datetime.now(UTC) + timedelta(seconds=60)
    rows(authority, "UPDATE oauth_grant SET expires_at = $2 WHERE id::text = $1", grant, past)
    second = told(refreshed(authority, token["refresh_token"]))
    assert ends() - datetime.now(UTC) > timedelta(days=1094)
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows(authority, "UPDATE oauth_grant SET expires_at = $2 WHERE id::text = $1", grant, past)
    assert error(refreshed(authority, second["refresh_token"])) == "invalid_grant"


def test_nothing_that_would_let_anybody_in_is_stored(authority: Hub, browser: Browser) -> None:
    code = browser.let_in(redirect_uri=REDIRECT)["code"]
    token = told(ask(authority, grant_type="authorization_code", code=code, redirect_uri=REDIRECT))
    stored = "".join(
        str(dict(row))
        for table in ("oauth_code", "oauth_grant", "oauth_key", "oauth_revoked")
        for row in rows(authority, f"SELECT * FROM {table}")  # noqa: S608
    )
    assert "PRIVATE KEY" not in stored
    for secret in (code, token["refresh_token"], token["access_token"]):
        assert secret not in stored
        assert secret not in authority.log.read_text()


# --- codes ---


def code_of(browser: Browser, **given: str) -> str:
    return browser.let_in(**{"redirect_uri": REDIRECT, **given})["code"]


def redeemed(hub: Hub, code: str, **given: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **given}


def test_the_second_use_of_a_code_ends_everything_that_came_of_it(authority: Hub, browser: Browser) -> None:
    request = redeemed(authority, code_of(browser))
    token = told(ask(authority, **request))
    newer = told(refreshed(authority, token["refresh_token"]))
    assert error(ask(authority, **request)) == "invalid_grant"
    assert post_with(authority, newer["access_token"], invoice("OT-C-1")).status == 401
    assert error(refreshed(authority, newer["refresh_token"])) == "invalid_grant"


def test_of_many_uses_of_a_code_at_once_one_is_right_and_the_grant_ends(authority: Hub, browser: Browser) -> None:
    request = redeemed(authority, code_of(browser))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(authority, **request), range(8)))
    good = [told(one) for one in answers if one.status == 200]
    assert len(good) == 1
    assert error(refreshed(authority, good[0]["refresh_token"])) == "invalid_grant"


def test_a_code_ends_after_a_minute(authority: Hub, browser: Browser) -> None:
    code = code_of(browser)
    (row,) = rows(
        authority, "SELECT expires_at, signed_in_at, grant_id FROM oauth_code ORDER BY expires_at DESC LIMIT 1"
    )
    assert timedelta(seconds=40) < row["expires_at"] - datetime.now(UTC) <= timedelta(seconds=60)
    past = datetime.now(UTC) - timedelta(seconds=1)
    rows(authority, "UPDATE oauth_code SET expires_at = $2 WHERE grant_id = $1", row["grant_id"], past)
    assert error(ask(authority, **redeemed(authority, code))) == "invalid_grant"


def test_a_code_of_another_client_harms_nobody(authority: Hub, browser: Browser) -> None:
    code = code_of(browser)
    stolen = ask(authority, authorization=basic(NEIGHBOUR, NEIGHBOUR_SECRET), **redeemed(authority, code))
    assert error(stolen) == "invalid_grant"
    told(ask(authority, **redeemed(authority, code)))


@pytest.mark.parametrize("redirect_uri", [REDIRECT_2, REDIRECT + "/", REDIRECT.upper(), "http://127.0.0.1:8089", ""])
def test_a_code_is_redeemed_with_the_address_it_was_asked_for_with(
    authority: Hub, browser: Browser, redirect_uri: str
) -> None:
    request = redeemed(authority, code_of(browser), redirect_uri=redirect_uri)
    assert error(ask(authority, **request)) == "invalid_grant"


CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.mark.parametrize(
    ("challenge", "verifier", "code"),
    [
        (CHALLENGE, VERIFIER, None),
        (CHALLENGE, "", "invalid_request"),
        (CHALLENGE, "x" * 43, "invalid_grant"),
        (CHALLENGE, CHALLENGE, "invalid_grant"),
        (CHALLENGE, "short", "invalid_request"),
        (CHALLENGE, "x" * 129, "invalid_request"),
        ("", VERIFIER, "invalid_request"),
        ("", "", None),
    ],
)
def test_pkce(authority: Hub, browser: Browser, challenge: str, verifier: str, code: str | None) -> None:
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}
    answer = ask(authority, **redeemed(authority, code_of(browser, **asked), code_verifier=verifier))
    if code is None:
        told(answer)
    else:
        assert error(answer) == code


# --- applications ---


def test_an_application_gets_a_token_for_itself(authority: Hub) -> None:
    got = told(ask(authority, authorization=ORACLE, grant_type="client_credentials", audience=AUDIENCE, scope=SCOPE))
    assert list(got) == ["token_type", "access_token", "scope", "expires_in"]
    said = claims(got["access_token"])
    assert (said["sub"], said["client_id"], said["aud"], said["scope"]) == (APPLICATION, APPLICATION, AUDIENCE, SCOPE)
    assert "grant" not in said
    assert "auth_time" not in said


def test_an_application_that_names_neither_gets_all_it_has(authority: Hub) -> None:
    got = told(ask(authority, authorization=ORACLE, grant_type="client_credentials"))
    said = claims(got["access_token"])
    assert (said["aud"], said["scope"]) == ([AUDIENCE, "verx://other"], f"{SCOPE} other")
    assert got["scope"] == f"{SCOPE} other"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"audience": "pagero"}, "invalid_target"),
        ({"audience": AUDIENCE + "/"}, "invalid_target"),
        ({"scope": "all"}, "invalid_scope"),
        ({"scope": f"{SCOPE} admin"}, "invalid_scope"),
        ({"grant_type": "password", "username": USER, "password": PASSWORD}, "unauthorized_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "unauthorized_client"),
        ({"grant_type": "authorization_code", "code": "x"}, "unauthorized_client"),
    ],
)
def test_what_an_application_may_not_have(authority: Hub, given: dict[str, str], code: str) -> None:
    request = {"grant_type": "client_credentials", **given}
    assert error(ask(authority, authorization=ORACLE, **request)) == code


def test_a_client_of_a_company_may_not_name_another_audience(authority: Hub) -> None:
    assert error(ask(authority, **GRANT, audience=AUDIENCE)) == "invalid_target"
    assert claims(by_password(authority, audience="pagero")["access_token"])["aud"] == "pagero"


def test_the_cached_endpoint_hands_out_the_token_that_there_is(authority: Hub) -> None:
    def fetch(**given: str) -> dict[str, object]:
        request = {"grant_type": "client_credentials", "audience": AUDIENCE, "scope": SCOPE, **given}
        return told(ask(authority, CACHED, authorization=ORACLE, **request))

    first, second = fetch(), fetch()
    assert first["access_token"] == second["access_token"]
    assert 0 < int(str(second["expires_in"])) <= int(str(first["expires_in"]))
    assert fetch(audience="verx://other")["access_token"] != first["access_token"]
    assert fetch(scope="other")["access_token"] != first["access_token"]
    wrong = ask(authority, CACHED, authorization=basic(APPLICATION, "x"), grant_type="client_credentials")
    assert error(wrong, 401) == "invalid_client"
    revoked = ask(authority, "/oauth/revoke", authorization=ORACLE, token=str(first["access_token"]))
    assert revoked.status == 200
    assert fetch()["access_token"] != first["access_token"]
