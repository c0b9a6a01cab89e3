"""Logos and colours of companies: what is taken, what is refused and why, and that no picture takes long."""

from __future__ import annotations

import base64
import io
import time

import msgspec
import pikepdf
import psutil
import pypdfium2
import pytest
from PIL import Image

from fakturahub import formats
from fakturahub.config import LOGO_LIMIT
from fakturahub.errors import UnrenderableDocument
from fakturahub.model.invoice import Invoice
from fakturahub.render import html
from fakturahub.render.page import check_logo, pdf, svg
from fakturahub.render.page.logos import (
    CONTRAST,
    MOST_LOGO,
    MOST_PIXELS,
    SECONDS,
    accent_on_white,
    logo_of,
)
from fakturahub.render.page.svg import DEEPEST, MOST_ELEMENTS, MOST_REFERENCES, NAMESPACE
from fakturahub.render.parts import Sheet, Style
from fakturahub.render.sheet import sheet_of
from tests.running import INVOICE
from tests.unit.render.boxes import MILLIMETRE
from tests.unit.render.seen import AT


def svg_of(content: str, more: str = "") -> bytes:
    return f'<svg xmlns="{NAMESPACE}" viewBox="0 0 40 20" {more}>{content}</svg>'.encode()


RECT = '<rect width="40" height="20" fill="#0a0"/>'
SVG = svg_of(RECT)


def picture(form: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (0, 170, 0, 255)[: len(mode)] if mode in ("RGB", "RGBA", "CMYK") else 90).save(
        made, form, **more
    )
    return made.getvalue()


def sheet(logo: bytes) -> Sheet:
    noun = formats.read(INVOICE.read_bytes()).noun
    assert isinstance(noun, Invoice)
    return sheet_of(noun, language="sv", style=Style(logo=logo))


@pytest.mark.parametrize(
    ("logo", "suffix"),
    [
        (SVG, "svg"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn -->\n' + SVG, "svg"),
        (b"\xef\xbb\xbf" + SVG, "svg"),
        (picture(), "png"),
        (picture(mode="RGBA"), "png"),
        (picture("JPEG"), "jpg"),
    ],
)
def test_a_logo_is_drawn_and_takes_the_place_of_the_name(logo: bytes, suffix: str) -> None:
    check_logo(logo)
    assert logo_of(logo).suffix == suffix
    made = pdf(sheet(logo), at=AT)
    document = pypdfium2.PdfDocument(made)
    try:
        seen = document[0].render(scale=2).to_pil().convert("RGB")
    finally:
        document.close()
    red, green, blue = seen.getpixel((int(35 * MILLIMETRE * 2), int(24 * MILLIMETRE * 2)))
    assert (red < 12, 160 < green < 180, blue < 12) == (True, True, True)
    mime = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg"}[suffix]
    shown = base64.b64encode(logo_of(logo).data).decode()
    assert f'src="data:{mime};base64,{shown}"' in html.page(sheet(logo)).decode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<script>alert(1)</script>", "element `script`"),
        ('<image href="#a"/>', "element `image`"),
        ('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>', "element `foreignObject`"),
        ("<text>Firm</text>", "turns texts into paths"),
        ("<filter id='f'><feTurbulence/></filter>", "element `filter`"),
        ("<pattern id='p'/>", "element `pattern`"),
        ("<mask id='m'/>", "element `mask`"),
        ('<rect onload="x()"/>', "event `onload`"),
        ('<use href="http://a.example/x.svg#a"/>', "something outside"),
        ('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="data:image/png;base64,AA"/>', "something outside"),
        ('<rect fill="url(http://a.example/#a)"/>', "something outside"),
        ("<rect style=\"fill:URL( '//a.example')\"/>", "something outside"),
        ("<style>@import 'http://a.example/x.css';</style>", "style has `@`"),
        ("<style>rect{fill:\\75rl(x)}</style>", "style has"),
        ('<path d="M0 0h9" stroke="#000" stroke-dasharray=".0001"/>', "dashed lines"),
        ('<path style="stroke-dasharray:.0001"/>', "stroke-dasharray"),
        ('<use href="#a"/>' * (MOST_REFERENCES + 1), f"more than {MOST_REFERENCES} references"),
        ("<g/>" * MOST_ELEMENTS, "elements"),
        ("<g>" * DEEPEST + "</g>" * DEEPEST, "nested"),
        ("<g>", "well-formed"),
        ("<?xml-stylesheet href='x'?>", "instruction"),
    ],
)
def test_an_svg_that_loads_runs_or_grows_is_refused_with_the_reason(content: str, why: str) -> None:
    with pytest.raises(UnrenderableDocument, match="not taken") as refused:
        svg.check(svg_of(content))
    assert why in refused.value.reason


@pytest.mark.parametrize(
    "content",
    [
        '<defs><linearGradient id="a"><stop offset="1"/></linearGradient></defs><rect fill="url(#a)"/>',
        "<style>.a{fill:#c00;stroke-dasharray:none}</style><rect class='a' stroke-dasharray='none'/>",
        '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>',
        '<clipPath id="c"><path d="M0 0h9v9z"/></clipPath><g clip-path="url(#c)"><use href="#c"/></g>',
    ],
)
def test_what_drawing_programs_write_is_taken(content: str) -> None:
    check_logo(svg_of(content))


@pytest.mark.parametrize(
    "logo",
    [
        f'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="{NAMESPACE}"/>'.encode(),
        SVG.decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>' + SVG,
        b"<svg><rect/></svg>",
        b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
        b"\xff" + SVG,
        b"",
        b"GIF89a",
        b"%PDF-1.7",
        picture()[:-40],
        picture("JPEG")[:200],
        picture(size=(4_000, MOST_PIXELS // 4_000 + 1)),
        SVG + b" " * MOST_LOGO,
    ],
)
def test_what_is_no_logo_is_refused_before_it_is_drawn(logo: bytes) -> None:
    with pytest.raises(UnrenderableDocument, match="logo"):
        logo_of(logo)
    with pytest.raises(UnrenderableDocument, match="logo"):
        pdf(sheet(logo), at=AT)
    with pytest.raises(UnrenderableDocument, match="logo"):
        html.page(sheet(logo))


def test_an_svg_that_keeps_to_the_rules_and_still_takes_too_long_is_stopped() -> None:
    """Nine doublings of a path with 80,000 corners: five hundred of them, in less bytes than a logo may have."""
    defined = f'<g id="g0"><path stroke="#000" d="M0 0{" l1 1 l-1 2" * 40_000}"/></g>'
    for place in range(1, 10):
        defined += f'<g id="g{place}"><use href="#g{place - 1}"/><use href="#g{place - 1}" x="1"/></g>'
    logo = svg_of(f'<defs>{defined}</defs><use href="#g9"/>')
    assert len(logo) < MOST_LOGO
    svg.check(logo)
    started = time.monotonic()
    with pytest.raises(UnrenderableDocument, match="cannot be drawn"):
        check_logo(logo)
    assert time.monotonic() - started < SECONDS + 10
    # another test may have left one that has ended, and whose command is not known any more
    running = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    assert not [one for one in running if "typesetting" in " ".join(one.cmdline())]


def test_a_picture_is_drawn_plain_and_upright() -> None:
    profile = b"no profile at all"
    turned = Image.new("RGB", (40, 20), "red")
    exif = turned.getexif()
    exif[0x0112] = 6
    made = io.BytesIO()
    turned.save(made, "JPEG", exif=exif)
    for logo, size in (
        (picture("JPEG", "CMYK"), (40, 20)),
        (picture(icc_profile=profile), (40, 20)),
        (picture("JPEG", icc_profile=profile), (40, 20)),
        (picture(mode="P"), (40, 20)),
        (picture(mode="I;16"), (40, 20)),
        (made.getvalue(), (20, 40)),
    ):
        drawn = Image.open(io.BytesIO(logo_of(logo).data))
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGB", size)
        assert not drawn.info
        with pikepdf.open(io.BytesIO(pdf(sheet(logo), at=AT))) as document:
            (image,) = [
                one for one in document.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"
            ]
            assert "CMYK" not in repr(image.ColorSpace)


def test_the_limit_is_that_of_the_settings() -> None:
    assert MOST_LOGO == LOGO_LIMIT


def test_a_logo_is_no_part_of_what_is_said_of_a_style() -> None:
    assert msgspec.structs.replace(Style(), logo=SVG) != Style()


@pytest.mark.parametrize("colour", ["#ffffff", "#ffee00", "#7fd1ff", "#000000", "#d35400", "#DDDDDD"])
def test_a_colour_is_darkened_until_it_can_be_read(colour: str) -> None:
    shown = accent_on_white(colour)
    parts = [int(shown[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= CONTRAST - 0.01
    assert accent_on_white(shown) == shown


def test_what_is_no_colour_is_the_usual_one() -> None:
    usual = Style().accent
    assert accent_on_white(usual) == usual
    for colour in ("", "red", "#12345", '#00000"', "url(x)"):
        assert accent_on_white(colour) == usual
