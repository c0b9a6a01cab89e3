"""Whether the seller that a document names is the company that sent it."""

from __future__ import annotations

import pytest

from fakturahub.exchange.route import is_company
from fakturahub.model import PartyHeading
from tests.unit.exchange.test_route import party
from tests.unit.exchange.town import known, named, row

SKOG = row(
    "skog",
    name="Skog & Såg AB",
    country="SE",
    business_id="556161-8033",
    vat_id="SE556161803301",
    addresses=["0007:5561618033", "0088:7300000000017"],
)
COMPANY = named(known(SKOG), "skog")

YES: dict[str, PartyHeading] = {
    "its address": party(("5561618033", "0007")),
    "another of its addresses": party(identifiers=[("7300000000017", "0088")]),
    "its business id": party(None, ("5561618033", "0007")),
    "its business id in another form, without a scheme": party(None, ("556161-8033", None)),
    "its business id among others": party(identifiers=[("K-1", None), ("5561618033", "0007")]),
    "its VAT id in another form": party(vat_id="se 5561618033-01"),
    "one of them, under another name": party(("5561618033", "0007"), name="Somebody Else"),
    "its VAT id, at an address that is not known": party(("x", "9955"), ("1", None), vat_id="SE556161803301"),
    "its name, and nothing else": party(name=" skog & SÅG ab "),
}
NO: dict[str, PartyHeading] = {
    "another address": party(("5561618034", "0007")),
    "another business id, under its name": party(None, ("1", "0007"), name="Skog & Såg AB"),
    "the same number of another country": party(None, ("5561618033", "0192")),
    "another VAT id": party(vat_id="SE556161803302"),
    "another GLN": party(identifiers=[("7300000000024", "0088")]),
    "another name": party(name="Skog AB"),
}


@pytest.mark.parametrize("what", YES)
def test_it_is_the_company(what: str) -> None:
    assert is_company(YES[what], COMPANY) is True


@pytest.mark.parametrize("what", NO)
def test_it_is_another(what: str) -> None:
    assert is_company(NO[what], COMPANY) is False


def test_who_says_nothing_could_be_anybody() -> None:
    assert is_company(party(country="SE"), COMPANY) is None
    assert is_company(party(("5561618033", None)), COMPANY) is None, "an address without a scheme tells nothing"


def test_a_company_without_numbers_is_nobody_else() -> None:
    bare = named(known(row("bare", business_id="-", vat_id="-")), "bare")
    assert is_company(party(None, ("–", None), vat_id="..", country="FI"), bare) is False
    assert is_company(party(name="Bare Ltd"), bare) is True
