"""What a Finvoice said beyond the terms of the model, put back into the one that is written.

An extension (``finvoice/extras.py``) stands where the schema takes it, in its order, and replaces what the writer puts
there for want of anything better. One that the schema does not take, such as an element of an old version or a second
value where there may be one, is said in words among the free texts, and reported so.
"""

from __future__ import annotations

import re

from lxml import etree

from fakturahub.formats.finvoice import codes
from fakturahub.formats.finvoice.elements import ROOT, ROW, Child, fits, types
from fakturahub.formats.finvoice.extras import ATTRIBUTES, FAMILY
from fakturahub.formats.finvoice.parties import PAYEE_ROLE, REPRESENTATIVE_ROLE
from fakturahub.formats.finvoice.write.sheet import AS_TEXT, NO_PLACE, TEXT_WIDTH, Sheet
from fakturahub.model import Loss
from fakturahub.model.invoice import Extension

_LINE = re.compile(r"lines\[([0-9]+)\]")
_ROW_NAME = "InvoiceRow"
# What the writer always writes, from the model or for want of a value.
_REPLACED = frozenset(
    {"InvoiceTypeCode", "InvoiceTypeText", "OriginCode", "EpiDate", "EpiDateOptionDate", "EpiCharge", "EpiBfiName"}
    | {"EpiNameAddressDetails", "PaymentStatusDetails"}
)
_UNIT_NUMBERS = frozenset({"SellerOrganisationUnitNumber", "BuyerOrganisationUnitNumber"})
_PARSER = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
# Names of this length go on in the next element; a second name behind one would be read as its end.
_FULL = frozenset({35, 70})


def put_back(sheet: Sheet, extensions: tuple[Extension, ...], *, addressed: bool) -> None:
    """Put *extensions* into what was written on *sheet*, or report them.

    *addressed*: whether the addresses of the parties have a place of their own beside the unit numbers.
    """
    own = [(f"extensions[{number}]", each) for number, each in enumerate(extensions) if each.family == FAMILY]
    for number, each in enumerate(extensions):
        if each.family != FAMILY:
            sheet.losses.append(Loss(each.name, each.content, NO_PLACE, f"extensions[{number}]"))
    if not own:
        return
    tree = _Tree(sheet.text_of_all(), _REPLACED | _UNIT_NUMBERS if addressed else _REPLACED)
    for place, each in own:
        if tree.take(each):
            continue
        if each.words:
            tree.say(each.place, each.words)
            sheet.losses.append(Loss(each.name, each.words, AS_TEXT, place))
        else:
            sheet.losses.append(Loss(each.name, each.content, NO_PLACE, place))
    sheet.out = [etree.tostring(child, encoding="unicode", with_tail=False) for child in tree.root]


class _Tree:
    """The document as a tree. What was put where is remembered, so that much of it takes no longer than it is much."""

    def __init__(self, body: str, replaced: frozenset[str]) -> None:
        self.root = etree.fromstring(f"<{ROOT}>{body}</{ROOT}>", _PARSER)
        self.replaced = replaced
        self.rows = self.root.findall(_ROW_NAME)
        self._behind = list(self.rows)
        self._known: dict[tuple[etree._Element, str], list[etree._Element]] = {}

    def take(self, extension: Extension) -> bool:
        """Put *extension* where it belongs; False if the schema does not take it there."""
        try:
            element = etree.fromstring(extension.content, _PARSER)
        except etree.XMLSyntaxError:
            return False
        *parents, last = extension.name.split("/")
        row = self._row_of(extension.place)
        if extension.name == _ROW_NAME:
            return (fits(element, ROW) or fits(_compact(element), ROW)) and self._put_row(element, row)
        if extension.name == "SubInvoiceRow":
            # A row has either values or sub-rows; versions before 3.0 had both in one.
            made = etree.Element(_ROW_NAME)
            made.append(element)
            return (fits(made, ROW) or fits(_compact(made), ROW)) and self._put_row(made, row)
        here, type_of = (self.root, ROOT) if row is None else (self.rows[row], ROW)
        if last == ATTRIBUTES:
            return self._set(here, type_of, parents, element)
        return self._put(here, type_of, parents, element)

    def say(self, place: str, text: str) -> None:
        """*text* among the free texts of the line or of the document that *place* says."""
        row = self._row_of(place)
        here, type_of, tag = (
            (self.root.find("InvoiceDetails"), "InvoiceDetailsType", "InvoiceFreeText")
            if row is None
            else (self.rows[row], ROW, "RowFreeText")
        )
        if here is None:
            raise AssertionError("every document has InvoiceDetails")
        pieces = [text[at : at + TEXT_WIDTH] for at in range(0, len(text), TEXT_WIDTH)]
        if len(pieces[-1]) == TEXT_WIDTH:
            pieces.append("")
        for piece in pieces:
            element = etree.Element(tag)
            element.text = piece
            self._insert(here, types()[type_of], element)

    def _row_of(self, place: str) -> int | None:
        line = _LINE.fullmatch(place)
        return int(line[1]) if line is not None and int(line[1]) < len(self.rows) else None

    def _put_row(self, element: etree._Element, row: int | None) -> bool:
        if row is None:
            self.rows[0].addprevious(element)
        else:
            self._behind[row].addnext(element)
            self._behind[row] = element
        return True

    def _set(self, here: etree._Element, type_of: str, path: list[str], element: etree._Element) -> bool:
        """Give the attributes of *element* to the one that was written at *path*."""
        found, child = here.find("/".join(path)), _child_at(type_of, path)
        if found is None or child is None:
            return False
        before = dict(found.attrib)
        found.attrib.update(element.attrib)
        if fits(found, child.type):
            return True
        found.attrib.clear()
        found.attrib.update(before)
        return False

    def _put(self, here: etree._Element, type_of: str, parents: list[str], element: etree._Element) -> bool:
        made: etree._Element | None = None
        made_type = ""
        for name in parents:
            child = types().get(type_of, {}).get(name)
            if child is None:
                return False
            found = here.find(name)
            if found is None:
                found = etree.Element(name)
                if made is None:
                    made, made_type, above, above_type = found, child.type, here, type_of
                else:
                    here.append(found)
            here, type_of = found, child.type
        child = types().get(type_of, {}).get(str(element.tag))
        if child is None or not (fits(element, child.type) or fits(_compact(element), child.type)):
            return False
        if made is not None:
            here.append(element)
            if not fits(made, made_type):
                return False
            self._insert(above, types()[above_type], made)
            return True
        return self._put_in(here, types()[type_of], element, child)

    def _put_in(self, here: etree._Element, order: dict[str, Child], element: etree._Element, child: Child) -> bool:
        there = self._there(here, str(element.tag))
        old = self._replaced(there, element)
        if old is not None:
            here.replace(old, element)
            there[there.index(old)] = element
            return True
        if len(there) >= child.most:
            return False
        if there and str(element.tag).endswith("OrganisationName") and len(there[-1].text or "") in _FULL:
            return False
        self._insert(here, order, element)
        return True

    def _replaced(self, there: list[etree._Element], element: etree._Element) -> etree._Element | None:
        """What of the writer's own *element* stands for."""
        if not there:
            return None
        if element.tag == "AnyPartyDetails":
            role = _role(element)
            if role not in (PAYEE_ROLE, REPRESENTATIVE_ROLE):
                return None
            # The writer's own come first, and are two at most.
            return next((each for each in there[:2] if _role(each) == role), None)
        first = there[0]
        if element.tag == "InvoiceTypeCode" and codes.is_credit(element.text or "") != codes.is_credit(
            first.text or ""
        ):
            # The direction of the figures goes with it.
            return None
        return first if element.tag in self.replaced or not (len(first) or first.text or first.attrib) else None

    def _there(self, here: etree._Element, name: str) -> list[etree._Element]:
        there = self._known.get((here, name))
        if there is None:
            there = self._known[here, name] = here.findall(name)
        return there

    def _insert(self, here: etree._Element, order: dict[str, Child], element: etree._Element) -> None:
        name = str(element.tag)
        there = self._there(here, name)
        if there:
            there[-1].addnext(element)
        else:
            place = order[name].place
            following = next((each for each in here if order[str(each.tag)].place > place), None)
            if following is None:
                here.append(element)
            else:
                following.addprevious(element)
        there.append(element)


def _compact(element: etree._Element) -> etree._Element:
    """*element* without the blanks and line breaks that only lay it out."""
    for part in element.iter(etree.Element):
        part.text = None if len(part) else " ".join((part.text or "").split()) or None
    return element


def _child_at(type_of: str, path: list[str]) -> Child | None:
    child: Child | None = None
    for name in path:
        child = types().get(type_of, {}).get(name)
        if child is None:
            return None
        type_of = child.type
    return child


def _role(element: etree._Element) -> str | None:
    text = element.find("AnyPartyText")
    return None if text is None else text.get("AnyPartyCode")
