"""A reminder or a collection notice as a sheet: the claims as a table, then fees, what is to be paid and how.

Every figure is one that the sender stated. The words of the law are the sender's, too: they stand in the notes, and the
page adds none.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fakturahub.model.invoice import Party
from fakturahub.model.reminder import Claim, CollectionNotice, Demand, Reminder
from fakturahub.render import billing, figures, labels, parties
from fakturahub.render.billing import Particulars
from fakturahub.render.lines import period
from fakturahub.render.parts import Column, Field, PartyBlock, Row, Sheet, Style, Table, Total
from fakturahub.render.payment import blocks
from fakturahub.render.texts import Texts

#: columns of a claim, in the order of the page; those that no claim fills are left out
_DATES = ("issue_date", "due_date")
_KEPT = frozenset({"lines", "claims"})
_AMOUNTS = ("amount", "paid", "credited", "open", "interest", "fee")


def demand_sheet(demand: Demand, language: str, style: Style) -> Sheet:
    """*demand* in *language*. Its counts are bounded by ``render.sheet``."""
    texts = Texts()
    home = billing.home_of(demand)
    notice = isinstance(demand, CollectionNotice)
    own = Particulars(
        kind="collection-notice" if notice else "reminder",
        title=_title(demand, language),
        sender="party.sender" if notice else "party.seller",
        adjustments="sums.fees",
        facts=tuple(_facts(demand, texts, language)),
        parties=(*_creditor(demand, texts, language, home), *parties.others_of(demand, texts, language, home)),
        totals=_totals(demand, language),
        payment=blocks(demand, language, texts),
        claims=_table(demand, texts, language),
    )
    return billing.sheet(demand, own, texts, language, style)


def _title(demand: Demand, language: str) -> str:
    if isinstance(demand, CollectionNotice):
        return labels.text(language, "document.collection_notice")
    if isinstance(demand, Reminder) and demand.before_collection:
        return labels.text(language, "document.before_collection")
    return _counted(demand, language) or labels.text(language, "document.reminder")


def _counted(demand: Demand, language: str) -> str:
    """``2. purring``; empty where the sender does not count."""
    level = demand.level if isinstance(demand, Reminder) else None
    return "" if level is None else labels.text(language, "document.reminder_level").format(level=level)


def _creditor(demand: Demand, texts: Texts, language: str, home: str | None) -> tuple[PartyBlock, ...]:
    creditor: Party | None = demand.creditor if isinstance(demand, CollectionNotice) else None
    if creditor is None:
        return ()
    block = parties.sender_of(creditor, texts, language, home)
    return (
        PartyBlock(
            title=labels.text(language, "party.creditor"), name=block.name, address=block.address, fields=block.fields
        ),
    )


def _facts(demand: Demand, texts: Texts, language: str) -> Iterable[Field]:
    notice = isinstance(demand, CollectionNotice)
    # The title of a notice before collection does not say which reminder it is.
    counted = _counted(demand, language)
    kind = [texts.line(demand.type_code, 60), counted if counted != _title(demand, language) else ""]
    yield from billing.named(
        (
            ("notice_number" if notice else "reminder_number", texts.line(demand.number, 60)),
            ("case", texts.line(demand.case, 80) if isinstance(demand, CollectionNotice) else ""),
            ("credit_date", billing.day(demand.issue_date, language)),
            ("due_date" if _is_old(demand) else "new_due_date", billing.day(demand.due_date, language)),
            ("reminder_type", ", ".join(part for part in kind if part)),
            ("buyer_reference", texts.line(demand.buyer_reference, 120)),
            ("order", texts.line(demand.order, 80)),
            ("claims_period", period(demand.period, language)),
        ),
        language,
    )
    if not _has_table(demand):
        for one in demand.claims:
            yield billing.reference(one.number, one.issue_date, texts, language)
    yield from billing.named(
        (
            ("sales_order", texts.line(demand.sales_order, 80)),
            ("contract", texts.line(demand.contract, 80)),
            ("project", texts.line(demand.project, 80)),
            ("object", billing.object_of(demand, texts)),
            ("buyer_accounting", texts.line(demand.buyer_accounting, 80)),
        ),
        language,
    )


def _is_old(demand: Demand) -> bool:
    """Whether the sender repeats the date that the debt was due at first, which is no new one."""
    due, issued = demand.due_date, demand.issue_date
    return due is not None and ((issued is not None and due < issued) or due in {one.due_date for one in demand.claims})


# --- the claims -------------------------------------------------------------------------------------------------------


def _has_table(demand: Demand) -> bool:
    """Whether some claim says more than which invoice it is, which the facts have room for."""
    told = ("due_date", *_AMOUNTS, "interest_rate", "note")
    return any(getattr(one, field) is not None for one in demand.claims for field in told)


def _table(demand: Demand, texts: Texts, language: str) -> Table:
    if not _has_table(demand):
        return Table()
    currency = demand.currency
    # The places of a list count themselves.
    numbered = any(one.id not in (None, str(place)) for place, one in enumerate(demand.claims, 1))
    dates = [field for field in _DATES if any(getattr(one, field) for one in demand.claims)]
    amounts = [field for field in _AMOUNTS if any(getattr(one, field) is not None for one in demand.claims)]
    columns = [Column(key="id", label=labels.text(language, "line.id"))] if numbered else []
    columns.append(Column(key="item", label=labels.text(language, "claim.number")))
    columns += [Column(key=field, label=labels.text(language, f"claim.{field}")) for field in dates]
    columns += [Column(key=field, label=labels.text(language, f"claim.{field}"), number=True) for field in amounts]
    rows = tuple(
        Row(
            cells=(
                *((texts.line(one.id, 40),) if numbered else ()),
                texts.line(one.number, 60) or "–",
                *(billing.day(getattr(one, field), language) for field in dates),
                *(_amount(one, field, language, currency) for field in amounts),
            ),
            details=tuple(_details(one, texts, language)),
        )
        for one in demand.claims
    )
    return Table(columns=tuple(columns), rows=rows)


def _amount(claim: Claim, field: str, language: str, currency: str | None) -> str:
    value: Decimal | None = getattr(claim, field)
    if value is None:
        return ""
    # What is taken off bears a minus, as in the sums.
    return figures.amount(value.copy_negate() if value and field in ("paid", "credited") else value, language, currency)


def _details(claim: Claim, texts: Texts, language: str) -> Iterable[str]:
    if claim.interest_rate is not None:
        rate = figures.percent(claim.interest_rate, language)
        yield f"{labels.text(language, 'claim.interest_rate')} {rate}"
    if claim.note:
        yield texts.block(claim.note)


def _totals(demand: Demand, language: str) -> Iterable[Total]:
    totals = demand.totals
    stated = (
        ("lines" if demand.lines else "claims", totals.lines),
        ("allowances", billing.taken_off(totals.allowances)),
        ("fees", totals.charges),
        # A claim is no turnover: sums with and without VAT tell something only where there is VAT.
        ("without_vat", totals.without_vat if totals.vat else None),
        ("vat", totals.vat),
        ("vat_in", totals.vat_accounting),
        ("with_vat", totals.with_vat if totals.vat else None),
        ("paid", billing.taken_off(totals.paid)),
        ("rounding", totals.rounding),
    )
    yield from billing.totals(demand, stated, language, kept=_KEPT)
    yield from billing.payable(demand, "payable", language)
