"""Arithmetic of XPath 2.0 over ``int`` (xs:integer), ``Decimal`` (xs:decimal) and ``float`` (xs:double).

The operands' Python types choose the operation: with a float among them the other one becomes a float first, two ints
stay ints, all else is decimal. Sums and products of decimals are exact; a quotient has eighteen digits after the point,
more where the dividend has more than the divisor (as Saxon computes it). Nothing here depends on the
thread's decimal context.

Sources: XQuery 1.0 and XPath 2.0 Functions and Operators, sections 6.2 and 6.4.
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import TypeAlias

from fakturahub.rules.runtime.errors import EvaluationError

Number: TypeAlias = int | float | Decimal

#: digits that a decimal or an integer may have; a longer one is an error (FOCA0006, FOAR0002). A document that states
#: an amount of four thousand digits is an attack on the multiplication, and Python itself prints no longer int.
DIGITS = 4000

#: exact: a result that would have to be rounded raises instead
WIDE = decimal.Context(
    prec=2 * DIGITS + 20,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=decimal.MIN_EMIN,
    Emax=decimal.MAX_EMAX,
    traps=[decimal.InvalidOperation, decimal.Inexact, decimal.Overflow, decimal.DivisionByZero],
)
#: the same, where rounding is what is asked for
_ROUNDING = decimal.Context(
    prec=4 * DIGITS + 40,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=decimal.MIN_EMIN,
    Emax=decimal.MAX_EMAX,
    traps=[decimal.InvalidOperation, decimal.Overflow],
)
#: for the quotients of everyday, which are exact
_SHORT = decimal.Context(
    prec=60, Emin=-999, Emax=999, traps=[decimal.InvalidOperation, decimal.Inexact, decimal.Overflow, decimal.Subnormal]
)
_QUOTIENT_DIGITS = 18
#: beyond it Saxon divides integers as it divides decimals
_INT64 = 2**63
_LARGEST = 10**DIGITS
_ONE = Decimal(1)
_ZERO = Decimal(0)


def double(value: Number) -> float:
    """A number as xs:double, the nearest one; infinite where none is near."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _overflow() -> EvaluationError:
    return EvaluationError("FOAR0002", f"a number of more than {DIGITS} digits")


def _integer(value: int) -> int:
    if -_LARGEST < value < _LARGEST:
        return value
    raise _overflow()


def _by_zero() -> EvaluationError:
    return EvaluationError("FOAR0001", "division by zero")


def add(left: Number, right: Number) -> Number:
    """``left + right``."""
    if type(left) is float or type(right) is float:
        return double(left) + double(right)
    if type(left) is int and type(right) is int:
        return _integer(left + right)
    return add_decimals(left, right)


def subtract(left: Number, right: Number) -> Number:
    """``left - right``."""
    if type(left) is float or type(right) is float:
        return double(left) - double(right)
    if type(left) is int and type(right) is int:
        return _integer(left - right)
    return subtract_decimals(left, right)


def multiply(left: Number, right: Number) -> Number:
    """``left * right``."""
    if type(left) is float or type(right) is float:
        return double(left) * double(right)
    if type(left) is int and type(right) is int:
        return _integer(left * right)
    return multiply_decimals(left, right)


def add_decimals(left: Number, right: Number) -> Decimal:
    """``left + right`` of two decimals, or of a decimal and an integer; FOAR0002 where the sum is too long."""
    try:
        return WIDE.add(left, right)  # type: ignore[arg-type]
    except decimal.DecimalException:
        raise _overflow() from None


def subtract_decimals(left: Number, right: Number) -> Decimal:
    """As :func:`add_decimals`."""
    try:
        return WIDE.subtract(left, right)  # type: ignore[arg-type]
    except decimal.DecimalException:
        raise _overflow() from None


def multiply_decimals(left: Number, right: Number) -> Decimal:
    """As :func:`add_decimals`."""
    try:
        return WIDE.multiply(left, right)  # type: ignore[arg-type]
    except decimal.DecimalException:
        raise _overflow() from None


def divide(left: Number, right: Number) -> Number:
    """``left div right``: never an integer; FOAR0001 where decimals are divided by zero."""
    if type(left) is float or type(right) is float:
        return _divide_doubles(double(left), double(right))
    return divide_decimals(left, right)


def divide_decimals(left: Number, right: Number) -> Decimal:
    """``left div right`` of decimals and integers, rounded half down at 18 digits or more, as Saxon does."""
    if not right:
        raise _by_zero()
    try:
        quotient = _SHORT.divide(left, right)  # type: ignore[arg-type]
        if _scale(quotient) <= _QUOTIENT_DIGITS:
            return quotient
    except decimal.DecimalException:
        pass  # not exact: below it is rounded where Saxon rounds it
    dividend, divisor = Decimal(left), Decimal(right)
    digits = _QUOTIENT_DIGITS + max(0, _stripped_scale(left, right) - _stripped_scale(right, left))
    try:
        # The whole part and a remainder, both exact: one division in a context of digits enough would round twice.
        scaled = _ROUNDING.scaleb(dividend, digits)
        whole, rest = _ROUNDING.divmod(scaled, divisor)
        if abs(_ROUNDING.multiply(rest, Decimal(2))) > abs(divisor):
            whole = _ROUNDING.add(whole, _ONE if (dividend < 0) == (divisor < 0) else -_ONE)
        return WIDE.normalize(_ROUNDING.scaleb(whole, -digits))
    except decimal.DecimalException:
        raise _overflow() from None


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _stripped_scale(value: Number, other: Number) -> int:
    """Digits after the point without trailing zeros; negative where a decimal ends in zeros before it."""
    if type(value) is int and (type(other) is not int or -_INT64 <= value < _INT64):
        return 0
    exponent = WIDE.normalize(Decimal(value)).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _divide_doubles(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, math.copysign(1.0, left) * math.copysign(1.0, right))


def integer_divide(left: Number, right: Number) -> int:
    """``left idiv right``: towards zero; FOAR0001 by zero, FOAR0002 of what is not finite."""
    if type(left) is float or type(right) is float:
        return _integer_divide_doubles(double(left), double(right))
    if not right:
        raise _by_zero()
    if type(left) is int and type(right) is int:
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    try:
        return _integer(int(_ROUNDING.divide_int(left, right)))  # type: ignore[arg-type]
    except decimal.DecimalException:
        raise _overflow() from None


def _integer_divide_doubles(left: float, right: float) -> int:
    if not right:
        raise _by_zero()
    if math.isnan(left) or math.isnan(right) or math.isinf(left):
        raise EvaluationError("FOAR0002", "integer division of what is not a finite number")
    if math.isinf(right):
        return 0
    quotient = left / right
    if math.isinf(quotient):
        raise EvaluationError("FOAR0002", "the result of an integer division is too large")
    return int(quotient)


def modulo(left: Number, right: Number) -> Number:
    """``left mod right``: the sign of *left*; FOAR0001 where decimals are divided by zero."""
    if type(left) is float or type(right) is float:
        return _modulo_doubles(double(left), double(right))
    if not right:
        raise _by_zero()
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    try:
        return _ROUNDING.remainder(left, right)  # type: ignore[arg-type]
    except decimal.DecimalException:
        raise _overflow() from None


def _modulo_doubles(left: float, right: float) -> float:
    if math.isnan(left) or math.isnan(right) or math.isinf(left) or not right:
        return math.nan
    return math.fmod(left, right)


def negate(value: Number) -> Number:
    """``-value``; a decimal zero has no sign, a double one has."""
    if type(value) is Decimal:
        return value.copy_negate() if value else _ZERO
    return -value


def absolute(value: Number) -> Number:
    """``abs(value)``."""
    if isinstance(value, Decimal):
        return value.copy_abs()
    return abs(value)


def floor(value: Number) -> Number:
    """``floor(value)``: the type stays; -0 and what is not finite stay as they are."""
    if type(value) is float:
        return value if not math.isfinite(value) or not value else float(math.floor(value))
    return value.to_integral_value(decimal.ROUND_FLOOR) if type(value) is Decimal else value


def ceiling(value: Number) -> Number:
    """``ceiling(value)``: the type stays; what lies between -1 and 0 gives -0."""
    if type(value) is float:
        return math.copysign(float(math.ceil(value)), value) if math.isfinite(value) else value
    return value if type(value) is not Decimal else value.to_integral_value(decimal.ROUND_CEILING)


def round_number(value: Number, precision: int = 0) -> Number:
    """``round(value)``, of XPath 3.1 with a precision: half towards positive infinity; the type stays."""
    if precision == 0 and type(value) is Decimal:
        return value.to_integral_value(decimal.ROUND_HALF_DOWN if value < 0 else decimal.ROUND_HALF_UP)
    return _rounded(value, precision, half_even=False)


def round_half_to_even(value: Number, precision: int = 0) -> Number:
    """``round-half-to-even(value, precision)``; the type stays."""
    return _rounded(value, precision, half_even=True)


def _rounded(value: Number, precision: int, half_even: bool) -> Number:
    if type(value) is float:
        if not math.isfinite(value) or not value:
            return value
        if precision == 0 and not half_even and abs(value) < 2**52:
            # floor(value + 0.5) would be one too many just below a half; the subtraction here is exact
            low = math.floor(value)
            return math.copysign(float(low + (value - low >= 0.5)), value)
        return math.copysign(double(_rounded_decimal(Decimal(value), precision, half_even)), value)
    if type(value) is Decimal:
        return _rounded_decimal(value, precision, half_even)
    return value if precision >= 0 else _integer(int(_rounded_decimal(Decimal(value), precision, half_even)))


def _rounded_decimal(value: Decimal, precision: int, half_even: bool) -> Decimal:
    if precision >= _scale(value):
        return value
    if -precision > 2 * DIGITS:
        return _ZERO
    towards_infinity = decimal.ROUND_HALF_DOWN if value < 0 else decimal.ROUND_HALF_UP
    mode = decimal.ROUND_HALF_EVEN if half_even else towards_infinity
    return value.quantize(Decimal((0, (1,), -precision)), mode, _ROUNDING)
