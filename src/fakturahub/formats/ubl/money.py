"""Allowances, charges, prices and taxes in the UBL binding: BG-20, 21, 23, 27, 28 and 29."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.codes import CARDINALITY, CODE_UNKNOWN, NO_PLACE, RECOMPUTED
from fakturahub.formats.ubl.containers import Inside, Parts, inner, steps_of
from fakturahub.formats.ubl.extensions import Extended
from fakturahub.formats.ubl.leaves import Leaf, amount, beside_amount, number, place_in, prose, text
from fakturahub.formats.ubl.names import CBC
from fakturahub.formats.ubl.parties import VAT_SCHEME, VatOnly
from fakturahub.formats.ubl.pen import Pen, attribute
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step
from fakturahub.formats.values import decimal_of
from fakturahub.formats.walk import REPEATED
from fakturahub.model.invoice import AllowanceCharge, Invoice, VatBreakdown
from fakturahub.model.terms import GROUP

#: UNTDID 5305 is the only list that EN 16931 has for VAT categories (BR-CL-17, BR-CL-18)
CATEGORY_LIST: Restated = frozenset({("schemeID", "UNCL5305"), ("schemeID", "UN/ECE 5305"), ("schemeAgencyID", "6")})
# The only lists for the reasons of allowances (BR-CL-19) and of charges (BR-CL-20).
_REASON_LIST: dict[str, Restated] = {
    "allowances": frozenset({("listID", "UNCL5189"), ("listAgencyID", "6")}),
    "charges": frozenset({("listID", "UNCL7161"), ("listAgencyID", "6")}),
}
_REASON_CODES = {"allowances": "5189", "charges": "7161"}
# EN 16931 wants a reason as text or as code (BR-33, 38, 42, 44): written where the code was not of the list.
_REASON = {"allowances": "Discount", "charges": "Charge"}

_CHARGE = {"true": True, "1": True, "false": False, "0": False}
_INDICATOR = f"{CBC}ChargeIndicator"


def _said(walk: Reader, element: etree._Element, found: Found) -> None:
    """The ChargeIndicator, which was looked at before the rest: another one is reported."""
    if element.attrib or len(element):
        walk.beside(element)
    if next(element.itersiblings(_INDICATOR, preceding=True), None) is not None:
        walk.unknown(element, REPEATED)


def _is_charge(element: etree._Element) -> bool | None:
    return _CHARGE.get((element.findtext(_INDICATOR) or "").strip())


@dataclass(frozen=True, slots=True)
class Allowances:
    """The AllowanceCharge of the document, where each has a VAT category of its own, and of a line, where none has."""

    of_document: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}AllowanceCharge"

    def step(self, group: str, aggregates: str) -> Step:
        allowance, charge = (
            {_INDICATOR: _said, **steps_of(self._table(field), inner(group, field), aggregates)}
            for field in ("allowances", "charges")
        )

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            is_charge = _is_charge(element)
            if is_charge is None:
                walk.unknown(element)
                return
            mark = walk.mark()
            values = walk.fields(element, charge if is_charge else allowance, {})
            if "amount" in values:
                found.setdefault("charges" if is_charge else "allowances", []).append(AllowanceCharge(**values))
            else:
                walk.instead(element, mark)

        return step

    def _table(self, field: str) -> tuple[Leaf | Inside, ...]:
        category = Inside(
            "TaxCategory",
            (text("ID", "vat_category", restated=CATEGORY_LIST), number("Percent", "vat_rate"), VatOnly()),
            last=VAT_SCHEME,
        )
        return (
            _reason_code(field),
            _reason(field),
            number("MultiplierFactorNumeric", "percent"),
            amount("Amount", "amount"),
            amount("BaseAmount", "base"),
            *((category,) if self.of_document else ()),
        )

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        for field, said in (("allowances", "false"), ("charges", "true")):
            several = getattr(noun, field)
            table = self._table(field) if several else ()
            for at, one in enumerate(several):
                mark = pen.open("cac:AllowanceCharge")
                pen.leaf("cbc:ChargeIndicator", said)
                for entry in table:
                    entry.write(pen, one, f"{place_in(path, field)}[{at}]")
                pen.close("cac:AllowanceCharge", mark)
                if not self.of_document:
                    # EN 16931 has a VAT category at those of the document only.
                    for name in ("vat_category", "vat_rate"):
                        value = getattr(one, name)
                        if value is not None:
                            pen.lose(GROUP[f"lines.{field}.{name}"], value, NO_PLACE, f"{path}.{field}[{at}].{name}")


def _reason_code(field: str) -> Leaf:
    plain = text("AllowanceChargeReasonCode", "reason_code", restated=_REASON_LIST[field])

    def write(pen: Pen, noun: Any, path: str) -> None:
        code = noun.reason_code
        if code is not None:
            if pen.allows(_REASON_CODES[field], code):
                pen.leaf("cbc:AllowanceChargeReasonCode", code)
            else:
                term = {"allowances": ("BT-98", "BT-140"), "charges": ("BT-105", "BT-145")}[field]
                pen.lose(term["." in path], code, CODE_UNKNOWN, f"{path}.reason_code")

    return Leaf(plain.name, plain.fields, plain.reading, write)


def _reason(field: str) -> Leaf:
    plain = prose("AllowanceChargeReason", "reason")

    def write(pen: Pen, noun: Any, path: str) -> None:
        reason = noun.reason
        if reason is None and noun.reason_code is not None and not pen.allows(_REASON_CODES[field], noun.reason_code):
            reason = _REASON[field]
        if reason is not None:
            pen.leaf("cbc:AllowanceChargeReason", reason)

    return Leaf(plain.name, plain.fields, plain.reading, write)


@dataclass(frozen=True, slots=True)
class PriceAllowance:
    """The AllowanceCharge of a price: its discount (BT-147) and the gross price (BT-148)."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("discount", "gross")

    def key(self, aggregates: str) -> str:
        return f"{aggregates}AllowanceCharge"

    def step(self, group: str, aggregates: str) -> Step:
        table = (amount("Amount", "discount"), amount("BaseAmount", "gross"))
        steps = {_INDICATOR: _said, **steps_of(table, group, aggregates)}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if "discount" in found or "gross" in found:
                walk.unknown(element, REPEATED)
            elif _is_charge(element) is False:
                walk.fields(element, steps, found)
            else:
                walk.unknown(element)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        discount, gross = noun.discount, noun.gross
        if discount is None and gross is None:
            return
        if discount is None:
            # The schema asks for the discount. Where there is none it is nothing; it is not made up where the
            # prices differ.
            if gross != noun.net:
                pen.lose("BT-148", gross, NO_PLACE, f"{path}.gross")
                return
            discount = Decimal(0)
        mark = pen.open("cac:AllowanceCharge")
        pen.leaf("cbc:ChargeIndicator", "false")
        pen.number("cbc:Amount", discount, pen.currency)
        if gross is not None:
            pen.number("cbc:BaseAmount", gross, pen.currency)
        pen.close("cac:AllowanceCharge", mark)


def _tax_amount() -> Leaf:
    """BT-117, which the schema asks for: nothing where a category has no tax."""
    plain = amount("TaxAmount", "tax")

    def write(pen: Pen, noun: Any, path: str) -> None:
        tax = noun.tax
        if tax is None:
            if noun.rate or noun.category in (None, "S", "L", "M"):
                reason = "UBL cannot do without the VAT of a category."
                raise UnwritableDocument(reason, term="BT-117", place=f"{path}.tax")
            tax = Decimal("0.00")
            pen.lose("BT-117", tax, RECOMPUTED, f"{path}.tax")
        pen.amount("cbc:TaxAmount", tax)

    return Leaf(plain.name, plain.fields, plain.reading, write)


SUBTOTAL = Parts(
    "TaxSubtotal",
    "vat",
    VatBreakdown,
    (
        Extended(),
        amount("TaxableAmount", "taxable"),
        _tax_amount(),
        Inside(
            "TaxCategory",
            (
                text("ID", "category", restated=CATEGORY_LIST),
                number("Percent", "rate"),
                text("TaxExemptionReasonCode", "exemption_code"),
                prose("TaxExemptionReason", "exemption_reason"),
                VatOnly(),
            ),
            last=VAT_SCHEME,
            always=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class TaxTotals:
    """The TaxTotal in the currency of the document (BT-110, BG-23), and the one in that of accounting (BT-111)."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}TaxTotal"

    def step(self, group: str, aggregates: str) -> Step:
        tax = f"{CBC}TaxAmount"
        steps = {tax: _total("vat", "BT-110"), SUBTOTAL.key(aggregates): SUBTOTAL.step(group, aggregates)}
        accounting = {tax: _total("vat_accounting", "BT-111")}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            stated = element.find(tax)
            currency = (stated.get("currencyID") or "").strip() if stated is not None else ""
            if not currency or walk.currency is None or currency == walk.currency:
                if "vat" in walk.taxes or "vat" in found:
                    walk.unknown(element, REPEATED)
                else:
                    walk.fields(element, steps, found)
            elif currency != walk.accounting_currency:
                walk.unknown(element)
            elif "vat_accounting" in walk.taxes:
                walk.unknown(element, REPEATED)
            else:
                walk.fields(element, accounting, found)

        return step

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        vat = noun.totals.vat
        if vat is None and noun.vat:
            vat = sum((one.tax for one in noun.vat if one.tax is not None), Decimal(0))
            pen.lose("BT-110", vat, RECOMPUTED, "totals.vat")
        if vat is not None:
            mark = pen.open("cac:TaxTotal")
            pen.amount("cbc:TaxAmount", vat)
            SUBTOTAL.write(pen, noun, path)
            pen.close("cac:TaxTotal", mark)
        accounting = noun.totals.vat_accounting
        if accounting is None:
            return
        if noun.accounting_currency is None or noun.accounting_currency == noun.currency:
            why = NO_PLACE if noun.accounting_currency is None else CARDINALITY
            pen.lose("BT-111", accounting, why, "totals.vat_accounting")
            return
        mark = pen.open("cac:TaxTotal")
        pen.amount("cbc:TaxAmount", accounting, f' currencyID="{attribute(noun.accounting_currency)}"')
        pen.close("cac:TaxTotal", mark)


def _total(field: str, term: str) -> Step:
    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        beside_amount(walk, element, walk.currency if field == "vat" else walk.accounting_currency)
        value = decimal_of(element, term)
        if value is not None:
            walk.put(element, walk.taxes, field, value, term)

    return step
