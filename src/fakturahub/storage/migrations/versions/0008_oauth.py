"""The OAuth2 server: its signing keys, codes, grants that are refreshed, and what was revoked."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE oauth_key (
    kid text PRIMARY KEY,
    -- JWK without private members
    public jsonb NOT NULL,
    -- the private key, PEM, sealed with the master key
    sealed text NOT NULL,
    created_at timestamptz NOT NULL,
    -- published from the beginning, signs from here on until a newer one does
    signs_from timestamptz NOT NULL
);

CREATE TABLE oauth_code (
    -- SHA-256 of the code
    hash bytea PRIMARY KEY,
    -- the grant that the code becomes when it is redeemed
    grant_id uuid NOT NULL,
    client_id text NOT NULL,
    company_id uuid NOT NULL REFERENCES company (id),
    login text NOT NULL,
    -- tells whether the user's password is still the one that was signed in with
    mark text NOT NULL,
    scope text NOT NULL,
    -- as the request stated it; NULL where it left it out
    redirect_uri text,
    -- PKCE, S256
    code_challenge text,
    nonce text,
    signed_in_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- kept for a while when it is used, so that a second use is noticed
    used_at timestamptz
);
CREATE INDEX oauth_code_expires ON oauth_code (expires_at);

-- one for each time a user let a client in; its refresh token changes with each use
CREATE TABLE oauth_grant (
    id uuid PRIMARY KEY,
    client_id text NOT NULL,
    company_id uuid NOT NULL REFERENCES company (id),
    login text NOT NULL,
    mark text NOT NULL,
    scope text NOT NULL,
    signed_in_at timestamptz NOT NULL,
    -- SHA-256 of the one refresh token that is good
    refresh_hash bytea NOT NULL,
    refreshed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX oauth_grant_expires ON oauth_grant (expires_at);
CREATE INDEX oauth_grant_client ON oauth_grant (client_id);

-- what every node refuses although its signature is right; kept until the last token of it has ended by itself
CREATE TABLE oauth_revoked (
    -- grant: the id of a grant; token: the id (jti) of one access token
    kind text NOT NULL,
    value text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX oauth_revoked_made ON oauth_revoked (made_at);
CREATE INDEX oauth_revoked_until ON oauth_revoked (until);
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
