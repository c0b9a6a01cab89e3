"""Connections to PostgreSQL, and the one place where a driver's exceptions become the hub's.

Two kinds of connection: SQLAlchemy's pool for lists, look-ups and provisioning, and plain asyncpg connections for the
hot statements and the job queue. Prepared-statement caches stay on: without them a submission costs the server more
than twice as much, which is also why no transaction-mode pooler may stand in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault, OperatorError

#: seconds to wait for a new connection
CONNECT_TIMEOUT = 5.0
#: seconds to wait for the answer to one statement before the server counts as unavailable
STATEMENT_TIMEOUT = 10.0

# What says "not now" rather than "never": lost or refused connections (class 08), a server that starts, stops or
# cancels (57), is out of connections, memory or disk (53), transactions that another one rolled back (40), and a
# server that does not let the hub in (28, 3D), which whoever runs it puts right.
_NOT_NOW: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
    asyncpg.InterfaceError,
    # the driver's own state after the server ended a session between two statements (seen: kill -9 of the postmaster)
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.exceptions.InvalidCatalogNameError,
)

#: what SQLAlchemy, asyncpg and the line under them raise
DRIVER_ERRORS: tuple[type[BaseException], ...] = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    *_NOT_NOW,
)


def is_passing(error: BaseException) -> bool:
    """Whether *error* is trouble of the server or the line, which the same statement may survive later."""
    if isinstance(error, ValueError):  # asyncpg's "invalid input for query argument" is an InterfaceError, too
        return False
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        cause = error.orig.__cause__ if error.orig is not None else None
        return isinstance(cause, _NOT_NOW) and not isinstance(cause, ValueError)
    if isinstance(error, sa.exc.TimeoutError):  # the pool had no connection to give
        return True
    return isinstance(error, _NOT_NOW)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLAlchemy and asyncpg raise into `DatabaseUnavailable` or `InternalFault`."""
    try:
        yield
    except FakturahubError:
        raise
    except DRIVER_ERRORS as error:
        if is_passing(error):
            raise DatabaseUnavailable("The database did not answer.") from error
        raise InternalFault("The database refused a statement.") from error


@contextmanager
def _connecting() -> Iterator[None]:
    """A server that lets nobody in is unavailable, whatever its reason: a restore, a password that was changed.

    Raises `OperatorError` where the URL names no server; its parts are not repeated, one of them is a password.
    """
    try:
        yield
    except ValueError:
        raise OperatorError("The database URL cannot be used: look at its host, port and options.") from None
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable("The database takes no connections.") from error


def plain_url(url: str) -> str:
    """*url* as asyncpg takes it: ``postgresql://…`` without a driver's name.

    Raises `OperatorError` for what is no PostgreSQL URL; the message never repeats the URL, it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise OperatorError("The database URL cannot be read; it looks like postgresql://user@host/name.") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise OperatorError(f"The database must be PostgreSQL, not {parsed.get_backend_name()}.")
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """One process's access to the database. Cheap to make; connects on first use."""

    def __init__(self, url: str, *, pool_size: int = 4, statement_time: float | None = STATEMENT_TIMEOUT) -> None:
        """``pool_size`` 0: a connection for each transaction. ``statement_time``: seconds, None for no limit."""
        self._url = plain_url(url)
        self._statement_time = statement_time
        options: dict[str, Any] = {"poolclass": NullPool}
        if pool_size:
            options = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": CONNECT_TIMEOUT}
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
            **options,
        )

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        with _connecting():
            return await asyncpg.connect(
                self._url,
                timeout=CONNECT_TIMEOUT,
                command_timeout=self._statement_time,
                server_settings={"application_name": "fakturahub", "timezone": "UTC"},
            )

    def patient(self) -> Database:
        """The same database without a limit for a statement's time: for migrations, which may take hours."""
        return Database(self._url, pool_size=0, statement_time=None)

    async def connect_plain(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of the caller's own, outside the pool; the caller closes it."""
        with translated():
            return await self._connect()

    async def plain_pool(self, size: int) -> asyncpg.Pool[asyncpg.Record]:
        """An asyncpg pool of the caller's own, for the job queue; the caller closes it."""
        with translated(), _connecting():
            return await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=size,
                timeout=CONNECT_TIMEOUT,
                command_timeout=STATEMENT_TIMEOUT,
                server_settings={"application_name": "fakturahub work", "timezone": "UTC"},
            )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction on the pool: committed when the block ends well, else rolled back."""
        with translated():
            async with self._engine.begin() as connection:
                yield connection

    async def close(self) -> None:
        await self._engine.dispose()


class PlainSession:
    """One plain connection that a hot path keeps for itself, made anew when it is lost. Not for two tasks at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A transaction, committed when the block ends well.

        What the driver raises goes through unchanged; `is_passing` tells trouble of the line from a refused statement.
        A transaction that takes longer than `STATEMENT_TIMEOUT` loses its connection: a server that hangs would
        otherwise hold the roll-back up, too.
        """
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect_plain()
        connection = self._connection
        watchdog = asyncio.get_running_loop().call_later(STATEMENT_TIMEOUT, connection.terminate)
        try:
            async with connection.transaction():
                yield connection
        except BaseException as error:
            if is_passing(error) or not isinstance(error, Exception):
                connection.terminate()
                self._connection = None
            raise
        finally:
            watchdog.cancel()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=STATEMENT_TIMEOUT)
            self._connection = None
