"""General comparisons in generated code: whether any value of one side compares with any of the other.

XPath 2.0 leaves open in which order pairs are looked at (2.3.4), and so which error is met; this is Saxon's order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

_END = object()


def _in_turn(left: Iterable[Any], right: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
    """(value, whether of the right side) from both sides in turn, and then what is left of one; as Saxon reads them.

    So what raises is met where Saxon meets it, also where the other side is empty.
    """
    sides = [(iter(left), False), (iter(right), True)]
    while sides:
        for side in tuple(sides):
            value = next(side[0], _END)
            if value is _END:
                sides.remove(side)
            else:
                yield value, side[1]


def any_eq(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any two are equal. The values come one by one; the first pair that compares ends it."""
    seen: tuple[set[Any], set[Any]] = (set(), set())
    for value, is_right in _in_turn(left, right):
        # an object that is NaN would be found in a set by identity
        if value in seen[not is_right] and value == value:
            return True
        seen[is_right].add(value)
    return False


def any_ne(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any two differ."""
    seen: tuple[list[Any], list[Any]] = ([], [])
    for value, is_right in _in_turn(left, right):
        others = seen[not is_right]
        if any(value != other for other in others):
            return True
        if others:
            # all that were seen so far equal one another, and so stand for each other
            seen[is_right][:] = [value]
        else:
            seen[is_right].append(value)
    return False


def one_to_any(
    compares: Callable[[Iterable[Any], Iterable[Any]], bool], left: Iterable[Any], right: Iterable[Any]
) -> bool:
    """A comparison whose left side is one value at most: without it the right side is not evaluated."""
    return any(compares((value,), right) for value in left)


def any_to_one(
    compares: Callable[[Iterable[Any], Iterable[Any]], bool], left: Iterable[Any], right: Iterable[Any]
) -> bool:
    """A comparison whose right side is one value at most: without it the left side is not evaluated."""
    return any(compares(left, (value,)) for value in right)


def any_lt(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any of *left* is less than any of *right*."""
    return _in_order(operator.lt, max, min, left, right)


def any_le(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any of *left* is at most any of *right*."""
    return _in_order(operator.le, max, min, left, right)


def any_gt(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any of *left* is greater than any of *right*."""
    return _in_order(operator.gt, min, max, left, right)


def any_ge(left: Iterable[Any], right: Iterable[Any]) -> bool:
    """Whether any of *left* is at least any of *right*."""
    return _in_order(operator.ge, min, max, left, right)


def _in_order(
    compares: Callable[[Any, Any], bool],
    furthest_right: Callable[[Any, Any], Any],
    furthest_left: Callable[[Any, Any], Any],
    left: Iterable[Any],
    right: Iterable[Any],
) -> bool:
    lowest: Any = None
    highest: Any = None
    for value, is_right in _in_turn(left, right):
        # what is NaN compares with nothing
        if value != value:
            continue
        if is_right:
            if lowest is not None and compares(lowest, value):
                return True
            highest = value if highest is None else furthest_right(highest, value)
        else:
            if highest is not None and compares(value, highest):
                return True
            lowest = value if lowest is None else furthest_left(lowest, value)
    return False


def numbers_if_any(
    compares: Callable[[Iterable[Any], Iterable[Any]], bool], left: Iterable[Any], right: Iterable[Any]
) -> bool:
    """An ordering of numbers: without any on the left the right side is not evaluated; as Saxon does it."""
    values = iter(left)
    for first in values:
        return compares(chain((first,), values), right)
    return False
