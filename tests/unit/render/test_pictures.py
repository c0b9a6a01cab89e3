"""Pictures of pages, of our own PDFs and of what others call one."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from fakturahub.errors import UnrenderableDocument
from fakturahub.render import pictures


def document(*sizes: tuple[float, float], **saving: object) -> bytes:
    pdf = pikepdf.new()
    for size in sizes:
        pdf.add_blank_page(page_size=size)
        mark = b"0 0 0 rg 0 0 %f %f re f" % (size[0] / 2, size[1])
        pdf.pages[-1].Contents = pdf.make_stream(mark)
    made = io.BytesIO()
    pdf.save(made, **saving)  # type: ignore[arg-type]
    return made.getvalue()


A4 = document((595, 842), (842, 595))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("draw", [pictures.jpeg, pictures.png])
def test_a_picture_has_the_size_that_was_asked_for(draw) -> None:  # type: ignore[no-untyped-def]
    for size in (pictures.SIZE, pictures.SENDREGNING, (100, 900), (2, 2)):
        assert opened(draw(A4, size=size)).size == size


def test_a_page_is_drawn_whole_in_the_middle_of_white() -> None:
    picture = opened(pictures.png(A4, page=2, size=(842, 842)))
    assert picture.getpixel((10, 421)) == (0, 0, 0)
    assert picture.getpixel((700, 421)) == (255, 255, 255)
    assert picture.getpixel((10, 60)) == (255, 255, 255)
    assert picture.getpixel((10, 780)) == (255, 255, 255)


def test_formats_are_what_they_are_called() -> None:
    assert pictures.count(A4) == 2
    assert opened(pictures.jpeg(A4)).format == "JPEG"
    assert opened(pictures.png(A4)).format == "PNG"


def test_a_page_that_is_not_there_is_refused() -> None:
    for page in (0, 3, -1):
        with pytest.raises(UnrenderableDocument, match="no page"):
            pictures.png(A4, page=page)


@pytest.mark.parametrize("size", [(0, 10), (10, 4_001)])
def test_a_size_beyond_the_limits_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnrenderableDocument, match="pixels"):
        pictures.png(A4, size=size)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\nnonsense", A4[:200], b"<html/>"])
def test_a_damaged_pdf_is_refused(data: bytes) -> None:
    for act in (pictures.count, pictures.jpeg):
        with pytest.raises(UnrenderableDocument):
            act(data)


def test_a_locked_pdf_is_refused() -> None:
    locked = document((595, 842), encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(UnrenderableDocument, match="password"):
        pictures.count(locked)


def test_a_page_as_large_as_a_field_is_drawn_in_the_size_that_was_asked_for() -> None:
    assert opened(pictures.png(document((14_400, 14_400)), size=(50, 50))).size == (50, 50)
    with pytest.raises(UnrenderableDocument, match="does not fit"):
        pictures.png(document((14_400, 3)), size=(50, 50))
