"""What an invoice and a demand for payment say alike: charges, VAT, notes, attachments and the foot of the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from fakturahub.model.invoice import SupportingDocument, VatBreakdown
from fakturahub.model.reminder import Billed, Demand
from fakturahub.render import figures, labels, parties
from fakturahub.render.lines import basis, table_of, vat_rate
from fakturahub.render.parties import identifier
from fakturahub.render.parts import (
    Adjustment,
    Field,
    Paragraph,
    PartyBlock,
    PaymentBlock,
    Sheet,
    Style,
    Table,
    Total,
    VatRow,
    VatTable,
)
from fakturahub.render.texts import Texts


class Particulars(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice and a demand each say in a way of their own."""

    #: the kind and the title of the sheet
    kind: str
    title: str
    #: the keys of the labels of the sender, and of allowances and charges
    sender: str
    adjustments: str
    facts: Iterable[Field]
    parties: tuple[PartyBlock, ...]
    totals: Iterable[Total]
    payment: tuple[PaymentBlock, ...]
    claims: Table = Table()


def home_of(billed: Billed) -> str | None:
    """The country of the seller, whose name no address of the page then bears."""
    return billed.seller.address.country if billed.seller.address else None


def _envelope_of(billed: Billed) -> str:
    """The country whose envelope the page goes into: the seller's, as its address or else its VAT number has it."""
    stated = home_of(billed) or (billed.seller.vat_id or "")[:2]
    return stated.upper() if stated.isalpha() else ""


def sheet(billed: Billed, own: Particulars, texts: Texts, language: str, style: Style) -> Sheet:
    """*billed* in *language*, with its *own* particulars; *texts* has cleaned these."""
    home = home_of(billed)
    made = Sheet(
        language=language,
        kind=own.kind,
        title=own.title,
        number=texts.line(billed.number, 60),
        country=_envelope_of(billed),
        style=style,
        sender=parties.sender_of(billed.seller, texts, language, home),
        sender_title=labels.text(language, own.sender),
        receiver=parties.receiver_of(billed.buyer, texts, language, home),
        facts=tuple(own.facts),
        parties=own.parties,
        claims=own.claims,
        table=table_of(billed, texts, language),
        adjustments_title=labels.text(language, own.adjustments),
        adjustments=adjustments(billed, texts, language),
        vat=vat_table(billed, texts, language),
        totals=tuple(own.totals),
        notes=tuple(notes(billed, texts, language)),
        payment=own.payment,
        supporting_title=labels.text(language, "page.supporting"),
        supporting=tuple(supporting(billed.supporting, texts)),
        footer=footer(billed, style, texts, language),
        page_label=labels.text(language, "page.page"),
        of_label=labels.text(language, "page.of"),
    )
    if not texts.shortened:
        return made
    told = labels.text(language, "page.shortened").format(count=texts.shortened)
    return msgspec.structs.replace(made, shortened=texts.shortened, shortened_note=told)


def reference(number: str | None, issued: date | None, texts: Texts, language: str) -> Field:
    """An earlier invoice that this document is about, with its date."""
    dated = f" ({day(issued, language)})" if issued else ""
    return Field(labels.text(language, "fact.preceding"), texts.line(number, 60) + dated)


def object_of(billed: Billed, texts: Texts) -> str:
    return "" if billed.object_id is None else identifier(billed.object_id, texts)


def totals(
    billed: Billed, stated: Iterable[tuple[str, Decimal | None]], language: str, *, kept: frozenset[str]
) -> Iterable[Total]:
    """The sums *stated*, each with the key of its label; one of nothing is left out unless its key is *kept*.

    ``vat_in`` is the VAT in the currency of the seller's books (BT-111).
    """
    for key, value in stated:
        if key == "vat_in":
            if value is not None:
                own = billed.accounting_currency or ""
                label = labels.text(language, "sums.vat_in").format(currency=own)
                yield Total(label=label, amount=figures.amount(value, language, own), currency=own)
        elif value is not None and (value or key in kept):
            amount = figures.amount(value, language, billed.currency)
            yield Total(label=labels.text(language, f"sums.{key}"), amount=amount)


def payable(billed: Billed, key: str, language: str) -> Iterable[Total]:
    """The amount that it is all about, where it is stated, under the label *key*."""
    value = billed.totals.payable
    if value is not None:
        amount = figures.amount(value, language, billed.currency)
        yield Total(
            label=labels.text(language, f"sums.{key}"), amount=amount, currency=billed.currency or "", strong=True
        )


def taken_off(value: Decimal | None) -> Decimal | None:
    """*value* with a minus, to the last digit."""
    return None if value is None else value.copy_negate()


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
            amount=figures.amount(
                one.amount.copy_negate() if key == "allowance" else one.amount, language, billed.currency
            ),
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
