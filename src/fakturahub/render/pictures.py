"""Pages of a PDF as pictures, by pdfium.

A PDF may come from anybody: its pages are drawn into a bitmap of a size that is ours, never of one that the page asks
for. pdfium is not safe for threads that share it, so one picture is drawn at a time in a process.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image

from fakturahub.errors import UnrenderableDocument

#: pixels; A4 at 150 dots per inch
SIZE = (1240, 1754)
#: what SendRegning's clients ask for (sendregning.md 6)
SENDREGNING = (833, 1179)
#: pixels of an edge
MOST_EDGE = 4_000
_QUALITY = 88
_one_at_a_time = threading.Lock()


def count(pdf: bytes) -> int:
    """How many pages *pdf* has. Raises ``UnrenderableDocument`` for what pdfium cannot open."""
    with _one_at_a_time, _opened(pdf) as document:
        return len(document)


def jpeg(pdf: bytes, *, page: int = 1, size: tuple[int, int] = SIZE) -> bytes:
    """The page *page* of *pdf*, counted from 1, as a JPEG that is *size* (width, height in pixels).

    The page is made to fit and stands in the middle of white. Raises ``UnrenderableDocument`` for a PDF that cannot be
    opened or drawn, for a page that is not there, and for a size beyond ``MOST_EDGE``.
    """
    made = io.BytesIO()
    _fitted(pdf, page, size).save(made, "JPEG", quality=_QUALITY, optimize=True)
    return made.getvalue()


def png(pdf: bytes, *, page: int = 1, size: tuple[int, int] = SIZE) -> bytes:
    """As ``jpeg``, as a PNG."""
    made = io.BytesIO()
    _fitted(pdf, page, size).save(made, "PNG")
    return made.getvalue()


def _fitted(pdf: bytes, page: int, size: tuple[int, int]) -> Image.Image:
    if not all(1 <= edge <= MOST_EDGE for edge in size):
        raise UnrenderableDocument(
            f"A picture of {size[0]} × {size[1]} pixels is not made; an edge has 1 to {MOST_EDGE}."
        )
    with _one_at_a_time, _opened(pdf) as document:
        if not 1 <= page <= len(document):
            raise UnrenderableDocument(f"There is no page {page:,}; the document has {len(document):,}.")
        drawn = document[page - 1]
        width, height = drawn.get_size()
        if width <= 0 or height <= 0:
            raise UnrenderableDocument(f"Page {page:,} has no extent.")
        scale = min(size[0] / width, size[1] / height)
        # A very narrow page would be less than a pixel wide.
        if min(width, height) * scale < 1:
            raise UnrenderableDocument(f"Page {page:,} of {width:g} × {height:g} points does not fit a picture.")
        picture: Image.Image = drawn.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    if picture.size == size:
        return picture
    paper = Image.new("RGB", size, "white")
    # The bitmap's edges are rounded up, by a pixel at most.
    picture = picture.crop((0, 0, min(picture.width, size[0]), min(picture.height, size[1])))
    paper.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return paper


@contextmanager
def _opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as trouble:
        raise UnrenderableDocument("The PDF cannot be opened: it is damaged, or locked with a password.") from trouble
    try:
        yield document
    except pypdfium2.PdfiumError as trouble:
        raise UnrenderableDocument("A page of the PDF cannot be drawn: it is damaged.") from trouble
    finally:
        document.close()
