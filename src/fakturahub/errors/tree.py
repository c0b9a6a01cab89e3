"""The root of the tree of errors, the branch of what is refused, and the way through all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class FakturahubError(Exception):
    """Root of the tree. ``reason`` is one sentence for a person and never holds a secret."""

    code: ClassVar[str] = "fakturahub"
    title: ClassVar[str] = "Something went wrong"
    advice: ClassVar[str] = "See the message of the error."

    def __init__(self, reason: str, *, term: str | None = None, place: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.term = term
        self.place = place

    def __str__(self) -> str:
        parts = [self.reason]
        if self.term:
            parts.append(f"(term {self.term})")
        if self.place:
            parts.append(f"(at {self.place})")
        return " ".join(parts)


class Refused(FakturahubError):
    """The caller sent something that will be refused again unless it changes."""

    code = "refused"
    title = "The request was refused"
    advice = "Correct what the message names and send it again."


def every_error() -> Iterator[type[FakturahubError]]:
    """All classes of the tree, the root first, for the pages under ``/errors`` and the tests that hold codes unique."""
    pending: list[type[FakturahubError]] = [FakturahubError]
    while pending:
        cls = pending.pop(0)
        yield cls
        pending.extend(cls.__subclasses__())
