"""Writing the lines of a Cross Industry Invoice, and the parts that lines and document have in common."""

from __future__ import annotations

from collections.abc import Sequence

from fakturahub.formats.cii.markup import always, amount, attribute, container, day, identified, leaf, number
from fakturahub.formats.cii.names import INVOICED_OBJECT
from fakturahub.formats.cii.report import Report
from fakturahub.formats.codes import CODE_UNKNOWN, NO_PLACE, RECOMPUTED
from fakturahub.model.invoice import AllowanceCharge, Classification, Item, Line, Period, Price
from fakturahub.model.terms import TERM


def period(stated: Period | None) -> str:
    if stated is None:
        return ""
    return container("BillingSpecifiedPeriod", day("StartDateTime", stated.start), day("EndDateTime", stated.end))


def indicator(charge: bool) -> str:
    return always("ChargeIndicator", f"<udt:Indicator>{'true' if charge else 'false'}</udt:Indicator>\n")


def allowances(stated: Sequence[AllowanceCharge], place: str, report: Report) -> str:
    """The allowances or the charges at *place*; those of the document have a VAT category."""
    charge = place.endswith("charges")
    codes, filler = ("7161", "Charge") if charge else ("5189", "Discount")
    term = TERM[f"{'lines.' if place.startswith('lines') else ''}{'charges' if charge else 'allowances'}.reason_code"]
    out = []
    for at, one in enumerate(stated):
        code = report.code(codes, one.reason_code, term, f"{place}[{at}].reason_code")
        # One of the two has to be there (BR-33, 38, 42, 44).
        reason = one.reason or (filler if one.reason_code and code is None else None)
        vat = tax("CategoryTradeTax", one.vat_category, number("RateApplicablePercent", one.vat_rate))
        out.append(
            always(
                "SpecifiedTradeAllowanceCharge",
                indicator(charge),
                number("CalculationPercent", one.percent),
                amount("BasisAmount", one.base),
                amount("ActualAmount", one.amount),
                leaf("ReasonCode", code),
                leaf("Reason", reason),
                "" if place.startswith("lines") else vat,
            )
        )
    return "".join(out)


def tax(name: str, category: str | None, rate: str) -> str:
    """A VAT category with its rate."""
    content = leaf("CategoryCode", category) + rate
    return f"<ram:{name}>\n<ram:TypeCode>VAT</ram:TypeCode>\n{content}</ram:{name}>\n" if content else ""


def line(stated: Line, place: str, report: Report) -> str:
    """IncludedSupplyChainTradeLineItem."""
    _without_vat(stated, place, report)
    order = container("BuyerOrderReferencedDocument", leaf("LineID", stated.order_line))
    quantity = number("BilledQuantity", stated.quantity, attribute("unitCode", stated.unit))
    if stated.unit and stated.quantity is None:
        report.lose("BT-130", stated.unit, NO_PLACE, f"{place}.unit")
    reference = ""
    if stated.object_id is not None:
        place_of_object = f"{place}.object_id"
        reference = container(
            "AdditionalReferencedDocument",
            leaf("IssuerAssignedID", stated.object_id.value),
            leaf("TypeCode", INVOICED_OBJECT),
            leaf("ReferenceTypeCode", report.code("1153", stated.object_id.scheme, "BT-128", place_of_object)),
        )
    item = stated.item
    return always(
        "IncludedSupplyChainTradeLineItem",
        always(
            "AssociatedDocumentLineDocument",
            # BT-126 cannot be missing: a line that came without a number is known by its place.
            leaf("LineID", stated.id or str(int(place[len("lines[") : -1]) + 1)),
            container("IncludedNote", leaf("Content", stated.note)),
        ),
        _product(item, f"{place}.item", report),
        always("SpecifiedLineTradeAgreement", order, _prices(stated.price, f"{place}.price", report)),
        always("SpecifiedLineTradeDelivery", quantity),
        always(
            "SpecifiedLineTradeSettlement",
            tax("ApplicableTradeTax", item.vat_category, number("RateApplicablePercent", item.vat_rate)),
            period(stated.period),
            allowances(stated.allowances, f"{place}.allowances", report),
            allowances(stated.charges, f"{place}.charges", report),
            container("SpecifiedTradeSettlementLineMonetarySummation", amount("LineTotalAmount", stated.amount)),
            reference,
            container("ReceivableSpecifiedTradeAccountingAccount", leaf("ID", stated.buyer_accounting)),
        ),
    )


def _product(item: Item, place: str, report: Report) -> str:
    standard_id = report.schemed(item.standard_id, "icd", "BT-157", f"{place}.standard_id")
    classes = [
        _classification(one, f"{place}.classifications[{at}]", report) for at, one in enumerate(item.classifications)
    ]
    return always(
        "SpecifiedTradeProduct",
        identified("GlobalID", standard_id),
        leaf("SellerAssignedID", item.sellers_id),
        leaf("BuyerAssignedID", item.buyers_id),
        leaf("Name", item.name),
        leaf("Description", item.description),
        *(
            container("ApplicableProductCharacteristic", leaf("Description", one.name), leaf("Value", one.value))
            for one in item.attributes
        ),
        *classes,
        container("OriginTradeCountry", leaf("ID", item.origin)),
    )


def _classification(stated: Classification, place: str, report: Report) -> str:
    """BT-158, whose list is not optional (BR-65)."""
    if not stated.list_id or not report.known("7143", stated.list_id):
        lost = f"{stated.list_id}:{stated.code}" if stated.list_id else stated.code
        report.lose("BT-158", lost, CODE_UNKNOWN, place)
        return ""
    attributes = attribute("listID", stated.list_id) + attribute("listVersionID", stated.list_version)
    return container("DesignatedProductClassification", leaf("ClassCode", stated.code, attributes))


def _prices(price: Price, place: str, report: Report) -> str:
    """The gross price and the net price, both for the base quantity.

    A discount (BT-147) stands at a gross price in CII; where the sender stated the discount alone, the gross price is
    what EN 16931 says it is, net price and discount together, and is reported.
    """
    basis = number("BasisQuantity", price.base_quantity, attribute("unitCode", price.base_unit))
    if price.base_unit and price.base_quantity is None:
        report.lose("BT-150", price.base_unit, NO_PLACE, f"{place}.base_unit")
    gross, discount = price.gross, price.discount
    if discount is not None and gross is None:
        if price.net is None:
            report.lose("BT-147", f"{discount:f}", NO_PLACE, f"{place}.discount")
        else:
            gross = price.net + discount
            report.lose("BT-148", f"{gross:f}", RECOMPUTED, f"{place}.gross")
    content = ""
    if gross is not None:
        applied = always("AppliedTradeAllowanceCharge", indicator(False), number("ActualAmount", discount))
        content = always(
            "GrossPriceProductTradePrice",
            number("ChargeAmount", gross),
            basis,
            applied if discount is not None else "",
        )
    return content + container("NetPriceProductTradePrice", number("ChargeAmount", price.net), basis)


def _without_vat(stated: Line, place: str, report: Report) -> None:
    """EN 16931 has a VAT category at allowances and charges of the document only."""
    for field, group, several in (("allowances", "BG-27", stated.allowances), ("charges", "BG-28", stated.charges)):
        for at, one in enumerate(several):
            for name, value in (("vat_category", one.vat_category), ("vat_rate", one.vat_rate)):
                if value is not None:
                    report.lose(group, str(value), NO_PLACE, f"{place}.{field}[{at}].{name}")
