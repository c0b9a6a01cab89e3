"""Deliveries as a node has claimed them."""

from __future__ import annotations

import hashlib
from typing import Any

from fakturahub.clock import new_id
from fakturahub.model import Heading, Kind, Recognition
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import Kept
from tests.storage.rows import NOW


def claimed(channel: str, *, data: bytes = b"<Invoice/>", **changes: Any) -> Claimed:
    """A delivery of a document by *channel*; *changes* of what it says otherwise."""
    settings: dict[str, Any] = {
        "id": new_id(NOW),
        "document_id": new_id(NOW),
        "company_id": new_id(NOW),
        "receiver_id": None,
        "channel": channel,
        "address": "",
        "target": channel,
        "details": {},
        "attempt": 1,
        "step": 0,
        "trying_since": NOW,
        "wanted": "original",
        "batch_id": None,
        "created_at": NOW,
        "kept": Kept(hashlib.sha256(data).digest(), len(data), "identity", data),
        "recognition": Recognition("ubl-2.1"),
        "heading": Heading(Kind.INVOICE, number="1"),
        "file_name": None,
    }
    return Claimed(**(settings | changes))
