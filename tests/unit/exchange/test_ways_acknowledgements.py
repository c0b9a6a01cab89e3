"""The way of an acknowledgement: to the address for them, with credentials where its origin is that of the push."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fakturahub.config import HttpPush
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.ways import Ways
from fakturahub.exchange.ways_acknowledgements import AcknowledgementWays, origin_of
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.model.ways import HttpWay
from fakturahub.storage.companies import Changes
from fakturahub.storage.outgoing import Claimed
from tests.unit.exchange.test_ways_http import KEY, PUSH, berg, claimed
from tests.unit.exchange.town import known, named


def settings(url: str, push: str = PUSH) -> str:
    return push.replace('password = "x"\n', f'password = "x"\nacknowledgements_url = "{url}"\n', 1)


def back_to_sender(companies: Companies) -> Claimed:
    """A delivery without a receiver, which *berg* sent."""
    return msgspec.structs.replace(claimed(companies, None), company_id=named(companies, "berg").id)


def way(url: str, push: str = PUSH) -> HttpWay:
    companies = known(berg(settings(url, push)))
    found = AcknowledgementWays(companies, KEY).way_of(back_to_sender(companies))
    assert isinstance(found, HttpWay)
    return found


def test_the_same_origin_has_the_credentials_of_the_push() -> None:
    more = PUSH + 'method = "PUT"\ncontent_type = "text/xml"\nsuccess = "202"\ndocument_headers = { X-N = "BT-1" }\n'
    push = way("https://BERG.example:443/ack?x=1", more).push
    assert push.url == "https://BERG.example:443/ack?x=1"
    assert push.password is not None
    assert push.password.reveal() == "push-s3cret"
    assert push.headers["X-Key"].reveal() == "api-s3cret"
    assert (push.auth, push.read_timeout.total_seconds()) == ("basic", 5)
    assert (push.method, push.content_type, push.document_headers) == ("POST", None, {})
    assert push.success == HttpPush(url=push.url).success


@pytest.mark.parametrize(
    "url", ["https://other.example/ack", "https://berg.example:8443/ack", "http://berg.example/ack"]
)
def test_another_origin_is_shown_no_credential(url: str) -> None:
    push = way(url).push
    assert (push.auth, push.password, push.headers, push.url) == ("none", None, {}, url)


def test_without_a_push_there_is_none_either() -> None:
    plain, _, _ = PUSH.partition("[company.pagero.push]")
    companies = known(berg(settings("https://b.example/", plain)))
    found = AcknowledgementWays(companies, KEY).way_of(back_to_sender(companies))
    assert isinstance(found, HttpWay)
    assert found.push.auth == "none"


def test_it_stays_the_same_until_a_setting_changes() -> None:
    companies = known(berg(settings("https://berg.example/ack")))
    ways = AcknowledgementWays(companies, KEY)
    one = back_to_sender(companies)
    first = ways.way_of(one)
    assert ways.way_of(one) is first
    companies.apply(Changes(2, [berg(settings("https://berg.example/new"))], []))
    second = ways.way_of(one)
    assert isinstance(second, HttpWay)
    assert second.push.url == "https://berg.example/new"
    companies.apply(Changes(3, [berg()], []))
    withheld = ways.way_of(one)
    assert isinstance(withheld, Withheld)
    assert "no acknowledgements_url under [company.pagero] any more" in withheld.reason


def test_a_sender_that_is_gone_and_a_secret_that_does_not_open() -> None:
    companies = known(berg(settings("https://berg.example/ack"), key=MasterKey.generate()))
    one = back_to_sender(companies)
    withheld = AcknowledgementWays(companies, KEY).way_of(one)
    assert isinstance(withheld, Withheld)
    assert "Apply the provisioning file anew" in withheld.reason
    gone = AcknowledgementWays(known(), KEY).way_of(one)
    assert isinstance(gone, Withheld)
    assert "no company of this hub any more" in gone.reason


def test_it_is_one_of_the_ways_of_a_node(tmp_path: Path) -> None:
    companies = known(berg(settings("https://berg.example/ack")))
    one = msgspec.structs.replace(back_to_sender(companies), channel="acknowledgement")
    assert isinstance(Ways(companies, KEY, tmp_path).way_of(one), HttpWay)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.example/x", ("https", "a.example", 443)),
        ("http://a.example./", ("http", "a.example", 80)),
        ("http://[::1]:8080/", ("http", "::1", 8080)),
    ],
)
def test_origins(url: str, expected: tuple[str, str, int]) -> None:
    assert origin_of(url) == expected
