"""Deliveries that leave the hub: claimed by lease, recorded in batches, watched by whoever comes after a dead node."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from fakturahub.model import Heading, Recognition
from fakturahub.storage.payloads import Kept

#: what PostgreSQL notifies on when a delivery that leaves the hub has become due
CHANNEL = "fakturahub_outgoing"


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this node holds the lease of, with everything that sending it takes."""

    id: UUID
    document_id: UUID
    #: the sender
    company_id: UUID
    #: None where the receiver is no company of this hub
    receiver_id: UUID | None
    channel: str
    address: str
    target: str
    #: what was decided for this delivery beside the address
    details: Mapping[str, Any]
    #: 1 for the first
    attempt: int
    #: the syntax its receiver wants it in, or original
    wanted: str
    #: letters of one batch are sent together, the same ones each time
    batch_id: UUID | None
    created_at: datetime
    #: the document's bytes, or where they are kept
    kept: Kept
    recognition: Recognition
    heading: Heading
    #: as the sender named the file, None where it did not
    file_name: str | None


async def wake(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Tell every node, when *connection*'s open transaction is committed, that there is something to deliver."""
    await connection.execute(f"NOTIFY {CHANNEL}")
