"""Who calls: Basic authentication (specification 3.1), or an access token on the paths for it (3.2)."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request

from fakturahub.dialects.surface import Parts, call_of
from fakturahub.errors import InvalidToken, NotAuthenticated
from fakturahub.identity import tokens
from fakturahub.identity.companies import Company

#: the longest Authorization header that is looked at
HEADER_LIMIT = 4096

#: the audience that a token for this dialect has; a client of ``[company.pagero]`` gets no other
AUDIENCE = "pagero"
#: the same for a header with a token
BEARER_LIMIT = len("Bearer ") + tokens.MOST

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


def scheme_of(request: Request) -> str:
    """The scheme of the Authorization header in small letters, empty where there is none."""
    return request.headers.get("authorization", "").partition(" ")[0].lower()


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


async def authenticate_bearer(request: Request, parts: Parts) -> Company:
    """The company whose client the access token was issued to.

    Raises `InvalidToken` for a token that is not good here, `NotAuthenticated` for a request without one, and
    `RateLimited`.
    """
    call = call_of(request)
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise NotAuthenticated("The request has no Authorization header; send Bearer and an access token.")
    if scheme.lower() == "basic":
        raise NotAuthenticated("This path takes an access token; Basic authentication has a path of its own.")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("The Authorization header is not of the Bearer scheme.")
    if len(header) > BEARER_LIMIT:
        raise InvalidToken(f"The Authorization header is longer than {BEARER_LIMIT:,} characters.")
    caller = await parts.tokens.check(token.strip(" "), AUDIENCE)
    if caller.company is None:
        raise InvalidToken("The access token belongs to no company.")
    call.authenticated(caller.company, parts.rates)
    return caller.company
