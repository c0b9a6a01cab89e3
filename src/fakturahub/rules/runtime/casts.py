"""Casts of XPath 2.0 between plain Python values, and whether a string can be cast.

The lexical forms are those of XML Schema Part 2, with its white space (space, tab, line feed, carriage return)
removed at both ends and nothing else forgiven: ``decimal.Decimal`` and ``float`` of Python also take exponents,
underscores and every script's digits.

A cast that fails raises :class:`EvaluationError` FORG0001; a number without a counterpart FOCA0002.
Source: XQuery 1.0 and XPath 2.0 Functions and Operators, section 17.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from fakturahub.rules.runtime.dates import Date, DateTime
from fakturahub.rules.runtime.errors import EvaluationError, shown
from fakturahub.rules.runtime.numbers import DIGITS, Number, double
from fakturahub.rules.runtime.strings import WHITE_SPACE

#: one value that is no node
Atom: TypeAlias = str | bool | int | float | Decimal | Date | DateTime

_decimal_form = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)").fullmatch
_integer_form = re.compile(r"[+-]?[0-9]+").fullmatch
_double_form = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_SPECIAL_DOUBLES = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf, "NaN": math.nan}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _refused(text: str, kind: str) -> EvaluationError:
    return EvaluationError("FORG0001", f"{shown(text)} is no {kind}")


def decimal_of_string(text: str) -> Decimal:
    """``xs:decimal(text)``; FOCA0006 past :data:`DIGITS` characters."""
    stripped = text
    if _decimal_form(text) is None:
        stripped = text.strip(WHITE_SPACE)
        if _decimal_form(stripped) is None:
            raise _refused(text, "decimal number")
    if len(stripped) > DIGITS:
        raise EvaluationError("FOCA0006", f"a decimal number of more than {DIGITS} digits")
    return Decimal(stripped)


def integer_of_string(text: str) -> int:
    """``xs:integer(text)``; FOCA0006 past :data:`DIGITS` characters."""
    stripped = text.strip(WHITE_SPACE)
    if _integer_form(stripped) is None:
        raise _refused(text, "integer")
    if len(stripped) > DIGITS:
        raise EvaluationError("FOCA0006", f"an integer of more than {DIGITS} digits")
    return int(stripped)


def double_of_string(text: str) -> float:
    """``xs:double(text)``; INF, +INF, -INF and NaN are numbers, too."""
    if _double_form(text) is not None:
        return float(text)
    stripped = text.strip(WHITE_SPACE)
    if _double_form(stripped) is not None:
        return float(stripped)
    if stripped in _SPECIAL_DOUBLES:
        return _SPECIAL_DOUBLES[stripped]
    raise _refused(text, "number")


def number_of_string(text: str) -> float:
    """``number(text)``: NaN where :func:`double_of_string` would raise."""
    if _double_form(text) is not None:
        return float(text)
    stripped = text.strip(WHITE_SPACE)
    if _double_form(stripped) is not None:
        return float(stripped)
    return _SPECIAL_DOUBLES.get(stripped, math.nan)


def boolean_of_string(text: str) -> bool:
    """``xs:boolean(text)``: true, false, 1, 0."""
    value = _BOOLEANS.get(text.strip(WHITE_SPACE))
    if value is None:
        raise _refused(text, "boolean")
    return value


def decimal_of_number(value: Number) -> Decimal:
    """``xs:decimal(value)`` of any number or boolean, exactly."""
    if type(value) is float and not math.isfinite(value):
        raise EvaluationError("FOCA0002", f"{string_of_double(value)} is no decimal number")
    return Decimal(value)


def integer_of_number(value: Number) -> int:
    """``xs:integer(value)`` of any number or boolean: towards zero."""
    if type(value) is float and not math.isfinite(value):
        raise EvaluationError("FOCA0002", f"{string_of_double(value)} is no integer")
    return int(value)


def double_of_number(value: Number) -> float:
    """``xs:double(value)`` of any number or boolean."""
    return double(value)


def boolean_of_number(value: Number) -> bool:
    """``xs:boolean(value)``: zero and NaN are false."""
    return bool(value) and value == value


def string_of_boolean(value: bool) -> str:
    """``xs:string(value)``."""
    return "true" if value else "false"


def string_of_integer(value: int) -> str:
    """``xs:string(value)``."""
    if value.bit_length() > 4 * DIGITS:
        raise EvaluationError("FOAR0002", f"a number of more than {DIGITS} digits")
    return str(value)


def string_of_decimal(value: Decimal) -> str:
    """``xs:string(value)``: no exponent, no trailing zero, no point where nothing follows it; zero has no sign."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def string_of_double(value: float) -> str:
    """``xs:string(value)``: as a decimal from 0.000001 up to below 1000000, else with an exponent (``1.0E7``)."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    if not value:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    if 1e-6 <= abs(value) < 1e6:
        return string_of_decimal(Decimal(repr(value)))
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    mantissa = "".join(map(str, digits)).rstrip("0")
    power = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{power}"


def string_of(value: Atom | None) -> str:
    """``string(value)`` of any atom; "" for the empty sequence."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return string_of_integer(value)  # type: ignore[arg-type]
    if kind is Decimal:
        return string_of_decimal(value)  # type: ignore[arg-type]
    if kind is float:
        return string_of_double(value)  # type: ignore[arg-type]
    return str(value)


def number_of(value: Atom | None) -> float:
    """``number(value)`` of any atom; NaN where it is no number, and for the empty sequence."""
    if type(value) is str:
        return number_of_string(value)
    if isinstance(value, (int, float, Decimal)):
        return double(value)
    return math.nan


def is_decimal(text: str) -> bool:
    """``text castable as xs:decimal``."""
    return _castable(text, decimal_of_string)


def is_integer(text: str) -> bool:
    """``text castable as xs:integer``."""
    return _castable(text, integer_of_string)


def is_double(text: str) -> bool:
    """``text castable as xs:double``."""
    return _castable(text, double_of_string)


def is_boolean(text: str) -> bool:
    """``text castable as xs:boolean``."""
    return text.strip(WHITE_SPACE) in _BOOLEANS


def is_finite(value: Number) -> bool:
    """``value castable as xs:decimal`` (or xs:integer) of a number."""
    return type(value) is not float or math.isfinite(value)


def _castable(text: str, cast: Callable[[str], object]) -> bool:
    try:
        cast(text)
    except EvaluationError as error:
        if error.code == "FORG0001":
            return False
        raise
    return True
