"""The HTTP client of a node: every call through the target guard, bounded in time and size, never redirected.

HTTP/1.1 with connections that are kept between calls, by host, port and credentials of TLS. No cookies are kept,
proxies of the environment are not used, and an answer is never unpacked.

The times of a call: ``connect_timeout`` for name look-up, connection and TLS together; ``read_timeout`` for each wait
for the answer; all of it may take both, and a second for every `SLOWEST` bytes that are sent. Of an answer's body at
most `ANSWER_BYTES` are read, for `ANSWER_TIME` at most; what does not end by then is cut off, and its status counts.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from yarl import URL

from fakturahub.config import Secret
from fakturahub.errors import TargetRefused
from fakturahub.outbound.guard import Guard
from fakturahub.outbound.http_trouble import of_call
from fakturahub.outbound.phases import Phases, current
from fakturahub.outbound.trouble import Trouble

#: bytes of an answer's body that are read
ANSWER_BYTES = 64 * 1024
#: seconds from the head of an answer to the end of its body
ANSWER_TIME = 10.0
#: bytes a second: a receiver that takes them slower is given up
SLOWEST = 64 * 1024
#: lines and bytes of each line of an answer's head
HEAD_FIELDS = 100
HEAD_LINE = 8 * 1024
#: seconds that an unused connection is kept
KEEP_ALIVE = 15.0
#: seconds that the addresses of a name are kept; they are judged anew at each connection
NAMES_KEPT = 10
#: bytes that are handed to the connection at a time
_CHUNK = 64 * 1024


class Call(msgspec.Struct, frozen=True):
    """One request. ``url`` and ``headers`` are sent as they are: whoever fills them in answers for their form."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    #: seconds
    connect_timeout: float
    read_timeout: float
    #: None: the system's authorities, no client certificate
    tls: ssl.SSLContext | None = None
    #: http://user:password@host:port. It resolves the target's name, and is itself a target that is judged
    proxy: Secret | None = None


class Answer(msgspec.Struct, frozen=True):
    """What came back, whatever its status."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    #: at most `ANSWER_BYTES`
    body: bytes
    #: whether that is all of it
    whole: bool
    #: seconds by phase: ``connect`` (with ``resolve`` in it), ``answer``
    timings: dict[str, float]

    def header(self, name: str) -> str | None:
        """The first field of that name, in small letters."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class Failed(msgspec.Struct, frozen=True):
    """No answer came."""

    trouble: Trouble
    timings: dict[str, float]


class Client:
    """Calls of one node. To be made and closed in its event loop."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                resolver=_Resolver(guard),
                socket_factory=self._socket,
                ttl_dns_cache=NAMES_KEPT,
                keepalive_timeout=KEEP_ALIVE,
                limit=0,  # how many go on at a time is the engine's to say
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept-Encoding",),
            auto_decompress=False,
            trust_env=False,
            max_line_size=HEAD_LINE,
            max_field_size=HEAD_LINE,
            max_headers=HEAD_FIELDS,
        )
        self._tls = ssl.create_default_context()
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.set_alpn_protocols(["http/1.1"])

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def call(self, call: Call) -> Answer | Failed:
        """Send *call* and read the answer. Nothing but cancellation is raised.

        Where a connection that was kept turns out to be closed, the call is sent once more on another.
        """
        phases = Phases()
        made = await self._try(call, phases)
        if isinstance(made, Failed) and phases.stale:
            # RFC 9112, 9.3.1: a server may close a connection that it does not use at any time, also this very moment.
            phases = Phases()
            made = await self._try(call, phases)
        return made

    async def _try(self, call: Call, phases: Phases) -> Answer | Failed:
        time_ = aiohttp.ClientTimeout(
            total=call.connect_timeout + call.read_timeout + len(call.body) / SLOWEST,
            connect=call.connect_timeout,
            sock_read=call.read_timeout,
        )
        current.set(phases)
        proxy: URL | None = None
        head = dict(call.headers)
        proxy_head: dict[str, str] | None = None
        try:
            url = URL(call.url, encoded=call.url.isascii())
            if call.proxy is not None:
                proxy, login = _proxy(call.proxy)
                self._guard.judge_unresolved(url.raw_host or "")
                if login is not None and url.scheme == "https":
                    proxy_head = {"Proxy-Authorization": login}
                elif login is not None:
                    head["Proxy-Authorization"] = login
            elif _is_literal(url.raw_host or ""):
                # An address in a URL is nothing that is resolved.
                self._guard.judge_unresolved(url.raw_host or "")
            async with self._session.request(
                call.method,
                url,
                data=_Body(call.body),
                headers=head,
                timeout=time_,
                ssl=call.tls or self._tls,
                proxy=proxy,
                proxy_headers=proxy_head,
                allow_redirects=False,
            ) as response:
                return await _read(response, phases)
        except (aiohttp.ClientError, OSError, TimeoutError, TargetRefused, ValueError) as error:
            phases.failed(error)
            return Failed(of_call(error, call.url, None if proxy is None else _peer(proxy), phases), phases.timings)

    def _socket(self, info: tuple[Any, Any, Any, Any, tuple[Any, ...]]) -> socket.socket:
        """The socket for a connection: whatever way its address came, it is judged here."""
        return self._guard.socket_for(str(info[4][0]))


async def _read(response: aiohttp.ClientResponse, phases: Phases) -> Answer:
    """The answer, its body cut off where it is too long or too slow; the status is known by then."""
    phases.answered()
    body = bytearray()
    whole = False
    if response.content.is_eof() and response.content.exception() is None:  # it is here already, as most are
        body += response.content.read_nowait(ANSWER_BYTES)
        whole = response.content.at_eof()
        return _answer(response, bytes(body), whole, phases)
    try:
        async with asyncio.timeout(ANSWER_TIME):
            while len(body) < ANSWER_BYTES:
                chunk = await response.content.read(ANSWER_BYTES - len(body))
                if not chunk:
                    whole = True
                    break
                body += chunk
            else:
                whole = response.content.at_eof()
    except (aiohttp.ClientError, OSError, TimeoutError):
        # Broken off, or too slow. What the receiver decided stands in the status.
        whole = False
    return _answer(response, bytes(body), whole, phases)


def _answer(response: aiohttp.ClientResponse, body: bytes, whole: bool, phases: Phases) -> Answer:
    if not whole:
        response.close()
    return Answer(
        response.status,
        response.reason or "",
        tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]),
        body,
        whole,
        phases.timings,
    )


def _is_literal(host: str) -> bool:
    """Whether the library takes *host* for an address, which it then does not resolve."""
    return ":" in host or host.replace(".", "").isdigit()


def _proxy(secret: Secret) -> tuple[URL, str | None]:
    """A proxy's URL without its credentials, and those as the value of a header."""
    parts = urlsplit(secret.reveal())
    login = None
    if parts.username is not None:
        login = aiohttp.encode_basic_auth(unquote(parts.username), unquote(parts.password or ""))
    return URL(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"), login


def _peer(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"


class _Connector(aiohttp.TCPConnector):
    """Tells when a connection is made. The library's own way to tell costs each call an eighth of its time."""

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - theirs
        phases = current.get()
        phases.connecting()
        made = await super()._create_connection(req, traces, timeout)
        phases.connection_made()
        return made


class _Resolver(AbstractResolver):
    """Name look-up for the library: gives addresses that were judged, and no others."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        phases = current.get()
        phases.resolving()
        addresses = await self._guard.resolve(host, port)
        phases.resolved()
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


class _Body(aiohttp.Payload):
    """Bytes, handed to the connection in parts so that a large one does not hold up the event loop."""

    _autoclose = True

    def __init__(self, data: bytes) -> None:
        super().__init__(data, content_type="application/octet-stream")
        self._size = len(data)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        data: bytes = self._value
        if len(data) <= _CHUNK:
            await writer.write(data)
            return
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            await writer.write(view[start : start + _CHUNK])
