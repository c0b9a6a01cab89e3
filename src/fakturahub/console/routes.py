"""The paths of the console: one page for now, the newest documents and what became of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakturahub import telemetry
from fakturahub.console import pages
from fakturahub.console.lines import backlog_line, line
from fakturahub.errors import BadRequest, FakturahubError, InternalFault, Unavailable
from fakturahub.exchange.overview import Overview

#: documents on one page
PAGE = 50
#: seconds after which a page that refreshes itself does so
LIVE = 10

#: a host and port as browsers send them; anything else is not repeated in a command that a person will paste
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.IGNORECASE)

log = telemetry.logger("console")


def routes(overview: Overview, companies: Callable[[], int]) -> list[Route]:
    """The pages. ``companies`` tells how many companies the hub serves, for its head and for the first steps.

    Nothing here asks who is there: who may see the pages is for the caller to say.
    """

    async def documents(request: Request) -> Response:
        """``GET /?before=<id>&live``: the newest documents, or those older than one; ``live`` refreshes the page."""
        live = "live" in request.query_params
        try:
            before = _before(request)
            backlog = await overview.backlog()
            # one more than is shown tells whether there is a page after this one
            listed = await overview.newest(PAGE + 1, before=before)
        except FakturahubError as error:
            return _trouble(error, live)
        return pages.page(
            "documents.html",
            lines=[line(one) for one in listed[:PAGE]],
            backlog=backlog_line(backlog),
            companies=companies(),
            before=before,
            older=listed[PAGE - 1].id if len(listed) > PAGE else None,
            live=live,
            every=LIVE,
            url=_url(request),
        )

    return [Route("/", documents)]


def _before(request: Request) -> UUID | None:
    given = request.query_params.get("before")
    if given is None:
        return None
    try:
        return UUID(given)
    except ValueError as error:
        raise BadRequest('The parameter "before" takes the id of a document.') from error


def _url(request: Request) -> str:
    """Where the hub is reached, as this very request reached it."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host if _HOST.fullmatch(host) else 'HOST:PORT'}"


def _trouble(error: FakturahubError, live: bool) -> Response:
    """The page that is shown instead, with the status that tells a monitor the same: 400, 503 or 500."""
    if isinstance(error, BadRequest):
        return pages.page("trouble.html", 400, error=error, live=False, every=LIVE)
    status, headers = 500, {}
    if isinstance(error, Unavailable):
        status, headers = 503, {"retry-after": str(error.retry_after)}
        log.warning("page not shown", code=error.code, reason=str(error))
    else:
        log.error("page not shown", code=error.code, reason=str(error), exc_info=error)
    shown = error if isinstance(error, Unavailable) else InternalFault("The page could not be made.")
    return pages.page("trouble.html", status, headers, error=shown, live=live, every=LIVE)
