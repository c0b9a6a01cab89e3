"""The HTTP server of a process: uvicorn with bounds on what a client may send before its request has begun."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: bytes of request line and header fields together
HEAD_BYTES = 64 * 1024
#: header fields of one request
HEAD_FIELDS = 100
#: seconds a client may take from the first byte of a request, or from connecting, to the end of its header
HEAD_TIME = 20.0
#: seconds a client may take for the handshake of TLS, from connecting on
HANDSHAKE_TIME = 10.0
#: seconds a closed connection waits for the client's farewell (RFC 8446, 6.1)
FAREWELL_TIME = 5.0
#: seconds an idle connection is kept for the next request
KEEP_ALIVE = 75
#: seconds a stopping process waits for requests in hand
GRACE = 30

# what stands in a header for the offer to change the protocol (RFC 9110, 7.8; RFC 7540, 3.2)
_OFFER = frozenset({b"upgrade", b"http2-settings"})

_MALFORMED = "Invalid HTTP request received."
_WORDS = b"The header is larger than this server takes.\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_WORDS), _WORDS)
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with what it lacks against hostile clients, and for one kind of honest ones.

    It bounds neither the size of a header nor the time it takes. And where a request offers to change to another
    protocol, its parser takes what follows the header for that protocol: the body would be lost, or be read as the next
    request. This server declines the offer, as RFC 9110, 7.8 allows, and reads on (seen in the wild: Java's HttpClient,
    which offers h2c in its first request over plain HTTP).
    """

    _in_head = True
    #: headers begun on this connection
    _heads = 0
    #: bytes of the header in hand: those of whole fields, and those that came while nothing but header came
    _head_bytes = _unfinished_bytes = 0
    _head_fields = 0
    _head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        head = self._heads
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline_upgrade(data[offer.args[0] :])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # a second offer in the same data, too: whoever makes one waits for the answer to it
            if not self.transport.is_closing():
                self.logger.warning(_MALFORMED)
                self.send_400_response(_MALFORMED)
            return
        if self._in_head and self._heads == head:
            self._unfinished_bytes += len(data)
            self._bound_head()

    def _decline_upgrade(self, rest: bytes) -> None:
        """Read the header in hand anew, without its offer, and then *rest*, which came after it.

        CONNECT is an offer by itself and raises `HttpParserUpgrade` again.
        """
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                options = [one.strip() for one in value.split(b",")]
                value = b", ".join(one for one in options if one.lower() not in _OFFER)
            if name not in _OFFER:
                lines.append(b"%b: %b" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
        self.parser.feed_data(b"\r\n".join([*lines, b"", rest]))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._heads += 1
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)
        self._bound_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # blanks behind a value are no part of it (RFC 9112, 5.1); the parser removes those before it only
        super().on_header(name, value.rstrip(b" \t"))
        self._head_fields += 1
        self._head_bytes += len(name) + len(value) + 4
        self._bound_head()

    def on_headers_complete(self) -> None:
        self._head_done()
        self._in_head = False
        if not self._passed_over():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._passed_over():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._passed_over():
            super().on_message_complete()

    def _passed_over(self) -> bool:
        """Whether what the parser tells is of no use: the request was refused already, or will be read anew."""
        return self.transport.is_closing() or self.parser.should_upgrade()

    def _expect_head(self) -> None:
        self._head_done()
        self._in_head = True
        self._head_bytes = self._unfinished_bytes = self._head_fields = 0
        self._head_deadline = self.loop.call_later(HEAD_TIME, self.transport.close)

    def _head_done(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _bound_head(self) -> None:
        too_large = max(self._head_bytes, self._unfinished_bytes) > HEAD_BYTES or self._head_fields > HEAD_FIELDS
        if too_large and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()


class Listener(uvicorn.Server):
    """uvicorn with the settings of the hub. Stopping is the process's business: set ``should_exit``."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext | None = None) -> None:
        #: set when requests are answered
        self.up = asyncio.Event()
        self._tls = tls
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
        if self._tls is None:
            await super().startup(sockets)
        else:
            await self._startup_with_tls(self._tls, sockets or [])
        self.up.set()

    async def _startup_with_tls(self, tls: ssl.SSLContext, sockets: list[socket.socket]) -> None:
        """The same as uvicorn's, with a bound to the handshake: its own would wait for it a minute."""
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            made = BoundedProtocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=loop
            )
            return cast(asyncio.Protocol, made)

        self.servers = [
            await loop.create_server(
                protocol,
                sock=sock,
                ssl=tls,
                backlog=self.config.backlog,
                ssl_handshake_timeout=HANDSHAKE_TIME,
                ssl_shutdown_timeout=FAREWELL_TIME,
            )
            for sock in sockets
        ]
        self.started = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise a signal it caught once more when it is done, and so end the process before its time
        yield
