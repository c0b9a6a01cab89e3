"""Transfers taken apart: which documents there are, which files are whose, and what is wrong with which."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fakturahub.dialects.apix import sent
from fakturahub.dialects.apix.payslips import payslips
from fakturahub.dialects.apix.sent import Transfer
from fakturahub.errors import (
    DoctypeRefused,
    EmptyBody,
    FakturahubError,
    MissingFile,
    TooManyParts,
    UnknownDocument,
    UnreadableAttachment,
    ZipTooLarge,
    ZipUnreadable,
    ZipUnsafe,
)
from fakturahub.formats import open_document
from fakturahub.intake.limits import ZIP
from tests.unit.dialects.apix.transfers import ATTACHMENT, PDF, PICTURE, finvoice, frame, letter, zipped


def taken(body: bytes, soft: str = "Standard") -> Transfer:
    return sent.invoices(body, soft=soft, interfaces=("PupesoftEDI",))


def names(transfer: Transfer) -> list[list[str]]:
    return [[file.name for file in one.files] for one in transfer.documents]


def refusals(transfer: Transfer) -> list[str | None]:
    return [one.refusal and one.refusal.code for one in transfer.documents]


def numbers(transfer: Transfer) -> list[str | None]:
    return [open_document(one.data).heading.number for one in transfer.documents]


@pytest.fixture(scope="module")
def samples(shared: Path) -> Path:
    return shared / "samples" / "finvoice"


# --- real transfers ---------------------------------------------------------------------------------------------------


def test_the_example_of_the_ruby_client(samples: Path) -> None:
    """Blanks before the declaration, an instruction, ISO-8859-15; one PDF."""
    transfer = taken((samples / "apix_send_invoice_zip_example.zip").read_bytes())
    assert names(transfer) == [["test_invoice.pdf"]]
    assert refusals(transfer) == [None]
    assert transfer.documents[0].files[0].content.startswith(b"%PDF")
    assert (transfer.unclaimed, transfer.documents[0].remarks) == ((), ())


def test_the_example_of_letters(samples: Path) -> None:
    transfer = sent.letters((samples / "apix_send_print_zip_example.zip").read_bytes())
    assert names(transfer) == [["test_invoice.pdf"]]
    assert refusals(transfer) == [None]


@pytest.mark.parametrize(
    ("members", "links"),
    [
        # Odoo, and attachments that lie in a folder (Pupesoft)
        (("finvoice.xml", "invoice.pdf", "attachments.zip"), ("file://invoice.pdf", "file://attachments.zip")),
        (
            ("Apix_finvoice_1001.xml", "Apix_invoice_1001.pdf", "Apix_attachments_1001.zip"),
            ("file://Apix_invoice_1001.pdf", "file://Apix_attachments_1001.zip"),
        ),
        # an old client, without file://; other cases, folders, encoded blanks
        (("x.xml", "invoice.pdf", "attachment.zip"), ("file://invoice.pdf", "attachment.zip")),
        (("X.XML", "INVOICE.PDF", "Attachments.Zip"), ("FILE://invoice.pdf", "file://attachments.zip")),
        (("a/x.xml", "a/invoice 1.pdf", "b/at.zip"), ("file://C:\\tmp\\invoice 1.pdf", "file:///b/at.zip")),
        (("x.xml", "Lasku 1.pdf", "Liitteet ä.zip"), ("file://Lasku%201.pdf", "file://Liitteet%20%C3%A4.zip")),
    ],
)
def test_files_are_found_by_the_names_that_programs_give_them(members: list[str], links: tuple[str, str]) -> None:
    inner = zipped(("attachments/Tunnit.txt", b"hours"), ("attachments/kuva.png", b"\x89PNG"))
    data = finvoice("1001", (PICTURE, links[0]), (ATTACHMENT, links[1]))
    transfer = taken(zipped((members[0], data), (members[1], PDF), (members[2], inner)))
    assert [file.rsplit(".")[-1].lower() for file in names(transfer)[0]] == ["pdf", "txt", "png"]
    assert [file.content for file in transfer.documents[0].files] == [PDF, b"hours", b"\x89PNG"]
    assert (refusals(transfer), transfer.unclaimed) == ([None], ())


@pytest.mark.parametrize("between", ["", "\n", "\r\n\r\n", "\ufeff"])
def test_several_documents_in_one_file(between: str) -> None:
    """Concatenated or framed, whatever stands between them, each with its own declaration or none (Pupesoft: 20)."""
    heads = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        frame("2") + '<?xml version="1.0"?>',
        frame("3"),
        '<?xml version="1.0"?><!DOCTYPE Finvoice SYSTEM "Finvoice.dtd"><?xml-stylesheet href="Finvoice.xsl"?>',
    ]
    documents = [
        finvoice(str(number), (PICTURE, f"file://{number}.pdf"), head=head) for number, head in enumerate(heads, 1)
    ]
    if between == "\ufeff":
        documents, between = documents[:1], "\ufeff"
        data = between.encode() + documents[0]
    else:
        data = between.encode() + between.encode().join(documents)
    pdfs = [(f"{number}.pdf", PDF + b"%d" % number) for number in range(1, len(documents) + 1)]
    transfer = taken(zipped(("data.xml", data), *pdfs))
    assert refusals(transfer) == [None] * len(documents)
    assert numbers(transfer) == [str(number) for number in range(1, len(documents) + 1)]
    assert [one.position for one in transfer.documents] == list(range(1, len(documents) + 1))
    assert names(transfer) == [[f"{number}.pdf"] for number in range(1, len(documents) + 1)]
    assert [one.files[0].content[-1:] for one in transfer.documents] == [
        b"%d" % one.position for one in transfer.documents
    ]


@pytest.mark.parametrize("charset", ["iso-8859-15", "iso-8859-1", "utf-8", "utf-16"])
def test_character_sets_by_declaration(charset: str) -> None:
    head = f'<?xml version="1.0" encoding="{charset}"?>'
    data = finvoice("1", (PICTURE, "file://Lasku Järvi.pdf"), head=head).decode().encode(charset)
    transfer = taken(zipped(("x.xml", data), ("Lasku Järvi.pdf", PDF)))
    assert (refusals(transfer), names(transfer)) == ([None], [["Lasku Järvi.pdf"]])


def test_names_and_texts_belong_together_by_their_place() -> None:
    links = [(ATTACHMENT, "file://a.zip"), ("Ehdot", "https://virta.example/ehdot.pdf"), (PICTURE, "file://b.pdf")]
    body = zipped(("x.xml", finvoice("1", *links)), ("a.zip", zipped(("a.txt", b"a"))), ("b.pdf", PDF))
    assert names(taken(body)) == [["b.pdf", "a.txt"]]


def test_what_stands_in_a_comment_links_nothing() -> None:
    note = f"<!-- <InvoiceUrlText>file://no.pdf</InvoiceUrlText> {frame()} -->"
    body = zipped(("x.xml", finvoice("1", (PICTURE, "file://a.pdf"), note=note)), ("a.pdf", PDF))
    assert (names(taken(body)), refusals(taken(body))) == ([["a.pdf"]], [None])


def test_attachments_that_are_no_archive_go_along_as_they_are() -> None:
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://notes.txt"), (PICTURE, "file://b.pdf")]
    body = zipped(("x.xml", finvoice("1", *links)), ("a.pdf", PDF), ("notes.txt", b"n"), ("b.pdf", PDF + b"b"))
    assert names(taken(body)) == [["a.pdf", "notes.txt", "b.pdf"]]


def test_names_are_flat_and_differ() -> None:
    inner = zipped(("a/x.txt", b"1"), ("b/x.txt", b"2"), ("a.pdf", b"3"))
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip")]
    body = zipped(("x.xml", finvoice("1", *links)), ("a.pdf", PDF), ("z.zip", inner))
    assert names(taken(body)) == [["a.pdf", "x.txt", "x-2.txt", "a-2.pdf"]]


def test_two_documents_may_share_a_file_and_what_nobody_names_is_told() -> None:
    inner = zipped(("terms.txt", b"t"))
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://terms.zip")]
    data = finvoice("1", *links) + b"\n" + finvoice("2", *links)
    transfer = taken(zipped(("x.xml", data), ("a.pdf", PDF), ("terms.zip", inner), ("left.pdf", PDF)))
    assert names(transfer) == [["a.pdf", "terms.txt"]] * 2
    assert transfer.unclaimed == ("left.pdf",)


def test_a_picture_that_is_not_named_is_the_only_pdf_of_the_only_document() -> None:
    transfer = taken(zipped(("x.xml", finvoice("1")), ("some.pdf", PDF)))
    assert (names(transfer), refusals(transfer)) == ([["some.pdf"]], [None])
    assert "some.pdf" in transfer.documents[0].remarks[0]
    linked = taken(zipped(("x.xml", finvoice("1", (ATTACHMENT, "file://Some.pdf"))), ("some.pdf", PDF)))
    assert (names(linked), refusals(linked)) == ([["some.pdf"]], [None])
    two = zipped(("x.xml", finvoice("1") + b"\n" + finvoice("2", (PICTURE, "file://a.pdf"))), ("a.pdf", PDF))
    assert refusals(taken(two)) == ["missing-file", None]
    assert refusals(taken(zipped(("x.xml", finvoice("1"))))) == ["missing-file"]
    assert refusals(taken(zipped(("x.xml", finvoice("1")), ("a.pdf", PDF), ("b.pdf", PDF)))) == ["missing-file"]


def test_documents_of_other_syntaxes_carry_their_files_inside(samples: Path) -> None:
    ubl = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    transfer = taken(zipped(("x.xml", ubl)))
    assert (refusals(transfer), names(transfer)) == ([None], [[]])


# --- what is wrong with one document ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "members", "error", "said"),
    [
        ([(PICTURE, "file://no.pdf")], [], MissingFile, "'no.pdf'"),
        ([(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://no.zip")], [("a.pdf", PDF)], MissingFile, "'no.zip'"),
        ([(PICTURE, "file://a.pdf")], [("x/a.pdf", PDF), ("y/a.pdf", PDF)], MissingFile, "'a.pdf'"),
        ([(PICTURE, "file://../a.pdf")], [("b.pdf", PDF)], MissingFile, "a.pdf"),
        ([(PICTURE, "file://a.pdf")], [("a.pdf", b"MZ")], UnreadableAttachment, "no PDF"),
        (
            [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip")],
            [("a.pdf", PDF), ("z.zip", zipped(("../../etc/passwd", b"x")))],
            ZipUnsafe,
            "leads out",
        ),
        (
            [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip")],
            [("a.pdf", PDF), ("z.zip", zipped(("zeros", bytes(40 * 1024 * 1024))))],
            ZipTooLarge,
            "200 times",
        ),
        (
            [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip")],
            [("a.pdf", PDF), ("z.zip", zipped(("x", b"x"))[:-9])],
            ZipUnreadable,
            "no end",
        ),
    ],
)
def test_one_that_cannot_have_its_files_leaves_the_others_alone(
    links: list[tuple[str, str]], members: list[tuple[str, bytes]], error: type[FakturahubError], said: str
) -> None:
    data = finvoice("1", *links) + b"\n" + finvoice("2", (PICTURE, "file://good.pdf"))
    transfer = taken(zipped(("x.xml", data), *members, ("good.pdf", PDF)))
    refused, fine = transfer.documents
    assert type(refused.refusal) is error
    assert said in str(refused.refusal)
    assert (fine.refusal, [file.name for file in fine.files], fine.position) == (None, ["good.pdf"], 2)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_that_is_none_leaves_the_others_alone_wherever_it_stands(place: int) -> None:
    documents = [finvoice(str(number), (PICTURE, f"file://{number}.pdf")) for number in range(3)]
    documents[place] = documents[place].replace(b'Version="3.0"', b'Version="9.9"')
    transfer = taken(zipped(("x.xml", b"\n".join(documents)), *((f"{n}.pdf", PDF) for n in range(3))))
    expected: list[str | None] = [None] * 3
    expected[place] = "unknown-document"
    assert refusals(transfer) == expected


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"not xml", FakturahubError),
        (b'<?xml version="1.0"?><!DOCTYPE Finvoice [<!ENTITY a "b">]><Finvoice Version="3.0"/>', DoctypeRefused),
        (b'<Order xmlns="urn:nobody"/>', UnknownDocument),
        (zipped(("x.xml", finvoice())), UnknownDocument),
    ],
)
def test_a_data_file_that_is_none_is_one_document_that_is_refused(data: bytes, error: type[FakturahubError]) -> None:
    (one,) = taken(zipped(("x.xml", data), ("a.pdf", PDF))).documents
    assert isinstance(one.refusal, error)
    assert one.position == 1


# --- what is wrong with the transfer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", EmptyBody),
        (b"PK\x03\x04 and nothing more", ZipUnreadable),
        (zipped(("a.pdf", PDF)), UnknownDocument),
        (zipped(), UnknownDocument),
        (zipped(("../x.xml", finvoice())), ZipUnsafe),
        (zipped(("x.xml", bytes(30 * 1024 * 1024))), ZipTooLarge),
        (zipped(*((f"{number}.txt", b"") for number in range(2_001))), ZipTooLarge),
        (zipped(("x" * 800 + ".xml", finvoice())), ZipTooLarge),
    ],
)
def test_a_transfer_that_cannot_be_read_is_raised(body: bytes, error: type[FakturahubError]) -> None:
    for take in (taken, sent.letters):
        with pytest.raises(error):
            take(body)


def test_more_documents_than_are_taken() -> None:
    small = b'<Finvoice Version="3.0"></Finvoice>\n'
    assert len(taken(zipped(("x.xml", small * sent.DOCUMENTS))).documents) == sent.DOCUMENTS
    with pytest.raises(TooManyParts, match="1,000"):
        taken(zipped(("x.xml", small * (sent.DOCUMENTS + 1))))


def test_archives_inside_share_the_room_of_the_whole() -> None:
    """Each is within the limits; together they unpack to more than an archive may."""
    inner = zipped(("n", random.Random(1).randbytes(16 * 1024) * 24 * 64))
    links = [(PICTURE, "file://a.pdf"), *((ATTACHMENT, f"file://{number}.zip") for number in range(7))]
    members = [(f"{number}.zip", inner) for number in range(7)]
    (one,) = taken(zipped(("x.xml", finvoice("1", *links)), ("a.pdf", PDF), *members)).documents
    assert one.refusal is not None
    assert one.refusal.code == "zip-too-large"
    assert f"{ZIP.total:,}" in str(one.refusal)


def test_a_file_that_every_document_names_counts_for_each() -> None:
    """An archive of a few bytes must not become files without end."""
    inner = zipped(*((f"{number}.txt", b"x") for number in range(600)))
    links = [(PICTURE, "file://a.pdf"), *[(ATTACHMENT, "file://z.zip")] * 50]
    data = b"\n".join(finvoice(str(number), *links) for number in range(10))
    transfer = taken(zipped(("x.xml", data), ("a.pdf", PDF), ("z.zip", inner)))
    assert refusals(transfer) == [None] * 8 + ["zip-too-large"] * 2
    assert sum(map(len, names(transfer))) <= sent.FILES
    assert len(names(transfer)[0]) == 601, "linked fifty times, it is there once"


def test_more_attachments_than_a_document_may_have() -> None:
    inner = [(f"{half}.zip", zipped(*((f"{half}-{number}", b"") for number in range(600)))) for half in "ab"]
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://a.zip"), (ATTACHMENT, "file://b.zip")]
    assert refusals(taken(zipped(("x.xml", finvoice("1", *links)), ("a.pdf", PDF), *inner))) == [
        "unreadable-attachment"
    ]


# --- without a ZIP ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("soft", ["PupesoftEDI", "pupesoftedi", " PUPESOFTEDI "])
def test_a_body_without_a_zip_from_a_program_that_may(soft: str) -> None:
    transfer = taken(finvoice("1") + b"\n" + frame("2").encode() + finvoice("2"), soft)
    assert (numbers(transfer), names(transfer)) == (["1", "2"], [[], []])
    assert refusals(taken(b"UNB+UNOC:3+0037+0037'", soft)) == ["not-xml"]
    assert names(taken(zipped(("x.xml", finvoice("1", (PICTURE, "file://a.pdf"))), ("a.pdf", PDF)), soft)) == [
        ["a.pdf"]
    ]


@pytest.mark.parametrize("soft", ["Standard", "", "PupesoftEDI2"])
def test_any_other_program_sends_a_zip(soft: str) -> None:
    with pytest.raises(ZipUnreadable, match="interfaces"):
        taken(finvoice("1"), soft)


# --- letters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", [b"%b\n%b", b"<Letters>%b%b</Letters>"])
def test_several_letters_in_one_file(around: bytes) -> None:
    data = around % (letter("1", "1.pdf"), letter("2", "2.pdf"))
    transfer = sent.letters(zipped(("letters.xml", data), ("1.pdf", PDF), ("2.pdf", PDF)))
    assert (numbers(transfer), names(transfer)) == (["1", "2"], [["1.pdf"], ["2.pdf"]])
    assert refusals(transfer) == [None, None]


def test_a_letter_needs_its_pages_and_an_invoice_is_none() -> None:
    data = letter("1", "1.pdf") + b"\n" + letter("2", None)
    transfer = sent.letters(zipped(("letters.xml", data), ("2.pdf", PDF)))
    assert refusals(transfer) == ["missing-file", "missing-file"]
    invoice = sent.letters(zipped(("x.xml", finvoice("1", (PICTURE, "file://a.pdf"))), ("a.pdf", PDF)))
    assert refusals(invoice) == ["unknown-document"]


def test_what_is_wrong_inside_a_document_is_not_judged_here() -> None:
    (one,) = sent.letters(zipped(("x.xml", b"<Letter><DocumentID>"), ("a.pdf", PDF))).documents
    assert (one.refusal, one.data, len(one.files)) == (None, b"<Letter><DocumentID>", 1)


# --- hostile bytes --------------------------------------------------------------------------------------------------


def test_whatever_bytes_are_wrong_it_is_told_and_nothing_else_is_raised() -> None:
    """A good transfer with bytes changed, cut out and doubled; the archive's and those of the data file."""
    chance = random.Random(5)
    links = [(PICTURE, "file://a.pdf"), (ATTACHMENT, "file://z.zip")]
    data = finvoice("1", *links) + b"\n" + frame().encode() + finvoice("2", (PICTURE, "file://a.pdf"))
    members = [("a.pdf", PDF), ("z.zip", zipped(("x.txt", b"x")))]
    taken_apart = refused = 0
    for number in range(400):
        inner, outer = bytearray(data), bytearray(zipped(("x.xml", data), *members))
        target = inner if number % 2 else outer
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(target))
            match chance.randrange(3):
                case 0:
                    target[at] = chance.randrange(256)
                case 1:
                    del target[at : at + chance.randint(1, 40)]
                case _:
                    target[at:at] = target[at : at + chance.randint(1, 40)]
        body = zipped(("x.xml", bytes(inner)), *members) if number % 2 else bytes(outer)
        for take in (taken, sent.letters, payslips):
            try:
                found = take(body)
            except FakturahubError:
                refused += 1
            else:
                taken_apart += 1
                assert found.documents
                assert [one.position for one in found.documents] == list(range(1, len(found.documents) + 1))
    assert taken_apart > 100
    assert refused > 100
