"""Where a document goes: by electronic address, then business id, VAT id, GLN, and only to the one it can mean."""

from __future__ import annotations

from typing import Any

import pytest

from fakturahub.exchange.route import Route, find_route
from fakturahub.model import Identifier, PartyHeading
from tests.unit.exchange.town import known, row

COMPANIES = known(
    row(
        "virta",
        business_id="2790131-9",
        vat_id="FI27901319",
        addresses=["0216:003727901319", "0088:6430000000017"],
    ),
    row("skog", country="SE", business_id="556161-8033", vat_id="SE556161803301", addresses=["0007:5561618033"]),
    # eight digits, as a Finnish business id has; two countries share the number
    row("havn", country="DK", business_id="27901319", vat_id="DK27901319", addresses=["0184:DK27901319"]),
    # two parts of one firm: one number, one VAT id, an address each
    row("kontor-nord", country="DE", business_id="HRB 12345", vat_id="DE123456788", addresses=["9930:DE1"]),
    row("kontor-sued", country="DE", business_id="HRB 12345", vat_id="DE123456788", addresses=["0088:4012345000009"]),
    row("stumm", country="AT", business_id="FN 1 a", vat_id="ATU1", addresses=["9915:B"], contracts=["send"]),
    row("strich", country="AT", business_id="-", vat_id="-"),
)


def party(
    endpoint: tuple[str, str | None] | None = None,
    business_id: tuple[str, str | None] | None = None,
    **more: Any,
) -> PartyHeading:
    """A party; identifiers are given as (value, scheme)."""
    identifiers = tuple(Identifier(*one) for one in more.pop("identifiers", ()))
    return PartyHeading(
        endpoint=Identifier(*endpoint) if endpoint else None,
        business_id=Identifier(*business_id) if business_id else None,
        identifiers=identifiers,
        **more,
    )


def routed(buyer: PartyHeading) -> tuple[str | None, str]:
    route = find_route(buyer, COMPANIES)
    return (None if route.receiver is None else route.receiver.key), route.address


FOUND: dict[str, tuple[PartyHeading, str, str]] = {
    "by electronic address": (party(("003727901319", "0216")), "virta", "0216:003727901319"),
    "by another of its addresses": (party(("6430000000017", "0088")), "virta", "0088:6430000000017"),
    "by the GLN of OIOUBL": (party(("6430000000017", "GLN")), "virta", "GLN:6430000000017"),
    "by the GLN of OIOUBL beside it": (
        party(("x", "DK:P"), identifiers=[("6430000000017", "GLN")]),
        "virta",
        "GLN:6430000000017",
    ),
    "by the CVR number of OIOUBL": (party(("DK27901319", "DK:CVR")), "havn", "DK:CVR:DK27901319"),
    "by the CVR number without its country": (party(("27901319", "0184")), "havn", "0184:27901319"),
    "by the business id with its country": (party(None, ("DK27901319", "DK:CVR")), "havn", "DK:CVR:DK27901319"),
    "by the number of EHF 2 and Svefaktura": (party(("5561618033", "SE:ORGNR")), "skog", "SE:ORGNR:5561618033"),
    "in whatever case": (party(("dk27901319", "0184")), "havn", "0184:dk27901319"),
    "by the address before all else": (
        party(("5561618033", "0007"), ("2790131-9", "0212"), vat_id="FI27901319"),
        "skog",
        "0007:5561618033",
    ),
    "by the business id where the address is unknown": (
        party(("nobody", "0216"), ("5561618033", "0007"), vat_id="FI27901319"),
        "skog",
        "0007:5561618033",
    ),
    "where the address has no scheme": (
        party(("003727901319", None), ("2790131-9", "0212")),
        "virta",
        "0212:2790131-9",
    ),
    "without its hyphen": (party(None, ("27901319", "0212")), "virta", "0212:27901319"),
    "with blanks": (party(None, (" 556161 8033 ", None), country="SE"), "skog", " 556161 8033 "),
    "of the country of its scheme": (party(None, ("27901319", "0184")), "havn", "0184:27901319"),
    "of the country of its scheme, whatever the address says": (
        party(None, ("27901319", "0184"), country="FI"),
        "havn",
        "0184:27901319",
    ),
    "of the country of the party": (party(None, ("27901319", None), country="FI"), "virta", "27901319"),
    "of the other country": (party(None, ("27901319", None), country="DK"), "havn", "27901319"),
    "of the country in small letters": (party(None, ("27901319", None), country="dk"), "havn", "27901319"),
    "of the country that an older syntax names": (party(None, ("27901319", "DK:CVR")), "havn", "DK:CVR:27901319"),
    "by a further identifier that is a business id": (
        party(identifiers=[("K-1", None), ("5561618033", "0007")]),
        "skog",
        "0007:5561618033",
    ),
    "by the VAT id where the business id is unknown": (
        party(None, ("999", "0212"), vat_id="FI27901319"),
        "virta",
        "FI27901319",
    ),
    "by the VAT id where the business id is shared": (
        party(None, ("27901319", None), vat_id="DK27901319"),
        "havn",
        "DK27901319",
    ),
    "by the VAT id, however it is written": (party(vat_id="fi 2790131-9"), "virta", "fi 2790131-9"),
    "by the GLN": (party(identifiers=[("4012345000009", "0088")]), "kontor-sued", "0088:4012345000009"),
    "by the GLN where business id and VAT id are shared": (
        party(
            None,
            ("HRB 12345", None),
            vat_id="DE123456788",
            country="DE",
            identifiers=[("9999999999994", "0088"), ("4012345000009", "0088")],
        ),
        "kontor-sued",
        "0088:4012345000009",
    ),
}


@pytest.mark.parametrize("how", FOUND)
def test_the_receiver_is_found(how: str) -> None:
    buyer, key, address = FOUND[how]
    assert routed(buyer) == (key, address)


LOST: dict[str, tuple[PartyHeading, str]] = {
    "nothing is stated": (
        party(name="Virta Ltd", country="FI"),
        "the document names its buyer by no electronic address, business id, VAT id or GLN",
    ),
    "the address is unknown": (
        party(("1", "0216")),
        "no company of this hub has the electronic address 0216:1",
    ),
    "the scheme is another": (
        party(("003727901319", "0192")),
        "no company of this hub has the electronic address 0192:003727901319",
    ),
    "the business id is unknown": (party(None, ("1", "0212")), "none has the business id 0212:1"),
    "the business id is that of another country": (
        party(None, ("5561618033", "0212")),
        "none has the business id 0212:5561618033",
    ),
    "the business id is shared": (party(None, ("27901319", None)), "2 companies have the business id 27901319"),
    "the VAT id is shared": (party(vat_id="DE123456788"), "2 companies have the VAT id DE123456788"),
    "the VAT id is unknown": (party(vat_id="DE1"), "none has the VAT id DE1"),
    "the GLN is unknown": (party(identifiers=[("1", "0088")]), "none has the GLN 1"),
    "all of it is unknown": (
        party(("1", "0216"), ("2", "0212"), vat_id="FI3", identifiers=[("4", "0088")]),
        "no company of this hub has the electronic address 0216:1; none has the business id 0212:2; "
        "none has the VAT id FI3; none has the GLN 4",
    ),
    "a customer number happens to be somebody's business id": (
        party(country="SE", identifiers=[("5561618033", None), ("556161-8033", "91")]),
        "the document names its buyer by no electronic address, business id, VAT id or GLN",
    ),
    "a dash stands for the numbers": (
        party(None, ("-", None), vat_id="-", country="AT"),
        "none has the business id -; none has the VAT id -",
    ),
}


@pytest.mark.parametrize("why", LOST)
def test_no_receiver_is_found(why: str) -> None:
    buyer, reason = LOST[why]
    assert find_route(buyer, COMPANIES) == Route(None, "", reason)


@pytest.mark.parametrize(
    "buyer", [party(("B", "9915")), party(None, ("FN 1 a", None), country="AT"), party(vat_id="ATU1")]
)
def test_a_company_without_a_contract_for_receiving_gets_nothing(buyer: PartyHeading) -> None:
    route = find_route(buyer, COMPANIES)
    assert route.receiver is None
    assert route.address
    assert "Stumm Ltd was found by" in route.why
    assert "no contract for receiving" in route.why


@pytest.mark.parametrize("how", ["by electronic address", "without its hyphen", "by the GLN"])
def test_the_reason_says_what_decided(how: str) -> None:
    buyer, key, _ = FOUND[how]
    why = find_route(buyer, COMPANIES).why
    assert why.startswith(f"{key.title()} Ltd was found by ")
    assert {"by electronic address": "003727901319", "without its hyphen": "27901319"}.get(how, "4012345000009") in why


def test_puf_asks_the_legal_registration_last() -> None:
    """The order of PUF billing (specs/pagero.md, 8): identifications, VAT id, legal registration."""
    buyer = party(None, ("2790131-9", "0212"), identifiers=[("5561618033", "0007")], vat_id="DK27901319")
    assert routed(buyer) == ("virta", "0212:2790131-9")

    def puf(buyer: PartyHeading) -> tuple[str | None, str]:
        route = find_route(buyer, COMPANIES, puf=True)
        return (None if route.receiver is None else route.receiver.key), route.address

    assert puf(buyer) == ("skog", "0007:5561618033")
    assert puf(party(None, ("2790131-9", "0212"), vat_id="DK27901319")) == ("havn", "DK27901319")
    assert puf(party(None, ("2790131-9", "0212"))) == ("virta", "0212:2790131-9")
    assert puf(party(("003727901319", "0216"), identifiers=[("5561618033", "0007")])) == ("virta", "0216:003727901319")
