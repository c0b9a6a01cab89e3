"""How far a call came, and how long each part of it took."""

from __future__ import annotations

import time
from contextvars import ContextVar

import aiohttp


class Phases:
    """When the phases of a call began and ended."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._began = time.perf_counter()
        self._connecting = self._resolving = self._began
        self.fresh = False
        self.connected = False
        self.stale = False

    def connecting(self) -> None:
        self.fresh = True
        self._connecting = time.perf_counter()

    def connection_made(self) -> None:
        self.connected = True
        self.timings["connect"] = time.perf_counter() - self._connecting

    def resolving(self) -> None:
        self._resolving = time.perf_counter()

    def resolved(self) -> None:
        self.timings["resolve"] = time.perf_counter() - self._resolving

    def answered(self) -> None:
        self.timings["answer"] = time.perf_counter() - self._began - self.timings.get("connect", 0.0)

    def failed(self, error: BaseException) -> None:
        """Note how far it came."""
        kept = not self.fresh
        self.connected = self.connected or kept
        closed = aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError
        self.stale = kept and isinstance(error, closed)
        self.timings["failed"] = time.perf_counter() - self._began


#: of the call that the task in hand makes; whoever looks a name up for it is told in its own context
current: ContextVar[Phases] = ContextVar("phases")
