"""Letters: the real one, several in one file, what is lost, what is refused, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fakturahub import formats
from fakturahub.errors import (
    BadValue,
    MissingTerm,
    NotWellFormed,
    SeveralDocuments,
    UnknownDocument,
    UnreadableAttachment,
    UnwritableDocument,
)
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import Identifier, Kind
from fakturahub.model.invoice import Invoice
from fakturahub.model.letter import Letter, LetterAddress, LetterFile, LetterParty
from tests.unit.formats.prove import leaves, unaccounted, unheard

LETTER = (
    b'<Letter Version="1.0"><DocumentID>17</DocumentID><SenderPartyDetails><SenderPartyIdentifier>0838105-5'
    b"</SenderPartyIdentifier><SenderOrganisationName>Testi Oy</SenderOrganisationName></SenderPartyDetails>"
    b"<InvoiceUrlNameText>APIX_PDFFILE</InvoiceUrlNameText><InvoiceUrlText>file://a.pdf</InvoiceUrlText></Letter>"
)


def _version(path: str, value: str) -> bool:
    return path.endswith("/@Version")


def test_the_real_letter(shared: Path) -> None:
    data = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    found = formats.recognise(data)
    assert (found.syntax, found.version, found.charset, found.documents) == ("letters-1.0", "1.0", "utf-8", 1)
    opened = formats.open_document(data)
    heading = opened.heading
    assert (heading.kind, heading.number) == (Kind.LETTER, "63411234")
    assert (heading.seller.name, heading.seller.business_id) == ("Devlab Oy", Identifier("0838105-5"))
    assert (heading.buyer.name, heading.buyer.country) == ("Ahkio", "FI")
    assert [(one.id, one.uri, one.embedded) for one in heading.attachments] == [
        ("APIX_PDFFILE", "file://test_invoice.pdf", False)
    ]
    assert opened.attachments() == ()
    reading = formats.read(data)
    assert reading.losses == ()
    assert unaccounted(data, reading, prescribed=_version) == []
    assert unheard(data, formats.read, prescribed=_version) == []


def test_what_is_written_is_what_was_sent(shared: Path) -> None:
    data = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    noun = formats.read(data).noun
    written = formats.write(noun, "letters-1.0")
    assert written.losses == ()
    assert written.files == ()
    assert formats.read(written.data).noun == noun
    assert formats.write(noun, "letters-1.0") == written
    plain = etree.XMLParser(remove_blank_text=True)
    assert etree.tostring(etree.fromstring(written.data, plain)) == etree.tostring(etree.fromstring(data, plain))


def test_what_is_not_known_is_told() -> None:
    data = LETTER.replace(
        b"</SenderPartyDetails>",
        b'<Extra mark="m">e<Deep>d</Deep>t</Extra></SenderPartyDetails>stray',
    )
    data = data.replace(b"<DocumentID>17", b"<DocumentID>17</DocumentID><DocumentID a='b'>18<x>19</x>")
    reading = formats.read(data)
    assert {(loss.value, loss.why) for loss in reading.losses} == {
        ("m", "not-understood"),
        ("e", "not-understood"),
        ("d", "not-understood"),
        ("t", "not-understood"),
        ("stray", "not-understood"),
        ("18", "cardinality"),
        ("b", "not-understood"),
        ("19", "not-understood"),
    }
    assert all(loss.place and "line 1" in loss.place for loss in reading.losses)
    assert unaccounted(data, reading, prescribed=_version) == []


def test_another_version_is_told() -> None:
    data = LETTER.replace(b"1.0", b"2.0")
    assert formats.recognise(data).version == "2.0"
    assert [(loss.value, loss.why) for loss in formats.read(data).losses] == [("2.0", "not-understood")]


def test_a_text_where_elements_belong_is_told() -> None:
    data = LETTER.replace(
        b"<InvoiceUrlNameText>", b"<DeliveryPartyDetails>Ahkio</DeliveryPartyDetails><InvoiceUrlNameText>"
    )
    assert [loss.value for loss in formats.read(data).losses] == ["Ahkio"]


def test_roles_and_addresses_pair_by_place() -> None:
    data = LETTER.replace(
        b"<InvoiceUrlNameText>APIX_PDFFILE</InvoiceUrlNameText>",
        b"<InvoiceUrlNameText/><InvoiceUrlNameText>APIX_PDFFILE</InvoiceUrlNameText>",
    ).replace(b"</Letter>", b"<InvoiceUrlText>file://b.pdf</InvoiceUrlText><InvoiceUrlText>x</InvoiceUrlText></Letter>")
    letter = formats.read(data).noun
    assert isinstance(letter, Letter)
    assert [(file.role, file.uri) for file in letter.files] == [
        (None, "file://a.pdf"),
        ("APIX_PDFFILE", "file://b.pdf"),
        (None, "x"),
    ]
    assert formats.read(formats.write(letter, "letters-1.0").data).noun == letter


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        (b"<Letters>" + LETTER + LETTER.replace(b">17<", b">18<") + b"</Letters>", ["17", "18"]),
        (LETTER + b"\n" + LETTER.replace(b">17<", b">18<") + b"\n", ["17", "18"]),
        (
            b"\n<?xml version='1.0'?><!-- <Letter> -->"
            + LETTER
            + b"\n<?xml version='1.0'?>"
            + LETTER.replace(b">17<", b">18<"),
            ["17", "18"],
        ),
        (LETTER.replace(b"<DocumentID>", b"<DocumentID><![CDATA[<Letter >]]>") + LETTER, ["<Letter >17", "17"]),
        (b"<Letters>" + LETTER + b"</Letters>", ["17"]),
        (LETTER, ["17"]),
    ],
)
def test_several_in_one_file(data: bytes, numbers: list[str]) -> None:
    assert formats.recognise(data).documents == len(numbers)
    each = formats.documents(data)
    assert [formats.read_heading(one).number for one in each] == numbers
    if len(numbers) > 1:
        for ask in (formats.open_document, formats.read, formats.attachments):
            with pytest.raises(SeveralDocuments, match="2 documents"):
                ask(data)


def test_letters_behind_another_are_in_the_same_character_set() -> None:
    letter = LETTER.replace(b"Testi Oy", "Mäki Oy".encode("iso-8859-15"))
    data = b'<?xml version="1.0" encoding="ISO-8859-15"?>' + letter + letter
    assert formats.recognise(data).charset == "iso-8859-15"
    assert [formats.read_heading(one).seller.name for one in formats.documents(data)] == ["Mäki Oy", "Mäki Oy"]
    assert formats.recognise((b"<?xml version='1.0'?>" + LETTER).decode().encode("utf-16")).charset == "utf-16le"


def test_what_is_behind_the_last_letter_is_not_passed_over() -> None:
    with pytest.raises(NotWellFormed, match="follows"):
        formats.documents(LETTER + LETTER + b"<Letter Version='1.0'>")


def test_refusals() -> None:
    with pytest.raises(MissingTerm, match="DocumentID"):
        formats.read(LETTER.replace(b"17", b" "))
    with pytest.raises(BadValue, match="characters"):
        formats.read(LETTER.replace(b"17", b"1" * 300))
    with pytest.raises(UnknownDocument, match="no letter"):
        formats.read(b"<Letters></Letters>")
    with pytest.raises(UnknownDocument, match="namespace"):
        formats.read(b"<Letter xmlns='urn:x'/>")
    with pytest.raises(UnwritableDocument, match="invoice"):
        formats.write(Invoice(number="1"), "letters-1.0")
    with pytest.raises(MissingTerm):
        formats.write(Letter(), "letters-1.0")
    with pytest.raises(UnwritableDocument, match="XML"):
        formats.write(Letter(number="1\0"), "letters-1.0")


def test_more_lines_than_the_format_has_are_told() -> None:
    party = LetterParty(names=("a", "b", "c"), address=LetterAddress(streets=("1", "2", "3", "4")))
    written = formats.write(Letter(number="1", recipient=party), "letters-1.0")
    assert [(loss.value, loss.why, loss.place) for loss in written.losses] == [
        ("c", "cardinality", "recipient.names[2]"),
        ("3", "cardinality", "recipient.address.streets[2]"),
        ("4", "cardinality", "recipient.address.streets[3]"),
    ]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
LINES = st.lists(TEXT, max_size=2).map(tuple)
MAYBE = st.none() | TEXT
ADDRESS = st.builds(LetterAddress, streets=LINES, town=MAYBE, post_code=MAYBE, country=MAYBE)
PARTY = st.builds(LetterParty, identifier=MAYBE, names=LINES, address=st.none() | ADDRESS)
FILE = st.builds(LetterFile, role=MAYBE, uri=MAYBE).filter(lambda file: file.role or file.uri)


@settings(max_examples=60, deadline=None)
@given(st.builds(Letter, number=TEXT, sender=PARTY, recipient=PARTY, files=st.lists(FILE, max_size=3).map(tuple)))
def test_written_and_read_again(letter: Letter) -> None:
    written = formats.write(letter, "letters-1.0")
    assert written.losses == ()
    reading = formats.read(written.data)
    assert reading.noun == letter
    assert reading.losses == ()
    assert all(leaf.value for leaf in leaves(etree.fromstring(written.data)))


def test_a_letter_has_so_many_files_and_no_more() -> None:
    def with_files(count: int) -> bytes:
        return LETTER.replace(b"</Letter>", b"<InvoiceUrlText>file://a.pdf</InvoiceUrlText>" * count + b"</Letter>")

    before = len(formats.read_heading(LETTER).attachments)
    assert len(formats.read_heading(with_files(ATTACHMENT.count - before)).attachments) == ATTACHMENT.count
    with pytest.raises(UnreadableAttachment, match=f"more than {ATTACHMENT.count:,}"):
        formats.read_heading(with_files(ATTACHMENT.count - before + 1))
