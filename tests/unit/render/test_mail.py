"""The words of a mail: in the receiver's language, by the sender's template, and nothing in them is markup."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from lxml import html as parsed

from fakturahub.config.forms import MAIL_TERMS
from fakturahub.model import Heading, Kind, PartyHeading
from fakturahub.render.labels import LANGUAGES
from fakturahub.render.mail import MOST_IN_SUBJECT, words

HOSTILE = (
    "\"><script>alert(1)</script><img src='https://x.example/p.gif'>{number}\r\nBcc: all@x.example\r\n\r\n<b>\u202e\0"
)

TAGS = {"html", "head", "meta", "title", "body", "div", "p", "br", "table", "tr", "td"}

BILL = Heading(
    kind=Kind.INVOICE,
    number="2026-17",
    issue_date=date(2026, 11, 20),
    due_date=date(2026, 12, 4),
    currency="EUR",
    payable=Decimal("1234.5"),
    seller=PartyHeading(name="Virta Sähkö Oy"),
    buyer=PartyHeading(name="Skog & Såg AB"),
    payment_reference="RF18 1234",
    account="FI4250001510000023",
)


@pytest.mark.parametrize(
    ("language", "subject", "due", "amount"),
    [
        ("nb", "Faktura 2026-17 fra Virta Sähkö Oy", "04.12.2026", "1\u00a0234,50 EUR"),
        ("sv", "Faktura 2026-17 från Virta Sähkö Oy", "2026-12-04", "1\u00a0234,50 EUR"),
        ("da", "Faktura 2026-17 fra Virta Sähkö Oy", "04.12.2026", "1.234,50 EUR"),
        ("fi", "Lasku 2026-17 – Virta Sähkö Oy", "4.12.2026", "1\u00a0234,50 EUR"),
        ("de", "Rechnung 2026-17 von Virta Sähkö Oy", "04.12.2026", "1.234,50 EUR"),
        ("en", "Invoice 2026-17 from Virta Sähkö Oy", "4\u00a0Dec\u00a02026", "1,234.50 EUR"),
    ],
)
def test_the_hubs_own_words(language: str, subject: str, due: str, amount: str) -> None:
    made = words(BILL, language=language, sender="Virta")
    assert made.subject == subject
    page = parsed.document_fromstring(made.html)
    assert page.get("lang") == language
    for text in (made.text, page.text_content()):
        for fact in (due, amount, "FI4250001510000023", "RF18 1234", "2026-17", "Virta Sähkö Oy"):
            assert fact in text


def test_a_template_of_the_sender() -> None:
    made = words(
        BILL,
        language="fi",
        sender="Virta",
        subject="{document} {number}: {amount} / {due_date}",
        body="Hei {buyer},\n\n{document} {number} {{liitteenä}}.\nT. {seller}, {issue_date}, {reference}",
    )
    assert made.subject == "Lasku 2026-17: 1 234,50 EUR / 4.12.2026"
    assert made.text.startswith(
        "Hei Skog & Såg AB,\n\nLasku 2026-17 {liitteenä}.\nT. Virta Sähkö Oy, 20.11.2026, RF18 1234\n\n"
    )
    assert "Hei Skog &amp; Såg AB,</p>" in made.html
    assert "{liitteenä}.<br>T. Virta" in made.html


def test_every_name_of_a_template_is_filled_in() -> None:
    made = words(BILL, language="sv", sender="Virta", body="|".join(f"{{{name}}}" for name in MAIL_TERMS))
    values = made.text.split("\n")[0].split("|")
    assert len(values) == len(MAIL_TERMS)
    assert all(values)


def test_what_a_document_does_not_have_is_left_out() -> None:
    made = words(
        Heading(kind=Kind.OTHER), language="en", sender="Virta Sähkö Oy", body="Number {number}.\n\n{due_date}"
    )
    assert made.subject == "Document from Virta Sähkö Oy"
    assert made.text == "Number.\n\nSent on behalf of Virta Sähkö Oy.\n"
    assert "<table" not in made.html


@pytest.mark.parametrize("kind", [Kind.PAYSLIP, Kind.LETTER, Kind.OTHER])
def test_sums_stand_in_the_mails_of_bills_only(kind: Kind) -> None:
    heading = Heading(kind=kind, number="7", currency="EUR", payable=Decimal("3210.55"), payment_reference="secret-ref")
    made = words(heading, language="fi", sender="Virta", subject="{amount}{reference} x", body="{amount} {reference} x")
    for text in (made.subject, made.text, made.html):
        assert "210" not in text
        assert "secret-ref" not in text


def test_a_credit_note_asks_for_no_payment() -> None:
    heading = Heading(
        kind=Kind.CREDIT_NOTE, number="9", currency="NOK", payable=Decimal(100), account="NO9386011117947"
    )
    made = words(heading, language="en", sender="Fjordlys AS")
    assert "Credited: 100.00 NOK" in made.text
    assert "NO9386011117947" not in made.text
    assert "To pay" not in made.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_document(language: str) -> None:
    heading = Heading(
        kind=Kind.INVOICE,
        number=HOSTILE,
        currency=HOSTILE,
        payable=Decimal("NaN"),
        seller=PartyHeading(name=HOSTILE),
        buyer=PartyHeading(name=HOSTILE),
        payment_reference=HOSTILE,
        account=HOSTILE,
    )
    templates = [(None, None), (" ".join(f"{{{name}}}" for name in MAIL_TERMS),) * 2]
    for subject, body in templates:
        made = words(heading, language=language, sender=HOSTILE, subject=subject, body=body)
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", made.subject)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", made.text)
        # Whatever the document says keeps its line: none of it begins one.
        assert not re.search(r"(?m)^(?:Bcc|<b>)", made.text)
        page = parsed.document_fromstring(made.html)
        assert {one.tag for one in page.iter()} <= TAGS
        assert not [one for one in page.iter() if {"src", "href", "action", "background"} & set(one.attrib)]
        assert "url(" not in made.html
        # A value that looks like a name in braces is not filled in.
        assert "{number}" in made.text


def test_lengths() -> None:
    heading = Heading(kind=Kind.INVOICE, number="9" * 5000, seller=PartyHeading(name="x" * 100_000))
    made = words(heading, language="en", sender="Virta", subject="{number}" * 20)
    assert len(made.subject) == MOST_IN_SUBJECT
    assert len(made.text) < 3_000
