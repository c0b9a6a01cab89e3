"""Who is who, and every other setting."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from fakturahub.storage.tables.base import Instant, id_column, metadata

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
    id_column(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("settings", JSONB, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)
sa.Index("company_version", company.c.version)

#: logos by their hash, which the settings of companies name (``style.logo``, in hexadecimal digits)
logo = sa.Table(
    "logo",
    metadata,
    sa.Column("sha256", BYTEA, primary_key=True),
    sa.Column("payload", BYTEA, nullable=False),
)

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

#: somebody who wants to become a company of this hub; the operator decides
registration = sa.Table(
    "registration",
    metadata,
    id_column(),
    sa.Column("qualifier", sa.Text, nullable=False),
    sa.Column("identifier", sa.Text, nullable=False),
    # what was stated, table by table
    sa.Column("stated", JSONB, nullable=False),
    # where the request came from
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("qualifier", "identifier", name="registration_once"),
)
