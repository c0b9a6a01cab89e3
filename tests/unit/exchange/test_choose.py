"""Which way a document leaves, why, and at what price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fakturahub.exchange.choose import RECIPIENTS, Decision, Question, Settings, decide, question_of, settings_of
from fakturahub.exchange.pricing import price_list
from fakturahub.model import (
    Attachment,
    Heading,
    Identifier,
    Kind,
    Medium,
    PartyHeading,
    PostalHeading,
    Recognition,
)
from fakturahub.storage.companies import Changes, SettingRow
from tests.unit.exchange.town import known, named, row

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PUSH = {"push": {"url": "https://firm.example/in"}}
COMPANIES = known(
    row("sender", country="FI", business_id="0112038-9"),
    row("virta", name="Virta Oy", addresses=["0216:003727901319"], business_id="2790131-9", receive_as="finvoice-3.0"),
    row("skog", name="Skog AB", country="SE", addresses=["0007:5561618033"], pagero=PUSH, receive_as="peppol-bis-3"),
    row("mute", name="Mute Oy", addresses=["0216:0037999"], contracts=["send"]),
    row("twin-a", name="Twin"),
    row("twin-b", name="Twin"),
)
COMPANIES.apply(
    Changes(
        2,
        [],
        [
            SettingRow(
                "participant",
                "FI 2262882-7",
                {
                    "name": "Aalto Capital Oy",
                    "business_id": "2262882-7",
                    "country": "FI",
                    "addresses": [{"address": "003722628827", "operator": "Itella", "operator_id": "0037"}],
                },
            ),
            SettingRow("price", "", [{"channel": "print", "pages": 2, "credits": "1"}, {"credits": "2.75"}]),
            SettingRow("print", "", {"cut_offs": ["10:00", "15:00"]}),
        ],
    )
)
SENDER = named(COMPANIES, "sender")
SETTINGS = settings_of(COMPANIES.setting)
HERE = PartyHeading(name="Virta Oy", endpoint=Identifier("003727901319", "0216"), country="FI")
PUSHED = PartyHeading(name="Skog AB", endpoint=Identifier("5561618033", "0007"))
NOWHERE = PartyHeading(name="Asiakas Oy", endpoint=Identifier("00370000", "0216"), country="FI")
ADDRESS = PostalHeading(("Testitie 2", "PL 1"), "Espoo", "02100")
MAIL = "osto@asiakas.example"


def ask(buyer: PartyHeading = NOWHERE, *, ways: tuple[str, ...] | None = None, **more: Any) -> Question:
    sender = SENDER if ways is None else msgspec.structs.replace(SENDER, ways=frozenset(ways))
    return Question(**{"sender": sender, "at": NOW, "buyer": buyer, **more})


def decided(question: Question) -> Decision:
    return decide(question, COMPANIES, SETTINGS)


BOTH = {"email": MAIL, "address": ADDRESS}
TABLE: dict[str, tuple[Question, str | None]] = {
    "a company of this hub gets it in its inbox": (ask(HERE, **BOTH), "inbox"),
    "whatever the sender prefers": (ask(HERE, **BOTH, prefer=Medium.PRINT), "inbox"),
    "but for one that is addressed to a print service": (ask(HERE, **BOTH, on_paper=True), "print"),
    "of which no letter can be made": (ask(HERE, email=MAIL, on_paper=True), "inbox"),
    "on its own server where it has one": (ask(PUSHED), "http"),
    "nobody of this hub, with a mail address": (ask(**BOTH), "email"),
    "with a postal address alone": (ask(address=ADDRESS), "print"),
    "with neither": (ask(), None),
    "preferring paper": (ask(**BOTH, prefer=Medium.PRINT), "print"),
    "preferring paper without an address": (ask(email=MAIL, prefer=Medium.PRINT), "email"),
    "preferring e-mail": (ask(**BOTH, prefer=Medium.EMAIL), "email"),
    "preferring e-mail without an address": (ask(address=ADDRESS, prefer=Medium.EMAIL), "print"),
    "preferring the network": (ask(**BOTH, prefer=Medium.NETWORK), "email"),
    "addressed to a print service": (ask(**BOTH, on_paper=True), "print"),
    "addressed to a print service, preferring e-mail": (ask(**BOTH, on_paper=True, prefer=Medium.EMAIL), "print"),
    "addressed to a print service without an address": (ask(email=MAIL, on_paper=True), "email"),
    "with a mail address as its electronic address": (
        ask(PartyHeading(name="A", endpoint=Identifier("a@b.example", "EM")), address=ADDRESS, prefer=Medium.PRINT),
        "email",
    ),
    "with one that names no scheme": (
        ask(PartyHeading(name="A", endpoint=Identifier("a@b.example")), address=ADDRESS),
        "email",
    ),
    "with a value of another scheme that looks like one": (
        ask(PartyHeading(name="A", endpoint=Identifier("a@b.example", "0216"), country="FI"), address=ADDRESS),
        "print",
    ),
    "a receiver without a contract": (ask(PartyHeading(endpoint=Identifier("0037999", "0216")), email=MAIL), "email"),
    "a receiver who is reached elsewhere": (
        ask(PartyHeading(name="Aalto", business_id=Identifier("2262882-7", "0212")), **BOTH),
        "email",
    ),
    "where there is no page of it": (ask(**BOTH, undrawable="it is an order"), None),
    "where there is no page of it, in this hub": (ask(HERE, undrawable="it is an order"), "inbox"),
    "a company that does not mail": (ask(**BOTH, ways=("network", "print")), "print"),
    "a company that does not print": (ask(address=ADDRESS, ways=("network", "email")), None),
    "a company that does not print, to a print service": (
        ask(**BOTH, on_paper=True, ways=("network", "email")),
        "email",
    ),
    "a company outside the network": (ask(HERE, **BOTH, ways=("email",)), "email"),
    "a company with no way": (ask(HERE, **BOTH, ways=()), None),
    "a preference the company may not have": (ask(**BOTH, prefer=Medium.PRINT, ways=("network", "email")), "email"),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_way(name: str) -> None:
    question, channel = TABLE[name]
    found = decided(question)
    assert found.channel == channel, found.why
    assert found.why


def test_to_an_inbox() -> None:
    found = decided(ask(HERE))
    assert found.receiver is named(COMPANIES, "virta")
    assert (found.address, found.wanted) == ("0216:003727901319", "finvoice-3.0")
    assert (found.target, found.details, found.pages, found.leaves_at) == (None, None, None, None)
    assert found.why == "Virta Oy was found by electronic address 0216:003727901319"
    assert found.price == Decimal("2.75")


def test_to_its_own_server() -> None:
    found = decided(ask(PUSHED))
    skog = named(COMPANIES, "skog")
    assert (found.receiver, found.target, found.details) == (skog, f"http {skog.id}", {})
    assert (found.address, found.wanted) == ("0007:5561618033", "peppol-bis-3")
    assert found.why == (
        "Skog AB was found by electronic address 0007:5561618033; it has documents posted to its own server"
    )


def test_by_e_mail() -> None:
    found = decided(ask(email=f" {MAIL}; Osto@Asiakas.example, zwei@asiakas.example "))
    assert (found.channel, found.target, found.receiver, found.wanted) == ("email", "email", None, "original")
    assert found.details == {"to": ["Osto@Asiakas.example", "zwei@asiakas.example"], "language": "fi"}
    assert found.address == "Osto@Asiakas.example, zwei@asiakas.example"
    assert found.why == (
        "no company of this hub has the electronic address 0216:00370000; "
        "the mail address of its buyer is Osto@Asiakas.example, zwei@asiakas.example"
    )
    assert found.price == Decimal("2.75")


@pytest.mark.parametrize(
    ("country", "language"),
    [("FI", "fi"), ("SE", "sv"), ("no", "nb"), ("DK", "da"), ("AT", "de"), ("FR", "en"), (None, "fi")],
)
def test_in_the_language_of_the_receivers_country(country: str | None, language: str) -> None:
    buyer = msgspec.structs.replace(NOWHERE, country=country)
    for question in (ask(buyer, email=MAIL), ask(buyer, address=ADDRESS)):
        details = decided(question).details
        assert details is not None
        assert details["language"] == language


@pytest.mark.parametrize(
    "email",
    [
        "nobody",
        "a@b@c",
        "a b@c",
        f"{MAIL}; nobody",
        "a@b.example\r\nBcc: x@y.example",
        "<a@b.example>",
        '"a"@b.example',
    ],
)
def test_what_is_no_mail_address_is_not_mailed_to(email: str) -> None:
    found = decided(ask(email=email, address=ADDRESS))
    assert found.channel == "print"
    assert "the mail address of its buyer is none" in found.why
    assert "\n" not in found.why


def test_not_to_a_crowd() -> None:
    crowd = [f"n{number}@asiakas.example" for number in range(RECIPIENTS + 1)]
    assert decided(ask(email=";".join(crowd[:-1]))).channel == "email"
    refused = decided(ask(email=";".join(crowd)))
    assert refused.channel is None
    assert f"names {RECIPIENTS + 1} mail addresses" in refused.why


def test_on_paper() -> None:
    uncounted = decided(ask(address=ADDRESS))
    assert (uncounted.uncounted, uncounted.price) == (True, None)
    found = decided(ask(address=ADDRESS, pages=3))
    assert not found.uncounted
    assert (found.channel, found.target, found.receiver, found.pages) == ("print", "print", None, 3)
    assert found.price == Decimal("2.75")
    assert decided(ask(address=ADDRESS, pages=2)).price == Decimal(1)
    assert found.details == {
        "class": 2,
        "colour": False,
        "duplex": True,
        "country_class": "FI",
        "pages": 3,
        "recipient": {
            "name": "Asiakas Oy",
            "lines": ["Testitie 2", "PL 1", "02100 Espoo"],
            "country": "FI",
            "streets": ["Testitie 2", "PL 1"],
            "post_code": "02100",
            "town": "Espoo",
        },
        "language": "fi",
    }
    assert found.address == "Asiakas Oy, Testitie 2, PL 1, 02100 Espoo, FI"
    # noon in UTC is two in the afternoon in Helsinki
    assert found.leaves_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert found.why.endswith("; the document names no mail address of its buyer; its buyer has a postal address")


def test_letters_look_as_their_sender_wants_them() -> None:
    style = {"class": 1, "colour": True, "duplex": False}
    sender = msgspec.structs.replace(SENDER, settings={**SENDER.settings, "print": style})
    details = decided(msgspec.structs.replace(ask(address=ADDRESS), sender=sender)).details
    assert details is not None
    assert {key: details[key] for key in style} == style


@pytest.mark.parametrize(
    ("changed", "country", "missing"),
    [
        ({}, "FI", None),
        ({"lines": ()}, "FI", "street or box"),
        ({"post_code": None}, "FI", "post code"),
        ({"post_code": None}, "HK", None),
        ({"post_code": None}, None, "post code"),
        ({"city": None}, "FI", "town"),
        ({"lines": (), "city": None}, "FI", "street or box and no town"),
    ],
)
def test_an_address_has_to_be_complete(changed: dict[str, Any], country: str | None, missing: str | None) -> None:
    buyer = msgspec.structs.replace(NOWHERE, country=country)
    found = decided(ask(buyer, address=msgspec.structs.replace(ADDRESS, **changed)))
    if missing is None:
        assert found.channel == "print"
    else:
        assert found.channel is None
        assert found.why.endswith(f"the postal address of its buyer has no {missing}")


def test_a_letter_to_nobody_is_none() -> None:
    assert "has no name" in decided(ask(PartyHeading(), address=ADDRESS)).why
    assert decided(ask()).why.endswith("has no street or box and no post code and no town")


def test_who_is_reached_elsewhere_is_told() -> None:
    by_number = PartyHeading(name="Aalto", business_id=Identifier("2262882-7", "0212"))
    told = "Aalto Capital Oy is reached elsewhere at 003722628827 through Itella, which this hub has no connection to"
    assert told in decided(ask(by_number)).why
    assert told in decided(ask(PartyHeading(endpoint=Identifier("003722628827", "0216")))).why
    assert told in decided(ask(PartyHeading(name="AALTO CAPITAL OY"))).why
    assert told in decided(ask(PartyHeading(vat_id="2262882-7"))).why
    assert "elsewhere" not in decided(ask(msgspec.structs.replace(by_number, country="SE"))).why
    assert "elsewhere" not in decided(ask()).why


def test_why_the_company_sends_no_other_way() -> None:
    assert decided(ask(HERE, ways=())).why == "Sender Ltd sends nothing through the network"
    assert decided(ask(HERE, **BOTH, ways=("email",))).why == (
        f"Sender Ltd sends nothing through the network; the mail address of its buyer is {MAIL}"
    )


def test_the_preference_is_part_of_the_reason() -> None:
    assert decided(ask(**BOTH, prefer=Medium.PRINT)).why.endswith("a postal address, and its sender prefers it")
    assert decided(ask(**BOTH, prefer=Medium.EMAIL)).why.endswith(f"{MAIL}, and its sender prefers it")


# --- questions without a document -----------------------------------------------------------------------------------


def test_a_name_alone_finds_who_only_asks() -> None:
    by_name = PartyHeading(name="virta oy")
    assert decided(ask(by_name, hypothetical=True, pages=1)).channel == "inbox"
    assert decided(ask(by_name)).channel is None, "no document goes by a name"
    assert decided(ask(PartyHeading(name="Twin"), hypothetical=True, pages=1)).channel == "print"
    assert decided(ask(PartyHeading(name="Mute Oy"), hypothetical=True, pages=1)).channel == "print"


def test_paper_is_what_remains_for_who_only_asks() -> None:
    found = decided(ask(PartyHeading(name="Kuka", country="SE"), hypothetical=True, pages=12))
    assert (found.channel, found.pages, found.price) == ("print", 12, Decimal("2.75"))
    assert found.details is not None
    assert (found.details["class"], found.details["colour"], found.details["country_class"]) == (2, False, "EU")


# --- from a document ------------------------------------------------------------------------------------------------

PDF = Attachment("a.pdf", "application/pdf", b"%PDF-")


@pytest.mark.parametrize(
    ("kind", "syntax", "files", "drawn"),
    [
        (Kind.INVOICE, "peppol-bis-3", (), True),
        (Kind.CREDIT_NOTE, "finvoice-3.0", (), True),
        (Kind.REMINDER, "ehf-reminder", (), True),
        (Kind.LETTER, "letters-1.0", (PDF,), True),
        (Kind.PAYSLIP, "payslip-2.0", (), True),
        (Kind.INVOICE, "oioubl-2.1", (), False),
        (Kind.INVOICE, "oioubl-2.1", (PDF,), True),
        (Kind.INVOICE, "oioubl-2.1", (Attachment("a.png", "image/png", b""),), False),
        (Kind.ORDER, "ubl-order", (PDF,), False),
        (Kind.RESPONSE, "ubl-application-response", (), False),
        (Kind.OTHER, "finvoice-soap-frame", (), False),
        (Kind.OTHER, None, (), False),
    ],
)
def test_what_can_be_drawn(kind: Kind, syntax: str | None, files: tuple[Attachment, ...], drawn: bool) -> None:
    heading = Heading(kind, buyer=NOWHERE, buyer_email=MAIL, buyer_address=ADDRESS)
    recognition = None if syntax is None else Recognition(syntax)
    question = question_of(heading, recognition, SENDER, NOW, files=files)
    assert (question.undrawable is None) is drawn
    assert decided(question).channel == ("email" if drawn else None)


def test_a_question_holds_what_the_heading_says() -> None:
    heading = Heading(Kind.INVOICE, buyer=NOWHERE, buyer_email=MAIL, buyer_address=ADDRESS, on_paper=True)
    question = question_of(heading, Recognition("ubl-2.1"), SENDER, NOW, prefer=Medium.EMAIL)
    assert question == ask(**BOTH, on_paper=True, prefer=Medium.EMAIL)


def test_the_settings_are_those_of_the_hub() -> None:
    assert (
        Settings(
            price_list([{"channel": "print", "pages": 2, "credits": "1"}, {"credits": "2.75"}]),
            {"cut_offs": ["10:00", "15:00"]},
        )
        == SETTINGS
    )
    assert settings_of(lambda _: None) == Settings()
