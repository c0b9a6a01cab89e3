"""Sums, averages and extremes of XPath 2.0.

Either all strings of a sequence are untyped (*untyped*), and each counts as a double, or none is. Where the compiler
knows that all values are untyped it casts them itself, with :func:`~fakturahub.rules.runtime.casts.double_of_string`.

Source: XQuery 1.0 and XPath 2.0 Functions and Operators, section 15.4. Errors: FORG0006 for kinds that do not
mix, FORG0001 for an untyped value that is no number.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import reduce

from fakturahub.rules.runtime.casts import Atom, double_of_string
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import Number, add, add_decimals, divide, double

_NUMBERS = (int, Decimal, float)


def sum_decimals(values: Iterable[Decimal | int]) -> Decimal | int:
    """``sum(values)`` of decimals and integers; the integer 0 where there are none."""
    total: Decimal | int = 0
    for one in values:
        total = add_decimals(total, one)
    return total


def sum_doubles(values: Iterable[float]) -> float | int:
    """``sum(values)`` of doubles, from the left; the integer 0 where there are none."""
    # not from 0: alone, a negative zero keeps its sign
    found = list(values)
    return reduce(operator.add, found) if found else 0


def sum_values(values: Iterable[Atom], *, untyped: bool = False) -> Number:
    """``sum(values)`` of any numbers."""
    numbers = _numbers("sum", values, untyped)
    return reduce(add, numbers) if numbers else 0


def average(values: Iterable[Atom], *, untyped: bool = False) -> Number | None:
    """``avg(values)``: None where there are none."""
    numbers = _numbers("avg", values, untyped)
    return divide(reduce(add, numbers), len(numbers)) if numbers else None


def minimum(values: Iterable[Atom], *, untyped: bool = False) -> Atom | None:
    """``min(values)`` of numbers, of strings by code points, of booleans or of dates; NaN where one is NaN."""
    return _extreme("min", values, untyped)


def maximum(values: Iterable[Atom], *, untyped: bool = False) -> Atom | None:
    """``max(values)``, as :func:`minimum`."""
    return _extreme("max", values, untyped)


def _numbers(function: str, values: Iterable[Atom], untyped: bool) -> list[Number]:
    numbers: list[Number] = []
    for one in values:
        if type(one) in _NUMBERS:
            numbers.append(one)  # type: ignore[arg-type]
        elif untyped and type(one) is str:
            numbers.append(double_of_string(one))
        else:
            raise EvaluationError("FORG0006", f"{function}() of what is no number")
    return numbers


def _extreme(function: str, values: Iterable[Atom], untyped: bool) -> Atom | None:
    atoms = [double_of_string(one) if untyped and type(one) is str else one for one in values]
    if not atoms:
        return None
    kinds = {type(one) for one in atoms}
    if kinds <= set(_NUMBERS):
        return _extreme_number(function, atoms, float in kinds)  # type: ignore[arg-type]
    if len(kinds) > 1:
        raise EvaluationError("FORG0006", f"{function}() of kinds that do not compare")
    return min(atoms) if function == "min" else max(atoms)


def _extreme_number(function: str, numbers: Sequence[Number], as_doubles: bool) -> Number:
    if as_doubles:
        doubles = [double(one) for one in numbers]
        for one in doubles:
            if one != one:
                return one
        return min(doubles) if function == "min" else max(doubles)
    return min(numbers) if function == "min" else max(numbers)
