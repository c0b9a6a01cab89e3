"""What the OAuth2 server remembers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from fakturahub.storage.tables.base import Instant, id_column, metadata


def _company() -> sa.Column[object]:
    return sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), nullable=False)


#: a key that access tokens are signed with: published at once, used from ``signs_from`` on until a newer one is
oauth_key = sa.Table(
    "oauth_key",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    # JWK without private members
    sa.Column("public", JSONB, nullable=False),
    # the private key, PEM, sealed with the master key
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("signs_from", Instant, nullable=False),
)

#: an authorization code by its SHA-256, with what its request stated
oauth_code = sa.Table(
    "oauth_code",
    metadata,
    sa.Column("hash", BYTEA, primary_key=True),
    # the grant that the code becomes when it is redeemed
    sa.Column("grant_id", UUID(as_uuid=True), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    _company(),
    sa.Column("login", sa.Text, nullable=False),
    # tells whether the user's password is still the one that was signed in with
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text),
    sa.Column("code_challenge", sa.Text),
    sa.Column("nonce", sa.Text),
    sa.Column("signed_in_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)
sa.Index("oauth_code_expires", oauth_code.c.expires_at)

#: one for each time that a user let a client in; only the newest of its refresh tokens is good
oauth_grant = sa.Table(
    "oauth_grant",
    metadata,
    id_column(),
    sa.Column("client_id", sa.Text, nullable=False),
    _company(),
    sa.Column("login", sa.Text, nullable=False),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("signed_in_at", Instant, nullable=False),
    # SHA-256 of the one refresh token that is good
    sa.Column("refresh_hash", BYTEA, nullable=False),
    sa.Column("refreshed_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
)
sa.Index("oauth_grant_expires", oauth_grant.c.expires_at)
sa.Index("oauth_grant_client", oauth_grant.c.client_id)

#: what is refused although its signature is right, until the last token of it has ended by itself
oauth_revoked = sa.Table(
    "oauth_revoked",
    metadata,
    # grant: the id of a grant; token: the id (jti) of one access token
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("made_at", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("until", Instant, nullable=False),
)
sa.Index("oauth_revoked_made", oauth_revoked.c.made_at)
sa.Index("oauth_revoked_until", oauth_revoked.c.until)
