"""A print house: an SFTP server over a folder, in a thread of its own, that behaves as it is told.

What it does with a request is decided by ``fault``: called with the name of the operation and the path's last part
before the operation is done, and once more after it (``"rename done"``). It may raise an `asyncssh.SFTPError`, sleep,
drop the line, or do nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

import asyncssh

from fakturahub.config import Secret
from fakturahub.model.ways import SftpServer

USER, PASSWORD = "hub", "swordfish"


@cache
def key(name: str) -> asyncssh.SSHKey:
    """A key pair, the same for the same name as long as the tests run."""
    return asyncssh.generate_private_key("ssh-ed25519", comment=name)


def public(of: asyncssh.SSHKey) -> str:
    return of.export_public_key().decode()


def private(of: asyncssh.SSHKey) -> str:
    return of.export_private_key().decode()


class DroppedError(Exception):
    """Raised by a fault: the line is dropped without an answer."""


Fault = Callable[[str, str], Awaitable[None] | None]


def no_fault(operation: str, name: str) -> None:
    pass


class PrintHouse:
    """The server. ``folder`` is what its clients see as ``/``; letters are put into ``/inbox``."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.fault: Fault = no_fault
        #: names that were renamed to, in that order, repeats included
        self.arrived: list[str] = []
        #: operations in the order in which they came
        self.operations: list[str] = []
        self.host_key = key("house")
        #: whose keys are let in
        self.authorized = [key("hub")]
        self.passwords = {USER: PASSWORD}
        self.connections = 0
        self.opened: list[Any] = []

    def server(self, **changes: Any) -> SftpServer:
        """How the hub reaches it."""
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "folder": "/inbox",
            "password": Secret(PASSWORD),
            "host_keys": public(self.host_key),
        }
        return SftpServer(**(settings | changes))

    def files(self) -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in sorted(self.inbox.iterdir())}

    # --- the thread -------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(begun,), name="print house", daemon=True)
        self._thread.start()
        assert begun.wait(20)
        return self

    def stop(self) -> None:
        """No more connections, and those that there are break."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(20)
            assert not self._thread.is_alive()

    def _run(self, begun: threading.Event) -> None:
        asyncio.run(self._serve(begun))

    async def _serve(self, begun: threading.Event) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        house, lines = self, list[asyncssh.SSHServerConnection]()

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                house.connections += 1
                lines.append(conn)

            def password_auth_supported(self) -> bool:
                return bool(house.passwords)

            def validate_password(self, username: str, password: str) -> bool:
                return house.passwords.get(username) == password

            def public_key_auth_supported(self) -> bool:
                return bool(house.authorized)

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return key in [one.convert_to_public() for one in house.authorized]

        listener = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=Login,
            server_host_keys=[self.host_key],
            sftp_factory=lambda chan: _Folder(chan, house),
            reuse_address=True,
            config=None,
            login_timeout=0,
        )
        self.port = listener.get_port()
        begun.set()
        async with listener:
            await self._end.wait()
        for line in lines:
            line.abort()
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for opened in self.opened:
            opened.close()


class _Folder(asyncssh.SFTPServer):
    def __init__(self, chan: asyncssh.SSHServerChannel, house: PrintHouse) -> None:
        super().__init__(chan, chroot=os.fsencode(house.folder))
        self._house = house
        self._line = chan.get_connection()

    async def _told(self, operation: str, path: bytes = b"") -> None:
        name = os.fsdecode(path).rpartition("/")[2]
        self._house.operations.append(f"{operation} {name}".strip())
        try:
            waiting = self._house.fault(operation, name)
            if waiting is not None:
                await waiting
        except DroppedError:
            self._line.abort()
            await asyncio.sleep(3_600)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await self._told("write" if pflags & asyncssh.FXF_WRITE else "read", path)
        opened = super().open(path, pflags, attrs)
        self._house.opened.append(opened)
        return opened

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self._told("block")
        return super().write(file_obj, offset, data)  # type: ignore[return-value]

    async def stat(self, path: bytes) -> Any:
        await self._told("stat", path)
        return super().stat(path)

    async def remove(self, path: bytes) -> None:
        await self._told("remove", path)
        super().remove(path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._told("rename", newpath)
        super().rename(oldpath, newpath)
        self._house.arrived.append(os.fsdecode(newpath).rpartition("/")[2])
        await self._told("rename done", newpath)


@contextmanager
def print_house(folder: Path) -> Iterator[PrintHouse]:
    """A print house that is open."""
    house = PrintHouse(folder).start()
    try:
        yield house
    finally:
        house.stop()


@contextmanager
def talker(says: bytes | None) -> Iterator[int]:
    """A port that answers *says* to whoever connects and closes the line; with None it is silent and keeps it."""
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def run() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                held.append(line)
                if says is not None:
                    line.sendall(says)
                    line.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for line in held:
            line.close()
        thread.join(5)
