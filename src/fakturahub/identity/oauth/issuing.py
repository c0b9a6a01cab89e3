"""What a token says, and what a client is answered with it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fakturahub.clock import new_id
from fakturahub.identity.oauth.clients import OPENID, Client
from fakturahub.identity.oauth.keys import Keys
from fakturahub.identity.oauth.users import Person
from fakturahub.identity.sealing import MasterKey
from fakturahub.storage.oauth import GrantRow

#: seconds for which an access token is good, and an id token
LIFE = 600
#: for how long a grant may go unused: it begins anew with every refresh
GRANT_LIFE = timedelta(days=3 * 365)
#: until when what was revoked is refused: the last token's end, and clocks that differ
REFUSED_FOR = timedelta(seconds=LIFE + 120)

#: what refresh tokens begin with, so that one that lies about in the open is known for what it is
REFRESH_PREFIX = "fhr_"
_RANDOM, _TAG = 32, 16


def digest(text: str) -> bytes:
    """What is stored for a code or a refresh token: its SHA-256. Both are random enough to need no salt."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class RefreshTokens:
    """Refresh tokens: the grant's id, 32 bytes that nobody can guess and an HMAC over both, in base64url.

    Only the newest of a grant is stored, as its SHA-256. The HMAC tells one that was good before, whose second use ends
    the grant, from one that somebody made up.

    The 32 bytes are random in the first of a grant. In every other they are a keyed hash of the one before: a hub with
    a ``refresh_grace`` can give the same answer again to a client that did not get it, and keeps nothing for that which
    would let anybody in.
    """

    def __init__(self, master_key: MasterKey) -> None:
        self._key = master_key.derive("oauth refresh token")
        self._successor_key = master_key.derive("oauth refresh token's successor")

    def make(self, grant: UUID) -> str:
        """The first token of a grant."""
        return self._made(grant, secrets.token_bytes(_RANDOM))

    def successor(self, token: str, grant: UUID) -> str:
        """The token that takes the place of *token*, which is one of *grant*: always the same."""
        return self._made(grant, hmac.digest(self._successor_key, token.encode(), "sha256"))

    def _made(self, grant: UUID, unguessable: bytes) -> str:
        body = grant.bytes + unguessable
        return REFRESH_PREFIX + urlsafe_b64encode(body + self._tag(body)).rstrip(b"=").decode()

    def grant_of(self, token: str) -> UUID | None:
        """The grant that a refresh token was made for, None for what this hub never made."""
        text = token.removeprefix(REFRESH_PREFIX)
        length = 16 + _RANDOM + _TAG
        if text == token or len(text) != -(-length * 4 // 3) or not text.isascii():
            return None
        try:
            packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        if urlsafe_b64encode(packed).rstrip(b"=").decode() != text:  # its last character has four bits to spare
            return None
        body, tag = packed[: 16 + _RANDOM], packed[16 + _RANDOM :]
        return UUID(bytes=body[:16]) if hmac.compare_digest(tag, self._tag(body)) else None

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG]


def access_token(
    keys: Keys, issuer: str, client: Client, *, scope: str, audiences: list[str], grant: GrantRow | None, now: datetime
) -> str:
    """A signed access token (RFC 9068): of a user where there is a *grant*, else of the client itself."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": client.client_id,
        "aud": audiences[0] if len(audiences) == 1 else audiences,
        "exp": issued + LIFE,
        "iat": issued,
        "client_id": client.client_id,
        "jti": new_id(now).hex,
        "scope": scope,
    }
    if grant is not None and client.company is not None:
        claims["sub"] = Person(client.company, grant.login, grant.mark).subject
        claims["auth_time"] = int(grant.signed_in_at.timestamp())
        claims["grant"] = str(grant.id)
    return keys.signed(claims, "at+jwt")


def id_token(
    keys: Keys, issuer: str, client: Client, person: Person, *, grant: GrantRow, nonce: str | None, now: datetime
) -> str:
    """Who signed in, for the client to read (OpenID Connect Core 1.0, 2)."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": person.subject,
        "aud": client.client_id,
        "exp": issued + LIFE,
        "iat": issued,
        "auth_time": int(grant.signed_in_at.timestamp()),
        "preferred_username": person.login,
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return keys.signed(claims, "JWT")


def answer(access: str, scope: str, *, refresh: str | None = None, id_: str | None = None) -> dict[str, Any]:
    """What the token endpoint answers (RFC 6749, 5.1), in the shape of specs/pagero.md, 3.2."""
    told: dict[str, Any] = {"token_type": "bearer", "access_token": access}
    if refresh is not None:
        told["refresh_token"] = refresh
    if id_ is not None:
        told["id_token"] = id_
    return {**told, "scope": scope, "expires_in": LIFE}


def wants_id_token(scope: str) -> bool:
    return OPENID in scope.split(" ")
