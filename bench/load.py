"""An HTTP load of its own: keep-alive connections over bare sockets, so that the client costs little beside the server.

Every answer is read whole and its status checked; latencies are taken from the moment a request was due, not from the
moment a connection was free for it, so that a server that falls behind cannot hide it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvloop


@dataclass
class Result:
    """What came of one load."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def good(self) -> int:
        return self.statuses.get(200, 0)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    def quantile(self, part: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._received = bytearray()
        self._due = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._load.free(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        assert self._transport is not None
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._received.index(b"content-length: ") + 16
        length = int(self._received[at : self._received.index(b"\r", at)])
        if len(self._received) < head + 4 + length:
            return
        status = int(self._received[9:12])
        self._received.clear()
        self._load.answered(status, time.perf_counter() - self._due)
        self._load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(exc)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


class _Load:
    def __init__(self, requests: Iterator[bytes], count: int, rate: float | None) -> None:
        self._requests = requests
        self._left = count
        self._open = count
        self._rate = rate
        self._idle: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self.result = Result()
        self.done = asyncio.Event()
        self.error: Exception | None = None

    def free(self, connection: _Connection) -> None:
        if self._rate is None:
            self._send(connection, time.perf_counter())
        elif self._due:
            self._send(connection, self._due.popleft())
        else:
            self._idle.append(connection)

    def _send(self, connection: _Connection, due: float) -> None:
        if self._left:
            self._left -= 1
            connection.send(next(self._requests), due)

    async def arrive(self) -> None:
        """Let requests fall due at random, at the given rate, whether connections are free or not."""
        assert self._rate is not None
        due = time.perf_counter()
        for _ in range(self._left):
            due += random.expovariate(self._rate)
            pause = due - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            if self._idle:
                self._send(self._idle.popleft(), due)
            else:
                self._due.append(due)

    def answered(self, status: int, seconds: float) -> None:
        self.result.statuses[status] = self.result.statuses.get(status, 0) + 1
        self.result.latencies.append(seconds)
        self._open -= 1
        if not self._open:
            self.done.set()

    def lost(self, error: Exception | None) -> None:
        if self._open:
            self.error = error or ConnectionError("the server closed a connection")
            self.done.set()


def load(
    port: int, requests: Iterator[bytes], count: int, *, connections: int = 64, rate: float | None = None
) -> Result:
    """Send *count* of *requests*: as fast as answers come, or at *rate* a second, falling due at random."""

    async def run() -> Result:
        one = _Load(requests, count, rate)
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        made: Callable[[], _Connection] = lambda: _Connection(one)  # noqa: E731
        protocols = [(await loop.create_connection(made, "127.0.0.1", port))[1] for _ in range(min(connections, count))]
        arriving = asyncio.create_task(one.arrive()) if rate is not None else None
        await one.done.wait()
        one.result.seconds = time.perf_counter() - started
        if arriving is not None:
            arriving.cancel()
        for protocol in protocols:
            protocol.close()
        if one.error is not None:
            raise one.error
        return one.result

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())
