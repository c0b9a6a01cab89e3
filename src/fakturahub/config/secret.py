"""A secret in memory, wrapped so that it cannot reach a log, a repr or an error by accident."""

from __future__ import annotations

import hmac
from typing import Literal, NoReturn

#: How a secret is kept at rest: ``hashed`` where it is only ever compared, ``sealed`` with the master key where the
#: protocol needs the plain value, ``withheld`` where it is not stored at all (the master key itself).
Kept = Literal["hashed", "sealed", "withheld"]


class Secret:
    """Text that shows itself only to :meth:`reveal`.

    It is no ``str``: joining, formatting or encoding one gives a mask or a TypeError, never the value. It is not
    pickled either. Two are equal when their values are; the comparison takes constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain value. Whoever calls this answers for where it goes."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (text.encode("utf-8", "surrogatepass") for text in (self._value, other._value))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
