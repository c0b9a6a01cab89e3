"""Documents that brought files along, as their reader finds them in every call of the terminal (specification 7)."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from pathlib import Path

import pytest

from tests.running import COMPANIES, Hub, running_hub, storages
from tests.unit.dialects.apix.transfers import ATTACHMENT, PICTURE, frame, zipped
from tests.wire.apix.sending import bill, pdf, sent, transfer
from tests.wire.apix.terminal import Terminal, joined, members
from tests.wire.companies import Reader

PDF = pdf()


def linked(document: bytes) -> list[tuple[str, str]]:
    """The links of a Finvoice: names and texts by their places."""
    text = unescape(document.decode())
    names = re.findall(r"<InvoiceUrlNameText>(.*?)</InvoiceUrlNameText>", text)
    return list(zip(names, re.findall(r"<InvoiceUrlText>(.*?)</InvoiceUrlText>", text), strict=True))


def stored(hub: Hub, reader: Reader, body: bytes) -> tuple[Terminal, dict[str, str]]:
    """Send *body* from *reader* to itself; its storage."""
    answer = sent(hub, "invoices", reader, body)
    assert "<Status>OK</Status>" in answer.text, answer.text
    terminal = Terminal(hub, reader)
    (storage,) = terminal.waiting(1)
    return terminal, storage


def test_every_call_tells_the_same_files_and_every_link_names_one(big_hub: Hub, reader: Reader) -> None:
    """As Pupesoft sends it: attachments in an archive, in a folder, under names of people."""
    archive = zipped(
        ("attachments/Liite ä 1.pdf", PDF + b"1"),
        ("attachments/more/Liite ä 1.pdf", PDF + b"2"),
        ("attachments/hours?.csv", b"a;b"),
        ("attachments/invoice.xml", b"<not-the-invoice/>"),
    )
    document = bill(
        "B-1", reader, reader, (PICTURE, "file://Apix_invoice_1.pdf"), (ATTACHMENT, "file://Apix_attachments_1.zip")
    )
    body = zipped(("Apix_finvoice_1.xml", document), ("Apix_invoice_1.pdf", PDF), ("Apix_attachments_1.zip", archive))
    terminal, storage = stored(big_hub, reader, body)

    assert storage["DocumentName"] == "invoice.xml"
    assert storage["ImageName"] == "Apix_invoice_1.pdf"
    found = members(terminal.download(storage, "no").body)
    names = list(found)
    assert names[:2] == ["invoice.xml", "Apix_invoice_1.pdf"]
    assert len(names) == 6
    assert not [name for name in names if "/" in name or "\\" in name or ".." in name or "?" in name]
    assert len({name.casefold() for name in names}) == len(names), "a system that does not tell case apart has them all"
    assert [found[name] for name in names[1:]] == [PDF, PDF + b"1", PDF + b"2", b"a;b", b"<not-the-invoice/>"]
    assert linked(found["invoice.xml"]) == [
        (PICTURE, "file://Apix_invoice_1.pdf"),
        *((ATTACHMENT, f"file://{name}") for name in names[2:]),
    ]
    # but for the links, the document is as it was sent
    links = re.compile(rb"<InvoiceUrl(Name)?Text>[^<]*</InvoiceUrl(Name)?Text>\s*")
    assert links.sub(b"", found["invoice.xml"]) == links.sub(b"", document)

    answer = terminal.get(f"metadata?{joined(terminal.parameters('metadata', SID=storage['StorageID']))}")
    about, *files = storages(answer.body)
    assert about["OriginalSyntax"] == "finvoice-3.0"
    assert [(one["FileName"], one["Size"], one["SHA-256"]) for one in files] == [
        (name, str(len(data)), hashlib.sha256(data).hexdigest()) for name, data in found.items()
    ]
    assert files[1]["MimeType"] == "application/pdf"
    assert terminal.receive().body == terminal.download(storage, "no").body
    assert terminal.receive().body == b""


@pytest.mark.parametrize("name", ["../up.csv", "a/../../up.csv", "/etc/up.csv", "C:\\up.csv", "LIITE.CSV"])
def test_an_archive_with_names_that_lead_elsewhere_or_twice_to_one_is_refused(
    big_hub: Hub, reader: Reader, name: str
) -> None:
    archive = zipped(("liite.csv", b"1"), (name, b"2"))
    document = bill("B-9", reader, reader, (PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip"))
    answer = sent(big_hub, "invoices", reader, transfer(document, a_pdf=PDF, z_zip=archive))
    assert "<StatusCode>1001</StatusCode>" in answer.text
    assert "(zip-unsafe)" in answer.text
    assert Terminal(big_hub, reader).listed() == []


def test_framed_documents_that_share_a_picture_each_have_it(big_hub: Hub, reader: Reader) -> None:
    """Two in one data file, each behind its frame."""
    bills = [
        frame(number).encode() + bill(number, reader, reader, (PICTURE, "file://common.pdf"))
        for number in ("B-2", "B-3")
    ]
    assert sent(big_hub, "invoices", reader, transfer(*bills, common_pdf=PDF)).status == 200
    terminal = Terminal(big_hub, reader)
    for storage in terminal.waiting(2):
        found = members(terminal.download(storage).body)
        assert found["invoice.xml"].startswith(b"<?xml")
        assert b"Envelope" not in found["invoice.xml"]
        assert found["common.pdf"] == PDF
        assert linked(found["invoice.xml"]) == [(PICTURE, "file://common.pdf")]


def test_a_picture_that_no_link_names_lies_there_all_the_same(big_hub: Hub, reader: Reader) -> None:
    terminal, storage = stored(big_hub, reader, transfer(bill("B-4", reader, reader), scan_pdf=PDF))
    assert storage["ImageName"] == "scan.pdf"
    assert list(members(terminal.download(storage).body)) == ["invoice.xml", "scan.pdf"]


@pytest.mark.parametrize("form", ["Lasku %C3%A4.pdf", "LASKU Ä.PDF", "kansio/Lasku ä.pdf", "Lasku &#228;.pdf"])
def test_a_link_in_another_spelling_gets_the_real_name(big_hub: Hub, reader: Reader, form: str) -> None:
    document = bill("B-5", reader, reader, (PICTURE, f"file://{form}"))
    terminal, storage = stored(big_hub, reader, zipped(("a.xml", document), ("Lasku ä.pdf", PDF)))
    found = members(terminal.download(storage).body)
    (_, name) = found
    assert storage["ImageName"] == name
    assert linked(found["invoice.xml"]) == [(PICTURE, f"file://{name}")]


def test_a_reader_that_wants_another_syntax_gets_the_files_beside_it(tmp_path: Path, database: str) -> None:
    """Converted to Finvoice from UBL and back: what has no place inside lies beside, and is named."""
    text = COMPANIES.read_text(encoding="utf-8").replace('receive_as = "finvoice-3.0"', 'receive_as = "peppol-bis-3"')
    assert "peppol-bis-3" in text
    companies = tmp_path / "companies.toml"
    companies.write_text(text, encoding="utf-8")
    with running_hub(tmp_path / "data", database=database, companies=companies) as hub:
        virta = Reader(
            "virta", "e4fb42c4-2e72-4e8c-80aa-3724e402c0a8", "de6b8d40-f81b-4d51-b977-c998510b51bb", "003727901319"
        )
        body = transfer(bill("B-6", virta, virta, (PICTURE, "file://a.pdf")), a_pdf=PDF)
        terminal, storage = stored(hub, virta, body)
        found = members(terminal.download(storage, "no").body)
        assert b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" in found["invoice.xml"]
        assert PDF in found.values()
        assert storage["ImageName"] in found
        answer = terminal.get(f"metadata?{joined(terminal.parameters('metadata', SID=storage['StorageID']))}")
        about, first, *_ = storages(answer.body)
        assert (about["OriginalSyntax"], first["Syntax"]) == ("finvoice-3.0", "peppol-bis-3")
