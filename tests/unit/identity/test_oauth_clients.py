"""Which clients there are among companies and settings, step by step, and what each may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import pytest

from fakturahub.identity.companies import Companies
from fakturahub.identity.oauth.asking import BadAskingError, claimed, parameters
from fakturahub.identity.oauth.clients import Clients
from fakturahub.identity.oauth.issuing import RefreshTokens
from fakturahub.identity.oauth.users import known
from fakturahub.identity.sealing import MasterKey
from fakturahub.provision import CLIENT_DIALECTS, CREDENTIAL_NAMES
from fakturahub.storage.companies import Changes, CompanyRow, SettingRow

SPACE = UUID("6f7a0f5e-6c0e-4b58-9d0a-6d1d2b1b7f10")


def row(key: str, client_id: str | None, **more: Any) -> CompanyRow:
    section = {"username": key, "password": "hash-1", "client_secret": "hash", **more}
    if client_id is not None:
        section["client_id"] = client_id
    users = [{"email": "Aino@skog.example", "password": "hash-2"}, {"email": "r@x", "password": "h", "role": "reader"}]
    settings = {"name": key.title(), "country": "SE", "pagero": section, "user": users}
    return CompanyRow(uuid5(SPACE, key), key, settings)


def of(*rows: CompanyRow, settings: list[SettingRow] | None = None) -> tuple[Companies, Clients]:
    companies = Companies(CREDENTIAL_NAMES)
    companies.apply(Changes(1, list(rows), settings or []))
    return companies, Clients(companies, CLIENT_DIALECTS)


def test_a_client_comes_changes_its_name_and_moves() -> None:
    companies, clients = of(row("skog", "erp"), row("granne", None))
    client = clients.get("erp")
    assert client is not None
    assert client.company is not None
    assert (client.company.key, client.audiences, client.scopes) == ("skog", ("pagero",), ("all", "openid"))
    assert client.grants == {"authorization_code", "password", "refresh_token"}
    companies.apply(Changes(2, [row("skog", "erp-2")], []))
    assert clients.get("erp") is None
    assert clients.get("erp-2") is not None
    companies.apply(Changes(3, [row("skog", None), row("granne", "erp-2")], []))
    moved = clients.get("erp-2")
    assert moved is not None
    assert moved.company is not None
    assert moved.company.key == "granne"
    assert companies.by_credential("pagero", "erp-2") is None, "a client is no user"
    assert clients.get("skog") is None, "nor is a user a client"
    assert clients.get("") is None


def test_an_application() -> None:
    application = {"client_secret": "x", "audiences": ["a"], "scopes": ["s", "t"], "tenants": ["1"]}
    _, clients = of(
        row("skog", "both"), settings=[SettingRow("application", name, application) for name in ("app", "both")]
    )
    client = clients.get("app")
    assert client is not None
    assert (client.company, client.grants, client.tenants) == (None, {"client_credentials"}, ("1",))
    assert [client.get_allowed_scope(one) for one in (None, "", "s", "t s", "u", "s u", "s  t")] == [
        "s t", "s t", "s", "t s", None, None, None,
    ]  # fmt: skip
    both = clients.get("both")
    assert both is not None
    assert both.company is None


def test_an_address_may_be_left_out_where_there_is_one() -> None:
    for uris, default in (([], None), (["https://a"], "https://a"), (["https://a", "https://b"], None)):
        _, clients = of(row("skog", "erp", redirect_uris=uris))
        client = clients.get("erp")
        assert client is not None
        assert client.get_default_redirect_uri() == default
        assert not client.check_redirect_uri("https://a/")


def test_users_of_a_client() -> None:
    _, clients = of(row("skog", "erp"))
    client = clients.get("erp")
    assert client is not None
    marks = set()
    for login, stored in (("skog", "skog"), ("aino@SKOG.example", "Aino@skog.example")):
        person = known(client, login)
        assert person is not None
        assert (person.login, person.subject) == (stored, f"skog/{stored}")
        marks.add(person.mark)
    assert len(marks) == 2
    assert known(client, "r@x") is None
    assert known(client, "SKOG") is None
    application = of(settings=[SettingRow("application", "app", {"client_secret": "x"})])[1].get("app")
    assert application is not None
    assert known(application, "skog") is None


def test_refresh_tokens_name_their_grant_to_this_hub_alone() -> None:
    here, elsewhere = RefreshTokens(MasterKey.generate()), RefreshTokens(MasterKey.generate())
    grant = uuid5(SPACE, "grant")
    token = here.make(grant)
    assert here.grant_of(token) == grant
    assert here.make(grant) != token
    assert elsewhere.grant_of(token) is None
    # also where another last character would mean the same bytes
    for at, other in [(at, "A" if token[at] != "A" else "B") for at in range(4, len(token), 5)] + [
        (len(token) - 1, one) for one in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    ]:
        assert (here.grant_of(token[:at] + other + token[at + 1 :]) == grant) is (token[at] == other), (at, other)
    for bad in ("", "fhr_", token[4:], token[:-1], token + "A", token.replace("fhr_", "FHR_"), "fhr_" + "é" * 86):
        assert here.grant_of(bad) is None


@pytest.mark.parametrize("text", ["a=1&a=2", "a=%FF", b"a=\xff", "&".join(f"x{one}=1" for one in range(51))])
def test_parameters_that_are_refused(text: str | bytes) -> None:
    with pytest.raises(BadAskingError) as caught:
        parameters(text)
    assert caught.value.error == "invalid_request"


def test_parameters_without_a_value_are_left_out() -> None:
    assert parameters("a=&b=1&c=%20&d") == {"b": "1", "c": " "}
    assert parameters(b"") == {}


def test_secrets_are_not_shown() -> None:
    who = claimed("", {"client_id": "erp", "client_secret": "gehaim"})
    assert "gehaim" not in repr(who)
    assert who.secrets == ("gehaim",)
