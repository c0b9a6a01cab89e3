"""``fakturahub serve``: bring everything up, keep it up, and bring it down in order.

One supervising process owns the private database server, the listening socket and the settings file. Processes that
answer HTTP and processes that work are its children; one that dies is started again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable

import msgspec

from fakturahub import telemetry
from fakturahub.app import NodeSettings
from fakturahub.certificate import Files
from fakturahub.errors import OperatorError
from fakturahub.listening import GRACE
from fakturahub.node import Told
from fakturahub.storage.private_server import PrivateServer

#: seconds between two looks at the private database server
LOOK = 1.0
#: a child that dies this many times in a row without ever being ready will not be helped by another try
TRIES = 5
#: seconds to wait before a child is started again, by how often it died in a row
PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)

# glibc raises the size from which a block of memory goes back to the system by itself with every large block that is
# freed, and then keeps for itself what bodies of many megabytes took; a fixed size keeps the processes flat.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)}

log = telemetry.logger("serve")


class Plan(msgspec.Struct, frozen=True):
    """What to run."""

    settings: NodeSettings
    host: str
    port: int
    #: processes that answer HTTP
    processes: int
    colours: bool
    #: where the certificate is; None for plain HTTP
    tls: Files | None = None

    def roles(self) -> list[str]:
        """One worker for every two processes that answer, and at least one."""
        return ["http"] * self.processes + ["work"] * max(1, self.processes // 2)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OperatorError` where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(2048)
    except OSError as error:
        raise OperatorError(
            f"{host} port {port} cannot be listened on: {error.strerror or error}. Choose another with --port."
        ) from error
    sock.set_inheritable(True)
    return sock


class Supervisor:
    """Keeps the children of one plan alive."""

    def __init__(self, plan: Plan, sock: socket.socket, server: PrivateServer | None) -> None:
        self._plan = plan
        self._sock = sock
        self._server = server
        self._stopping = asyncio.Event()
        self._metrics = tempfile.TemporaryDirectory(prefix="fakturahub-metrics-")
        self._ready = [asyncio.Event() for _ in plan.roles()]
        self._fatal: str | None = None

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until SIGTERM or SIGINT; *ready* is called once, when every process is.

        Raises `OperatorError` where a child cannot be brought up.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        with self._metrics:
            keepers = [
                asyncio.create_task(self._keep(role, up))
                for role, up in zip(self._plan.roles(), self._ready, strict=True)
            ]
            watcher = asyncio.create_task(self._watch_server())
            announced = asyncio.create_task(self._announce(ready))
            await self._stopping.wait()
            # as long as one process holds it, clients would be let in and nobody would come
            self._sock.close()
            announced.cancel()
            await asyncio.gather(*keepers)
            watcher.cancel()
        if self._fatal is not None:
            raise OperatorError(self._fatal)

    async def _announce(self, ready: Callable[[], None]) -> None:
        for up in self._ready:
            await up.wait()
        ready()

    async def _watch_server(self) -> None:
        """Bring a private server that died back; the children reconnect by themselves."""
        while self._server is not None:
            await asyncio.sleep(LOOK)
            try:
                if await asyncio.to_thread(self._server.restart_if_dead) is not None:
                    log.warning("the private database server had died and was started again")
            except OperatorError as error:
                log.error("the private database server cannot be started", error=str(error))

    async def _keep(self, role: str, up: asyncio.Event) -> None:
        """Run one child until the supervisor stops, starting it again when it dies."""
        deaths = 0
        while not self._stopping.is_set():
            child = await self._start(role)
            watching = asyncio.create_task(_until_ready(child, up))
            stopping = asyncio.create_task(self._stopping.wait())
            ended = asyncio.create_task(child.wait())
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stopping.is_set():
                await _end(child)
                watching.cancel()
                return
            was_ready = await watching
            deaths = 0 if was_ready else deaths + 1
            log.error("process died", role=role, status=child.returncode)
            if deaths >= TRIES:
                self._fatal = (
                    f"A process of the hub ({role}) died {deaths} times before it was ready; see the log above, and run"
                    " `fakturahub doctor`."
                )
                self._stopping.set()
                return
            await asyncio.sleep(PAUSES[min(deaths, len(PAUSES) - 1)])

    async def _start(self, role: str) -> asyncio.subprocess.Process:
        told = Told(
            role="http" if role == "http" else "work",
            settings=self._plan.settings,
            socket=self._sock.fileno(),
            tls=self._plan.tls,
            colours=self._plan.colours,
        )
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fakturahub",
            "node",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._sock.fileno()] if role == "http" else [],
            env={**MEMORY, **os.environ, "PROMETHEUS_MULTIPROC_DIR": self._metrics.name},
        )
        assert child.stdin is not None  # noqa: S101 - asked for above
        child.stdin.write(msgspec.json.encode(told) + b"\n")
        return child


async def _until_ready(child: asyncio.subprocess.Process, up: asyncio.Event) -> bool:
    """Wait for the child's ``ready``; False where it ended without."""
    assert child.stdout is not None  # noqa: S101 - asked for when it was started
    line = await child.stdout.readline()
    if line == b"ready\n":
        up.set()
        return True
    return False


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ask a child to finish, and end it where it does not within the time it has."""
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.wait(), GRACE + 10)
    except TimeoutError:
        log.error("process did not finish in time", pid=child.pid)
        child.kill()
        await child.wait()
