"""Logos of companies, by their hash; the settings of a company name it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE TABLE logo (sha256 bytea PRIMARY KEY, payload bytea NOT NULL);
ALTER TABLE logo ALTER COLUMN payload SET STORAGE EXTERNAL
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
