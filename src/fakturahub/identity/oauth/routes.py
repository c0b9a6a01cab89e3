"""The endpoints of the OAuth2 server over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fakturahub import telemetry
from fakturahub.errors import FakturahubError, InternalFault, InvalidToken, RateLimited, Unavailable
from fakturahub.identity import rates
from fakturahub.identity.oauth import metadata
from fakturahub.identity.oauth.asking import BODY, BadAskingError, Claimed, claimed, form
from fakturahub.identity.oauth.authorizing import Authorization
from fakturahub.identity.oauth.clients import Client
from fakturahub.identity.oauth.keys import PUBLISHED_FOR
from fakturahub.identity.oauth.pages import page
from fakturahub.identity.oauth.server import Answered, Server
from fakturahub.identity.oauth.sessions import Sessions

#: seconds that a client may take to send its body
BODY_TIME = 20.0

#: RFC 6749, 5.1: tokens are kept by nobody between here and the client
_KEPT_BY_NOBODY = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}
_KEPT = {"cache-control": f"public, max-age={PUBLISHED_FOR}", "x-content-type-options": "nosniff"}

_SURFACE = "oauth"

log = telemetry.logger("identity.oauth")

Handler = Callable[[Request, bytes, str], Awaitable[Response]]
Refuse = Callable[[str, str, int], Response]


def routes(server: Server, sessions: Sessions, quotas: rates.Rates) -> list[Route]:
    """All endpoints, each under all of its paths."""
    authorization = Authorization(server, sessions)

    async def token(request: Request, body: bytes, address: str) -> Response:
        given, who = _read(request, body)
        return _told(await server.token(given, who, address))

    async def cached_token(request: Request, body: bytes, address: str) -> Response:
        given, who = _read(request, body)
        return _told(await server.cached_token(given, who, address))

    async def introspect(request: Request, body: bytes, address: str) -> Response:
        given, who = _read(request, body)
        client = await server.client(who, address)
        return _json(await _introspected(server, client, _token_of(given)))

    async def revoke(request: Request, body: bytes, address: str) -> Response:
        given, who = _read(request, body)
        client = await server.client(who, address)
        await _revoked(server, client, _token_of(given))
        return Response(b"", 200, _KEPT_BY_NOBODY)

    async def jwks(_: Request) -> Response:
        return _json(server.keys.published(), headers=_KEPT)

    async def description(_: Request) -> Response:
        return _json(metadata.description(server.issuer()), headers=_KEPT)

    def under(paths: Sequence[str], handler: Handler, methods: list[str], refuse: Refuse = _refused) -> list[Route]:
        return [Route(path, _framed(handler, quotas, refuse), methods=methods) for path in paths]

    return [
        *under(metadata.AUTHORIZE, authorization.answer, ["GET", "POST"], _trouble),
        *under(metadata.TOKEN, token, ["POST"]),
        *under(metadata.CACHED_TOKEN, cached_token, ["POST"]),
        *under(metadata.INTROSPECT, introspect, ["POST"]),
        *under(metadata.REVOKE, revoke, ["POST"]),
        *(Route(path, jwks) for path in metadata.JWKS),
        *(Route(path, description) for path in metadata.DESCRIPTION),
    ]


def _read(request: Request, body: bytes) -> tuple[dict[str, str], Claimed]:
    query = request.scope["query_string"].decode("latin-1")
    given = form(request.headers.get("content-type", ""), query, body)
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise BadAskingError("invalid_request", "The request has more than one Authorization header.")
    return given, claimed(headers[0] if headers else "", given)


def _token_of(given: Mapping[str, str]) -> str:
    if "token" not in given:
        raise BadAskingError("invalid_request", "The request lacks token.")
    return given["token"]


async def _introspected(server: Server, client: Client, token: str) -> dict[str, object]:
    """RFC 7662, 2.2. A client is told about its own tokens, and about those for an audience that it stands for."""
    try:
        claims, _ = await server.verifier.claims(token)
    except InvalidToken:
        grant = await server.grant(token)
        if grant is None or grant.client_id != client.client_id:
            return {"active": False}
        return {
            "active": True,
            "token_type": "refresh_token",
            "client_id": grant.client_id,
            "username": grant.login,
            "scope": grant.scope,
            "iat": int(grant.refreshed_at.timestamp()),
            "exp": int(grant.expires_at.timestamp()),
            "iss": server.issuer(),
        }
    if claims.client_id != client.client_id and set(claims.audiences()).isdisjoint(client.audiences):
        return {"active": False}
    told = {"active": True, "token_type": "bearer", **msgspec.to_builtins(claims)}
    return {name: value for name, value in told.items() if value is not None and name not in ("grant", "nbf")}


async def _revoked(server: Server, client: Client, token: str) -> None:
    """RFC 7009, 2.1: a refresh token takes its grant with it, an access token only itself.

    Nothing for what is unknown or has ended. Raises `BadAskingError` (invalid_grant) for a token of another client.
    """
    grant_id = server.refresh_tokens.grant_of(token)
    if grant_id is not None:
        owner = await server.owner(grant_id)
        if owner is not None:
            _check_owner(owner, client)
            await server.revoke(grant_id, "revoked by its client")
        return
    try:
        claims, _ = await server.verifier.claims(token)
    except InvalidToken:
        return
    _check_owner(claims.client_id, client)
    await server.revoke_token(claims.jti)


def _check_owner(client_id: str, client: Client) -> None:
    if client_id != client.client_id:
        raise BadAskingError("invalid_grant", "The token was issued to another client.")


def _framed(handler: Handler, quotas: rates.Rates, refuse: Refuse) -> Callable[[Request], Awaitable[Response]]:
    """One request from its first byte to its answer, with quotas, a log line, and every error in words of OAuth2."""

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        address = request.client.host if request.client is not None else ""
        left: list[rates.Left] = []
        try:
            one = quotas.address.spend(address)
            left += [] if one is None else [one]
            response = await handler(request, await _body(request), address)
        except Exception as raised:
            response = _error(raised, refuse)
        for name, value in rates.headers(left):
            response.headers[name.decode()] = value.decode()
        seconds = time.perf_counter() - started
        telemetry.REQUESTS.labels(_SURFACE).observe(seconds)
        log.info(
            "request",
            surface=_SURFACE,
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            ms=round(seconds * 1000, 2),
            address=address,
        )
        return response

    return endpoint


def _error(raised: Exception, refuse: Refuse) -> Response:
    match raised:
        case BadAskingError(error=error, description=description, status=status):
            telemetry.REFUSALS.labels(_SURFACE, error).inc()
            log.info("refused", surface=_SURFACE, error=error, reason=description)
            return refuse(error, description, status)
        case RateLimited(retry_after=wait):
            # no error code of RFC 6749 says so; the status does
            response = refuse("invalid_request", raised.reason, 429)
            response.headers["retry-after"] = str(wait)
        case Unavailable(retry_after=wait):
            response = refuse("temporarily_unavailable", f"{raised.title}. Try again in {wait} s.", 503)
            response.headers["retry-after"] = str(wait)
        case ClientDisconnect():
            log.info("client went away", surface=_SURFACE)
            return refuse("invalid_request", "The body did not arrive.", 400)
        case _:
            log.error("internal fault", surface=_SURFACE, error=type(raised).__name__, exc_info=raised)
            response = refuse(
                "server_error", "The hub has a defect; its operator finds the request id in the log.", 500
            )
    code = raised.code if isinstance(raised, FakturahubError) else InternalFault.code
    telemetry.REFUSALS.labels(_SURFACE, code).inc()
    return response


async def _body(request: Request) -> bytes:
    """The body, of at most `BODY` bytes. Raises `BadAskingError` for a larger one, and for one that does not come."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIME):
            async for part in request.stream():
                size += len(part)
                if size > BODY:
                    raise BadAskingError("invalid_request", f"The body is larger than {BODY // 1024} KiB.", 413)
                parts.append(part)
    except TimeoutError as error:
        raise BadAskingError("invalid_request", f"The body did not arrive within {BODY_TIME:.0f} seconds.") from error
    return b"".join(parts)


def _told(answered: Answered) -> Response:
    if answered.status != 200:
        return _refused(answered.body["error"], answered.body.get("error_description", ""), answered.status)
    return _json(answered.body)


def _refused(error: str, description: str, status: int) -> Response:
    """RFC 6749, 5.2."""
    body = {"error": error, "error_description": description} if description else {"error": error}
    response = _json(body, status)
    if status == 401:
        response.headers["www-authenticate"] = 'Basic realm="Fakturahub", charset="UTF-8"'
    return response


def _trouble(error: str, description: str, status: int) -> Response:
    """The page for a person whom a program sent here wrongly."""
    return page(
        "trouble.html",
        400 if status == 401 else status,
        title="This cannot go on",
        reason=description,
        advice="Nobody was let in, and you were sent nowhere. Go back to the program and tell its makers.",
        code=error,
        request_id=telemetry.request_id.get(),
    )


def _json(content: object, status: int = 200, headers: Mapping[str, str] = _KEPT_BY_NOBODY) -> Response:
    return Response(msgspec.json.encode(content), status, dict(headers), media_type="application/json")
