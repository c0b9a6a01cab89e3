"""Converting: unchanged where nothing is to do, refused where it would lose, and a report of both."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import msgspec
import pytest

from fakturahub import formats
from fakturahub.errors import ConversionLoss, MissingTerm, SeveralDocuments, UnwritableDocument
from fakturahub.exchange.convert import Report, convert, deliverable
from fakturahub.model import Recognition
from fakturahub.model.invoice import Invoice

PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"


@pytest.fixture
def peppol(shared: Path) -> bytes:
    return (shared / "samples/ehf/peppol-base-example.xml").read_bytes()


@pytest.fixture
def finvoice(shared: Path) -> bytes:
    return (shared / "samples/finvoice/gobl_invoice_3.0.xml").read_bytes()


def packed(*members: tuple[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in members:
            made.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("to", ["original", "peppol-bis-3"])
@pytest.mark.parametrize("allow_loss", [False, True])
def test_what_is_wanted_already_is_passed_on_unchanged(peppol: bytes, to: str, allow_loss: bool) -> None:
    extra = peppol.replace(b"</cbc:CustomizationID>", b"</cbc:CustomizationID><x xmlns='urn:x'>unknown</x>")
    converted = convert(extra, to, allow_loss=allow_loss)
    assert converted.data == extra
    assert converted.files == ()
    assert converted.report == Report(source="peppol-bis-3", target="peppol-bis-3", unchanged=True)
    assert converted.report.losses == ()


def test_ehf_is_peppol_bis_under_the_same_identifier(shared: Path) -> None:
    data = (shared / "samples/ehf/ehf-3-faktura-1.xml").read_bytes()
    assert formats.recognise(data).syntax == "ehf-3"
    assert convert(data, "peppol-bis-3", allow_loss=False).report.unchanged is (
        formats.recognise(data).profile == PEPPOL
    )
    forward = (shared / "samples/ehf/forward-billing-nettleie-consumer.xml").read_bytes()
    assert formats.recognise(forward).syntax == "ehf-3"
    converted = convert(forward, "peppol-bis-3", allow_loss=True)
    assert not converted.report.unchanged
    assert formats.recognise(converted.data).profile == PEPPOL


def test_what_is_passed_on_is_one_readable_document(peppol: bytes) -> None:
    with pytest.raises(MissingTerm):
        convert(peppol.replace(b"<cbc:ID>Snippet1</cbc:ID>", b""), "peppol-bis-3", allow_loss=True)


@pytest.mark.parametrize("to", ["finvoice-3.0", "finvoice-3.0-soap", "cii", "xrechnung-3", "puf-billing-2.0", "vrbl"])
def test_converted_documents_are_of_the_syntax_asked_for(peppol: bytes, to: str) -> None:
    converted = convert(peppol, to, allow_loss=True)
    recognised = formats.recognise(converted.data)
    assert recognised.syntax == to
    assert (converted.report.source, converted.report.target, converted.report.unchanged) == ("peppol-bis-3", to, False)
    before, after = formats.read_heading(peppol), formats.read_heading(converted.data)
    for term in ("kind", "number", "issue_date", "due_date", "currency", "total", "payable"):
        assert getattr(after, term) == getattr(before, term), term
    assert after.seller.name == before.seller.name
    assert convert(peppol, to, allow_loss=True) == converted


def test_losses_refuse_and_the_report_says_which(peppol: bytes) -> None:
    data = peppol.replace(b"</cbc:CustomizationID>", b"</cbc:CustomizationID><x xmlns='urn:x'>unknown value</x>")
    with pytest.raises(ConversionLoss) as refused:
        convert(data, "cii", allow_loss=False)
    report = refused.value.report
    assert report == json.loads(json.dumps(report))
    assert [loss["value"] for loss in report["not_read"]] == ["unknown value"]  # type: ignore[attr-defined]
    assert msgspec.convert(report, Report) == convert(data, "cii", allow_loss=True).report
    # The values stay in the report: a message goes to logs and to other people.
    assert "unknown value" not in str(refused.value)
    assert "peppol-bis-3 as cii" in str(refused.value)
    assert "Invoice/x" in str(refused.value)


def test_many_losses_are_counted_and_not_all_named(peppol: bytes) -> None:
    extra = b"".join(b"<x%d xmlns='urn:x'>v</x%d>" % (number, number) for number in range(50))
    with pytest.raises(ConversionLoss, match=r"would lose [0-9]+ values: .* and [0-9]+ more") as refused:
        convert(peppol.replace(b"</cbc:CustomizationID>", b"</cbc:CustomizationID>" + extra), "cii", allow_loss=False)
    assert len(str(refused.value)) < 1500


def test_without_a_loss_it_is_converted_either_way(shared: Path) -> None:
    data = (shared / "corpora/en16931/examples/cii/CII_example3.xml").read_bytes()
    strict = convert(data, "ubl-2.1", allow_loss=False)
    assert strict.report.losses == ()
    assert strict == convert(data, "ubl-2.1", allow_loss=True)
    assert strict.report.as_data() == {
        "source": "cii",
        "target": "ubl-2.1",
        "unchanged": False,
        "not_read": [],
        "not_written": [],
        "remarks": [msgspec.to_builtins(loss) for loss in strict.report.remarks],
        "findings": [msgspec.to_builtins(finding, builtin_types=()) for finding in strict.report.findings],
        "files": [],
    }


def test_what_is_still_there_or_never_was_a_value_refuses_nothing(shared: Path, peppol: bytes) -> None:
    """A foreign reference becomes a text, the specification is the target's own; a frame is none of the document."""
    strict = convert(peppol, "finvoice-3.0", allow_loss=False)
    assert strict.report.losses == ()
    assert {(loss.term, loss.why) for loss in strict.report.remarks} >= {("BT-83", "as-text"), ("BT-24", "too-long")}
    for remark in strict.report.remarks:
        if remark.why == "as-text":
            assert remark.value.encode() in strict.data
    framed = (shared / "samples/finvoice/gobl_soap_framed_3.0.xml").read_bytes()
    bare = convert(framed, "finvoice-3.0", allow_loss=False)
    assert {loss.why for loss in bare.report.remarks} == {"frame"}
    assert msgspec.convert(bare.report.as_data(), Report) == bare.report


def test_the_real_invoices_of_finland_convert_without_a_loss(shared: Path) -> None:
    files = sorted((shared / "corpora/finvoice").rglob("*.xml"))
    assert len(files) > 10
    for file in files:
        for to in ("finvoice-3.0", "vrbl"):
            assert convert(file.read_bytes(), to, allow_loss=False).report.losses == (), file


def test_a_rounded_value_is_lost(peppol: bytes) -> None:
    before = re.search(rb"<cbc:PriceAmount currencyID=.EUR.>[^<]*", peppol)
    assert before is not None
    data = peppol.replace(before[0], before[0] + b"0.12345678901234"[1:] if b"." not in before[0] else before[0])
    assert data != peppol
    with pytest.raises(ConversionLoss, match="BT-146"):
        convert(data, "finvoice-3.0", allow_loss=False)


def test_files_of_an_envelope_come_along(peppol: bytes, finvoice: bytes) -> None:
    data = packed(("INV.xml", peppol), ("INV.pdf", b"%PDF-1.7 x"))
    unchanged = convert(data, "original", allow_loss=False)
    assert (unchanged.data, unchanged.report.files) == (peppol, ("INV.pdf",))
    embedded = convert(data, "cii", allow_loss=True)
    assert embedded.files == ()
    noun = formats.read(embedded.data).noun
    assert isinstance(noun, Invoice)
    assert b"%PDF-1.7 x" in [one.attachment.content for one in noun.supporting if one.attachment]
    beside = convert(data, "finvoice-3.0", allow_loss=True)
    assert b"%PDF-1.7 x" in [file.content for file in beside.files]
    assert beside.report.files == tuple(file.name for file in beside.files)
    for name in beside.report.files:
        assert f"file://{name}".encode() in beside.data


def test_a_letter_keeps_its_pages(shared: Path) -> None:
    data = (shared / "samples/finvoice/apix_send_print_zip_example.zip").read_bytes()
    converted = convert(data, "letters-1.0", allow_loss=False)
    assert [file.name for file in converted.files] == ["test_invoice.pdf"]
    with pytest.raises(UnwritableDocument, match=r"(?i)letter"):
        convert(data, "finvoice-3.0", allow_loss=True)


def test_refusals(shared: Path, peppol: bytes) -> None:
    with pytest.raises(UnwritableDocument, match="no syntax 'finvoice'"):
        convert(peppol, "finvoice", allow_loss=True)
    with pytest.raises(UnwritableDocument, match="not written"):
        convert(peppol, "finvoice-2.01", allow_loss=True)
    with pytest.raises(UnwritableDocument):
        convert(peppol, "letters-1.0", allow_loss=True)
    with pytest.raises(SeveralDocuments):
        convert(packed(("1.xml", peppol), ("2.xml", peppol.replace(b"Snippet1", b"2"))), "original", allow_loss=True)
    payslip = (shared / "samples/finvoice/payslip_2.0_valid.xml").read_bytes()
    with pytest.raises(UnwritableDocument):
        convert(payslip, "finvoice-3.0", allow_loss=True)
    assert convert(payslip, "original", allow_loss=False).data == payslip


def test_a_document_that_is_only_passed_on(shared: Path) -> None:
    data = (shared / "corpora/ehf/src/advanced-ordering-3.0/rules/example/Advanced_Order_Example.xml").read_bytes()
    recognition = formats.recognise(data)
    assert not formats.NAMES[recognition.syntax].read
    assert convert(data, "original", allow_loss=False).data == data
    assert convert(data, recognition.syntax, allow_loss=False).data == data
    for to in ("finvoice-3.0", "cii", "peppol-bis-3"):
        with pytest.raises(UnwritableDocument):
            convert(data, to, allow_loss=True)
        assert not deliverable(recognition, to)


def test_what_can_be_had_in_the_syntax_wanted() -> None:
    invoices = [name for name, can in formats.NAMES.items() if can.noun == "invoice" and can.read]
    written = [name for name, can in formats.NAMES.items() if can.noun == "invoice" and can.write]
    assert len(written) >= 9
    for source in invoices:
        for target in written:
            assert deliverable(Recognition(source), target)
        assert not deliverable(Recognition(source), "letters-1.0")
        assert not deliverable(Recognition(source), "oioxml-0.71")
        assert not deliverable(Recognition(source), "nonsense")
    for name in formats.NAMES:
        assert deliverable(Recognition(name), "original")
        assert deliverable(Recognition(name), name)
    assert not deliverable(Recognition("payslip-2.0"), "finvoice-3.0")
    assert not deliverable(Recognition("ubl-order"), "peppol-bis-3")
    assert not deliverable(Recognition("unknown-to-us"), "peppol-bis-3")
