"""The authorization endpoint: a user signs in, lets a client in or does not, and is sent back to it (RFC 6749, 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.requests import Request
from starlette.responses import Response

from fakturahub.errors import RateLimited
from fakturahub.identity.oauth.asking import BadAskingError, form, parameters
from fakturahub.identity.oauth.clients import CODE, Client
from fakturahub.identity.oauth.grants import CodeGrant
from fakturahub.identity.oauth.issuing import wants_id_token
from fakturahub.identity.oauth.pages import page
from fakturahub.identity.oauth.server import Server
from fakturahub.identity.oauth.sessions import Session, Sessions
from fakturahub.identity.oauth.users import Person, known

_WRONG = "User name and password do not fit. Nobody was let in."
_STALE = "The page was open for too long, or cookies are switched off. Nobody was let in."
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class Asked(msgspec.Struct, frozen=True):
    """A request for a code that may be answered: by a page, or by going back to the client."""

    given: Mapping[str, str]
    client: Client
    redirect_uri: str

    @property
    def query(self) -> str:
        """The parameters in one spelling, whichever the browser has: what forms are bound to."""
        return urlencode(sorted(self.given.items()))

    @property
    def company(self) -> str:
        return self.client.company.name if self.client.company is not None else ""


class _GoBackError(Exception):
    """The request is answered at the client, with an error (RFC 6749, 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Authorization:
    """The endpoint of one process."""

    def __init__(self, server: Server, sessions: Sessions) -> None:
        self._server = server
        self._sessions = sessions

    async def answer(self, request: Request, body: bytes, address: str) -> Response:
        """A page, or the way back to the client.

        Raises `BadAskingError` where it is not certain who asks, so that nobody is sent anywhere, and `Unavailable`.
        """
        asked = self._asked(parameters(request.scope["query_string"]))
        try:
            grant = self._judged(asked)
            if request.method == "POST":
                given = form(request.headers.get("content-type", ""), "", body)
                return await self._submitted(request, asked, grant, given, address)
            return self._shown(request, asked)
        except _GoBackError as error:
            params = [("error", error.error), ("error_description", error.description)]
            return self._back(request, asked, add_params_to_uri(asked.redirect_uri, [*params, *_state(asked)]))

    def _asked(self, given: dict[str, str]) -> Asked:
        """Who asks, and where the answer may go. Raises `BadAskingError`: nobody is sent to where nobody is known."""
        client = self._server.clients.get(given.get("client_id", ""))
        if client is None or CODE not in client.grants:
            raise BadAskingError("invalid_client", "The program that sent you here is not known to this hub.")
        redirect_uri = given.get("redirect_uri") or client.get_default_redirect_uri()
        if redirect_uri is None or not client.check_redirect_uri(redirect_uri):
            raise BadAskingError(
                "invalid_request", "The address that you would be sent back to is not registered for this program."
            )
        return Asked(given, client, redirect_uri)

    def _judged(self, asked: Asked) -> CodeGrant:
        """The grant that Authlib found good. Raises `_GoBackError`."""
        given = asked.given
        for name in ("request", "request_uri", "registration"):
            if name in given:
                raise _GoBackError(f"{name}_not_supported", f"The parameter {name} is not supported.")
        if "response_type" not in given:
            raise _GoBackError("invalid_request", "The request lacks response_type.")
        if given["response_type"] != "code":
            raise _GoBackError("unsupported_response_type", "response_type has to be code.")
        if given.get("response_mode", "query") != "query":
            raise _GoBackError("invalid_request", "response_mode has to be query.")
        prompts = set(given.get("prompt", "").split())
        if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
            raise _GoBackError("invalid_request", "prompt has to be none, or some of login, consent, select_account.")
        if "max_age" in given and not (given["max_age"].isascii() and given["max_age"].isdigit()):
            raise _GoBackError("invalid_request", "max_age has to be a number of seconds.")
        try:
            return self._server.consent(given)
        except OAuth2Error as error:
            raise _GoBackError(
                error.error, error.description or "The request is not one that can be granted."
            ) from error

    def _shown(self, request: Request, asked: Asked) -> Response:
        """The page that a request gets. Raises `_GoBackError` where it wants none."""
        signed_in = self._signed_in(request, asked)
        prompts = asked.given.get("prompt", "").split()
        if "none" in prompts:
            if signed_in is None:
                raise _GoBackError("login_required", "The user is not signed in.")
            raise _GoBackError("consent_required", "The user has to be asked.")
        if signed_in is None or "login" in prompts or "select_account" in prompts:
            return self._sign_in_page(request, asked)
        return self._consent_page(request, asked, *signed_in)

    def _signed_in(self, request: Request, asked: Asked) -> tuple[Session, Person] | None:
        """Who is signed in, where the client may act for him and he did so recently enough (``max_age``)."""
        now = self._server.clock.now()
        session = self._sessions.read(request, now)
        company = asked.client.company
        if session is None or company is None or session.company_id != company.id:
            return None
        person = known(asked.client, session.login)
        if person is None or person.mark != session.mark:
            return None
        oldest = asked.given.get("max_age")
        if oldest is not None and now - session.at > timedelta(seconds=int(oldest[:9])):
            return None
        return session, person

    async def _submitted(
        self, request: Request, asked: Asked, grant: CodeGrant, given: Mapping[str, str], address: str
    ) -> Response:
        sessions, query, token = self._sessions, asked.query, given.get("form")
        signed_in = self._signed_in(request, asked)
        session = None if signed_in is None else signed_in[0]
        of_sign_in = sessions.form_fits(token, "sign-in", request, query)
        of_consent = session is not None and sessions.form_fits(token, "consent", request, query, session)
        match given.get("step"):
            case "sign-in" if of_sign_in:
                return await self._signing_in(request, asked, given, address)
            case "refuse" if of_sign_in or of_consent:
                raise _GoBackError("access_denied", "The user did not let the client in.")
            case "other" if of_consent:
                response = self._sign_in_page(request, asked)
                sessions.keep(response, None)
                return response
            case "allow" if of_consent and signed_in is not None:
                location = await self._server.code(grant, signed_in[1], signed_in[0].at)
                return self._back(request, asked, location)
        return self._sign_in_page(request, asked, fault=_STALE, status=400)

    async def _signing_in(self, request: Request, asked: Asked, given: Mapping[str, str], address: str) -> Response:
        login = given.get("username", "")
        try:
            person = await self._server.sign_in(asked.client, login, given.get("password", ""), address)
        except RateLimited as limited:
            response = self._sign_in_page(request, asked, login=login, fault=limited.reason, status=429)
            response.headers["retry-after"] = str(limited.retry_after)
            return response
        if person is None:
            return self._sign_in_page(request, asked, login=login, fault=_WRONG, status=403)
        session = self._sessions.begin(person.company.id, person.login, person.mark, self._server.clock.now())
        response = self._consent_page(request, asked, session, person)
        self._sessions.keep(response, session)
        return response

    def _sign_in_page(
        self, request: Request, asked: Asked, *, login: str = "", fault: str = "", status: int = 200
    ) -> Response:
        browser = self._sessions.browser(request)
        response = page(
            "sign_in.html",
            status,
            redirect_uri=asked.redirect_uri,
            client_id=asked.client.client_id,
            company=asked.company,
            query=asked.query,
            token=self._sessions.form_token("sign-in", browser, asked.query),
            login=login or asked.given.get("login_hint", ""),
            fault=fault,
        )
        self._sessions.remember(response, browser)
        return response

    def _consent_page(self, request: Request, asked: Asked, session: Session, person: Person) -> Response:
        browser = self._sessions.browser(request)
        response = page(
            "consent.html",
            redirect_uri=asked.redirect_uri,
            client_id=asked.client.client_id,
            company=asked.company,
            login=person.login,
            openid=wants_id_token(asked.given.get("scope", "")),
            query=asked.query,
            token=self._sessions.form_token("consent", browser, asked.query, session),
        )
        self._sessions.remember(response, browser)
        return response

    def _back(self, request: Request, asked: Asked, location: str) -> Response:
        """To the client, with who answered (RFC 9207). A form is answered by 303: the client is sent no password."""
        location = add_params_to_uri(location, [("iss", self._server.issuer())])
        headers = {"location": location, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        return Response(None, 303 if request.method == "POST" else 302, headers)


def _state(asked: Asked) -> list[tuple[str, str]]:
    return [("state", asked.given["state"])] if "state" in asked.given else []
