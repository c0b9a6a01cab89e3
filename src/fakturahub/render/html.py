"""A sheet as one HTML page that needs nothing else: for the console, for mail, and to keep.

The content is that of the A4 page. There are no scripts and nothing is loaded: the style is inside, the codes are drawn
inside and a logo is a ``data:`` address. The page says so itself in a Content-Security-Policy, so that a browser runs
and loads nothing even if some value of a document slipped through its escaping. Every value is escaped by the template
engine; the rules of the style are plain classes, with a value before each variable, for mail programs that know none.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fakturahub.render import labels
from fakturahub.render.page.logos import accent_on_white, logo_of
from fakturahub.render.parts import PaymentBlock, Sheet, Style, Total
from fakturahub.render.payment import code128, epc

_FOLDER = Path(__file__).parent / "page_html"
_STYLE = (_FOLDER / "document.css").read_text(encoding="utf-8")
_ACCENT = Style().accent
#: differs wherever template or style do: kept pages of another one are made anew
VERSION = hashlib.sha256(_STYLE.encode() + (_FOLDER / "document.html").read_bytes()).hexdigest()[:12]

_HEIGHT_OF_BARS = 30

_environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def page(sheet: Sheet) -> bytes:
    """*sheet* as an HTML page in UTF-8, of some 10 KB and 1 KB for each line of the table.

    Raises ``UnrenderableDocument`` for a logo that cannot be shown.
    """
    style = _STYLE.replace(_ACCENT, accent_on_white(sheet.style.accent))
    text = _environment.get_template("document.html").render(
        sheet=sheet,
        # Our own file with a colour in it that was made of three numbers, not a foreign text.
        style=Markup(style),  # noqa: S704
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        logo=_logo(sheet.style.logo),
        due=_due(sheet),
        bar_code_label=labels.text(sheet.language, "payment.bar_code"),
        code_line_label=labels.text(sheet.language, "payment.code_line"),
        qr_box=_qr_box,
        qr_path=_qr_path,
        bars_width=_bars_width,
        bars_path=_bars_path,
    )
    return text.encode()


def _due(sheet: Sheet) -> Total | None:
    return next((total for total in sheet.totals if total.strong), None)


def _logo(logo: bytes | None) -> str | None:
    if logo is None:
        return None
    # A browser runs no script of an SVG that is the source of an image, and loads nothing for it.
    drawn = logo_of(logo)
    mime = {"png": "image/png", "jpg": "image/jpeg", "svg": "image/svg+xml"}[drawn.suffix]
    return f"data:{mime};base64,{base64.b64encode(drawn.data).decode()}"


def _qr_box(block: PaymentBlock) -> str:
    size = len(block.matrix) + 2 * epc.QUIET_ZONE
    return f"{-epc.QUIET_ZONE} {-epc.QUIET_ZONE} {size} {size}"


def _qr_path(block: PaymentBlock) -> str:
    """Each run of dark modules in a row as a rectangle."""
    return "".join(
        f"M{run.start()} {y}h{len(run[0])}v1h-{len(run[0])}z"
        for y, row in enumerate(block.matrix)
        for run in re.finditer("1+", row)
    )


def _bars_width(block: PaymentBlock) -> int:
    return sum(block.bars) + 2 * code128.QUIET_ZONE


def _bars_path(block: PaymentBlock) -> str:
    bars = code128.Bars(block.digits, block.bars).bars()
    return "".join(f"M{place} 0h{width}v{_HEIGHT_OF_BARS}h-{width}z" for place, width in bars)
