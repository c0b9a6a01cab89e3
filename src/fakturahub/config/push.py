"""How documents are posted to a company's own server, as the provisioning file says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from fakturahub.config import forms
from fakturahub.config.kinds import (
    Duration,
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
    connect_timeout: Duration = timedelta(seconds=10)
    read_timeout: Duration = timedelta(seconds=60)
    attachments: Literal["embedded", "zip"] = "embedded"
    token_url: Url | None = None
    grant: Literal["client_credentials", "password"] = "client_credentials"
    client_id: Token | None = None
    client_secret: Sealed | None = None
    scope: Text | None = None
    #: PEM: the client's certificate and its key, and the authority that signed the server's
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
