"""Notes, the period and the order in the UBL binding: BG-1, BG-14 with BT-8, BT-13 and BT-14."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.codes import CARDINALITY, CODE_UNKNOWN
from fakturahub.formats.ubl.containers import Inside, steps_of
from fakturahub.formats.ubl.extensions import Extended
from fakturahub.formats.ubl.leaves import day, text
from fakturahub.formats.ubl.names import CBC
from fakturahub.formats.ubl.pen import Pen
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step
from fakturahub.formats.walk import REPEATED
from fakturahub.model.invoice import Invoice, Note, Period

_DATE_CODE_LIST: Restated = frozenset({("listID", "UNCL2005"), ("listAgencyID", "6")})
#: what Peppol BIS says to write where an order of the seller's is named and none of the buyer's
NO_ORDER = "NA"

# EN 16931 has the subject of a note in the text of the note: #AAI#text.
_SUBJECT = re.compile(r"#([A-Z][A-Z0-9]{2})#\s*(\S.*)", re.DOTALL)
_CODE = re.compile(r"[A-Z][A-Z0-9]{2}")


@dataclass(frozen=True, slots=True)
class Notes:
    """BG-1."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{CBC}Note"

    def step(self, group: str, aggregates: str) -> Step:
        return _note

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        both_german = _country(noun.seller) == _country(noun.buyer) == "DE"
        if not pen.profile.peppol or both_german or len(noun.notes) < 2:
            for at, note in enumerate(noun.notes):
                pen.leaf("cbc:Note", self._text(pen, note, at))
            return
        # One note has one subject; the texts are joined.
        first, *others = noun.notes
        for at, note in enumerate(others, 1):
            if note.subject is not None:
                pen.lose("BT-21", note.subject, CARDINALITY, f"notes[{at}].subject")
        pen.leaf("cbc:Note", "\n".join((self._text(pen, first, 0), *(note.text for note in others))))

    def _text(self, pen: Pen, note: Note, at: int) -> str:
        if note.subject is None:
            return note.text
        if not pen.allows("4451", note.subject) or _CODE.fullmatch(note.subject) is None:
            pen.lose("BT-21", note.subject, CODE_UNKNOWN, f"notes[{at}].subject")
            return note.text
        return f"#{note.subject}#{note.text}"


def _country(party: Any) -> str | None:
    return party.address.country if party.address is not None else None


def _note(walk: Reader, element: etree._Element, found: Found) -> None:
    if element.attrib or len(element):
        walk.beside(element)
    stated = (element.text or "").strip()
    if stated:
        parts = _SUBJECT.fullmatch(stated)
        note = Note(text=parts[2], subject=parts[1]) if parts else Note(text=stated)
        found.setdefault("notes", []).append(note)


@dataclass(frozen=True, slots=True)
class InvoicingPeriod:
    """BG-14, and with it the code of the tax point (BT-8)."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("period", "tax_point_code")

    def key(self, aggregates: str) -> str:
        return f"{aggregates}InvoicePeriod"

    def step(self, group: str, aggregates: str) -> Step:
        code = text("DescriptionCode", "tax_point_code", restated=_DATE_CODE_LIST)
        steps = {**steps_of(PERIOD, "period", aggregates), code.key(aggregates): code.step("", aggregates)}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if "period" in found or "tax_point_code" in found:
                walk.unknown(element, REPEATED)
                return
            values = walk.fields(element, steps, {})
            if "tax_point_code" in values:
                found["tax_point_code"] = values.pop("tax_point_code")
            if values:
                found["period"] = Period(**values)

        return step

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        mark = pen.open("cac:InvoicePeriod")
        if noun.period is not None:
            for entry in PERIOD:
                entry.write(pen, noun.period, "period")
        if noun.tax_point_code is not None:
            pen.leaf("cbc:DescriptionCode", noun.tax_point_code)
        pen.close("cac:InvoicePeriod", mark)


PERIOD = (day("StartDate", "start"), day("EndDate", "end"))


_EXTENDED_ORDER = Extended("order")
_ORDER = Inside("OrderReference", (_EXTENDED_ORDER, text("ID", "order"), text("SalesOrderID", "sales_order")))


@dataclass(frozen=True, slots=True)
class OrderReference:
    """BT-13 and BT-14. The schema does not have the seller's order without the buyer's."""

    @property
    def fields(self) -> tuple[str, ...]:
        return _ORDER.fields

    def key(self, aggregates: str) -> str:
        return _ORDER.key(aggregates)

    def step(self, group: str, aggregates: str) -> Step:
        plain = _ORDER.step(group, aggregates)

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            plain(walk, element, found)
            if found.get("order") == NO_ORDER and "sales_order" in found:
                del found["order"]

        return step

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        mark = pen.open("cac:OrderReference")
        _EXTENDED_ORDER.write(pen, noun, path)
        order = noun.order if noun.order is not None or noun.sales_order is None else NO_ORDER
        if order is not None:
            pen.leaf("cbc:ID", order)
        if noun.sales_order is not None:
            pen.leaf("cbc:SalesOrderID", noun.sales_order)
        pen.close("cac:OrderReference", mark)
