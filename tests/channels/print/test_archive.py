"""Batches as archives: what is in them, that our own readers read them, and that they never differ."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.channels.print import archive
from fakturahub.channels.print.archive import METADATA, archives
from fakturahub.exchange.render import Look, letter_of
from fakturahub.model.letter import Letter
from tests.channels.print.letters import AT, letter
from tests.unit.exchange.test_render import blank


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert made.testzip() is None
        return {name: made.read(name) for name in made.namelist()}


def test_the_pdfs_and_one_file_that_names_them() -> None:
    parcels = [letter(number, pages=number) for number in (1, 2, 3)]
    (made,) = archives("batch", parcels)
    assert (made.name, made.letters) == ("batch.zip", 3)
    members = opened(made.data)
    assert list(members) == [METADATA] + [one.content.name for one in parcels]
    assert all(members[one.content.name] == one.content.data for one in parcels)
    root = etree.fromstring(members[METADATA])
    assert dict(root.attrib) == {
        "Version": "1.0",
        "BatchID": "batch",
        "Letters": "3",
        "LetterPages": "6",
        "LetterClass": "2",
        "LetterPrintColor": "BW",
        "LetterPrintSides": "2",
        "LetterCountry": "FI",
    }
    assert [one.findtext("DocumentID") for one in root] == [str(one.delivery_id) for one in parcels]
    assert [one.findtext("InvoiceUrlText") for one in root] == [f"file://{one.content.name}" for one in parcels]


def test_the_other_class() -> None:
    (made,) = archives("b", [letter(1, postal_class=1, colour=True, duplex=False, country_class="OTHER")])
    root = etree.fromstring(opened(made.data)[METADATA])
    assert [root.get(f"Letter{key}") for key in ("Class", "PrintColor", "PrintSides", "Country")] == [
        "1",
        "COLOR",
        "1",
        "OTHER",
    ]


def test_the_hub_itself_can_take_it() -> None:
    """As Apix takes letters (apix.md 6.2): an envelope with a document for each letter, and its pages beside it."""
    parcels = [letter(number, data=blank(number)) for number in (1, 2)]
    (made,) = archives("batch", parcels)
    documents = formats.open_envelope(made.data).documents
    assert len(documents) == 2
    for one, parcel in zip(documents, parcels, strict=True):
        noun = formats.read(one.data).noun
        assert isinstance(noun, Letter)
        assert noun.recipient.names == (f"Receiver & <Sons> {parcel.delivery_id.int & 0xFFFF}",)
        assert letter_of(one, Look(letter=True), at=AT).page.data == parcel.content.data


def test_the_same_letters_are_the_same_bytes_in_any_order() -> None:
    parcels = [letter(number) for number in range(20)]
    first = list(archives("batch", parcels))
    random.Random(6).shuffle(parcels)
    assert list(archives("batch", parcels)) == first
    again = [letter(number, attempt=7) for number in range(20)]
    assert list(archives("batch", again)) == first


def test_a_batch_that_is_too_large_is_several_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    parcels = [letter(number, data=bytes(40)) for number in range(5)]
    parcels.append(letter(5, data=bytes(300)))
    made = list(archives("batch", parcels))
    assert [one.name for one in made] == [f"batch-{number}of4.zip" for number in (1, 2, 3, 4)]
    assert [one.letters for one in made] == [2, 2, 1, 1]
    named = [name for one in made for name in opened(one.data) if name != METADATA]
    assert named == [one.content.name for one in parcels]
    assert [etree.fromstring(opened(one.data)[METADATA]).get("BatchID") for one in made] == [
        one.name.removesuffix(".zip") for one in made
    ]
