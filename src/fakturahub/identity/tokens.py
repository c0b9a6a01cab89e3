"""Access tokens that the hub issued, checked by whoever is called with one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from fakturahub.errors import DatabaseUnavailable, InvalidToken
from fakturahub.identity.companies import Company
from fakturahub.identity.oauth.clients import Client, Clients
from fakturahub.identity.oauth.keys import ALGORITHM, Keys
from fakturahub.identity.oauth.revoked import Revoked
from fakturahub.model import Clock

#: characters of a token that are looked at; a longer one is refused unread
MOST = 8_192
#: seconds by which the clocks of two machines may differ
LEEWAY = 60
#: seconds between two looks for a key that is not known
LOOK = 1.0
#: tokens whose signature is remembered to be right; beyond it that of those that were not used longest is checked anew
REMEMBERED = 10_000
#: the media type of access tokens (RFC 9068, 2.1); what else the hub signs is none
TYPES = ("at+jwt", "application/at+jwt")


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in an access token (RFC 9068, 2.2)."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    client_id: str
    jti: str
    nbf: int = 0
    scope: str = ""
    auth_time: int | None = None
    #: the grant that the token belongs to; a private claim
    grant: str | None = None

    def audiences(self) -> list[str]:
        return [self.aud] if isinstance(self.aud, str) else self.aud


class Caller(msgspec.Struct, frozen=True):
    """Who calls with a token."""

    client_id: str
    #: the user, or the client itself
    subject: str
    #: whose client it is; None for an application
    company: Company | None
    scopes: frozenset[str]
    audience: str
    #: which tenants an application sees; empty: any
    tenants: tuple[str, ...]
    token_id: str
    expires: datetime


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str
    #: extensions that have to be understood; none are
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Right(msgspec.Struct, frozen=True):
    """A token whose signature was right: the key that it was checked with, and what stands in it."""

    kid: str
    key: RSAKey
    claims: Claims


_HEADER = msgspec.json.Decoder(_Header)
_CLAIMS = msgspec.json.Decoder(Claims)


class Verifier:
    """Checks tokens by the keys, the clients and the revocations that this process knows.

    A caller sends the same token with every request of ten minutes, and checking a signature costs more than anything
    else about it. One that was right is remembered, by the token's SHA-256, together with the key: whether that key is
    still one of the hub's, and everything else that can change, is asked each time.
    """

    def __init__(self, keys: Keys, revoked: Revoked, clients: Clients, issuer: Callable[[], str], clock: Clock) -> None:
        self._keys = keys
        self._revoked = revoked
        self._clients = clients
        self._issuer = issuer
        self._clock = clock
        self._looked = datetime.min.replace(tzinfo=UTC)
        self._in_vain: DatabaseUnavailable | None = None
        #: by the digest of the token, the one that was used last at the end
        self._right: OrderedDict[bytes, _Right] = OrderedDict()

    async def check(self, token: str, audience: str) -> Caller:
        """Who calls with *token*, which has to be for *audience*.

        Fixed algorithm, key by its name among the hub's own, issuer and audience exact, not ended, `LEEWAY` for clocks,
        not revoked, client and company still there (RFC 9068, 4; RFC 8725). A key or its address in the header
        (``jwk``, ``jku``, ``x5u``) is not looked at.

        Raises `InvalidToken`, and `DatabaseUnavailable` for a key that may be too new to be known here.
        """
        claims, client = await self.claims(token)
        if audience not in claims.audiences():
            raise InvalidToken("The access token is for another audience.")
        return Caller(
            client_id=claims.client_id,
            subject=claims.sub,
            company=client.company,
            scopes=frozenset(claims.scope.split()),
            audience=audience,
            tenants=client.tenants,
            token_id=claims.jti,
            expires=datetime.fromtimestamp(claims.exp, UTC),
        )

    async def claims(self, token: str) -> tuple[Claims, Client]:
        """What stands in a token that is good for some audience, and its client. Raises `InvalidToken`."""
        if len(token) > MOST:
            raise InvalidToken(f"The access token is longer than {MOST:,} characters.")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        right = self._right.get(digest)
        if right is not None and self._keys.verifying(right.kid) is right.key:
            self._right.move_to_end(digest)
            return right.claims, self._judged(right.claims)
        right = await self._verified(token)
        client = self._judged(right.claims)
        self._right[digest] = right
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)
        return right.claims, client

    async def _verified(self, token: str) -> _Right:
        """What stands in a token, once its signature was found right. Raises `InvalidToken`."""
        head, dot, rest = token.partition(".")
        if not dot or rest.count(".") != 1 or not token.isascii():
            raise InvalidToken("The access token is none that this hub issued: it is no JWT.")
        kid = _kid(head)
        key = self._keys.verifying(kid)
        if key is None:
            await self._look()
            key = self._keys.verifying(kid)
        if key is None:
            raise InvalidToken("The access token is signed with a key that is not, or no longer, one of this hub.")
        try:
            payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        except (JoseError, ValueError) as error:
            raise InvalidToken("The signature of the access token is not right.") from error
        try:
            return _Right(kid, key, _CLAIMS.decode(payload or b""))
        except msgspec.DecodeError as error:
            raise InvalidToken("The access token lacks a claim that it has to have.") from error

    def _judged(self, claims: Claims) -> Client:
        """The client of a token whose signature is right. Raises `InvalidToken` where that is not all."""
        now = self._clock.now().timestamp()
        if claims.iss != self._issuer():
            raise InvalidToken("The access token is of another issuer.")
        if claims.exp + LEEWAY <= now:
            raise InvalidToken("The access token has ended.")
        if max(claims.iat, claims.nbf) - LEEWAY > now:
            raise InvalidToken("The access token is not good yet; the clocks differ.")
        if not claims.sub:
            raise InvalidToken("The access token names no subject.")
        if self._revoked.has("token", claims.jti) or (claims.grant and self._revoked.has("grant", claims.grant)):
            raise InvalidToken("The access token was revoked.")
        client = self._clients.get(claims.client_id)
        if client is None:
            raise InvalidToken("The client of the access token is not known any more.")
        if (client.company is None) != (claims.grant is None) or not set(claims.audiences()) <= set(client.audiences):
            raise InvalidToken("The client of the access token may not have such a token any more.")
        if client.company is not None and not claims.sub.startswith(f"{client.company.key}/"):
            raise InvalidToken("The client of the access token belongs to another company by now.")
        return client

    async def _look(self) -> None:
        """Look for keys that were made a moment ago, at most once in `LOOK` seconds.

        Raises `DatabaseUnavailable` where that was in vain.
        """
        now = self._clock.now()
        if now - self._looked >= timedelta(seconds=LOOK):
            self._looked, self._in_vain = now, None
            try:
                await self._keys.refresh()
            except DatabaseUnavailable as error:
                self._in_vain = error
        if self._in_vain is not None:
            # a key that is not known here may be known there: that is no verdict on the token
            raise DatabaseUnavailable(self._in_vain.reason)


def _kid(head: str) -> str:
    """The name of the key in a JWT's header. Raises `InvalidToken` for a header that no token of this hub has."""
    try:
        header = _HEADER.decode(base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidToken("The header of the access token cannot be read.") from error
    if header.alg != ALGORITHM:
        raise InvalidToken(f"The access token is not signed with {ALGORITHM}.")
    if header.typ.lower() not in TYPES:
        raise InvalidToken("The token is no access token.")
    if header.crit is not msgspec.UNSET:
        raise InvalidToken("The access token asks for extensions that this hub does not have.")
    return header.kid
