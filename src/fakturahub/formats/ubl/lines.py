"""Lines in the UBL binding: BG-25 to BG-32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.codes import CODE_UNKNOWN, NO_PLACE
from fakturahub.formats.ubl.containers import Entry, Inside, Part, Parts
from fakturahub.formats.ubl.extensions import Extended
from fakturahub.formats.ubl.leaves import Leaf, amount, identifier, number, prose, quantity, text
from fakturahub.formats.ubl.money import CATEGORY_LIST, Allowances, PriceAllowance
from fakturahub.formats.ubl.names import CBC
from fakturahub.formats.ubl.parties import COUNTRY_LIST, VAT_SCHEME, VatOnly
from fakturahub.formats.ubl.pen import Pen, attribute
from fakturahub.formats.ubl.references import PERIOD
from fakturahub.formats.ubl.supporting import LineObject
from fakturahub.formats.ubl.walking import NOTHING, Found, Reader, Step
from fakturahub.formats.values import attribute_of, text_of
from fakturahub.intake.limits import XML
from fakturahub.model.invoice import Classification, Item, ItemAttribute, Line, Period, Price


@dataclass(frozen=True, slots=True)
class Classifications:
    """BT-158, whose list is not optional (BR-65)."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}CommodityClassification"

    def step(self, group: str, aggregates: str) -> Step:
        steps = {f"{CBC}ItemClassificationCode": _classification}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            walk.fields(element, steps, found)

        return step

    def write(self, pen: Pen, noun: Item, path: str) -> None:
        for at, one in enumerate(noun.classifications):
            if pen.profile.core and not (one.list_id and pen.allows("7143", one.list_id)):
                stated = f"{one.list_id}:{one.code}" if one.list_id else one.code
                pen.lose("BT-158", stated, CODE_UNKNOWN, f"{path}.classifications[{at}]")
                continue
            attributes = "".join(
                f' {name}="{attribute(value)}"'
                for name, value in (("listID", one.list_id), ("listVersionID", one.list_version))
                if value
            )
            mark = pen.open("cac:CommodityClassification")
            pen.leaf("cbc:ItemClassificationCode", one.code, attributes)
            pen.close("cac:CommodityClassification", mark)


def _classification(walk: Reader, element: etree._Element, found: Found) -> None:
    code = text_of(element, "BT-158")
    if code is None:
        walk.unknown(element)
        return
    if element.attrib or len(element):
        walk.beside(element, NOTHING, "listID", "listVersionID")
    stated = Classification(
        code=code,
        list_id=attribute_of(element, "listID", "BT-158"),
        list_version=attribute_of(element, "listVersionID", "BT-158"),
    )
    found.setdefault("classifications", []).append(stated)


def _line_id() -> Leaf:
    """BT-126, which cannot be missing: a line that came without a number is known by its place."""
    plain = text("ID", "id")

    def write(pen: Pen, noun: Any, path: str) -> None:
        pen.leaf("cbc:ID", noun.id or str(int(path[len("lines[") : -1]) + 1))

    return Leaf("ID", plain.fields, plain.reading, write)


_PRICE = Part(
    "Price",
    "price",
    Price,
    (
        Extended(),
        amount("PriceAmount", "net", price=True),
        quantity("BaseQuantity", "base_quantity", "base_unit"),
        PriceAllowance(),
    ),
)


@dataclass(frozen=True, slots=True)
class PriceDetails:
    """BG-29."""

    @property
    def fields(self) -> tuple[str, ...]:
        return _PRICE.fields

    def key(self, aggregates: str) -> str:
        return _PRICE.key(aggregates)

    def step(self, group: str, aggregates: str) -> Step:
        return _PRICE.step(group, aggregates)

    def write(self, pen: Pen, noun: Line, path: str) -> None:
        price = noun.price
        if price.net is not None:
            _PRICE.write(pen, noun, path)
            return
        # The schema has no price without its amount.
        for term, field in _OF_A_PRICE:
            value = getattr(price, field)
            if value is not None:
                pen.lose(term, value, NO_PLACE, f"{path}.price.{field}")


_OF_A_PRICE = (("BT-147", "discount"), ("BT-148", "gross"), ("BT-149", "base_quantity"), ("BT-150", "base_unit"))

_ITEM = Part(
    "Item",
    "item",
    Item,
    (
        Extended(),
        prose("Description", "description"),
        text("Name", "name", XML.text),
        Inside("BuyersItemIdentification", (text("ID", "buyers_id"),)),
        Inside("SellersItemIdentification", (text("ID", "sellers_id"),)),
        Inside("StandardItemIdentification", (identifier("ID", "standard_id", "icd", needs_scheme=True),)),
        Inside("OriginCountry", (text("IdentificationCode", "origin", restated=COUNTRY_LIST),)),
        Classifications(),
        Inside(
            "ClassifiedTaxCategory",
            (text("ID", "vat_category", restated=CATEGORY_LIST), number("Percent", "vat_rate"), VatOnly()),
            last=VAT_SCHEME,
        ),
        Parts(
            "AdditionalItemProperty",
            "attributes",
            ItemAttribute,
            (text("Name", "name", XML.text), prose("Value", "value")),
            required=("name", "value"),
        ),
    ),
    always=True,
)


def lines(name: str, invoiced: str) -> Parts:
    """The lines of a document type, by the names of the line and of its quantity."""
    table: tuple[Entry, ...] = (
        Extended(),
        _line_id(),
        prose("Note", "note"),
        quantity(invoiced, "quantity", "unit"),
        amount("LineExtensionAmount", "amount"),
        text("AccountingCost", "buyer_accounting"),
        Part("InvoicePeriod", "period", Period, PERIOD),
        Inside("OrderLineReference", (text("LineID", "order_line"),)),
        LineObject(),
        Allowances(),
        _ITEM,
        PriceDetails(),
    )
    return Parts(name, "lines", Line, table)
