"""One attempt at a delivery: its way and its content are made, its channel is called, and what came of it is said.

Nothing that goes wrong here leaves as an exception: what the hub cannot do itself is the hub's trouble, and the
delivery is tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from fakturahub import telemetry
from fakturahub.errors import DocumentRefused, FakturahubError
from fakturahub.exchange.outcomes import Attempted, Chance, tried
from fakturahub.exchange.parcels import Contents, Made, Ways, Withheld
from fakturahub.exchange.schedule import Schedule, schedule_to
from fakturahub.model import BatchChannel, Channel, Clock, Fault, Outcome, Parcel, Result
from fakturahub.storage.attempts import Tried
from fakturahub.storage.outgoing import Claimed

#: seconds after which an attempt is ended that a channel should have ended long before
LONGEST = 900.0

log = telemetry.logger("exchange.sending")


class _Ready(msgspec.Struct, frozen=True):
    claimed: Claimed
    made: Made
    parcel: Parcel[Any]


class _NotReady(msgspec.Struct, frozen=True):
    outcome: Outcome
    made: Made | None = None


class Sender:
    """Attempts of one node."""

    def __init__(
        self,
        ways: Ways,
        contents: Contents,
        channels: Mapping[str, Channel[Any]],
        batch_channels: Mapping[str, BatchChannel[Any]],
        clock: Clock,
        node: str,
        chance: Chance,
        schedule_of: Callable[[str], Schedule] = schedule_to,
    ) -> None:
        """``chance`` gives numbers from 0 to 1, by which pauses are spread; ``schedule_of`` how deliveries with a
        target are tried."""
        self._ways = ways
        self._contents = contents
        self._channels = channels
        self.batch_channels = batch_channels
        self._clock = clock
        self._node = node
        self._chance = chance
        self.schedule_of = schedule_of

    async def send(self, claimed: Claimed) -> Tried:
        """Try once."""
        started_at, started = self._clock.now(), time.perf_counter()
        made: Made | None = None
        try:
            ready = await self._ready(claimed, started_at)
            made = ready.made
            if isinstance(ready, _NotReady):
                outcome = ready.outcome
            else:
                channel = self._channels.get(claimed.channel)
                if channel is None:
                    outcome = _no_channel(claimed)
                else:
                    async with asyncio.timeout(LONGEST):
                        outcome = await channel.send(ready.parcel)
        except Exception as error:  # a channel's defect must not end the engine
            outcome = self._defect(claimed, error)
        return self._tried(claimed, outcome, self._attempted(started_at, started), self._chance(), made=made)

    async def send_batch(self, batch: Sequence[Claimed]) -> list[Tried]:
        """Try once with all letters of a batch. A letter that can never be made fails alone."""
        started_at, started = self._clock.now(), time.perf_counter()
        first = batch[0]
        alone: dict[int, _NotReady] = {}
        ready: list[_Ready] = []
        outcome: Outcome | None = None
        try:
            for place, claimed in enumerate(batch):
                one = await self._ready(claimed, started_at)
                if isinstance(one, _Ready):
                    ready.append(one)
                elif one.outcome.result is Result.FAILED:
                    alone[place] = one
                else:
                    # Without this one the batch would be another one each time: all of it waits.
                    why = f"Delivery {claimed.id} of the batch: {one.outcome.detail}"
                    outcome = msgspec.structs.replace(one.outcome, detail=why)
                    break
            channel = self.batch_channels.get(first.channel)
            if channel is None:
                outcome = outcome or _no_channel(first)
            elif outcome is None and ready and first.batch_id is not None:
                async with asyncio.timeout(LONGEST):
                    outcome = await channel.send_batch(first.batch_id, [one.parcel for one in ready])
        except Exception as error:
            outcome = self._defect(first, error)
        made = {one.claimed.id: one.made for one in ready}
        at, chance = self._attempted(started_at, started), self._chance()
        outcome = outcome or Outcome(Result.RETRY, "The batch was not sent.", fault=Fault.OURS)
        result: list[Tried] = []
        counts = True
        for place, claimed in enumerate(batch):
            its_own = alone.get(place)
            if its_own is not None:
                result.append(self._tried(claimed, its_own.outcome, at, 0.5, made=its_own.made))
                continue
            # one outcome for all of them: the target's breaker hears of it once
            result.append(self._tried(claimed, outcome, at, chance, made=made.get(claimed.id), counts=counts))
            counts = False
        return result

    def interrupted(self, claimed: Claimed, started_at: datetime) -> Tried:
        """What is recorded of an attempt that was ended because the hub stops."""
        outcome = Outcome(
            Result.RETRY,
            "The hub was stopped while it was sending; whether it arrived is not known.",
            fault=Fault.OURS,
        )
        now = self._clock.now()
        at = Attempted(self._node, started_at, now, max((now - started_at).total_seconds(), 0.0))
        return self._tried(claimed, outcome, at, self._chance())

    def _tried(
        self,
        claimed: Claimed,
        outcome: Outcome,
        at: Attempted,
        chance: float,
        *,
        made: Made | None = None,
        counts: bool = True,
    ) -> Tried:
        schedule = self.schedule_of(claimed.target)
        return tried(claimed, outcome, at, schedule, made=made, chance=chance, counts=counts)

    async def _ready(self, claimed: Claimed, at: datetime) -> _Ready | _NotReady:
        """The parcel of a delivery, or why there is none."""
        try:
            way = self._ways.way_of(claimed)
            if isinstance(way, Withheld):
                return _NotReady(Outcome(Result.HELD, way.reason, fault=Fault.OURS))
            made = await self._contents.content_of(claimed, way)
        except DocumentRefused as refusal:
            return _NotReady(Outcome(Result.FAILED, refusal.reason, fault=Fault.OURS))
        except FakturahubError as error:
            return _NotReady(Outcome(Result.RETRY, error.reason, fault=Fault.OURS))
        if made.content is None:
            why = None if made.prepared is None else made.prepared.error
            return _NotReady(Outcome(Result.FAILED, why or "There is nothing to hand over.", fault=Fault.OURS), made)
        parcel = Parcel(
            delivery_id=claimed.id,
            document_id=claimed.document_id,
            attempt=claimed.attempt,
            at=at,
            way=way,
            content=made.content,
            heading=claimed.heading,
            terms=made.terms,
        )
        return _Ready(claimed, made, parcel)

    def _attempted(self, started_at: datetime, started: float) -> Attempted:
        return Attempted(self._node, started_at, self._clock.now(), time.perf_counter() - started)

    def _defect(self, claimed: Claimed, error: Exception) -> Outcome:
        if isinstance(error, TimeoutError):
            why = f"The attempt did not end within {LONGEST:.0f} seconds."
        else:
            why = "The attempt met a defect of the hub; its log has the details."
        log.error("attempt failed", delivery=str(claimed.id), channel=claimed.channel, exc_info=error)
        return Outcome(Result.RETRY, why, fault=Fault.OURS)


def _no_channel(claimed: Claimed) -> Outcome:
    return Outcome(
        Result.HELD,
        f"This hub has no way out called {claimed.channel}. Run a version that has it, then release the delivery.",
        fault=Fault.OURS,
    )
