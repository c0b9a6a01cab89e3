"""Running jobs from PgQueuer: one worker per process, started anew whenever the database comes back.

A job is claimed by a row of its own with a heartbeat. A worker that dies leaves its claims to go stale, and another
worker takes them over; a handler therefore has to bear being called again for work that is done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job

from fakturahub import telemetry
from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault
from fakturahub.storage.database import Database, is_passing

#: jobs claimed at once, and at most held by one process
CLAIM = 100
HELD = 400
#: a claim without a heartbeat for this long belongs to nobody
STALE_AFTER = timedelta(seconds=10)
#: how often the queue is looked at when no notification came
LOOK_AGAIN = timedelta(seconds=5)
#: seconds after which a job whose handler failed is tried again, at the most
LONGEST_PAUSE = 60
#: seconds to wait before trying a database again that went away
RECONNECT = 1.0

Handler = Callable[[UUID], Awaitable[None]]

#: seconds between two words about PgQueuer's trouble with a database that is away
SAY_AGAIN = 10.0

log = telemetry.logger("storage.queue")


class _Sparing(logging.Filter):
    """PgQueuer tells ten times a second, with a traceback, that it cannot reach the database: now and then will do."""

    _due = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_passing(error):
            return True
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + SAY_AGAIN
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = f"{record.getMessage()}: {error or type(error).__name__}", ()
        record.exc_info = None
        return True


logging.getLogger("pgqueuer").addFilter(_Sparing())


class QueueWorker:
    """Runs handlers for the jobs of their names until told to stop."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._handlers = handlers
        self._stop = asyncio.Event()
        self._manager: QueueManager | None = None

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the jobs in hand are done."""
        self._stop.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        """Work until `stop`. Trouble of the database is waited out."""
        while not self._stop.is_set():
            try:
                await self._run_once()
            except Exception as error:
                if not (isinstance(error, DatabaseUnavailable) or is_passing(error) or _holds_passing(error)):
                    raise
                log.warning("job queue unavailable", error=str(error) or type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), RECONNECT)

    async def _run_once(self) -> None:
        pool = await self._database.plain_pool(4)
        try:
            manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
            for name, handler in self._handlers.items():
                self._register(manager, name, handler)
            self._manager = manager
            if self._stop.is_set():
                return
            await manager.run(
                dequeue_timeout=LOOK_AGAIN,
                batch_size=CLAIM,
                max_concurrent_tasks=HELD,
                heartbeat_timeout=STALE_AFTER,
                shutdown_on_listener_failure=True,
            )
        finally:
            self._manager = None
            pool.terminate()

    def _register(self, manager: QueueManager, name: str, handler: Handler) -> None:
        @manager.entrypoint(name)
        async def execute(job: Job) -> None:
            if job.payload is None:
                raise ValueError(f"job {job.id} names nothing to work on")
            try:
                await handler(UUID(bytes=job.payload))
            except Exception as error:
                # A job never ends because its handler failed: it is tried again, later and later.
                if not isinstance(error, FakturahubError):
                    log.exception("job failed", job=name, attempts=job.attempts)
                code = error.code if isinstance(error, FakturahubError) else InternalFault.code
                seconds = min(2**job.attempts, LONGEST_PAUSE) if job.attempts < 10 else LONGEST_PAUSE
                raise RetryRequested(delay=timedelta(seconds=seconds), reason=code) from error


def _holds_passing(error: BaseException) -> bool:
    return isinstance(error, BaseExceptionGroup) and all(
        is_passing(inner) or _holds_passing(inner) for inner in error.exceptions
    )


async def trim_log(database: Database, older_than: timedelta = timedelta(hours=1), chunk: int = 10_000) -> int:
    """Delete PgQueuer's own log rows that it has summed up; without this they would outgrow the documents.

    The audit trail is the table of events; this log is not. Returns how many rows were deleted.
    """
    statement = sa.text(
        """DELETE FROM pgqueuer_log WHERE ctid = ANY (ARRAY(
               SELECT ctid FROM pgqueuer_log
               WHERE aggregated AND created < now() - CAST(:age AS interval) LIMIT :chunk))"""
    )
    deleted = 0
    while True:
        async with database.begin() as connection:
            rows = (await connection.execute(statement, {"age": older_than, "chunk": chunk})).rowcount
        deleted += rows
        if rows < chunk:
            return deleted
