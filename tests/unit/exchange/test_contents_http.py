"""What is posted: as it came, written anew, with its attachments in it or in one ZIP archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fakturahub import formats
from fakturahub.config import HttpPush
from fakturahub.errors import InternalFault
from fakturahub.exchange.contents import Contents
from fakturahub.exchange.contents_http import HttpContents, _make, _Work
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.prepare import with_files
from fakturahub.formats.enclosing import archive, stem_of
from fakturahub.model import Attachment, Heading, Kind
from fakturahub.model.ways import HttpWay
from fakturahub.storage.database import Database
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import PayloadStore
from tests.running import INVOICE
from tests.unit.exchange.test_prepare import PDF, with_reference
from tests.unit.exchange.town import known, named, row

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ID = UUID("0193a000-0000-7000-8000-000000000001")
TOWN = known(row("skog"), row("strict", allow_loss=False))


def way(**push: Any) -> HttpWay:
    return HttpWay(HttpPush(url="https://skog.example/in", **push))


async def claimed(payloads: PayloadStore, data: bytes, wanted: str = "original", receiver: str = "skog") -> Claimed:
    opened = formats.open_document(data)
    return Claimed(
        id=ID,
        document_id=ID,
        company_id=ID,
        receiver_id=named(TOWN, receiver).id,
        channel="http",
        address="",
        target="http x",
        details={},
        attempt=1,
        step=0,
        trying_since=NOW,
        wanted=wanted,
        batch_id=None,
        created_at=NOW,
        kept=await payloads.keep(data),
        recognition=opened.recognition,
        heading=opened.heading,
        file_name=None,
    )


@pytest.fixture
def payloads(tmp_path: Path) -> PayloadStore:
    return PayloadStore.open(tmp_path)


async def made(
    payloads: PayloadStore, data: bytes, wanted: str = "original", receiver: str = "skog", **push: Any
) -> Made:
    # Nothing is asked of a database for a document without files beside it.
    contents = Contents(
        {"http": HttpContents(Database("postgresql://nobody@127.0.0.1:1/none"), payloads, TOWN).content_of}
    )
    return await contents.content_of(await claimed(payloads, data, wanted, receiver), way(**push))


def beside(data: bytes, files: tuple[Attachment, ...], one: Claimed, **push: Any) -> Any:
    return _make(_Work(one, way(**push), push.pop("allow_loss", True), data, files))


def members(data: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {one.filename: opened.read(one) for one in opened.infolist()}


async def test_a_document_goes_as_it_came(payloads: PayloadStore) -> None:
    for wanted in ("original", "peppol-bis-3", "ehf-3"):
        got = await made(payloads, INVOICE.read_bytes(), wanted)
        assert got.content is not None
        assert (got.content.data, got.content.media_type) == (INVOICE.read_bytes(), "application/xml")
        assert (got.terms, got.prepared) == ({}, None)
        assert got.content.name.startswith(ID.hex)


async def test_terms_from_the_heading_and_from_the_document(payloads: PayloadStore) -> None:
    headers = {"x-number": "number", "x-net": "totals.without_vat", "x-path": "xpath:/*/cbc:ID", "x-none": "BT-87"}
    data = INVOICE.read_bytes()
    quick = await made(payloads, data, document_headers={"x-number": "number"})
    whole = await made(payloads, data, document_headers=headers)
    number = formats.read_heading(data).number
    assert quick.terms == {"number": number}
    assert whole.terms["number"] == whole.terms["xpath:/*/cbc:ID"] == number
    assert whole.terms["totals.without_vat"]
    assert whole.terms["BT-87"] is None
    assert quick.content == whole.content


async def test_a_document_is_written_for_its_receiver_alike_each_time(payloads: PayloadStore) -> None:
    data = INVOICE.read_bytes()
    headers = {"x-net": "xpath:/*/cbc:ID"}
    got = await made(payloads, data, "finvoice-3.0", document_headers=headers)
    assert got.content is not None
    assert formats.recognise(got.content.data).syntax == "finvoice-3.0"
    # the XPath is into the document as it came
    assert got.terms["xpath:/*/cbc:ID"] == formats.read_heading(data).number
    assert got.prepared is not None
    assert got.prepared.converted is not None
    assert got.prepared.syntax == "finvoice-3.0"
    assert await payloads.load(got.prepared.converted.kept) == got.content.data
    assert await made(payloads, data, "finvoice-3.0", document_headers=headers) == got


async def test_a_receiver_that_allows_no_loss(payloads: PayloadStore) -> None:
    lossy = INVOICE.read_bytes().replace(b"<cac:InvoiceLine>", b"<cac:Strange>x</cac:Strange><cac:InvoiceLine>", 1)
    got = await made(payloads, lossy, "finvoice-3.0", "strict")
    assert got.content is None
    assert got.prepared is not None
    assert "would lose" in (got.prepared.error or "")


EMBEDDED = f"""<cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="sheet 1.pdf">{PDF}
</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"""


async def test_a_zip_holds_the_document_and_what_is_embedded_in_it(payloads: PayloadStore) -> None:
    data = with_reference(EMBEDDED)
    got = await made(payloads, data, attachments="zip")
    assert got.content is not None
    assert got.content.media_type == "application/zip"
    stem = stem_of(ID, formats.read_heading(data).number)
    assert got.content.name == f"{stem}.zip"
    assert members(got.content.data) == {f"{stem}.xml": data, f"{stem}_1.pdf": b"%PDF-1.4 x"}
    assert (await made(payloads, data, attachments="zip")).content == got.content
    # the hub reads such an archive as what it is
    opened = formats.enclosed(got.content.data)
    assert (opened.data, [file.content for file in opened.files]) == (data, [b"%PDF-1.4 x"])


async def test_a_zip_of_a_document_without_attachments_is_a_zip_all_the_same(payloads: PayloadStore) -> None:
    got = await made(payloads, INVOICE.read_bytes(), attachments="zip")
    assert got.content is not None
    assert list(members(got.content.data).values()) == [INVOICE.read_bytes()]


async def test_what_conversion_leaves_beside_is_in_the_zip_under_the_name_that_is_linked(
    payloads: PayloadStore,
) -> None:
    got = await made(payloads, with_reference(EMBEDDED), "finvoice-3.0", attachments="zip")
    assert got.content is not None
    found = members(got.content.data)
    (name,) = (name for name in found if name.endswith(".pdf"))
    document = next(content for name, content in found.items() if name.endswith(".xml"))
    assert f"file://{name}".encode() in document
    assert formats.enclosed(got.content.data).files[0].content == b"%PDF-1.4 x"


async def test_what_has_no_place_inside_is_told_as_lost(payloads: PayloadStore) -> None:
    got = await made(payloads, with_reference(EMBEDDED), "finvoice-3.0")
    assert got.content is not None
    assert got.prepared is not None
    report = msgspec.json.decode(got.prepared.report)
    assert {"term": "BG-24", "value": "sheet 1.pdf", "why": "no-place"} in report["not_written"]
    assert report["files"] == []
    assert got.prepared.converted is not None
    assert got.prepared.converted.files == ()
    refused = await made(payloads, with_reference(EMBEDDED), "finvoice-3.0", "strict")
    assert refused.content is None
    assert refused.prepared is not None
    assert refused.prepared.error


async def test_files_beside_a_document_that_goes_as_it_came(payloads: PayloadStore) -> None:
    data = INVOICE.read_bytes()
    files = (Attachment("scan.PDF", "application/pdf", b"%PDF-1.4 y"), Attachment("x", "text/csv", b"a;b"))
    one = await claimed(payloads, data)
    one = msgspec.structs.replace(one, heading=with_files(one.heading, files))
    stem = stem_of(ID, one.heading.number)
    zipped = _make(_Work(one, way(attachments="zip"), True, data, files))
    assert members(zipped.content.data) == {
        f"{stem}.xml": data,
        f"{stem}_1.pdf": b"%PDF-1.4 y",
        f"{stem}_2.csv": b"a;b",
    }
    assert zipped.preparation is None
    alone = _make(_Work(one, way(), True, data, files))
    assert alone.content.data == data
    assert alone.preparation.report.unchanged
    assert [loss.value for loss in alone.preparation.report.not_written] == ["scan.PDF", "x"]
    refused = _make(_Work(one, way(), False, data, files))
    assert refused.content is None
    assert str(refused.preparation.refusal).startswith("Beside the document 2 files lie")


async def test_a_defect_is_the_hubs_own(payloads: PayloadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fakturahub.exchange.contents_http.prepare", broken)
    with pytest.raises(InternalFault):
        await made(payloads, INVOICE.read_bytes(), "finvoice-3.0")


async def test_a_channel_that_the_hub_does_not_have(payloads: PayloadStore) -> None:
    with pytest.raises(InternalFault):
        await Contents({}).content_of(await claimed(payloads, INVOICE.read_bytes()), way())


@pytest.mark.parametrize(
    ("number", "stem"),
    [("INV-1/2", "INV-1-2"), ("../../etc", "etc"), ("å ä", None), (None, None), ("-", None), ("x" * 99, "x" * 60)],
)
def test_stems_are_safe_and_unique(number: str | None, stem: str | None) -> None:
    assert stem_of(ID, number) == (f"{ID.hex}_{stem}" if stem else ID.hex)


def test_files_of_one_name_get_names_of_their_own() -> None:
    files = [Attachment(name, "text/plain", name.encode()) for name in ("a.txt", "A.TXT", "stem_1.txt", "b.<x>")]
    found = members(archive(b"<x/>", "stem", files, Heading(kind=Kind.OTHER)))
    assert list(found) == ["stem.xml", "stem_1.txt", "stem_2.txt", "stem_3.txt", "stem_4.txt"]
