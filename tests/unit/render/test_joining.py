"""PDFs one behind the other: their order, their bytes, what is dropped, and what strangers may not do."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest

from fakturahub.errors import RenderingFailed, UnrenderableDocument
from fakturahub.render.joining import MOST_PARTS, joined


def pdf(width: int, text: bytes = b"") -> bytes:
    made = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(width, 842))
        document.pages[0].Contents = document.make_stream(text)
        document.save(made)
    return made.getvalue()


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def test_pages_in_their_order_and_the_same_bytes() -> None:
    parts = [pdf(100, b"0 0 m"), pdf(300), pdf(200)]
    made = joined(parts)
    assert made == joined(parts)
    assert made != joined(parts[::-1])
    with opened(made) as document:
        assert [int(page.mediabox[2]) for page in document.pages] == [100, 300, 200]
        assert document.pages[0].Contents.read_bytes() == b"0 0 m"


def test_only_pages_are_kept() -> None:
    made = io.BytesIO()
    with opened(pdf(100)) as document:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        document.attachments["hidden.xml"] = b"<hidden/>"
        document.docinfo["/Author"] = "Somebody"
        page = document.pages[0]
        page.AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("alert(2)")))
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 9, 9],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://evil.example/")),
        )
        page.Annots = pikepdf.Array([document.make_indirect(link)])
        document.save(made)
    whole = joined([made.getvalue(), pdf(200)])
    with opened(whole) as document:
        assert set(document.Root.keys()) <= {"/Type", "/Pages", "/Version"}
        assert "/Info" not in document.trailer
        unfolded = io.BytesIO()
        document.save(unfolded, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    for word in (b"JavaScript", b"evil.example", b"hidden", b"Somebody"):
        assert word not in unfolded.getvalue()


def test_one_that_only_its_owner_locked_is_opened() -> None:
    made = io.BytesIO()
    with opened(pdf(100)) as document:
        document.save(made, encryption=pikepdf.Encryption(user="", owner="secret"))
    with opened(joined([pdf(300), made.getvalue()])) as document:
        assert len(document.pages) == 2
        assert not document.is_encrypted


def test_a_damaged_one_is_named_by_its_place() -> None:
    with pytest.raises(UnrenderableDocument, match="PDF 2 of the 3"):
        joined([pdf(100), b"%PDF-1.7\nnothing", pdf(100)])


def test_too_many() -> None:
    with pytest.raises(UnrenderableDocument, match=f"{MOST_PARTS + 1} PDFs .* limit is {MOST_PARTS}"):
        joined([b""] * (MOST_PARTS + 1))


def folded(blanks: int) -> bytes:
    """A PDF of one page, the objects of which lie in a stream that unfolds to more than *blanks* bytes."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 842]>>",
    )
    places = b" ".join(b"%d %d" % (n + 1, sum(map(len, objects[:n]))) for n in range(len(objects)))
    packed = zlib.compress(places + b" " + b"".join(objects) + b" " * blanks, 9)
    head = b"%PDF-1.7\n"
    stream = b"4 0 obj <</Type/ObjStm/N 3/First %d/Filter/FlateDecode/Length %d>> stream\n%b\nendstream endobj\n" % (
        len(places) + 1,
        len(packed),
        packed,
    )
    at = len(head) + len(stream)
    entries = [(0, 0, 65535), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, len(head), 0), (1, at, 0)]
    table = b"".join(kind.to_bytes(1) + one.to_bytes(4) + two.to_bytes(2) for kind, one, two in entries)
    listed = b"5 0 obj <</Type/XRef/Size 6/W[1 4 2]/Root 1 0 R/Length %d>> stream\n%b\nendstream endobj\n" % (
        len(table),
        table,
    )
    return head + stream + listed + b"startxref\n%d\n%%%%EOF\n" % at


def test_what_unfolds_into_much_more_is_refused() -> None:
    with opened(joined([pdf(100), folded(1_000)])) as document:
        assert [int(page.mediabox[2]) for page in document.pages] == [100, 200]
    data = folded(100 * 1024**2)
    assert len(data) < 200_000
    with pytest.raises(UnrenderableDocument, match="PDF 2 of the 2"):
        joined([pdf(100), data])


def test_what_takes_too_much_or_too_long_is_stopped() -> None:
    with pytest.raises(RenderingFailed, match="more than it may"):
        joined([pdf(100), pdf(200)], memory=1024**2)
    with pytest.raises(RenderingFailed, match=r"longer than 0\.001 seconds"):
        joined([pdf(100), pdf(200)], seconds=0.001)
