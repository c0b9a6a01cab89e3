"""What others are told: events, and the inboxes of receivers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from fakturahub.storage.tables.base import Instant, Xid8, id_column, metadata

event = sa.Table(
    "event",
    metadata,
    id_column(),
    # commit order: a reader takes events whose transaction is older than every one still running
    sa.Column("xact", Xid8, server_default=sa.text("pg_current_xact_id()"), nullable=False),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    sa.Column("document_id", UUID(as_uuid=True)),
    sa.Column("delivery_id", UUID(as_uuid=True)),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("data", JSONB, nullable=False),
)
sa.Index("event_document", event.c.document_id)
sa.Index("event_feed", event.c.company_id, event.c.xact, event.c.id)

inbox = sa.Table(
    "inbox",
    metadata,
    id_column(),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id"), nullable=False),
    # one entry per delivery, whoever does it and however often
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id"), nullable=False, unique=True),
    sa.Column("arrived_at", Instant, nullable=False),
    sa.Column("received_at", Instant),
    # handed to a reader whose receipt is not known yet; nobody else gets it until then
    sa.Column("lease_until", Instant),
    # since when its reader cannot fetch it any more; the document stays
    sa.Column("removed_at", Instant),
)
# Two halves, for an index of the expression (received_at IS NOT NULL) is not found when it is compared with false.
sa.Index("inbox_unreceived", inbox.c.company_id, inbox.c.id, postgresql_where=inbox.c.received_at.is_(None))
sa.Index("inbox_received", inbox.c.company_id, inbox.c.id, postgresql_where=inbox.c.received_at.is_not(None))
sa.Index("inbox_document", inbox.c.document_id)
sa.Index("inbox_removed", inbox.c.id, postgresql_where=inbox.c.removed_at.is_not(None))

#: where a company is told by mail of what lies in its inbox unreceived
inbox_notice = sa.Table(
    "inbox_notice",
    metadata,
    sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), primary_key=True),
    # NULL: the address of its settings
    sa.Column("email", sa.Text),
    # 0: never; 1: the same day, 2: the next ...
    sa.Column("days", sa.SmallInteger, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    # the id before which its owner was told of all entries, and when; none is told of twice
    sa.Column("told_to", UUID(as_uuid=True)),
    sa.Column("told_at", Instant),
    sa.CheckConstraint("days BETWEEN 0 AND 5", name="inbox_notice_days"),
)

#: mails about what lies in inboxes, sent in the order in which they are due
inbox_mail = sa.Table(
    "inbox_mail",
    metadata,
    id_column(),
    sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    # entries that it tells of
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    # not before; of one that is being sent, until when its node has it
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint("state IN ('open', 'sent', 'failed')", name="inbox_mail_state"),
)
sa.Index("inbox_mail_due", inbox_mail.c.due_at, postgresql_where=inbox_mail.c.state == "open")
sa.Index("inbox_mail_done", inbox_mail.c.changed_at, postgresql_where=inbox_mail.c.state != "open")
