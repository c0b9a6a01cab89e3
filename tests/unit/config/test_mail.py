"""The mail server and the mails of a company as the provisioning file states them."""

from __future__ import annotations

import pytest

from fakturahub.config import forms
from fakturahub.config.tables import MAIL_LANGUAGES
from fakturahub.render.labels import LANGUAGES
from tests.unit.config.sections import COMPANY, faults_of, read

MAIL = '[mail]\nurl = "smtp://u:p@mail.example"\nsender = "Hub <hub@hub.example>"\n'


def test_a_mail_can_be_in_every_language_of_a_page() -> None:
    assert set(MAIL_LANGUAGES) == set(LANGUAGES)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example",
        "smtp://mail.example:25/?tls=none",
        "smtp://user%40firm.example:p%3Aw@mail.example:587?tls=starttls",
        "smtp://[::1]:2525?tls=tls",
        "smtps://mail.example?tls=tls",
    ],
)
def test_urls_of_mail_servers(url: str) -> None:
    assert forms.SMTP_URL.read(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "smtp://mail.example?tls=maybe",
        "smtp://mail.example?tls=none&tls=tls",
        "smtp://mail.example?starttls",
        "smtps://mail.example?tls=none",
        "smtp://mail.example/folder",
        "smtp://mail.example:0",
        "smtp://mail.example:port",
        "smtp://",
    ],
)
def test_what_is_no_url_of_a_mail_server(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a form says nothing of the value
        forms.SMTP_URL.read(url)


def test_all_or_nothing_of_dkim() -> None:
    told = faults_of(f'{MAIL}dkim_domain = "hub.example"\n{COMPANY}')
    assert told == [
        "line 4: mail.dkim_domain: needs `dkim_selector` as well",
        "line 4: mail.dkim_domain: needs `dkim_key` as well",
    ]


def test_an_address_too_long_for_subaddresses() -> None:
    long = "x" * 32 + "@hub.example"
    (told,) = faults_of(f"{MAIL.replace('hub@hub.example', long)}{COMPANY}")
    assert "line 3: mail.sender: needs `bounces` as well" in told
    assert read(f'{MAIL.replace("hub@hub.example", long)}bounces = "back@hub.example"\n{COMPANY}').mail is not None


def test_words_of_a_company() -> None:
    written = (
        '[company.mail]\nsubject = { fi = "Lasku {number}" }\n'
        'body = { fi = """\nHei {buyer},\n\nlasku {{liitteenä}}.\n""" }\n'
    )
    style = read(COMPANY + written).companies[0].mail
    assert style.subject == {"fi": "Lasku {number}"}
    assert style.body == {"fi": "Hei {buyer},\n\nlasku {{liitteenä}}."}
    assert not style.attach_xml


@pytest.mark.parametrize(
    "words",
    [
        'subject = { fi = "{nubmer}" }',
        'subject = { fi = "{number" }',
        'subject = { fi = "number}" }',
        'subject = { fi = "{number.__class__}" }',
        'subject = { fi = "Lasku\\nBcc: x@y.example" }',
        'subject = { fr = "Facture" }',
        'subject = { fi = " " }',
        'body = { fi = "{0}" }',
        'body = { fi = "a\\u0000b" }',
    ],
)
def test_words_that_are_refused(words: str) -> None:
    (told,) = faults_of(f"{COMPANY}[company.mail]\n{words}\n")
    assert "company." in told
    assert "expected" in told


def test_lengths_of_words() -> None:
    forms.MAIL_SUBJECT.read("x" * 200)
    forms.MAIL_BODY.read("x" * 20_000)
    for form, text in ((forms.MAIL_SUBJECT, "x" * 201), (forms.MAIL_BODY, "x" * 20_001)):
        with pytest.raises(ValueError):  # noqa: PT011
            form.read(text)
