"""Technical Acknowledgements: what they are made from, and the deliveries by which they reach a company's own server.

Nothing is stored for one. Who asks for it gets it made from what is stored of the document, the same each time. Only
where a company has them pushed does one travel in a delivery: a row beside that of the document, in the same
transaction, which says nothing of the state of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from fakturahub.model import DocumentState


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored, as far as its acknowledgement depends on it."""

    id: UUID
    state: DocumentState
    kind: str
    number: str | None
    issue_date: date | None
    #: when it was received
    at: datetime
    #: ``document.facts``
    facts: Mapping[str, Any]
    #: ``submission.request``
    request: Mapping[str, Any]
