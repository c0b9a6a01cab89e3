"""What is remembered of documents for those who ask for them by program: parts of files, fetched acknowledgements."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from fakturahub.storage.tables.base import Instant, metadata

#: a document that its sender restarted or cancelled; one that nobody touched has no row
file_part = sa.Table(
    "file_part",
    metadata,
    # the id by which the sender knows it: that of the document which it was at first
    sa.Column("id", UUID(as_uuid=True), sa.ForeignKey("document.id"), primary_key=True),
    # the document that stands for it now
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id"), nullable=False),
    # since when its sender wants no more of it
    sa.Column("cancelled_at", Instant),
    sa.Column("changed_at", Instant, nullable=False),
)
sa.Index("file_part_document", file_part.c.document_id)

#: acknowledgements of documents that their senders fetched; one that nobody fetched has no row
acknowledgement_fetched = sa.Table(
    "acknowledgement_fetched",
    metadata,
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id"), primary_key=True),
    # what it said: a document that found its receiver later is acknowledged anew
    sa.Column("accepted", sa.Boolean, primary_key=True),
    sa.Column("fetched_at", Instant, nullable=False),
)
