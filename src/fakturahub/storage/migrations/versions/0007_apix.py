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
    CONSTRAINT inbox_notice_days CHECK (days BETWEEN 0 AND 5)
);

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
