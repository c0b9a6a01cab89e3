"""The page where a person opens a payslip that came by mail as a link (see ``exchange.payslip_pages``).

The link stands in the query, which is logged nowhere. Nothing of a page may be kept by a browser or by what stands
between it and the hub.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fakturahub import telemetry
from fakturahub.api import pages
from fakturahub.errors import FakturahubError, RateLimited, Unavailable
from fakturahub.exchange.payslip_pages import PATH, Opened, PayslipPages, Shown
from fakturahub.identity.rates import Quota

#: bytes of a form
FORM = 4 * 1024

_HEADERS = {
    **pages.GUARDED,
    "content-security-policy": pages.GUARDED["content-security-policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
#: what a page's state is in HTTP
_STATUS = {"asks": 200, "wrong": 403, "closed": 403, "gone": 404}

log = telemetry.logger("api")


def route(made: PayslipPages, quota: Quota) -> Route:
    """``GET`` and ``POST`` of the page; *quota* counts the requests of an address."""

    async def endpoint(request: Request) -> Response:
        try:
            quota.spend(request.client.host if request.client else "")
            delivery, code = request.query_params.get("d", ""), request.query_params.get("k", "")
            if request.method != "POST":
                return _page(await made.shown(delivery, code))
            answer = parse_qs(await _form(request), keep_blank_values=True, max_num_fields=10).get("answer", [""])[0]
            found = await made.opened(delivery, code, answer)
        except ClientDisconnect:
            return Response(status_code=400)
        except FakturahubError as error:
            log.info("refused", surface="payslip", code=error.code, reason=str(error))
            return _told(error)
        except ValueError:
            return PlainTextResponse("The form cannot be read.\n", 400, _HEADERS)
        if isinstance(found, Shown):
            return _page(found)
        return _file(found)

    return Route(PATH, endpoint, methods=["GET", "POST"])


async def _form(request: Request) -> str:
    """The form as it was sent. Raises ``ValueError`` for one that is too long, or no text."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > FORM:
            raise ValueError("the form is too long")
    return data.decode("ascii")


def _page(shown: Shown) -> Response:
    return pages.page(
        "payslip.html",
        _STATUS[shown.state],
        headers=_HEADERS,
        state=shown.state,
        language=shown.language,
        words=shown.words,
        asks=shown.asks,
    )


def _file(opened: Opened) -> Response:
    headers = {**_HEADERS, "content-disposition": f'inline; filename="{opened.name}"'}
    return Response(opened.data, 200, headers, media_type=opened.media_type)


def _told(error: FakturahubError) -> Response:
    headers = dict(_HEADERS)
    if isinstance(error, Unavailable | RateLimited):
        headers["retry-after"] = str(error.retry_after)
    status = 429 if isinstance(error, RateLimited) else 503 if isinstance(error, Unavailable) else 500
    return PlainTextResponse("The page cannot be shown at the moment. Please try again later.\n", status, headers)
