"""Registrations: who asks to become a company of this hub. They are kept for the operator, and change nothing."""

from __future__ import annotations

from fakturahub.errors import Overloaded
from fakturahub.model import Clock
from fakturahub.storage import registrations as stored
from fakturahub.storage.database import Database

#: that wait at a time; anybody may register, and what waits must not fill the database
WAITING = 1_000


class Registrations:
    """Registrations as they come, for one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, qualifier: str, identifier: str, stated: list[dict[str, str]], address: str) -> None:
        """Keep a registration; a later one of the same identifier takes its place.

        Raises `Overloaded` where `WAITING` others wait.
        """
        kept = await stored.put(
            self._database, qualifier, identifier, stated, address=address, now=self._clock.now(), most=WAITING
        )
        if not kept:
            raise Overloaded(
                f"{WAITING:,} registrations wait for the hub's operator; there is no room for more.", retry_after=3_600
            )
