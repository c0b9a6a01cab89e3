"""The way to a company's own server: from what is stored, with its secrets open, the same until it changes."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from fakturahub.errors import InternalFault
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.schedule import SCHEDULES, Schedule
from fakturahub.exchange.ways import Ways
from fakturahub.exchange.ways_http import HttpWays, push_of, trusted_networks
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import Hasher, protected
from fakturahub.model import Heading, Kind, Recognition
from fakturahub.model.ways import HttpWay
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import Kept
from tests.unit.config.sections import COMPANY, read
from tests.unit.exchange.town import known, named, row
from tests.unit.identity.test_stored_settings import QuickHasher

KEY = MasterKey.generate()
_QUICK = QuickHasher()
HASHER = Hasher(_QUICK.hash, _QUICK.verify)
PUSH = """
[company.pagero]
username = "berg"
password = "x"
[company.pagero.push]
url = "https://berg.example/in"
auth = "basic"
username = "hub"
password = "push-s3cret"
headers = { X-Key = "api-s3cret" }
read_timeout = "5s"
"""


def berg(push: str = PUSH, key: MasterKey = KEY) -> Any:
    (company,) = read(COMPANY + push).companies
    stored = protected(company, None, master_key=key, hasher=HASHER).settings
    return row("berg", **{name: value for name, value in stored.items() if name != "key"})


def claimed(companies: Companies, receiver: str | None = "berg", channel: str = "http") -> Claimed:
    return Claimed(
        id=uuid4(),
        document_id=uuid4(),
        company_id=uuid4(),
        receiver_id=None if receiver is None else named(companies, receiver).id,
        channel=channel,
        address="",
        target="http x",
        details={},
        attempt=1,
        step=0,
        trying_since=None,  # type: ignore[arg-type]
        wanted="original",
        batch_id=None,
        created_at=None,  # type: ignore[arg-type]
        kept=Kept(b"", 0, "identity", b""),
        recognition=Recognition("ubl-2.1"),
        heading=Heading(Kind.INVOICE),
        file_name=None,
    )


def test_secrets_are_open_in_it_and_it_stays_the_same() -> None:
    companies = known(berg())
    ways = HttpWays(companies, KEY)
    way = ways.way_of(claimed(companies))
    assert isinstance(way, HttpWay)
    assert way.push.password is not None
    assert way.push.password.reveal() == "push-s3cret"
    assert way.push.headers["X-Key"].reveal() == "api-s3cret"
    assert way.push.read_timeout.total_seconds() == 5
    assert "s3cret" not in repr(way)
    assert ways.way_of(claimed(companies)) is way


def test_a_change_counts_at_once() -> None:
    companies = known(berg())
    ways = HttpWays(companies, KEY)
    before = ways.way_of(claimed(companies))
    companies.apply(Changes(2, [berg(PUSH.replace("berg.example", "new.example"))], []))
    after = ways.way_of(claimed(companies))
    assert isinstance(before, HttpWay)
    assert isinstance(after, HttpWay)
    assert after.push.url == "https://new.example/in"


def test_a_schedule_of_its_own() -> None:
    own = PUSH.replace("[company.pagero.push]", '[company.pagero.push]\nretry = ["1m", "2h"]\nat_once = 1')
    companies = known(berg(own))
    ways = HttpWays(companies, KEY)
    target = f"http {named(companies, 'berg').id}"
    schedule = ways.schedule_of(target)
    usual = SCHEDULES["http"]
    pauses = (timedelta(minutes=1), timedelta(hours=2))
    assert schedule == Schedule(pauses, usual.gives_up_after, 1)
    # asked for in every round of claims
    assert ways.schedule_of(target) is schedule
    companies.apply(Changes(2, [berg(own.replace("at_once = 1", 'give_up_after = "3d"'))], []))
    assert ways.schedule_of(target) == Schedule(pauses, timedelta(days=3), usual.at_once)
    companies.apply(Changes(3, [berg("")], []))
    assert ways.schedule_of(target) == usual
    assert ways.schedule_of(f"http {uuid4()}") == usual


def test_a_company_that_is_posted_to_no_more() -> None:
    companies = known(berg())
    ways = HttpWays(companies, KEY)
    ways.way_of(claimed(companies))
    companies.apply(Changes(2, [berg("")], []))
    withheld = ways.way_of(claimed(companies))
    assert isinstance(withheld, Withheld)
    assert "no [company.pagero.push] any more" in withheld.reason
    assert push_of(named(companies, "berg")) is None


@pytest.mark.parametrize("receiver", [None, "berg"])
def test_a_receiver_that_is_not_there(receiver: str | None) -> None:
    one = claimed(known(berg()), receiver)
    withheld = HttpWays(known(), KEY).way_of(one)
    assert isinstance(withheld, Withheld)
    assert "no company of this hub any more" in withheld.reason


def test_a_secret_that_does_not_open_and_settings_that_do_not_fit() -> None:
    companies = known(berg(key=MasterKey.generate()))
    withheld = HttpWays(companies, KEY).way_of(claimed(companies))
    assert isinstance(withheld, Withheld)
    assert "sealed with the key" in withheld.reason
    stored = berg()
    stored.settings["pagero"]["push"]["auth"] = "magic"
    companies = known(stored)
    withheld = HttpWays(companies, KEY).way_of(claimed(companies))
    assert isinstance(withheld, Withheld)
    assert "does not fit" in withheld.reason
    assert "s3cret" not in withheld.reason


def test_the_networks_that_are_trusted() -> None:
    companies = known()
    assert trusted_networks(companies) == ()
    companies.apply(Changes(2, [], [SettingRow("outbound", "", {"trusted_networks": ["10.1.0.0/16", "::1/128"]})]))
    assert trusted_networks(companies) == (ip_network("10.1.0.0/16"), ip_network("::1/128"))
    companies.apply(Changes(3, [], [SettingRow("outbound", "", {})]))
    assert trusted_networks(companies) == ()


def test_ways_of_channels(tmp_path: Any) -> None:
    companies = known(berg())
    ways = Ways(companies, KEY, tmp_path)
    assert isinstance(ways.way_of(claimed(companies)), HttpWay)
    with pytest.raises(InternalFault):
        ways.way_of(msgspec.structs.replace(claimed(companies), channel="pigeon"))
