"""Databases with the hub's schema.

One is shared by all tests that keep to companies of their own (``url``, ``db``); another is emptied for each test that
looks at everything there is (``empty_url``, ``empty_db``).
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from fakturahub.storage import schema
from fakturahub.storage.database import Database
from fakturahub.storage.tables import metadata

_FILLED = (
    "pgqueuer",
    "pgqueuer_log",
    "pgqueuer_statistics",
    *(table.name for table in reversed(metadata.sorted_tables) if table.name != "provisioning"),
)
_DELETE = [f"DELETE FROM {table}" for table in _FILLED]  # noqa: S608 - names of ours
EMPTY = "; ".join(
    [
        *_DELETE,
        "UPDATE provisioning SET version = 0, applied_at = now(), key_fingerprint = NULL",
        f"UPDATE alembic_version SET version_num = '{schema.newest_revision()}'",  # noqa: S608
    ]
)


def url_of(postgres: str, name: str) -> str:
    """The URL of the database *name* on the server *postgres*."""
    before, _, query = postgres.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


def create(postgres: str, template: str = "template1") -> str:
    """Make a database; its name."""
    name = f"t{uuid4().hex}"

    async def create() -> None:
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            await connection.close()

    asyncio.run(create())
    return name


@pytest.fixture
def company() -> UUID:
    """A company of this test's own."""
    return uuid4()


@pytest.fixture
def receiver() -> UUID:
    """Another one, to receive."""
    return uuid4()


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the hub logged during the test."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@asynccontextmanager
async def _access(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


# Kept by the server's URL and not in fixtures alone: other folders of tests use the same ones, and each database is
# some hundred files.


@functools.cache
def template_of(postgres: str) -> str:
    """The name of a database with the newest schema, that nobody is connected to."""
    name = create(postgres)

    async def upgrade() -> None:
        async with _access(url_of(postgres, name)) as database:
            await schema.upgrade(database)

    asyncio.run(upgrade())
    return name


@functools.cache
def _shared_of(postgres: str, _: str) -> str:
    return url_of(postgres, create(postgres, template_of(postgres)))


@pytest.fixture
def url(postgres: str) -> str:
    """The URL of the shared database."""
    return _shared_of(postgres, "shared")


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """Access to the shared database."""
    async with _access(url) as database:
        yield database


@pytest.fixture
def new_url(postgres: str) -> str:
    """The URL of a database of the test's own, which it may rename or close."""
    return url_of(postgres, create(postgres, template_of(postgres)))


@pytest.fixture
def empty_url(postgres: str) -> str:
    """The URL of a database with nothing in it; quicker than a new one."""
    url = _shared_of(postgres, "emptied")

    async def empty() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(EMPTY)
        finally:
            await connection.close()

    asyncio.run(empty())
    return url


@pytest.fixture
async def empty_db(empty_url: str) -> AsyncIterator[Database]:
    """Access to a database with nothing in it."""
    async with _access(empty_url) as database:
        yield database
