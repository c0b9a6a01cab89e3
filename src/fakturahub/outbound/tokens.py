"""OAuth2 access tokens that the hub fetches for its calls, kept in memory until shortly before they end.

One fetch at a time for the same credentials: a thousand calls that need the same token make one request. The client's
credentials go in the body first and, where the endpoint answers ``invalid_client``, by Basic authentication (RFC 6749,
2.3.1); which one it took is remembered. A grant may also say which one it is. The endpoint is a target like any other,
and nothing of its answer is repeated but the error code of RFC 6749.

A fetch that failed is not tried again at once: after `PAUSE` seconds at the earliest, twice as many after each further
failure up to `LONGEST_PAUSE`, or as many as the endpoint asks for.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

import msgspec

from fakturahub.config import Secret
from fakturahub.outbound.client import Answer, Call, Client, Failed
from fakturahub.outbound.http_trouble import peer_of

#: seconds for a request to a token endpoint: to connect, and to answer
CONNECT_TIME = 5.0
ANSWER_TIME = 10.0
#: seconds that a token is good for where the endpoint does not say
DEFAULT_LIFE = 300.0
#: a token is not used in the last tenth of its life, at most this many seconds
MARGIN = 60.0
#: seconds between a fetch that failed and the next; where an endpoint says that it was asked too often
PAUSE = 5.0
LONGEST_PAUSE = 300.0
TOO_OFTEN_PAUSE = 900.0
LONGEST_ASKED = 3_600.0
#: seconds in which a receiver that refused a new token, too, gets what there is
POINTLESS = 300.0
#: characters of a token
LONGEST_TOKEN = 16_384
#: credentials that tokens are kept for; beyond it those that were not used longest are forgotten
KEPT = 10_000

# RFC 6750, 2.1: what a token may be made of; anything else could end the header that it stands in.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/:-]+=*")
# RFC 6749, 5.2. Other words may be anything, such as the password that was sent.
_CODES = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    }
)


class Grant(msgspec.Struct, frozen=True):
    """What a token is asked for with."""

    token_url: str
    grant: Literal["client_credentials", "password"]
    client_id: str
    client_secret: Secret
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None
    client_auth: Literal["auto", "body", "basic"] = "auto"
    username: str | None = None
    password: Secret | None = None
    tls: ssl.SSLContext | None = None
    proxy: Secret | None = None


class NoToken(msgspec.Struct, frozen=True):
    """There is no token."""

    #: one sentence without secrets
    detail: str


class _Kept:
    """What is known for the same credentials."""

    def __init__(self) -> None:
        self.token: Secret | None = None
        self.until = 0.0
        self.fetch: asyncio.Task[Secret | NoToken] | None = None
        self.failure: NoToken | None = None
        self.failures = 0
        self.again_at = 0.0
        #: whether the endpoint wants the client's credentials by Basic authentication
        self.basic = False
        #: tokens of before then were refused by the receiver, and so was the one after them
        self.pointless_until = 0.0
        self.renewed = False


class Tokens:
    """The tokens of one node."""

    def __init__(self, client: Client, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def close(self) -> None:
        """End the fetches that are under way."""
        fetches = [kept.fetch for kept in self._kept.values() if kept.fetch is not None]
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    async def token(self, grant: Grant) -> Secret | NoToken:
        """A token that is good, the kept one or a new one; waits for the fetch that is under way."""
        kept = self._of(grant)
        now = self._now()
        if kept.token is not None and now < kept.until:
            return kept.token
        if kept.fetch is None:
            if kept.failure is not None and now < kept.again_at:
                return kept.failure
            kept.fetch = asyncio.create_task(self._fetch(grant, kept), name="fetch a token")
            kept.fetch.add_done_callback(lambda _: setattr(kept, "fetch", None))
        # Whoever gives up waiting does not take the token from the others.
        return await asyncio.shield(kept.fetch)

    def refused(self, grant: Grant, token: Secret) -> bool:
        """Note that a receiver answered 401 to *token*; whether it is worth asking for another one.

        Once: where the receiver refuses a new token, too, it is not the token, and the endpoint is left in peace for
        `POINTLESS` seconds.
        """
        kept = self._of(grant)
        if kept.token is None or kept.token != token:
            return True  # another call was refused as well, and asked for another one meanwhile
        now = self._now()
        if now < kept.pointless_until:
            return False
        if kept.renewed:
            kept.pointless_until, kept.renewed = now + POINTLESS, False
            return False
        kept.token, kept.renewed = None, True
        return True

    def accepted(self, grant: Grant) -> None:
        """Note that a receiver took the token."""
        self._of(grant).renewed = False

    def _of(self, grant: Grant) -> _Kept:
        key = _key(grant)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return kept

    async def _fetch(self, grant: Grant, kept: _Kept) -> Secret | NoToken:
        if grant.client_auth != "auto":
            kept.basic = grant.client_auth == "basic"
        made = await self._ask(grant, basic=kept.basic)
        if grant.client_auth == "auto" and _is_invalid_client(made):
            made = await self._ask(grant, basic=not kept.basic)
            if isinstance(made, Answer) and made.status == 200:
                kept.basic = not kept.basic
        got = _read(made, grant)
        if isinstance(got, NoToken):
            kept.failures += 1
            pause = min(PAUSE * 2.0 ** min(kept.failures - 1, 10), LONGEST_PAUSE)
            kept.again_at = self._now() + max(pause, _pause_asked_for(made))
            kept.failure = got
            return got
        kept.token, life = got
        kept.until = self._now() + life - min(MARGIN, life / 10)
        kept.failure, kept.failures = None, 0
        return kept.token

    async def _ask(self, grant: Grant, *, basic: bool) -> Answer | Failed:
        form: dict[str, str] = {"grant_type": grant.grant}
        if grant.grant == "password":
            form["username"] = grant.username or ""
            form["password"] = "" if grant.password is None else grant.password.reveal()
        further = {"scope": grant.scope, "audience": grant.audience, "resource": grant.resource}
        form |= {name: value for name, value in further.items() if value is not None}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if basic:
            # RFC 6749, 2.3.1: both are form-encoded before they are joined.
            login = f"{quote_plus(grant.client_id)}:{quote_plus(grant.client_secret.reveal())}"
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode("ascii")
        else:
            form["client_id"] = grant.client_id
            form["client_secret"] = grant.client_secret.reveal()
        return await self._client.call(
            Call(
                "POST",
                grant.token_url,
                headers,
                urlencode(form).encode("ascii"),
                CONNECT_TIME,
                ANSWER_TIME,
                grant.tls,
                grant.proxy,
            )
        )


def _key(grant: Grant) -> bytes:
    """Tells credentials apart: a secret that was changed never gets the token of the old one."""
    password = None if grant.password is None else grant.password.reveal()
    asked = (grant.scope, grant.audience, grant.resource)
    parts = (grant.token_url, grant.grant, grant.client_id, grant.client_auth, *asked, grant.username)
    return hashlib.sha256(msgspec.json.encode([*parts, grant.client_secret.reveal(), password])).digest()


def _is_invalid_client(made: Answer | Failed) -> bool:
    return isinstance(made, Answer) and made.status in (400, 401) and _code(made) == "invalid_client"


def _json(answer: Answer) -> Mapping[str, Any]:
    """The object in the body, empty where it is none or is not said to be JSON."""
    kind = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if not answer.whole or not (kind == "application/json" or kind.endswith("+json")):
        return {}
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _code(answer: Answer) -> str | None:
    """The error code of RFC 6749, None where it is none of those."""
    code = _json(answer).get("error")
    return code if isinstance(code, str) and code in _CODES else None


def _read(made: Answer | Failed, grant: Grant) -> tuple[Secret, float] | NoToken:
    """The token and the seconds that it is good for."""
    peer = peer_of(grant.token_url)
    if isinstance(made, Failed):
        return NoToken(f"The hub cannot get a token: {made.trouble.detail}")
    if made.status != 200:
        code = _code(made)
        told = f"{made.status}, {code}" if code else str(made.status)
        todo = " Compare `client_id` and `client_secret` with the receiver's." if made.status in (400, 401) else ""
        return NoToken(f"The hub cannot get a token: {peer} answered {told}.{todo}")
    given = _json(made)
    token, kind = given.get("access_token"), given.get("token_type", "Bearer")
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        return NoToken(f"The hub cannot get a token: {peer} answered 200 and gave none in JSON that can be used.")
    if not isinstance(kind, str) or kind.casefold() != "bearer":
        return NoToken(f"The hub cannot get a token: {peer} gave one that is no bearer token.")
    return Secret(token), _life(given.get("expires_in"))


def _life(stated: object) -> float:
    """Seconds that a token is good for; some endpoints give the number as text."""
    if isinstance(stated, str) and re.fullmatch(r"[0-9]{1,9}", stated.strip()):
        return float(stated)
    if isinstance(stated, int | float) and not isinstance(stated, bool) and 0 <= stated < 1e9:
        return float(stated)
    return DEFAULT_LIFE


def _pause_asked_for(made: Answer | Failed) -> float:
    """Seconds that a token endpoint wants to be left in peace."""
    if not isinstance(made, Answer):
        return 0.0
    asked = (made.header("retry-after") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", asked):
        return min(float(asked), LONGEST_ASKED)
    # Vertex's identity provider says so with 400 and words (webhooks-oauth.md, A6).
    if made.status == 429 or (made.status == 400 and b"rate limit" in made.body.lower()):
        return TOO_OFTEN_PAUSE
    return 0.0
