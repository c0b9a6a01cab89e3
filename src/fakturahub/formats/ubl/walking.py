"""One reading of one UBL document: its losses, and what has to be known across its elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from fakturahub.formats.ubl.names import CBC, PUF_CAC, aggregates_of, local_name
from fakturahub.formats.walk import REPEATED, UNKNOWN, XML_SCHEMA, Walk
from fakturahub.intake.filenames import FlatNames
from fakturahub.model import Finding, Identifier
from fakturahub.model.invoice import Extension

#: fields of a noun of the model that were found so far
Found = dict[str, Any]
#: takes one child element into what was found
Step = Callable[["Reader", etree._Element, Found], None]
Steps = Mapping[str, Step]
#: attributes, as name and value, that say nothing beyond what the element is
Restated = frozenset[tuple[str, str]]
NOTHING: Restated = frozenset()


class Reader(Walk):
    """A `Walk` over a UBL document. Where it stands in the tables that repeat is in ``at``."""

    def __init__(self, root: etree._Element, *, mime_of: Mapping[str, str]) -> None:
        super().__init__()
        #: Invoice or CreditNote
        self.root_name = local_name(root)
        self.aggregates = aggregates_of(root)
        self.puf = self.aggregates == PUF_CAC
        self.findings: list[Finding] = []
        #: BT-5 and BT-6; amounts say their currency one by one and may come first in a muddled document
        self.currency = (root.findtext(f"{CBC}DocumentCurrencyCode") or "").strip() or None
        self.accounting_currency = (root.findtext(f"{CBC}TaxCurrencyCode") or "").strip() or None
        #: MIME types that senders write -> those they mean
        self.mime_of = mime_of
        self.at = {"preceding": 0, "vat": 0, "lines": 0}
        self.extensions: list[Extension] = []
        #: file names of attachments so far, and how many attachments
        self.file_names = FlatNames()
        self.attachments = 0
        #: BT-110 and BT-111, which stand apart from the other totals
        self.taxes: Found = {}
        #: BG-16, put together from every PaymentMeans
        self.payment: Found = {}
        #: BT-90 by the party it was found with
        self.creditor_ids: dict[str, tuple[etree._Element, Identifier]] = {}

    def fields(self, element: etree._Element, steps: Steps, found: Found) -> Found:
        """Give each child of *element* to its step; report children without one, and *element*'s own attributes."""
        if element.attrib:
            self.attributes(element)
        if not len(element) and element.text and element.text.strip():
            self.loss(element, element.text.strip(), UNKNOWN)
        for child in element:
            # The parser left comments out; were there any, their tag would be no key of a table.
            step = steps.get(child.tag)  # type: ignore[arg-type]
            if step is None:
                self.unknown(child)
            else:
                step(self, child, found)
        return found

    def beside(self, element: etree._Element, restated: Restated = NOTHING, *taken: str) -> None:
        """Report what *element* has beside its text: children, and attributes neither *taken* nor *restated*."""
        for name, value in element.attrib.items():
            stated = str(value).strip()
            if not stated or name in taken or (name, stated) in restated or str(name).startswith(XML_SCHEMA):
                continue
            self.loss(element, stated, UNKNOWN, attribute=str(name))
        for child in element:
            self.unknown(child)

    def put(self, element: etree._Element, found: Found, field: str, value: object, term: str) -> None:
        """Put *value* under *field*; report it when another one is there, for the model has room for one."""
        if field not in found:
            found[field] = value
        elif found[field] != value:
            self.loss(element, str(value), REPEATED, term=term)
