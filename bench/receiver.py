"""A receiver of pushes that costs little beside the hub: a process of its own that reads, remembers ids and says 200.

``python -m bench.receiver``: prints its port, then answers any POST; ``GET /`` tells what arrived.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

import uvloop

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok"


class _Arrived:
    """What arrived: each id with how often, and when the first and the last came."""

    def __init__(self) -> None:
        self.ids: dict[bytes, int] = {}
        self.bytes = 0
        self.first = self.last = 0.0

    def add(self, id_: bytes, size: int) -> None:
        now = time.monotonic()
        self.first = self.first or now
        self.last = now
        self.ids[id_] = self.ids.get(id_, 0) + 1
        self.bytes += size

    def told(self) -> bytes:
        total = sum(self.ids.values())
        return json.dumps(
            {"distinct": len(self.ids), "total": total, "seconds": self.last - self.first, "bytes": self.bytes}
        ).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, arrived: _Arrived) -> None:
        self._arrived = arrived
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            if head.startswith(b"get "):
                told = self._arrived.told()
                self._answer(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told))
                self._received = self._received[end + 4 :]
                continue
            size = int(_value(head, b"\r\ncontent-length:"))
            if len(self._received) < end + 4 + size:
                return
            self._arrived.add(_value(head, b"\r\nx-delivery-id:"), size)
            self._received = self._received[end + 4 + size :]
            self._answer(_OK)

    def _answer(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]


def _value(head: bytes, name: bytes) -> bytes:
    at = head.index(name) + len(name)
    end = head.find(b"\r\n", at)
    return head[at : end if end >= 0 else len(head)].strip()


async def _serve() -> None:
    arrived = _Arrived()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(arrived), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass
class Receiver:
    """The process, seen from the one that measures."""

    port: int

    def told(self) -> dict[str, float]:
        """What arrived so far."""
        connection = HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", "/")
            found: dict[str, float] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs."""
    process = subprocess.Popen([sys.executable, "-m", "bench.receiver"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield Receiver(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    uvloop.run(_serve())
