"""What people look at: documents, deliveries, the backlog. A list has a limit and costs the same for ever."""

from __future__ import annotations

from uuid import UUID

from fakturahub.model import Clock
from fakturahub.storage import deliveries, documents
from fakturahub.storage.database import Database
from fakturahub.storage.deliveries import Backlog
from fakturahub.storage.documents import DeliveryListed, DeliveryShown, Listed, Whole

__all__ = ["Backlog", "DeliveryListed", "DeliveryShown", "Listed", "Overview", "Whole"]


class Overview:
    """The lists and look-ups of one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def newest(
        self, most: int, *, before: UUID | None = None, company: str | None = None, state: str | None = None
    ) -> list[Listed]:
        """The newest documents; ``company`` is the key of a sender, ``state`` unroutable or rejected."""
        return await documents.newest(self._database, most, before=before, company_key=company, state=state)

    async def document(self, document_id: UUID) -> Whole | None:
        """All about one document."""
        return await documents.whole(self._database, document_id)

    async def deliveries(
        self, most: int, *, before: UUID | None = None, state: str | None = None
    ) -> list[DeliveryListed]:
        """The newest deliveries, those in one state where it is given."""
        return await documents.newest_deliveries(self._database, most, before=before, state=state)

    async def backlog(self) -> Backlog:
        """How many deliveries are open, and how old the oldest is."""
        return await deliveries.backlog(self._database, self._clock.now())
