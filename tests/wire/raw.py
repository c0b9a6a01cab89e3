"""A client that sends exact bytes and shows the exact answer, with no HTTP library in between."""

from __future__ import annotations

import base64
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# What differs from one answer to the next, and the word that stands for it where whole answers are compared.
_MASKS = (
    (re.compile(rb"(?m)^date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r$"), b"date: DATE\r"),
    (re.compile(rb"(?m)^x-request-id: [0-9a-f]{32}\r$"), b"x-request-id: REQUEST\r"),
    (re.compile(rb'(?m)^ratelimit: "account";r=\d+;t=\d+\r$'), b'ratelimit: "account";r=LEFT;t=SECONDS\r'),
    (re.compile(rb"<p>Request [0-9a-f]{32}</p>"), b"<p>Request REQUEST</p>"),
    (re.compile(rb'(<FreeText language="en">)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\d{2,4}(</FreeText>)'), rb"\1STAMP\2"),
    (re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), b"TIME UTC"),
    (re.compile(_UUID), b"UUID"),
)


def masked(data: bytes) -> str:
    """*data* with everything that differs from one answer to the next replaced by a word, as text."""
    for pattern, word in _MASKS:
        data = pattern.sub(word, data)
    return data.decode("latin-1")


@dataclass(frozen=True)
class RawAnswer:
    """One answer: ``head`` to its blank line, the ``body`` without transfer coding, and ``wire``, all as it came."""

    head: bytes
    body: bytes
    wire: bytes

    @property
    def status_line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    @property
    def status(self) -> int:
        return int(self.status_line.split(" ")[1])

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of the header fields, as they stand and in their order."""
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.fields]

    def field(self, name: str) -> str | None:
        return next((value for known, value in self.fields if known == name), None)

    @property
    def text(self) -> str:
        return self.body.decode("latin-1")

    @property
    def shown(self) -> str:
        """The whole answer with what differs from one to the next masked, its head in plain lines."""
        assert self.head.count(b"\n") == self.head.count(b"\r\n"), self.head
        return masked(self.head).replace("\r\n", "\n") + masked(self.body)


class HubClosedError(AssertionError):
    """The hub closed the connection where more was to come."""


class Wire:
    """One connection."""

    def __init__(
        self, port: int, *, wait: float = 20, source: str = "127.0.0.1", receive_buffer: int | None = None
    ) -> None:
        """*source* is the address that the hub sees; any of 127.0.0.0/8 is this machine's."""
        self._socket = socket.socket()
        self._socket.bind((source, 0))
        if receive_buffer is not None:  # before connecting: afterwards the window is agreed upon
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(wait)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, *, to: str = "GET") -> RawAnswer:
        """The next answer; *to* is the method that was sent. An interim answer (1xx) counts as one."""
        head = self._until(b"\r\n\r\n")
        answer = RawAnswer(head, b"", head)
        if to == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        length = answer.field("content-length")
        if length is not None:
            body = wire = self._exactly(int(length))
        elif answer.field("transfer-encoding") == "chunked":
            body, wire = self._chunks()
        else:
            body = wire = self.rest()
        return RawAnswer(head, body, head + wire)

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        if self._read:
            return False
        before = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            self._more()
        except TimeoutError:
            return True
        except HubClosedError:
            return False
        finally:
            self._socket.settimeout(before)
        return False

    def rest(self) -> bytes:
        """Everything until the hub closes the connection."""
        while True:
            try:
                self._more()
            except HubClosedError:
                read, self._read = self._read, b""
                return read

    def ended(self) -> bool:
        """Whether the hub has closed the connection, or does so within the time to wait, without another byte."""
        return self.rest() == b""

    def finish_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Go away in the middle: the hub's next byte finds nobody."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read_some(self, size: int) -> bytes:
        """Exactly *size* bytes of whatever comes."""
        return self._exactly(size)

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> None:
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise HubClosedError(f"the hub closed the connection after {self._read[-200:]!r}")
        self._read += data

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        return self._exactly(self._read.index(end) + len(end))

    def _chunks(self) -> tuple[bytes, bytes]:
        body = wire = b""
        while True:
            line = self._until(b"\r\n")
            chunk = self._exactly(int(line, 16) + 2)
            wire += line + chunk
            if chunk == b"\r\n":
                return body, wire
            body += chunk[:-2]


@contextmanager
def connected(
    port: int, *, wait: float = 20, source: str = "127.0.0.1", receive_buffer: int | None = None
) -> Iterator[Wire]:
    wire = Wire(port, wait=wait, source=source, receive_buffer=receive_buffer)
    try:
        yield wire
    finally:
        wire.close()


def exchange(port: int, request: bytes, *, to: str = "GET", source: str = "127.0.0.1") -> RawAnswer:
    """Send *request* on a connection of its own and read the answer; *to* is its method."""
    with connected(port, source=source) as wire:
        wire.send(request)
        return wire.answer(to=to)


def head(line: str, *fields: str, host: str | None = "127.0.0.1") -> bytes:
    """A request line and header fields with the blank line behind them; ``Host`` is put first where one is wanted."""
    lines = [line, *([f"Host: {host}"] if host is not None else []), *fields]
    return "".join(f"{one}\r\n" for one in [*lines, ""]).encode("latin-1")


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks, each piece one of them."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def basic(user: str = "skog", password: str = "skog-password", charset: str = "utf-8") -> str:
    """An ``Authorization`` field."""
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode(charset)).decode()}"
