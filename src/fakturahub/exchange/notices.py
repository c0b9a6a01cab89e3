"""What a company wants to be told of by mail: documents that lie in its inbox and that nobody fetched."""

from __future__ import annotations

from uuid import UUID

from fakturahub.model import Clock
from fakturahub.storage import notices as stored
from fakturahub.storage.database import Database
from fakturahub.storage.notices import Notice

__all__ = ["Notice", "Notices"]


class Notices:
    """The notices of this hub's companies, for one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, company_id: UUID) -> Notice:
        """What a company wants; without anything set it is never told."""
        return await stored.of_company(self._database, company_id) or Notice()

    async def put(self, company_id: UUID, notice: Notice) -> Notice:
        """Set what a company wants; returns what was in force before."""
        return await stored.put(self._database, company_id, notice, self._clock.now()) or Notice()
