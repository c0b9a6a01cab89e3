"""One process of the hub: it answers HTTP, or it works. `serve` starts it and tells it what to be on standard input.

Standard input is also the life-line: when it ends, the process that started this one is gone, however it went, and this
one finishes what is in hand and ends, too. Standard output says ``ready`` once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Literal

import msgspec
import uvloop

from fakturahub import telemetry
from fakturahub.app import NodeSettings, serving, working
from fakturahub.certificate import Files, Shown
from fakturahub.clock import SystemClock
from fakturahub.errors import DatabaseUnavailable
from fakturahub.listening import Listener

#: how far a working process stands back where processors are short: whoever waits for an answer goes first
POLITENESS = 5
#: seconds between two tries to reach a database that is not there yet
RETRY = 1.0

log = telemetry.logger("node")


class Told(msgspec.Struct, frozen=True):
    """The line on standard input."""

    role: Literal["http", "work"]
    settings: NodeSettings
    #: file descriptor of the listening socket, for a process that answers HTTP
    socket: int = -1
    #: where the certificate is; None for plain HTTP
    tls: Files | None = None
    colours: bool = False


def run() -> None:
    """Be the process that the line on standard input says."""
    told = msgspec.json.decode(sys.stdin.buffer.readline(), type=Told)
    telemetry.set_up_logs(told.settings.log_level, colours=told.colours)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(told))


async def _run(told: Told) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), _watch_life_line, loop, stop)
    await _until_reachable(_answer if told.role == "http" else _work, told, stop)


def _watch_life_line(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()


async def _until_reachable(
    role: Callable[[Told, asyncio.Event], Awaitable[None]], told: Told, stop: asyncio.Event
) -> None:
    """Start *role*, again and again while the database is not there."""
    while not stop.is_set():
        try:
            await role(told, stop)
        except DatabaseUnavailable as error:
            log.warning("waiting for the database", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY)
        else:
            return


async def _answer(told: Told, stop: asyncio.Event) -> None:
    shown = None if told.tls is None else Shown(told.tls, SystemClock())
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(serving(told.settings))
        if shown is not None:
            fresh = asyncio.create_task(shown.keep_fresh(), name="keep the certificate fresh")
            stack.callback(fresh.cancel)
        listener = Listener(hub, None if shown is None else shown.context)
        listening = asyncio.create_task(listener.serve(sockets=[socket.socket(fileno=told.socket)]))
        await _first(listener.up, listening)
        _say_ready()
        await _first(stop, listening)
        listener.should_exit = True
        await listening


async def _work(told: Told, stop: asyncio.Event) -> None:
    os.nice(POLITENESS)
    async with working(told.settings) as worker:
        running = asyncio.create_task(worker.run())
        _say_ready()
        await _first(stop, running)
        worker.stop()
        await running


async def _first(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, task}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def _say_ready() -> None:
    # What exists now stays: the collector need not look at hundreds of thousands of objects again, which would stop
    # every request for tens of milliseconds each time.
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
