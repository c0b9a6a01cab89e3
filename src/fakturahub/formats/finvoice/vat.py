"""VAT categories of Finvoice as those of UNTDID 5305, and the other way round (mapping 3.2)."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from fakturahub.formats.finvoice.leaves import CODE_UNKNOWN, Document
from fakturahub.model import Severity

#: codes that Finvoice has in common with EN 16931
CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"})
#: codes of Finvoice alone: margin schemes; VAT that the buyer accounts for on purchases from the EU
_NEAREST = {"AB": "E", "ZEG": "AE", "ZES": "AE"}


def category_of(
    doc: Document, element: etree._Element, code: str | None, rate: Decimal | None, reason: str | None, term: str
) -> str | None:
    """The category that *code* is; without a code, as in files before 3.0, what rate and reason tell.

    A rate above nought is the standard one, nought is zero-rated, or exempt where a reason is given.
    """
    if code in CATEGORIES:
        return code
    if code is not None:
        doc.loss(element, code, CODE_UNKNOWN, term=term)
        if code in _NEAREST:
            return _NEAREST[code]
    if rate is None:
        return None
    if code is None:
        doc.find(element, "derived", "The VAT category is told by the rate.", term, Severity.INFORMATION)
    return "S" if rate > 0 else "E" if reason else "Z"
