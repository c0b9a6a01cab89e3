"""Parts of files that were restarted or cancelled, fetched acknowledgements, and what was posted to a company."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
-- a document that its sender restarted or cancelled; one that nobody touched has no row
CREATE TABLE file_part (
    -- the id by which the sender knows it: that of the document which it was at first
    id uuid PRIMARY KEY REFERENCES document (id),
    -- the document that stands for it now
    document_id uuid NOT NULL REFERENCES document (id),
    -- since when its sender wants no more of it
    cancelled_at timestamptz,
    changed_at timestamptz NOT NULL
);
CREATE INDEX file_part_document ON file_part (document_id);

-- acknowledgements of documents that their senders fetched; one that nobody fetched has no row
CREATE TABLE acknowledgement_fetched (
    document_id uuid NOT NULL REFERENCES document (id),
    -- what it said: a document that found its receiver later is acknowledged anew
    accepted boolean NOT NULL,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (document_id, accepted)
);

CREATE INDEX delivery_pushed ON delivery (receiver_id, id) WHERE channel = 'http' AND state = 'delivered';
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
