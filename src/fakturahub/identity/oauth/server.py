"""The OAuth2 server of the hub: what is behind its endpoints, whatever speaks HTTP before them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidClientError

from fakturahub import telemetry
from fakturahub.errors import InvalidToken
from fakturahub.identity.oauth import issuing
from fakturahub.identity.oauth.asking import BadAskingError, Claimed
from fakturahub.identity.oauth.clients import CODE, CREDENTIALS, PASSWORD, REFRESH, Client, Clients
from fakturahub.identity.oauth.grants import (
    ALL_GRANTS,
    CodeGrant,
    Facts,
    Redeem,
    Request,
    Revoke,
    Rotate,
    Store,
    is_repeated,
)
from fakturahub.identity.oauth.issuing import RefreshTokens
from fakturahub.identity.oauth.keys import Keys
from fakturahub.identity.oauth.revoked import Revoked
from fakturahub.identity.oauth.users import Person, known, sign_in
from fakturahub.identity.passwords import PasswordCheck
from fakturahub.identity.rates import Rates
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.tokens import Verifier
from fakturahub.model import Clock
from fakturahub.storage import oauth as stored
from fakturahub.storage.database import Database
from fakturahub.storage.oauth import CodeRow, GrantRow

#: seconds that a token must still be good for to be handed out again
SPARE = 60
#: tokens that a process keeps to be handed out again
CACHED = 10_000

log = telemetry.logger("identity.oauth")


class Answered(msgspec.Struct, frozen=True):
    """What Authlib answers: a status and the members of a JSON object, or where to redirect to."""

    status: int
    body: dict[str, Any]
    location: str | None = None


class _Core(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with the hub's clients and tokens. Synchronous, and without a look at anything outside."""

    def __init__(self, clients: Clients, keys: Keys, issuer: Callable[[], str], refresh_tokens: RefreshTokens) -> None:
        super().__init__()
        self._clients = clients
        self._keys = keys
        self._issuer = issuer
        self.refresh_tokens = refresh_tokens
        for grant, extensions in ALL_GRANTS.values():
            self.register_grant(grant, extensions)

    def query_client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def authenticate_client(self, request: Request, methods: object, endpoint: str = "token") -> Client:
        """The client that proved who it is before the grant was begun."""
        client = request.facts.client
        if client is None:
            raise InvalidClientError(status_code=401)
        request.auth_method = request.facts.method
        return client

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def send_signal(self, name: str, *args: object, **named: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: object, headers: Any) -> Answered:
        location = dict(headers).get("Location")
        return Answered(status, dict(body) if isinstance(body, Mapping) else {}, location)

    def tell(self, request: Request, *, scope: str, grant: GrantRow | None, refresh: str | None) -> dict[str, Any]:
        """The answer with new tokens, for the one audience that was asked for or for all that the client has."""
        facts = request.facts
        client = facts.client
        if client is None:
            raise AssertionError("no token without a client")
        wanted = request.form.get("audience")
        audiences = list(client.audiences) if wanted is None else [wanted]
        issuer = self._issuer()
        access = issuing.access_token(
            self._keys,
            issuer,
            client,
            scope=scope,
            audiences=audiences,
            grant=grant,
            now=facts.now,
        )
        id_ = None
        if grant is not None and facts.person is not None and issuing.wants_id_token(scope):
            id_ = issuing.id_token(
                self._keys, issuer, client, facts.person, grant=grant, nonce=facts.nonce, now=facts.now
            )
        return issuing.answer(access, scope, refresh=refresh, id_=id_)


def _check_audience(client: Client, wanted: str | None) -> None:
    """Raise `BadAskingError` (invalid_target, RFC 8707, 2) for an audience that the client may not have."""
    if not client.audiences:
        raise BadAskingError("invalid_target", "The client has no audience; the hub's operator has to give it one.")
    if wanted is not None and wanted not in client.audiences:
        raise BadAskingError("invalid_target", "The client may not have a token for this audience.")


class Server:
    """Clients, users, grants and tokens of this hub, for one process."""

    def __init__(
        self,
        database: Database,
        clients: Clients,
        keys: Keys,
        revoked: Revoked,
        verifier: Verifier,
        passwords: PasswordCheck,
        rates: Rates,
        master_key: MasterKey,
        issuer: Callable[[], str],
        grace: Callable[[], timedelta],
        clock: Clock,
    ) -> None:
        """``issuer`` and ``grace`` (see `Facts`) are asked for every request: both are settings."""
        self.clients = clients
        self.verifier = verifier
        self.keys = keys
        self.issuer = issuer
        self.clock = clock
        self.refresh_tokens = RefreshTokens(master_key)
        self._database = database
        self._revoked = revoked
        self._passwords = passwords
        self._rates = rates
        self._grace = grace
        self._cached: OrderedDict[tuple[str, str | None, str | None], dict[str, Any]] = OrderedDict()
        self._core = _Core(clients, keys, issuer, self.refresh_tokens)

    async def client(self, claimed: Claimed, address: str) -> Client:
        """The client that proved who it is.

        Its request counts against the account. Raises `BadAskingError` (invalid_client), with the same words and after
        the same time for an unknown client and for a wrong secret, and `RateLimited` for an address that failed too
        often and for an account that has spent its quota.
        """
        client = self.clients.get(claimed.client_id)
        hashed = None if client is None else client.secret_hash
        user = f"client\0{claimed.client_id}"
        if client is not None and any(self._passwords.remembers(user, one, hashed) for one in claimed.secrets):
            self._count(client)
            return client
        self._rates.failures.check(address)
        for secret in claimed.secrets:
            if await self._passwords.matches(user, secret, hashed) and client is not None:
                self._count(client)
                return client
        self._rates.failures.spend(address)
        raise BadAskingError("invalid_client", "Client and secret are not those of a client of this hub.", 401)

    def _count(self, client: Client) -> None:
        """One request more of the account that the client acts for. Raises `RateLimited`."""
        # an application has no company: it is an account of its own
        account = f"client\0{client.client_id}" if client.company is None else str(client.company.id)
        self._rates.account.spend(account)

    async def token(self, given: Mapping[str, str], claimed: Claimed, address: str) -> Answered:
        """The answer of the token endpoint (RFC 6749, 3.2).

        Raises `BadAskingError`, `RateLimited` and `Unavailable`.
        """
        return await self._issued(await self.client(claimed, address), given, claimed, address)

    async def _issued(self, client: Client, given: Mapping[str, str], claimed: Claimed, address: str) -> Answered:
        facts = Facts(now=self.clock.now(), grace=self._grace())
        facts.client = client
        facts.method = claimed.method
        wanted = given.get("grant_type")
        if wanted is None:
            raise BadAskingError("invalid_request", "The request lacks grant_type.")
        if wanted not in ALL_GRANTS:
            raise BadAskingError("unsupported_grant_type", f"grant_type has to be one of {', '.join(ALL_GRANTS)}.")
        if client.check_grant_type(wanted):
            _check_audience(client, given.get("audience"))
            await self._learn(wanted, given, facts, address)
        answered: Answered = self._core.create_token_response(Request("POST", "/oauth/token", given, facts))
        answered = await self._settled(answered, facts)
        if answered.status == 200:
            log.info("token issued", client_id=client.client_id, grant_type=wanted)
        else:
            log.info("token refused", client_id=client.client_id, grant_type=wanted, error=answered.body.get("error"))
        return answered

    async def cached_token(self, given: Mapping[str, str], claimed: Claimed, address: str) -> Answered:
        """The same, but a client that asks again for the same audience and scope gets the token that it has.

        For as long as that is good for `SPARE` seconds more (specs/vertex.md; connectors are configured with it).
        """
        client = await self.client(claimed, address)
        if given.get("grant_type") != CREDENTIALS:
            return await self._issued(client, given, claimed, address)
        key = (claimed.client_id, given.get("audience"), given.get("scope"))
        body = self._cached.get(key)
        if body is not None:
            left = await self._left(body["access_token"])
            if left > SPARE:
                self._cached.move_to_end(key)
                return Answered(200, {**body, "expires_in": left})
            del self._cached[key]
        answered = await self._issued(client, given, claimed, address)
        if answered.status == 200:
            self._cached[key] = answered.body
            while len(self._cached) > CACHED:
                self._cached.popitem(last=False)
        return answered

    async def _left(self, token: str) -> int:
        """For how many seconds a token is good; 0 for one that is not any more, for whatever reason."""
        try:
            claims, _ = await self.verifier.claims(token)
        except InvalidToken:
            return 0
        return claims.exp - int(self.clock.now().timestamp())

    async def _learn(self, grant_type: str, given: Mapping[str, str], facts: Facts, address: str) -> None:
        """Read what the request is about."""
        client = facts.client
        if client is None:
            raise AssertionError("the client comes first")
        if grant_type == PASSWORD and "username" in given and "password" in given:
            facts.person = await sign_in(
                client, given["username"], given["password"], address, self._passwords, self._rates
            )
        elif grant_type == CODE and "code" in given:
            facts.code = row = await stored.code(self._database, issuing.digest(given["code"]))
            if row is not None:
                facts.person = _still(known(client, row.login), row)
        elif grant_type == REFRESH and "refresh_token" in given:
            id_ = self.refresh_tokens.grant_of(given["refresh_token"])
            if id_ is not None:
                facts.grant = grant = await stored.grant(self._database, id_)
                facts.shown = issuing.digest(given["refresh_token"])
                facts.successor = self.refresh_tokens.successor(given["refresh_token"], id_)
                facts.person = None if grant is None else known(client, grant.login)

    async def _settled(self, answered: Answered, facts: Facts) -> Answered:
        """Store what follows from an answer; another answer, where a request that came at the same time was first."""
        now = facts.now
        match facts.outcome:
            case Redeem(code=code, grant=grant):
                if not await stored.redeem(self._database, code.hash, grant):
                    await self.revoke(code.grant_id, "code used twice")
                    return _too_late()
            case Store(grant=grant):
                await stored.put_grant(self._database, grant)
            case Rotate(former=former, grant=grant):
                if not await stored.rotate(
                    self._database,
                    grant.id,
                    former.refresh_hash,
                    grant.refresh_hash,
                    now=now,
                    expires_at=grant.expires_at,
                ):
                    # another request was faster: with the same token, whose answer is this one within the grace, or not
                    stands = await stored.grant(self._database, grant.id)
                    if stands is None or stands.revoked_at is not None or not is_repeated(stands, facts):
                        await self.revoke(grant.id, "refresh token used twice")
                        return _too_late()
            case Revoke(grant_id=grant_id):
                await self.revoke(grant_id, "code or refresh token used twice")
            case _:
                pass
        return answered

    async def revoke(self, grant_id: UUID, why: str) -> None:
        """End a grant: its refresh token at once, its access tokens within a second on every node."""
        now = self.clock.now()
        until = now + issuing.REFUSED_FOR
        await stored.revoke_grant(self._database, grant_id, now=now, until=until)
        self._revoked.note("grant", str(grant_id), until)
        log.warning("grant revoked", grant=str(grant_id), why=why)

    async def revoke_token(self, token_id: str) -> None:
        """Have one access token refused: at once here, within a second on every node."""
        until = self.clock.now() + issuing.REFUSED_FOR
        await stored.revoke_token(self._database, token_id, until=until)
        self._revoked.note("token", token_id, until)

    async def grant(self, refresh_token: str) -> GrantRow | None:
        """The grant whose newest refresh token this is, None where it is not good, or not any more."""
        id_ = self.refresh_tokens.grant_of(refresh_token)
        row = None if id_ is None else await stored.grant(self._database, id_)
        if row is None or row.refresh_hash != issuing.digest(refresh_token):
            return None
        return row if row.revoked_at is None and row.expires_at > self.clock.now() else None

    async def owner(self, grant_id: UUID) -> str | None:
        """The client that a grant was made to."""
        row = await stored.grant(self._database, grant_id)
        return None if row is None else row.client_id

    # --- the authorization endpoint --------------------------------------------------------------------------------

    def consent(self, given: Mapping[str, str]) -> CodeGrant:
        """Judge a request for a code before anybody is asked. Raises Authlib's ``OAuth2Error``."""
        grant: CodeGrant = self._core.get_consent_grant(
            Request("GET", "/oauth/authorize", given, Facts(now=self.clock.now()))
        )
        return grant

    async def sign_in(self, client: Client, login: str, password: str, address: str) -> Person | None:
        """The user with that name and password, None for any other. Raises `RateLimited`."""
        return await sign_in(client, login, password, address, self._passwords, self._rates)

    async def code(self, grant: CodeGrant, person: Person | None, signed_in_at: datetime) -> str:
        """Where to send the user: with a code, or without where nobody let the client in (*person* None)."""
        answered: Answered = self._core.create_authorization_response(grant.request, grant_user=person, grant=grant)
        row = grant.facts.outcome
        if isinstance(row, CodeRow):
            await stored.put_code(self._database, msgspec.structs.replace(row, signed_in_at=signed_in_at))
        if answered.location is None:
            raise BadAskingError(answered.body.get("error", "server_error"), "The request cannot be answered.")
        return answered.location


def _still(person: Person | None, row: CodeRow) -> Person | None:
    """The user of a code, None where he has another password since."""
    return person if person is not None and person.mark == row.mark and person.company.id == row.company_id else None


def _too_late() -> Answered:
    return Answered(
        400,
        {"error": "invalid_grant", "error_description": "The code or refresh token was used before; its grant ended."},
    )
