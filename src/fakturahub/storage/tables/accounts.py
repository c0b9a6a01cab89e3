"""Credits."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from fakturahub.storage.tables.base import Instant, id_column, metadata

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
    id_column(),
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
# What is held for a delivery is the sum of its entries.
sa.Index(
    "account_entry_delivery",
    account_entry.c.delivery_id,
    postgresql_where=account_entry.c.delivery_id.is_not(None),
)
# A delivery is paid for once, however often it was given up and started again.
sa.Index(
    "account_entry_settled",
    account_entry.c.delivery_id,
    unique=True,
    postgresql_where=account_entry.c.kind == "settle",
)
