"""Document types in the URL, and which documents each of them names (specification 1.1).

What a document is, its bytes decide. A type that names another kind of document than the bytes hold is told as a
remark; one of the operator's own words, that this table does not have, says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from fakturahub.model import Finding, Inspected, Severity

#: Only ``invoice`` is documented, and it carries credit notes as well; the other names follow the operator's File API
#: (specification 1.1, inferred). Each with the syntaxes that it names.
DOCUMENT_TYPES: Mapping[str, str] = {
    "invoice": r"ubl-2\.[0-9]+|peppol-.*|ehf-[0-9]|xrechnung-.*|vrbl|oioubl-.*|puf-billing-.*|cii|finvoice-.*"
    r"|ubl-self-billed-.*|ubl-debit-note|ubl-freight-invoice",
    "paymentreminder": r"(?:ubl|ehf)-reminder|ehf-payment-request",
    "applicationresponse": r"ubl-application-response"
    r"|puf-(?:response|technical-acknowledgement|clearance-notification)-.*",
    "order": r"ubl-order|ubl-order-(?:change|cancellation)",
    "orderresponse": r"ubl-order-response(?:-simple)?",
    "despatchadvice": r"ubl-despatch-advice",
    "catalogue": r"ubl-catalogue(?:-.*)?",
}

#: the rule of the remark
RULE = "document-type"

_NAMED = {name: re.compile(syntaxes) for name, syntaxes in DOCUMENT_TYPES.items()}


@lru_cache(maxsize=256)
def of_syntax(syntax: str) -> str | None:
    """The document type that names documents in *syntax*; None where none of the known ones does."""
    return next((name for name, pattern in _NAMED.items() if pattern.fullmatch(syntax)), None)


def remarks(declared: str, document: Inspected) -> tuple[Finding, ...]:
    """That *declared* names another kind of document than *document* is. [our choice; the page is silent]"""
    syntax = document.recognition.syntax
    found = of_syntax(syntax)
    if declared not in DOCUMENT_TYPES or found == declared:
        return ()
    called = f"; its own type is {found}" if found is not None else ""
    said = f"It was sent as {declared}; the document is of the syntax {syntax} and was taken as that{called}."
    return (Finding(RULE, Severity.WARNING, said),)
