"""The engine behind the ways out: what is due is claimed by lease, tried, and recorded, on as many nodes as there are.

Claims come from the table itself, target by target, so that one dead receiver slows nobody else. A node that dies
leaves leases that end; another one takes over, with the same delivery id, by which the receiver can tell.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from fakturahub import telemetry
from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault
from fakturahub.exchange import breaker
from fakturahub.exchange.outcomes import judge
from fakturahub.exchange.sending import Sender
from fakturahub.model import Clock, DeliveryState
from fakturahub.storage.attempts import Attempts, Tried
from fakturahub.storage.batches import Batches
from fakturahub.storage.claims import LEASE, Claims, Due, Leased, Wanted
from fakturahub.storage.database import Database
from fakturahub.storage.outgoing import Claimed, Listening, channel_of

#: deliveries that one process has in hand, and bytes of their documents that it holds
IN_HAND = 1_000
BYTES_IN_HAND = 128 * 1024 * 1024
#: deliveries that one process claims in one round, so that others have their share
CLAIMED = 100
#: targets that are looked at in one round
TARGETS = 250
#: the part of what is free that one target may take, so that some that hang do not take all
SHARE = 8
#: seconds between two looks at what is due where nobody told, and at least between two rounds of claims
LOOK = 0.5
ROUND = 0.01
#: seconds between two renewals of leases
RENEW = LEASE.total_seconds() / 4
#: seconds that attempts in hand have when the hub stops
GRACE = 25.0
#: attempts that are recorded in one transaction
RECORDED = 200
#: seconds between two tries while the database is away
PAUSE = 1.0

log = telemetry.logger("exchange.dispatch")


def node_name() -> str:
    """A name for this process that no other has, and that tells a person where to look."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(2)}"


class _Hand(msgspec.Struct):
    """A delivery in hand."""

    leased: Leased
    since: datetime
    task: asyncio.Task[None] | None = None
    #: somebody else has it by now
    lost: bool = False
    #: the attempt has ended
    recording: bool = False


class Dispatcher:
    """The deliveries that one process has in hand. ``run`` it; ``stop`` makes that return.

    When `run` has ended, however it did, nothing is in hand any more, and every attempt that was made is recorded, or
    the database was away. Only then may be closed what the sender uses.
    """

    def __init__(self, database: Database, sender: Sender, clock: Clock, node: str) -> None:
        self._sender = sender
        self._clock = clock
        self._claims = Claims(database, node)
        self._attempts = Attempts(database, node)
        self._records: Batches[tuple[Tried, ...], None] = Batches(
            self._record_all, most=RECORDED, queue_length=2 * IN_HAND, queue_weight=0
        )
        self._listening = Listening(database, self._look)
        self._hands: dict[UUID, _Hand] = {}
        #: claimed, and not yet loaded
        self._waiting: deque[Leased] = deque()
        self._bytes = 0
        self._of_target: Counter[str] = Counter()
        self._after = ""
        self._due_now = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in hand has ended, or after `GRACE`."""
        self._stopping.set()
        self._due_now.set()

    async def run(self) -> None:
        """Deliver until `stop`. Trouble of the database is waited out."""
        self._records.start()
        background = [
            asyncio.create_task(self._listening.run(), name="listen for deliveries"),
            asyncio.create_task(self._keep_leases(), name="keep leases"),
        ]
        grace = GRACE
        try:
            while not self._stopping.is_set():
                await self._round()
        except asyncio.CancelledError:
            grace = 0.0  # whoever cancels does not wait
            raise
        finally:
            # However this ends: what is in hand uses what its owner closes afterwards.
            self._stopping.set()
            await self._finish(grace)
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._records.stop()
            await self._claims.close()
            await self._attempts.close()

    def _look(self) -> None:
        self._due_now.set()

    # --- claiming ---------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        """Claim what is due and start it; then wait until there may be more."""
        self._due_now.clear()
        try:
            more = await self._claim()
            await self._begin()
        except DatabaseUnavailable as error:
            log.warning("waiting for the database", error=str(error))
            await self._wait(PAUSE)
            return
        except InternalFault:
            log.exception("claiming failed")
            await self._wait(PAUSE)
            return
        await asyncio.sleep(ROUND)
        if more is None:
            # two nodes that met do not meet again
            await self._wait(random.uniform(ROUND, 5 * ROUND))  # noqa: S311
        elif not more:
            await self._wait(LOOK)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._due_now.wait(), seconds)

    async def _claim(self) -> bool | None:
        """Whether anything was claimed; None where nothing was, and another node was in the way."""
        if len(self._hands) >= IN_HAND:
            return False
        now = self._clock.now()
        due = await self._claims.due(now, self._after, TARGETS)
        if self._after and len(due) < TARGETS:
            due += await self._claims.due(now, "", TARGETS - len(due))
        wanted = self._wanted(due, now)
        if not wanted:
            return False
        leased, met = await self._claims.claim(wanted, now)
        for one in leased:
            self._hands[one.id] = _Hand(one, now)
            self._of_target[one.target] += 1
        self._waiting.extend(leased)
        return bool(leased) or (None if met else False)

    def _wanted(self, due: Sequence[Due], now: datetime) -> list[Wanted]:
        """How much to claim of each target, within what this process has room for."""
        room = IN_HAND - len(self._hands)
        share = max(1, room // SHARE)
        room = min(room, CLAIMED)
        wanted: dict[str, Wanted] = {}
        self._after = due[-1].key if len(due) >= TARGETS else ""
        # nodes that look at the same moment do not all want the same
        for one in random.sample(due, len(due)):
            channel = channel_of(one.key)
            in_batches = channel in self._sender.batch_channels
            at_once = breaker.at_once(one.breaker, self._sender.schedule_of(one.key).at_once, now)
            most = min(at_once - self._of_target[one.key], share, room)
            if most <= 0 or one.key in wanted:
                continue
            oldest_first = breaker.oldest_first(one.breaker, now)
            closed = one.breaker is None or one.breaker.open_until is None
            came_back_at = one.breaker.recovered_at if one.breaker is not None and one.breaker.pulling else None
            wanted[one.key] = Wanted(
                one.key, at_once, most, oldest_first, oldest_first and closed, came_back_at, in_batches
            )
            room -= most
        return list(wanted.values())

    async def _begin(self) -> None:
        """Load what was claimed, as far as there is room for its bytes, and start an attempt with each."""
        chosen: list[Leased] = []
        while self._waiting:
            # letters of one batch are sent together, so they are held together
            first = self._waiting[0]
            size = first.size
            if first.batch_id is not None:
                size = sum(one.size for one in self._waiting if one.batch_id == first.batch_id)
            # what is too large for the room there is goes when nothing else is in hand
            if self._bytes and self._bytes + size > BYTES_IN_HAND:
                break
            some = [first]
            if first.batch_id is not None:
                some = [one for one in self._waiting if one.batch_id == first.batch_id]
                self._waiting = deque(one for one in self._waiting if one.batch_id != first.batch_id)
            else:
                self._waiting.popleft()
            self._bytes += size
            chosen += some
        if not chosen:
            return
        try:
            loaded = {one.id: one for one in await self._claims.load([one.id for one in chosen])}
        except BaseException:
            self._bytes -= sum(one.size for one in chosen)
            self._waiting.extendleft(reversed(chosen))
            raise
        batches: dict[UUID, list[Claimed]] = {}
        for leased in chosen:
            claimed = loaded.get(leased.id)
            if claimed is None:  # the lease passed meanwhile
                self._bytes -= leased.size
                self._drop(leased)
            elif claimed.channel in self._sender.batch_channels and claimed.batch_id is not None:
                batches.setdefault(claimed.batch_id, []).append(claimed)
            else:
                self._hands[leased.id].task = asyncio.create_task(self._deliver(claimed))
        for letters in batches.values():
            task = asyncio.create_task(self._deliver_batch(letters))
            for claimed in letters:
                self._hands[claimed.id].task = task

    def _drop(self, leased: Leased) -> None:
        if self._hands.pop(leased.id, None) is not None:
            self._of_target[leased.target] -= 1
            if not self._of_target[leased.target]:
                del self._of_target[leased.target]

    # --- trying -----------------------------------------------------------------------------------------------------

    async def _deliver(self, claimed: Claimed) -> None:
        hand = self._hands[claimed.id]
        try:
            try:
                outcome = await self._sender.send(claimed)
            except asyncio.CancelledError:
                if hand.lost:
                    return
                outcome = self._sender.interrupted(claimed, hand.since)
            hand.recording = True
            await self._record((outcome,))
        finally:
            self._end([hand.leased])

    async def _deliver_batch(self, letters: list[Claimed]) -> None:
        hands = [self._hands[one.id] for one in letters]
        try:
            try:
                outcomes = tuple(await self._sender.send_batch(letters))
            except asyncio.CancelledError:
                if any(hand.lost for hand in hands):
                    return
                outcomes = tuple(self._sender.interrupted(one, hands[0].since) for one in letters)
            for hand in hands:
                hand.recording = True
            await self._record(outcomes)
        finally:
            self._end([hand.leased for hand in hands])

    def _end(self, some: Sequence[Leased]) -> None:
        for one in some:
            self._bytes -= one.size
            self._drop(one)
        self._look()

    # --- recording --------------------------------------------------------------------------------------------------

    async def _record(self, tried: tuple[Tried, ...]) -> None:
        """Have *tried* recorded, however long the database is away; while the hub stops, as long as it may take."""
        while True:
            try:
                await self._records.do(tried)
            except DatabaseUnavailable:
                if self._stopping.is_set():
                    log.warning("attempt not recorded: the database is away", deliveries=len(tried))
                    return
                await asyncio.sleep(PAUSE)
            except FakturahubError:
                log.exception("attempt not recorded", delivery=str(tried[0].delivery_id))
                return
            else:
                for one in tried:
                    telemetry.DELIVERIES.labels(one.channel, one.state.value).inc()
                    if one.state in (DeliveryState.FAILED, DeliveryState.HELD):
                        log.info(f"delivery {one.state}", delivery=str(one.delivery_id), to=one.target, why=one.why)
                return

    async def _record_all(self, items: Sequence[tuple[Tried, ...]]) -> list[FakturahubError | None]:
        now = self._clock.now()
        try:
            await self._attempts.record([one for item in items for one in item], judge(now), now)
        except InternalFault as fault:
            if len(items) > 1:
                # One bad row must not cost the others their record.
                middle = len(items) // 2
                return [*await self._record_all(items[:middle]), *await self._record_all(items[middle:])]
            log.exception("record refused by the database", delivery=str(items[0][0].delivery_id))
            if not any(one.prepared or one.detail != _BARE for one in items[0]):
                return [fault]
            # What happened counts, even where not all of it can be kept: else it would be sent again for ever.
            bare = tuple(msgspec.structs.replace(one, detail=_BARE, prepared=None) for one in items[0])
            return await self._record_all([bare])
        return [None] * len(items)

    # --- leases -----------------------------------------------------------------------------------------------------

    async def _keep_leases(self) -> None:
        """Renew what is in hand, and take over what others left, for ever."""
        while True:
            await asyncio.sleep(RENEW)
            try:
                await self._renew()
                if not self._stopping.is_set():
                    taken = await self._claims.take_over(self._clock.now())
                    for one in taken:
                        log.warning("delivery taken over", delivery=str(one.id), node=one.node)
                    if taken:
                        self._look()
            except FakturahubError as error:
                log.warning("leases not renewed", error=str(error))

    async def _renew(self) -> None:
        now = self._clock.now()
        ids = list(self._hands)
        if not ids:
            return
        kept = await self._claims.renew(ids, now)
        for id_ in set(ids) - kept:
            hand = self._hands.get(id_)
            if hand is None or hand.recording:
                continue
            hand.lost = True
            if hand.task is not None:
                hand.task.cancel()

    async def _finish(self, grace: float) -> None:
        """End what is in hand, and have it recorded: what was not tried is given back, the rest has *grace* seconds."""
        untouched = [one.id for one in self._waiting]
        for one in self._waiting:
            self._drop(one)
        self._waiting.clear()
        if untouched:
            with suppress(FakturahubError):
                await self._claims.give_back(untouched, self._clock.now())
        tasks = {hand.task for hand in self._hands.values() if hand.task is not None}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


_BARE = '{"why": "the database did not take the details of this attempt"}'
