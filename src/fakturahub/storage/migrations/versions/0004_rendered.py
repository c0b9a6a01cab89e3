"""Pages that were made of documents, kept to be shown again."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE rendered (
    source bytea NOT NULL,
    variant text NOT NULL,
    template integer NOT NULL,
    document_id uuid NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    pages integer NOT NULL,
    own boolean NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    encoding text NOT NULL,
    payload bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (source, variant)
);
ALTER TABLE rendered ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX rendered_document ON rendered (document_id);
CREATE INDEX rendered_created ON rendered (created_at);
CREATE INDEX rendered_stored ON rendered (sha256) WHERE encoding = 'store'
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
