"""Refusals as Apix words them: HTTP 200 and an ERR envelope, or nothing where a client would take it for a file."""

from __future__ import annotations

from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from fakturahub import errors, telemetry
from fakturahub.clock import SystemClock
from fakturahub.dialects.apix.wire import CONTENT_TYPE, envelope
from fakturahub.dialects.surface import Call

#: the first characters of each endpoint's codes (specification 2.3); what is no endpoint is the system "Generic". Those
#: of email, registration, list and the calls for sending that have no example of their own are [inferred].
PREFIX = {
    "/authuser": "50",
    "/app-transferID": "50",
    "/getcompanyinfo": "5P",
    "/saldo": "50",
    "/email": "50",
    "/registration": "50",
    "/addressquery": "2A",
    "/list": "27",
    "/list2": "27",
    "/download": "27",
    "/receive": "27",
    "/metadata": "2A",
    "/invoices": "10",
    "/print": "10",
    "/sendpayslip": "10",
    "/method": "7G",
    "/pricing": "7G",
    "/senderpayslip": "7PS",
}
#: what the live service answers where the parameter of the call is missing (specification 2.4, a captured answer)
SALDO_WITHOUT_ID = "7599"
GENERIC = "90"

#: the result at the end of a code (specification 2.3); the first class that fits decides
RESULT: tuple[tuple[type[errors.FakturahubError], str], ...] = (
    (errors.NotAuthenticated, "04"),
    (errors.PermissionDenied, "04"),
    (errors.InsufficientCredit, "02"),
    (errors.NoContract, "03"),
    (errors.NotFound, "05"),
    (errors.DocumentRefused, "01"),
    (errors.TransferUnreadable, "01"),
    (errors.RateLimited, "99"),
    (errors.Refused, "12"),
    (errors.FakturahubError, "99"),
)

#: Errors of the HTTP level; every other has status 200 (specification 2.2). 503 tells that nothing was decided.
HTTP_STATUS: tuple[tuple[type[errors.FakturahubError], int], ...] = (
    (errors.UnknownPath, 404),
    (errors.MethodNotAllowed, 405),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
)

_incidents = count(1)
log = telemetry.logger("dialects.apix")


def status_of(error: errors.FakturahubError) -> int:
    """The HTTP status of an error."""
    return next((status for cls, status in HTTP_STATUS if isinstance(error, cls)), 200)


def refuse(error: errors.FakturahubError, request: Request, call: Call) -> Response:
    """The answer to a request that was refused."""
    path = request.scope["path"]
    status = status_of(error)
    headers = {"allow": error.allow} if isinstance(error, errors.MethodNotAllowed) else {}
    if path == "/receive":
        # A client asks again until the body is empty; anything in it would make it ask for ever (specification 7.3).
        return Response(b"", status, headers)
    if path == "/download" and status == 200:
        # Wrong id or key: nothing. What is wrong with the request itself is told at the HTTP level (specification 7.2).
        if isinstance(error, errors.NotAuthenticated) and not isinstance(error, errors.ClockSkew):
            return Response(b"", 200, headers)
        status = 400 if isinstance(error, errors.Refused) else 500
        return Response(f"{error.code}: {_reason(error)}\n", status, headers, media_type="text/plain")
    code = _code(error, path)
    # The first text is a stamp that finds the log line, the second the reason: clients read them by position (2.4).
    texts = [incident(error.code), f"{_reason(error)} ({error.code})"]
    body = envelope("ERR", code, texts, [])
    return Response(body, status, {**headers, "content-type": CONTENT_TYPE})


def incident(code: str) -> str:
    """A stamp for a refusal, which finds its line in the log: the time and a counter (specification 2.4)."""
    stamp = f"{SystemClock().now():%Y-%m-%d %H:%M:%S}{next(_incidents) % 10_000:02d}"
    log.info("incident", stamp=stamp, code=code)
    return stamp


def _code(error: errors.FakturahubError, path: str) -> str:
    if path == "/saldo" and isinstance(error, errors.BadRequest):
        return SALDO_WITHOUT_ID
    # a path that is not served is no endpoint, even where the operator has one there
    prefix = GENERIC if isinstance(error, errors.UnknownPath) else PREFIX.get(path, GENERIC)
    return prefix + next(result for cls, result in RESULT if isinstance(error, cls))


def _reason(error: errors.FakturahubError) -> str:
    return str(error) if isinstance(error, errors.Refused | errors.Unavailable) else "The hub has a defect."
