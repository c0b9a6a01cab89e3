"""The Apix terminal whole: storages that expire, the mail address of each inbox, registrations that wait."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
-- since when its reader cannot fetch it any more; the document stays
ALTER TABLE inbox ADD COLUMN removed_at timestamptz;
CREATE INDEX inbox_removed ON inbox (id) WHERE removed_at IS NOT NULL;

-- where a company is told by mail of what lies in its inbox unreceived
CREATE TABLE inbox_notice (
    company_id uuid PRIMARY KEY REFERENCES company (id),
    -- NULL: the address of its settings
    email text,
    -- 0: never; 1: the same day, 2: the next ...
    days smallint NOT NULL,
    changed_at timestamptz NOT NULL,
    -- the id before which its owner was told of all entries, and when; none is told of twice
    told_to uuid,
    told_at timestamptz,
    CONSTRAINT inbox_notice_days CHECK (days BETWEEN 0 AND 5)
);

-- mails about what lies in inboxes, sent in the order in which they are due
CREATE TABLE inbox_mail (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES company (id),
    email text NOT NULL,
    language text NOT NULL,
    -- entries that it tells of
    entries integer NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    html text NOT NULL,
    state text NOT NULL,
    attempts smallint NOT NULL,
    -- not before; of one that is being sent, until when its node has it
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT inbox_mail_state CHECK (state IN ('open', 'sent', 'failed'))
);
CREATE INDEX inbox_mail_due ON inbox_mail (due_at) WHERE state = 'open';
CREATE INDEX inbox_mail_done ON inbox_mail (changed_at) WHERE state <> 'open';

-- somebody who wants to become a company of this hub; the operator decides
CREATE TABLE registration (
    id uuid PRIMARY KEY,
    qualifier text NOT NULL,
    identifier text NOT NULL,
    -- what was stated, table by table
    stated jsonb NOT NULL,
    address text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT registration_once UNIQUE (qualifier, identifier)
)
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
