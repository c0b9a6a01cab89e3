"""The tables, as SQLAlchemy sees them. The migrations are what made them; a test compares the two.

Two kinds of statement use these: lists and look-ups are built from the tables below, the hot path (one batch of
submissions, one batch of deliveries) is hand-written in its own module.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

metadata = sa.MetaData()

Instant = TIMESTAMP(timezone=True)


class Xid8(sa.types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: what a commit-ordered feed of events is paged by."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def _id(name: str = "id") -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), primary_key=True)


def _content() -> tuple[sa.Column[Any], ...]:
    """Bytes by their hash. ``encoding`` identity | zlib: they are in this row; store: they are in the payload store."""
    return (
        sa.Column("sha256", BYTEA, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("encoding", sa.Text, nullable=False),
        sa.Column("payload", BYTEA),
    )


# --- who is who -----------------------------------------------------------------------------------------------------

#: one row: the number of the newest change, by which every node notices that something changed
provisioning = sa.Table(
    "provisioning",
    metadata,
    sa.Column(
        "id",
        sa.SmallInteger,
        sa.CheckConstraint("id = 1", name="provisioning_one_row"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("applied_at", Instant, nullable=False),
    sa.Column("key_fingerprint", sa.Text),
)

#: settings that are not a company: [hub], [dialects.*], [[application]], [[participant]] ...
setting = sa.Table(
    "setting",
    metadata,
    sa.Column("section", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", JSONB, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

company = sa.Table(
    "company",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("settings", JSONB, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)
sa.Index("company_version", company.c.version)

#: an electronic address belongs to one company; the routing form of the address is the key
company_address = sa.Table(
    "company_address",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), nullable=False),
)
sa.Index("company_address_company", company_address.c.company_id)

#: a name by which a dialect knows a company (user name, TransferID ...) belongs to one company
credential = sa.Table(
    "credential",
    metadata,
    sa.Column("dialect", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), nullable=False),
)
sa.Index("credential_company", credential.c.company_id)

# --- rules ----------------------------------------------------------------------------------------------------------

#: an installed rule pack; what comes with the program stands in no table
rule_pack = sa.Table(
    "rule_pack",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    # SHA-256 of its source, in hexadecimal digits
    sa.Column("digest", sa.Text, nullable=False),
    # which documents it is for; NULL: runs only where it is named
    sa.Column("profile", sa.Text),
    # NULL: as long as there is none of a later date
    sa.Column("valid_from", sa.Date),
    # root elements that it addresses, how many checks of which severity
    sa.Column("facts", JSONB, nullable=False),
    # a document that must fail; NULL: an empty root of each type
    sa.Column("control", BYTEA),
    sa.Column("installed_at", Instant, nullable=False),
    # who, as the operating system calls the person
    sa.Column("installed_by", sa.Text, nullable=False),
)

#: the source of a rule pack, file by file, compressed in zlib's format
rule_pack_file = sa.Table(
    "rule_pack_file",
    metadata,
    sa.Column("pack", sa.Text, sa.ForeignKey("rule_pack.name"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("payload", BYTEA, nullable=False),
)

#: a pack as it was compiled where it was installed, so that other nodes need not; executable, and so only taken with a
#: seal that the master key made
rule_pack_compiled = sa.Table(
    "rule_pack_compiled",
    metadata,
    sa.Column("pack", sa.Text, sa.ForeignKey("rule_pack.name"), primary_key=True),
    # names source, compiler and Python
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("seal", BYTEA, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("payload", BYTEA, nullable=False),
)

# --- documents on their way -----------------------------------------------------------------------------------------
# No foreign key to company on these: it would lock the company's row on every insert.

submission = sa.Table(
    "submission",
    metadata,
    _id(),
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
    _id(),
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
    *_content(),
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

delivery = sa.Table(
    "delivery",
    metadata,
    _id(),
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
)
sa.Index("delivery_document", delivery.c.document_id)
sa.Index("delivery_company", delivery.c.company_id, delivery.c.id)
sa.Index("delivery_state", delivery.c.state, delivery.c.id)
sa.Index(
    "delivery_open",
    delivery.c.due_at,
    postgresql_where=delivery.c.state.in_(["pending", "sending", "retrying"]),
)
# Of one that is sending, due_at is the end of the lease: whoever finds it passed takes over.
sa.Index(
    "delivery_due",
    delivery.c.target,
    delivery.c.due_at,
    postgresql_where=delivery.c.target.is_not(None) & delivery.c.state.in_(["pending", "sending", "retrying"]),
)
sa.Index("delivery_batch", delivery.c.batch_id, postgresql_where=delivery.c.batch_id.is_not(None))

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
    sa.Column("last_error", sa.Text),
    sa.Column("changed_at", Instant, nullable=False),
)

#: letters that go to the print house together
batch = sa.Table(
    "batch",
    metadata,
    _id(),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("letters", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("cut_off", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("delivered_at", Instant),
)

#: what a company has, in credits
account = sa.Table(
    "account",
    metadata,
    sa.Column("company_id", UUID(as_uuid=True), sa.ForeignKey("company.id"), primary_key=True),
    sa.Column("prepaid", sa.Boolean, nullable=False),
    # reserved is part of the balance
    sa.Column("balance", sa.Numeric, nullable=False),
    sa.Column("reserved", sa.Numeric, nullable=False),
    # what the provisioning file granted so far
    sa.Column("granted", sa.Numeric, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint("reserved >= 0", name="account_reserved"),
    sa.CheckConstraint("NOT prepaid OR reserved = 0 OR balance >= reserved", name="account_covered"),
)

#: every change of an account: amount changes the balance, held the reservation, and their sums are the account's
account_entry = sa.Table(
    "account_entry",
    metadata,
    _id(),
    sa.Column("company_id", UUID(as_uuid=True), nullable=False),
    # grant, reserve, settle, refund, adjust
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.Numeric, nullable=False),
    sa.Column("held", sa.Numeric, nullable=False),
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id")),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
sa.Index("account_entry_company", account_entry.c.company_id, account_entry.c.id)
# A delivery is reserved, settled and refunded once each.
sa.Index(
    "account_entry_once",
    account_entry.c.delivery_id,
    account_entry.c.kind,
    unique=True,
    postgresql_where=account_entry.c.delivery_id.is_not(None),
)

#: what was delivered in another syntax than it came in; the original stays where it is
converted = sa.Table(
    "converted",
    metadata,
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id"), primary_key=True),
    # recognition and heading of what was written
    sa.Column("facts", JSONB, nullable=False),
    *_content(),
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
    *_content(),
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
    *_content(),
    sa.Column("created_at", Instant, nullable=False),
)
sa.Index("rendered_document", rendered.c.document_id)
sa.Index("rendered_created", rendered.c.created_at)
sa.Index("rendered_stored", rendered.c.sha256, postgresql_where=rendered.c.encoding == "store")

attempt = sa.Table(
    "attempt",
    metadata,
    _id(),
    sa.Column("delivery_id", UUID(as_uuid=True), sa.ForeignKey("delivery.id"), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seconds", DOUBLE_PRECISION, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", JSONB, nullable=False),
)
sa.Index("attempt_delivery", attempt.c.delivery_id)

event = sa.Table(
    "event",
    metadata,
    _id(),
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
    _id(),
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
    sa.CheckConstraint("days BETWEEN 0 AND 5", name="inbox_notice_days"),
)

#: somebody who wants to become a company of this hub; the operator decides
registration = sa.Table(
    "registration",
    metadata,
    _id(),
    sa.Column("qualifier", sa.Text, nullable=False),
    sa.Column("identifier", sa.Text, nullable=False),
    # what was stated, table by table
    sa.Column("stated", JSONB, nullable=False),
    # where the request came from
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("qualifier", "identifier", name="registration_once"),
)
