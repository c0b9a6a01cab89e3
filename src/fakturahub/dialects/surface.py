"""The frame around every dialect: one request from its first byte to the last of its answer.

A dialect gives its routes and how it words a refusal; the frame gives it the caller's address, quotas, a request id in
the logs and in the answer, bodies within their limit, and turns every error into the dialect's own idiom.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from fakturahub import telemetry
from fakturahub.errors import (
    BadRequest,
    FakturahubError,
    InternalFault,
    MethodNotAllowed,
    NotAuthenticated,
    Overloaded,
    RateLimited,
    TooLarge,
    Unavailable,
    UnknownPath,
)
from fakturahub.exchange.archive import Archive
from fakturahub.exchange.credits import Balances
from fakturahub.exchange.files import Files
from fakturahub.exchange.inbox import Inbox
from fakturahub.exchange.notices import Notices
from fakturahub.exchange.payslips import Payslips
from fakturahub.exchange.registrations import Registrations
from fakturahub.exchange.submit import Exchange
from fakturahub.identity.companies import Companies, Company
from fakturahub.identity.passwords import PasswordCheck
from fakturahub.identity.rates import Left, Rates, headers
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.tokens import Verifier
from fakturahub.model import Clock

#: seconds a client may take to send its body
BODY_TIME = 60.0
#: bytes of bodies that one process receives at a time; beyond it callers are told to come back
BODIES_IN_HAND = 512 * 1024 * 1024

_CALL = "fakturahub.call"

log = telemetry.logger("dialects")


class Parts(msgspec.Struct, frozen=True):
    """What the hub gives a dialect to work with."""

    companies: Companies
    exchange: Exchange
    balances: Balances
    inbox: Inbox
    files: Files
    archive: Archive
    notices: Notices
    registrations: Registrations
    payslips: Payslips
    passwords: PasswordCheck
    #: of the access tokens that the hub's own OAuth2 server issues
    tokens: Verifier
    master_key: MasterKey
    rates: Rates
    clock: Clock


class Call:
    """One request in hand."""

    def __init__(self, surface: str, address: str, request_id: str, *, test: bool = False) -> None:
        self.surface = surface
        self.address = address
        self.request_id = request_id
        #: it came under a host name of the dialect's ``test_hosts``: everything is done but the delivery
        self.test = test
        self.company: Company | None = None
        self.left: list[Left] = []
        self.started = time.perf_counter()

    def authenticated(self, company: Company, rates: Rates) -> None:
        """Note who calls and count the request against the account.

        Raises `RateLimited`.
        """
        self.company = company
        left = rates.account.spend(str(company.id))
        if left is not None:
            self.left.append(left)


def call_of(request: Request) -> Call:
    """The call that *request* belongs to."""
    call: Call = request.scope[_CALL]
    return call


Refuse = Callable[[FakturahubError, Request, Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Route:
    """One path of a dialect: ``{name}`` in it stands for one segment."""

    def __init__(self, method: str, path: str, endpoint: Endpoint) -> None:
        self.method = method
        self.endpoint = endpoint
        self.path = path
        self.pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


class Surface:
    """A dialect as the hub mounts it: an ASGI application whose paths are relative to the dialect's prefix."""

    _bodies = 0

    def __init__(
        self,
        name: str,
        routes: Sequence[Route],
        refuse: Refuse,
        parts: Parts,
        *,
        path_form: Callable[[str], str] = lambda path: path,
    ) -> None:
        """``refuse`` words an error; ``path_form`` brings a path to the form in which the routes are written."""
        self.name = name
        self.routes = routes
        # a path without parameters is meant by itself, and not as a value of another's
        self._exact = {
            route.path: [one for one in routes if one.path == route.path] for route in routes if "{" not in route.path
        }
        self._refuse = refuse
        self._rates = parts.rates
        self._companies = parts.companies
        self._path_form = path_form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        test = self._companies.is_test_host(self.name, Headers(scope=scope).get("host", ""))
        call = Call(self.name, client[0] if client else "", telemetry.request_id.get(), test=test)
        path = self._path_form(scope["path"])
        scope = {**scope, "path": path, _CALL: call}
        request = Request(scope, receive)
        status = 0

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *headers(call.left)]
            await send(message)

        try:
            try:
                left = self._rates.address.spend(call.address)
                if left is not None:
                    call.left.append(left)
                response = await self._endpoint(scope)(request)
                await response(scope, receive, tell)
            except ClientDisconnect:
                log.info("client went away", surface=self.name, path=path)
                return
            except Exception as raised:
                if status:  # the answer is half out: nothing can be said any more
                    raise
                await self._answer_error(_as_ours(raised), request, call, tell)
        finally:
            seconds = time.perf_counter() - call.started
            telemetry.REQUESTS.labels(self.name).observe(seconds)
            log.info(
                "request",
                surface=self.name,
                method=scope["method"],
                path=path,
                status=status,
                ms=round(seconds * 1000, 2),
                company=call.company.key if call.company else None,
                address=call.address,
            )

    def _endpoint(self, scope: Scope) -> Endpoint:
        allowed = []
        for route in self._exact.get(scope["path"], self.routes):
            match = route.pattern.fullmatch(scope["path"])
            if match is not None:
                if route.method == scope["method"]:
                    scope["path_params"] = match.groupdict()
                    return route.endpoint
                allowed.append(route.method)
        if allowed:
            allow = ", ".join(sorted(allowed))
            raise MethodNotAllowed(f"{scope['method']} is not answered here; use {allow}.", allow=allow)
        known = ", ".join(dict.fromkeys(route.path for route in self.routes))
        raise UnknownPath(f"There is nothing under this path; known are {known}.")

    async def _answer_error(self, error: FakturahubError, request: Request, call: Call, send: Send) -> None:
        telemetry.REFUSALS.labels(self.name, error.code).inc()
        if isinstance(error, InternalFault):
            log.error("internal fault", surface=self.name, error=error.reason, exc_info=error)
        else:
            log.info("refused", surface=self.name, code=error.code, reason=str(error))
        if isinstance(error, NotAuthenticated):
            try:
                self._rates.failures.spend(call.address)
            except RateLimited as limited:
                error = limited
        response = self._refuse(error, request, call)
        if isinstance(error, RateLimited) and error.quota is not None:
            policy, quota, reset = error.quota
            call.left = [*(one for one in call.left if one.policy != policy), Left(policy, quota, 0, reset)]
        if isinstance(error, Unavailable | RateLimited):
            response.headers["retry-after"] = str(error.retry_after)
        await response(request.scope, request.receive, send)


def _as_ours(raised: Exception) -> FakturahubError:
    if isinstance(raised, FakturahubError):
        return raised
    fault = InternalFault("The request met a defect of the hub.")
    fault.__cause__ = raised
    return fault


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, of at most *limit* bytes.

    Raises `TooLarge`, before anything is read where the length is announced, `BadRequest` for a body that does not come
    in time, and `Overloaded` where the process is receiving too much already.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIME):
            async for part in request.stream():
                size += len(part)
                Surface._bodies += len(part)
                if size > limit:
                    raise _too_large(limit)
                if Surface._bodies > BODIES_IN_HAND:
                    raise Overloaded("The hub is receiving too many large requests at the moment.", retry_after=2)
                parts.append(part)
    except TimeoutError as error:
        raise BadRequest(f"The body did not arrive within {BODY_TIME:.0f} seconds.") from error
    finally:
        Surface._bodies -= size
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // (1024 * 1024)} MiB, the limit here.")
