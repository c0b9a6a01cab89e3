"""The pages of the OAuth2 server: to sign in, to let a client in, and what went wrong. No script, nothing loaded."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from fakturahub import __version__
from fakturahub.style import style

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE, _STYLE_HASH = style(_TEMPLATES / "page.css")

_GUARDED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "pragma": "no-cache",
}

#: what may stand in a policy: anything else could end its directive
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9._:\[\]-]+)?")

_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals.update(style=Markup(_STYLE), version=__version__)  # noqa: S704 - our own file, not a foreign text


def page(template: str, status: int = 200, *, redirect_uri: str | None = None, **values: object) -> Response:
    """An HTML page that is framed by nobody and kept by nobody.

    Its form goes to the hub, and on from there to *redirect_uri*: browsers hold a form's redirects against the policy,
    too (CSP Level 3, 6.1.13 and its note).
    """
    target = "" if redirect_uri is None else f" {_origin(redirect_uri)}"
    policy = (
        f"default-src 'none'; style-src '{_STYLE_HASH}'; base-uri 'none'; form-action 'self'{target}; "
        "frame-ancestors 'none'"
    )
    body = _environment.get_template(template).render(redirect_uri=redirect_uri, **values)
    return Response(body, status, {**_GUARDED, "content-security-policy": policy}, media_type="text/html")


def _origin(uri: str) -> str:
    """Scheme and host of an address, or the scheme alone; nothing where it could be mistaken for more."""
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
    return origin if _ORIGIN.fullmatch(origin) else ""
