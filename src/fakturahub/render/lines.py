"""The lines of an invoice as a table: only the columns that some line says something in, and running sums."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal

from fakturahub.model.invoice import AllowanceCharge, Line, Period
from fakturahub.model.reminder import Billed
from fakturahub.render import figures, labels
from fakturahub.render.parties import identifier
from fakturahub.render.parts import Column, Row, Table
from fakturahub.render.texts import Texts

#: attributes and classifications of an item that are shown
_MOST_ATTRIBUTES = 40
#: allowances and charges of a line that are shown
_MOST_ADJUSTMENTS = 20
#: of running sums: digits enough for whatever is shown as a number; what overflows is shown as infinite
_EXACT = Context(prec=120, traps=[])
_NUMBERS = frozenset({"quantity", "price", "vat", "amount"})
_KEYS = ("id", "item", "quantity", "unit", "price", "vat", "amount")
#: columns that a table has even where no line fills them
_ALWAYS = frozenset({"item", "amount"})


def table_of(billed: Billed, texts: Texts, language: str) -> Table:
    """The table of *billed*'s lines; empty where it has none."""
    if not billed.lines:
        return Table()
    cells = [_cells(line, texts, language, billed.currency) for line in billed.lines]
    keys = [key for place, key in enumerate(_KEYS) if key in _ALWAYS or any(row[place] for row in cells)]
    places = [_KEYS.index(key) for key in keys]
    rows = []
    carried = Decimal(0)
    for line, row in zip(billed.lines, cells, strict=True):
        carried = _EXACT.add(carried, line.amount or Decimal(0))
        rows.append(
            Row(
                cells=tuple(row[place] for place in places),
                details=tuple(_details(line, texts, language, billed.currency)),
                carried=figures.amount(carried, language, billed.currency),
            )
        )
    return Table(
        columns=tuple(
            Column(key=key, label=labels.text(language, f"line.{key}"), number=key in _NUMBERS) for key in keys
        ),
        rows=tuple(rows),
        carried_label=labels.text(language, "line.carried"),
        brought_label=labels.text(language, "line.brought"),
    )


def unit(code: str | None, texts: Texts, language: str) -> str:
    """The unit of Rec 20 or 21 in the language where people have a word for it, else the code itself."""
    if not code:
        return ""
    return labels.word(language, f"unit.{code.upper()}") or texts.line(code, 20)


def period(value: Period | None, language: str) -> str:
    """From one day to another, with a dash."""
    if value is None:
        return ""
    start, end = (None if one is None else figures.day(one, language) for one in (value.start, value.end))
    if start and end:
        return f"{start} – {end}"
    if start:
        return labels.text(language, "fact.period_from").format(day=start)
    return labels.text(language, "fact.period_to").format(day=end) if end else ""


def vat_rate(category: str | None, rate: Decimal | None, language: str) -> str:
    """``25 %``, and for a category without a tax its name where no rate is stated."""
    if rate is not None and (rate or category in (None, "S", "Z")):
        return figures.percent(rate, language)
    if category and category != "S":
        return labels.word(language, f"vat.{category}") or category
    return "" if rate is None else figures.percent(rate, language)


def _cells(line: Line, texts: Texts, language: str, currency: str | None) -> tuple[str, ...]:
    price = line.price
    shown = "" if price.net is None else figures.amount(price.net, language, currency)
    if shown and price.base_quantity is not None and price.base_quantity != 1:
        base = figures.number(price.base_quantity, language)
        shown += f" {labels.text(language, 'line.per')} {base}"
        if price.base_unit and price.base_unit != line.unit:
            shown += f" {unit(price.base_unit, texts, language)}"
    rate = line.item.vat_rate
    category = line.item.vat_category
    # A narrow column: the name of a category stands in the VAT table, where there is room for it.
    vat = figures.percent(rate, language) if rate is not None else texts.line(category, 5)
    return (
        texts.line(line.id, 40),
        texts.line(line.item.name) or "–",
        "" if line.quantity is None else figures.number(line.quantity, language),
        unit(line.unit, texts, language),
        shown,
        vat,
        "" if line.amount is None else figures.amount(line.amount, language, currency),
    )


def _details(line: Line, texts: Texts, language: str, currency: str | None) -> Iterator[str]:
    item = line.item
    if item.description and item.description != item.name:
        yield texts.block(item.description)
    if line.note:
        yield texts.block(line.note)
    if line.period is not None and period(line.period, language):
        yield period(line.period, language)
    stated = [
        ("sellers_id", item.sellers_id),
        ("buyers_id", item.buyers_id),
        ("standard_id", item.standard_id and identifier(item.standard_id, texts)),
        ("order_line", line.order_line),
        ("buyer_accounting", line.buyer_accounting),
        ("object", line.object_id and identifier(line.object_id, texts)),
        ("origin", item.origin and figures.country(item.origin, language)),
    ]
    named = [f"{labels.text(language, f'line.{key}')} {texts.line(value, 120)}" for key, value in stated if value]
    classes = [texts.line(one.code, 60) for one in item.classifications[:_MOST_ATTRIBUTES]]
    if classes:
        named.append(f"{labels.text(language, 'line.classification')} {', '.join(classes)}")
    if named:
        yield " · ".join(named)
    attributes = [
        f"{texts.line(one.name, 80)}: {texts.line(one.value, 200)}" for one in item.attributes[:_MOST_ATTRIBUTES]
    ]
    if attributes:
        yield " · ".join(attributes)
    if line.price.gross is not None and line.price.gross != line.price.net:
        yield _before_discount(line, language, currency)
    for key, adjustments in (("allowance", line.allowances), ("charge", line.charges)):
        for one in adjustments[:_MOST_ADJUSTMENTS]:
            yield adjustment(one, key, texts, language, currency)


def _before_discount(line: Line, language: str, currency: str | None) -> str:
    gross, discount = line.price.gross, line.price.discount
    text = f"{labels.text(language, 'line.gross')} {figures.amount(gross or Decimal(0), language, currency)}"
    if discount is None:
        return text
    return f"{text} · {labels.text(language, 'line.discount')} {figures.amount(discount, language, currency)}"


def basis(one: AllowanceCharge, language: str, currency: str | None) -> str:
    """``10 % × 1 000,00``: what an allowance or charge was reckoned from."""
    parts = []
    if one.percent is not None:
        parts.append(figures.percent(one.percent, language))
    if one.base is not None:
        parts.append(figures.amount(one.base, language, currency))
    return " × ".join(parts)


def adjustment(one: AllowanceCharge, key: str, texts: Texts, language: str, currency: str | None) -> str:
    """An allowance (*key* ``allowance``, with a minus) or charge of a line in one line."""
    value = one.amount.copy_negate() if key == "allowance" else one.amount
    reason = texts.line(one.reason, 200) or labels.text(language, f"line.{key}")
    how = basis(one, language, currency)
    return f"{reason}{f' ({how})' if how else ''}: {figures.amount(value, language, currency)}"
