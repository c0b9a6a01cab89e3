"""The companies as a node knows them: changed step by step, they are always what a fresh look would show."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest

from fakturahub.errors import DatabaseUnavailable
from fakturahub.identity import companies as companies_module
from fakturahub.identity.companies import Companies, Company, compact, company_of, keep_fresh, refresh
from fakturahub.storage.companies import Changes, CompanyRow, SettingRow

SPACE = UUID("6f7a0f5e-6c0e-4b58-9d0a-6d1d2b1b7f10")
NAMES = {"pagero": "username", "apix": "transfer_id"}


def row(key: str, **settings: Any) -> CompanyRow:
    return CompanyRow(uuid5(SPACE, key), key, {"name": key.title(), "country": "FI", **settings})


def of(*rows: CompanyRow, settings: list[SettingRow] | None = None) -> Companies:
    made = Companies(NAMES)
    made.apply(Changes(1, list(rows), settings or []))
    return made


def key(company: Company | None) -> str | None:
    return None if company is None else company.key


def keys(found: list[Company]) -> list[str]:
    return [company.key for company in found]


def test_a_row_is_read_with_its_defaults() -> None:
    bare = company_of(row("virta"))
    assert (bare.addresses, bare.business_id, bare.vat_id, bare.contracts) == ((), None, None, frozenset())
    assert (bare.receive_as, bare.test_mode, bare.seller_mismatch) == ("original", False, "warn")
    assert bare.zone.key == "Europe/Helsinki"
    assert bare.section("apix") == {}
    full = company_of(
        row(
            "virta",
            addresses=["0216:ABC", "0088:1"],
            contracts=["send"],
            receive_as="finvoice-3.0",
            test_mode=True,
            seller_mismatch="reject",
            timezone="Europe/Stockholm",
            apix={"transfer_id": "t"},
        )
    )
    assert full.addresses == ("0216:abc", "0088:1"), "in routing form, the default one first"
    assert (full.contracts, full.receive_as, full.test_mode) == (frozenset({"send"}), "finvoice-3.0", True)
    assert (full.seller_mismatch, full.zone.key) == ("reject", "Europe/Stockholm")
    assert full.section("apix") == {"transfer_id": "t"}


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("556161-8033", "5561618033"),
        (" fi 2790131 9 ", "FI27901319"),
        ("HRB 12345", "HRB12345"),
        ("NO 931.415.921 MVA", "NO931415921MVA"),
        ("–", ""),
        ("", ""),
    ],
)
def test_identifiers_are_compared_without_what_decorates_them(written: str, compared: str) -> None:
    assert compact(written) == compared


def test_a_company_is_found_by_all_that_names_it() -> None:
    companies = of(
        row(
            "virta",
            addresses=["0216:0037ABC"],
            business_id="2790131-9",
            vat_id="FI27901319",
            apix={"transfer_id": "T-1"},
            pagero={"username": "Virta"},
        ),
        row("skog", business_id="2790131-9", apix={"transfer_id": "T-2"}),
    )
    assert len(companies) == 2
    assert key(companies.get(uuid5(SPACE, "virta"))) == "virta"
    assert key(companies.by_address("0216:0037abc")) == "virta"
    assert keys(companies.by_business_id("27901319")) == ["skog", "virta"]
    assert keys(companies.by_vat_id("fi-2790131-9")) == ["virta"]
    assert key(companies.by_credential("apix", "T-2")) == "skog"
    assert key(companies.by_credential("pagero", "Virta")) == "virta"
    assert companies.by_credential("pagero", "virta") is None, "names are compared as they are"
    assert companies.by_credential("pagero", "T-1") is None
    assert companies.by_credential("sendregning", "Virta") is None
    assert companies.by_address("0216:other") is None
    assert companies.by_business_id("") == companies.by_business_id("-") == companies.by_vat_id(" ") == []
    assert companies.get(UUID(int=1)) is None
    assert key(companies.first_with("apix")) == "skog"
    assert key(companies.first_with("pagero")) == "virta"
    assert companies.first_with("farpay") is None


@pytest.mark.parametrize("first", ["a", "b"])
def test_an_address_moves_from_one_company_to_another(first: str) -> None:
    companies = of(row("a", addresses=["0216:1", "0216:2"]), row("b", addresses=["0216:3"]))
    changed = {"a": row("a", addresses=["0216:2"]), "b": row("b", addresses=["0216:3", "0216:1"])}
    second = "b" if first == "a" else "a"
    companies.apply(Changes(2, [changed[first], changed[second]], []))
    assert {address: key(companies.by_address(f"0216:{address}")) for address in (1, 2, 3)} == {1: "b", 2: "a", 3: "b"}


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_addresses_and_names_go_round(order: tuple[str, ...]) -> None:
    """a's go to b, b's to c, c's to a, in one change and in any order of the rows."""
    companies = of(*(row(one, addresses=[f"0216:{one}"], apix={"transfer_id": one}, business_id=one) for one in "abc"))
    to = {"a": "c", "b": "a", "c": "b"}
    companies.apply(
        Changes(
            2,
            [
                row(one, addresses=[f"0216:{to[one]}"], apix={"transfer_id": to[one]}, business_id=to[one])
                for one in order
            ],
            [],
        )
    )
    for one, had in to.items():
        assert key(companies.by_address(f"0216:{had}")) == one
        assert key(companies.by_credential("apix", had)) == one
        assert keys(companies.by_business_id(had)) == [one]


def test_what_a_company_gave_up_leads_nowhere() -> None:
    companies = of(
        row(
            "a",
            addresses=["0216:1"],
            business_id="1",
            vat_id="FI1",
            apix={"transfer_id": "t"},
            pagero={"username": "u"},
        )
    )
    companies.apply(Changes(2, [row("a", apix={"transfer_id": "t2"})], []))
    assert companies.by_address("0216:1") is None
    assert companies.by_business_id("1") == companies.by_vat_id("FI1") == []
    assert companies.by_credential("apix", "t") is None
    assert companies.by_credential("pagero", "u") is None
    assert key(companies.by_credential("apix", "t2")) == "a"


def test_many_changes_lead_to_what_a_fresh_look_shows() -> None:
    """A thousand steps in which five companies take, give and swap what names them."""
    chance = random.Random(5)
    stepwise, rows = Companies(NAMES), {}
    for version in range(1, 1001):
        changed = []
        free = [f"0216:{number}" for number in range(8)]
        for name in chance.sample("abcde", chance.randint(1, 5)):
            mine = [one for one in free if chance.random() < 0.3]
            free = [one for one in free if one not in mine]
            taken = {one for other, row_ in rows.items() if other != name for one in row_.settings["addresses"]}
            mine = [one for one in mine if one not in taken]
            shared = chance.choice(["1", "2", None])
            rows[name] = row(
                name, addresses=mine, business_id=shared, vat_id=shared, apix={"transfer_id": f"t{mine}{name}"}
            )
            changed.append(rows[name])
        stepwise.apply(Changes(version, changed, []))
        fresh = of(*rows.values())
        assert {key(one): one for one in stepwise} == {key(one): one for one in fresh}
        for number in range(8):
            assert key(stepwise.by_address(f"0216:{number}")) == key(fresh.by_address(f"0216:{number}"))
        for shared in ("1", "2"):
            assert keys(stepwise.by_business_id(shared)) == keys(fresh.by_business_id(shared))
            assert keys(stepwise.by_vat_id(shared)) == keys(fresh.by_vat_id(shared))
    assert stepwise.version == 1000


# --- settings and hosts ----------------------------------------------------------------------------------------------


def test_settings_are_kept_and_replaced() -> None:
    companies = of(settings=[SettingRow("hub", "", {"public_url": "https://a.example"})])
    assert companies.setting("hub") == {"public_url": "https://a.example"}
    assert companies.setting("dialects", "apix") is None
    companies.apply(Changes(2, [], [SettingRow("hub", "", {}), SettingRow("price", "", [1])]))
    assert companies.setting("hub") == {}
    assert companies.setting("price") == [1]


def test_hosts_lead_to_their_dialect() -> None:
    companies = of(
        settings=[SettingRow("dialects", "apix", {"hosts": ["API.Hub.Example"], "test_hosts": ["t.example."]})]
    )
    for host in ("api.hub.example", "API.HUB.EXAMPLE", "api.hub.example:8080", "api.hub.example.", "t.example:1"):
        assert companies.dialect_of_host(host) == "apix", host
    for host in ("", "hub.example", "api.hub.example.evil.example", "[::1]", "[::1]:8080", ":8080", "127.0.0.1:8080"):
        assert companies.dialect_of_host(host) is None, host
    assert companies.hosts_of("apix") == ["api.hub.example", "t.example"]
    assert companies.hosts_of("pagero") == []


def test_what_comes_under_a_test_host_is_a_test_for_its_dialect_alone() -> None:
    companies = of(
        settings=[
            SettingRow("dialects", "apix", {"hosts": ["api.hub.example"], "test_hosts": ["Test-Api.Hub.Example."]}),
            SettingRow("dialects", "pagero", {"hosts": ["pagero.hub.example"]}),
        ]
    )
    for host in ("test-api.hub.example", "TEST-API.hub.example:8080", "test-api.hub.example."):
        assert companies.is_test_host("apix", host), host
        assert not companies.is_test_host("pagero", host), host
    for host in ("api.hub.example", "hub.example", "x.test-api.hub.example", "", "[::1]:80"):
        assert not companies.is_test_host("apix", host), host
    companies.apply(Changes(2, [], [SettingRow("dialects", "apix", {"hosts": ["test-api.hub.example"]})]))
    assert not companies.is_test_host("apix", "test-api.hub.example")
    assert companies.dialect_of_host("test-api.hub.example") == "apix"


def test_hosts_that_were_taken_away_lead_nowhere() -> None:
    companies = of(settings=[SettingRow("dialects", "apix", {"hosts": ["a.example", "b.example"]})])
    companies.apply(
        Changes(
            2,
            [],
            [SettingRow("dialects", "pagero", {"hosts": ["a.example"]}), SettingRow("dialects", "apix", {"hosts": []})],
        )
    )
    assert companies.dialect_of_host("a.example") == "pagero"
    assert companies.dialect_of_host("b.example") is None


def test_without_hosts_no_name_is_looked_up() -> None:
    assert of().dialect_of_host("anything") is None


# --- kept up to date ------------------------------------------------------------------------------------------


class Stored:
    """Stands where the database stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.changes: list[Changes] = []
        self.away = False
        self.asked: list[int] = []
        monkeypatch.setattr(companies_module.stored, "version", self.version)
        monkeypatch.setattr(companies_module.stored, "changes_since", self.changes_since)

    async def version(self, _: object) -> int:
        if self.away:
            raise DatabaseUnavailable("away")
        return self.changes[-1].version if self.changes else 0

    async def changes_since(self, _: object, seen: int) -> Changes:
        self.asked.append(seen)
        return self.changes[-1]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stored]:
    monkeypatch.setattr(companies_module, "REFRESH", 0.01)
    return Stored(monkeypatch)  # type: ignore[return-value]


async def test_refreshing_asks_for_what_is_new_and_only_then(stored: Stored) -> None:
    companies = Companies(NAMES)
    assert await refresh(None, companies) is False  # type: ignore[arg-type]
    stored.changes.append(Changes(3, [row("a")], []))
    assert await refresh(None, companies) is True  # type: ignore[arg-type]
    assert await refresh(None, companies) is False  # type: ignore[arg-type]
    assert (companies.version, len(companies), stored.asked) == (3, 1, [0])
    stored.changes.append(Changes(4, [row("b")], []))
    assert await refresh(None, companies) is True  # type: ignore[arg-type]
    assert (len(companies), stored.asked) == (2, [0, 3])


async def test_while_the_database_is_away_what_was_known_holds(stored: Stored) -> None:
    companies = Companies(NAMES)
    fresh = asyncio.create_task(keep_fresh(None, companies))  # type: ignore[arg-type]
    stored.changes.append(Changes(1, [row("a")], []))
    await _until(lambda: len(companies) == 1)
    stored.away = True
    await asyncio.sleep(0.05)
    assert not fresh.done()
    assert len(companies) == 1
    stored.changes.append(Changes(2, [row("b")], []))
    stored.away = False
    await _until(lambda: len(companies) == 2)
    fresh.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fresh


async def test_what_cannot_be_read_changes_nothing_and_ends_nothing(stored: Stored) -> None:
    """Such as a row of a newer version; the looks go on, and the next change counts."""
    companies = Companies(NAMES)
    fresh = asyncio.create_task(keep_fresh(None, companies))  # type: ignore[arg-type]
    stored.changes.append(Changes(1, [row("a")], []))
    await _until(lambda: len(companies) == 1)
    stored.changes.append(Changes(2, [row("a", addresses=["0216:1"]), CompanyRow(UUID(int=1), "b", {})], []))
    await _until(lambda: len(stored.asked) > 3)
    assert not fresh.done()
    assert (companies.version, len(companies), companies.by_address("0216:1")) == (1, 1, None)
    stored.changes.append(Changes(3, [row("b")], []))
    await _until(lambda: companies.version == 3)
    assert len(companies) == 2
    fresh.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fresh


async def _until(true: Any) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for says nothing when it happens
            await asyncio.sleep(0.005)


def test_the_time_of_a_company_is_that_of_its_zone() -> None:
    new_year = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert new_year.astimezone(company_of(row("virta")).zone).year == 2027


def test_users_and_other_names_are_found_and_follow_changes() -> None:
    made = Companies(NAMES, {"apix": "unique_company_id"})
    user = {"email": "Aino@virta.example", "password": "hash"}
    virta = row("virta", user=[user], apix={"transfer_id": "t", "unique_company_id": "u"}, contracts=["receive"])
    pieni = row("pieni", user=[user], apix={"transfer_id": "p"})
    made.apply(Changes(1, [virta, pieni, row("muu")], []))
    assert keys(made.by_user("aino@VIRTA.example")) == ["pieni", "virta"]
    assert key(made.by_other_name("apix", "u")) == "virta"
    assert key(made.by_other_name("apix", str(pieni.id))) == "pieni"
    assert made.by_other_name("apix", str(virta.id)) is None
    assert made.by_other_name("pagero", "u") is made.by_other_name("apix", str(row("muu").id)) is None
    assert [one.name for one in made.register.by_name("virta")] == ["Virta"]
    made.apply(Changes(2, [row("virta", apix={"transfer_id": "t"})], []))
    assert keys(made.by_user("aino@virta.example")) == ["pieni"]
    assert made.by_other_name("apix", "u") is None
    assert key(made.by_other_name("apix", str(virta.id))) == "virta"
    assert made.register.by_name("virta") == [], "without the contract it receives nothing"


def test_participants_are_in_the_register() -> None:
    aalto = {"name": "Aalto Capital Oy", "business_id": "2262882-7", "addresses": [{"address": "003722628827"}]}
    made = of(settings=[SettingRow("participant", "FI 2262882-7", aalto), SettingRow("hub", "", {"name": "x"})])
    assert [one.name for one in made.register.by_business_id("22628827")] == ["Aalto Capital Oy"]
    assert len(made.register) == 1
