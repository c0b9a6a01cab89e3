"""SFTP: one file put into a folder of a server, whole or not at all, and once however often it is tried.

The file is written under a name that nobody picks up (``.name.1.part``), brought to the server's disk where the server
can do that, measured, and only then renamed. A plain rename of SFTP replaces nothing (draft-ietf-secsh-filexfer-02,
6.5), so of two nodes that both believe the delivery to be theirs one gets through. What stands under the final name
already is compared with what was to be put there: the same bytes are the earlier attempt whose answer was lost.

Where the line breaks after the rename was asked for, the server is asked once more, on a line of its own, whether the
file is there. A server that takes files away at once cannot tell any more; then the file is put a second time, under
the same name, by which its reader knows it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time

import asyncssh

from fakturahub.model import Fault, Outcome, Record, Result
from fakturahub.model.ways import SftpServer
from fakturahub.outbound.sftp_line import Line, LineLostError, Talk, Times, TroubleError, session

#: bytes of one request to write or read; every server takes as many (draft-ietf-secsh-filexfer-02, 3)
BLOCK = 32 * 1024
#: requests that are on their way at the same time
AT_ONCE = 32
#: earlier attempts whose leftovers are taken away
LEFTOVERS = 20


async def put(server: SftpServer, name: str, data: bytes, *, attempt: int = 1, times: Times | None = None) -> Outcome:
    """Put *data* as *name*, a plain file name, into the folder of *server*. All trouble is an outcome.

    *attempt* is counted up with every try for this name, over all nodes. Cancelled, it leaves no line open.
    """
    put = _Put(server, name, data, attempt, times or Times())
    try:
        async with asyncio.timeout(put.times.whole):
            detail = await put.run()
    except TimeoutError:
        taken = f"{server.host} took longer than {put.times.whole:g} seconds for {len(data):,} bytes."
        return put.outcome(Result.RETRY, Fault.RECEIVER, taken)
    except TroubleError as trouble:
        return put.outcome(trouble.result, trouble.fault, str(trouble))
    return put.outcome(Result.DELIVERED, Fault.NONE, detail)


async def look(server: SftpServer, times: Times | None = None) -> Outcome:
    """Whether *server* lets the hub in and has its folder; nothing is put there."""
    talk = Talk()
    try:
        async with session(server, times or Times(), talk) as line:
            folder = _folder(server) or "."
            await line.ask(f"STAT {folder}", line.sftp.stat(folder))
    except TroubleError as trouble:
        return Outcome(trouble.result, str(trouble), fault=trouble.fault)
    return Outcome(Result.DELIVERED, f"{server.host} lets {server.user} in and has the folder {server.folder}.")


def _folder(server: SftpServer) -> str:
    """What is put in front of a file's name: with its slash, or nothing for the folder that the login leads to."""
    folder = server.folder.removeprefix("~/").rstrip("/")
    return f"{folder}/" if folder or server.folder.startswith("/") else ""


class _Put:
    """One attempt, and what is kept of it."""

    def __init__(self, server: SftpServer, name: str, data: bytes, attempt: int, times: Times) -> None:
        self.times = times
        self._server = server
        self._name = name
        self._data = data
        self._attempt = attempt
        self._folder = _folder(server)
        self._path = f"{self._folder}{name}"
        self._talk = Talk()
        self._sent = 0
        #: the rename was asked for, and no answer came yet
        self._open = False

    def outcome(self, result: Result, fault: Fault, detail: str) -> Outcome:
        server = self._server
        host = f"[{server.host}]" if ":" in server.host else server.host
        port = "" if server.port == 22 else f":{server.port}"
        record = Record(
            to=f"sftp://{host}{port}/{self._path.lstrip('/')}",
            request="\n".join(self._talk.asked),
            answer="\n".join(self._talk.told),
            sent=self._sent,
            timings={phase: round(seconds, 6) for phase, seconds in self._talk.timings.items()},
        )
        return Outcome(result, detail, record, fault, receipt=self._name if result is Result.DELIVERED else None)

    async def run(self) -> str:
        """Put the file; what was done, in a sentence."""
        try:
            return await self._once()
        except LineLostError as lost:
            if not self._open:
                raise
            # It may be there: whoever picks it up must not find it a second time.
            async with session(self._server, self.times, self._talk) as line:
                found = await self._found(line)
            if found is None:
                raise lost
            return f"{found} The answer to it was lost."

    async def _once(self) -> str:
        async with session(self._server, self.times, self._talk) as line:
            found = await self._found(line)
            if found is not None:
                return found
            for earlier in range(max(1, self._attempt - LEFTOVERS), self._attempt):
                draft = self._draft(earlier)
                await line.ask(f"REMOVE {draft}", line.sftp.remove(draft), missing=True, denied=True)
            started = time.perf_counter()
            draft = self._draft(self._attempt)
            await self._write(line, draft)
            self._talk.timings["send"] = time.perf_counter() - started
            return await self._rename(line, draft)

    async def _write(self, line: Line, draft: str) -> None:
        opened = await line.ask(f"OPEN {draft}", line.sftp.open(draft, "wb", encoding=None))
        if opened is None:
            raise LineLostError("The server opened nothing.")
        self._talk.asked.append(f"WRITE {len(self._data):,} bytes")
        places = iter(range(0, len(self._data), BLOCK))

        async def blocks() -> None:
            for place in places:
                block = self._data[place : place + BLOCK]
                await line.ask("", opened.write(block, place))
                self._sent += len(block)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(blocks())
        except BaseExceptionGroup as troubles:
            raise troubles.exceptions[0] from None
        self._talk.told.append("ok")
        await line.ask("FSYNC", opened.fsync(), unsupported=True)
        measured = await line.ask("FSTAT", opened.stat(), unsupported=True)
        await line.ask("CLOSE", opened.close())
        size = None if measured is None else measured.size
        if size is not None and size != len(self._data):
            raise TroubleError(
                Result.RETRY,
                Fault.RECEIVER,
                f"{self._server.host} has {size:,} of the {len(self._data):,} bytes that it was given.",
            )

    async def _rename(self, line: Line, draft: str) -> str:
        started = time.perf_counter()
        self._open = True
        try:
            await line.ask(f"RENAME {draft} to {self._path}", line.sftp.rename(draft, self._path))
        except LineLostError:
            raise
        except TroubleError:
            self._open = False
            # The usual version 3 has one answer for "it is there already" and for everything else.
            found = await self._found(line)
            if found is None:
                raise
            await line.ask(f"REMOVE {draft}", line.sftp.remove(draft), missing=True, denied=True)
            return found
        finally:
            self._talk.timings["rename"] = time.perf_counter() - started
        self._open = False
        return f"{self._name} was put on {self._server.host}, {len(self._data):,} bytes."

    async def _found(self, line: Line) -> str | None:
        """That the file is there, in a sentence; None where nothing has its name. Raises where something else has."""
        there = await line.ask(f"STAT {self._path}", line.sftp.stat(self._path), missing=True, denied=True)
        if there is None:
            return None
        # A server may leave the size out (draft-ietf-secsh-filexfer-02, 5).
        same = await self._same(line) if there.size in (None, len(self._data)) else False
        if same is None and there.size is None:
            # Neither size nor content: nothing says that it is there. If it is, the rename replaces nothing.
            return None
        # That the size is right has to be enough where a folder takes files and shows none, or one was just taken away.
        if same is False:
            raise TroubleError(
                Result.HELD,
                Fault.RECEIVER,
                f"On {self._server.host} there is another file that is called {self._path}. Compare the two, have that "
                f"one taken away, and release the deliveries; or cancel them, where it is what was to be put there.",
            )
        return f"{self._name} is on {self._server.host} from an earlier attempt, {len(self._data):,} bytes."

    async def _same(self, line: Line) -> bool | None:
        """Whether the file that is there has the same bytes; None where it cannot be read."""
        opened = await line.ask(
            f"OPEN {self._path}", line.sftp.open(self._path, "rb", encoding=None), missing=True, denied=True
        )
        if opened is None:
            return None
        digest = hashlib.sha256()
        step = BLOCK * AT_ONCE
        for place in range(0, len(self._data), step):
            digest.update(await line.ask("", _read(opened, min(step, len(self._data) - place), place)) or b"")
        # One byte more than there should be is enough to tell.
        digest.update(await line.ask("", _read(opened, 1, len(self._data))) or b"")
        await line.ask("CLOSE", opened.close())
        return digest.digest() == hashlib.sha256(self._data).digest()

    def _draft(self, attempt: int) -> str:
        return f"{self._folder}.{self._name}.{attempt}.part"


async def _read(opened: asyncssh.SFTPClientFile, size: int, place: int) -> bytes:
    part = await opened.read(size, place)
    # A file that was opened without an encoding gives bytes.
    return part if isinstance(part, bytes) else part.encode()
