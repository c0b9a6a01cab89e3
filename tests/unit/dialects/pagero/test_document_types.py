"""Which document type names which syntax; no syntax that can be recognised has two."""

from __future__ import annotations

import re

import pytest

from fakturahub.dialects.pagero.document_types import DOCUMENT_TYPES, of_syntax, remarks
from fakturahub.formats import NAMES
from fakturahub.model import Heading, Inspected, Kind, Recognition


@pytest.mark.parametrize(
    ("syntax", "expected"),
    [
        ("peppol-bis-3", "invoice"),
        ("ubl-2.1", "invoice"),
        ("oioubl-2.02", "invoice"),
        ("finvoice-3.0-soap", "invoice"),
        ("puf-billing-1.0", "invoice"),
        ("ehf-2", "invoice"),
        ("ehf-reminder", "paymentreminder"),
        ("ubl-reminder", "paymentreminder"),
        ("puf-response-1.0", "applicationresponse"),
        ("puf-technical-acknowledgement-1.0", "applicationresponse"),
        ("ubl-order", "order"),
        ("ubl-order-cancellation", "order"),
        ("ubl-order-response-simple", "orderresponse"),
        ("ubl-despatch-advice", "despatchadvice"),
        ("ubl-catalogue", "catalogue"),
        ("ubl-catalogue-pricing-update", "catalogue"),
        ("ubl-statement", None),
        ("letters-1.0", None),
        ("payslip-2.0", None),
    ],
)
def test_the_type_of_a_syntax(syntax: str, expected: str | None) -> None:
    assert of_syntax(syntax) == expected


def test_every_type_names_something_and_nothing_has_two() -> None:
    found = {name: [one for one in NAMES if re.fullmatch(syntaxes, one)] for name, syntaxes in DOCUMENT_TYPES.items()}
    assert all(found.values()), found
    every = [one for names in found.values() for one in names]
    assert len(every) == len(set(every))


def test_a_word_of_the_operators_own_says_nothing() -> None:
    order = Inspected(Recognition("ubl-order"), Heading(Kind.ORDER))
    assert remarks("bestilling", order) == remarks("order", order) == ()
    (remark,) = remarks("catalogue", order)
    assert remark.rule == "document-type"
