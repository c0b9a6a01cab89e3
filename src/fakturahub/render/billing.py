"""What an invoice and a demand for payment say alike: charges, VAT, notes, attachments and the foot of the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fakturahub.model.invoice import SupportingDocument, VatBreakdown
from fakturahub.model.reminder import Billed, Demand
from fakturahub.render import figures, labels, parties
from fakturahub.render.lines import basis, vat_rate
from fakturahub.render.parts import Adjustment, Field, Paragraph, Style, VatRow, VatTable
from fakturahub.render.texts import Texts


def named(stated: Iterable[tuple[str, str]], language: str) -> Iterable[Field]:
    return [Field(labels.text(language, f"fact.{key}"), value) for key, value in stated if value]


def day(value: date | None, language: str) -> str:
    return "" if value is None else figures.day(value, language)


def adjustments(billed: Billed, texts: Texts, language: str) -> tuple[Adjustment, ...]:
    # What a demand adds without a word is a fee.
    charge = "claim.fee" if isinstance(billed, Demand) else "line.charge"
    unnamed = {"allowance": "line.allowance", "charge": charge}
    return tuple(
        Adjustment(
            text=texts.line(one.reason) or labels.text(language, unnamed[key]),
            basis=basis(one, language, billed.currency),
            vat=vat_rate(one.vat_category, one.vat_rate, language),
            amount=figures.amount(-one.amount if key == "allowance" else one.amount, language, billed.currency),
        )
        for key, entries in (("allowance", billed.allowances), ("charge", billed.charges))
        for one in entries
    )


def vat_table(billed: Billed, texts: Texts, language: str) -> VatTable:
    if not billed.vat:
        return VatTable()
    rate, taxable, tax = (labels.text(language, f"sums.{key}") for key in ("rate", "taxable", "tax"))
    return VatTable(
        title=labels.text(language, "sums.vat_title"),
        heads=(rate, taxable, tax),
        rows=tuple(_vat_row(one, texts, language, billed.currency) for one in billed.vat),
    )


def _vat_row(one: VatBreakdown, texts: Texts, language: str, currency: str | None) -> VatRow:
    category = one.category if one.category and one.category != "S" else None
    name = (labels.word(language, f"vat.{category}") or texts.line(category, 20)) if category else ""
    rate = "" if one.rate is None else figures.percent(one.rate, language)
    reason = texts.block(one.exemption_reason, 1_000)
    return VatRow(
        rate=" ".join(part for part in (rate, name) if part),
        taxable="" if one.taxable is None else figures.amount(one.taxable, language, currency),
        tax="" if one.tax is None else figures.amount(one.tax, language, currency),
        note=" · ".join(part for part in (reason, texts.line(one.exemption_code, 40)) if part),
    )


def notes(billed: Billed, texts: Texts, language: str) -> Iterable[Paragraph]:
    for note in billed.notes:
        text = texts.block(note.text)
        if text:
            yield Paragraph(text=text)
    if billed.payment_terms:
        yield Paragraph(title=labels.text(language, "fact.payment_terms"), text=texts.block(billed.payment_terms))


def supporting(entries: Iterable[SupportingDocument], texts: Texts) -> Iterable[Field]:
    for one in entries:
        if one.is_picture:
            continue
        name = texts.line(one.attachment.name if one.attachment else one.reference)
        told = [texts.line(one.description, 200), texts.line(one.uri)]
        if one.attachment and one.reference and one.reference != one.attachment.name:
            told.insert(0, texts.line(one.reference, 100))
        parts = [part for part in dict.fromkeys([name, *told]) if part]
        if parts:
            yield Field(parts[0], " · ".join(parts[1:]))


def footer(billed: Billed, style: Style, texts: Texts, language: str) -> tuple[str, ...]:
    if style.footer:
        return tuple(texts.line(line, 200) for line in style.footer[:4])
    legal = texts.line(billed.seller.legal_information, 200)
    name = texts.line(billed.seller.name) or texts.line(billed.seller.trading_name)
    identity = (f"{field.label} {field.value}".strip() for field in parties.identity_of(billed.seller, texts, language))
    line = " · ".join(part for part in (name, *identity) if part)
    return tuple(part for part in (line, legal) if part)
