"""The paths of the hub's own surface. All of them answer GET and HEAD, and none of them changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakturahub import __version__, telemetry
from fakturahub.api import pages
from fakturahub.api.catalogue import catalogue, near
from fakturahub.errors import FakturahubError, NotFound
from fakturahub.exchange.overview import Overview
from fakturahub.telemetry import Gauged

#: seconds after which checks that have not ended count as failed; whoever asks waits about as long himself
READY_TIME = 4.0
#: seconds that metrics wait for the database before they are given without its figures
GAUGE_TIME = 4.0
#: seconds after which a caller that met a hub that is not ready may ask again
RETRY_AFTER = 5

#: Such answers are about this very moment, and no browser has a reason to guess at their type.
MOMENTARY = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

log = telemetry.logger("api")


class Check(msgspec.Struct, frozen=True):
    """One thing that has to work before the hub can take requests. ``detail`` is a sentence without secrets."""

    name: str
    ok: bool
    detail: str


def routes(*, ready: Callable[[], Awaitable[list[Check]]], overview: Overview) -> list[Route]:
    """``/healthz``, ``/readyz``, ``/metrics`` and the pages under ``/errors``.

    ``ready`` does the checks of this process when it is called. Who may see which path is for the caller to say:
    nothing here asks who is there.
    """

    async def healthz(_: Request) -> Response:
        """This process answers. Nothing else is touched: a process is not restarted for a database that is away."""
        return _json({"status": "ok", "version": __version__})

    async def readyz(_: Request) -> Response:
        """200 where all checks went well, else 503; the body lists them: name, ok, detail."""
        checks = await _checked(ready)
        if all(check.ok for check in checks):
            return _json({"status": "ready", "checks": checks})
        return _json({"status": "not ready", "checks": checks}, 503, {"retry-after": str(RETRY_AFTER)})

    async def metrics(_: Request) -> Response:
        """Prometheus's text format, with the queue's depth and age where the database tells them."""
        body, content_type = telemetry.exposition(await _gauges(overview))
        return Response(body, headers={**MOMENTARY, "content-type": content_type})

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/errors", _all_errors),
        Route("/errors.json", _all_errors),
        Route("/errors/{code}.json", _one_error),
        Route("/errors/{code}", _one_error),
    ]


async def _checked(ready: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        async with asyncio.timeout(READY_TIME):
            return await ready()
    except FakturahubError as error:
        return [Check(error.code, False, str(error))]
    except TimeoutError:
        return [Check("time", False, f"The checks did not end within {READY_TIME:.0f} seconds.")]


async def _gauges(overview: Overview) -> tuple[Gauged, ...]:
    name, text = "fakturahub_database_up", "Whether the database answered when these metrics were asked for."
    try:
        async with asyncio.timeout(GAUGE_TIME):
            backlog = await overview.backlog()
    except (FakturahubError, TimeoutError) as error:
        log.warning("metrics without the database", reason=str(error) or "no answer in time")
        return (Gauged(name, text, 0),)
    return (
        Gauged(name, text, 1),
        Gauged("fakturahub_deliveries_open", "Deliveries that are neither done nor given up.", backlog.open),
        Gauged(
            "fakturahub_delivery_oldest_seconds",
            "For how many seconds the oldest open delivery has been due.",
            backlog.oldest,
        ),
    )


async def _all_errors(request: Request) -> Response:
    """``GET /errors``: every code, as a tree."""
    entries = catalogue()
    if pages.wants_json(request):
        return _json({"errors": list(entries.values())}, headers=pages.LASTING)
    return pages.page("errors.html", tree=entries)


async def _one_error(request: Request) -> Response:
    """``GET /errors/<code>``: what one code means and what to do; 404 names codes that are near."""
    code = request.path_params["code"]
    entries = catalogue()
    entry = entries.get(code)
    if entry is None:
        shown, similar = pages.shown(code), near(code, entries)
        if pages.wants_json(request):
            reason = f'There is no error with the code "{shown}".'
            return _json({"code": NotFound.code, "reason": reason, "near": [one.code for one in similar]}, 404)
        return pages.page("unknown_error.html", 404, asked=shown, near=similar)
    if pages.wants_json(request):
        return _json(entry, headers=pages.LASTING)
    return pages.page("error.html", entry=entry, tree=entries)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(content), status, {**MOMENTARY, **(headers or {})}, media_type="application/json"
    )
