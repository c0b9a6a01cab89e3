"""What all tables are made with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP, UUID

metadata = sa.MetaData()

Instant = TIMESTAMP(timezone=True)


class Xid8(sa.types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: what a commit-ordered feed of events is paged by."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def id_column(name: str = "id") -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), primary_key=True)


def content_columns() -> tuple[sa.Column[Any], ...]:
    """Bytes by their hash. ``encoding`` identity | zlib: they are in this row; store: they are in the payload store."""
    return (
        sa.Column("sha256", BYTEA, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("encoding", sa.Text, nullable=False),
        sa.Column("payload", BYTEA),
    )
