"""Doing deliveries to the inboxes of this hub's companies: each in one transaction, exactly once.

What a receiver wants in another syntax is written before that transaction, in a thread; the same delivery prepared
twice gives the same bytes, so whoever comes first in the transaction decides.

What leaves the hub is done by `dispatch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from fakturahub import telemetry
from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault
from fakturahub.exchange.contents import prepared_of
from fakturahub.exchange.prepare import prepare
from fakturahub.exchange.submit import INBOX
from fakturahub.model import Attachment, Clock, DeliveryState
from fakturahub.storage import converted
from fakturahub.storage.batches import Batches
from fakturahub.storage.converted import Prepared
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_deliveries import Batch, InboxDeliveries
from fakturahub.storage.payloads import PayloadStore

#: most deliveries in one transaction
BATCH = 200
#: bytes of converted documents that are held before they are handed over
HELD = 16 * 1024 * 1024
#: seconds between two tries while the database is away
PAUSE = 1.0

log = telemetry.logger("exchange.deliver")


class Deliverer:
    """Does deliveries for one process; many that come at once share a transaction."""

    def __init__(self, database: Database, payloads: PayloadStore, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._inboxes = InboxDeliveries(database)
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

    async def _do(self, ids: Sequence[UUID]) -> list[FakturahubError | None]:
        first = await self._inboxes.do(ids, self._clock.now())
        _count(first)
        trouble: dict[UUID, FakturahubError] = {}
        prepared: dict[UUID, Prepared] = {}
        size = 0
        for id_ in first.unprepared:
            try:
                prepared[id_], bytes_ = await self._prepare(id_)
            except DatabaseUnavailable:
                raise
            except FakturahubError as error:
                trouble[id_] = error
                await self._inboxes.put_off(id_, error.reason, self._clock.now())
                continue
            size += bytes_
            if size > HELD:
                await self._hand_over(prepared)
                prepared, size = {}, 0
        await self._hand_over(prepared)
        return [trouble.get(id_) for id_ in ids]

    async def _hand_over(self, prepared: Mapping[UUID, Prepared]) -> None:
        if prepared:
            _count(await self._inboxes.do(list(prepared), self._clock.now(), prepared))

    async def _prepare(self, delivery_id: UUID) -> tuple[Prepared, int]:
        """What is handed over in a delivery, and its size in bytes. Raises what reading and writing payloads raises.

        A defect in a reader or a writer is `InternalFault`: the delivery is tried again, and says so meanwhile.
        """
        source = await converted.source(self._database, delivery_id)
        if source is None:
            raise InternalFault(f"Delivery {delivery_id} is gone.")
        data = await self._payloads.load(source.kept)
        try:
            beside = [
                Attachment(file.name, file.mime, await self._payloads.load(file.kept), file.description)
                for file in source.files
            ]
            made = await asyncio.to_thread(prepare, data, source.wanted, allow_loss=source.allow_loss, files=beside)
        except FakturahubError:
            raise
        except Exception as error:  # one document must not keep back the others of its batch
            log.exception("conversion failed", delivery=str(delivery_id), wanted=source.wanted)
            raise InternalFault(f"Writing the document as {source.wanted} failed.") from error
        prepared = await prepared_of(made, self._payloads)
        return prepared, _size(prepared)


def _size(prepared: Prepared) -> int:
    """The bytes of *prepared* that are held in memory."""
    written = prepared.converted
    if written is None:
        return len(prepared.report)
    kept = (written.kept, *(file.kept for file in written.files))
    return len(prepared.report) + len(written.facts) + sum(len(one.payload or b"") for one in kept)


def _count(batch: Batch) -> None:
    telemetry.DELIVERIES.labels(INBOX, DeliveryState.DELIVERED.value).inc(batch.done)
    if batch.failed:
        telemetry.DELIVERIES.labels(INBOX, DeliveryState.FAILED.value).inc(batch.failed)
