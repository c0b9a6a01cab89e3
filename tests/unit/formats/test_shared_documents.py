"""The documents that the authors of the specifications publish are all recognised and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import UnknownDocument
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
        ("samples/ehf", {"ehf-3": 6, "peppol-bis-3": 8, "ubl-2.1": 2}),
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
        assert heading.seller.country or opened.recognition.syntax == "ubl-2.1", path
        assert heading.buyer.name, path
        embedded = [attachment for attachment in heading.attachments if attachment.embedded]
        assert len(opened.attachments()) == len(embedded), path
    assert set(found) == set(at_least)
    for syntax, count in at_least.items():
        assert found[syntax] >= count, syntax


def test_other_documents_of_the_samples_are_unknown_and_named(shared: Path) -> None:
    seen = 0
    for _, data, whole in documents(shared / "corpora/peppol-bis3/examples-2026.5"):
        if whole:
            continue
        with pytest.raises(UnknownDocument, match="not supported yet"):
            formats.open_document(data)
        seen += 1
    assert seen >= 10


def test_ehf(shared: Path) -> None:
    folder = shared / "samples/ehf"
    expected = {
        "ehf-3-faktura-1.xml": ("ehf-3", Kind.INVOICE),
        "peppol-NO-Norwegian-example-1.xml": ("ehf-3", Kind.INVOICE),
        "Creditnote_EHF3.0_forward-billing-nettleie-corporate_v2.0.xml": ("ehf-3", Kind.CREDIT_NOTE),
        "ehf-2-faktura-1.xml": ("ubl-2.1", Kind.INVOICE),
        "PaymentRequest-example-1.xml": ("ubl-2.1", Kind.OTHER),
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
