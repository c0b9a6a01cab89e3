"""The HTTP server of a process: uvicorn with bounds on what a client may send before its request has begun."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: bytes of request line and header fields together
HEAD_BYTES = 64 * 1024
#: header fields of one request
HEAD_FIELDS = 100
#: seconds a client may take from the first byte of a request, or from connecting, to the end of its header
HEAD_TIME = 20.0
#: seconds an idle connection is kept for the next request
KEEP_ALIVE = 75
#: seconds a stopping process waits for requests in hand
GRACE = 30

_WORDS = b"The header is larger than this server takes.\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_WORDS), _WORDS)
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol bounds neither the size of a header nor the time it takes; a hostile client would use that."""

    _in_head = True
    _head_bytes = 0
    _head_fields = 0
    _head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_fields += 1
        if self._head_fields > HEAD_FIELDS:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        self._head_done()
        self._in_head = False
        if not self.transport.is_closing():
            super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_done()
        self._in_head = True
        self._head_bytes = self._head_fields = 0
        self._head_deadline = self.loop.call_later(HEAD_TIME, self.transport.close)

    def _head_done(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()


class Listener(uvicorn.Server):
    """uvicorn with the settings of the hub. Stopping is the process's business: set ``should_exit``."""

    def __init__(self, app: ASGIApp) -> None:
        #: set when requests are answered
        self.up = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise a signal it caught once more when it is done, and so end the process before its time
        yield
