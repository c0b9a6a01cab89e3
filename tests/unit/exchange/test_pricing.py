"""What a delivery costs: the first line that fits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fakturahub.exchange.pricing import EU, Priced, country_class, price_list, price_of

LETTERS = price_list(
    [
        {"channel": "print", "pages": 2, "class": 2, "colour": False, "country": "FI", "credits": "1"},
        {"channel": "print", "pages": 2, "country": "FI", "credits": "1.5"},
        {"channel": "print", "country": "FI", "credits": "2.75"},
        {"channel": "print", "country": "EU", "credits": "4"},
        {"channel": "print", "credits": "5"},
        {"channel": "email", "credits": "0.2"},
        {"channel": "http", "credits": "0.05"},
        {"channel": "network", "credits": "0.1"},
    ]
)


def letter(pages: int, **more: Any) -> Priced:
    return Priced(**{"channel": "print", "pages": pages, "postal_class": 2, "colour": False, "country": "FI", **more})


@pytest.mark.parametrize(
    ("delivery", "credits"),
    [
        (letter(1), "1"),
        (letter(2), "1"),
        (letter(3), "2.75"),
        (letter(2, colour=True), "1.5"),
        (letter(1, postal_class=1), "1.5"),
        (letter(12), "2.75"),
        (letter(1, country="EU"), "4"),
        (letter(1, country="OTHER"), "5"),
        (Priced(channel="email"), "0.2"),
        (Priced(channel="http"), "0.05"),
        (Priced(channel="inbox"), "0.1"),
    ],
)
def test_the_first_line_that_fits(delivery: Priced, credits: str) -> None:
    assert price_of(delivery, LETTERS) == Decimal(credits)


def test_a_line_for_the_network_is_for_a_companys_own_server_as_well() -> None:
    lines = price_list([{"channel": "network", "credits": "0.1"}])
    assert price_of(Priced(channel="http"), lines) == price_of(Priced(channel="inbox"), lines) == Decimal("0.1")
    assert price_of(Priced(channel="email"), lines) is None


@pytest.mark.parametrize("condition", [{"pages": 5}, {"class": 2}, {"colour": False}, {"country": "FI"}])
def test_a_condition_for_letters_fits_nothing_else(condition: dict[str, Any]) -> None:
    assert price_of(Priced(channel="email"), price_list([{**condition, "credits": "1"}])) is None
    assert price_of(letter(1), price_list([{**condition, "credits": "1"}])) == 1


def test_without_a_line_or_with_nothing_in_it_a_delivery_is_free() -> None:
    assert price_of(Priced(channel="inbox"), ()) is None
    assert price_of(Priced(channel="inbox"), price_list([{"channel": "print", "credits": "1"}])) is None
    free_first = price_list([{"channel": "inbox", "credits": "9"}, {"credits": "0"}, {"credits": "7"}])
    assert price_of(Priced(channel="email"), free_first) is None
    assert price_list(None) == ()


@pytest.mark.parametrize(
    ("sender", "receiver", "expected"),
    [
        ("FI", "FI", "FI"),
        ("FI", "AX", "FI"),
        ("FI", "SE", "EU"),
        ("SE", "FI", "EU"),
        ("SE", "SE", "FI"),
        ("NO", "NO", "FI"),
        ("NO", "SE", "EU"),
        ("SE", "NO", "OTHER"),
        ("FI", "US", "OTHER"),
        ("GR", "EL", "FI"),
        ("FI", "el", "EU"),
        ("DK", "GB", "OTHER"),
    ],
)
def test_where_a_letter_goes_is_seen_from_its_sender(sender: str, receiver: str, expected: str) -> None:
    assert country_class(sender, receiver) == expected


def test_the_union_has_its_members() -> None:
    assert len(EU) == 27
    assert not EU & {"NO", "CH", "GB", "IS"}
