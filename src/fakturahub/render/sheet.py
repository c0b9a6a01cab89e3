"""A noun as the sheet that the A4 page and the HTML page draw: all words and figures chosen, nothing recomputed.

The language is the receiver's: that of the buyer's country, unless it is said. The one figure that the sender did not
state is the sum of the lines carried over to the next page, which stands on no page that the lines fit on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import Invoice, Noun
from fakturahub.model.letter import Letter
from fakturahub.model.payslip import Payslip
from fakturahub.model.reminder import Billed, Demand
from fakturahub.render import billing, labels, parties
from fakturahub.render.billing import Particulars
from fakturahub.render.covers import letter_sheet, payslip_sheet
from fakturahub.render.demands import demand_sheet
from fakturahub.render.lines import period
from fakturahub.render.parts import Field, PaymentBlock, Sheet, Style, Total
from fakturahub.render.payment import blocks
from fakturahub.render.texts import Texts

#: lines of an invoice that is drawn; one with more gets no page
MOST_LINES = 10_000
#: VAT groups, allowances, charges, notes, preceding invoices or claims, supporting documents that are drawn, of each
MOST_OF_EACH = 500
#: sums that a bill has even where they are nothing
_KEPT = frozenset({"lines", "without_vat", "vat", "with_vat"})


def sheet_of(
    noun: Noun, *, language: str | None = None, style: Style | None = None, today: date | None = None
) -> Sheet:
    """*noun* as a sheet in *language* (``labels.LANGUAGES``; None for the receiver's) and in the company's *style*.

    *today* is the day of the cover of a letter, which has no date of its own. Raises ``UnrenderableDocument`` for a
    noun that has no page, for an invoice of more than ``MOST_LINES`` lines, and for more than ``MOST_OF_EACH`` of what
    stands beside them.
    """
    style = style or Style()
    if isinstance(noun, Invoice):
        return _invoice_sheet(noun, language or language_of(noun), style)
    if isinstance(noun, Demand):
        _check(noun)
        return demand_sheet(noun, language or language_of(noun), style)
    if isinstance(noun, Letter):
        return letter_sheet(noun, language or language_of(noun), style, today)
    if isinstance(noun, Payslip):
        return payslip_sheet(noun, language or language_of(noun), style)
    raise UnrenderableDocument(
        f"A {type(noun).__name__} has no page; invoices, reminders, collection notices, letters and payslips have."
    )


def language_of(noun: Noun) -> str:
    """The language of the receiver's country; of a payslip the one that it states, if there is a page in it."""
    if isinstance(noun, Billed):
        buyer, seller = noun.buyer.address, noun.seller.address
        stated = (address.country for address in (buyer, seller) if address is not None and address.country)
        return labels.language_of(next(stated, None))
    if isinstance(noun, Letter):
        address = noun.recipient.address or noun.sender.address
        return labels.language_of(address.country if address else None)
    if isinstance(noun, Payslip):
        spoken = (noun.language or "fi").lower()
        # TIEKE's payslip is Finnish, and so are its readers unless it says otherwise.
        return {"no": "nb", "nn": "nb"}.get(spoken, spoken if spoken in labels.LANGUAGES else "fi")
    return "en"


def _check(billed: Billed) -> None:
    what = "invoice" if isinstance(billed, Invoice) else "document"
    if len(billed.lines) > MOST_LINES:
        raise UnrenderableDocument(
            f"The {what} has {len(billed.lines):,} lines; at most {MOST_LINES:,} are drawn.", term="BG-25"
        )
    counted: dict[str, tuple[Noun, ...]] = {
        "BG-23": billed.vat,
        "BG-20": billed.allowances,
        "BG-21": billed.charges,
        "BG-1": billed.notes,
        "BG-3": billed.preceding if isinstance(billed, Invoice) else billed.claims,
        "BG-24": billed.supporting,
    }
    for term, entries in counted.items():
        if len(entries) > MOST_OF_EACH:
            raise UnrenderableDocument(
                f"The {what} has {len(entries):,} entries of {term}; at most {MOST_OF_EACH} are drawn.", term=term
            )


def _invoice_sheet(invoice: Invoice, language: str, style: Style) -> Sheet:
    _check(invoice)
    texts = Texts()
    credit = invoice.is_credit_note
    own = Particulars(
        kind="credit-note" if credit else "invoice",
        title=labels.text(language, "document.credit_note" if credit else "document.invoice"),
        sender="party.seller",
        adjustments="sums.adjustments",
        facts=tuple(_facts(invoice, texts, language)),
        parties=parties.others_of(invoice, texts, language, billing.home_of(invoice)),
        totals=_totals(invoice, language),
        payment=_payment(invoice, texts, language),
    )
    return billing.sheet(invoice, own, texts, language, style)


def _payment(invoice: Invoice, texts: Texts, language: str) -> tuple[PaymentBlock, ...]:
    # A credit note asks for nothing: an account on it would be paid to.
    return () if invoice.is_credit_note else blocks(invoice, language, texts)


def _facts(invoice: Invoice, texts: Texts, language: str) -> Iterable[Field]:
    credit = invoice.is_credit_note
    yield from billing.named(
        (
            ("credit_number" if credit else "number", texts.line(invoice.number, 60)),
            ("credit_date" if credit else "issue_date", billing.day(invoice.issue_date, language)),
            ("due_date", billing.day(invoice.due_date, language)),
            ("buyer_reference", texts.line(invoice.buyer_reference, 120)),
            ("order", texts.line(invoice.order, 80)),
            ("delivery_date", billing.day(invoice.delivery.actual_date if invoice.delivery else None, language)),
            ("period", period(invoice.period, language)),
            ("tax_point_date", billing.day(invoice.tax_point_date, language)),
        ),
        language,
    )
    for one in invoice.preceding:
        yield billing.reference(one.number, one.issue_date, texts, language)
    yield from billing.named(
        (
            ("sales_order", texts.line(invoice.sales_order, 80)),
            ("contract", texts.line(invoice.contract, 80)),
            ("project", texts.line(invoice.project, 80)),
            ("tender", texts.line(invoice.tender, 80)),
            ("despatch_advice", texts.line(invoice.despatch_advice, 80)),
            ("receiving_advice", texts.line(invoice.receiving_advice, 80)),
            ("object", billing.object_of(invoice, texts)),
            ("buyer_accounting", texts.line(invoice.buyer_accounting, 80)),
        ),
        language,
    )


def _totals(invoice: Invoice, language: str) -> Iterable[Total]:
    totals = invoice.totals
    stated = (
        ("lines", totals.lines if totals.allowances or totals.charges else None),
        ("allowances", billing.taken_off(totals.allowances)),
        ("charges", totals.charges),
        ("without_vat", totals.without_vat),
        ("vat", totals.vat),
        ("vat_in", totals.vat_accounting),
        ("with_vat", totals.with_vat),
        ("paid", billing.taken_off(totals.paid)),
        ("rounding", totals.rounding),
    )
    yield from billing.totals(invoice, stated, language, kept=_KEPT)
    yield from billing.payable(invoice, "credited" if invoice.is_credit_note else "payable", language)
