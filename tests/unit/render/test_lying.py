"""The words of a mail about what lies in an inbox: in every language, with nothing of a document becoming markup."""

from __future__ import annotations

from datetime import date

import pytest

from fakturahub.model import Heading, Kind, PartyHeading
from fakturahub.render import labels
from fakturahub.render.mail import MOST_IN_SUBJECT
from fakturahub.render.mail.lying import Entry, words

DAY = date(2026, 11, 20)


def entry(number: str | None = "1001", seller: str | None = "Skog & Såg AB", kind: Kind = Kind.INVOICE) -> Entry:
    return Entry(Heading(kind, number=number, seller=PartyHeading(name=seller)), DAY)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_every_language_says_how_many_and_which(language: str) -> None:
    one = words("Virta Oy", 1, [entry()], language=language)
    many = words("Virta Oy", 25, [entry()] * 20, language=language)
    more = words("Virta Oy", 1_000, [entry()] * 20, language=language, more=True)
    assert len({one.subject, many.subject, more.subject}) == 3
    for said, figure in ((many, "25"), (many, "5"), (more, "000"), (more, "980")):
        assert figure in said.text
    for said in (one, many, more):
        assert "{" not in said.subject + said.text
        assert "Virta Oy" in said.text
        assert said.text.count("Skog & Såg AB: 1001 · ") in (1, 20)
        assert "Skog &amp; Såg AB" in said.html
        assert f'<html lang="{language}">' in said.html


def test_what_a_document_says_is_neither_markup_nor_a_blank_nor_a_line() -> None:
    said = words("{count}\r\nBcc: x", 1, [entry("7\nx", "<b>{receiver}</b>")], language="en")
    assert "<b>" not in said.html
    assert "<b>{receiver}</b>: 7 x · 20\u00a0Nov\u00a02026" in said.text
    assert "{count} Bcc: x has a document" in said.text
    assert "\n" not in said.subject
    assert len(said.subject) <= MOST_IN_SUBJECT


def test_a_payslip_is_there_and_nothing_else_is_said_of_it() -> None:
    said = words("Virta Oy", 1, [entry("010199A123X", "Maksaja Oy", Kind.PAYSLIP)], language="fi")
    assert "Palkkalaskelma: 20.11.2026" in said.text
    for unsaid in ("010199A123X", "Maksaja"):
        assert unsaid not in said.text + said.html + said.subject


@pytest.mark.parametrize(
    ("number", "seller", "shown"), [(None, None, "Document: 20"), (None, "A", "A: 20"), ("1", "", "Document: 1 · 20")]
)
def test_what_is_not_stated_is_left_out(number: str | None, seller: str | None, shown: str) -> None:
    assert f"\n{shown}\u00a0Nov\u00a02026\n" in words("V", 1, [entry(number, seller)], language="en").text
