"""Comparisons of XPath 2.0 between atoms, and the effective boolean value.

:func:`plan` tells the compiler what stands on either side of Python's own operator, once the kinds are known; the
conversions have Python's operators give XPath's answer (NaN is unequal to itself, strings compare by code points, dates
as moments). Where a kind is only known at run time, :func:`general` and :func:`value` decide by the value itself.

Saxon 12 answers ``xs:untypedAtomic('NaN') >= 0`` and ``xs:untypedAtomic('-0') != 0e0`` with true; the recommendation
says false, and so does this.

Source: XML Path Language 2.0, sections 2.4.3, 3.5.1 and 3.5.2.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from fakturahub.rules.runtime.casts import Atom, boolean_of_string, double_of_string
from fakturahub.rules.runtime.dates import Date, DateTime, date_of_string, date_time_of_string
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import double

Kind: TypeAlias = Literal["untyped", "string", "boolean", "integer", "decimal", "double", "date", "dateTime"]
Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge"]
#: what makes an operand comparable by Python's operator; "" where it is so already
Conversion: TypeAlias = Literal[
    "", "double_of_string", "boolean_of_string", "date_of_string", "date_time_of_string", "double"
]

#: the Python operator of each of XPath's
PYTHON: dict[Operator, str] = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
CONVERSIONS: dict[Conversion, Callable[[Any], Any]] = {
    "": lambda value: value,
    "double_of_string": double_of_string,
    "boolean_of_string": boolean_of_string,
    "date_of_string": date_of_string,
    "date_time_of_string": date_time_of_string,
    "double": double,
}
_OPERATORS: dict[Operator, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_NUMERIC = frozenset({"integer", "decimal", "double"})
_OF_UNTYPED: dict[Kind, Conversion] = {
    "untyped": "",
    "string": "",
    "boolean": "boolean_of_string",
    "integer": "double_of_string",
    "decimal": "double_of_string",
    "double": "double_of_string",
    "date": "date_of_string",
    "dateTime": "date_time_of_string",
}
_KINDS: dict[type, Kind] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    float: "double",
    Date: "date",
    DateTime: "dateTime",
}


class Plan(NamedTuple):
    """How two kinds are compared: ``left(a) <operator> right(b)``; the conversions are names in :data:`CONVERSIONS`."""

    left: Conversion
    right: Conversion


def plan(left: Kind, right: Kind, *, general: bool) -> Plan | None:
    """How *left* and *right* are compared by a general (``=``) or a value comparison (``eq``).

    None: they never compare, evaluation of the pair raises XPTY0004 (:func:`incomparable`).
    """
    if general and left == "untyped" and right == "untyped":
        return Plan("", "")
    if general and left == "untyped":
        return Plan(_OF_UNTYPED[right], "double" if right in ("integer", "decimal") else "")
    if general and right == "untyped":
        return Plan("double" if left in ("integer", "decimal") else "", _OF_UNTYPED[left])
    # in a value comparison untyped is a string
    first = "string" if left == "untyped" else left
    second = "string" if right == "untyped" else right
    if first in _NUMERIC and second in _NUMERIC:
        if (first == "double") == (second == "double"):
            return Plan("", "")
        return Plan("", "double") if first == "double" else Plan("double", "")
    return Plan("", "") if first == second else None


def incomparable(left: str, right: str) -> EvaluationError:
    """The error of two kinds that never compare; generated code raises it."""
    return EvaluationError("XPTY0004", f"cannot compare {left} to {right}")


def kind_of(value: Atom, *, untyped: bool = False) -> Kind:
    """The kind of *value*; *untyped*: a string is the text of a node."""
    if untyped and type(value) is str:
        return "untyped"
    return _KINDS[type(value)]


def _compared(op: Operator, left: Atom, right: Atom, kinds: tuple[Kind, Kind], general: bool) -> bool:
    found = plan(*kinds, general=general)
    if found is None:
        raise incomparable(*kinds)
    return _OPERATORS[op](CONVERSIONS[found.left](left), CONVERSIONS[found.right](right))


def value(
    op: Operator, left: Atom | None, right: Atom | None, *, left_untyped: bool = False, right_untyped: bool = False
) -> bool | None:
    """``left eq right`` and its like; None where an operand is the empty sequence. Errors: XPTY0004."""
    if left is None or right is None:
        return None
    kinds = (kind_of(left, untyped=left_untyped), kind_of(right, untyped=right_untyped))
    return _compared(op, left, right, kinds, general=False)


def general(
    op: Operator,
    left: Iterable[Atom],
    right: Sequence[Atom],
    *,
    left_untyped: bool = False,
    right_untyped: bool = False,
) -> bool:
    """``left = right`` and its like: whether any pair compares; the first pair that does ends it.

    *left_untyped*, *right_untyped*: the strings of that side are texts of nodes.
    Errors: XPTY0004 for a pair that never compares, FORG0001 for an untyped text that is no value of the other's kind.
    """
    for one in left:
        kind = kind_of(one, untyped=left_untyped)
        for other in right:
            if _compared(op, one, other, (kind, kind_of(other, untyped=right_untyped)), general=True):
                return True
    return False


def boolean_of_atom(value: Atom | None) -> bool:
    """The effective boolean value of at most one atom; FORG0006 for a date."""
    if value is None:
        return False
    if isinstance(value, DateTime):
        raise EvaluationError("FORG0006", "a date has no effective boolean value")
    return bool(value) and value == value


def effective_boolean(items: Sequence[object]) -> bool:
    """``boolean(items)``: whatever is no atom is a node. FORG0006 where the first of several is an atom."""
    if not items:
        return False
    first = items[0]
    if type(first) not in _KINDS:
        return True
    if len(items) > 1:
        raise EvaluationError("FORG0006", "a sequence that begins with a value and has more than one item")
    return boolean_of_atom(first)  # type: ignore[arg-type]
