"""The seller's logo and colour, checked before they reach a page."""

from __future__ import annotations

import io
import tempfile
from functools import lru_cache
from pathlib import Path

import typst
from PIL import Image

from fakturahub.errors import UnrenderableDocument

#: bytes of a logo, and pixels of one that is no SVG
MOST_LOGO = 512 * 1024
MOST_PIXELS = 4_000_000
#: references within an SVG: each may double what is drawn
MOST_REFERENCES = 20
#: contrast of coloured text on white paper that WCAG 2.2 asks for (AA)
CONTRAST = 4.5
_DEFAULT = "#1f3a5f"
_NOT_IN_SVG = (b"<!DOCTYPE", b"<!ENTITY", b"<image", b":image")


@lru_cache(maxsize=16)
def logo_suffix(data: bytes) -> str:
    """What the picture *data* is: ``png``, ``jpg`` or ``svg``.

    It is drawn once, alone, so that what is wrong with it is told of the logo and not of a document.

    Raises ``UnrenderableDocument`` for another format, for a picture that does not decode, and for one that is larger
    than ``MOST_LOGO`` bytes or ``MOST_PIXELS`` pixels.
    """
    if len(data) > MOST_LOGO:
        raise UnrenderableDocument(f"The logo has {len(data):,} bytes; at most {MOST_LOGO:,} are taken.")
    try:
        suffix = _suffix(data)
        _draw(data, suffix)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, typst.TypstError) as trouble:
        raise UnrenderableDocument("The logo is no PNG, JPEG or SVG picture that can be drawn.") from trouble
    return suffix


def _suffix(data: bytes) -> str:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")):
        if data.count(b"<use") + data.count(b":use") > MOST_REFERENCES or any(word in data for word in _NOT_IN_SVG):
            raise UnrenderableDocument(
                f"The logo is an SVG with a document type, an image in it, or more than {MOST_REFERENCES} references."
            )
        return "svg"
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise UnrenderableDocument(
                f"The logo has {picture.width:,} × {picture.height:,} pixels; at most {MOST_PIXELS:,} are taken."
            )
        return "png" if picture.format == "PNG" else "jpg"


def _draw(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory(prefix="fakturahub-logo-") as name:
        (Path(name) / f"logo.{suffix}").write_bytes(data)
        page = f'#set page(width: 80mm, height: 20mm)\n#image("logo.{suffix}", height: 15mm)'
        (Path(name) / "page.typ").write_text(page, encoding="utf-8")
        typst.compile(Path(name) / "page.typ", root=Path(name), ignore_system_fonts=True, format="png", ppi=36)


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
