"""Holding the hub's transactions back from inside the database, to have things happen at a chosen moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from tests.acceptance import stored
from tests.acceptance.load import until

# The commit itself waits for an advisory lock that the test holds: a deferred trigger runs inside COMMIT.
_HOLD = """
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON submission DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION held();
"""
_HELD = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND query ILIKE 'commit%'"


class Commits:
    """Holds all commits of submissions in a database while it is entered, until `go`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    def __enter__(self) -> Commits:
        self._connection = self._loop.run_until_complete(asyncpg.connect(self._url))
        self._run("SELECT pg_advisory_lock(4711)")
        self._run(_HOLD)
        return self

    def __exit__(self, *_: object) -> None:
        self.go()
        self._run("DROP TRIGGER held ON submission; DROP FUNCTION held()")
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()

    def _run(self, statement: str) -> None:
        self._loop.run_until_complete(self._connection.execute(statement))

    def waiting(self) -> int:
        """The pid of the server process that waits inside a COMMIT; returns once there is one."""
        until(lambda: stored.rows(self._url, _HELD), 20, "a commit that waits")
        ((pid,),) = stored.rows(self._url, _HELD)
        assert isinstance(pid, int)
        return pid

    def go(self) -> None:
        self._run("SELECT pg_advisory_unlock_all()")


@contextmanager
def no_deliveries(url: str) -> Iterator[None]:
    """Nobody gets to write to an inbox meanwhile."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(url))
    try:
        loop.run_until_complete(connection.execute("BEGIN; LOCK TABLE inbox IN SHARE MODE"))
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()


def claimed(url: str) -> int:
    """How many jobs are claimed and not finished."""
    count: int = stored.value(url, "SELECT count(*) FROM pgqueuer WHERE status = 'picked'")
    return count
