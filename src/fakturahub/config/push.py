"""How documents are posted to a company's own server, as the provisioning file says it.

No setting leaves the server's certificate unverified: one that no known authority signed goes into ``ca``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from fakturahub.config import forms
from fakturahub.config.kinds import (
    MediaType,
    Sealed,
    Sourced,
    StatusCodes,
    Term,
    Text,
    Token,
    Url,
    Username,
)

#: headers, in small letters, that frame a request or by which the hub says what it sends
OWN_HEADERS = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-delivery-attempt",
        "x-delivery-id",
        "x-document-id",
    }
)

#: pauses after an attempt that failed, the last one again and again: those that Standard Webhooks 1.0.0 recommends
RETRY = tuple(timedelta(seconds=one) for one in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
#: how long after the first attempt a delivery is given up
GIVE_UP_AFTER = timedelta(days=7)
#: requests that are under way to one receiver at a time
AT_ONCE = 16
#: pauses that can be set
MOST_PAUSES = 20

_Pause = Annotated[timedelta, Meta(extra={"form": forms.duration("1s", "7d")})]


class HttpPush(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.pagero.push]``: how documents are posted to a company's own server (specs/pagero.md, section 7)."""

    url: Url
    auth: Literal["none", "basic", "oauth2", "mtls"] = "none"
    username: Username | None = None
    password: Sealed | None = None
    #: sent as they are. Sealed, because a header is where API keys go
    headers: Annotated[
        dict[str, Annotated[Sealed, Meta(extra={"form": forms.HEADER_VALUE})]],
        Meta(extra={"names": forms.HEADER_NAME}),
    ] = field(default_factory=dict)
    #: header by the term of the document whose value it gets
    document_headers: Annotated[dict[str, Term], Meta(extra={"names": forms.HEADER_NAME})] = field(default_factory=dict)
    #: what happens where the document does not have that term
    missing_header: Literal["omit", "stop"] = "omit"
    method: Literal["POST", "PUT"] = "POST"
    #: without one, the media type of the document
    content_type: MediaType | None = None
    success: StatusCodes = forms.StatusCodes(((200, 299),))
    # together with the time for a body of the largest size they stay below what one attempt may take
    connect_timeout: Annotated[timedelta, Meta(extra={"form": forms.duration("1s", "1m")})] = timedelta(seconds=10)
    read_timeout: Annotated[timedelta, Meta(extra={"form": forms.duration("1s", "5m")})] = timedelta(seconds=60)
    retry: tuple[_Pause, ...] = RETRY
    give_up_after: Annotated[timedelta, Meta(extra={"form": forms.duration("1s", "30d")})] = GIVE_UP_AFTER
    #: 1 for a server that takes one request after the other
    at_once: Annotated[int, Meta(extra={"form": forms.whole_number(1, 64)})] = AT_ONCE
    attachments: Literal["embedded", "zip"] = "embedded"
    token_url: Url | None = None
    grant: Literal["client_credentials", "password"] = "client_credentials"
    client_id: Token | None = None
    client_secret: Sealed | None = None
    #: where the client's credentials go: ``auto`` tries the body, then Basic authentication (RFC 6749, 2.3.1)
    client_auth: Literal["auto", "body", "basic"] = "auto"
    scope: Text | None = None
    #: further fields of the request for a token: whom it is for, as some servers want it, and by RFC 8707
    audience: Text | None = None
    resource: Url | None = None
    #: PEM: the client's certificate and its key, shown whatever ``auth`` is, and the authority of the server's
    cert: Sourced | None = None
    key: Sealed | None = None
    ca: Sourced | None = None
    proxy: Annotated[Sealed, Meta(extra={"form": forms.PROXY_URL})] | None = None

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        needed = {
            "none": (),
            "basic": ("username", "password"),
            "oauth2": ("token_url", "client_id", "client_secret"),
            "mtls": ("cert", "key"),
        }[self.auth]
        if self.auth == "oauth2" and self.grant == "password":
            needed = (*needed, "username", "password")
        found = [("auth", f'"{self.auth}" needs `{name}` as well') for name in needed if getattr(self, name) is None]
        if self.auth == "mtls" and not self.url.startswith("https:"):
            found.append(("url", 'has to begin with https where `auth` is "mtls"'))
        if self.auth != "mtls" and (self.cert is None) != (self.key is None):
            given, missing = ("key", "cert") if self.cert is None else ("cert", "key")
            found.append((given, f"needs `{missing}` as well"))
        if not 1 <= len(self.retry) <= MOST_PAUSES:
            found.append(("retry", f"has to have 1 to {MOST_PAUSES} pauses"))
        for key, headers in (("headers", self.headers), ("document_headers", self.document_headers)):
            found += [(key, f"`{name}` {why}") for name in headers if (why := self._not_to_be_set(key, name))]
        fixed = {name.casefold() for name in self.headers}
        if twice := sorted(name for name in self.document_headers if name.casefold() in fixed):
            found.append(("document_headers", f"`{twice[0]}` is set by `headers` already"))
        return found

    def _not_to_be_set(self, key: str, name: str) -> str | None:
        """Why no setting sets the header *name*, None where one may."""
        if name.casefold() in OWN_HEADERS:
            return "is the hub's own to set"
        if name.casefold() == "content-type":
            return "is set by `content_type`"
        if name.casefold() == "authorization" and (key == "document_headers" or self.auth in ("basic", "oauth2")):
            return "is set by `auth`"
        return None
