"""The blocks of payment on the page: the ways to pay in the words of a language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.reminder import Billed
from fakturahub.render import figures
from fakturahub.render.labels import text
from fakturahub.render.parts import Field, PaymentBlock
from fakturahub.render.payment.several import together
from fakturahub.render.payment.ways import Value, Way, ways
from fakturahub.render.texts import Texts

# Fields that tell more of the way than its kind does.
_TITLES = {
    "bankgiro": "title_bankgiro",
    "plusgiro": "title_plusgiro",
    "card": "title_card",
    "mandate": "title_direct_debit",
    "creditor_id": "title_direct_debit",
    "debited_account": "title_direct_debit",
}
_TITLE_OF_KIND = {
    "transfer": "title_transfer",
    "qr": "title_transfer",
    "giro-no": "title_giro",
    "giro-dk": "title_slip",
    "barcode-fi": "title_transfer",
    "text": "title",
}


def blocks(billed: Billed, language: str, texts: Texts | None = None) -> tuple[PaymentBlock, ...]:
    """A block for each way in which *billed* can be paid, in *language*; none where it names none.

    What the sender stated is cleaned by *texts*, which counts what had to be cut.
    """
    cleaned = texts or Texts()
    return tuple(_block(way, billed.currency, language, cleaned) for way in together(ways(billed)))


def _block(way: Way, currency: str | None, language: str, texts: Texts) -> PaymentBlock:
    title = next((_TITLES[name] for name, _ in way.fields if name in _TITLES), None) or _TITLE_OF_KIND[way.kind]
    return PaymentBlock(
        kind=way.kind,
        title=text(language, f"payment.{title}"),
        fields=_fields(way.fields, currency, language, texts),
        accounts=tuple(_fields(account, currency, language, texts) for account in way.accounts),
        # Made of digits and marks only; the blanks in them have a meaning.
        lines=way.lines,
        note=text(language, "payment.note_qr") if way.matrix else "",
        digits=way.digits,
        bars=way.bars,
        matrix=way.matrix,
    )


def _fields(
    stated: tuple[tuple[str, Value], ...], currency: str | None, language: str, texts: Texts
) -> tuple[Field, ...]:
    return tuple(
        Field(text(language, f"payment.{name}"), _said(value, currency, language, texts)) for name, value in stated
    )


def _said(value: Value, currency: str | None, language: str, texts: Texts) -> str:
    if isinstance(value, Decimal):
        said = figures.amount(value, language, currency)
        return f"{said}\u00a0{texts.line(currency)}" if currency else said
    if isinstance(value, date):
        return figures.day(value, language)
    return texts.line(value)
