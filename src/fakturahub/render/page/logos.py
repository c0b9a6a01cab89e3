"""The seller's logo and colour, checked before they reach a page.

PNG and JPEG are taken to pieces here: what is drawn is a plain picture of 8 bits in RGB, upright, without profiles,
comments and further pictures in the file, which PDF/A would have to answer for. An SVG is drawn as it is, see ``svg``.
"""

from __future__ import annotations

import io
import tempfile
from functools import lru_cache
from pathlib import Path

import msgspec
from PIL import Image, ImageOps

from fakturahub.errors import RenderingFailed, UnrenderableDocument
from fakturahub.render.page import svg
from fakturahub.render.page.typesetting import typeset_apart
from fakturahub.render.page.work import Work

#: bytes of a logo, and pixels of one that is no SVG
MOST_LOGO = 512 * 1024
MOST_PIXELS = 4_000_000
#: seconds, also of processor time, and bytes of memory that drawing a logo alone may take
SECONDS = 5
MEMORY = 1024**3
#: contrast of coloured text on white paper that WCAG 2.2 asks for (AA)
CONTRAST = 4.5
_DEFAULT = "#1f3a5f"
#: as high as the head of a page draws it
_ALONE = """\
#set document(title: "logo")
#set page(width: 80mm, height: 20mm, margin: 0mm)
#image("logo.{suffix}", height: 15mm, alt: "logo")
"""
_ORIENTATION = 0x0112


class Logo(msgspec.Struct, frozen=True):
    """A logo as it is drawn."""

    #: ``png``, ``jpg`` or ``svg``
    suffix: str
    data: bytes


@lru_cache(maxsize=32)
def logo_of(data: bytes) -> Logo:
    """The picture *data* as it may be drawn.

    Raises ``UnrenderableDocument`` for another format than PNG, JPEG and SVG, for a picture that does not decode, for
    one of more than ``MOST_LOGO`` bytes or ``MOST_PIXELS`` pixels, and for an SVG that ``svg.check`` refuses.
    """
    if len(data) > MOST_LOGO:
        raise UnrenderableDocument(f"The logo has {len(data):,} bytes; at most {MOST_LOGO:,} are taken.")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE")):
        svg.check(data)
        return Logo("svg", data)
    try:
        return _plain(data)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as trouble:
        raise UnrenderableDocument("The logo is no PNG, JPEG or SVG picture that can be drawn.") from trouble


def check_logo(data: bytes) -> None:
    """As ``logo_of``, and draw it once, alone, in a process of its own: nothing that takes too long gets on a page.

    Raises ``UnrenderableDocument`` also for a picture that takes more than ``SECONDS`` or ``MEMORY``.
    """
    logo = logo_of(data)
    with tempfile.TemporaryDirectory(prefix="fakturahub-logo-") as name:
        folder = Path(name)
        (folder / f"logo.{logo.suffix}").write_bytes(logo.data)
        (folder / "page.typ").write_text(_ALONE.format(suffix=logo.suffix), encoding="utf-8")
        work = Work(sheet="{}", setting="{}", at=None, own_fonts=True, picture=True)
        try:
            typeset_apart(folder, work, seconds=SECONDS, memory=MEMORY)
        except RenderingFailed as failed:
            raise UnrenderableDocument(f"The logo cannot be drawn. {failed.reason}") from failed


def _plain(data: bytes) -> Logo:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise UnrenderableDocument(
                f"The logo has {picture.width:,} × {picture.height:,} pixels; at most {MOST_PIXELS:,} are taken."
            )
        upright = picture.getexif().get(_ORIENTATION, 1) == 1
        picture.load()
        if picture.format == "JPEG" and picture.mode in ("L", "RGB") and upright and "icc_profile" not in picture.info:
            return Logo("jpg", data)
        clear = picture.has_transparency_data
        drawn = ImageOps.exif_transpose(picture).convert("RGBA" if clear else "RGB")
    made = io.BytesIO()
    # Only the pixels: what else the file said about itself stays behind.
    Image.frombytes(drawn.mode, drawn.size, drawn.tobytes()).save(made, "PNG")
    return Logo("png", made.getvalue())


def accent_on_white(colour: str) -> str:
    """*colour* (``#rrggbb``), darkened as far as it takes to be read on white; a sober blue for what is no colour."""
    digits = colour.removeprefix("#")
    if len(digits) != 6 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        return _DEFAULT
    parts = [int(digits[place : place + 2], 16) for place in (0, 2, 4)]
    while 1.05 / (_luminance(parts) + 0.05) < CONTRAST:
        parts = [int(part * 0.95) for part in parts]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(parts: list[int]) -> float:
    """Relative luminance of sRGB, as WCAG 2.2 defines it."""
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
