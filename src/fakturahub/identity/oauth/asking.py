"""A request to the OAuth2 server, read with suspicion: its form, and who the client says it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

import msgspec

#: bytes of the body of a request, and of the query of one
BODY = 32 * 1024
#: parameters of one request
PARAMETERS = 50

#: what must not stand in an address, where logs and histories keep it (RFC 6749, 2.3.1; RFC 6750, 5.3)
_NOT_IN_QUERY = frozenset(
    {"client_secret", "password", "refresh_token", "code", "code_verifier", "token", "access_token"}
)


class BadAskingError(Exception):
    """The request breaks RFC 6749: its error code, and a sentence of plain ASCII for whoever wrote the client."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class Claimed(msgspec.Struct, frozen=True):
    """Who the client says it is, and the secrets that would prove it; any of them does."""

    client_id: str
    secrets: tuple[str, ...]
    #: client_secret_basic, client_secret_post, or none where it shows nothing
    method: str

    def __repr__(self) -> str:
        return f"Claimed({self.client_id!r}, {self.method})"


def parameters(text: bytes | str) -> dict[str, str]:
    """Form-encoded parameters, each given once; one without a value counts as left out (RFC 6749, 3.1 and 3.2).

    Raises `BadAskingError` (invalid_request) for a parameter that is given twice, too many, and what is no UTF-8.
    """
    try:
        plain = text.decode("ascii") if isinstance(text, bytes) else text
        pairs = parse_qsl(
            plain, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=PARAMETERS, separator="&"
        )
    except ValueError as error:
        raise BadAskingError(
            "invalid_request", f"The parameters are not form-encoded UTF-8, or more than {PARAMETERS}."
        ) from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise BadAskingError("invalid_request", "A parameter is given more than once.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def form(content_type: str, query: str, body: bytes) -> dict[str, str]:
    """The parameters in the body of a POST.

    Raises `BadAskingError` for another content type, and for secrets in the address.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadAskingError("invalid_request", "The body has to be application/x-www-form-urlencoded.")
    if query and not _NOT_IN_QUERY.isdisjoint(name for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise BadAskingError("invalid_request", "Credentials belong in the body or the header, never in the address.")
    return parameters(body)


def claimed(authorization: str, given: Mapping[str, str]) -> Claimed:
    """Which client asks (RFC 6749, 2.3.1).

    Raises `BadAskingError`: invalid_request for two ways at once, invalid_client for none, and for a header that is not
    of the Basic scheme.
    """
    if not authorization:
        if "client_id" not in given:
            raise _unknown("The request names no client: send Basic, or client_id and client_secret in the body.")
        secret = given.get("client_secret")
        return (
            Claimed(given["client_id"], (secret,), "client_secret_post")
            if secret
            else Claimed(given["client_id"], (), "none")
        )
    if "client_secret" in given:
        raise BadAskingError("invalid_request", "The client shows credentials in the header and in the body.")
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _unknown("The Authorization header is not of the Basic scheme.")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _unknown("The Authorization header is not base64 of client_id:client_secret.") from error
    if not colon or not user:
        raise _unknown("The Authorization header holds no client_id:client_secret.")
    client_id = _decoded(user)
    if given.get("client_id", client_id) not in (client_id, user):
        raise BadAskingError("invalid_request", "The client_id in the body is not the one in the header.")
    # Form-encoded, says the RFC; as they stand, do curl -u, Python's requests and many others.
    return Claimed(client_id, tuple(dict.fromkeys((_decoded(password), password))), "client_secret_basic")


def _decoded(text: str) -> str:
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return text


def _unknown(description: str) -> BadAskingError:
    return BadAskingError("invalid_client", description, 401)
