"""What a provisioning file does to what is stored: as it says, once, whole or not at all, and nothing is deleted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fakturahub import provision
from fakturahub.config import Company, Provisioning
from fakturahub.dialects.pagero.provision import PageroCompany
from fakturahub.errors import MasterKeyError, ProvisioningError
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.passwords import verify
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed
from fakturahub.provision import CREDENTIAL_NAMES, SECTIONS, Report
from fakturahub.storage import companies as stored
from fakturahub.storage import ledger
from fakturahub.storage.accounts import plain
from fakturahub.storage.database import Database
from tests.peers.certificates import Authority
from tests.peers.sftp import key as ssh_key
from tests.peers.sftp import private, public

KEY = MasterKey(bytes(range(32)))
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def company(key: str, *lines: str, **tables: str) -> str:
    head = [f'key = "{key}"', f'name = "{key.title()}"', 'country = "FI"', f'business_id = "{key}"']
    head += [] if any(line.startswith("contracts") for line in lines) else ['contracts = ["send", "receive"]']
    inner = [f"[company.{name}]\n{text}" for name, text in tables.items()]
    return "\n".join(["[[company]]", *head, *lines, *inner, ""])


def read(tmp_path: Path, *parts: str, **env: str) -> Provisioning:
    file = tmp_path / "companies.toml"
    file.write_text("\n".join(parts), encoding="utf-8")
    return provision.read(file, env)


async def apply(db: Database, file: Provisioning, key: MasterKey = KEY) -> Report:
    return await provision.apply(db, file, name="companies.toml", key=key, now=NOW)


async def known(db: Database) -> Companies:
    companies = Companies(CREDENTIAL_NAMES)
    await refresh(db, companies)
    return companies


async def everything(db: Database) -> str:
    return repr(await stored.changes_since(db, 0))


async def test_the_contract_is_applied_and_applied_again_changes_nothing(empty_db: Database, shared: Path) -> None:
    file = provision.read(shared / "demo" / "companies.toml", {})
    first = await apply(empty_db, file)
    assert first.changed == first.unchanged == first.kept == []
    assert [one for one in first.created if one.startswith("company")] == [
        "company virta",
        "company skog",
        "company havn",
        "company fjord",
        "company vertex-tenant",
    ]
    before = await everything(empty_db)
    second = await apply(empty_db, file)
    assert (second.created, second.changed, second.kept) == ([], [], [])
    assert second.unchanged == first.created
    assert await everything(empty_db) == before
    assert await stored.version(empty_db) == 1
    companies = await known(empty_db)
    assert {one.key for one in companies} == {"virta", "skog", "havn", "fjord", "vertex-tenant"}
    skog = companies.by_credential("pagero", "skog")
    assert skog is not None
    assert verify("skog-password", skog.section("pagero")["password"])
    virta = companies.by_address("0216:003727901319")
    assert virta is not None
    assert virta is companies.by_credential("apix", "e4fb42c4-2e72-4e8c-80aa-3724e402c0a8")


async def test_no_secret_is_stored_in_plain(empty_db: Database, shared: Path) -> None:
    path = shared / "demo" / "companies.toml"
    await apply(empty_db, provision.read(path, {}))
    rows = await everything(empty_db)
    named = r'^\s*(?:password|client_secret|transfer_key|api_key) = "(.*?)"'
    secrets = re.findall(named, path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(secrets) >= 8
    for secret in secrets:
        assert secret not in rows


async def test_what_changed_is_named_and_nothing_else_is_touched(empty_db: Database, tmp_path: Path) -> None:
    pagero = 'username = "a"\npassword = "{}"'
    await apply(empty_db, read(tmp_path, company("a", 'language = "fi"', pagero=pagero.format("one")), company("b")))
    before = {one.key: one for one in await known(empty_db)}
    report = await apply(
        empty_db, read(tmp_path, company("a", 'language = "sv"', pagero=pagero.format("two")), company("b"))
    )
    assert (report.changed, report.unchanged) == (["company a: language, pagero.password"], ["company b"])
    after = await known(empty_db)
    assert after.version == 2
    assert [row.key for row in (await stored.changes_since(empty_db, 1)).companies] == ["a"]
    (changed,) = (one for one in after if one.key == "a")
    assert changed.id == before["a"].id
    settings = revealed(Company, changed.settings, master_key=KEY, context="company/a", sections=SECTIONS)
    section = settings.section(PageroCompany)
    assert section is not None
    assert section.password is not None
    assert verify("two", section.password.reveal())


async def test_what_vanishes_is_reported_and_works_on(empty_db: Database, tmp_path: Path) -> None:
    full = company("a", 'addresses = ["0216:1"]', 'language = "fi"', apix='transfer_id = "t"\ntransfer_key = "k"')
    hosts = '[dialects.apix]\nhosts = ["a.example"]\n'
    price = '[[price]]\ncredits = "1"\n'
    person = '[[application]]\nclient_id = "app"\nclient_secret = "s"\n'
    await apply(empty_db, read(tmp_path, full, company("b"), hosts, price, person))
    report = await apply(empty_db, read(tmp_path, company("a")))
    assert (report.created, report.changed) == ([], [])
    assert report.kept == [
        "company a: addresses",
        "company a: apix",
        "company a: language",
        "company b",
        "application app",
        "dialects apix",
        "price",
    ]
    companies = await known(empty_db)
    assert companies.version == 1
    kept = companies.by_address("0216:1")
    assert kept is not None
    assert kept is companies.by_credential("apix", "t")
    assert len(companies) == 2
    assert companies.dialect_of_host("a.example") == "apix"


@pytest.mark.parametrize("first", ["a", "b"])
async def test_addresses_and_names_move_between_companies_of_a_file(
    empty_db: Database, tmp_path: Path, first: str
) -> None:
    """Whichever of the two stands first in the file."""

    def both(a: str, b: str) -> list[str]:
        def one(key: str, has: str) -> str:
            return company(key, f'addresses = ["0216:{has}"]', apix=f'transfer_id = "{has}"\ntransfer_key = "k"')

        parts = {"a": one("a", a), "b": one("b", b)}
        return [parts.pop(first), *parts.values()]

    await apply(empty_db, read(tmp_path, *both("1", "2")))
    report = await apply(empty_db, read(tmp_path, *both("2", "1")))
    assert sorted(report.changed) == [
        "company a: addresses, apix.transfer_id",
        "company b: addresses, apix.transfer_id",
    ]
    companies = await known(empty_db)
    for address, key in (("1", "b"), ("2", "a")):
        for found in (companies.by_address(f"0216:{address}"), companies.by_credential("apix", address)):
            assert found is not None
            assert found.key == key


async def test_an_address_is_given_up_in_one_place_and_taken_in_another(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, company("a", 'addresses = ["0216:1", "0216:2"]'), company("b")))
    await apply(
        empty_db,
        read(tmp_path, company("b", 'addresses = ["0216:2"]'), company("a", 'addresses = ["0216:1"]'), company("c")),
    )
    companies = await known(empty_db)
    moved, stays = companies.by_address("0216:2"), companies.by_address("0216:1")
    assert moved is not None
    assert stays is not None
    assert (moved.key, stays.key) == ("b", "a")


async def test_what_belongs_to_a_company_outside_the_file_is_refused_all_at_once(
    empty_db: Database, tmp_path: Path
) -> None:
    apix = 'transfer_id = "t"\ntransfer_key = "k"'
    await apply(empty_db, read(tmp_path, company("a", 'addresses = ["0216:1", "0216:2"]', apix=apix)))
    before = await everything(empty_db)
    file = read(
        tmp_path,
        company("b", 'addresses = ["0216:1"]'),
        company("c", 'addresses = ["0216:3", "0216:2"]', apix=apix),
        '[dialects.apix]\nhosts = ["a.example"]\n',
    )
    with pytest.raises(ProvisioningError) as caught:
        await apply(empty_db, file)
    assert caught.value.faults == (
        "company b: address 0216:1 belongs to company a already",
        "company c: address 0216:2 belongs to company a already",
        "company c: apix name t belongs to company a already",
    )
    assert await everything(empty_db) == before


async def test_settings_that_are_no_company(empty_db: Database, tmp_path: Path) -> None:
    parts = (
        '[hub]\npublic_url = "https://hub.example"\n',
        '[outbound]\ntrusted_networks = ["10.0.0.0/8"]\n',
        '[mail]\nurl = "smtp://u:mail-secret@mail.example"\nsender = "hub@hub.example"\n',
        '[[user]]\nemail = "Ops@Hub.Example"\npassword = "ops"\nrole = "operator"\n',
        '[[price]]\ncredits = "1"\nchannel = "print"\n[[price]]\ncredits = "2"\n',
        '[[participant]]\nname = "Aalto"\nbusiness_id = "1"\ncountry = "FI"\n',
    )
    first = await apply(empty_db, read(tmp_path, *parts))
    assert first.created == ["hub", "outbound", "mail", "user ops@hub.example", "participant FI 1", "price"]
    second = await apply(empty_db, read(tmp_path, *parts))
    assert (second.created, second.changed, second.kept) == ([], [], [])
    companies = await known(empty_db)
    assert companies.setting("hub") == {"public_url": "https://hub.example"}
    assert companies.setting("outbound") == {"trusted_networks": ["10.0.0.0/8"]}
    assert [line["credits"] for line in companies.setting("price")] == ["1", "2"]
    assert "mail-secret" not in json.dumps(companies.setting("mail"))
    turned = parts[4].replace('"1"', '"3"')
    third = await apply(empty_db, read(tmp_path, *parts[:4], turned, parts[5]))
    assert third.changed == ["price: price"]
    assert [line["credits"] for line in (await known(empty_db)).setting("price")] == ["3", "2"]


async def test_the_master_key_of_the_file_is_not_stored(empty_db: Database, tmp_path: Path) -> None:
    file = read(tmp_path, '[hub]\nmaster_key = "env:KEY"\n', KEY="7f" * 32)
    for expected in (["hub"], []):
        assert (await apply(empty_db, file)).created == expected
    assert "7f7f" not in await everything(empty_db)


async def test_a_database_is_sealed_with_one_key(empty_db: Database, tmp_path: Path) -> None:
    other = MasterKey(bytes(32))
    await provision.claim_key(empty_db, KEY)
    await provision.claim_key(empty_db, KEY)
    with pytest.raises(MasterKeyError):
        await provision.claim_key(empty_db, other)
    await provision.claim_key(empty_db, KEY)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"\xff", ("it is not UTF-8: byte 0",)),
        (b'[[company]]\nkey = "a"\n', None),
        (b"[companies]\n", None),
    ],
)
def test_a_file_with_faults(tmp_path: Path, content: bytes, faults: Any) -> None:
    file = tmp_path / "companies.toml"
    file.write_bytes(content)
    with pytest.raises(ProvisioningError) as caught:
        provision.read(file, {})
    assert caught.value.faults == faults or all(fault.startswith("line 1: ") for fault in caught.value.faults)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(ProvisioningError, match="it cannot be read"):
            provision.read(path, {})


def test_secrets_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``file:`` is seen from the provisioning file, wherever the command runs."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "secret.txt").write_text("from-a-file\n")
    monkeypatch.chdir(tmp_path)
    file = read(folder, company("a", pagero='username = "a"\npassword = "file:secret.txt"'))
    section = file.companies[0].section(PageroCompany)
    assert section is not None
    assert section.password is not None
    assert section.password.reveal() == "from-a-file"


# --- credits --------------------------------------------------------------------------------------------------------


async def balances(db: Database) -> dict[str, tuple[bool, str, str]]:
    return {one.company: (one.prepaid, plain(one.balance), plain(one.granted)) for one in await ledger.balances(db, 10)}


async def test_credits_are_granted_once_and_then_by_their_difference(empty_db: Database, tmp_path: Path) -> None:
    files = [
        read(tmp_path, company("a", f'credits = "{credits}"'), company("b", 'credits = "postpaid"'), company("c"))
        for credits in ("500", "500", "620.5", "100")
    ]
    for file, balance in zip(files, ("500", "500", "620.5", "100"), strict=True):
        await apply(empty_db, file)
        assert await balances(empty_db) == {
            "a": (True, balance, balance),
            "b": (False, "0", "0"),
            "c": (False, "0", "0"),
        }
    assert await ledger.discrepancies(empty_db) == []


async def test_credits_that_the_file_no_longer_names_stay(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, company("a", 'credits = "5"')))
    report = await apply(empty_db, read(tmp_path, company("a")))
    assert report.kept == ["company a: credits"]
    assert await balances(empty_db) == {"a": (True, "5", "5")}


async def test_from_paid_before_to_paid_afterwards_and_back(empty_db: Database, tmp_path: Path) -> None:
    for credits, expected in (("5", (True, "5", "5")), ("postpaid", (False, "5", "5")), ("7", (True, "7", "7"))):
        await apply(empty_db, read(tmp_path, company("a", f'credits = "{credits}"')))
        assert await balances(empty_db) == {"a": expected}


async def test_what_was_spent_cannot_be_taken_back(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, company("a", 'credits = "5"'), company("b", 'credits = "1"')))
    id_ = await ledger.company_id_of(empty_db, "a")
    assert id_ is not None
    await ledger.add(empty_db, id_, Decimal(-4), "spent", NOW)
    with pytest.raises(ProvisioningError) as refusal:
        await apply(empty_db, read(tmp_path, company("a", 'credits = "3"'), company("b", 'credits = "9"')))
    assert refusal.value.faults == (
        "company a: with 3 credits granted in all, instead of 5, the account would be overdrawn by 1",
    )
    assert await balances(empty_db) == {"a": (True, "1", "5"), "b": (True, "1", "1")}, "nothing of the file"


# --- keys of SSH ----------------------------------------------------------------------------------------------------


def test_keys_of_the_print_house_are_looked_at_before_letters_wait(tmp_path: Path) -> None:
    house = "[print]\nurl = 'sftp://hub@printhouse.example/in'"
    right = f"host_key = '{public(ssh_key('house')).strip()}'\nkey = '''{private(ssh_key('hub'))}'''"
    assert read(tmp_path, house, right).letters is not None
    with pytest.raises(ProvisioningError) as refused:
        read(tmp_path, house, "host_key = 'printhouse.example'\nkey = 'not a key'")
    first, second = refused.value.faults
    assert first.startswith("print.host_key: Line 1")
    assert second == "print.key: The hub's private key cannot be read: it is no key of OpenSSH or in PEM."


def test_certificates_of_pushes_are_looked_at_before_documents_wait(tmp_path: Path) -> None:
    authority = Authority()
    mine = authority.issue("hub.example", client=True)
    push = "[company.pagero]\nusername = 'a'\npassword = 'b'\n[company.pagero.push]\nurl = 'https://a.example/'\n"
    shown = f"{push}auth = 'mtls'\ncert = '''{mine.cert}'''\nca = '''{authority.cert}'''\n"
    assert read(tmp_path, company("berg"), f"{shown}key = '''{mine.key}'''").companies
    for keys, fault in (
        (f"{shown}key = 'TOPSECRET'", "`cert` and `key` are not a certificate and its key in PEM."),
        (f"{push}ca = 'nothing'", "`ca` holds no certificate in PEM."),
    ):
        with pytest.raises(ProvisioningError) as caught:
            read(tmp_path, company("berg"), keys)
        assert caught.value.faults == (f"company.berg.pagero.push: {fault}",)
