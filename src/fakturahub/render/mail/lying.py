"""The words of a mail that tells somebody what lies in an inbox and was not fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from fakturahub.model import Heading, Kind
from fakturahub.render import figures, labels
from fakturahub.render.mail import Words, written
from fakturahub.render.parts import Field
from fakturahub.render.texts import Texts


class Entry(msgspec.Struct, frozen=True):
    """A document that lies there."""

    heading: Heading
    #: on its receiver's calendar
    arrived: date


def words(receiver: str, count: int, oldest: Sequence[Entry], *, language: str, more: bool = False) -> Words:
    """What *receiver* is told: that *count* documents lie there, and which the *oldest* are.

    *more*: there are more than *count*. Sums stand in no such mail, and of a payslip nothing but that it is there.
    """
    texts = Texts()

    def said(key: str) -> str:
        return labels.text(language, f"inbox_mail.{key}")

    def number(of: int) -> str:
        shown = figures.number(Decimal(of), language)
        return said("more_than").format(count=shown) if more else shown

    blanks = {"count": number(count), "receiver": texts.line(receiver)}
    form = "one" if count == 1 and not more else "many"
    facts = [_fact(one, language, texts) for one in oldest]
    rest = count - len(oldest)
    if rest > 0:
        facts.append(Field("…", said("rest").format(count=number(rest))))
    paragraphs = [said(f"lying_{form}").format(**blanks), said("fetched")]
    return written(language, said(f"subject_{form}").format(**blanks), paragraphs, facts, said("footer"))


def _fact(entry: Entry, language: str, texts: Texts) -> Field:
    heading = entry.heading
    day = figures.day(entry.arrived, language)
    if heading.kind is Kind.PAYSLIP:
        return Field(labels.text(language, "document.payslip"), day)
    sender = texts.line(heading.seller.name, 120) or labels.text(language, "mail.document")
    return Field(sender, " · ".join(part for part in (texts.line(heading.number, 60), day) if part))
