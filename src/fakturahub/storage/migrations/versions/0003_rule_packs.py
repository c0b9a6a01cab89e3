"""The rule packs that were installed, with their source."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE rule_pack (
    name text PRIMARY KEY,
    digest text NOT NULL,
    profile text,
    valid_from date,
    facts jsonb NOT NULL,
    control bytea,
    installed_at timestamptz NOT NULL,
    installed_by text NOT NULL
);

CREATE TABLE rule_pack_file (
    pack text NOT NULL REFERENCES rule_pack (name),
    name text NOT NULL,
    size bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (pack, name)
);
ALTER TABLE rule_pack_file ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE rule_pack_compiled (
    pack text PRIMARY KEY REFERENCES rule_pack (name),
    key text NOT NULL,
    seal bytea NOT NULL,
    size bigint NOT NULL,
    payload bytea NOT NULL
);
ALTER TABLE rule_pack_compiled ALTER COLUMN payload SET STORAGE EXTERNAL
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
