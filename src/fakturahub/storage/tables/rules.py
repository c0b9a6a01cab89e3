"""Installed rule packs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from fakturahub.storage.tables.base import Instant, metadata

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
