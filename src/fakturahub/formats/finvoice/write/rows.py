"""Invoice lines as rows."""

from __future__ import annotations

import re
from decimal import Decimal

from fakturahub.formats.finvoice import units
from fakturahub.formats.finvoice.row_values import split_name
from fakturahub.formats.finvoice.write.sheet import AS_TEXT, RECOMPUTED, TEXT_WIDTH, Sheet, attribute
from fakturahub.model.invoice import AllowanceCharge, Item, Line, Price

_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_CODE = re.compile(r"[A-Z0-9]{1,3}")
_DECIMALS = 5
_NAME = 100


def row(sheet: Sheet, line: Line, place: str) -> None:
    """One InvoiceRow, its elements in the order of the schema."""
    mark = sheet.open("InvoiceRow")
    sheet.row_begins(line.note)
    sheet.object_id("InvoicedObjectID", line.object_id, f"{place}.object_id")
    _item(sheet, line.item, f"{place}.item")
    unit = _unit(sheet, line.unit, f"{place}.unit")
    written = sheet.quantity("InvoicedQuantity", line.quantity, f"{place}.quantity", unit)
    if not written and line.unit is not None:
        sheet.say(f"{place}.unit", line.unit)
    if line.period is not None:
        sheet.day("StartDate", line.period.start)
        sheet.day("EndDate", line.period.end)
    _price(sheet, line, f"{place}.price")
    sheet.text("RowOrderPositionIdentifier", line.order_line, f"{place}.order_line", 35)
    sheet.text("RowPositionIdentifier", line.id, f"{place}.id", 35)
    _origin(sheet, line.item, f"{place}.item")
    sheet.text("RowAccountDimensionText", line.buyer_accounting, f"{place}.buyer_accounting", 35)
    sheet.pieces("RowFreeText", line.note, f"{place}.note", 512)
    sheet.texts_here()
    _allowances(sheet, line.allowances, f"{place}.allowances")
    for number, charge in enumerate(line.charges):
        _charge(sheet, charge, f"{place}.charges[{number}]")
    sheet.percent("RowVatRatePercent", line.item.vat_rate, f"{place}.item.vat_rate")
    sheet.code("RowVatCode", line.item.vat_category, f"{place}.item.vat_category", in_words=False)
    sheet.amount("RowVatExcludedAmount", line.amount, f"{place}.amount")
    sheet.row_ends()
    if len(sheet.out) == mark:
        # A document has a row, whatever is in it.
        sheet.out[-1] = "<InvoiceRow/>"
    else:
        sheet.close("InvoiceRow", mark)


def _item(sheet: Sheet, item: Item, place: str) -> None:
    """What is sold."""
    sheet.text("ArticleIdentifier", item.sellers_id, f"{place}.sellers_id", 70)
    for number, each in enumerate(item.classifications):
        where = f"{place}.classifications[{number}]"
        scheme = each.list_id if each.list_id is not None and _CODE.fullmatch(each.list_id) else None
        if scheme != each.list_id:
            sheet.say(where, each.list_id)
        version = attribute("SchemeVersion", each.list_version[:35]) if each.list_version else ""
        if each.list_version and len(each.list_version) > 35:
            sheet.say(where, each.list_version)
        sheet.text("ArticleGroupIdentifier", each.code, where, 70, 1, attribute("SchemeID", scheme) + version)
    _names(sheet, item, place)
    sheet.text("BuyerArticleIdentifier", item.buyers_id, f"{place}.buyers_id", 70)
    sheet.identifier("EanCode", item.standard_id, f"{place}.standard_id", 35)
    for number, pair in enumerate(item.attributes):
        inner = sheet.open("RowDefinitionDetails")
        name, code = split_name(pair.name)
        coded = attribute("DefinitionCode", code)
        if not name.strip():
            sheet.raw("RowDefinitionHeaderText", "", coded)
        sheet.text("RowDefinitionHeaderText", name, f"{place}.attributes[{number}].name", 70, attributes=coded)
        if not pair.value.strip():
            sheet.raw("RowDefinitionValue", "")
        sheet.text("RowDefinitionValue", pair.value, f"{place}.attributes[{number}].value", 70)
        sheet.close("RowDefinitionDetails", inner)


def _names(sheet: Sheet, item: Item, place: str) -> None:
    """Name and description. The end of a long name is the beginning of the description, where both have room."""
    name, description = item.name or "", item.description or ""
    rest = name[_NAME:].strip()
    both = f"{rest}\n{description}" if rest and description else rest or description
    if len(both) <= TEXT_WIDTH:
        if rest:
            sheet.lose(f"{place}.name", name, AS_TEXT)
        if rest and description:
            sheet.lose(f"{place}.description", description, RECOMPUTED)
        description = both
    else:
        for field, value, limit in (("name", name, _NAME), ("description", description, TEXT_WIDTH)):
            if len(value) > limit:
                sheet.say(f"{place}.{field}", value, value)
    for tag, value, limit in (("ArticleName", name, _NAME), ("ArticleDescription", description, TEXT_WIDTH)):
        if value.strip():
            sheet.raw(tag, value[:limit])


def _unit(sheet: Sheet, code: str | None, place: str) -> str:
    """The two attributes of a quantity: the word that is printed, and the code."""
    if code is None:
        return ""
    if _UNIT.fullmatch(code) is None:
        sheet.say(place, code)
        return attribute("QuantityUnitCode", " ".join(code.split())[:14])
    return attribute("QuantityUnitCode", units.word_of(code)) + attribute("QuantityUnitCodeUN", code)


def _price(sheet: Sheet, line: Line, place: str) -> None:
    """The prices, with a base quantity; one of more decimals than there is room for is that of more pieces."""
    price = _scaled(sheet, line.price, place)
    gross = price.gross
    if gross is None and price.discount is None:
        # The price of a row is the net one where nothing goes off. Beside a discount it would be a gross price that
        # nobody stated: there it is left out.
        gross = price.net
    elif gross is not None and price.net is None and price.discount is None:
        # The only price of a row is read as the net one.
        sheet.lose(f"{place}.gross", gross, RECOMPUTED)
    sheet.price("UnitPriceAmount", gross, f"{place}.gross")
    sheet.price("UnitPriceDiscountAmount", price.discount, f"{place}.discount")
    if price.net is not None:
        sheet.price("UnitPriceNetAmount", price.net, f"{place}.net")
    written = False
    if price.base_quantity is not None:
        unit = _unit(sheet, price.base_unit, f"{place}.base_unit")
        where = f"{place}.base_quantity"
        written = sheet.quantity("UnitPriceBaseQuantity", price.base_quantity, where, unit, signed=False)
    if not written and price.base_unit is not None:
        sheet.say(f"{place}.base_unit", price.base_unit)


def _scaled(sheet: Sheet, price: Price, place: str) -> Price:
    amounts = [each for each in (price.net, price.gross, price.discount) if each is not None]
    decimals = max((_decimals(each) for each in amounts), default=0)
    if decimals <= _DECIMALS or decimals > 2 * _DECIMALS:
        # Rounded and reported where it is written, if it is longer still.
        return price
    sheet.lose(f"{place}.net", price.net, RECOMPUTED)
    shift = decimals - _DECIMALS
    for field in ("gross", "discount", "base_quantity"):
        if (value := getattr(price, field)) is not None:
            sheet.lose(f"{place}.{field}", value, RECOMPUTED)
    return Price(
        net=None if price.net is None else price.net.scaleb(shift),
        gross=None if price.gross is None else price.gross.scaleb(shift),
        discount=None if price.discount is None else price.discount.scaleb(shift),
        base_quantity=(price.base_quantity or Decimal(1)).scaleb(shift),
        base_unit=price.base_unit,
    )


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -_DECIMALS:
        return 0
    return len(f"{value:f}".partition(".")[2].rstrip("0"))


def _origin(sheet: Sheet, item: Item, place: str) -> None:
    if item.origin is None:
        return
    if len(item.origin) == 2 and item.origin.isalpha():
        sheet.out.append(
            f"<RowDeliveryDetails><RowCustomsInfo><CNOriginCountryCode>{item.origin}</CNOriginCountryCode>"
            f"</RowCustomsInfo></RowDeliveryDetails>"
        )
    else:
        sheet.say(f"{place}.origin", item.origin)


def _allowances(sheet: Sheet, allowances: tuple[AllowanceCharge, ...], place: str) -> None:
    """One discount stands in the row; of several, each stands in an element of its own and none in the row."""
    if len(allowances) == 1:
        _discount(sheet, allowances[0], f"{place}[0]")
        return
    for number, each in enumerate(allowances):
        mark = sheet.open("RowProgressiveDiscountDetails")
        _discount(sheet, each, f"{place}[{number}]")
        sheet.close("RowProgressiveDiscountDetails", mark)


def _discount(sheet: Sheet, each: AllowanceCharge, place: str) -> None:
    sheet.percent("RowDiscountPercent", each.percent, f"{place}.percent")
    sheet.amount("RowDiscountAmount", each.amount, f"{place}.amount")
    sheet.amount("RowDiscountBaseAmount", each.base, f"{place}.base")
    sheet.code("RowDiscountTypeCode", each.reason_code, f"{place}.reason_code")
    sheet.text("RowDiscountTypeText", each.reason, f"{place}.reason", 35)


def _charge(sheet: Sheet, each: AllowanceCharge, place: str) -> None:
    mark = sheet.open("RowChargeDetails")
    sheet.text("ReasonText", each.reason, f"{place}.reason", 70)
    sheet.code("ReasonCode", each.reason_code, f"{place}.reason_code")
    sheet.percent("Percent", each.percent, f"{place}.percent")
    sheet.amount("Amount", each.amount, f"{place}.amount")
    sheet.amount("BaseAmount", each.base, f"{place}.base")
    sheet.close("RowChargeDetails", mark)
