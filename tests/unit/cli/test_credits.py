"""The command about credits: accounts, a ledger, credits that are added with who and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakturahub import start
from fakturahub.opened import Place
from fakturahub.printing import who
from tests.unit.cli.conftest import Run, parsed

FILE = """
[[company]]
key = "{0}"
name = "Firm {0}"
country = "FI"
business_id = "{0}"
contracts = ["send"]
{1}
"""

Where = tuple[str, str, str, str]


@pytest.fixture
def hub(empty: Where, tmp_path: Path) -> Where:
    """The options that name a hub with a company that pays before, and one that pays afterwards."""
    file = tmp_path / "companies.toml"
    file.write_text(FILE.format("alpha", 'credits = "500"') + FILE.format("beta", ""), encoding="utf-8")
    start.apply(Place(Path(empty[1]), empty[3]), file, lambda _: None)
    return empty


def shown(fakturahub: Run, *arguments: object) -> Any:
    return parsed(fakturahub("credits", "--json", *arguments))


ALPHA = {
    "company": "alpha",
    "name": "Firm alpha",
    "prepaid": True,
    "balance": "500",
    "reserved": "0",
    "granted": "500",
    "free": "500",
}
BETA = {
    "company": "beta",
    "name": "Firm beta",
    "prepaid": False,
    "balance": "0",
    "reserved": "0",
    "granted": "0",
    "free": None,
}


def test_all_accounts(fakturahub: Run, hub: Where) -> None:
    assert shown(fakturahub, *hub) == [ALPHA, BETA]
    assert shown(fakturahub, "--limit", 1, *hub) == [ALPHA]
    assert shown(fakturahub, "--after", "alpha", *hub) == [BETA]
    lines = fakturahub("credits", *hub).out.splitlines()
    assert [line.split() for line in lines] == [
        ["company", "name", "paid", "balance", "reserved", "free"],
        ["alpha", "Firm", "alpha", "before", "500", "0", "500"],
        ["beta", "Firm", "beta", "afterwards", "0", "0", "–"],
    ]


def test_without_companies(fakturahub: Run, empty: Where) -> None:
    assert fakturahub("credits", *empty).out == "No companies.\n"
    assert shown(fakturahub, *empty) == []


def test_credits_are_added_with_who_and_why(fakturahub: Run, hub: Where) -> None:
    done = fakturahub("credits", "alpha", "--add", "2.75", "--why", "paid by card", *hub)
    assert (done.status, done.out) == (0, "Firm alpha (alpha) has 502.75 credits, 0 of them reserved, 502.75 free.\n")
    done = fakturahub("credits", "alpha", "--add", "-2.5", "--why", "a mistake", *hub)
    assert done.out == "Firm alpha (alpha) has 500.25 credits, 0 of them reserved, 500.25 free.\n"
    done = fakturahub("credits", "beta", "--add", "10", "--why", "in advance", *hub)
    assert done.out == "Firm beta (beta) has 10 credits, paid afterwards.\n"
    account = shown(fakturahub, "alpha", *hub)
    assert {key: account[key] for key in ALPHA} == {**ALPHA, "balance": "500.25", "free": "500.25"}
    assert [(one["kind"], one["amount"], one["held"], one["why"]) for one in account["entries"]] == [
        ("adjust", "-2.5", "0", f"a mistake (by {who()})"),
        ("adjust", "2.75", "0", f"paid by card (by {who()})"),
        ("grant", "500", "0", "granted by the provisioning file"),
    ]
    assert [
        one["why"] for one in shown(fakturahub, "alpha", "--before", account["entries"][1]["id"], *hub)["entries"]
    ] == ["granted by the provisioning file"]
    assert len(shown(fakturahub, "alpha", "--limit", 2, *hub)["entries"]) == 2
    told = fakturahub("credits", "alpha", *hub).out.splitlines()
    assert told[0].startswith("Firm alpha (alpha) has 500.25 credits")
    assert told[1].split() == ["id", "at", "(UTC)", "kind", "balance", "reserved", "delivery", "why"]
    assert told[2].split()[3:] == ["adjust", "-2.5", "a", "mistake", "(by", f"{who()})"]
    assert told[4].split()[3:] == ["grant", "+500", "granted", "by", "the", "provisioning", "file"]


def test_an_account_is_not_overdrawn_by_hand(fakturahub: Run, hub: Where) -> None:
    done = fakturahub("credits", "alpha", "--add", "-500.01", "--why", "too much", *hub)
    assert (done.status, done.out) == (1, "")
    assert "500.01 credits cannot be taken: 500 are there that are not reserved." in done.err
    assert "(error code insufficient-credit)" in done.err
    assert shown(fakturahub, *hub) == [ALPHA, BETA]


def test_a_company_that_there_is_not(fakturahub: Run, hub: Where) -> None:
    for more in ((), ("--add", "1", "--why", "x")):
        done = fakturahub("credits", "gamma", *more, *hub)
        assert done.status == 1
        assert "There is no company with the key 'gamma'" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("alpha", "--add", "1"),
        ("alpha", "--add", "1", "--why", "  "),
        ("alpha", "--add", "1", "--why", "two\nlines"),
        ("alpha", "--add", "1", "--why", "x" * 501),
        ("alpha", "--add", "0", "--why", "nothing"),
        ("alpha", "--add", "1e3", "--why", "x"),
        ("alpha", "--add", "1.23456", "--why", "x"),
        ("alpha", "--add", "1,5", "--why", "x"),
        ("alpha", "--add", "NaN", "--why", "x"),
        ("alpha", "--why", "x"),
        ("alpha", "--after", "a"),
        ("--add", "1", "--why", "x"),
        ("--before", "0192f0c4-0000-7000-8000-000000000000"),
    ],
)
def test_misuse(fakturahub: Run, hub: Where, arguments: tuple[str, ...]) -> None:
    done = fakturahub("credits", *arguments, *hub)
    assert (done.status, done.out) == (2, "")
    assert shown(fakturahub, *hub) == [ALPHA, BETA]
