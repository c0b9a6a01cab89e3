"""How far a call came, and how long each part of it took: what the HTTP library tells while it works."""

from __future__ import annotations

import time
from types import SimpleNamespace

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
        self.stale = kept and isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
        self.timings["failed"] = time.perf_counter() - self._began


def tracing() -> aiohttp.TraceConfig:
    """What makes a session tell the `Phases` that a request has as its ``trace_request_ctx``."""
    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(_connecting)
    config.on_connection_create_end.append(_connected)
    config.on_dns_resolvehost_start.append(_resolving)
    config.on_dns_resolvehost_end.append(_resolved)
    return config


async def _connecting(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connecting()


async def _connected(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connection_made()


async def _resolving(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.resolving()


async def _resolved(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.resolved()
