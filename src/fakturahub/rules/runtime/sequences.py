"""Sequences in generated code: how many values there are, their order, and what holds of any pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from fakturahub.rules.runtime import compare
from fakturahub.rules.runtime.casts import Atom
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import Number, double, round_number

#: integers of one range (``1 to n``)
RANGE = 1_000_000


def listed(value: Any) -> tuple[Any, ...]:
    """No value or one as something to go through."""
    return () if value is None else (value,)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """*function* of the value; None for none."""
    return None if value is None else function(value)


def both(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """*function* of both values; None where one is missing."""
    return None if left is None or right is None else function(left, right)


def computed(function: Callable[[Any, Any], Any], left: Any, right: Callable[[], Any]) -> Any:
    """*function* of both operands; None where one is missing. *right* is asked for only if there is a left one."""
    if left is None:
        return None
    other = right()
    return None if other is None else function(left, other)


def first(values: Sequence[Any]) -> Any:
    """The first value or None."""
    return values[0] if values else None


def at_most_one(values: Sequence[Any]) -> Any:
    """The only value or None; XPTY0004 for several."""
    if not values:
        return None
    if len(values) > 1:
        raise EvaluationError("XPTY0004", f"{len(values)} items where at most one may stand")
    return values[0]


def exactly_one(value: Any) -> Any:
    """The value; XPTY0004 where it is None."""
    if value is None:
        raise EvaluationError("XPTY0004", "nothing where exactly one item must stand")
    return value


def only_true(values: Sequence[bool]) -> bool:
    """The effective boolean value of booleans; FORG0006 for several."""
    if len(values) > 1:
        raise EvaluationError("FORG0006", "a sequence of several values that begins with a boolean")
    return bool(values and values[0])


def one_or_more(values: Collection[Any]) -> list[Any]:
    """The values; XPTY0004 for none."""
    if not values:
        raise EvaluationError("XPTY0004", "nothing where one item or more must stand")
    return list(values)


def nth(values: Iterable[Any], position: int) -> Any:
    """The value at *position*, counted from 1, or None."""
    return next(islice(values, position - 1, None), None) if position > 0 else None


def nth_last(values: Iterable[Any]) -> Any:
    """The last value or None."""
    sequence = values if isinstance(values, (list, tuple, range)) else list(values)
    return sequence[-1] if sequence else None


def integers(start: int | None, end: int | None) -> Sequence[int]:
    """``start to end``; LIMIT past :data:`RANGE`."""
    if start is None or end is None or end < start:
        return []
    if end - start >= RANGE:
        raise EvaluationError("LIMIT", f"a range of more than {RANGE} integers")
    return list(range(start, end + 1))


def distinct(values: Iterable[Any]) -> list[Any]:
    """``distinct-values`` of values of one type, in the order in which they come first."""
    return list(dict.fromkeys(values))


def subsequence(values: Iterable[Any], start: Number, length: Number | None = None) -> list[Any]:
    """``subsequence(values, start, length)``."""
    sequence = list(values)
    begin = double(round_number(double(start)))
    end = math.inf if length is None else begin + double(round_number(double(length)))
    return [value for position, value in enumerate(sequence, 1) if begin <= position < end]


def insert_before(values: list[Any], position: Number, added: list[Any]) -> list[Any]:
    """``insert-before(values, position, added)``."""
    at = min(max(int(position) - 1, 0), len(values))
    return values[:at] + added + values[at:]


def instance(values: Collection[Any], same: bool, least: int, most: int) -> bool:
    """Whether the number of values, and their type (*same*), fit; *most* 0: any number."""
    count = len(values)
    return least <= count and (not most or count <= most) and (same or not count)


def castable(values: Sequence[Any], test: Callable[[Any], bool], none: bool) -> bool:
    """``castable as``: of one value; *none* is the answer for none, and several are not castable."""
    return (none if not values else test(values[0])) if len(values) < 2 else False


# --- any pair: of values that Python's operators compare as XPath does ---


def numbers_compare(op: compare.Operator, left: Iterable[Number], right: Iterable[Number]) -> bool:
    """A general comparison of numbers of several types: a decimal beside a double becomes a double."""
    return compare.general(op, left, list(right))


def numbers_value(op: compare.Operator, left: Number | None, right: Number | None) -> bool | None:
    """A value comparison of numbers of several types."""
    return compare.value(op, left, right)


def all_hold(*conditions: Callable[[], Any]) -> bool:
    """``a and b and …``: false where one is false, even if another raises (XPath 2.0, 3.6; as Saxon does it)."""
    failed: EvaluationError | None = None
    for condition in conditions:
        try:
            if not condition():
                return False
        except EvaluationError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return True


def any_holds(*conditions: Callable[[], Any]) -> bool:
    """``a or b or …``: true where one is true, even if another raises."""
    failed: EvaluationError | None = None
    for condition in conditions:
        try:
            if condition():
                return True
        except EvaluationError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return False


def incomparable_pair(left: Collection[Any], right: Collection[Any], left_kind: str, right_kind: str) -> bool:
    """A general comparison of kinds that never compare: false where a side is empty, an error otherwise."""
    if left and right:
        raise compare.incomparable(left_kind, right_kind)
    return False


def incomparable_values(left: Any, right: Any, left_kind: str, right_kind: str) -> None:
    """A value comparison of kinds that never compare: none where a side is empty, an error otherwise."""
    if left is not None and right is not None:
        raise compare.incomparable(left_kind, right_kind)


def raise_error() -> Atom:
    """``error()``."""
    raise EvaluationError("FOER0000", "the rule itself raises an error")


class Lazy:
    """A variable of a function's body: evaluated when it is first asked for, or never."""

    __slots__ = ("_evaluate", "_known", "_value")

    def __init__(self, evaluate: Callable[[], Any]) -> None:
        self._evaluate = evaluate
        self._known = False
        self._value: Any = None

    def __call__(self) -> Any:
        if not self._known:
            self._value = self._evaluate()
            self._known = True
        return self._value
