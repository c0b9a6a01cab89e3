"""Python's cyclic collector while documents are checked.

A tree of a document makes many containers and no cycles; the collector would go through them again and again, which
takes as long as all the rules. While any check runs, its first threshold is therefore raised: what the process makes in
the meantime is still collected, in larger portions.
"""

from __future__ import annotations

import gc
from threading import Lock
from types import TracebackType

#: containers made, less those freed, after which the collector looks at them; some 5,000 invoice lines
CONTAINERS = 200_000

_lock = Lock()
_running = 0
_before: tuple[int, int, int] = (0, 0, 0)


class Relaxed:
    """A context in which the collector is relaxed; threads may be in it at the same time."""

    __slots__ = ()

    def __enter__(self) -> None:
        global _running, _before
        with _lock:
            if _running == 0:
                _before = gc.get_threshold()
                # 0 stands for a collector that is off
                if 0 < _before[0] < CONTAINERS:
                    gc.set_threshold(CONTAINERS, *_before[1:])
            _running += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _running
        with _lock:
            _running -= 1
            if _running == 0 and gc.get_threshold()[0] == CONTAINERS:
                gc.set_threshold(*_before)


RELAXED = Relaxed()
