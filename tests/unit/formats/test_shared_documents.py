"""The documents that the authors of the specifications publish are all recognised and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import UnwritableDocument
from fakturahub.model import Kind

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
WHOLE = {f"{{{UBL}{name}-2}}{name}" for name in ("Invoice", "CreditNote")}


def documents(folder: Path) -> Iterator[tuple[Path, bytes, bool]]:
    """Every XML file in *folder* and below, and whether its root is that of a UBL invoice or credit note."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".xml":
            data = path.read_bytes()
            yield path, data, etree.fromstring(data, etree.XMLParser()).tag in WHOLE


@pytest.mark.parametrize(
    ("folder", "at_least"),
    [
        ("samples/ehf", {"ehf-3": 6, "peppol-bis-3": 8, "ehf-2": 1, "ehf-payment-request": 1}),
        ("samples/vertex", {"vrbl": 3}),
        ("corpora/en16931/examples", {"peppol-bis-3": 4, "ubl-2.1": 15}),
        ("corpora/peppol-bis3", {"ehf-3": 1, "peppol-bis-3": 36, "ubl-2.1": 9}),
        ("corpora/xrechnung-testsuite", {"xrechnung-3": 29}),
    ],
)
def test_every_document_is_recognised_and_read(shared: Path, folder: str, at_least: dict[str, int]) -> None:
    found: Counter[str] = Counter()
    for path, data, whole in documents(shared / folder):
        if not whole:
            continue
        opened = formats.open_document(data)
        found[opened.recognition.syntax] += 1
        heading = opened.heading
        assert opened.recognition == formats.recognise(data), path
        assert heading.number, path
        assert heading.issue_date, path
        assert heading.currency, path
        assert heading.payable is not None, path
        assert heading.seller.name, path
        assert heading.seller.country or opened.recognition.syntax in ("ubl-2.1", "ehf-payment-request"), path
        assert heading.buyer.name, path
        embedded = [attachment for attachment in heading.attachments if attachment.embedded]
        assert len(opened.attachments()) == len(embedded), path
    assert set(found) == set(at_least)
    for syntax, count in at_least.items():
        assert found[syntax] >= count, syntax


def test_other_documents_of_the_samples_are_recognised_and_passed_on_as_they_came(shared: Path) -> None:
    kinds: Counter[Kind] = Counter()
    for path, data, whole in documents(shared / "corpora/peppol-bis3/examples-2026.5"):
        if whole:
            continue
        opened = formats.open_document(data)
        assert opened.recognition.syntax.startswith("ubl-"), path
        assert opened.heading.number, path
        assert not formats.NAMES[opened.recognition.syntax].read, path
        with pytest.raises(UnwritableDocument, match="passed on as they came"):
            opened.read()
        kinds[opened.heading.kind] += 1
    assert kinds == {Kind.ORDER: 3, Kind.RESPONSE: 6, Kind.OTHER: 3}


def test_puf(shared: Path) -> None:
    found = Counter(formats.recognise(data).syntax for _, data, _ in documents(shared / "samples/puf"))
    assert found["puf-billing-2.0"] == 4
    assert found["puf-response-1.0"] == 2


def test_finvoice(shared: Path) -> None:
    expected = {
        "gobl_invoice_3.0.xml": ("finvoice-3.0", Kind.INVOICE),
        "gobl_credit_note_1.3.xml": ("finvoice-1.3", Kind.CREDIT_NOTE),
        "gobl_soap_framed_3.0.xml": ("finvoice-3.0-soap", Kind.INVOICE),
    }
    for name, (syntax, kind) in expected.items():
        opened = formats.open_document((shared / "samples/finvoice" / name).read_bytes())
        assert (opened.recognition.syntax, opened.heading.kind) == (syntax, kind), name


def test_ehf(shared: Path) -> None:
    folder = shared / "samples/ehf"
    expected = {
        "ehf-3-faktura-1.xml": ("ehf-3", Kind.INVOICE),
        "peppol-NO-Norwegian-example-1.xml": ("ehf-3", Kind.INVOICE),
        "Creditnote_EHF3.0_forward-billing-nettleie-corporate_v2.0.xml": ("ehf-3", Kind.CREDIT_NOTE),
        "ehf-2-faktura-1.xml": ("ehf-2", Kind.INVOICE),
        "PaymentRequest-example-1.xml": ("ehf-payment-request", Kind.OTHER),
        "peppol-base-example.xml": ("peppol-bis-3", Kind.INVOICE),
        "peppol-base-creditnote-correction.xml": ("peppol-bis-3", Kind.CREDIT_NOTE),
    }
    for name, (syntax, kind) in expected.items():
        opened = formats.open_document((folder / name).read_bytes())
        assert (opened.recognition.syntax, opened.heading.kind) == (syntax, kind), name


def test_a_credit_note_written_as_an_invoice(shared: Path) -> None:
    (path,) = (shared / "samples/vertex").rglob("vrbl_creditnote*.xml")
    opened = formats.open_document(path.read_bytes())
    assert opened.heading.kind is Kind.CREDIT_NOTE
    assert opened.root.tag.endswith("}Invoice")
