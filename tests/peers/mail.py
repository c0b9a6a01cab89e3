"""A mail server (aiosmtpd) that behaves as it is told, and one that says lines from a list. Each runs in a thread of
its own with an event loop of its own, and remembers what arrived."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

#: what a server answers at a command instead of its own answer, from the argument of the command; None: its own
Behaviour = Callable[[str], "str | None"]

#: a behaviour's answer that means: close the connection without one
DROP = "drop"
#: and: say nothing for longer than anybody waits
HANG = "hang"


@dataclass(frozen=True)
class Received:
    """A mail that was read whole; whether it was answered is another matter."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    #: the connection was encrypted
    encrypted: bool
    user: str | None
    #: the number of the connection that it came by
    connection: int

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class MailPeer:
    """A mail server on the loopback address."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    #: by the name of the command
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    connections: int = 0
    #: commands as they came, without AUTH's arguments
    commands: list[str] = field(default_factory=list)
    users: Mapping[str, str] = field(default_factory=dict)
    passwords_seen: list[str] = field(default_factory=list)
    transports: list[asyncio.Transport] = field(default_factory=list)
    #: set when a behaviour keeps somebody waiting
    hanging: threading.Event = field(default_factory=threading.Event)

    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    # --- hooks of aiosmtpd ------------------------------------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        told = await self._told(server, "EHLO", hostname)
        return responses if told is None else [told]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await self._told(server, "MAIL", address)
        if told is None and self.users and not session.authenticated:
            told = "530 5.7.0 authentication required"
        if told is None:
            envelope.mail_from = address
        return told or "250 sender ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await self._told(server, "RCPT", address)
        if told is None:
            envelope.rcpt_tos.append(address)
        return told or "250 recipient ok"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._told(server, "RSET", "") or "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        user = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
        arrived = Received(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            envelope.content,
            session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            user,
            self.connections,
        )
        # "READ" comes after everything was read: what it answers, or does not, is about a mail that has arrived.
        told = await self._told(server, "DATA", "")
        if told is None:
            self.received.append(arrived)
            told = await self._told(server, "READ", "")
        return told or "250 queued as 4711"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.passwords_seen.append(data.password.decode())
        good = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, auth_data=data, handled=good)

    async def _told(self, server: SMTP, command: str, argument: str) -> str | None:
        self.commands.append(command)
        behaviour = self.behaviours.get(command)
        told = None if behaviour is None else behaviour(argument)
        if told == DROP:
            server.transport.abort()
        elif told == HANG:
            self.hanging.set()
            await asyncio.sleep(3600)
        return told


class _Protocol(SMTP):
    """Counts connections."""

    def __init__(self, peer: MailPeer, **settings: Any) -> None:
        super().__init__(peer, **settings)
        self._peer = peer

    def connection_made(self, transport: Any) -> None:
        if self._original_transport is None:  # else it is the same one, after STARTTLS
            self._peer.connections += 1
        self._peer.transports.append(transport)
        super().connection_made(transport)


def once(answer: str, times: int = 1) -> Behaviour:
    """*answer* the first *times*, the server's own afterwards."""
    left = [times]

    def behaviour(_: str) -> str | None:
        left[0] -= 1
        return answer if left[0] >= 0 else None

    return behaviour


def always(answer: str) -> Behaviour:
    return lambda _: answer


def to(address: str, answer: str) -> Behaviour:
    """*answer* to commands about *address*."""
    return lambda argument: answer if argument == address else None


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="mail peer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def __exit__(self, *_: object) -> None:
        self.run(_cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)


@contextmanager
def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    users: Mapping[str, str] | None = None,
    most_bytes: int = 40 * 1024**2,
    utf8: bool = True,
    port: int = 0,
) -> Iterator[MailPeer]:
    """A mail server; with *users* it takes mails of those only."""
    peer = MailPeer(users=users or {})

    def protocol() -> SMTP:
        return _Protocol(
            peer,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            data_size_limit=most_bytes,
            enable_SMTPUTF8=utf8,
            auth_require_tls=starttls is not None,
            authenticator=peer.authenticate,
            loop=loop.loop,
        )

    with _Loop() as loop:
        server = loop.run(_listen(loop.loop, protocol, tls, port))
        peer.port = server.sockets[0].getsockname()[1]
        try:
            yield peer
        finally:
            loop.run(_end(server, peer.transports))


async def _end(server: asyncio.Server, transports: Sequence[asyncio.Transport]) -> None:
    server.close()
    for transport in transports:
        transport.abort()
    await asyncio.sleep(0.01)  # what is aborted closes its socket in a later turn


async def _listen(
    loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None, port: int
) -> asyncio.Server:
    return await loop.create_server(protocol, "127.0.0.1", port, ssl=tls)


@contextmanager
def scripted(lines: Sequence[bytes | None]) -> Iterator[int]:
    """A server that says the first of *lines* when somebody connects, and another for every line that it reads.

    None: it closes the connection. After the last it says nothing more. Gives its port.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError), closing(writer):
            for place, line in enumerate(lines):
                if place and not await reader.readline():
                    break
                if line is None:
                    break
                writer.write(line)
                await writer.drain()
            else:
                await reader.read()

    with _Loop() as loop:
        server = loop.run(_serve(talk))
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.run(_end(server, ()))


async def _serve(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> asyncio.Server:
    return await asyncio.start_server(talk, "127.0.0.1", 0)


def closed_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
