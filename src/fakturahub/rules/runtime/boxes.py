"""Values whose type is known only when a document is checked.

Elements and untyped values look like integers and strings in generated code; where kinds mix they are put into the
classes below and so tell their type. All other values tell it by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from fakturahub.rules.runtime import casts, compare
from fakturahub.rules.runtime.dates import (
    Date,
    DateTime,
    date_of_date_time,
    date_of_string,
    date_time_of_date,
    date_time_of_string,
)
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import Number, double


class Element(int):
    """An element."""

    __slots__ = ()


class Untyped(str):
    """An xs:untypedAtomic."""

    __slots__ = ()


class Tree(str):
    """The text of a document made by a variable's content: a node, and untyped as a value."""

    __slots__ = ()


def boxed_node(node: Any) -> Any:
    """A node of any kind, boxed."""
    return Element(node) if node.__class__ is int else node


def boxed_optional(box: Any, value: Any) -> Any:
    """The value boxed, or None."""
    return None if value is None else box(value)


def atom(d: Document, value: Any) -> Any:
    """The typed value of an item."""
    kind = value.__class__
    if kind is Element:
        return Untyped(d.string(int(value)))
    if kind is tuple:
        return Untyped(value[3])
    return Untyped(value) if kind is Tree else value


def ebv(items: Sequence[Any]) -> bool:
    """The effective boolean value of items."""
    if not items:
        return False
    value = items[0]
    if value.__class__ in (Element, tuple, Tree):
        return True
    return compare.effective_boolean([_plain(item) for item in items])


def selects(position: int, items: Sequence[Any]) -> bool:
    """Whether a predicate with that value selects the item at *position*."""
    if len(items) == 1 and type(items[0]) in (int, float, Decimal):
        return bool(items[0] == position)
    return ebv(items)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def text_of_any(value: Any) -> str:
    """An atom where ``xs:string?`` is declared; XPTY0004 where it is neither a string nor untyped."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    raise EvaluationError("XPTY0004", f"a value of type xs:{compare.kind_of(value)} where a string is expected")


def string_of_any(value: Any) -> str:
    """``string(value)`` of an atom."""
    return casts.string_of(_plain(value))


def number_of_any(value: Any, or_nan: bool = False) -> Any:
    """A number where ``numeric?`` is declared; with *or_nan* ``number(value)``."""
    if or_nan:
        return casts.number_of(_plain(value))
    if type(value) in (int, float, Decimal):
        return value
    if type(value) is Untyped:
        return casts.double_of_string(str(value))
    raise EvaluationError("XPTY0004", f"a value of type xs:{compare.kind_of(_plain(value))} where a number is expected")


def summand(value: Any) -> Any:
    """A value of ``sum``; FORG0006 where it is no number."""
    try:
        return number_of_any(value)
    except EvaluationError as error:
        if error.code != "XPTY0004":
            raise
        raise EvaluationError("FORG0006", "sum() of what is no number") from None


def cast_any(value: Any, kind: str) -> Any:
    """``xs:…(value)`` of an atom of any type."""
    if isinstance(value, str):
        return _OF_TEXT[kind](str(value))
    if kind in ("string", "untyped"):
        return casts.string_of(value)
    if isinstance(value, DateTime):
        if kind == "date":
            return date_of_date_time(value)
        if kind == "dateTime":
            return date_time_of_date(value)
    elif kind in _OF_NUMBER:
        return _OF_NUMBER[kind](value)
    raise EvaluationError("XPTY0004", f"xs:{compare.kind_of(value)} cannot be cast to xs:{kind}")


def castable_any(value: Any, kind: str) -> bool:
    """``value castable as xs:…`` of an atom of any type."""
    try:
        cast_any(value, kind)
    except EvaluationError as error:
        if error.code in ("FORG0001", "XPTY0004", "FOCA0002", "FODT0001"):
            return False
        raise
    return True


def promoted(value: Any, kind: str) -> Any:
    """A value by the function conversion rules where *kind* is declared."""
    if type(value) is Untyped:
        return _OF_TEXT[kind](str(value))
    have = compare.kind_of(_plain(value))
    if have == kind:
        return _plain(value)
    if kind == "decimal" and have == "integer":
        return value
    if kind == "double" and have in ("integer", "decimal"):
        return double(value)
    raise EvaluationError("XPTY0004", f"a value of type xs:{have} where xs:{kind} is declared")


def general_any(operator: compare.Operator, left: Iterable[Any], right: Iterable[Any]) -> bool:
    """``=`` and its like between atoms of any types; strings that are not boxed are xs:string."""
    others = list(right)
    return any(
        compare.general(
            operator,
            [_plain(one)],
            [_plain(other)],
            left_untyped=type(one) is Untyped,
            right_untyped=type(other) is Untyped,
        )
        for one in left
        for other in others
    )


def value_any(operator: compare.Operator, left: Any, right: Any) -> bool | None:
    """``eq`` and its like between atoms of any types."""
    return compare.value(operator, _plain(left), _plain(right))


def deep_equal(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """``deep-equal`` of atoms."""
    if len(left) != len(right):
        return False
    for one, other in zip(left, right, strict=True):
        first, second = _plain(one), _plain(other)
        both_nan = first != first and second != second
        try:
            if not both_nan and not compare.value("eq", first, second):
                return False
        except EvaluationError:
            # kinds that do not compare are unequal here
            return False
    return True


_OF_TEXT: dict[str, Any] = {
    "string": str,
    "untyped": str,
    "boolean": casts.boolean_of_string,
    "decimal": casts.decimal_of_string,
    "integer": casts.integer_of_string,
    "double": casts.double_of_string,
    "date": date_of_string,
    "dateTime": date_time_of_string,
}
_OF_NUMBER: dict[str, Any] = {
    "boolean": casts.boolean_of_number,
    "decimal": casts.decimal_of_number,
    "integer": casts.integer_of_number,
    "double": casts.double_of_number,
}

__all__ = ["Date", "Number"]
