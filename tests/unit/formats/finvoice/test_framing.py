"""One file, several documents, frames before them, and what only looks like one."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from fakturahub.errors import DoctypeRefused, FakturahubError, NotWellFormed, TooManyParts, UnknownDocument
from fakturahub.formats.finvoice import SYNTAX
from fakturahub.formats.finvoice.framing import ENVELOPE, parts, split
from fakturahub.intake.xml import sniff
from fakturahub.model import Kind
from tests.unit.formats.finvoice.documents import FRAME, finvoice, heading, in_another, invoice, opened, real_files


def _detected(data: bytes) -> tuple[str, str, int]:
    found = SYNTAX.detect(sniff(data))
    assert found is not None
    return found.syntax, found.charset, found.documents


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "2.0", "2.01", "3.0"])
def test_the_version_names_the_syntax(version: str) -> None:
    assert _detected(finvoice(version=version)) == (f"finvoice-{version}", "utf-8", 1)
    assert _detected(FRAME.encode() + finvoice(version=version)) == (f"finvoice-{version}-soap", "utf-8", 1)


@pytest.mark.parametrize("attributes", ['Version="4.0"', "", "Version='3'", 'Other=" Version=&quot;3.0&quot;"'])
def test_another_version_is_refused(attributes: str) -> None:
    with pytest.raises(UnknownDocument, match="version"):
        SYNTAX.detect(sniff(f"<Finvoice {attributes}></Finvoice>".encode()))


def test_what_is_no_finvoice_is_left_to_others() -> None:
    assert SYNTAX.detect(sniff(b"<Invoice/>")) is None
    assert SYNTAX.detect(sniff(b'<Finvoice xmlns="urn:other" Version="3.0"/>')) is None
    assert SYNTAX.detect(sniff(b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>')) is None


def test_the_charset_is_that_of_the_invoice_behind_the_frame() -> None:
    data = FRAME.encode() + finvoice(charset="ISO-8859-15")
    assert _detected(data) == ("finvoice-3.0-soap", "iso-8859-15", 1)
    assert invoice(data).seller.name == "Myyjä Oy"


def test_real_files_are_recognised(shared: Path) -> None:
    names = {file.name: _detected(file.read_bytes()) for file in real_files(shared)}
    assert len(names) == 23
    assert names["gobl_soap_framed_3.0.xml"] == ("finvoice-3.0-soap", "iso-8859-15", 1)
    # A line feed before the declaration; a DOCTYPE with an address.
    assert names["finvoice201_wo_SOAP_example.xml"] == ("finvoice-2.01", "iso-8859-15", 1)
    assert names["finvoice12_ffi_pullin_musiikki.xml"] == ("finvoice-1.2", "iso-8859-15", 1)


def test_several_documents_each_with_its_frame() -> None:
    alone = finvoice(number="1", charset="ISO-8859-15")
    framed = FRAME.encode() + finvoice(number="2", charset="ISO-8859-15")
    data = b"\n\n" + alone + b"\r\n" + framed + b"\n" + finvoice(number="3") + b"<!-- the end -->\n"
    assert _detected(data) == ("finvoice-3.0", "iso-8859-15", 3)
    documents = split(sniff(data))
    assert [invoice(document).number for document in documents] == ["1", "2", "3"]
    assert [_detected(document)[0] for document in documents] == ["finvoice-3.0", "finvoice-3.0-soap", "finvoice-3.0"]
    assert [invoice(document).seller.name for document in documents] == ["Myyjä Oy"] * 3


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_several_documents_in_a_marked_set(codec: str) -> None:
    text = finvoice(number="1").decode() + finvoice(number="2", charset="ISO-8859-15").decode("iso-8859-15")
    documents = split(sniff(text.encode(codec)))
    assert [invoice(document).number for document in documents] == ["1", "2"]
    assert [invoice(document).seller.name for document in documents] == ["Myyjä Oy"] * 2


def test_a_finvoice_that_is_only_spoken_of_is_none() -> None:
    said = "<!-- </Finvoice><Finvoice> --><?pi </Finvoice> ?>"
    row = "<InvoiceRow><ArticleName><![CDATA[</Finvoice><?xml?>]]></ArticleName></InvoiceRow>"
    data = finvoice(head=said, row=row, tail="<LayOutIdentifier a='&lt;/Finvoice>'/>")
    assert len(parts(sniff(data + data))) == 2
    # It is a row without figures: a text, and of the document where no line stands before it.
    assert in_another(split(sniff(data + data))[1]).notes[0].text == (
        "</Finvoice><?xml?>\nLay out identifier: </Finvoice>"
    )


def test_lines_are_counted_from_the_start_of_the_file() -> None:
    root, _ = opened(FRAME.encode() + finvoice())
    lines = FRAME.count("\n")
    assert root.find("SellerPartyDetails").sourceline == lines + 2
    with pytest.raises(NotWellFormed, match=f"line {lines + 2}"):
        opened(FRAME.encode() + finvoice(head="<a></b>"))


def test_the_frame_is_the_first_child_of_the_root() -> None:
    root, _ = opened(FRAME.encode() + finvoice())
    assert root.tag == "Finvoice"
    assert root[0].tag == ENVELOPE


@pytest.mark.parametrize("behind", ["", "\n<!-- nothing -->\n", '<?xml version="1.0"?><FinvoiceAttachments/>'])
def test_a_frame_without_an_invoice_is_routed_by_the_frame(behind: str) -> None:
    data = (FRAME + behind).encode()
    assert _detected(data)[0] == "finvoice-soap-frame"
    found = heading(data)
    assert (found.kind, found.number) == (Kind.OTHER, "m-1")
    assert (str(found.seller.endpoint), str(found.buyer.endpoint)) == ("0216:003700000001", "0216:003700000002")


def test_a_real_frame_without_an_invoice(shared: Path) -> None:
    data = (shared / "samples/finvoice/soap_frame_receiverproposal.xml").read_bytes()
    assert _detected(data)[0] == "finvoice-soap-frame"
    assert heading(data).seller.endpoint is not None


def test_a_bare_doctype_is_dropped_and_another_refused_behind_a_frame_too() -> None:
    bare = finvoice().replace(b"<Finvoice ", b'<!DOCTYPE Finvoice SYSTEM "Finvoice.dtd">\n<Finvoice ')
    assert invoice(FRAME.encode() + bare).number == "1001"
    subset = finvoice().replace(b"<Finvoice ", b'<!DOCTYPE Finvoice [<!ENTITY a "b">]>\n<Finvoice ')
    with pytest.raises(DoctypeRefused):
        opened(FRAME.encode() + subset)


def test_a_finvoice_within_a_finvoice_is_refused() -> None:
    with pytest.raises(FakturahubError):
        opened(finvoice(head="<Finvoice></Finvoice>"))


@pytest.mark.parametrize(
    "filling",
    [b"<!---->", b"<![CDATA[]]>", b"<!-- ", b"</Finvoice", b"</x:Envelope ", b"Envelope>", b"</Finvoice>", b"<?a?>"],
)
def test_finding_the_documents_takes_no_longer_than_the_file_is_long(filling: bytes) -> None:
    data = b'<Finvoice Version="3.0">' + filling * (4_000_000 // len(filling)) + b"</Finvoice>" + b"<a>"
    begin = time.process_time()
    with suppress(TooManyParts):
        split(sniff(data))
    assert time.process_time() - begin < 5
