"""The way by mail, from what is provisioned: the hub's server, the company's looks, the receiver's language."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fakturahub.config import Mail, Secret
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.payslip_pages import PayslipLinks
from fakturahub.exchange.ways import Ways
from fakturahub.exchange.ways_mail import MailWays, server_of
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import protected
from fakturahub.model import Heading, Kind, PartyHeading
from fakturahub.model.ways import MailServer, MailSigning, MailWay
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.outgoing import Claimed
from tests.unit.config.sections import COMPANY, read
from tests.unit.exchange.claims import claimed
from tests.unit.exchange.town import known, named, row

KEY = MasterKey(b"k" * 32)
BEGUN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MAIL = """[mail]
url = "smtp://hub%40hub.example:p%3Aw%2F@mail.example?tls=starttls"
sender = "Fakturahub <hub@hub.example>"
"""


def town(section: str = MAIL, **settings: Any) -> Companies:
    companies = known(row("virta", name="Virta Sähkö Oy", **settings))
    if section:
        put(companies, section, 2)
    return companies


def put(companies: Companies, mail: str, version: int) -> None:
    """What the file says under ``[mail]``, as it is stored."""
    section = read(mail + COMPANY).mail
    assert section is not None
    stored = protected(section, None, master_key=KEY).settings
    companies.apply(Changes(version, [], [SettingRow("mail", "", stored)]))


def mail_to(companies: Companies, **details: Any) -> Claimed:
    return claimed(
        "email",
        company_id=named(companies, "virta").id,
        address="ap@skog.example",
        details={"to": ["ap@skog.example"], **details},
        created_at=BEGUN,
        heading=Heading(kind=Kind.INVOICE, number="7", buyer=PartyHeading(name="Skog & Såg AB", country="SE")),
    )


def way(companies: Companies, **details: Any) -> MailWay:
    found = Ways(companies, KEY, Path("/data")).way_of(mail_to(companies, **details))
    assert isinstance(found, MailWay)
    return found


def test_a_hub_with_a_mail_server() -> None:
    found = way(town(email="laskut@virta.example"))
    assert found.server == MailServer("mail.example", 587, "starttls", "hub@hub.example", Secret("p:w/"))
    assert found.sender == "hub@hub.example"
    assert found.from_name == "Virta Sähkö Oy"
    assert found.reply_to == "laskut@virta.example"
    assert found.bounces == "hub@hub.example"
    assert found.to == ("ap@skog.example",)
    assert found.begun == BEGUN
    assert found.signing is None
    assert not found.attach_xml
    assert "p:w/" not in repr(found)


def test_a_hub_without_one() -> None:
    found = way(town("", email="laskut@virta.example"))
    assert found.server is None
    assert found.folder == "/data/mail"
    assert found.sender == found.bounces == "laskut@virta.example"
    assert way(town("")).sender == "fakturahub@localhost"


def test_bounces_and_signatures() -> None:
    more = 'bounces = "back@hub.example"\ndkim_domain = "hub.example"\ndkim_selector = "s1"\ndkim_key = "-----BEGIN"\n'
    found = way(town(f"{MAIL}{more}"))
    assert found.bounces == "back@hub.example"
    assert found.signing == MailSigning("hub.example", "s1", Secret("-----BEGIN"))


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example", 587, "starttls"),
        ("smtp://mail.example?tls=tls", 465, "tls"),
        ("smtps://mail.example", 465, "tls"),
        ("smtp://mail.example?tls=none", 25, "none"),
        ("smtp://mail.example:2525/?tls=none", 2525, "none"),
    ],
)
def test_servers(url: str, port: int, tls: Any) -> None:
    server = server_of(Mail(url=Secret(url), sender="hub@hub.example"))
    assert server == MailServer("mail.example", port, tls)


def test_an_address_of_version_6() -> None:
    assert server_of(Mail(url=Secret("smtp://[::1]:25?tls=none"), sender="hub@hub.example")).host == "::1"


@pytest.mark.parametrize(
    ("details", "language", "subject"),
    [
        ({"language": "fi"}, "fi", "Lasku 7 – Virta Sähkö Oy"),
        ({}, "sv", "Faktura 7 från Virta Sähkö Oy"),
        ({"language": "fr"}, "sv", "Faktura 7 från Virta Sähkö Oy"),
    ],
)
def test_the_language_of_the_receiver(details: dict[str, Any], language: str, subject: str) -> None:
    found = way(town(), **details)
    assert (found.language, found.subject) == (language, subject)
    assert f'<html lang="{language}">' in found.html


def test_a_company_with_words_of_its_own() -> None:
    style = {
        "from_name": "Virta, laskutus",
        "reply_to": "kysy@virta.example",
        "subject": {"fi": "Laskusi {number}"},
        "body": {"fi": "Hei {buyer}"},
        "attach_xml": True,
    }
    companies = town(email="laskut@virta.example", mail=style)
    found = way(companies, language="fi")
    assert (found.from_name, found.reply_to) == ("Virta, laskutus", "kysy@virta.example")
    assert found.subject == "Laskusi 7"
    assert found.text.startswith("Hei Skog & Såg AB\n")
    assert found.attach_xml
    other = way(companies, language="sv")
    assert other.subject == "Faktura 7 från Virta Sähkö Oy"


def test_settings_of_the_moment() -> None:
    companies = town()
    ways = MailWays(companies, KEY, Path("/data"))

    def server() -> MailServer | None:
        found = ways.way_of(mail_to(companies))
        assert not isinstance(found, Withheld)
        return found.server

    first = server()
    assert server() is first
    put(companies, MAIL.replace("mail.example", "other.example"), 3)
    other = server()
    assert other is not None
    assert other.host == "other.example"


def test_a_sender_that_is_gone() -> None:
    """Companies are never deleted; where the database says otherwise, the seller in the document is named."""
    delivery = mail_to(town())
    found = MailWays(known(), KEY, Path("/data")).way_of(delivery)
    assert isinstance(found, MailWay)
    assert (found.from_name, found.reply_to) == ("", None)


# --- payslips -------------------------------------------------------------------------------------------------------


def payslip_to(companies: Companies) -> Claimed:
    return msgspec.structs.replace(mail_to(companies), heading=Heading(kind=Kind.PAYSLIP, number="7"))


def test_a_payslip_is_a_link_to_a_page_of_this_hub() -> None:
    companies = town()
    companies.apply(Changes(3, [], [SettingRow("hub", "", {"public_url": "https://hub.example/lasku/"})]))
    one = payslip_to(companies)
    made = MailWays(companies, KEY, Path("data")).way_of(one)
    assert isinstance(made, MailWay)
    link = PayslipLinks(KEY).of("https://hub.example/lasku", one.id)
    assert link.startswith(f"https://hub.example/lasku/payslip?d={one.id.hex}&k=")
    assert link in made.text
    assert "attached" not in made.text
    assert link.replace("&", "&amp;") in made.html
    other = PayslipLinks(MasterKey(b"o" * 32)).of("https://hub.example/lasku", one.id)
    assert other != link


def test_without_an_address_of_the_hub_a_payslip_waits() -> None:
    companies = town()
    held = MailWays(companies, KEY, Path("data")).way_of(payslip_to(companies))
    assert isinstance(held, Withheld)
    assert "`public_url`" in held.reason


@pytest.mark.parametrize("changed", ["d", "k", "short", "none", "\udc80"])
def test_only_links_of_this_hub_are_opened(changed: str) -> None:
    links, delivery = PayslipLinks(KEY), UUID(int=7)
    code = links.of("", delivery).partition("&k=")[2]
    assert links.opened(delivery.hex, code) == delivery
    given = {
        "d": (UUID(int=8).hex, code),
        "k": (delivery.hex, code[::-1]),
        "short": (delivery.hex, code[:-1]),
        "none": ("", ""),
        "\udc80": (delivery.hex, "\udc80"),
    }
    assert links.opened(*given[changed]) is None
