"""How the console makes its pages: templates with every value escaped, one style sheet inside the page, no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from fakturahub import __version__
from fakturahub.style import style

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE, _STYLE_HASH = style(_TEMPLATES / "page.css")

#: Nothing is loaded, framed, sent or run; the style sheet is the one whose bytes have this hash (CSP Level 3, 8.3).
#: What a page shows is a company's business: nothing between here and the browser keeps it.
GUARDED = {
    "content-security-policy": f"default-src 'none'; style-src '{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals.update(style=Markup(_STYLE), version=__version__)  # noqa: S704 - our own file, not a foreign text


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object) -> Response:
    """An HTML page under the headers that guard it."""
    body = _environment.get_template(template).render(values)
    return Response(body, status, {**GUARDED, **(headers or {})}, media_type="text/html")
