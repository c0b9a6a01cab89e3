"""The workers of one process: what runs its jobs, and what makes its deliveries. They run and stop together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol


class Worker(Protocol):
    """Works until it is told to stop."""

    async def run(self) -> None:
        """Work until `stop`; return when what is in hand has ended."""

    def stop(self) -> None:
        """Take nothing new."""


class Workers:
    """Several workers as one."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = workers

    def stop(self) -> None:
        """Stop them all."""
        for one in self._workers:
            one.stop()

    async def run(self) -> None:
        """Run them all. Where one ends by an error the others are stopped, and it is raised when they have ended."""
        tasks = [asyncio.create_task(one.run()) for one in self._workers]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        self.stop()
        await asyncio.wait(tasks)
        for task in tasks:
            task.result()
