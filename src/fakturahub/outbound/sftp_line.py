"""A line to an SFTP server: opened, asked, closed; what goes wrong on it, in words, and a record of what was said.

The server is the operator's own setting, so it is connected to wherever it is, as the mail server is. Nothing of the
user that the hub runs as has a say: no file under ``~/.ssh``, no agent, no Kerberos ticket.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncssh
import msgspec

from fakturahub.model import Fault, Result
from fakturahub.model.ways import SftpServer
from fakturahub.outbound.ssh_keys import Pinned, UnusableKeyError, fingerprint, host_keys, private_key
from fakturahub.outbound.trouble import of_connection

#: seconds that a server has to close the line when all is done
_FAREWELL = 5
#: what ends a line instead of answering a request
_LINE_LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError, OSError)
_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_DENIED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_UNSEEN = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\uffff]+")
#: characters that are kept of what a server says
_SAID = 200

_Answer = TypeVar("_Answer")


class Times(msgspec.Struct, frozen=True):
    """How long things may take, in seconds."""

    #: until the server is connected to, known, and lets the hub in
    connect: float = 45
    #: until a single request is answered
    answer: float = 60
    #: everything
    whole: float = 840


class TroubleError(Exception):
    """Why an attempt ends here; the text is what a person is told."""

    def __init__(self, result: Result, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.result = result
        self.fault = fault


class LineLostError(TroubleError):
    """The line broke, or the server fell silent: it may or may not have done what it was asked last."""

    def __init__(self, detail: str) -> None:
        super().__init__(Result.RETRY, Fault.RECEIVER, detail)


class Talk(msgspec.Struct):
    """What was said, for people to look at."""

    asked: list[str] = []
    told: list[str] = []
    #: seconds by phase
    timings: dict[str, float] = {}


class _Client(asyncssh.SSHClient):
    """Knows the server by its key, and by nothing else."""

    def __init__(self, pinned: Pinned) -> None:
        self.pinned = pinned
        #: the fingerprint of a key that was not one of them
        self.offered: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered = fingerprint(key)
        return self.pinned.has(key)


class Line:
    """An open session with a server."""

    def __init__(self, sftp: asyncssh.SFTPClient, server: SftpServer, times: Times, talk: Talk) -> None:
        self.sftp = sftp
        self._server = server
        self._times = times
        self._talk = talk

    async def ask(
        self,
        words: str,
        asked: Awaitable[_Answer],
        *,
        missing: bool = False,
        denied: bool = False,
        unsupported: bool = False,
    ) -> _Answer | None:
        """What the server answers; None for a refusal that a flag allows.

        *words* say in the record what is asked; without them nothing is kept but trouble. Raises `LineLostError`, and
        `TroubleError` for refusals.
        """
        if words:
            self._talk.asked.append(words)
        what = words or "a block of the file"
        try:
            async with asyncio.timeout(self._times.answer):
                answer = await asked
        except TimeoutError:
            self._talk.told.append(f"no answer within {self._times.answer:g} seconds")
            raise LineLostError(
                f"{self._server.host} gave no answer within {self._times.answer:g} seconds to {what}."
            ) from None
        except _LINE_LOST as error:
            self._talk.told.append(f"the line broke: {_shown(error, self._server)}")
            raise LineLostError(f"The line to {self._server.host} broke at {what}.") from None
        except asyncssh.SFTPError as error:
            told = f"{type(error).__name__.removeprefix('SFTP')} ({_shown(error, self._server)})"
            self._talk.told.append(told)
            allowed = (
                (missing and isinstance(error, _MISSING))
                or (denied and isinstance(error, _DENIED))
                or (unsupported and isinstance(error, asyncssh.SFTPOpUnsupported))
            )
            if allowed:
                return None
            raise self._refused(what, error, told) from None
        if words:
            self._talk.told.append("ok")
        return answer

    def _refused(self, what: str, error: asyncssh.SFTPError, told: str) -> TroubleError:
        server = self._server
        detail = f"{server.host} refused {what}: {told}."
        if isinstance(error, _MISSING) and what.startswith("OPEN"):
            detail += f" Correct the folder in `url`, {server.folder}, or have it made, and release the deliveries."
        elif isinstance(error, _DENIED):
            detail += f" Have {server.user} given the right to write and rename there, and release the deliveries."
        else:
            return TroubleError(Result.RETRY, Fault.RECEIVER, detail)
        return TroubleError(Result.HELD, Fault.RECEIVER, detail)


@asynccontextmanager
async def session(server: SftpServer, times: Times, talk: Talk) -> AsyncIterator[Line]:
    """A line to *server*, closed on leaving. Raises `TroubleError`; what is said is added to *talk*."""
    connection, sftp = await _opened(server, times, talk)
    try:
        yield Line(sftp, server, times, talk)
        connection.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                await connection.wait_closed()
        except TimeoutError:
            talk.told.append("the server did not close the line")
    finally:
        connection.abort()


async def _opened(
    server: SftpServer, times: Times, talk: Talk
) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
    try:
        client = _Client(host_keys(server.host_keys or ""))
        key = None if server.key is None else private_key(server.key.reveal())
    except UnusableKeyError as error:
        raise _held(f"{error} Correct `host_key` or `key`") from None
    talk.asked.append(f"CONNECT {server.host}:{server.port} as {server.user}")
    started = time.perf_counter()
    try:
        async with asyncio.timeout(times.connect):
            connection = await asyncssh.connect(
                server.host,
                server.port,
                client_factory=lambda: client,
                known_hosts=(list(client.pinned.keys), [], []),
                username=server.user,
                password=None if server.password is None else server.password.reveal(),
                client_keys=None if key is None else [key],
                config=None,
                agent_path=None,
                gss_kex=False,
                gss_auth=False,
                x509_trusted_certs=None,
                x509_trusted_cert_paths=[],
                login_timeout=0,
            )
            try:
                sftp = await connection.start_sftp_client()
            except BaseException:
                connection.abort()
                raise
    except (OSError, asyncssh.Error, ValueError) as error:
        told = _shown(error, server)
        talk.told.append(f"{type(error).__name__}: {told}")
        raise _not_in(error, told, client, server, times) from None
    finally:
        talk.timings["connect"] = talk.timings.get("connect", 0) + time.perf_counter() - started
    talk.told.append("ok")
    return connection, sftp


def _not_in(error: Exception, told: str, client: _Client, server: SftpServer, times: Times) -> TroubleError:
    """Why there is no session."""
    host = server.host
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return _held(
                f"{host} has another key than `host_key` states: {client.offered or 'a certificate'}. It is another "
                f"server, somebody stands in between, or its key was changed. Ask its operator, correct `host_key`"
            )
        case asyncssh.KeyExchangeFailed():
            return _held(
                f"{host} and the hub have no way in common to know each other ({told}). Ask its operator which key it "
                f"has, correct `host_key`"
            )
        case asyncssh.PermissionDenied():
            return _held(f"{host} does not let {server.user} in {_by(server)} ({told}). Correct `url` or `key`")
        case ValueError():
            # asyncssh asks the system for the name of the user, whom a container need not have.
            return _held(f"SSH does not take the settings ({told}). Correct them, or set LOGNAME,")
        case TimeoutError():
            return LineLostError(f"{host} did not let {server.user} in within {times.connect:g} seconds.")
        case asyncssh.Error():
            return LineLostError(f"{host} ended the line before files could be put ({told}).")
        case _:
            trouble = of_connection(error, f"{host}:{server.port}")
            return TroubleError(Result.RETRY, trouble.fault, trouble.detail)


def _by(server: SftpServer) -> str:
    given = [name for name, secret in (("its key", server.key), ("its password", server.password)) if secret]
    return f"by {' and '.join(given)}" if given else "without a key or a password"


def _held(detail: str) -> TroubleError:
    """The hub's own settings have to be put right first; *detail* ends with what is to be done."""
    return TroubleError(Result.HELD, Fault.OURS, f"{detail} and release the deliveries.")


def _shown(error: Exception, server: SftpServer) -> str:
    """What a server says, fit for a record: one short line, without our password should it repeat that."""
    text = str(error) or type(error).__name__
    if server.password is not None:
        text = text.replace(server.password.reveal(), "…")
    return " ".join(_UNSEEN.sub(" ", text).split())[:_SAID]
