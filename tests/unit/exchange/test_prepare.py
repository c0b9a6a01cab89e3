"""What a delivery hands over where its receiver wants another syntax."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.exchange.prepare import prepare
from tests.running import INVOICE, invoice

PDF = base64.b64encode(b"%PDF-1.4 x").decode()


def with_reference(inner: str) -> bytes:
    text = INVOICE.read_bytes()
    seller = b"<cac:AccountingSupplierParty>"
    reference = f"<cac:AdditionalDocumentReference><cbc:ID>A1</cbc:ID>{inner}</cac:AdditionalDocumentReference>"
    return text.replace(seller, reference.encode() + seller)


def test_a_document_is_written_anew() -> None:
    made = prepare(INVOICE.read_bytes(), "finvoice-3.0", allow_loss=True)
    assert made.refusal is None
    assert made.written is not None
    assert made.written.recognition.syntax == "finvoice-3.0"
    assert made.written.heading.number == formats.read_heading(INVOICE.read_bytes()).number
    assert (made.report.source, made.report.target, made.report.unchanged) == ("peppol-bis-3", "finvoice-3.0", False)


def test_the_same_document_is_written_alike() -> None:
    """Two workers may prepare one delivery: whoever is first in the transaction decides, and it does not matter."""
    assert prepare(INVOICE.read_bytes(), "finvoice-3.0", allow_loss=True) == prepare(
        INVOICE.read_bytes(), "finvoice-3.0", allow_loss=True
    )


@pytest.mark.parametrize("wanted", ["peppol-bis-3", "ehf-3"])
def test_what_is_wanted_already_goes_as_it_came(wanted: str) -> None:
    made = prepare(INVOICE.read_bytes(), wanted, allow_loss=False)
    assert (made.written, made.refusal, made.report.unchanged) == (None, None, True)
    assert made.report.target == made.report.source


@pytest.mark.parametrize("wanted", ["letters-1.0", "payslip-2.0", "farpay-bill", "oioubl-2.1"])
def test_what_is_not_written_so_goes_as_it_came(wanted: str) -> None:
    made = prepare(INVOICE.read_bytes(), wanted, allow_loss=False)
    assert (made.written, made.refusal, made.report.unchanged) == (None, None, True)
    assert (made.report.source, made.report.target) == ("peppol-bis-3", wanted)


def test_an_order_goes_as_it_came(shared: Path) -> None:
    order = next(
        path
        for path in sorted((shared / "corpora").rglob("*.xml"))
        if b":Order-2" in path.read_bytes()[:2000] and formats.recognise(path.read_bytes()).syntax == "ubl-order"
    )
    made = prepare(order.read_bytes(), "finvoice-3.0", allow_loss=False)
    assert (made.written, made.refusal, made.report.unchanged) == (None, None, True)


def test_a_loss_is_refused_with_its_report_where_none_is_allowed() -> None:
    # that it is a copy has no place in the terms of EN 16931
    lossy = INVOICE.read_bytes().replace(
        b"<cbc:IssueDate>", b"<cbc:CopyIndicator>true</cbc:CopyIndicator><cbc:IssueDate>"
    )
    made = prepare(lossy, "finvoice-3.0", allow_loss=False)
    assert made.written is None
    assert made.refusal is not None
    assert made.refusal.code == "conversion-loss"
    assert ["CopyIndicator" in loss.term for loss in made.report.not_read] == [True]
    allowed = prepare(lossy, "finvoice-3.0", allow_loss=True)
    assert allowed.refusal is None
    assert allowed.report.not_read == made.report.not_read


def test_a_document_whose_values_cannot_be_read_is_refused() -> None:
    broken = invoice("X").replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>2026-13-45 ", 1)
    made = prepare(broken, "cii", allow_loss=True)
    assert made.written is None
    assert made.refusal is not None
    assert made.refusal.code == "bad-value"
    assert made.refusal.place


def test_files_beside_the_document_stand_in_its_heading() -> None:
    sent = with_reference(
        f'<cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="picture.pdf">{PDF}'
        "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
    )
    made = prepare(sent, "finvoice-3.0", allow_loss=True)
    assert made.written is not None
    (file,) = made.written.files
    (attachment,) = made.written.heading.attachments
    assert (file.name, file.content) == ("picture.pdf", b"%PDF-1.4 x")
    assert (attachment.name, attachment.mime, attachment.beside, attachment.embedded) == (
        "picture.pdf",
        "application/pdf",
        True,
        False,
    )
    inside = prepare(sent, "cii", allow_loss=True)
    assert inside.written is not None
    assert inside.written.files == ()
    (attachment,) = inside.written.heading.attachments
    assert (attachment.embedded, attachment.beside) == (True, False)
