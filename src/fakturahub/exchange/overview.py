"""What people look at: documents, deliveries, the backlog. A list has a limit and costs the same for ever."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from fakturahub.exchange import breaker
from fakturahub.model import Clock
from fakturahub.storage import deliveries, documents, targets
from fakturahub.storage.database import Database
from fakturahub.storage.deliveries import Backlog
from fakturahub.storage.documents import DeliveryListed, DeliveryShown, Listed, Whole

__all__ = ["Backlog", "DeliveryListed", "DeliveryShown", "Listed", "Overview", "TargetShown", "Whole"]


class TargetShown(msgspec.Struct, frozen=True):
    """A target that deliveries wait for, or that is in trouble."""

    key: str
    #: the key of the company that it belongs to
    receiver: str | None
    #: fine, failing, open, trying (half open: one delivery may try), coming back
    breaker: str
    open_until: datetime | None
    waiting: int
    sending: int
    #: when the oldest of those that wait was made
    oldest: datetime | None
    failing_since: datetime | None
    last_error: str | None


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

    async def targets(self, most: int) -> list[TargetShown]:
        """Targets that deliveries wait for, or that are in trouble, those in the worst trouble first."""
        now = self._clock.now()
        return [_target(one, now) for one in await targets.listed(self._database, most)]

    async def backlog(self) -> Backlog:
        """How many deliveries are open, and how old the oldest is."""
        return await deliveries.backlog(self._database, self._clock.now())


def _target(one: targets.Listed, now: datetime) -> TargetShown:
    state = one.breaker
    if state is None:
        word = "fine"
    elif state.open_until is not None:
        word = "open" if breaker.is_open(state, now) else "trying"
    elif state.failing_since is not None:
        word = "failing"
    else:
        word = "coming back" if state.pulling or breaker.at_once(state, 1_000, now) < 1_000 else "fine"
    return TargetShown(
        one.key,
        one.receiver,
        word,
        None if state is None else state.open_until,
        one.waiting,
        one.sending,
        one.oldest,
        None if state is None else state.failing_since,
        None if state is None else state.last_error,
    )
