"""What is refused although its signature is right: grants that were ended, and single tokens.

Kept in memory by every process and read on from the database each second, so that a check costs a look into a set. An
entry counts until the last token it is about would have ended by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fakturahub.model import Clock
from fakturahub.storage import oauth as stored
from fakturahub.storage.database import STATEMENT_TIMEOUT, Database

#: rows are seen when they are committed, and bear the time at which their transaction began: read back by that much
OVERLAP = timedelta(seconds=3 * STATEMENT_TIMEOUT)


class Revoked:
    """The grants and tokens that this process refuses."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._until: dict[tuple[str, str], datetime] = {}
        self._newest: datetime | None = None

    @property
    def count(self) -> int:
        return len(self._until)

    async def refresh(self) -> None:
        """Read what was revoked since the last time, and forget what has ended."""
        since = None if self._newest is None else self._newest - OVERLAP
        rows = await stored.revoked_since(self._database, since)
        for row in rows:
            self._until[(row.kind, row.value)] = row.until
            self._newest = row.made_at if self._newest is None else max(self._newest, row.made_at)
        now = self._clock.now()
        for key in [key for key, until in self._until.items() if until < now]:
            del self._until[key]

    def note(self, kind: str, value: str, until: datetime) -> None:
        """Refuse something from now on, without waiting for the next look."""
        self._until[(kind, value)] = until

    def has(self, kind: str, value: str) -> bool:
        return (kind, value) in self._until
