"""Companies, submissions, documents, deliveries, events, inboxes.

PgQueuer's tables are not made here: PgQueuer installs and upgrades them itself (see storage/schema.py).
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE provisioning (
    id smallint PRIMARY KEY CONSTRAINT provisioning_one_row CHECK (id = 1),
    version bigint NOT NULL,
    applied_at timestamptz NOT NULL,
    key_fingerprint text
);
INSERT INTO provisioning (id, version, applied_at) VALUES (1, 0, now());

CREATE TABLE setting (
    section text NOT NULL,
    key text NOT NULL,
    value jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (section, key)
);

CREATE TABLE company (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    settings jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX company_version ON company (version);

CREATE TABLE company_address (
    address text PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES company (id)
);
CREATE INDEX company_address_company ON company_address (company_id);

CREATE TABLE credential (
    dialect text NOT NULL,
    name text NOT NULL,
    company_id uuid NOT NULL REFERENCES company (id),
    PRIMARY KEY (dialect, name)
);
CREATE INDEX credential_company ON credential (company_id);

CREATE TABLE submission (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    dialect text NOT NULL,
    repeat_key text,
    body_sha256 bytea NOT NULL,
    mode text NOT NULL,
    state text NOT NULL,
    answer_status smallint NOT NULL,
    answer_type text NOT NULL,
    answer bytea NOT NULL,
    request jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT submission_repeat UNIQUE (company_id, dialect, repeat_key)
);

CREATE TABLE document (
    id uuid PRIMARY KEY,
    submission_id uuid NOT NULL REFERENCES submission (id),
    company_id uuid NOT NULL,
    receiver_id uuid,
    mode text NOT NULL,
    state text NOT NULL,
    syntax text,
    kind text NOT NULL,
    number text,
    issue_date date,
    currency text,
    payable numeric,
    facts jsonb NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    encoding text NOT NULL,
    payload bytea,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
) WITH (fillfactor = 85);
-- the program compresses payloads itself: the server's own compression would cost time and gain nothing
ALTER TABLE document ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX document_submission ON document (submission_id);
CREATE INDEX document_company ON document (company_id, id);
CREATE INDEX document_unrouted ON document (state, id) WHERE receiver_id IS NULL;
CREATE INDEX document_unrouted_company ON document (company_id, state, id) WHERE receiver_id IS NULL;
CREATE INDEX document_number ON document (company_id, number);
CREATE INDEX document_stored ON document (sha256) WHERE encoding = 'store';

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES document (id),
    company_id uuid NOT NULL,
    receiver_id uuid,
    channel text NOT NULL,
    address text NOT NULL,
    state text NOT NULL,
    why text NOT NULL,
    wanted_syntax text NOT NULL,
    delivered_syntax text,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX delivery_document ON delivery (document_id);
CREATE INDEX delivery_company ON delivery (company_id, id);
CREATE INDEX delivery_state ON delivery (state, id);
CREATE INDEX delivery_open ON delivery (due_at) WHERE state IN ('pending', 'sending', 'retrying');

CREATE TABLE attempt (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery (id),
    started_at timestamptz NOT NULL,
    seconds double precision NOT NULL,
    outcome text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

CREATE TABLE event (
    id uuid PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    company_id uuid NOT NULL,
    document_id uuid,
    delivery_id uuid,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL
);
CREATE INDEX event_document ON event (document_id);
CREATE INDEX event_feed ON event (company_id, xact, id);

CREATE TABLE inbox (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    document_id uuid NOT NULL REFERENCES document (id),
    delivery_id uuid NOT NULL UNIQUE REFERENCES delivery (id),
    arrived_at timestamptz NOT NULL,
    received_at timestamptz,
    lease_until timestamptz
) WITH (fillfactor = 85);
CREATE INDEX inbox_unreceived ON inbox (company_id, id) WHERE received_at IS NULL;
CREATE INDEX inbox_received ON inbox (company_id, id) WHERE received_at IS NOT NULL;
CREATE INDEX inbox_document ON inbox (document_id);
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
