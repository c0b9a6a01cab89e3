"""A way to the database that can be cut, or made to hang, in the middle of anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Proxy:
    """Passes bytes between 127.0.0.1 and the server's socket."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        self._socket = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}"
        self._name = parts.path
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        #: called with what the client sends; where it gives True the line is cut as soon as the server has it
        self.cut_after: Callable[[bytes], bool] = lambda _: False

    @property
    def url(self) -> str:
        return f"postgresql://postgres:@127.0.0.1:{self._port}{self._name}?sslmode=disable"

    async def open(self) -> None:
        """Take connections; at first, and again after a `cut`."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._drop()

    async def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def hang(self) -> None:
        """Pass nothing on any more, and do not say so."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on what was held up, and go on."""
        self._flowing.set()

    async def close(self) -> None:
        self._flowing.set()
        await self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_server_reader, to_server_writer = await asyncio.open_unix_connection(self._socket)
        both = {writer, to_server_writer}
        self._writers |= both
        for source, target, watched in ((reader, to_server_writer, True), (to_server_reader, writer, False)):
            task = asyncio.create_task(self._pump(source, target, watched))
            self._tasks.add(task)
            task.add_done_callback(lambda _: [one.transport.abort() for one in both])

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, watched: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                last = watched and self.cut_after(data)
                if last:
                    self.hang()
                target.write(data)
                await target.drain()
                if last:
                    # the server has it and does it; its answer finds nobody
                    await asyncio.sleep(0.2)
                    await self._drop()
                    self.flow()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """An open proxy to the database that *url* names."""
    proxy = Proxy(url)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
