"""The rows of a Finvoice as invoice lines (BG-25 to BG-32)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lxml import etree

from fakturahub.formats.finvoice.leaves import (
    AS_TEXT,
    NO_PLACE,
    RECOMPUTED,
    Document,
    Found,
    Step,
    Steps,
    amount,
    day,
    identifier,
    inside,
    number,
    several,
    text,
    words,
)
from fakturahub.formats.finvoice.row_values import (
    WITH_VAT,
    classification,
    definition,
    row_quantity,
    standard_id,
    unit_price,
)
from fakturahub.formats.finvoice.vat import category_of
from fakturahub.formats.walk import REPEATED
from fakturahub.model import Severity
from fakturahub.model.invoice import (
    AllowanceCharge,
    Item,
    Line,
    Period,
    Price,
)

_CENT = Decimal("0.01")
#: how far a row may be from quantity × price: BIS R120
_TOLERANCE = Decimal("0.02")
_DISCOUNT: dict[str, Step] = {
    "RowDiscountPercent": number("percent", "BT-138"),
    "RowDiscountAmount": amount("amount", "BT-136"),
    "RowDiscountBaseAmount": amount("base", "BT-137"),
    "RowDiscountTypeCode": text("reason_code", "BT-140"),
    "RowDiscountTypeText": text("reason", "BT-139"),
}


def _discount(name: str) -> Step:
    """A part of the one plain discount of a row; the elements stand in the row itself."""
    take = _DISCOUNT[name]

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        take(doc, element, into.setdefault("discount", {"element": element}))

    return step


_PERIOD: Steps = {"StartDate": day("start", "BT-134"), "EndDate": day("end", "BT-135")}

ROW: Steps = {
    "RowPositionIdentifier": text("id", "BT-126"),
    "InvoicedObjectID": identifier("object_id", "BT-128"),
    "ArticleIdentifier": text("sellers_id", "BT-155"),
    "ArticleGroupIdentifier": classification,
    "ArticleName": text("name", "BT-153"),
    "ArticleDescription": text("description", "BT-154"),
    "BuyerArticleIdentifier": text("buyers_id", "BT-156"),
    "EanCode": standard_id,
    "RowDefinitionDetails": definition,
    "InvoicedQuantity": row_quantity("quantity", "BT-129"),
    "DeliveredQuantity": row_quantity("delivered", "BT-129"),
    "StartDate": day("start", "BT-134"),
    "EndDate": day("end", "BT-135"),
    "UnitPriceAmount": unit_price("gross", "BT-148"),
    "UnitPriceDiscountAmount": unit_price("price_discount", "BT-147"),
    "UnitPriceNetAmount": unit_price("net", "BT-146"),
    "UnitPriceVatIncludedAmount": unit_price(WITH_VAT, "BT-146"),
    "UnitPriceBaseQuantity": row_quantity("base_quantity", "BT-149"),
    "RowOrderPositionIdentifier": text("order_line", "BT-132"),
    "RowAccountDimensionText": text("buyer_accounting", "BT-133"),
    "RowFreeText": words("note", 512, "BT-127"),
    "RowDeliveryDetails": inside(
        {"RowCustomsInfo": inside({"CNOriginCountryCode": text("origin", "BT-159")})},
    ),
    **{name: _discount(name) for name in _DISCOUNT},
    "RowProgressiveDiscountDetails": several("discounts", _DISCOUNT),
    "RowChargeDetails": several(
        "charges",
        {
            "ReasonText": text("reason", "BT-144"),
            "ReasonCode": text("reason_code", "BT-145"),
            "Percent": number("percent", "BT-143"),
            "Amount": amount("amount", "BT-141"),
            "BaseAmount": amount("base", "BT-142"),
        },
    ),
    "RowVatRatePercent": number("vat_rate", "BT-152"),
    "RowVatCode": text("vat_code", "BT-151"),
    "RowVatAmount": amount("vat_amount", "BT-117"),
    "RowVatExcludedAmount": amount("amount", "BT-131"),
    "RowAmount": amount("row_amount", "BT-131"),
}


def row(doc: Document, element: etree._Element, into: Found) -> None:
    """One InvoiceRow: a line, a text that belongs to the line before it, or sub-rows, which have no place."""
    doc.kept.line = len(into.get("lines", ()))
    mark, kept = doc.mark(), len(doc.kept.made)
    found = doc.take(element, ROW, {})
    if not _has_figures(found):
        # It says something without any amount, or has sub-rows alone: it is kept whole.
        del doc.kept.made[kept:]
        if len(element) and doc.kept.take(element):
            doc.forget(mark)
            if element.find("SubInvoiceRow") is None:
                # It may have been meant as a line: it is told that it is none.
                doc.unknown(element, AS_TEXT)
        else:
            doc.instead(element, mark, NO_PLACE)
        return
    into.setdefault("lines", []).append(_line(doc, element, found))


def _has_figures(found: Found) -> bool:
    return any(key in found for key in ("amount", "row_amount", "net", "gross", "with_vat"))


def _line(doc: Document, element: etree._Element, found: Found) -> Found:
    """The fields of a line; it becomes one when no text row can follow any more."""
    get = found.get
    _delivered(doc, element, found)
    vat_rate = get("vat_rate")
    category = category_of(doc, element, get("vat_code"), vat_rate, None, "BT-151")
    price = _price_of(doc, element, found)
    line_amount = _amount_of(doc, element, found, vat_rate)
    allowances = tuple(_allowance(doc, each, price, get("quantity"), line_amount) for each in _discounts(found))
    charges = tuple(_allowance(doc, each, price, get("quantity"), line_amount) for each in get("charges", ()))
    _compare_vat(doc, element, found, line_amount, vat_rate)
    note = "\n".join(part.strip() for part in get("note", ()))
    start, end = get("start"), get("end")
    made: dict[str, Any] = {
        "id": get("id"),
        "note": note or None,
        "object_id": get("object_id"),
        "quantity": get("quantity"),
        "unit": get("quantity_unit"),
        "amount": line_amount,
        "order_line": get("order_line"),
        "buyer_accounting": get("buyer_accounting"),
        "period": Period(start=start, end=end) if start or end else None,
        "allowances": tuple(each for each in allowances if each is not None),
        "charges": tuple(each for each in charges if each is not None),
        "price": price,
        "item": Item(
            name=get("name"),
            description=get("description"),
            sellers_id=get("sellers_id"),
            buyers_id=get("buyers_id"),
            standard_id=get("standard_id"),
            classifications=tuple(get("classifications", ())),
            origin=get("origin"),
            attributes=tuple(get("attributes", ())),
            vat_category=category,
            vat_rate=vat_rate,
        ),
    }
    _compare_amount(doc, element, made)
    return made


def line_of(fields: Found, place: int) -> Line:
    """The line of its fields; one without an identifier (BT-126) has its place, counted from 1."""
    return Line(**{**fields, "id": fields["id"] or str(place)})


def _delivered(doc: Document, element: etree._Element, found: Found) -> None:
    """Files before 2.0 state what was delivered, and mean that as the quantity of the invoice."""
    if "delivered" not in found:
        return
    if "quantity" not in found:
        for suffix in ("", "_unit"):
            if f"delivered{suffix}" in found:
                found[f"quantity{suffix}"] = found[f"delivered{suffix}"]
    elif (found["delivered"], found.get("delivered_unit")) != (found["quantity"], found.get("quantity_unit")):
        delivered = element.find("DeliveredQuantity")
        if delivered is not None:
            doc.keep(delivered, REPEATED)


def _price_of(doc: Document, element: etree._Element, found: Found) -> Price:
    net, gross, discount = found.get("net"), found.get("gross"), found.get("price_discount")
    if net is None:
        net, gross = gross, None
        if net is not None and discount is not None:
            gross, net = net, net - discount
            doc.find(
                element, "derived", "The net price is the price less its discount.", "BT-146", Severity.INFORMATION
            )
    if net is None and "with_vat" in found:
        net = found["with_vat"] / (1 + found.get("vat_rate", Decimal(0)) / 100)
        net = net.quantize(Decimal("0.00001"), ROUND_HALF_UP)
        doc.find(
            element, "derived", "The net price is the price with VAT less the VAT.", "BT-146", Severity.INFORMATION
        )
    priced = element.find("UnitPriceVatIncludedAmount")
    if priced is not None and "with_vat" in found:
        doc.keep(priced, RECOMPUTED)
    if gross is not None and found.get("cents") and net is not None and net == gross * 100:
        # The unit (cents) stands at one of the two prices and is meant for both.
        net = gross
    if gross == net and discount is None:
        gross = None
    base_unit = found.get("base_quantity_unit")
    return Price(net=net, discount=discount, gross=gross, base_quantity=found.get("base_quantity"), base_unit=base_unit)


def _amount_of(doc: Document, element: etree._Element, found: Found, rate: Decimal | None) -> Decimal | None:
    """BT-131 as stated, else what the amount with VAT says of it."""
    amount_of: Decimal | None = found.get("amount")
    if amount_of is not None or "row_amount" not in found:
        return amount_of
    with_vat: Decimal = found["row_amount"]
    vat: Decimal | None = found.get("vat_amount")
    part = element.find("RowAmount")
    if part is not None:
        doc.keep(part, RECOMPUTED)
        message = "The amount without VAT is that with VAT less the VAT."
        doc.find(element, "derived", message, "BT-131", Severity.INFORMATION)
    if vat is not None:
        return with_vat - vat
    return (with_vat / (1 + (rate or Decimal(0)) / 100)).quantize(_CENT, ROUND_HALF_UP)


def _discounts(found: Found) -> list[Found]:
    plain: list[Found] = [found["discount"]] if len(found.get("discount", ())) > 1 else []
    return [*plain, *found.get("discounts", [])]


def _allowance(
    doc: Document, found: Found, price: Price, quantity: Decimal | None, line_amount: Decimal | None
) -> AllowanceCharge | None:
    """A discount or charge of a row; one of a percentage alone is an amount of quantity × price."""
    element = found.pop("element")
    if "amount" not in found:
        if not found.get("percent") or price.net is None or quantity is None:
            plain = element.getparent() if element.tag in _DISCOUNT else None
            for part in (element,) if plain is None else plain:
                if plain is None or part.tag in _DISCOUNT:
                    doc.keep(part, NO_PLACE)
            return None
        base = found.get("base", (quantity * price.net / (price.base_quantity or 1)).quantize(_CENT, ROUND_HALF_UP))
        found["amount"] = (base * found["percent"] / 100).quantize(_CENT, ROUND_HALF_UP)
        if line_amount is not None and abs(base - found["amount"] - line_amount) <= _CENT * 2:
            found["amount"] = base - line_amount
        doc.find(
            element, "derived", "The amount of the discount is that of its percentage.", "BT-136", Severity.INFORMATION
        )
    return AllowanceCharge(**found)


def _compare_vat(
    doc: Document, element: etree._Element, found: Found, line_amount: Decimal | None, rate: Decimal | None
) -> None:
    """VAT and sum of a row have no term; they are told in words where they are not what amount and rate say."""
    vat, total = found.get("vat_amount"), found.get("row_amount")
    if line_amount is None or (vat is None and total is None):
        return
    expected = (line_amount * (rate or Decimal(0)) / 100).quantize(_CENT, ROUND_HALF_UP)
    if vat is not None:
        _keep(doc, element, "RowVatAmount", repeats=vat == expected)
    if total is not None and "amount" in found:
        _keep(doc, element, "RowAmount", repeats=total == line_amount + (expected if vat is None else vat))


def _keep(doc: Document, element: etree._Element, name: str, *, repeats: bool) -> None:
    part = element.find(name)
    if part is not None and not doc.kept.take(part, repeats=repeats) and not repeats:
        doc.unknown(part, NO_PLACE)


def _compare_amount(doc: Document, element: etree._Element, made: dict[str, Any]) -> None:
    price, quantity, line_amount = made["price"], made["quantity"], made["amount"]
    if price.net is None or quantity is None or line_amount is None:
        return
    expected = quantity * price.net / (price.base_quantity or 1)
    expected += sum(each.amount for each in made["charges"]) - sum(each.amount for each in made["allowances"])
    if abs(expected - line_amount) > _TOLERANCE:
        doc.find(
            element,
            "row-amount",
            f"The row has the amount {line_amount}; quantity, price, discounts and charges make {expected:.2f}.",
            "BT-131",
        )
