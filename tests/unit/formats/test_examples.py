"""The example documents of the repository: their sums, their sizes, and who stands in them."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ["invoice.xml", "credit-note.xml", "invoice-with-attachment.xml"]
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
LINES = (f"{CAC}InvoiceLine", f"{CAC}CreditNoteLine")


def amount(element: etree._Element, path: str) -> Decimal:
    return Decimal(element.findtext(path) or "0")


@pytest.mark.parametrize("name", NAMES)
def test_the_sums_are_right(name: str) -> None:
    """BR-CO-10, 13, 15, 16, 17 and PEPPOL-EN16931-R120."""
    root = formats.open_document((EXAMPLES / name).read_bytes()).root
    total = root.find(f"{CAC}LegalMonetaryTotal")
    assert total is not None
    lines = list(root.iterchildren(*LINES))
    for line in lines:
        quantity = amount(line, f"{CBC}InvoicedQuantity") or amount(line, f"{CBC}CreditedQuantity")
        per = amount(line, f"{CAC}Price/{CBC}BaseQuantity") or Decimal(1)
        net = quantity * amount(line, f"{CAC}Price/{CBC}PriceAmount") / per - amount(
            line, f"{CAC}AllowanceCharge/{CBC}Amount"
        )
        assert net == amount(line, f"{CBC}LineExtensionAmount")
    net = sum((amount(line, f"{CBC}LineExtensionAmount") for line in lines), Decimal(0))
    assert net == amount(total, f"{CBC}LineExtensionAmount")
    base = net + amount(total, f"{CBC}ChargeTotalAmount")
    assert (
        base
        == amount(total, f"{CBC}TaxExclusiveAmount")
        == amount(root, f"{CAC}TaxTotal/{CAC}TaxSubtotal/{CBC}TaxableAmount")
    )
    vat = (base * Decimal("0.25")).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert vat == amount(root, f"{CAC}TaxTotal/{CBC}TaxAmount")
    assert base + vat == amount(total, f"{CBC}TaxInclusiveAmount") == amount(total, f"{CBC}PayableAmount")


@pytest.mark.parametrize("name", NAMES)
def test_they_are_peppol_invoices_of_a_usual_size(name: str) -> None:
    data = (EXAMPLES / name).read_bytes()
    assert formats.recognise(data).syntax == "peppol-bis-3"
    assert 6_000 < len(data) < 13_000
    assert "ö" in data.decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_parties_are_the_demo_companies(name: str, shared: Path) -> None:
    companies = {
        company["key"]: company
        for company in tomllib.loads((shared / "demo/companies.toml").read_text(encoding="utf-8"))["company"]
    }
    heading = formats.read_heading((EXAMPLES / name).read_bytes())
    for party, key in ((heading.seller, "skog"), (heading.buyer, "virta")):
        company = companies[key]
        assert party.name == company["name"]
        assert str(party.endpoint) == company["addresses"][0]
        assert party.vat_id == company["vat_id"]
        assert party.country == company["country"]
    assert heading.account == companies["skog"]["iban"]


def test_every_number_is_used_once() -> None:
    numbers = [formats.read_heading((EXAMPLES / name).read_bytes()).number for name in NAMES]
    assert len(set(numbers)) == len(numbers)
