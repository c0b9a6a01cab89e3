"""What a Finvoice says that the model has no term for: kept as it came, and said in words for other syntaxes.

Such an element becomes an ``Extension`` of the family ``finvoice``. Its name is the path of the element below the root,
or below the row that it stands in (``InvoiceDetails/OrderDate``, ``SubInvoiceRow``); its place says whose words it is:
those of a line, of the payment terms, or of the document. The writer puts it back where the schema takes it, so that
Finvoice to Finvoice keeps it whole; any other syntax gets the words (``formats/in_words.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from fakturahub.formats.finvoice import units
from fakturahub.formats.finvoice.elements import ROOT, ROW, types
from fakturahub.formats.in_words import TERMS_PLACE
from fakturahub.formats.walk import is_mixed
from fakturahub.intake.limits import TEXT
from fakturahub.model.invoice import Extension

FAMILY = "finvoice"
#: the last part of the name of an extension that is attributes of an element
ATTRIBUTES = "@"
#: how many are kept; a document of more says the rest in its report
_MOST = 20_000

_ROW_NAME = "InvoiceRow"
# There may be many and there is one: the writer's.
_FIRST = frozenset({"PaymentTermsDetails"})
# Elements of versions before 3.0, which are only ever said in words.
_OLD = frozenset({"SellerInformationDetails/InvoiceRecipientDetails"})
# Addresses and numbers of the message: each message has its own.
_ROUTING = "MessageTransmissionDetails"
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TERMS = re.compile(r"InvoiceDetails/PaymentTermsDetails/|PartialPaymentDetails\Z")
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_WORDS = {
    "CashDiscountDate": "Cash discount until {}",
    "CashDiscountBaseAmount": "Cash discount base {}",
    "CashDiscountPercent": "Cash discount {} %",
    "CashDiscountAmount": "Cash discount {}",
    "CashDiscountExcludingVatAmount": "Cash discount without VAT {}",
    "CashDiscountVatPercent": "Cash discount VAT {} %",
    "CashDiscountVatAmount": "Cash discount VAT {}",
    "ReducedInvoiceVatIncludedAmount": "Amount less cash discount {}",
    "PaymentOverDueFineFreeText": "{}",
    "PaymentOverDueFinePercent": "Interest on overdue payment {} %",
    "PaymentOverDueFixedAmount": "Fee for overdue payment {}",
    "PaidAmount": "Instalments: paid {}",
    "PaidVatExcludedAmount": "Instalments: paid without VAT {}",
    "UnPaidAmount": "Instalments: unpaid {}",
    "UnPaidVatExcludedAmount": "Instalments: unpaid without VAT {}",
    "InterestPercent": "Instalments: interest {} %",
    "ProsessingCostsAmount": "Instalments: costs {}",
    "PartialPaymentVatIncludedAmount": "Instalment {}",
    "PartialPaymentVatExcludedAmount": "Instalment without VAT {}",
    "PartialPaymentDueDate": "Instalment due {}",
    "PartialPaymentReferenceIdentifier": "Instalment reference {}",
}
# What they say needs no name before it.
_PLAIN = frozenset(
    {"SpecificationFreeText", "Header", "Value", "FactoringFreeText", "RowFreeText", "ArticleName"}
    | {"ArticleDescription", "SubRowFreeText", "SubArticleName"}
)
# A name of the sender's own and its value.
_DEFINITION = "DefinitionDetails"
# These say how the value beside them is written, not more than it.
_FORMS = frozenset({"Format", "IdentificationSchemeName", "CodeListAgencyIdentifier"})


class Kept:
    """The extensions of one reading."""

    def __init__(self, amounts: bool) -> None:
        #: whether amounts can be kept: the figures of a credit note that are positive would become negative ones
        self.amounts = amounts
        self.made: list[Extension] = []
        #: lines so far: the place of the one that is being read
        self.line = 0

    def take(self, element: etree._Element, *, attributes: tuple[str, ...] = (), repeats: bool = False) -> bool:
        """Keep *element*, of which only *attributes* if there are any; False for one that Finvoice does not know.

        What only *repeats* the model needs no words. Not kept is one of texts between elements, nor one of texts that
        are longer than any reader takes.
        """
        if len(self.made) >= _MOST or not _is_plain(element):
            return False
        path, in_row = _path(element)
        if not is_known(path, in_row) or not (self.amounts or attributes or not _has_amount(element)):
            return False
        part = element
        if attributes:
            part = etree.Element(element.tag, {name: str(element.get(name)) for name in attributes})
        words = "" if repeats else in_words(part)
        if not words and not repeats:
            return False
        place = TERMS_PLACE if _TERMS.match(path) else ""
        if in_row:
            place = f"lines[{self.line}]"
        elif path == _ROW_NAME:
            # A row of words alone belongs to the line before it.
            place = f"lines[{self.line - 1}]" if self.line else ""
        content = etree.tostring(part, encoding="unicode", with_tail=False)
        name = f"{path}/{ATTRIBUTES}" if attributes else path
        self.made.append(Extension(family=FAMILY, name=name, place=place, content=content, words=words))
        return True


def _path(element: etree._Element) -> tuple[str, bool]:
    """The names from below the root to *element*, or from below its row; and whether it stands in a row."""
    names = [str(step.tag) for step in (element, *element.iterancestors())][-2::-1]
    in_row = len(names) > 1 and names[0] == _ROW_NAME
    return "/".join(names[1:] if in_row else names), in_row


def _is_plain(element: etree._Element) -> bool:
    """Whether it is texts in parts that have nothing else, none of them longer than any reader takes."""
    if not len(element):
        return _is_short(element)
    if is_mixed(element):
        return False
    # Finvoice has no part with both parts and attributes, and in words its attributes would be missing.
    return all(_is_short(part) and not (part.attrib and len(part)) for part in element.iter(etree.Element))


def _is_short(element: etree._Element) -> bool:
    return len(element.text or "") <= TEXT.text and all(len(value) <= TEXT.text for value in element.attrib.values())


@lru_cache(4096)
def is_known(path: str, in_row: bool) -> bool:
    """Whether Finvoice has an element at *path*, and one only of each that it stands in."""
    if not in_row and path.startswith(_ROUTING):
        return False
    if not in_row and path in _OLD:
        return True
    here = ROW if in_row else ROOT
    *parents, last = path.split("/")
    for name in parents:
        child = types().get(here, {}).get(name)
        if child is None or (child.most != 1 and name not in _FIRST):
            return False
        here = child.type
    return last in types().get(here, {})


def _has_amount(element: etree._Element) -> bool:
    parts = element.iter(etree.Element) if len(element) else (element,)
    return any("AmountCurrencyIdentifier" in part.attrib for part in parts)


def label(tag: str) -> str:
    """The name of an element as words: ``OrderDate`` is "Order date"."""
    return _CAPITAL.sub(" ", tag).capitalize()


def in_words(element: etree._Element) -> str:
    """All values of *element* as text, each behind its name, a line for each part that has parts of its own."""
    lines: list[str] = []
    if str(element.tag).endswith(_DEFINITION):
        return ": ".join(filter(None, map(_value, element)))
    _say(element, lines)
    return "\n".join(line for line in lines if line)


def _say(element: etree._Element, lines: list[str]) -> None:
    if not len(element):
        lines.append(_said(element))
        return
    here = len(lines)
    lines.append("")
    values: list[str] = []
    for part in element:
        if len(part) and not str(part.tag).endswith(_DEFINITION):
            _say(part, lines)
        elif len(part):
            # A name and a value, as they are printed.
            values.append(": ".join(filter(None, map(_value, part))))
        else:
            values.append(_said(part))
    lines[here] = "; ".join(filter(None, values))


def _said(element: etree._Element) -> str:
    value, name = _value(element), str(element.tag)
    if not value:
        return ""
    return (_WORDS.get(name) or ("{}" if name in _PLAIN else f"{label(name)}: {{}}")).replace("{}", value)


def _value(element: etree._Element) -> str:
    """The text of *element* with what its attributes add to it."""
    text = "" if len(element) else " ".join((element.text or "").split())
    day = _DAY.fullmatch(text) if "Format" in element.attrib else None
    said = ["-".join(day.groups()) if day else text]
    unit = str(element.get("QuantityUnitCode") or "")
    for name, attribute in element.attrib.items():
        value = " ".join(str(attribute).split())
        if not value or name in _FORMS or (name == "QuantityUnitCodeUN" and unit and units.says(unit, value)):
            continue
        plain = name in {"AmountCurrencyIdentifier", "QuantityUnitCode", "QuantityUnitCodeUN", "UnitPriceUnitCode"}
        said.append(value if plain or not said[0] else f"({value})")
    return " ".join(filter(None, said))
