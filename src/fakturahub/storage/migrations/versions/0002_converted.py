"""What was delivered in another syntax than it came in, and what the conversion lost."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = """
-- what a conversion read, wrote and lost; of a refused one, too
ALTER TABLE delivery ADD COLUMN report jsonb;

CREATE TABLE converted (
    delivery_id uuid PRIMARY KEY REFERENCES delivery (id),
    facts jsonb NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    encoding text NOT NULL,
    payload bytea,
    created_at timestamptz NOT NULL
);
ALTER TABLE converted ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX converted_stored ON converted (sha256) WHERE encoding = 'store';

CREATE TABLE converted_file (
    delivery_id uuid NOT NULL REFERENCES converted (delivery_id),
    position smallint NOT NULL,
    name text NOT NULL,
    mime text NOT NULL,
    description text,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    encoding text NOT NULL,
    payload bytea,
    PRIMARY KEY (delivery_id, position)
);
ALTER TABLE converted_file ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX converted_file_stored ON converted_file (sha256) WHERE encoding = 'store'
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
