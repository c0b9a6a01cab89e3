"""The address register: companies of the hub and participants outside (specification 6.5)."""

from __future__ import annotations

import pytest

from tests.running import Hub
from tests.wire.apix.terminal import joined, put, request, signed
from tests.wire.apix.test_administration import SOURCE, body, error
from tests.wire.companies import OFFICE
from tests.wire.raw import RawAnswer, connected, head

AALTO = {"ReceiverName": "Aalto Capital Oy", "ReceiverYtunnus": "2262882-7"}
ITELLA = {
    **AALTO,
    "ReceivereInvoiceAddress": "003722628827",
    "ReceiverOperator": "Itella Information Oy",
    "ReceiverOperatorId": "003714377140",
}
NORDEA = {
    **AALTO,
    "ReceivereInvoiceAddress": "FI0913783000220315",
    "ReceiverOperator": "Nordea",
    "ReceiverOperatorId": "NDEAFIHH",
}
KAPITAL = {"ReceiverName": "Aalto Kapital Ab", "ReceivereInvoiceAddress": "TE003799998888"}
OURS = {
    "ReceiverName": "EsimerkkiToimisto J&#228;rvi Oy",
    "ReceiverYtunnus": "2066776-9",
    "ReceivereInvoiceAddress": "003720667769",
    "ReceiverOperator": "Pohjoinen Oy",
    "ReceiverOperatorId": "00372332748700001",
}


def target(name: str = "uid") -> str:
    given = signed("addressquery", OFFICE.transfer_key, {"uid": OFFICE.transfer_id})
    given[name] = given.pop("uid")
    return f"addressquery?{joined(given)}"


def ask(hub: Hub, *groups: dict[str, str], name: str = "uid") -> RawAnswer:
    return put(hub, target(name), request(*groups), source=SOURCE)


@pytest.mark.parametrize("name", ["uid", "TraID"])
def test_the_operators_own_example(big_hub: Hub, name: str) -> None:
    """With the operator's id besides, which a client's test has."""
    assert ask(big_hub, AALTO, name=name).text == body("2A00", ITELLA, NORDEA, text="")


@pytest.mark.parametrize(
    "stated",
    [
        {"ReceiverYtunnus": "22628827"},
        {"ReceiverYtunnus": "2262882-7", "ReceiverName": "Wrong name"},
        {"ReceiverName": "OY AALTO CAPITAL AB"},
        {"ReceiverName": "aalto-capital", "ReceiverYtunnus": ""},
    ],
)
def test_the_id_decides_and_a_name_is_found_however_it_is_spelled(big_hub: Hub, stated: dict[str, str]) -> None:
    assert ask(big_hub, stated).text == body("2A00", ITELLA, NORDEA, text="")


def test_a_company_of_this_hub_is_found_with_its_addresses(big_hub: Hub) -> None:
    iban = {**OURS, "ReceivereInvoiceAddress": "FI2112345600000785"}
    for stated in ({"ReceiverYtunnus": "2066776-9"}, {"ReceiverName": "esimerkkitoimisto jarvi"}):
        assert ask(big_hub, stated).text == body("2A00", OURS, iban, text="")


def test_a_name_with_one_wrong_letter_finds_those_that_it_may_mean(big_hub: Hub) -> None:
    assert ask(big_hub, {"ReceiverName": "Aalto Xapital"}).text == body("2A00", ITELLA, NORDEA, KAPITAL, text="")


def test_who_is_not_found_is_answered_with_what_was_asked(big_hub: Hub) -> None:
    stated = {"ReceiverName": "Ei Kukaan & Pojat Oy", "ReceiverYtunnus": "7654321-0"}
    shown = {**stated, "ReceiverName": "Ei Kukaan &amp; Pojat Oy"}
    assert ask(big_hub, stated).text == body("2A00", shown, text="")
    # an id that nobody has: a name alone is no proof where the register knows another id for it
    known = {"ReceiverName": "Aalto Capital Oy", "ReceiverYtunnus": "7654321-0"}
    assert ask(big_hub, known).text == body("2A00", known, text="")
    unknown = {"ReceiverName": "Aalto Kapital Ab", "ReceiverYtunnus": "7654321-0"}
    found = {**unknown, "ReceivereInvoiceAddress": KAPITAL["ReceivereInvoiceAddress"]}
    assert ask(big_hub, {**known, "ReceiverName": "Aalto Kapital"}).text == body("2A00", found, text="")


def test_one_who_has_no_address_and_several_groups(big_hub: Hub) -> None:
    without = {"ReceiverName": "Osoitteeton Oy", "ReceiverYtunnus": "1234567-1"}
    assert ask(big_hub, {"ReceiverYtunnus": "1234567-1"}, {"ReceiverName": "Aalto Kapital"}).text == body(
        "2A00", without, KAPITAL, text=""
    )


def test_a_question_that_is_none(big_hub: Hub) -> None:
    for groups in ([{"ReceiverName": ""}], [{}], [AALTO, {"Name": "x"}]):
        assert error(ask(big_hub, *groups)) == (
            "2A12",
            "Each group states ReceiverYtunnus or ReceiverName. (bad-request)",
        )


def test_a_client_that_waits_to_be_told_to_go_on(big_hub: Hub) -> None:
    """curl asks before it sends a body, and sends no type of content where it is told not to."""
    message = request(AALTO)
    line = head(f"PUT /apix/{target()} HTTP/1.1", f"Content-Length: {len(message)}", "Expect: 100-continue")
    with connected(big_hub.port) as connection:
        connection.send(line)
        go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.read_some(len(go_on)) == go_on
        connection.send(message)
        assert connection.answer(to="PUT").text == body("2A00", ITELLA, NORDEA, text="")
