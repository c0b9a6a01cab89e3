"""Doing deliveries. One way out is built in: the inbox of a company of this hub, done in one transaction, exactly once.

The ways out that reach the world are channels; they will be injected here when there are any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from fakturahub import telemetry
from fakturahub.errors import DatabaseUnavailable, NotFound, Refused
from fakturahub.exchange.route import Known, find_route
from fakturahub.exchange.submit import INBOX
from fakturahub.model import Clock, DeliveryState, DocumentState, Heading, Mode
from fakturahub.storage import deliveries, documents
from fakturahub.storage.batches import Batches
from fakturahub.storage.database import Database

#: most deliveries in one transaction
BATCH = 200
#: seconds between two tries while the database is away
PAUSE = 1.0

log = telemetry.logger("exchange.deliver")


class Deliverer:
    """Does deliveries for one process; many that come at once share a transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._inboxes = deliveries.InboxDeliveries(database)
        self._batches: Batches[UUID, None] = Batches(self._do, most=BATCH, queue_length=100_000, queue_weight=0)
        self.start = self._batches.start
        self._stopping = False

    async def stop(self) -> None:
        """Finish what is in hand."""
        self._stopping = True
        await self._batches.stop()
        await self._inboxes.close()

    async def deliver(self, delivery_id: UUID) -> None:
        """Do one delivery if it is still to be done. While the database is away this waits for it.

        Raises `Unavailable` only when the process is being stopped meanwhile.
        """
        while True:
            try:
                await self._batches.do(delivery_id)
            except DatabaseUnavailable:
                if self._stopping:
                    raise
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _do(self, ids: Sequence[UUID]) -> list[None]:
        done = await self._inboxes.do(ids, self._clock.now())
        telemetry.DELIVERIES.labels(INBOX, DeliveryState.DELIVERED.value).inc(done)
        return [None] * len(ids)


async def start_again(database: Database, known: Known, any_id: UUID, clock: Clock, who: str) -> str:
    """Do a delivery again that failed or waits, or route a document again that found no receiver.

    ``any_id`` is a delivery's or a document's. Returns a sentence for a person. Raises `NotFound`, and `Refused` where
    doing it again would send something twice.
    """
    was = await deliveries.start_again(database, any_id, clock.now(), who)
    if was is not None:
        if was in (DeliveryState.DELIVERED, DeliveryState.CANCELLED):
            raise Refused(f"Delivery {any_id} is {was}; nothing is sent twice.")
        return f"Delivery {any_id} was {was} and is due now."
    document = await documents.whole(database, any_id)
    if document is None:
        raise NotFound(f"There is no delivery and no document with the id {any_id}.")
    if document.listed.mode != Mode.PROD:
        raise Refused(f"Document {any_id} was sent in mode {document.listed.mode}; such a document is never delivered.")
    if document.listed.state == DocumentState.REJECTED:
        raise Refused(f"Document {any_id} was rejected; its sender has to send it anew.")
    if document.listed.state != DocumentState.UNROUTABLE:
        raise Refused(f"Document {any_id} is {document.listed.state}; name the delivery that is to be done again.")
    heading = msgspec.convert(document.facts["heading"], Heading)
    route = find_route(heading.buyer, known)
    if route.receiver is None:
        raise Refused(f"Document {any_id} still finds no receiver: {route.why}.")
    new = deliveries.NewDelivery(route.receiver.id, INBOX, route.address, route.why, route.receiver.receive_as)
    delivery_id = await deliveries.add_to_unroutable(database, any_id, new, clock.now(), who)
    if delivery_id is None:
        raise Refused(f"Document {any_id} was routed by somebody else meanwhile.")
    return f"Document {any_id} is routed now: {route.why}. Delivery {delivery_id} is due."
