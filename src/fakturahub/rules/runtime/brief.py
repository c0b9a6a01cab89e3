"""What the short forms of generated code call. A case they do not know raises; see ``compiler.short``."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Container, Sequence
from decimal import Decimal
from math import nan
from typing import Any

from fakturahub.rules.runtime.absent import ABSENT, StringWanted
from fakturahub.rules.runtime.casts import (
    boolean_of_string,
    decimal_of_number,
    decimal_of_string,
    double_of_string,
    number_of_string,
)
from fakturahub.rules.runtime.document import Document, by_name
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import Number, divide_decimals

#: short forms compute in this context: what would have to be rounded raises, comparisons with NaN are false
CONTEXT = decimal.Context(
    prec=200,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[decimal.Inexact, decimal.Overflow, decimal.DivisionByZero],
)

#: what a short form raises where it does not know the answer
RETRY = (StringWanted, EvaluationError, TypeError, ArithmeticError)

#: texts whose values are remembered
_KEPT = 20_000

_NOTHING = Decimal("NaN")
_HALF = Decimal("0.5")
_CENT = Decimal("0.01")
_HALF_A_CENT = Decimal("0.005")
_CENTS = decimal.Context(prec=200, Emin=-999_999, Emax=999_999, traps=[decimal.InvalidOperation])
#: doubles that short forms compute with are smaller
_LARGEST = 1e15


class Remembered(dict[Any, Any]):
    """Values of texts. ``ABSENT`` is in it by identity; threads may share it, for a value is always the same."""

    __slots__ = ("_absent", "_convert")

    def __init__(self, convert: Callable[[str], Any], absent: Any) -> None:
        super().__init__({ABSENT: absent})
        self._convert = convert
        self._absent = absent

    def __missing__(self, text: str) -> Any:
        value = self._convert(text)
        if len(self) > _KEPT:
            self.clear()
            self[ABSENT] = self._absent
        if len(text) < 100:
            self[text] = value
        return value


def _double(text: str) -> float:
    value = double_of_string(text)
    # NaN stands for none here, and what is computed with infinity may be NaN
    if -_LARGEST < value < _LARGEST:
        return value
    raise StringWanted


#: text -> xs:decimal, xs:double, xs:boolean
D = Remembered(decimal_of_string, _NOTHING)
F = Remembered(_double, nan)
B = Remembered(boolean_of_string, ABSENT)


class RememberedCall(dict[str, Any]):
    """Values of a function of the pack that depends on one text alone, such as the check of an identifier's digits."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Document | None, str], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, text: str) -> Any:
        value = self._function(None, text)
        if len(self) > _KEPT:
            self.clear()
        if len(text) < 100:
            self[text] = value
        return value


def up(d: Document, n: Any, tag: str) -> list[int]:
    """``ancestor::tag`` of an element."""
    if tag not in d.R[n].names:
        return []
    found: list[int] = []
    above = d.P[n]
    while above > 0:
        if d.R[above].tag == tag:
            found.append(above)
        above = d.P[above]
    found.reverse()
    return found


def has(column: Sequence[Container[str]], at: Any, name: str) -> bool:
    """Whether the element, or any of the elements, at *at* has a child or an attribute of that name."""
    if at.__class__ is int:
        return name in column[at]
    return any(name in column[one] for one in at)


def how_many(at: Any) -> int:
    """The number of elements at *at*."""
    if at.__class__ is int:
        return 1 if at >= 0 else 0
    return len(at)


def rounded(value: Any) -> Any:
    """``round`` of an integer or a decimal."""
    return value if value.__class__ is int else (value + _HALF).to_integral_value(decimal.ROUND_FLOOR)


def cents(value: Any) -> Any:
    """``round(value * 10 * 10) div 100``."""
    if value.__class__ is int:
        return value
    return (value + _HALF_A_CENT).quantize(_CENT, decimal.ROUND_FLOOR, _CENTS)


def hundredth(value: Any) -> Any:
    """``value div 100``."""
    if value != value:
        return value
    quotient = Decimal(value).scaleb(-2)
    return quotient if quotient.as_tuple().exponent >= -18 else divide_decimals(value, 100)  # type: ignore[operator]


def quotient(left: Any, right: Any) -> Number:
    """``left div right`` of integers and decimals."""
    if left != left or right == 1:
        return left  # type: ignore[no-any-return]
    return right if right != right else divide_decimals(left, right)


def differ(left: Any, right: Any) -> bool:
    """``left != right`` of integers and decimals."""
    return bool(left != right and left == left and right == right)


def number_or_nan(text: str | None) -> float:
    """``number(text)`` of at most one value."""
    return nan if text is None else number_of_string(text)


def or_absent(text: str | None) -> Any:
    """The string of at most one value, ABSENT for none."""
    return ABSENT if text is None else text


def none_if_nan(value: Any) -> Any:
    """A decimal or an integer of a short form as the exact forms have it."""
    return value if value == value else None


def nan_if_none(value: Any) -> Any:
    """The other way round."""
    return _NOTHING if value is None else value


def in_blanks(words: frozenset[str], text: str, wanted: str) -> bool:
    """``contains(text, concat(' ', wanted, ' '))``, *text* being the words with a blank before and after each."""
    return wanted in words or (" " in wanted and f" {wanted} " in text)


def kids(at: Any) -> Any:
    """The elements at *at* (None, one or a list) as something to go through."""
    if at is None:
        return ()
    return (at,) if at.__class__ is int else at


def sole(values: Sequence[Any]) -> Any:
    """The only number, or NaN for none."""
    if not values:
        return _NOTHING
    if len(values) > 1:
        raise StringWanted
    return values[0]


def is_number(value: float) -> bool:
    """``string(value) != 'NaN'`` of a double."""
    return value == value


def sole_text(values: Sequence[Any], none: Any = "") -> Any:
    """The only text, or *none*."""
    if not values:
        return none
    if len(values) > 1:
        raise StringWanted
    return values[0]


def decimal_or_nan(value: float) -> Any:
    """``xs:decimal`` of a double."""
    return decimal_of_number(value) if value == value else _NOTHING


def must(value: Any) -> Any:
    """A number where exactly one must stand."""
    if value != value:
        raise StringWanted
    return value


def above(parent: int) -> int:
    """A parent, where there is one."""
    if parent < 0:
        raise StringWanted
    return parent


def lone(d: Document, at: Any) -> str:
    """The only text of an element that holds nothing else; "" for none."""
    if at < 0:
        return ""
    if d.K[at] or d.R[at].commented:
        raise StringWanted
    return d.T[at]  # type: ignore[no-any-return]


def lone_or_absent(d: Document, at: Any) -> Any:
    """The same, ABSENT for none."""
    return lone(d, at) or ABSENT


def first_of_equals(d: Document, tag: str) -> list[int]:
    """The elements of a name whose text no element of that name before them has."""
    for record in (d.by_name or by_name(d.lists)).get(tag, ()):
        if tag in record.names:
            # one inside another: that is not before it
            raise StringWanted
    seen: set[str] = set()
    found: list[int] = []
    for node in d.named(tag):
        text = d.T[node]
        if text not in seen:
            seen.add(text)
            found.append(node)
    return found
