"""SHA-256 of passwords at rest: where a dialect signs with it, sealed, and always that of the password in force."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakturahub.errors import MasterKeyError
from fakturahub.identity import password_digests
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import Protected, protected
from tests.unit.config.sections import COMPANY, read
from tests.unit.identity.test_stored_settings import KEY, quick

USER = '[[company.user]]\nemail = "Aino@berg.example"\npassword = "{}"\n'
APIX = '[company.apix]\ntransfer_id = "tid"\ntransfer_key = "tkey"\n'
#: specs/apix.md 3.1, published by the operator
BADPASSWORD = "3693d93220b28a03d3c70bdc1cab2b890c65a2e6baff3d4a2a651b713c161c5c"


def applied(text: str, previous: dict[str, Any] | None = None, key: MasterKey = KEY) -> Protected:
    return protected(read(text).companies[0], previous, master_key=key, hasher=quick())


def opened(settings: dict[str, Any], key: MasterKey = KEY) -> list[str | None]:
    return [password_digests.opened("berg", user, key) for user in settings["user"]]


def test_the_published_example() -> None:
    settings = applied(COMPANY + USER.format("badpassword") + APIX).settings
    assert opened(settings) == [BADPASSWORD]
    assert BADPASSWORD not in json.dumps(settings)
    assert list(settings["user"][0]) == sorted(settings["user"][0])


def test_only_where_a_dialect_asks_for_it() -> None:
    assert opened(applied(COMPANY + USER.format("badpassword")).settings) == [None]


def test_applied_again_nothing_changes() -> None:
    text = COMPANY + USER.format("badpassword") + APIX
    first = applied(text)
    second = applied(text, first.settings)
    assert json.dumps(second.settings) == json.dumps(first.settings)
    assert (second.changed, second.vanished) == ((), ())


def test_what_was_stored_by_an_earlier_version_gets_one() -> None:
    text = COMPANY + USER.format("badpassword") + APIX
    first = applied(text)
    earlier, taken = password_digests.taken_out(first.settings)
    assert earlier is not None
    assert list(taken) == ["aino@berg.example"]
    second = applied(text, dict(earlier))
    assert second.changed == ("user[aino@berg.example].password_sha256",)
    assert opened(second.settings) == [BADPASSWORD]


@pytest.mark.parametrize("section", [APIX, ""], ids=["with its section", "whose section vanished and stays in force"])
def test_a_changed_password_leaves_no_old_digest(section: str) -> None:
    first = applied(COMPANY + USER.format("old") + APIX)
    second = applied(COMPANY + USER.format("badpassword") + section, first.settings)
    assert opened(second.settings) == [BADPASSWORD]
    assert second.changed == ("user[aino@berg.example].password",), "it follows its password"


def test_a_user_that_vanished_keeps_it() -> None:
    first = applied(COMPANY + USER.format("badpassword") + APIX)
    second = applied(COMPANY + APIX, first.settings)
    assert opened(second.settings) == [BADPASSWORD]
    assert (second.changed, second.vanished) == ((), ("user",))


def test_a_digest_of_another_user_does_not_open() -> None:
    (user,) = applied(COMPANY + USER.format("badpassword") + APIX).settings["user"]
    for other in ({**user, "email": "bo@berg.example"}, {**user, "password_sha256": "v1:AAAA"}):
        with pytest.raises(MasterKeyError):
            password_digests.opened("berg", other, KEY)
    with pytest.raises(MasterKeyError):
        password_digests.opened("fjord", user, KEY)
