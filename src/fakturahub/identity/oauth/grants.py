"""The grants, as Authlib runs them: every rule of the RFCs is Authlib's, every fact and effect is ours.

Authlib's core is synchronous and would ask a database half-way. Here all that a request is about is read before
(`Facts`), Authlib decides, and what follows from its decision (`Facts.outcome`) is stored afterwards, in one
transaction that notices when another request was faster. What Authlib leaves open is closed here: the audience is
checked, lives are set, PKCE takes S256 only, a wrong password is ``invalid_grant``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, OAuth2Request
from authlib.oauth2.rfc6749 import grants as authlib_grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge

from fakturahub.clock import new_id
from fakturahub.identity.oauth import issuing
from fakturahub.identity.oauth.clients import ALL, BASIC, CODE, CREDENTIALS, PASSWORD, POST, REFRESH, Client
from fakturahub.identity.oauth.users import Person
from fakturahub.storage.oauth import CodeRow, GrantRow

#: how long a code waits to be redeemed
CODE_LIFE = timedelta(seconds=60)

METHODS = [BASIC, POST]


class Redeem(msgspec.Struct, frozen=True):
    """A code was used for the first time."""

    code: CodeRow
    grant: GrantRow


class Store(msgspec.Struct, frozen=True):
    """A user let a client in by his password."""

    grant: GrantRow


class Rotate(msgspec.Struct, frozen=True):
    """A refresh token was used for the first time."""

    former: GrantRow
    grant: GrantRow


class Revoke(msgspec.Struct, frozen=True):
    """A code or a refresh token was used a second time: somebody has it who should not (RFC 9700, 4.14)."""

    grant_id: UUID


class Facts(msgspec.Struct, kw_only=True):
    """What one request is about, as it was read for it, and what is to follow."""

    now: datetime
    #: for how long a refresh token that was used is answered once more; zero: never
    grace: timedelta = timedelta(0)
    #: the client that proved who it is, and how
    client: Client | None = None
    method: str | None = None
    person: Person | None = None
    code: CodeRow | None = None
    grant: GrantRow | None = None
    #: of the refresh token that was shown
    shown: bytes = b""
    #: what takes its place
    successor: str = ""
    outcome: Redeem | Store | Rotate | Revoke | CodeRow | None = None
    #: what the id token repeats of the request for the code
    nonce: str | None = None


class Request(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib wants it, with the facts beside it."""

    def __init__(self, method: str, path: str, given: Mapping[str, str], facts: Facts) -> None:
        # Authlib wants https; whether it is, is for whoever listens to say.
        super().__init__(method, f"https://hub{path}", headers={})
        self.payload = BasicOAuth2Payload(dict(given))
        self.facts = facts

    @property
    def form(self) -> dict[str, str]:
        given: dict[str, str] = self.payload.data
        return given


class _Facing:
    """What all grants have in common: their facts, and tokens made by the hub."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    request: Request
    server: Any

    @property
    def facts(self) -> Facts:
        return self.request.facts

    def _tell(self, scope: str, grant: GrantRow | None, refresh: str | None = None) -> dict[str, Any]:
        told: dict[str, Any] = self.server.tell(self.request, scope=scope, grant=grant, refresh=refresh)
        return told

    def save_token(self, token: dict[str, Any]) -> None:
        """Nothing: what is to be stored stands in the outcome."""

    def _allowed(self, scope: str | None) -> str:
        client = self.facts.client
        allowed = None if client is None else client.get_allowed_scope(scope)
        if allowed is None:
            raise InvalidScopeError("The client may not have this scope.")
        return allowed


class CodeGrant(_Facing, authlib_grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749, 4.1."""

    def save_authorization_code(self, code: str, request: Request) -> None:
        facts, given = request.facts, request.form
        person: Person = request.user
        facts.outcome = CodeRow(
            hash=issuing.digest(code),
            grant_id=new_id(facts.now),
            client_id=request.client.client_id,
            company_id=person.company.id,
            login=person.login,
            mark=person.mark,
            scope=given.get("scope", ""),
            redirect_uri=given.get("redirect_uri"),
            code_challenge=given.get("code_challenge"),
            nonce=given.get("nonce"),
            signed_in_at=facts.now,
            expires_at=facts.now + CODE_LIFE,
        )

    def query_authorization_code(self, code: str, client: Client) -> _Code:
        row = self.facts.code
        if row is None or row.client_id != client.client_id:
            raise InvalidGrantError("The code is not one of this client.")
        if row.used_at is not None:
            self.facts.outcome = Revoke(row.grant_id)
            raise InvalidGrantError("The code was used before; all that came of it has ended.")
        if row.expires_at <= self.facts.now:
            raise InvalidGrantError("The code has ended.")
        return _Code(row)

    def authenticate_user(self, authorization_code: _Code) -> Person | None:
        return self.facts.person

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """Nothing: the code is used up where the outcome is stored."""

    def generate_token(self, user: Person | None = None, scope: str = "", **_: object) -> dict[str, Any]:
        row, now = self.request.authorization_code.row, self.facts.now
        refresh = self.server.refresh_tokens.make(row.grant_id)
        grant = GrantRow(
            id=row.grant_id,
            client_id=row.client_id,
            company_id=row.company_id,
            login=row.login,
            mark=row.mark,
            scope=row.scope,
            signed_in_at=row.signed_in_at,
            refresh_hash=issuing.digest(refresh),
            refreshed_at=now,
            expires_at=now + issuing.GRANT_LIFE,
        )
        self.facts.outcome, self.facts.nonce = Redeem(row, grant), row.nonce
        return self._tell(row.scope, grant, refresh)


class _Code:
    """A code as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, row: CodeRow) -> None:
        self.row = row
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> str | None:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class S256Only(CodeChallenge):  # type: ignore[misc]
    """PKCE (RFC 7636) without ``plain``, which is also what a request means that names no method."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - as Authlib has it

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        given = grant.request.form
        if "code_challenge" in given and given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method has to be S256.")
        super().validate_code_challenge(grant, redirect_uri)


class PasswordGrant(_Facing, authlib_grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    """RFC 6749, 4.3. RFC 9700 forbids it to new clients; those of the Interchange know nothing else."""

    def authenticate_user(self, username: str, password: str) -> Person:
        if self.facts.person is None:
            raise InvalidGrantError("User name and password are not those of a user of this client.")
        return self.facts.person

    def validate_requested_scope(self) -> None:
        self._allowed(self.request.payload.scope)

    def generate_token(self, user: Person | None = None, scope: str | None = None, **_: object) -> dict[str, Any]:
        now, person, client = self.facts.now, self.facts.person, self.facts.client
        if person is None or client is None:
            raise AssertionError("Authlib authenticated both before")
        id_ = new_id(now)
        refresh = self.server.refresh_tokens.make(id_)
        grant = GrantRow(
            id=id_,
            client_id=client.client_id,
            company_id=person.company.id,
            login=person.login,
            mark=person.mark,
            scope=self._allowed(scope),
            signed_in_at=now,
            refresh_hash=issuing.digest(refresh),
            refreshed_at=now,
            expires_at=now + issuing.GRANT_LIFE,
        )
        self.facts.outcome = Store(grant)
        return self._tell(grant.scope, grant, refresh)


class RefreshGrant(_Facing, authlib_grants.RefreshTokenGrant):  # type: ignore[misc]
    """RFC 6749, 6, with a new refresh token each time; the second use of an old one ends the grant.

    That is specs/pagero.md, 3.2 ("single use"), and RFC 9700, 4.14.2. It locks out a client whose answer was lost and
    that asks again with the token it has. An operator who would rather not may set ``[hub] refresh_grace``: for so long
    the token that was used last is answered with the same new one, to the client it was issued to, while nobody has
    used the new one. What that costs: whoever has both the token and the client's secret, and comes within those
    seconds, is not noticed by that use alone; he is by the next, for then two parties hold one token.
    """

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> _Refresh:
        grant, client = self.facts.grant, self.facts.client
        if grant is None or client is None or grant.client_id != client.client_id:
            raise InvalidGrantError("The refresh token is not one of this client.")
        if grant.refresh_hash != self.facts.shown and not is_repeated(grant, self.facts):
            self.facts.outcome = Revoke(grant.id)
            raise InvalidGrantError("The refresh token was used before; all that came of its grant has ended.")
        if grant.revoked_at is not None or grant.expires_at <= self.facts.now:
            raise InvalidGrantError("The grant has ended or was revoked.")
        return _Refresh(grant)

    def authenticate_user(self, refresh_token: _Refresh) -> Person:
        person = self.facts.person
        if person is None or person.mark != refresh_token.row.mark or person.company.id != refresh_token.row.company_id:
            raise InvalidGrantError("The user is gone, or has another password since.")
        return person

    def revoke_old_credential(self, refresh_token: _Refresh) -> None:
        """Nothing: the old one gives way where the outcome is stored."""

    def generate_token(self, user: Person | None = None, scope: str | None = None, **_: object) -> dict[str, Any]:
        former, now = self.request.refresh_token.row, self.facts.now
        refresh = self.facts.successor
        grant = former
        if former.refresh_hash == self.facts.shown:  # else it was rotated before, and only the answer is given again
            grant = msgspec.structs.replace(
                former,
                refresh_hash=issuing.digest(refresh),
                refreshed_at=now,
                expires_at=now + issuing.GRANT_LIFE,
            )
            self.facts.outcome = Rotate(former, grant)
        # RFC 6749, 6: a token may have less than was granted, the next one may have all of it again
        asked = self.request.payload.scope
        told = self._tell(self._allowed(asked) if asked else former.scope, grant, refresh)
        # specs/pagero.md, 3.2: the operator's own answer to a refresh has this beside the rest
        return {**told, "claims": "publicid"}


def is_repeated(grant: GrantRow, facts: Facts) -> bool:
    """Whether the token that was shown is the one before the newest, which nobody has used, and is within the grace."""
    if not facts.grace:  # said by itself: of requests at the same time one may be later by its clock and first to store
        return False
    # the newest follows from the one before it alone: any other use would have put another one in its place
    return grant.refresh_hash == issuing.digest(facts.successor) and facts.now - grant.refreshed_at <= facts.grace


class _Refresh:
    """A grant as Authlib asks about it."""

    def __init__(self, row: GrantRow) -> None:
        self.row = row

    def check_client(self, client: Client) -> bool:
        return self.row.client_id == client.client_id

    def get_scope(self) -> str:
        return self.row.scope or ALL


class CredentialsGrant(_Facing, authlib_grants.ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749, 4.4, with the audience that the request names."""

    def validate_requested_scope(self) -> None:
        self._allowed(self.request.payload.scope)

    def generate_token(self, scope: str | None = None, **_: object) -> dict[str, Any]:
        return self._tell(self._allowed(scope), None)


#: by their names in a request, with what extends them
ALL_GRANTS = {
    CODE: (CodeGrant, [S256Only(required=True)]),
    PASSWORD: (PasswordGrant, []),
    REFRESH: (RefreshGrant, []),
    CREDENTIALS: (CredentialsGrant, []),
}
