"""Who is signed in to the pages of the OAuth2 server, for minutes and by a signed cookie; and what guards their forms.

Nothing is stored. The cookie of the browser is a random name that its forms are bound to; the cookie of the session
says who signed in when, under an HMAC. Both are ``HttpOnly`` and ``SameSite=Lax``: sent when a client sends its user
here, never with a form of another site. Behind https they are ``Secure`` and bear the prefix ``__Host-``.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fakturahub.identity.sealing import MasterKey

#: how long a person stays signed in
SESSION_LIFE = timedelta(minutes=10)

_SESSION, _BROWSER = "fakturahub-sign-in", "fakturahub-browser"
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")
#: characters of a cookie that are looked at
_MOST = 2_048


class Session(msgspec.Struct, frozen=True):
    """A person who signed in a short while ago."""

    company_id: UUID
    login: str
    #: changes with the password
    mark: str
    #: Unix seconds
    signed_in: int
    #: random: a form of one session is good in no other
    id: str

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.signed_in, UTC)


_DECODER = msgspec.json.Decoder(Session)


class Sessions:
    """Makes and reads the cookies and the tokens of forms."""

    def __init__(self, master_key: MasterKey, secure: Callable[[], bool]) -> None:
        """``secure``: whether browsers reach the hub by https, and by https alone."""
        self._secure = secure
        self._session_key = master_key.derive("oauth session")
        self._form_key = master_key.derive("oauth form")

    def read(self, request: Request, now: datetime) -> Session | None:
        """The session of a request, None where there is none, or one that was altered or has ended."""
        text = request.cookies.get(self._called(_SESSION), "")
        body, dot, tag = text.partition(".")
        if not dot or len(text) > _MOST or not hmac.compare_digest(tag.encode(), self._tag(body).encode()):
            return None
        session = _DECODER.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return session if session.at <= now < session.at + SESSION_LIFE else None

    def begin(self, company_id: UUID, login: str, mark: str, now: datetime) -> Session:
        return Session(company_id, login, mark, int(now.timestamp()), secrets.token_urlsafe(16))

    def keep(self, response: Response, session: Session | None) -> None:
        """Have the browser keep *session*, or forget the one that it has."""
        text = ""
        if session is not None:
            body = urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=").decode()
            text = f"{body}.{self._tag(body)}"
        self._set(response, _SESSION, text, 0 if session is None else int(SESSION_LIFE.total_seconds()))

    def browser(self, request: Request) -> str:
        """The random name of the browser: the one it has, else a new one, which :meth:`remember` hands to it."""
        name = request.cookies.get(self._called(_BROWSER), "")
        return name if _NAME.fullmatch(name) else secrets.token_urlsafe(16)

    def remember(self, response: Response, browser: str) -> None:
        self._set(response, _BROWSER, browser, 3_600)

    def form_token(self, what: str, browser: str, query: str, session: Session | None = None) -> str:
        """What a form has to bring along: for one purpose, browser, request of a client and session."""
        bound = "\0".join((what, browser, query, "" if session is None else session.id))
        return hmac.digest(self._form_key, bound.encode("utf-8", "surrogatepass"), "sha256").hex()

    def form_fits(
        self, given: str | None, what: str, request: Request, query: str, session: Session | None = None
    ) -> bool:
        """Whether a form is one that this hub gave to this browser for this very request."""
        name = request.cookies.get(self._called(_BROWSER), "")
        if given is None or not _NAME.fullmatch(name):
            return False
        expected = self.form_token(what, name, query, session)
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())

    def _tag(self, body: str) -> str:
        return hmac.digest(self._session_key, body.encode("utf-8", "surrogatepass"), "sha256").hex()

    def _set(self, response: Response, name: str, value: str, life: int) -> None:
        response.set_cookie(
            self._called(name),
            value,
            max_age=life,
            path="/",
            secure=self._secure(),
            httponly=True,
            samesite="lax",
        )

    def _called(self, name: str) -> str:
        return f"__Host-{name}" if self._secure() else name
