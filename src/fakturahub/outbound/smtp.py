"""Handing mails to the hub's mail server: SMTP (RFC 5321) with STARTTLS or TLS, and login.

The server is the operator's own setting, so it is connected to wherever it is: the guard of other connections, which
asks whether somebody's document or address leads into the operator's network, has nothing to ask here.

Nothing is raised for what the server or the network does: a `Handover` says how far it came. Sessions are kept for the
next mail for a short while, and tried with RSET before they are used again.

Limits: an answer of the server has at most 32 KiB (aiosmtplib), of which 500 characters are kept.
"""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

import aiosmtplib
import msgspec

from fakturahub.errors import UnusableCredential
from fakturahub.model.ways import MailServer
from fakturahub.outbound.smtp_talk import Handover, Reply, Stage, Talk, clean
from fakturahub.outbound.trouble import of_connection

#: sessions that are kept for the next mail, and for how many seconds
MOST_IDLE = 8
IDLE = 10.0
#: mails in one session
MOST_IN_SESSION = 100

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class Times(msgspec.Struct, frozen=True):
    """How long the server is waited for, in seconds. RFC 5321, 4.5.3.2 has up to 600 for the last answer."""

    #: for the connection, its greeting and the TLS handshake, each
    connect: float = 20.0
    #: for the answer to a command
    command: float = 60.0
    #: for a mail to be taken, after its recipients were
    data: float = 300.0
    #: for everything
    whole: float = 600.0


class Envelope(msgspec.Struct, frozen=True):
    """A mail and where it goes. Addresses are plain ``name@domain`` that were checked."""

    sender: str
    recipients: tuple[str, ...]
    #: the whole message, lines ending in CRLF
    message: bytes
    #: how this hub calls itself, a domain
    greeting: str
    #: addresses or head are not ASCII: the server has to know SMTPUTF8 (RFC 6531)
    utf8: bool = False
    #: while the server puts a recipient off, nobody gets the mail, so that nobody gets it twice
    together: bool = False


class SmtpClient:
    """Takes mails to mail servers, for one process."""

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._idle: list[_Session] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the sessions that wait for another mail."""
        self._closed = True
        for session in self._idle:
            self._leave(session)
        self._idle.clear()
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def hand_over(self, server: MailServer, envelope: Envelope) -> Handover:
        """Try once. Cancelled, it leaves no connection behind. Raises `UnusableCredential` for a `ca` that is none."""
        talk = Talk(host_and_port(server))
        await self._talked(server, envelope.greeting, talk, lambda session: self._hand_over(session, envelope, talk))
        return talk.handover()

    async def look_in(self, server: MailServer, greeting: str) -> Handover:
        """Connect, encrypt and log in as for a mail, and hand over none. Raises as `hand_over`."""
        talk = Talk(host_and_port(server))

        async def leave(session: _Session) -> None:
            session.usable = True
            talk.stage = Stage.DONE

        await self._talked(server, greeting, talk, leave)
        return talk.handover()

    async def _talked(
        self, server: MailServer, greeting: str, talk: Talk, say: Callable[[_Session], Awaitable[None]]
    ) -> None:
        """A session in which *say* says what there is to say; what goes wrong is noted in *talk*."""
        try:
            async with asyncio.timeout(self._times.whole), self._session(server, greeting, talk) as session:
                await say(session)
        except _Ended:
            pass
        except aiosmtplib.SMTPResponseException as error:
            talk.answered(error.code, error.message)
        except TimeoutError as error:
            _note(error, talk)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError) as error:
            # The library's own errors say only what it was at; the system's below them say what happened.
            if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, aiosmtplib.SMTPException):
                _note(error.__cause__, talk)
            else:
                talk.fails("closed the connection")
        except aiosmtplib.SMTPException as error:
            talk.fails(f"cannot be used: {clean(str(error))}")
        except OSError as error:
            _note(error, talk)

    async def _hand_over(self, session: _Session, envelope: Envelope, talk: Talk) -> None:
        smtp = session.smtp
        talk.enters(Stage.SENDER, "envelope")
        options = self._options(smtp, envelope, talk)
        encoding = "utf-8" if envelope.utf8 else "ascii"
        command = self._times.command
        talk.says(" ".join([f"MAIL FROM:<{envelope.sender}>", *options]))
        talk.hears(*await smtp.mail(envelope.sender, options=options, encoding=encoding, timeout=command))
        talk.enters(Stage.RECIPIENTS, "envelope")
        for address in envelope.recipients:
            talk.says(f"RCPT TO:<{address}>")
            try:
                talk.hears(*await smtp.rcpt(address, encoding=encoding, timeout=command))
            except aiosmtplib.SMTPRecipientRefused as refused:
                talk.answered(refused.code, refused.message)
                if talk.trouble is not None or talk.reply is None or refused.code == 421:
                    raise _Ended from None  # it makes no sense, or the server is leaving
                talk.refused.append((address, talk.reply))
        put_off = any(not reply.permanent for _, reply in talk.refused)
        if len(talk.refused) == len(envelope.recipients) or (put_off and envelope.together):
            session.usable = True
            raise _Ended
        talk.enters(Stage.DATA, "data")
        talk.reply = None
        talk.says("DATA")
        talk.hears(*await smtp.data(envelope.message, timeout=self._times.data))
        session.usable = True
        session.mails += 1
        talk.stage = Stage.DONE

    def _options(self, smtp: aiosmtplib.SMTP, envelope: Envelope, talk: Talk) -> list[str]:
        options = []
        if smtp.supports_extension("size"):
            most = smtp.esmtp_extensions["size"].strip()
            if most.isdecimal() and 0 < int(most[:18]) < len(envelope.message):
                # RFC 1870: what MAIL would be answered, said by ourselves to save the transfer where it is not checked
                talk.reply = Reply(552, f"the mail has {len(envelope.message):,} bytes, {int(most[:18]):,} are taken")
                raise _Ended
            options.append(f"SIZE={len(envelope.message)}")
        if envelope.utf8:
            if not smtp.supports_extension("smtputf8"):
                talk.reply = Reply(553, "only addresses in ASCII are taken (no SMTPUTF8)")
                raise _Ended
            options.append("SMTPUTF8")
            if smtp.supports_extension("8bitmime"):
                options.append("BODY=8BITMIME")
        return options

    # --- sessions ---------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _session(self, server: MailServer, greeting: str, talk: Talk) -> AsyncIterator[_Session]:
        """A session that is logged in: one that waits, else a new one."""
        session = await self._waiting(server, greeting) or await self._begun(server, greeting, talk)
        session.usable = False
        try:
            yield session
        finally:
            self._keep(session)

    async def _waiting(self, server: MailServer, greeting: str) -> _Session | None:
        while (session := self._taken(server, greeting)) is not None:
            alive = False
            try:
                await session.smtp.rset(timeout=self._times.connect)
                alive = True
                return session
            except (aiosmtplib.SMTPException, OSError):
                continue  # it ended meanwhile, as sessions do
            finally:
                if not alive:
                    session.smtp.close()
        return None

    def _taken(self, server: MailServer, greeting: str) -> _Session | None:
        for session in self._idle:
            if session.server == server and session.greeting == greeting:
                self._idle.remove(session)
                session.ends()
                return session
        return None

    def _keep(self, session: _Session) -> None:
        if not session.usable or not session.smtp.is_connected:
            session.smtp.close()
        elif self._closed or len(self._idle) >= MOST_IDLE or session.mails >= MOST_IN_SESSION:
            self._leave(session)
        else:
            session.timer = asyncio.get_running_loop().call_later(IDLE, self._expired, session)
            self._idle.append(session)

    def _expired(self, session: _Session) -> None:
        self._idle.remove(session)
        self._leave(session)

    def _leave(self, session: _Session) -> None:
        session.ends()
        task = asyncio.create_task(_quit(session.smtp), name="end a session with the mail server")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _begun(self, server: MailServer, greeting: str, talk: Talk) -> _Session:
        talk.enters(Stage.CONNECT, "connect")
        times = self._times
        implicit = server.tls == "tls"
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=greeting,
            timeout=times.command,
            use_tls=implicit,
            start_tls=False,
            tls_context=None if server.tls == "none" else await asyncio.to_thread(_context, server.ca),
        )
        try:
            talk.hears(*await smtp.connect(timeout=times.connect))
            await self._greet(smtp, greeting, talk)
            if server.tls == "starttls":
                talk.enters(Stage.TLS, "tls")
                if not smtp.supports_extension("starttls"):
                    talk.fails("offers no STARTTLS; with `?tls=tls` in the URL TLS begins with the connection")
                    raise _Ended
                talk.says("STARTTLS")
                talk.hears(*await smtp.starttls(timeout=times.connect))
                await self._greet(smtp, greeting, talk)
            if server.username is not None:
                talk.enters(Stage.LOGIN, "login")
                await self._log_in(smtp, server, talk)
        except BaseException:
            smtp.close()
            raise
        return _Session(server, greeting, smtp)

    async def _greet(self, smtp: aiosmtplib.SMTP, greeting: str, talk: Talk) -> None:
        talk.says(f"EHLO {greeting}")
        try:
            talk.hears(*await smtp.ehlo(timeout=self._times.command))
        except aiosmtplib.SMTPHeloError as refused:
            if not smtp.is_connected:
                raise
            talk.hears(refused.code, refused.message)
            talk.says(f"HELO {greeting}")
            talk.hears(*await smtp.helo(timeout=self._times.command))

    async def _log_in(self, smtp: aiosmtplib.SMTP, server: MailServer, talk: Talk) -> None:
        # Where nobody can listen the plain forms are the ones that every server has; elsewhere the password is hashed.
        known = ("cram-md5", "plain", "login") if server.tls == "none" else ("plain", "login", "cram-md5")
        offered = [name for name in known if name in smtp.server_auth_methods]
        if not offered:
            talk.fails("offers no login that the hub knows (PLAIN, LOGIN, CRAM-MD5)")
            raise _Ended
        # One way only: a second try with the same password would count as a second wrong one.
        smtp.AUTH_METHODS = (offered[0],)
        talk.says(f"AUTH {offered[0].upper()} …")
        password = "" if server.password is None else server.password.reveal()
        try:
            reply = await smtp.login(server.username or "", password, timeout=self._times.command)
        except aiosmtplib.SMTPResponseException as refused:
            # The text may repeat what was sent: only its code says nothing of the password.
            enhanced = _ENHANCED.match(refused.message)
            talk.answered(refused.code, enhanced[0] if enhanced else "")
            raise _Ended from None
        talk.hears(reply.code, "")


class _Ended(Exception):  # noqa: N818 - no error, the way out of a conversation whose end is noted in its talk
    pass


class _Session:
    """A connection that is greeted and logged in."""

    def __init__(self, server: MailServer, greeting: str, smtp: aiosmtplib.SMTP) -> None:
        self.server = server
        self.greeting = greeting
        self.smtp = smtp
        self.mails = 0
        #: the server waits for the next mail
        self.usable = False
        self.timer: asyncio.TimerHandle | None = None

    def ends(self) -> None:
        """It is no longer waiting."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _note(error: OSError, talk: Talk) -> None:
    """What the system or TLS says of the connection."""
    if isinstance(error, ssl.SSLError) and "WRONG_VERSION_NUMBER" in (error.reason or ""):
        talk.fails("does not begin with TLS; with `?tls=starttls` in the URL it begins without")
    else:
        talk.trouble = of_connection(error, talk.peer, connected=talk.stage is Stage.DATA)


async def _quit(smtp: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError):  # whatever it answers, the connection ends
        await smtp.quit(timeout=2)
    smtp.close()


@functools.lru_cache(maxsize=8)
def _context(ca: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later, the certificate checked for the name of the server; no ALPN, which is for HTTP."""
    try:
        context = ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, ValueError):  # ValueError: not ASCII
        raise UnusableCredential("`ca` of `[mail]` holds no certificate in PEM.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def host_and_port(server: MailServer) -> str:
    """``mail.example:587``, with brackets around an IPv6 address."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{server.port}"
