"""Documents on their way: deliveries, attempts, targets, batches."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, UUID

from fakturahub.storage.tables.base import Instant, id_column, metadata

delivery = sa.Table(
    "delivery",
    metadata,
    id_column(),
    sa.Column("document_id", UUID(as_uuid=True), sa.ForeignKey("document.id"), nullable=False),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    sa.Column("receiver_id", UUID(as_uuid=True)),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # why this way, in words
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("wanted_syntax", sa.Text, nullable=False),
    sa.Column("delivered_syntax", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    # what a conversion read, wrote and lost (exchange.convert.Report); of a refused one, too
    sa.Column("report", JSONB),
    # where it goes as far as breakers and limits are concerned; NULL for the inboxes of this hub
    sa.Column("target", sa.Text),
    # what was decided for this delivery beside the address: mailboxes, postal lines, class of letter ...
    sa.Column("details", JSONB),
    # the node that is at it
    sa.Column("node", sa.Text),
    sa.Column("batch_id", UUID(as_uuid=True)),
    # what the receiver calls it
    sa.Column("receipt", sa.Text),
    # in credits; NULL where it is free
    sa.Column("cost", sa.Numeric),
    # how many pauses of its schedule it has had; by hand it begins anew
    sa.Column("step", sa.Integer, nullable=False, server_default="0"),
    # when its schedule began: it is given up some days after
    sa.Column("trying_since", Instant),
)
sa.Index("delivery_document", delivery.c.document_id)
sa.Index("delivery_company", delivery.c.company_id, delivery.c.id)
sa.Index("delivery_state", delivery.c.state, delivery.c.id)
sa.Index(
    "delivery_open",
    delivery.c.due_at,
    postgresql_where=delivery.c.state.in_(["pending", "sending", "retrying"]),
)
sa.Index(
    "delivery_due",
    delivery.c.target,
    delivery.c.due_at,
    postgresql_where=delivery.c.target.is_not(None) & delivery.c.state.in_(["pending", "retrying"]),
)
# Of one that is sending, due_at is the end of the lease: whoever finds it passed takes over.
sa.Index(
    "delivery_sending",
    delivery.c.target,
    delivery.c.due_at,
    postgresql_where=delivery.c.target.is_not(None) & (delivery.c.state == "sending"),
)
# What was posted to the servers of a company of this hub, for the list of what it received.
sa.Index(
    "delivery_pushed",
    delivery.c.receiver_id,
    delivery.c.id,
    postgresql_where=(delivery.c.channel == "http") & (delivery.c.state == "delivered"),
)
sa.Index("delivery_batch", delivery.c.batch_id, postgresql_where=delivery.c.batch_id.is_not(None))

attempt = sa.Table(
    "attempt",
    metadata,
    id_column(),
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id"), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seconds", DOUBLE_PRECISION, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", JSONB, nullable=False),
)
sa.Index("attempt_delivery", attempt.c.delivery_id)

#: the breakers of those targets that had trouble
target = sa.Table(
    "target",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    # attempts and failures since window_started
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("window_started", Instant, nullable=False),
    # how often it opened since the last success
    sa.Column("opened", sa.Integer, nullable=False),
    # NULL: closed. In the past: one delivery may try
    sa.Column("open_until", Instant),
    sa.Column("failing_since", Instant),
    # when it last came back: what had waited for it leaves in order of age, more and more at a time
    sa.Column("recovered_at", Instant),
    # whether some of that still has to be made due
    sa.Column("pulling", sa.Boolean, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("changed_at", Instant, nullable=False),
)

#: letters that go to the print house together
batch = sa.Table(
    "batch",
    metadata,
    id_column(),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("letters", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("cut_off", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("delivered_at", Instant),
)
