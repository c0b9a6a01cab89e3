"""How this room makes its pages: templates with every value escaped, one style sheet inside the page, no script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from fakturahub import __version__
from fakturahub.style import style

#: most characters of a foreign text that are repeated on a page
SHOWN = 100

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE, _STYLE_HASH = style(_TEMPLATES / "page.css")

#: Nothing is loaded, framed, sent or run; the style sheet is the one whose bytes have this hash (CSP Level 3, 8.3).
GUARDED = {
    "content-security-policy": f"default-src 'none'; style-src '{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "vary": "accept",
}
#: A code's meaning changes with the program only. An hour, so that an upgrade shows the same day.
LASTING = {"cache-control": "public, max-age=3600", "vary": "accept"}

_QUOTED = re.compile(r"`([^`]+)`")


def _prose(text: str) -> Markup:
    """A sentence of the error tree, typeset: what stands in backticks is something to type."""
    escaped = str(escape(text)).replace("&#39;", "’")
    return Markup(_QUOTED.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped in the line above


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.filters["prose"] = _prose
_environment.globals.update(style=Markup(_STYLE), version=__version__)  # noqa: S704 - our own file, not a foreign text


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object) -> Response:
    """An HTML page. One that was found may be kept for an hour, any other is about this moment; or as *headers* say."""
    caching = LASTING if status == 200 else {"cache-control": "no-store"}
    body = _environment.get_template(template).render(values)
    return Response(body, status, headers or {**GUARDED, **caching}, media_type="text/html")


def shown(text: str) -> str:
    """A foreign text as it may be repeated: no control characters, none that turn the writing round, not too long."""
    kept = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") else one
        for one in text[:SHOWN]
    )
    return kept + "…" if len(text) > SHOWN else kept


def wants_json(request: Request) -> bool:
    """Whether the path ends in ``.json``, or the Accept header prefers JSON to HTML (RFC 9110, 12.5.1)."""
    if request.url.path.endswith(".json"):
        return True
    accept = ",".join(request.headers.getlist("accept"))
    return quality(accept, "application/json") > quality(accept, "text/html")


def quality(accept: str, media_type: str) -> float:
    """The weight that *accept* gives to a media type; the most specific range that covers it decides."""
    ranges = [media_type, media_type.partition("/")[0] + "/*", "*/*"]
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in ranges:
            weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
            found[name] = float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 0.0
    return next((found[name] for name in ranges if name in found), 0.0)
