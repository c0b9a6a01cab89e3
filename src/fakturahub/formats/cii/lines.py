"""Reading the lines of a Cross Industry Invoice (BG-25), and the allowances and charges of lines and document."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.cii.leaves import (
    Found,
    Steps,
    children,
    day,
    group,
    identifier,
    inside,
    number,
    part,
    prose,
    put,
    ram,
    several,
    text,
    truth,
    under,
)
from fakturahub.formats.cii.names import INVOICED_OBJECT, RAM
from fakturahub.formats.values import attribute_of, text_of
from fakturahub.formats.walk import REPEATED, Step, Walk
from fakturahub.intake.limits import XML
from fakturahub.model import Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Classification,
    Item,
    ItemAttribute,
    Line,
    Period,
    Price,
)


def period(start: str, end: str) -> Step[Found]:
    """BillingSpecifiedPeriod."""
    return group("period", ram({"StartDateTime": day("start", start), "EndDateTime": day("end", end)}), Period)


def account(term: str) -> Step[Found]:
    """ReceivableSpecifiedTradeAccountingAccount."""
    return inside(ram({"ID": text("buyer_accounting", term)}))


def vat(category: str, rate: str, *names: str) -> Steps:
    """The steps of a tax; ``type`` is its TypeCode, which has to be VAT. *names* are those of category and rate."""
    return ram(
        {
            "TypeCode": text("type", category),
            "CategoryCode": text(names[0], category),
            "RateApplicablePercent": number(names[1], rate),
        }
    )


def _taxed(steps: Steps) -> Step[Found]:
    """A tax whose values go where it stands; reported when it is not VAT."""

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        mark = walk.mark()
        found = part(walk, element, steps)
        if found.pop("type", "VAT").upper() != "VAT" or not found.keys().isdisjoint(into):
            walk.instead(element, mark)
        else:
            into.update(found)

    return step


def allowances(*terms: str, document: bool) -> Step[Found]:
    """SpecifiedTradeAllowanceCharge. *terms*: amount, base, percent, reason, reason code of an allowance; the terms of
    a charge have the same meanings. Only those of the document have a VAT category."""
    amount, base, percent, reason, reason_code = terms
    steps = ram(
        {
            "ChargeIndicator": truth("charge"),
            "CalculationPercent": number("percent", percent),
            "BasisAmount": number("base", base),
            "ActualAmount": number("amount", amount),
            "ReasonCode": text("reason_code", reason_code),
            "Reason": prose("reason", reason),
        }
    )
    if document:
        steps[f"{RAM}CategoryTradeTax"] = _taxed(vat("BT-95", "BT-96", "vat_category", "vat_rate"))

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        found = part(walk, element, steps, "charge", "amount")
        if found:
            key = "charges" if found.pop("charge") else "allowances"
            into.setdefault(key, []).append(AllowanceCharge(**found))

    return step


_CLASSIFICATION = "BT-158"


def _classification(walk: Walk, element: etree._Element, into: Found) -> None:
    for child in children(walk, element):
        code = text_of(child, _CLASSIFICATION) if child.tag == f"{RAM}ClassCode" else None
        if code is None:
            walk.unknown(child)
            continue
        walk.leaf(child, "listID", "listVersionID")
        list_id = attribute_of(child, "listID", _CLASSIFICATION)
        version = attribute_of(child, "listVersionID", _CLASSIFICATION)
        into.setdefault("classifications", []).append(Classification(code=code, list_id=list_id, list_version=version))


_PRODUCT: Steps = ram(
    {
        "GlobalID": identifier("standard_id", "BT-157"),
        "SellerAssignedID": text("sellers_id", "BT-155"),
        "BuyerAssignedID": text("buyers_id", "BT-156"),
        "Name": text("name", "BT-153", XML.text),
        "Description": prose("description", "BT-154"),
        "ApplicableProductCharacteristic": several(
            "attributes",
            ram({"Description": text("name", "BT-160", XML.text), "Value": prose("value", "BT-161")}),
            ItemAttribute,
            "name",
            "value",
        ),
        "DesignatedProductClassification": _classification,
        "OriginTradeCountry": inside(ram({"ID": text("origin", "BT-159")})),
    }
)

_DISCOUNT = ram({"ChargeIndicator": truth("charge"), "ActualAmount": number("discount", "BT-147")})


def _discount(walk: Walk, element: etree._Element, into: Found) -> None:
    mark = walk.mark()
    found = part(walk, element, _DISCOUNT)
    if found.get("charge") or "discount" in into:
        walk.instead(element, mark)
    elif "discount" in found:
        into["discount"] = found["discount"]


_GROSS_PRICE: Steps = ram(
    {
        "ChargeAmount": number("gross", "BT-148"),
        "BasisQuantity": number("gross_quantity", "BT-149", "gross_unit"),
        "AppliedTradeAllowanceCharge": _discount,
    }
)
_NET_PRICE: Steps = ram(
    {
        "ChargeAmount": number("net", "BT-146"),
        "BasisQuantity": number("base_quantity", "BT-149", "base_unit"),
    }
)


def _price(walk: Walk, element: etree._Element, found: Found) -> Price:
    """The base quantity stands at both prices or at one of them; that of the net price holds."""
    quantity, unit = found.pop("gross_quantity", None), found.pop("gross_unit", None)
    if quantity is not None:
        agreed = found.get("base_quantity", quantity) == quantity
        put(walk, element, found, "base_quantity", quantity, "BT-149")
        if unit is not None and agreed:
            put(walk, element, found, "base_unit", unit, "BT-150")
        elif unit is not None and unit != found.get("base_unit"):
            walk.loss(element, unit, REPEATED, term="BT-150")
    return Price(**found)


_REFERENCE: Steps = ram(
    {
        "IssuerAssignedID": text("value", "BT-128"),
        "TypeCode": text("type", "BT-128"),
        "ReferenceTypeCode": text("scheme", "BT-128"),
    }
)


def _object(walk: Walk, element: etree._Element, into: Found) -> None:
    """BT-128; a line has no other document in EN 16931, so one without a type code is it as well."""
    mark = walk.mark()
    found = part(walk, element, _REFERENCE, "value")
    if not found:
        return
    if found.pop("type", INVOICED_OBJECT) != INVOICED_OBJECT:
        walk.instead(element, mark)
    elif "object_id" in into:
        walk.instead(element, mark, REPEATED)
    else:
        into["object_id"] = Identifier(**found)


_LINE: Steps = ram(
    {
        "AssociatedDocumentLineDocument": inside(
            ram(
                {
                    "LineID": text("id", "BT-126"),
                    "IncludedNote": inside(ram({"Content": prose("note", "BT-127")})),
                }
            )
        ),
        "SpecifiedTradeProduct": under("item", inside(_PRODUCT)),
        "SpecifiedLineTradeAgreement": inside(
            ram(
                {
                    "BuyerOrderReferencedDocument": inside(ram({"LineID": text("order_line", "BT-132")})),
                    "GrossPriceProductTradePrice": under("price", inside(_GROSS_PRICE)),
                    "NetPriceProductTradePrice": under("price", inside(_NET_PRICE)),
                }
            )
        ),
        "SpecifiedLineTradeDelivery": inside(ram({"BilledQuantity": number("quantity", "BT-129", "unit")})),
        "SpecifiedLineTradeSettlement": inside(
            ram(
                {
                    "ApplicableTradeTax": under("item", _taxed(vat("BT-151", "BT-152", "vat_category", "vat_rate"))),
                    "BillingSpecifiedPeriod": period("BT-134", "BT-135"),
                    "SpecifiedTradeAllowanceCharge": allowances(
                        "BT-136", "BT-137", "BT-138", "BT-139", "BT-140", document=False
                    ),
                    "SpecifiedTradeSettlementLineMonetarySummation": inside(
                        ram({"LineTotalAmount": number("amount", "BT-131")})
                    ),
                    "AdditionalReferencedDocument": _object,
                    "ReceivableSpecifiedTradeAccountingAccount": account("BT-133"),
                }
            )
        ),
    }
)


def line(walk: Walk, element: etree._Element, into: Found) -> None:
    """IncludedSupplyChainTradeLineItem."""
    found = part(walk, element, _LINE)
    item = found.get("item")
    if item is not None:
        for key in ("classifications", "attributes"):
            if key in item:
                item[key] = tuple(item[key])
        found["item"] = Item(**item)
    if "price" in found:
        found["price"] = _price(walk, element, found["price"])
    for key in ("allowances", "charges"):
        if key in found:
            found[key] = tuple(found[key])
    into.setdefault("lines", []).append(Line(**found))
