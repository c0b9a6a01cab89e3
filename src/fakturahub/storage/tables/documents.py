"""Documents as they came: submissions, and what was in them.

No foreign key to company on these: it would lock the company's row on every insert.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from fakturahub.storage.tables.base import Instant, content_columns, id_column, metadata

submission = sa.Table(
    "submission",
    metadata,
    id_column(),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    sa.Column("dialect", sa.Text, nullable=False),
    # what makes a repeat a repeat; NULL where nothing does
    sa.Column("repeat_key", sa.Text),
    sa.Column("body_sha256", BYTEA, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("answer_status", sa.SmallInteger, nullable=False),
    sa.Column("answer_type", sa.Text, nullable=False),
    sa.Column("answer", BYTEA, nullable=False),
    # file name, declared type, the sender's key, request id
    sa.Column("request", JSONB, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("company_id", "dialect", "repeat_key", name="submission_repeat"),
)

document = sa.Table(
    "document",
    metadata,
    id_column(),
    sa.Column("submission_id", UUID(as_uuid=True), sa.ForeignKey("submission.id"), nullable=False),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    sa.Column("receiver_id", UUID(as_uuid=True)),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("syntax", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("number", sa.Text),
    sa.Column("issue_date", sa.Date),
    sa.Column("currency", sa.Text),
    sa.Column("payable", sa.Numeric),
    # recognition, heading, findings, how it was routed
    sa.Column("facts", JSONB, nullable=False),
    *content_columns(),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)
sa.Index("document_submission", document.c.submission_id)
# Indexes of lists are ascending throughout: see newest.py.
sa.Index("document_company", document.c.company_id, document.c.id)
_NO_RECEIVER = document.c.receiver_id.is_(None)
sa.Index("document_unrouted", document.c.state, document.c.id, postgresql_where=_NO_RECEIVER)
sa.Index(
    "document_unrouted_company",
    document.c.company_id,
    document.c.state,
    document.c.id,
    postgresql_where=_NO_RECEIVER,
)
sa.Index("document_number", document.c.company_id, document.c.number)
sa.Index("document_stored", document.c.sha256, postgresql_where=document.c.encoding == "store")

#: files that came beside a document
document_file = sa.Table(
    "document_file",
    metadata,
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("position", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mime", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    *content_columns(),
)
sa.Index("document_file_stored", document_file.c.sha256, postgresql_where=document_file.c.encoding == "store")
