"""Strings that are not there: of an element with children, not yet put together, and of no element."""

from __future__ import annotations

from typing import Any


class StringWanted(Exception):  # noqa: N818 - a signal inside the room
    """The short form of a check met a case that only the exact form decides."""


class Unread:
    """The string of an element with children, not yet put together.

    Whatever is done with it raises :class:`StringWanted`; the engine evaluates that check again by the exact form,
    which asks :meth:`Document.string` instead of the column.
    """

    __slots__ = ()

    def _raise(self, *_arguments: object) -> Any:
        raise StringWanted

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _raise
    __add__ = __radd__ = __len__ = __bool__ = __iter__ = __contains__ = __str__ = __hash__ = __getitem__ = _raise

    def __getattr__(self, name: str) -> Any:
        raise StringWanted


UNREAD = Unread()


class Absent:
    """The string of an element that is not there: every comparison is false, all else raises."""

    __slots__ = ()

    def _false(self, _other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _false

    def __hash__(self) -> int:
        return 1

    def _raise(self, *_arguments: object) -> Any:
        raise StringWanted

    __add__ = __radd__ = __len__ = __bool__ = __iter__ = __contains__ = __str__ = __getitem__ = _raise

    def __getattr__(self, name: str) -> Any:
        raise StringWanted


ABSENT = Absent()
