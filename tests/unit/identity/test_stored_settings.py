"""What is stored of the provisioning file: protected, the same when applied again, and never less than before."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fakturahub.config import Company, Hub, Operator, Provisioning
from fakturahub.dialects.apix.provision import ApixCompany
from fakturahub.dialects.pagero.provision import PageroCompany
from fakturahub.errors import InternalFault, MasterKeyError
from fakturahub.identity.passwords import verify
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import Hasher, Protected, context_of, protected, revealed
from tests.unit.config.sections import COMPANY, SECTIONS, read, secrets_in

KEY = MasterKey(bytes(range(32)))


class QuickHasher:
    """Hashes that differ each time, as real ones do, without the wait."""

    def __init__(self) -> None:
        self.made = 0

    def hash(self, plain: str) -> str:
        self.made += 1
        return f"hash {self.made} of {plain[::-1]}"

    def verify(self, plain: str, stored: str) -> bool:
        return stored.endswith(f"of {plain[::-1]}")


def quick() -> Hasher:
    hasher = QuickHasher()
    return Hasher(hasher.hash, hasher.verify)


def applied(text: str, previous: dict[str, Any] | None = None) -> Protected:
    """The first company of that file laid over what is stored."""
    return protected(read(text).companies[0], previous, master_key=KEY, hasher=quick())


FULL = f"""{COMPANY}
test_mode = true
[[company.user]]
email = "ola@berg.example"
password = "ola-password"
[[company.user]]
email = "aino@berg.example"
password = "aino-password"
role = "reader"
[[company.address]]
type = "Visiting"
city = "Bergen"
[company.apix]
transfer_id = "tid"
transfer_key = "tkey"
[company.pagero]
username = "berg"
password = "pw"
[company.pagero.push]
url = "https://berg.example/in"
headers = {{ x-key = "key-of-header", x-tenant = "berg" }}
read_timeout = "60s"
"""


@pytest.fixture(scope="module")
def contract(shared: Path) -> Provisioning:
    return read((shared / "demo" / "companies.toml").read_text(encoding="utf-8"))


def test_nothing_stored_shows_a_secret(contract: Provisioning) -> None:
    """With real hashes and seals, for every company and application of the contract."""
    for entry in (*contract.companies, *contract.applications):
        settings = protected(entry, None, master_key=KEY).settings
        secrets = [secret.reveal() for secret in secrets_in(entry.stated)]
        stored = json.dumps(settings, ensure_ascii=False)
        assert [plain for plain in secrets if f'"{plain}"' in stored and plain != entry.stated.get("key")] == []
        # a user who signs with it has SHA-256 of the password sealed as well
        assert stored.count("$argon2id$") + stored.count('"v1:') == len(secrets) + stored.count('"password_sha256"')
        assert ('"password_sha256"' in stored) == ("apix" in settings and "user" in settings)


def test_applied_twice_nothing_changes(contract: Provisioning) -> None:
    for entry in (*contract.companies, *contract.applications):
        first = protected(entry, None, master_key=KEY)
        second = protected(entry, first.settings, master_key=KEY)
        assert json.dumps(second.settings) == json.dumps(first.settings)
        assert (second.changed, second.vanished) == ((), ())
        assert first.changed


def test_what_is_stored_is_what_the_file_states() -> None:
    settings = applied(FULL).settings
    assert list(settings) == sorted(settings)
    assert (settings["key"], settings["test_mode"], settings["contracts"]) == ("berg", True, ["send"])
    assert "validation" not in settings, "a default is not stored"
    assert [user["email"] for user in settings["user"]] == ["aino@berg.example", "ola@berg.example"]
    assert settings["user"][1]["password"].endswith("drowssap-alo")
    assert KEY.unseal(settings["apix"]["transfer_key"], "company/berg/apix.transfer_key") == "tkey"
    push = settings["pagero"]["push"]
    assert KEY.unseal(push["headers"]["x-key"], "company/berg/pagero.push.headers.x-key") == "key-of-header"
    assert push["read_timeout"] == "1m"


def test_it_is_the_same_in_whatever_order_the_file_has_it() -> None:
    lines = COMPANY.splitlines()
    shuffled = "\n".join([lines[0], *reversed(lines[1:])])
    assert json.dumps(applied(shuffled).settings) == json.dumps(applied(COMPANY).settings)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('name = "Berg AS"', 'name = "Berg og Dal AS"', "name"),
        ('"ola-password"', '"new-password"', "user[ola@berg.example].password"),
        ('"tkey"', '"new-key"', "apix.transfer_key"),
        ('"key-of-header"', '"new-key"', "pagero.push.headers"),
        ('contracts = ["send"]', 'contracts = ["send", "receive"]', "contracts"),
        ("test_mode = true", "test_mode = false", "test_mode"),
        ('city = "Bergen"', 'city = "Voss"', "address.Visiting.city"),
        ('"60s"', '"61s"', "pagero.push.read_timeout"),
        ('"ola@berg.example"', '"OLA@berg.example"', "user[ola@berg.example].email"),
    ],
)
def test_what_changes_is_told_and_the_rest_stays(old: str, new: str, changed: str) -> None:
    first = applied(FULL)
    second = applied(FULL.replace(old, new), first.settings)
    assert (second.changed, second.vanished) == ((changed,), ())
    assert second.settings != first.settings
    back = applied(FULL, second.settings)
    assert (back.changed, back.vanished) == ((changed,), ())


def test_a_secret_of_one_header_changes_and_the_other_keeps_its_seal() -> None:
    first = applied(FULL).settings["pagero"]["push"]["headers"]
    second = applied(FULL.replace('"key-of-header"', '"new-key"'), applied_settings := applied(FULL).settings)
    before, after = applied_settings["pagero"]["push"]["headers"], second.settings["pagero"]["push"]["headers"]
    assert after["x-tenant"] == before["x-tenant"]
    assert after["x-key"] != before["x-key"]
    assert first.keys() == after.keys()


@pytest.mark.parametrize(
    ("gone", "vanished"),
    [
        ("test_mode = true\n", ("test_mode",)),
        ('role = "reader"\n', ("user[aino@berg.example].role",)),
        ('[[company.user]]\nemail = "ola@berg.example"\npassword = "ola-password"\n', ("user[ola@berg.example]",)),
        ('[[company.address]]\ntype = "Visiting"\ncity = "Bergen"\n', ("address",)),
        ('[company.apix]\ntransfer_id = "tid"\ntransfer_key = "tkey"\n', ("apix",)),
        ('read_timeout = "60s"\n', ("pagero.push.read_timeout",)),
        (FULL[FULL.index("[company.pagero.push]") :], ("pagero.push",)),
        (FULL[FULL.index("[[company.user]]") :], ("address", "apix", "pagero", "user")),
    ],
)
def test_what_vanishes_is_told_and_stays(gone: str, vanished: tuple[str, ...]) -> None:
    first = applied(FULL)
    assert gone in FULL
    second = applied(FULL.replace(gone, ""), first.settings)
    assert json.dumps(second.settings) == json.dumps(first.settings)
    assert (second.changed, second.vanished) == ((), vanished)


def test_a_setting_that_is_set_to_its_default_is_not_one_that_vanished() -> None:
    first = applied(FULL)
    second = applied(FULL.replace("test_mode = true", "test_mode = false"), first.settings)
    assert second.settings["test_mode"] is False


def test_a_list_or_a_map_of_the_operators_own_keys_is_replaced() -> None:
    text = FULL.replace("test_mode = true", "addresses = ['0192:1', '0088:2']")
    first = applied(text)
    text = text.replace("'0192:1', ", "").replace('x-key = "key-of-header", ', "")
    second = applied(text, first.settings)
    assert second.settings["addresses"] == ["0088:2"]
    assert list(second.settings["pagero"]["push"]["headers"]) == ["x-tenant"]
    assert (second.changed, second.vanished) == (("addresses", "pagero.push.headers"), ())


def test_users_are_added_to_those_that_are_stored() -> None:
    first = applied(FULL)
    other = '[[company.user]]\nemail = "bo@berg.example"\npassword = "bo-password"\n'
    second = applied(COMPANY + other, first.settings)
    assert [user["email"][:2] for user in second.settings["user"]] == ["ai", "bo", "ol"]
    assert second.changed == ("user[bo@berg.example].email", "user[bo@berg.example].password")
    assert "password_sha256" in second.settings["user"][1]
    assert {"user[aino@berg.example]", "user[ola@berg.example]"} <= set(second.vanished)


def test_what_a_former_key_sealed_is_sealed_anew() -> None:
    former = MasterKey.generate()
    company = read(FULL).companies[0]
    first = protected(company, None, master_key=former, hasher=quick())
    second = protected(company, first.settings, master_key=KEY, hasher=quick())
    assert second.changed == (
        "apix.transfer_key",
        "pagero.push.headers",
        "user[aino@berg.example].password_sha256",
        "user[ola@berg.example].password_sha256",
    )
    assert KEY.unseal(second.settings["apix"]["transfer_key"], "company/berg/apix.transfer_key") == "tkey"


def test_what_was_stored_in_another_shape_is_replaced() -> None:
    odd = {"user": "none", "apix": [], "pagero": {"push": {"headers": 1}}, "contracts": {"send": True}, "name": None}
    assert applied(FULL, odd).settings.keys() == applied(FULL).settings.keys()


def test_the_master_key_is_not_stored() -> None:
    hub = read("[hub]\nmaster_key = 's3cr3t'\npublic_url = 'https://hub.example'").hub
    assert isinstance(hub, Hub)
    assert protected(hub, None, master_key=KEY).settings == {"public_url": "https://hub.example"}


def test_the_tables_that_are_no_companies() -> None:
    provisioning = read(
        "[[user]]\nemail = 'Ops@hub.example'\npassword = 'ops'\n"
        "[mail]\nurl = 'smtp://u:p@mail.example'\nsender = 'hub@hub.example'\n"
        "[print]\nurl = 'sftp://hub@house.example/in'\nhost_key = 'ssh-ed25519 AAAA'\nkey = 'KEY'\n"
    )
    (operator,) = provisioning.operators
    assert provisioning.mail is not None
    assert provisioning.letters is not None
    assert context_of(operator) == "user/ops@hub.example"
    assert verify("ops", protected(operator, None, master_key=KEY).settings["password"])
    assert KEY.unseal(protected(provisioning.mail, None, master_key=KEY).settings["url"], "mail/url").startswith(
        "smtp:"
    )
    assert KEY.unseal(protected(provisioning.letters, None, master_key=KEY).settings["key"], "print/key") == "KEY"


# --- back again -----------------------------------------------------------------------------------------------------


def typed(settings: dict[str, Any], context: str = "company/berg", master_key: MasterKey = KEY) -> Company:
    return revealed(Company, settings, master_key=master_key, context=context, sections=SECTIONS)


def test_the_typed_settings_come_back() -> None:
    company = typed(applied(FULL).settings)
    file = read(FULL).companies[0]
    assert company.section(ApixCompany) == file.section(ApixCompany)
    stored_pagero, file_pagero = company.section(PageroCompany), file.section(PageroCompany)
    assert stored_pagero is not None
    assert file_pagero is not None
    assert stored_pagero.push == file_pagero.push
    assert verify("pw", stored_pagero.password.reveal()) is False, "the quick hasher's hash"
    assert re.fullmatch(r"hash \d+ of wp", stored_pagero.password.reveal())
    assert company.letters == file.letters
    assert company.validation == "reject"
    assert {user.email for user in company.users} == {user.email for user in file.users}
    assert "tkey" not in repr(company)


def test_what_a_newer_version_stored_is_passed_over() -> None:
    settings = applied(FULL).settings | {"peppol": {"smp": "x"}}
    settings["apix"] |= {"later": 1}
    section = typed(settings).section(ApixCompany)
    assert section is not None
    assert section.transfer_id == "tid"


def test_an_operator_comes_back() -> None:
    (operator,) = read("[[user]]\nemail = 'ops@hub.example'\npassword = 'ops'\nrole = 'reader'").operators
    stored = protected(operator, None, master_key=KEY).settings
    assert revealed(Operator, stored, master_key=KEY, context=context_of(operator)).role == "reader"


def test_what_does_not_open_or_fit_is_an_error() -> None:
    settings = applied(FULL).settings
    with pytest.raises(MasterKeyError, match=r"company/berg/apix\.transfer_key was sealed with the key"):
        typed(settings, master_key=MasterKey.generate())
    with pytest.raises(MasterKeyError, match="altered or belongs to another place"):
        typed(settings, context="company/dal")
    with pytest.raises(InternalFault, match="what is stored for company/berg does not fit: test_mode: expected true"):
        typed(settings | {"test_mode": "yes"})
