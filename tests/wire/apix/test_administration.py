"""Who a company is, what it has left, where it gets its mail (specification 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.running import COMPANIES, TRANSFER_ID, Hub, running_hub, stamp
from tests.wire.apix.terminal import hashed, joined, later, password_hash, put, request, signed, texts
from tests.wire.companies import MUTE, OFFICE, Reader
from tests.wire.raw import RawAnswer, exchange, head

# Failed calls are counted by address; this one is used here only.
SOURCE = "127.0.0.71"

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Response version="1.0">\n<Status>OK</Status>\n<StatusCode>{}</StatusCode>\n'
)
OK = '<FreeText language="en">OK</FreeText>\n'


def groups(*each: Mapping[str, str]) -> str:
    return "".join(
        "<Group>\n" + "".join(f'<Value type="{name}">{value}</Value>\n' for name, value in one.items()) + "</Group>\n"
        for one in each
    )


def body(code: str, *each: Mapping[str, str], text: str = OK) -> str:
    content = f"<Content>\n{groups(*each)}</Content>\n" if each else "<Content/>\n"
    return f"{ENVELOPE.format(code)}{text}{content}</Response>\n"


def get(hub: Hub, endpoint: str, query: str) -> RawAnswer:
    return exchange(hub.port, head(f"GET /apix/{endpoint}?{query} HTTP/1.1"), source=SOURCE)


def error(answer: RawAnswer) -> tuple[str, str]:
    """StatusCode and reason of a refusal."""
    assert answer.status == 200
    assert "<Status>ERR</Status>" in answer.text
    _, reason = texts(answer)
    return answer.text.partition("<StatusCode>")[2].partition("<")[0], reason


ADDRESSES: list[dict[str, str]] = [
    {"AddressType": "Official", "Street1": "aaaa", "PostalOffice": "J&#228;rvenp&#228;&#228;", "PostalCode": "3453"},
    {
        "AddressType": "Billing",
        "Street1": "PL 1",
        "Street2": "2 krs",
        "PostalOffice": "Espoo",
        "PostalCode": "02601",
    },
    {"AddressType": "Visiting", "PostalOffice": "Espoo"},
]
for one in ADDRESSES:
    one["Country"] = "FI"

AUTHUSER = body(
    "5000",
    {
        "Ytunnus": "2066776-9",
        "Name": "EsimerkkiToimisto J&#228;rvi Oy",
        "AdditionalName": "Toimisto",
        "CustomerNumber": "7",
        "UniqueCompanyID": OFFICE.unique_company_id,
        "Email": "a@toimisto.example",
        "Www": "www.toimisto.example",
        "Phonenumber": "1234",
        "ContactPerson": "Raija Tarkka",
        "LanguageCoded": "fi",
    },
    *ADDRESSES,
)


def test_authuser_in_every_way_that_clients_write_it(big_hub: Hub) -> None:
    """The Odoo connector sends the password besides and encodes nothing; others encode everything, in any order."""
    now, uid = stamp(), OFFICE.user
    digest = hashed(uid, now, password_hash(OFFICE.password))
    for query in (
        f"uid={uid}&t={now}&d=SHA-256:{digest}&pass=kissa",
        f"uid={quote(uid, safe='')}&t={now}&d=SHA-256%3A{digest}",
        f"d=SHA-256:{digest}&t={now}&uid={uid}",
        f"uid={quote(uid, safe='@')}&ts={now}&D={digest.upper()}",
    ):
        answer = get(big_hub, "authuser", query)
        assert (answer.text, answer.field("content-type")) == (AUTHUSER, "text/xml"), query


def test_a_user_is_known_whatever_the_case_of_the_address(big_hub: Hub) -> None:
    given = signed("authuser", password_hash(OFFICE.password), {"uid": OFFICE.user.upper()})
    assert get(big_hub, "authuser", joined(given)).text == AUTHUSER


def test_who_only_reads_is_told_of_the_company_too(big_hub: Hub) -> None:
    given = signed("authuser", password_hash(OFFICE.reader_password), {"uid": OFFICE.reader})
    assert get(big_hub, "authuser", joined(given)).text == AUTHUSER


@pytest.mark.parametrize("qualifier", ["y-tunnus", "orgnr", "whatever"])
@pytest.mark.parametrize("identifier", [OFFICE.business_id, "20667769", "apix-2066776-9", "FI20667769"])
def test_app_transfer_id_has_exactly_three_values(big_hub: Hub, identifier: str, qualifier: str) -> None:
    """An operator's prefix may stand before the id (OCA)."""
    given = signed(
        "app-transferID",
        password_hash(OFFICE.password),
        {"id": identifier, "idq": qualifier, "uid": OFFICE.user},
    )
    assert get(big_hub, "app-transferID", joined(given)).text == body(
        "5000",
        {
            "TransferID": OFFICE.transfer_id,
            "TransferKey": OFFICE.transfer_key,
            "UniqueCompanyID": OFFICE.unique_company_id,
        },
    )


def test_who_only_reads_does_not_get_the_key(big_hub: Hub) -> None:
    given = {"id": OFFICE.business_id, "idq": "y-tunnus", "uid": OFFICE.reader}
    answer = get(big_hub, "app-transferID", joined(signed("app-transferID", password_hash("lukija"), given)))
    assert error(answer) == (
        "5004",
        "A user who only reads does not get the key to send with. (permission-denied)",
    )
    assert OFFICE.transfer_key not in answer.text


def test_another_company_than_the_users(big_hub: Hub) -> None:
    given = {"id": "2790131-9", "idq": "y-tunnus", "uid": OFFICE.user}
    answer = get(big_hub, "app-transferID", joined(signed("app-transferID", password_hash(OFFICE.password), given)))
    assert error(answer) == ("5005", "No company of this user has that id. (not-found)")


@pytest.mark.parametrize("endpoint", ["authuser", "app-transferID"])
def test_a_user_who_does_not_prove_it_gets_the_same_bytes(big_hub: Hub, endpoint: str) -> None:
    given = {"id": OFFICE.business_id, "idq": "y-tunnus"} if endpoint == "app-transferID" else {}
    right = {**given, "uid": OFFICE.user}
    for query in (
        signed(endpoint, password_hash("wrong"), right),
        # the password itself, or the key of the company
        signed(endpoint, OFFICE.password, right),
        signed(endpoint, OFFICE.transfer_key, right),
        signed(endpoint, password_hash(OFFICE.password), {**given, "uid": "nobody@toimisto.example"}),
        signed(endpoint, "\0", {**given, "uid": "nobody@toimisto.example"}),
        {**signed(endpoint, password_hash(OFFICE.password), right), "uid": OFFICE.reader},
        # of a user of a company that does not speak Apix nothing is known
        signed(endpoint, password_hash("skog-password"), {**given, "uid": "faktura@skog.example"}),
    ):
        assert error(get(big_hub, endpoint, joined(query))) == (
            "5004",
            "The id is not known here, or the digest does not fit. (not-authenticated)",
        )


def test_a_users_clock_is_looked_at_once_the_digest_fits(big_hub: Hub) -> None:
    late = {"uid": OFFICE.user, "t": later(hours=-25)}
    answer = get(big_hub, "authuser", joined(signed("authuser", password_hash(OFFICE.password), late)))
    code, reason = error(answer)
    assert code == "5004"
    assert "1 d 1 h 0 min behind the hub's clock" in reason
    assert "(clock-skew)" in reason


GETCOMPANYINFO = body(
    "5P00",
    {
        "Username": OFFICE.user,
        "Email": "a@toimisto.example",
        "UniqueID": OFFICE.unique_company_id,
        "TransferId": OFFICE.transfer_id,
        "TransferKey": OFFICE.transfer_key,
        "y-tunnus": "2066776-9",
        "Name": "EsimerkkiToimisto J&#228;rvi Oy",
        "Language": "fi_FI",
        "AdditionalName": "Toimisto",
        "WWW": "www.toimisto.example",
        "PhoneNumber": "1234",
        "ContactPerson": "Raija Tarkka",
        "EInvoiceAddress": "003720667769",
        "Saldo": "830.2",
    },
    *ADDRESSES,
    text="",
)


def test_getcompanyinfo(big_hub: Hub) -> None:
    given = signed("getcompanyinfo", OFFICE.transfer_key, {"TraID": OFFICE.transfer_id})
    assert get(big_hub, "getcompanyinfo", joined(given)).text == GETCOMPANYINFO


def test_what_a_company_does_not_state_is_left_out(big_hub: Hub, reader: Reader) -> None:
    given = signed("getcompanyinfo", reader.transfer_key, {"TraID": reader.transfer_id})
    text = get(big_hub, "getcompanyinfo", joined(given)).text
    assert "<Value type=" in text
    assert "></Value>" not in text
    for absent in ("AdditionalName", "WWW", "PhoneNumber", "ContactPerson", "AddressType"):
        assert f'"{absent}"' not in text
    # the hub's own id of the company, which the balance call takes as well
    unique = text.partition('"UniqueID">')[2].partition("<")[0]
    assert get(big_hub, "saldo", f"id={unique}").text == body("5000", {"Saldo": "99999", "UniqueCompanyID": unique})


def test_a_digest_of_another_call_opens_nothing(big_hub: Hub) -> None:
    given = signed("metadata", OFFICE.transfer_key, {"TraID": OFFICE.transfer_id, "SID": "x"})
    assert error(get(big_hub, "getcompanyinfo", joined(given)))[0] == "5P04"


def test_saldo_needs_nothing_but_an_id(big_hub: Hub) -> None:
    assert get(big_hub, "saldo", f"id={OFFICE.unique_company_id}").text == body(
        "5000", {"Saldo": "830.2", "UniqueCompanyID": OFFICE.unique_company_id}
    )
    # in the words of the live service, which a client's test has
    for query in ("", "id=", "ID=x"):
        assert error(get(big_hub, "saldo", query)) == ("7599", "Parameter can't be null: id. (bad-request)")
    for unknown in (OFFICE.transfer_id, OFFICE.business_id, "x"):
        assert error(get(big_hub, "saldo", f"id={unknown}"))[0] == "5004"


def test_saldo_and_registration_can_be_off(tmp_path: Path, database: str) -> None:
    """Registration is off where nothing is said."""
    companies = tmp_path / "companies.toml"
    text = COMPANIES.read_text(encoding="utf-8")
    companies.write_text(f"{text}\n[dialects.apix]\nsaldo = false\n", encoding="utf-8")
    with running_hub(tmp_path / "data", database=database, companies=companies) as hub:
        assert error(get(hub, "saldo", f"id={TRANSFER_ID}")) == (
            "5004",
            "The call for the balance is switched off; getcompanyinfo tells it. (permission-denied)",
        )
        answer = put(hub, "registration?id=1", request({"Name": "Uusi Oy"}))
        assert error(answer) == (
            "5004",
            "Registration is switched off; ask the hub's operator. (permission-denied)",
        )


# --- email -----------------------------------------------------------------------------------------------------------


def email(hub: Hub, reader: Reader, name: str = "uid", **stated: str) -> RawAnswer:
    given = signed("email", reader.transfer_key, {"uid": reader.transfer_id})
    given[name] = given.pop("uid")
    return put(hub, f"email?{joined(given)}", request(stated), source=SOURCE)


def test_email_tells_the_address_before(big_hub: Hub, reader: Reader) -> None:
    """By either name of the parameter: the page says uid, a client of the operator's TraID."""
    registered, other = f"{reader.key}@lukija.example", "lasku+a@lukija.example"
    answers = [
        email(big_hub, reader, Email=other, DaysBeforeEmail="5"),
        email(big_hub, reader, "TraID", Email="", DaysBeforeEmail="0"),
        email(big_hub, reader, Email=other),
        email(big_hub, reader),
    ]
    expected = (registered, other, registered, other)
    assert [one.text for one in answers] == [body("5000", {"PreviousEmail": before}) for before in expected]


@pytest.mark.parametrize("stated", [{"DaysBeforeEmail": "6"}, {"DaysBeforeEmail": "1.5"}, {"Email": "no address"}])
def test_email_refuses_what_it_cannot_do_and_changes_nothing(
    big_hub: Hub, reader: Reader, stated: dict[str, str]
) -> None:
    assert error(email(big_hub, reader, **stated))[0] == "5012"
    assert email(big_hub, reader).text == body("5000", {"PreviousEmail": f"{reader.key}@lukija.example"})


def test_email_without_the_contract_or_a_message(big_hub: Hub, reader: Reader) -> None:
    assert error(email(big_hub, MUTE, Email=""))[0] == "5003"
    given = joined(signed("email", reader.transfer_key, {"uid": reader.transfer_id}))
    for message in (b"", b"Email=x", b'<!DOCTYPE Request [<!ENTITY a "b">]><Request/>', b"<Request/>"):
        assert error(put(big_hub, f"email?{given}", message, source=SOURCE))[0] == "5012"
    line = head(f"PUT /apix/email?{given} HTTP/1.1", f"Content-Length: {10**9}")
    assert error(exchange(big_hub.port, line, source=SOURCE)) == (
        "5001",
        "The body is larger than 1 MiB, the limit here. (too-large)",
    )


# --- registration ----------------------------------------------------------------------------------------------------


def test_a_registration_waits_for_the_operator_and_makes_no_company(big_hub: Hub) -> None:
    company = {"Ytunnus": "1111111-1", "Name": "Uusi Järvi Oy", "Email": "uusi@uusi.example", "Www": ""}
    address = {"AddressType": "Official", "Street1": "Katu 1", "Country": "FI"}
    target = f"registration?id={quote('1111111-1')}&idq=y-tunnus"
    for name in ("Vanha Oy", company["Name"]):
        answer = put(big_hub, target, request({**company, "Name": name}, address), "Content-Type: text/xml")
        assert answer.text == body("5000")
    listed = json.loads(big_hub.command("registrations", "--json"))
    (mine,) = (one for one in listed if one["identifier"] == "1111111-1")
    assert mine["stated"] == [{name: value for name, value in company.items() if value}, address]
    assert (mine["qualifier"], mine["address"]) == ("y-tunnus", "127.0.0.1")
    assert "Uusi Järvi Oy" in big_hub.command("registrations")
    gone = big_hub.command("registrations", "--drop", mine["id"])
    assert "Uusi Järvi Oy" not in gone
    assert error(get(big_hub, "saldo", "id=1111111-1"))[0] == "5004", "no company came of it"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", request({"Name": "x"})),
        ("id=", request({"Name": "x"})),
        (f"id={'x' * 256}", request({"Name": "x"})),
        ("id=1", request({"Name": ""})),
        ("id=1", request({"Email": "x@y.example"})),
        ("id=1", request(*[{"Name": "x"}] * 11)),
        ("id=1", b"x"),
    ],
)
def test_a_registration_that_is_none(big_hub: Hub, query: str, message: bytes) -> None:
    assert error(put(big_hub, f"registration?{query}", message, source=SOURCE))[0] == "5012"
