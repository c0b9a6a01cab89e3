"""The words of a mail that a document goes out in: subject, plain text, and the same as HTML.

They are made of the heading of the document, in the receiver's language, by the sender's template where it has one for
that language. A template is plain text with names in braces; what is filled in is never looked at again, and the HTML
is escaped whole, so nothing that a document says becomes markup, another header or another name in braces. The HTML
loads nothing and links nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fakturahub.config.forms import MAIL_BLANK, MAIL_TERMS
from fakturahub.model import Heading, Kind
from fakturahub.render import figures, labels
from fakturahub.render.parts import Field
from fakturahub.render.texts import Texts

#: the longest subject, in characters; RFC 5322 bounds a line, and so do the programs that show one
MOST_IN_SUBJECT = 200

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)

_TITLES = {
    Kind.INVOICE: "document.invoice",
    Kind.CREDIT_NOTE: "document.credit_note",
    Kind.REMINDER: "document.reminder",
    Kind.LETTER: "document.letter",
    Kind.PAYSLIP: "document.payslip",
}
_NUMBERS = {
    Kind.INVOICE: "fact.number",
    Kind.CREDIT_NOTE: "fact.credit_number",
    Kind.REMINDER: "fact.reminder_number",
    Kind.LETTER: "fact.letter_number",
    Kind.PAYSLIP: "fact.payslip_number",
}
#: of these the mail tells sums, dates and references; what somebody earns stands in no mail
_BILLS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.REMINDER})


class Words(msgspec.Struct, frozen=True):
    """What a mail says, ready to be sent."""

    #: one line
    subject: str
    #: lines parted by ``\\n``
    text: str
    #: a whole HTML document
    html: str


def words(
    heading: Heading,
    *,
    language: str,
    sender: str,
    subject: str | None = None,
    body: str | None = None,
    link: str | None = None,
) -> Words:
    """The words for a document with that *heading*.

    *language* is one of ``labels.LANGUAGES``; *sender* the name of the company that sends, for documents that name no
    seller. *subject* and *body* are the company's own templates in that language, of the form that
    ``config.forms.MAIL_SUBJECT`` and ``MAIL_BODY`` take; without one the hub's own words are used. *link* is where the
    document can be seen, of one that is not attached.
    """
    texts = Texts()
    values = _values(heading, language, texts.line(sender), texts)
    title = _filled(subject or labels.text(language, "mail.subject"), values)
    names = ("said", "attached") if link is None else ("said",)
    said = body or "\n\n".join(labels.text(language, f"mail.{name}") for name in names)
    paragraphs = [
        paragraph for paragraph in (_tidy(one) for one in re.split(r"\n\s*\n", _filled(said, values))) if paragraph
    ]
    if link is not None:
        paragraphs.append(f"{labels.text(language, 'mail.linked')}\n{link}")
    facts = _facts(heading, language, values, texts)
    on_behalf = labels.text(language, "mail.on_behalf").format(seller=values["seller"])
    return written(language, title, paragraphs, facts, on_behalf)


def written(language: str, title: str, paragraphs: Sequence[str], facts: Sequence[Field], footer: str) -> Words:
    """The words of a mail of these parts; the paragraphs may have several lines, the others have one."""
    page = _environment.get_template("mail.html").render(
        language=language,
        title=_one_line(title),
        paragraphs=[paragraph.split("\n") for paragraph in paragraphs],
        facts=facts,
        on_behalf=footer,
    )
    listed = "\n".join(f"{fact.label}: {fact.value}" for fact in facts)
    text = "\n\n".join(part for part in (*paragraphs, listed, footer) if part) + "\n"
    return Words(_one_line(title), text, page)


def file_name(heading: Heading, language: str) -> str:
    """What a file with the document is called in *language*, without its ending: ``Lasku 2026-17``."""
    title = labels.text(language, _TITLES.get(heading.kind, "mail.document"))
    number = re.sub(r"[^\w.,+-]+", "_", Texts().line(heading.number, 60)).strip("_.")
    return f"{title} {number}".strip()


def _values(heading: Heading, language: str, sender: str, texts: Texts) -> dict[str, str]:
    title = labels.text(language, _TITLES.get(heading.kind, "mail.document"))
    amount = ""
    total = heading.payable if heading.payable is not None else heading.total
    if total is not None and heading.kind in _BILLS:
        amount = f"{figures.amount(total, language, heading.currency)} {texts.line(heading.currency, 3)}".strip()
    values = {
        "document": title,
        "number": texts.line(heading.number, 60),
        "seller": texts.line(heading.seller.name, 120) or sender,
        "buyer": texts.line(heading.buyer.name, 120),
        "issue_date": figures.day(heading.issue_date, language) if heading.issue_date else "",
        "due_date": figures.day(heading.due_date, language) if heading.due_date else "",
        "amount": amount,
        "reference": texts.line(heading.payment_reference, 60) if heading.kind in _BILLS else "",
    }
    assert values.keys() == set(MAIL_TERMS)  # noqa: S101 - a template may name these and no others
    return values


def _facts(heading: Heading, language: str, values: dict[str, str], texts: Texts) -> list[Field]:
    credited = heading.kind is Kind.CREDIT_NOTE
    stated = [(_NUMBERS.get(heading.kind, "party.identifier"), values["number"])]
    stated.append(("fact.issue_date" if heading.kind is Kind.INVOICE else "fact.credit_date", values["issue_date"]))
    if heading.kind in _BILLS:
        stated += [
            ("fact.due_date", "" if credited else values["due_date"]),
            ("sums.credited" if credited else "sums.payable", values["amount"]),
            ("payment.account", "" if credited else texts.line(heading.account, 40)),
            ("payment.reference", "" if credited else values["reference"]),
        ]
    return [Field(labels.text(language, label), value) for label, value in stated if value]


def _filled(template: str, values: dict[str, str]) -> str:
    """*template* with the names in braces filled in, in one pass: a value with braces in it is left as it is."""

    def value(found: re.Match[str]) -> str:
        return values[found[1]] if found[1] else found[0][0]

    return MAIL_BLANK.sub(value, template)


def _tidy(paragraph: str) -> str:
    """Without the blanks that a missing value leaves behind."""
    lines = (re.sub(r"[^\S\n\u00a0]+", " ", line).strip() for line in paragraph.split("\n"))
    return re.sub(r" (?=[.,;:!?](?:\s|$))", "", "\n".join(lines)).strip("\n")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_IN_SUBJECT else line[: MOST_IN_SUBJECT - 1].rstrip() + "…"
