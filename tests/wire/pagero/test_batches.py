"""Documents with their files in a ZIP: what belongs to what, what is refused and by which code (specification 6)."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import pytest

from tests.running import Hub, invoice
from tests.unit.dialects.apix.transfers import zipped
from tests.wire.apix.sending import bill as finvoice
from tests.wire.apix.sending import pdf
from tests.wire.companies import Reader, bill, with_attachments
from tests.wire.pagero.interchange import downloaded, paragraphs, posting, submission_of
from tests.wire.pagero.test_success import RECEIVED
from tests.wire.raw import RawAnswer, basic, exchange
from tests.wire.stored import documents, rows

MIB = 1024**2
PDF = pdf()
#: takes several documents in a ZIP, and has nothing checked
PAKET = basic("paket", "paket-password")
REJECTED = "The transfer is stored, but its document was rejected: "


def send(hub: Hub, body: bytes, *, key: str | None = None, by: str | None = None, mode: str = "prod") -> RawAnswer:
    path = f"/pagero/incoming/default/invoice/{mode}"
    return exchange(
        hub.port, posting(body, "Content-Type: application/zip", key=key, path=path, authorization=by or basic())
    )


def page(*lines: str) -> str:
    """The whole answer that says *lines* after the id of the submission."""
    said = "".join(f"<p>{line}</p>\n" for line in lines)
    return RECEIVED.replace("</body>", f"{said}</body>").replace(": 154", f": {154 + len(said)}")


def count(hub: Hub) -> int:
    (found,) = rows(hub, "SELECT count(*) AS n FROM submission")
    return int(found["n"])


# --- what belongs to what --------------------------------------------------------------------------------------------


def test_a_document_and_its_files_go_to_its_receiver_as_they_came(big_hub: Hub, reader: Reader) -> None:
    document = bill("ZB-1", reader)
    files = {
        "INV1.pdf": PDF,
        "INV1_1.csv": b"a;b\n",
        "terms.txt": b"Thirty days.\n",
        "more.zip": zipped(("x.xml", b"<x/>")),
    }
    answer = send(big_hub, zipped(("INV1.xml", document), *files.items()), key="zb-1")
    assert answer.shown == RECEIVED
    assert downloaded(big_hub, reader, submission_of(answer)) == {"invoice.xml": document, **files}


def test_a_finvoice_and_its_picture_go_on_as_apix_has_them(big_hub: Hub, reader: Reader) -> None:
    document = finvoice("ZB-2", reader, reader, ("APIX_PDFFILE", "file://LASKU.pdf"))
    answer = send(big_hub, zipped(("lasku.xml", document), ("lasku.pdf", PDF), ("lasku_2.csv", b"a;b")))
    found = downloaded(big_hub, reader, submission_of(answer))
    assert found == {
        "invoice.xml": document.replace(b"LASKU.pdf", b"lasku.pdf"),
        "lasku.pdf": PDF,
        "lasku_2.csv": b"a;b",
    }


def test_several_documents_are_judged_each_for_itself(big_hub: Hub, reader: Reader) -> None:
    first, second = bill("ZB-3a", reader), bill("ZB-3b", reader)
    body = zipped(
        ("A.xml", first),
        ("A.pdf", PDF),
        ("b/B.xml", second),
        ("b/B_1.txt", b"for B"),
        ("C.xml", invoice("ZB-3c")[:-40]),
        ("D.xml", bill("ZB-3d", reader)),
        ("D.exe", b"MZ\0\0"),
        ("readme.txt", b"whose?"),
        ("<b>.csv", b"whose?"),
    )
    answer = send(big_hub, body, key="zb-3", by=PAKET)
    submission = submission_of(answer)
    said = paragraphs(answer)[1:]
    assert [one for one in said if one.startswith("Document ")] == [
        "Document 1 of 4: A.xml, number ZB-3a.",
        "Document 2 of 4: B.xml, number ZB-3b.",
        "Document 3 of 4: C.xml.",
        "Document 4 of 4: D.xml, number ZB-3d.",
    ]
    assert [one.partition(": ")[2].partition(":")[0] for one in said if one.startswith(REJECTED)] == [
        "xml-not-well-formed",
        "attachment-type-refused",
    ]
    assert said[-1] == (
        "These files of the ZIP archive belong to none of its documents, and went with none of them: "
        "readme.txt, _b_.csv."
    )
    assert downloaded(big_hub, reader, submission, "ZB-3a") == {"invoice.xml": first, "A.pdf": PDF}
    assert downloaded(big_hub, reader, submission, "ZB-3b") == {"invoice.xml": second, "B_1.txt": b"for B"}
    states = {one["number"]: one["state"] for one in documents(big_hub, submission)}
    assert states == {"ZB-3a": "delivered", "ZB-3b": "delivered", None: "rejected", "ZB-3d": "rejected"}
    # the same again is the same; other bytes under the key are not
    assert send(big_hub, body, key="zb-3", by=PAKET).body == answer.body
    other = send(big_hub, zipped(("A.xml", first)), key="zb-3", by=PAKET)
    assert (other.status, paragraphs(other)[0]) == (409, "Code idempotency-conflict (PUF-020 11300)")
    assert submission in paragraphs(other)[1]


def test_without_a_key_the_whole_archive_makes_a_repeat(big_hub: Hub, reader: Reader) -> None:
    document = bill("ZB-4", reader)
    body = zipped(("a.xml", document), ("a.pdf", PDF))
    answer = send(big_hub, body)
    assert send(big_hub, body).body == answer.body
    # another file beside it, or none around it, is another transfer
    others = [send(big_hub, zipped(("a.xml", document), ("a.txt", b"x"))), send(big_hub, document)]
    assert len({submission_of(one) for one in (answer, *others)}) == 3


def test_names_of_people(big_hub: Hub, reader: Reader) -> None:
    """Letters of any script, reserved characters, folders; and sizes that follow the content."""
    document = bill("ZB-5", reader)
    made = io.BytesIO()

    class Pipe(io.RawIOBase):
        """A stream that nobody can go back in: the writer puts sizes and checksums behind the members."""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return made.write(data)  # type: ignore[arg-type]

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("utgående/Faktura å 5%.xml", document)
        archive.writestr("utgående/Faktura å 5%: kvitto?.pdf", PDF)
        archive.writestr("смета.csv", b"1;2")
        archive.writestr("a=b;c,d.txt", b"text")
    assert b"PK\x07\x08" in made.getvalue()
    answer = send(big_hub, made.getvalue())
    assert answer.shown == RECEIVED
    assert downloaded(big_hub, reader, submission_of(answer)) == {
        "invoice.xml": document,
        "Faktura å 5%_ kvitto_.pdf": PDF,
        "смета.csv": b"1;2",
        "a=b;c,d.txt": b"text",
    }


# --- none, or too many -----------------------------------------------------------------------------------------------

NONE = {
    "empty": (zipped(), "There is no business document in the ZIP archive; it holds nothing."),
    "files only": (
        zipped(("a.pdf", PDF), ("b.txt", b"x")),
        "There is no business document in the ZIP archive; it holds &#x27;a.pdf&#x27;, &#x27;b.txt&#x27;.",
    ),
    "a ZIP in a ZIP": (
        zipped(("inner.zip", zipped(("a.xml", invoice("ZB-6"))))),
        "There is no business document in the ZIP archive; it holds &#x27;inner.zip&#x27;.",
    ),
    "another XML": (
        zipped(("a.xml", b"<Other/>"), ("a.pdf", PDF)),
        "There is no business document in the ZIP archive. The root element is &#x27;Other&#x27; without a namespace; "
        "no known document begins like this.",
    ),
    "an internal subset": (
        zipped(("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")),
        "There is no business document in the ZIP archive. The document has a DOCTYPE with declarations of "
        "its own. (at line 1)",
    ),
}


@pytest.mark.parametrize("name", NONE)
def test_an_archive_without_a_document_is_stored_and_rejected(hub: Hub, name: str) -> None:
    body, reason = NONE[name]
    answer = send(hub, body, key=f"zb-7-{name}")
    assert answer.shown == page(f"{REJECTED}no-business-document (PUF-020 13200): {reason}")
    (document,) = documents(hub, submission_of(answer))
    assert (document["state"], document["submission"], document["number"]) == ("rejected", "refused", None)
    (kept,) = rows(hub, "SELECT sha256, size FROM document WHERE id = $1", document["id"])
    assert (kept["sha256"], kept["size"]) == (hashlib.sha256(body).digest(), len(body))
    # it does not take its key
    assert send(hub, invoice(f"ZB-7-{name}"), key=f"zb-7-{name}").shown == RECEIVED


def test_several_documents_where_one_is_taken(big_hub: Hub, reader: Reader) -> None:
    body = zipped(("a.xml", bill("ZB-8a", reader)), ("b.xml", bill("ZB-8b", reader)), ("a.pdf", PDF))
    answer = send(big_hub, body, key="zb-8")
    assert answer.shown == page(
        f"{REJECTED}several-documents-refused (PUF-020 12500): The ZIP archive holds 2 documents; one is taken at a "
        "time."
    )
    assert [one["state"] for one in documents(big_hub, submission_of(answer))] == ["rejected"]
    assert rows(big_hub, "SELECT id FROM document WHERE number IN ('ZB-8a', 'ZB-8b')") == []
    assert len(paragraphs(send(big_hub, body, key="zb-8", by=PAKET))) > 3


def test_who_may_not_send_has_nothing_taken_apart(big_hub: Hub) -> None:
    before = count(big_hub)
    answer = send(big_hub, b"PK\x03\x04 no archive", by=basic("lager", "lager-password"))
    assert (answer.status, paragraphs(answer)[0], count(big_hub)) == (403, "Code no-contract", before)


# --- archives that are refused ---------------------------------------------------------------------------------------

GOOD = zipped(("a.xml", invoice("ZB-9")), ("a.pdf", PDF))


def _encrypted() -> bytes:
    data = bytearray(GOOD)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1
    return bytes(data)


def _damaged() -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.xml", invoice("ZB-9"))
    return stored.getvalue().replace(b"ZB-9", b"ZB-X")


UNREADABLE = {
    "cut off": (GOOD[:-10], 400, "zip-unreadable", "The ZIP archive has no end; it was cut off"),
    "encrypted": (_encrypted(), 400, "zip-unreadable", "A member of the ZIP archive is encrypted;"),
    "damaged": (_damaged(), 400, "zip-unreadable", "A member of the ZIP archive is damaged: its checksum is wrong."),
    "with something behind it": (GOOD + b"x", 400, "zip-unreadable", "The ZIP archive has no end;"),
    "up": (zipped(("../a.xml", invoice("ZB-9"))), 400, "zip-unsafe", "A member of the ZIP archive has a name that"),
    "from the root": (zipped(("/a.xml", invoice("ZB-9"))), 400, "zip-unsafe", "A member of the ZIP archive has a"),
    "two of a name": (
        zipped(("a.xml", invoice("ZB-9")), ("A.XML", b"<a/>")),
        400,
        "zip-unsafe",
        "Two members of the ZIP archive have the same name.",
    ),
    "a bomb": (
        zipped(("a.xml", invoice("ZB-9")), ("a.pdf", b"%PDF-1.4" + bytes(40 * MIB))),
        400,
        "zip-too-large",
        "A member of the ZIP archive is more than 200 times as large as its packed form.",
    ),
    "2,001 members": (
        zipped(*((f"{number}.txt", b"x") for number in range(2_001))),
        400,
        "zip-too-large",
        "The ZIP archive has 2,001 members; the limit is 2,000.",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_archive_that_cannot_be_read_is_refused_and_not_stored(hub: Hub, name: str) -> None:
    body, status, code, reason = UNREADABLE[name]
    before = count(hub)
    answer = send(hub, body)
    said = paragraphs(answer)
    assert (answer.status, said[0]) == (status, f"Code {code}")
    assert said[1].startswith(reason)
    assert count(hub) == before


# --- attachments -----------------------------------------------------------------------------------------------------

LARGE = b"%PDF-1.4 " + b"x" * (27 * MIB)
FILES = {
    "empty": ("a.pdf", b"", "empty-attachment (PUF-020 10300): The attachment a.pdf is empty. (term BT-125)"),
    "too large": (
        "a.pdf",
        LARGE,
        "attachment-too-large (PUF-020 10400): The attachment a.pdf has 28,311,561 bytes; the limit is 26,214,400. "
        "(term BT-125)",
    ),
    "a program": (
        "setup.exe",
        b"MZ\x90\0",
        "attachment-type-refused: The attachment setup.exe is of a type that is not",
    ),
    "without an ending": (
        "LICENCE",
        b"free",
        "attachment-type-refused: The attachment LICENCE is of a type that is not",
    ),
    "a program called text": (
        "a.txt",
        b"MZ\x90\0\x03\0\0\0",
        "attachment-type-refused: The attachment a.txt is called txt, and its bytes are of another type.",
    ),
    "a picture called PDF": (
        "a.pdf",
        b"\x89PNG\r\n\x1a\n",
        "attachment-type-refused: The attachment a.pdf is called pdf, and its bytes are of another type.",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files_beside_a_document_that_are_not_taken(hub: Hub, name: str) -> None:
    file, content, reason = FILES[name]
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.xml", invoice(f"ZB-10-{name}"))
        archive.writestr(file, content)
    answer = send(hub, stored.getvalue())
    assert answer.status == 200
    assert paragraphs(answer)[1].startswith(REJECTED + reason), paragraphs(answer)
    assert rows(hub, "SELECT state FROM document WHERE number = $1", f"ZB-10-{name}") == [{"state": "rejected"}]


EMBEDDED = {
    "empty": ("application/pdf", "a.pdf", b"", "empty-attachment (PUF-020 10300): The attachment is empty."),
    "a program": (
        "application/octet-stream",
        "a.exe",
        b"MZ",
        "attachment-type-refused: The attachment a.exe is of a type",
    ),
    "of a type that nobody names": (
        "application/x-own",
        None,
        b"x",
        "attachment-type-refused: The attachment A1.bin is",
    ),
    "a program called text": (
        "text/plain",
        None,
        b"\x7fELF\x02",
        "attachment-type-refused: The attachment A1.txt is called",
    ),
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_files_in_a_document_that_are_not_taken(hub: Hub, name: str) -> None:
    mime, file, content, reason = EMBEDDED[name]
    document = with_attachments(invoice(f"ZB-11-{name}"), (mime, file, base64.b64encode(content).decode()))
    for body in (document, zipped(("a.xml", document))):
        answer = send(hub, body, mode="test")
        assert answer.status == 200
        assert paragraphs(answer)[1].startswith(REJECTED + reason), paragraphs(answer)


def test_what_is_remarked_of_attachments(hub: Hub) -> None:
    text = with_attachments(
        invoice("ZB-12"),
        ("application/pdf", "ZB-12.pdf", base64.b64encode(PDF).decode()),
        ("image/jpeg", "photo.jpg", base64.b64encode(b"no photo").decode()),
        ("application/pdf", "large.pdf", base64.b64encode(LARGE[: 6 * MIB]).decode()),
        ("image/png", "dot.png", base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()),
    )
    answer = send(hub, text, mode="test")
    said = [one for one in paragraphs(answer) if one.startswith("The attachment ")]
    assert said == [
        "The attachment photo.jpg is called jpg, and does not begin as such a file does.",
        "The attachment large.pdf has 6,291,456 bytes; at most 5,242,880 are recommended.",
        "The attachment ZB-12.pdf is a picture of the document itself; documents that follow EN 16931 carry none "
        "embedded.",
    ]
    (stored,) = rows(hub, "SELECT state, facts::text AS facts FROM document WHERE number = 'ZB-12'")
    assert stored["state"] == "routed"
    for rule in ("attachment-type", "attachment-size", "attachment-picture"):
        assert f'"{rule}"' in stored["facts"]


def test_a_file_that_a_document_names_and_that_did_not_come(big_hub: Hub, reader: Reader) -> None:
    document = finvoice("ZB-13", reader, reader, ("LIITE", "file://missing.pdf"))
    answer = send(big_hub, zipped(("a.xml", document), ("other.pdf", PDF)))
    assert paragraphs(answer)[1] == (
        f"{REJECTED}missing-file (PUF-020 10100): The document names the file 'file://missing.pdf', which is not in "
        "the ZIP archive. (term BT-124)"
    )
    # alone it never had a file beside it: it goes on as it is, and that is told
    told = "The document names the file 'file://missing.pdf' beside it, which did not come with it."
    assert told in paragraphs(send(big_hub, document, mode="test"))
