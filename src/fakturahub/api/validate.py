"""``POST /validate``: a document in, a report out; nothing is stored.

It answers with 200 whatever the verdict; any other status means that there is no verdict, and its body is an object of
JSON with the error's code. Who may call it is for the caller of `route` to say: nothing here asks who is there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date
from functools import partial

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fakturahub import errors, telemetry
from fakturahub.api.pages import quality
from fakturahub.exchange.rulebook import Rulebook
from fakturahub.exchange.submit import CHECK_IN_THREAD
from fakturahub.exchange.validate import Validation, as_data, svrl, validate
from fakturahub.identity.rates import Quota

#: bytes of a body: as much as an XML document may have
BODY = 50 * 1024 * 1024
#: seconds a client may take to send it
BODY_TIME = 60.0
#: bytes of bodies that one process holds at a time, those that wait for their turn among them; beyond it: 503
BODIES_IN_HAND = 128 * 1024 * 1024
#: documents that one process checks at a time; those of submissions do not count
AT_ONCE = 2
#: packs that may be named
PACKS = 20
#: characters of a value in the query
VALUE = 255

PATH = "/validate"
#: the label in metrics and logs
SURFACE = "validate"

_JSON, _SVRL = "json", "svrl"
_NAMES = ("pack", "format", "language", "next", "file")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "vary": "accept"}

#: the first class that fits decides
STATUS: tuple[tuple[type[errors.FakturahubError], int], ...] = (
    (errors.TooLarge, 413),
    (errors.DocumentRefused, 422),
    (errors.PermissionDenied, 403),
    (errors.NotFound, 404),
    (errors.MethodNotAllowed, 405),
    (errors.RateLimited, 429),
    (errors.Refused, 400),
    (errors.Unavailable, 503),
    (errors.FakturahubError, 500),
)

log = telemetry.logger("api.validate")


class _Asked(msgspec.Struct, frozen=True):
    """What the query and the Accept header say."""

    packs: tuple[str, ...]
    form: str
    language: str
    next: bool
    file: str


def refusal(error: errors.FakturahubError) -> Response:
    """The answer to a request that got no verdict."""
    telemetry.REFUSALS.labels(SURFACE, error.code).inc()
    status = next(status for cls, status in STATUS if isinstance(error, cls))
    told = error.reason if isinstance(error, errors.Refused | errors.Unavailable) else "The hub has a defect."
    body = {
        "code": error.code,
        "reason": told,
        "term": error.term,
        "place": error.place,
        "advice": error.advice,
        "about": f"/errors/{error.code}",
        "request": telemetry.request_id.get() or None,
    }
    response = Response(msgspec.json.encode(body), status, _HEADERS, media_type="application/json")
    if isinstance(error, errors.RateLimited | errors.Unavailable):
        response.headers["retry-after"] = str(error.retry_after)
    if isinstance(error, errors.MethodNotAllowed):
        response.headers["allow"] = error.allow
    return response


def route(rulebook: Callable[[], Rulebook], quota: Quota, today: Callable[[], date]) -> Route:
    """The path. ``rulebook`` gives the packs of this moment, ``quota`` is spent by the caller's address."""
    held = _Held()
    turns = asyncio.Semaphore(AT_ONCE)

    async def answered(request: Request) -> Response:
        if request.method != "POST":
            raise errors.MethodNotAllowed(f"{request.method} is not answered here; use POST.", allow="POST")
        client = request.client
        quota.spend(client.host if client is not None else "")
        asked = _asked(request)
        packs = rulebook()
        if asked.packs:
            packs.named(asked.packs)  # who names a pack that is not there need not send anything
        with held.of(request) as body:
            data = await body.read()
            check = partial(
                validate,
                data,
                packs,
                today(),
                packs=asked.packs,
                next=asked.next,
                language=asked.language,
                file=asked.file,
            )
            if len(data) <= CHECK_IN_THREAD:
                return _report(check(), packs, asked.form)
            async with turns:
                validation = await asyncio.to_thread(check)
            return _report(validation, packs, asked.form)

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        try:
            response = await answered(request)
        except ClientDisconnect:
            log.info("client went away", surface=SURFACE)
            return Response(status_code=400)
        except errors.FakturahubError as error:
            if isinstance(error, errors.RulesFailed):
                log.error("rules failed", surface=SURFACE, reason=error.reason, exc_info=error)
            else:
                log.info("refused", surface=SURFACE, code=error.code, reason=str(error))
            response = refusal(error)
        except Exception:
            log.exception("internal fault", surface=SURFACE)
            response = refusal(errors.InternalFault("The request met a defect of the hub."))
        telemetry.REQUESTS.labels(SURFACE).observe(time.perf_counter() - started)
        return response

    return Route(PATH, endpoint, methods=_METHODS)


def _report(validation: Validation, rulebook: Rulebook, form: str) -> Response:
    telemetry.VALIDATIONS.labels(SURFACE, validation.verdict.value).inc()
    # SVRL has no word for a document that was not checked.
    headers = {**_HEADERS, "fakturahub-verdict": validation.verdict.value}
    if form == _SVRL:
        return Response(svrl(validation, rulebook), 200, headers, media_type="application/xml")
    return Response(msgspec.json.encode([as_data(validation)]), 200, headers, media_type="application/json")


def _asked(request: Request) -> _Asked:
    query = request.query_params
    unknown = [name for name in query if name not in _NAMES]
    if unknown:
        raise errors.BadRequest(f"There is no parameter {unknown[0][:VALUE]!r}; there are {', '.join(_NAMES)}.")
    values = {name: query.getlist(name) for name in _NAMES}
    for name, given in values.items():
        if len(given) > (PACKS if name == "pack" else 1):
            raise errors.BadRequest(f"The parameter {name} is given more often than it may be.")
        if any(not value or len(value) > VALUE or not value.isprintable() for value in given):
            raise errors.BadRequest(f"A value of the parameter {name} is empty, too long or no text.")
    chosen = {name: given[0] for name, given in values.items() if given}
    form = chosen.get("format") or _preferred(request)
    if form not in (_JSON, _SVRL):
        raise errors.BadRequest(f"There is no format {form!r}; there are {_JSON} and {_SVRL}.")
    if chosen.get("next", "false") not in ("true", "false"):
        raise errors.BadRequest("The parameter next is true or false.")
    return _Asked(
        tuple(values["pack"]),
        form,
        chosen.get("language", "en"),
        chosen.get("next") == "true",
        chosen.get("file", "-"),
    )


def _preferred(request: Request) -> str:
    """SVRL where the Accept header prefers XML to JSON."""
    accept = ",".join(request.headers.getlist("accept"))
    xml = max(quality(accept, "application/xml"), quality(accept, "text/xml"))
    return _SVRL if xml > quality(accept, "application/json") else _JSON


class _Held:
    """The bodies that are in memory, of all requests of the process."""

    def __init__(self) -> None:
        self.bytes = 0

    def of(self, request: Request) -> _Body:
        return _Body(self, request)


class _Body:
    """The body of one request, counted for as long as it is in hand."""

    def __init__(self, held: _Held, request: Request) -> None:
        self._held = held
        self._request = request
        self._size = 0

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.bytes -= self._size

    async def read(self) -> bytes:
        """All of it. Raises `TooLarge`, `BadRequest` where it does not come in time, and `Overloaded`."""
        announced = self._request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > BODY:
            raise _too_large()
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_TIME):
                async for part in self._request.stream():
                    self._size += len(part)
                    self._held.bytes += len(part)
                    if self._size > BODY:
                        raise _too_large()
                    if self._held.bytes > BODIES_IN_HAND:
                        raise errors.Overloaded("The hub is checking too many large documents.", retry_after=2)
                    parts.append(part)
        except TimeoutError as error:
            raise errors.BadRequest(f"The body did not arrive within {BODY_TIME:.0f} seconds.") from error
        return b"".join(parts)


def _too_large() -> errors.TooLarge:
    return errors.TooLarge(f"The body is larger than {BODY // (1024 * 1024)} MiB, the limit here.")
