"""Who calls: Basic authentication (specification 3.1)."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from fakturahub.dialects.surface import Parts, call_of
from fakturahub.errors import NotAuthenticated
from fakturahub.identity.companies import Company

#: the longest Authorization header that is looked at
HEADER_LIMIT = 4096

_REFUSAL = "User name and password are not those of an account here."


def basic_credentials(header: str) -> tuple[str, str]:
    """User name and password of an ``Authorization: Basic`` header (RFC 7617, UTF-8).

    Raises `NotAuthenticated` for anything else.
    """
    scheme, _, encoded = header.partition(" ")
    if not header:
        raise NotAuthenticated("The request has no Authorization header; send Basic user name and password.")
    if len(header) > HEADER_LIMIT:
        raise NotAuthenticated("The Authorization header is too long.")
    if scheme.lower() == "bearer":
        raise NotAuthenticated("This path takes Basic authentication; bearer tokens have a path of their own.")
    if scheme.lower() != "basic":
        raise NotAuthenticated("The Authorization header is not of the Basic scheme.")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticated("The Authorization header is not base64 of user:password in UTF-8.") from error
    if not colon or not user:
        raise NotAuthenticated("The Authorization header holds no user:password.")
    return user, password


async def authenticate(request: Request, parts: Parts) -> Company:
    """The company whose user name and password the request carries.

    Raises `NotAuthenticated`, and `RateLimited` where the account or, after many failures, the address has to wait.
    """
    call = call_of(request)
    user, password = basic_credentials(request.headers.get("authorization", ""))
    company = parts.companies.by_credential("pagero", user)
    hashed = company.section("pagero").get("password") if company is not None else None
    if not parts.passwords.remembers(user, password, hashed):
        # Verifying costs tens of milliseconds by design: an address that guesses is held off before it.
        parts.rates.failures.check(call.address)
        if not await parts.passwords.matches(user, password, hashed):
            raise NotAuthenticated(_REFUSAL)
    if company is None:
        raise NotAuthenticated(_REFUSAL)
    call.authenticated(company, parts.rates)
    return company
