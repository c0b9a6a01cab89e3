"""A receiver of documents: an HTTP server, with TLS and client certificates where wanted, that behaves as it is told.

It speaks HTTP by itself, from bytes, so that it can also speak it wrongly: be slow, close the line before or after it
has read everything, trickle, never end, send what is no HTTP. It runs in a thread with an event loop of its own, and
remembers what arrived, by the idempotency id.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

#: the header by which a receiver tells a repeat
IDEMPOTENCY = "idempotency-key"


@dataclass(frozen=True)
class Received:
    """A request that was read to its end."""

    method: str
    target: str
    #: names in small letters
    headers: Mapping[str, str]
    body: bytes
    #: seconds of the monotonic clock
    at: float
    #: the certificate that its sender showed, as `ssl.SSLSocket.getpeercert` gives it
    certificate: object = None
    #: the number of the connection that it came by
    connection: int = 0
    #: the address that it was sent to
    local: str = ""
    #: the request line and the header as they came, ISO 8859-1
    head: str = ""

    @property
    def id(self) -> str | None:
        return self.headers.get(IDEMPOTENCY)


@dataclass
class Line:
    """A connection, for behaviours."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


#: what is done with a request: writes what it wants; True to keep the connection
Behaviour = Callable[[Line], Awaitable[bool]]


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    """An ordinary answer."""
    lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Whatever'}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    said = "\r\n".join([*lines, "", ""]).encode() + body

    async def behave(line: Line) -> bool:
        await line.say(said)
        return True

    return behave


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """An answer after *seconds*."""
    after = then or answer()

    async def behave(line: Line) -> bool:
        await asyncio.sleep(seconds)
        return await after(line)

    return behave


def drop() -> Behaviour:
    """The line is closed after everything was read, without an answer."""

    async def behave(_: Line) -> bool:
        return False

    return behave


def reset() -> Behaviour:
    """The same, and the system sends a reset instead of a proper end."""

    async def behave(line: Line) -> bool:
        line.writer.transport.abort()
        return False

    return behave


def raw(data: bytes) -> Behaviour:
    """These bytes, and the end of the line."""

    async def behave(line: Line) -> bool:
        await line.say(data)
        return False

    return behave


def trickle(head: bytes, part: bytes, pause: float) -> Behaviour:
    """*head*, and then *part* again and again for ever, *pause* seconds between two."""

    async def behave(line: Line) -> bool:
        await line.say(head)
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(pause)
                await line.say(part)
        return False

    return behave


@dataclass
class Script:
    """What is answered: first what is in ``next``, one by one, then ``always``."""

    always: Behaviour = field(default_factory=answer)
    next: deque[Behaviour] = field(default_factory=deque)

    def behaviour(self, _: Received) -> Behaviour:
        return self.next.popleft() if self.next else self.always


class HttpsPeer:
    """A server on a loopback address. ``script`` or ``handler`` says what it does with a request."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self.script = Script()
        self.handler: Callable[[Received], Behaviour] = self.script.behaviour
        self.received: list[Received] = []
        self.by_id: defaultdict[str | None, list[Received]] = defaultdict(list)
        #: connections that were made, whatever came of them
        self.connections = 0
        #: bytes that it stops reading after, as a receiver does that hangs up in the middle of a body
        self.read_at_most: int | None = None
        self._tls = tls
        self._socket = socket.create_server((address, 0), backlog=2048)
        self.port: int = self._socket.getsockname()[1]
        self.address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"peer {self.port}", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = threading.Event()

    def url(self, path: str = "/inbound", host: str | None = None) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """Block until *count* requests arrived."""
        end = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < end, f"{len(self.received)} of {count} requests arrived"
            time.sleep(0.005)

    def counts(self) -> Counter[str | None]:
        """How often each id arrived."""
        return Counter({id_: len(requests) for id_, requests in self.by_id.items()})

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connection, sock=self._socket, ssl=self._tls, limit=1 << 20)
        )
        self._loop.set_exception_handler(lambda *_: None)  # handshakes that fail are what some tests are about
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
        self.connections += 1
        number = self.connections
        try:
            while await self._request(Line(reader, writer), number):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _request(self, line: Line, number: int) -> bool:
        head = (await line.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *fields = head.split("\r\n")[:-2]
        method, target, _ = first.split(" ", 2)
        pairs = [one.split(":", 1) for one in fields]
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        if self.read_at_most is not None and length > self.read_at_most:
            await line.reader.readexactly(self.read_at_most)
            line.writer.transport.abort()
            return False
        body = await line.reader.readexactly(length)
        received = Received(
            method,
            target,
            headers,
            body,
            time.monotonic(),
            line.writer.get_extra_info("peercert"),
            number,
            line.writer.get_extra_info("sockname")[0],
            head,
        )
        self.received.append(received)
        self.by_id[received.id].append(received)
        return await self.handler(received)(line)


class TokenEndpoint:
    """The token endpoint of an OAuth2 server, and the check of the tokens that it gave."""

    def __init__(self) -> None:
        #: the form of each request, and its Authorization header
        self.calls: list[tuple[dict[str, str], str | None]] = []
        #: tokens that count
        self.valid: set[str] = set()
        self.expires_in: object = 3600
        #: "body" or "basic": where it looks for the client's credentials; anything else is invalid_client
        self.credentials = "body"
        #: seconds until it answers
        self.pause = 0.0
        #: given instead of an answer of its own
        self.instead: deque[Behaviour] = deque()

    def token(self, received: Received) -> Behaviour:
        form = dict(parse_qsl(received.body.decode(), strict_parsing=True))
        login = received.headers.get("authorization")
        self.calls.append((form, login))
        if self.instead:
            return self.instead.popleft()
        if (self.credentials == "body") != ("client_secret" in form) or (login is not None) == (
            "client_secret" in form
        ):
            return _json(401, {"error": "invalid_client"})
        token = f"token-{len(self.calls)}"
        self.valid.add(token)
        given = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        if self.expires_in is None:
            del given["expires_in"]
        return slow(self.pause, _json(200, given)) if self.pause else _json(200, given)

    def knows(self, received: Received) -> bool:
        scheme, _, token = received.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.valid

    def guarding(self, script: Script) -> Callable[[Received], Behaviour]:
        """A handler that gives tokens at /token, and lets nobody in without one elsewhere."""

        def handle(received: Received) -> Behaviour:
            if received.target == "/token":
                return self.token(received)
            return script.behaviour(received) if self.knows(received) else answer(401)

        return handle


def _json(status: int, body: object) -> Behaviour:
    return answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
