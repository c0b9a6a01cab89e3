"""An HTTP proxy: takes absolute URLs and CONNECT, resolves names by a table of its own, remembers what it was asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit


class ProxyPeer:
    """A proxy on a loopback address, in a thread with an event loop of its own."""

    def __init__(self, names: Mapping[str, str], *, refuses: int | None = None) -> None:
        """``names``: where names lead; ``refuses``: the status that every request is answered with instead."""
        #: first lines and headers of all requests
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._names = names
        self._refuses = refuses
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"proxy {self.port}", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = threading.Event()

    def url(self, login: str = "") -> str:
        return f"http://{login and login + '@'}proxy.example:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connection, sock=self._socket))
        self._loop.set_exception_handler(lambda *_: None)  # lines that break off are what some tests are about
        self._started.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._loop.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._proxy(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *fields = head.split("\r\n")[:-2]
        headers = {name.strip().lower(): value.strip() for name, value in (one.split(":", 1) for one in fields)}
        self.asked.append((first, headers))
        if self._refuses is not None:
            writer.write(f"HTTP/1.1 {self._refuses} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        method, target, _ = first.split(" ", 2)
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        far_reader, far_writer = await asyncio.open_connection(self._names[parts.hostname or ""], parts.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            path = f"{parts.path}{'?' + parts.query if parts.query else ''}"
            kept = "\r\n".join(one for one in fields if not one.lower().startswith("proxy-"))
            far_writer.write(f"{method} {path} HTTP/1.1\r\n{kept}\r\n\r\n".encode("latin-1"))
        await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
