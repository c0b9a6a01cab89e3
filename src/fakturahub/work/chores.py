"""Chores: small pieces of work that come round by the clock. Any node may do them, and two at once do no harm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from fakturahub import telemetry
from fakturahub.errors import FakturahubError

log = telemetry.logger("work")


class Chore(msgspec.Struct, frozen=True):
    name: str
    every: timedelta
    #: returns how many things it put in order
    do: Callable[[], Awaitable[int]]


async def keep_up(chore: Chore) -> None:
    """Do *chore* for ever. Whatever it raises is logged, and it is done again next time."""
    while True:
        # nodes that start together do not all come at once
        await asyncio.sleep(chore.every.total_seconds() * random.uniform(0.8, 1.2))  # noqa: S311
        try:
            count = await chore.do()
        except FakturahubError as error:
            log.warning("chore put off", chore=chore.name, error=str(error))
        except Exception:  # a chore that ended would not be missed until much later
            log.exception("chore failed", chore=chore.name)
        else:
            if count:
                log.info("chore done", chore=chore.name, count=count)
