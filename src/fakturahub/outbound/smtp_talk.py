"""What a mail server is told and answers while it takes a mail, noted without what is secret in it."""

from __future__ import annotations

import re
import time
from enum import StrEnum

import msgspec

from fakturahub.model import Fault
from fakturahub.outbound.trouble import Trouble

#: characters of an answer that are kept
MOST_OF_REPLY = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class Stage(StrEnum):
    """How far a mail came."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    #: the mail itself was on its way: where there is no reply, it may have been taken
    DATA = "data"
    #: taken
    DONE = "done"


class Reply(msgspec.Struct, frozen=True):
    """An answer of the server, in one line, without control characters."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600


class Handover(msgspec.Struct, frozen=True):
    """What came of handing one mail to the server."""

    stage: Stage
    #: what the server said last at that stage, None where it said nothing
    reply: Reply | None
    #: what happened where the server said nothing
    trouble: Trouble | None
    refused: tuple[tuple[str, Reply], ...]
    #: what was said, a line each; what is secret in it is left out
    commands: tuple[str, ...]
    replies: tuple[str, ...]
    #: seconds
    timings: dict[str, float]


class Talk:
    """What is said in one handover, and how far it came."""

    def __init__(self, peer: str) -> None:
        """*peer*: host and port of the server."""
        self.peer = peer
        self.stage = Stage.CONNECT
        self.reply: Reply | None = None
        self.trouble: Trouble | None = None
        self.refused: list[tuple[str, Reply]] = []
        self._commands: list[str] = []
        self._replies: list[str] = []
        self._timings: dict[str, float] = {}
        self._phase = "connect"
        self._since = time.perf_counter()

    def enters(self, stage: Stage, phase: str) -> None:
        self.stage = stage
        self._clocked()
        self._phase = phase

    def _clocked(self) -> None:
        now = time.perf_counter()
        self._timings[self._phase] = round(self._timings.get(self._phase, 0.0) + now - self._since, 4)
        self._since = now

    def says(self, command: str) -> None:
        self._commands.append(command)

    def hears(self, code: int, text: str) -> None:
        self.reply = Reply(code, clean(text))
        self._replies.append(str(self.reply))

    def answered(self, code: int, text: str) -> None:
        """An answer that ends something; one that is no SMTP is trouble instead."""
        if 200 <= code < 600:
            self.hears(code, text)
        else:
            self.fails("answered what is no SMTP")

    def fails(self, how: str) -> None:
        """*how* completes "mail.example:25 …"."""
        self.trouble = Trouble(f"{self.peer} {how}.", Fault.RECEIVER, connected=True)

    def handover(self) -> Handover:
        self._clocked()
        return Handover(
            stage=self.stage,
            reply=None if self.trouble else self.reply,
            trouble=self.trouble,
            refused=tuple(self.refused),
            commands=tuple(self._commands),
            replies=tuple(self._replies),
            timings=self._timings,
        )


def clean(text: str) -> str:
    """*text* in one line of at most `MOST_OF_REPLY` characters."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= MOST_OF_REPLY else line[: MOST_OF_REPLY - 1] + "…"
