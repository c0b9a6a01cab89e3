"""Refusals as the Interchange words them: an HTTP status and a small page that names the code and the reason."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fakturahub import errors
from fakturahub.dialects.pagero import problems
from fakturahub.dialects.pagero.codes import coded
from fakturahub.dialects.pagero.wire import CONTENT_TYPE, TOKEN_PATH, page
from fakturahub.dialects.surface import Call

#: Specification 1.4, status plan; the first class that fits decides.
STATUS: tuple[tuple[type[errors.FakturahubError], int], ...] = (
    (errors.TooLarge, 413),
    (errors.NotAuthenticated, 401),
    (errors.InsufficientCredit, 402),
    (errors.PermissionDenied, 403),
    (errors.NoContract, 403),
    (errors.UnknownPath, 404),
    (errors.NotFound, 404),
    (errors.MethodNotAllowed, 405),
    (errors.NotAcceptable, 406),
    (errors.IdempotencyConflict, 409),
    (errors.WrongState, 409),
    (errors.UnsupportedMediaType, 415),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
    (errors.Refused, 400),
    (errors.FakturahubError, 500),
)


def status_of(error: errors.FakturahubError) -> int:
    """The HTTP status of an error."""
    return next(status for cls, status in STATUS if isinstance(error, cls))


def challenge(error: errors.FakturahubError, request: Request) -> str:
    """How to sign in on this path: RFC 7617 or RFC 6750, 3, where nothing but a bad token has an error code."""
    # Where both are taken on both paths, who came with a token is told of tokens.
    if not request.scope["path"].startswith(TOKEN_PATH + "/") and not isinstance(error, errors.InvalidToken):
        return 'Basic realm="Pagero Interchange", charset="UTF-8"'
    bearer = 'Bearer realm="Pagero Interchange"'
    if not isinstance(error, errors.InvalidToken):
        return bearer
    return f'{bearer}, error="invalid_token", error_description="{error.reason}"'


def refuse(error: errors.FakturahubError, request: Request, call: Call) -> Response:
    """The answer to a request that was refused: JSON on the paths of the APIs, else the Interchange's page."""
    api = problems.api_of(request.scope["path"])
    if api is not None:
        return problems.refuse(error, call, api, status_of(error))
    status = status_of(error)
    code = f"Code {coded(error)}"
    reason = str(error) if isinstance(error, errors.Refused | errors.Unavailable) else "The hub has a defect."
    body = page(
        "Not accepted",
        code,
        reason,
        f"What to do: {error.advice}",
        f"About this code: /errors/{error.code}",
        f"Request {call.request_id}",
    )
    response = Response(body, status, media_type=None, headers={"content-type": CONTENT_TYPE})
    if status == 401:
        response.headers["www-authenticate"] = challenge(error, request)
    if isinstance(error, errors.MethodNotAllowed):
        response.headers["allow"] = error.allow
    return response
