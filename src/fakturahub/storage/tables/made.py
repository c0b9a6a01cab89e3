"""What the hub makes of documents: other syntaxes, pages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from fakturahub.storage.tables.base import Instant, content_columns, metadata

#: what was delivered in another syntax than it came in; the original stays where it is
converted = sa.Table(
    "converted",
    metadata,
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id"), primary_key=True),
    # recognition and heading of what was written
    sa.Column("facts", JSONB, nullable=False),
    *content_columns(),
    sa.Column("created_at", Instant, nullable=False),
)
sa.Index("converted_stored", converted.c.sha256, postgresql_where=converted.c.encoding == "store")

#: files that travel beside a converted document, for its syntax has no place for them
converted_file = sa.Table(
    "converted_file",
    metadata,
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("converted.delivery_id"), primary_key=True),
    sa.Column("position", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mime", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    *content_columns(),
)
sa.Index("converted_file_stored", converted_file.c.sha256, postgresql_where=converted_file.c.encoding == "store")

#: pages that were made of documents, by the hash of what they were made of; they can be made again at any time
rendered = sa.Table(
    "rendered",
    metadata,
    sa.Column("source", BYTEA, primary_key=True),
    # form, language, page and look
    sa.Column("variant", sa.Text, primary_key=True),
    # the version of the template; pages of an older one are made anew
    sa.Column("template", sa.Integer, nullable=False),
    # one of those with this content: what was made of it goes when it goes
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id", ondelete="CASCADE"), nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    # whether it is the sender's own picture
    sa.Column("own", sa.Boolean, nullable=False),
    *content_columns(),
    sa.Column("created_at", Instant, nullable=False),
)
sa.Index("rendered_document", rendered.c.document_id)
sa.Index("rendered_created", rendered.c.created_at)
sa.Index("rendered_stored", rendered.c.sha256, postgresql_where=rendered.c.encoding == "store")
