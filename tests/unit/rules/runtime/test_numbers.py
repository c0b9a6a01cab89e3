from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import Any

import pytest

from fakturahub.rules.runtime import aggregates, numbers
from fakturahub.rules.runtime.casts import string_of
from fakturahub.rules.runtime.dates import date_of_string
from fakturahub.rules.runtime.errors import EvaluationError


def same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    assert string_of(found) == string_of(expected)


@pytest.mark.parametrize(
    ("left", "right", "quotient"),
    [
        (1, 3, "0.333333333333333333"),
        (2, 3, "0.666666666666666667"),
        (10, 4, "2.5"),
        (10**20, 3, "33333333333333333333.333333333333333333"),
        (3, 524288, "0.000005722045898437"),
        (-1, 524288, "-0.000001907348632812"),
        (Decimal("0.891789"), -7, "-0.127398428571428571428571"),
        (Decimal("1.00"), 3, "0.333333333333333333"),
        (Decimal("1.5"), 7000, "0.0002142857142857143"),
        (Decimal("1.5"), Decimal(7000), "0.0002142857142857142857"),
        (Decimal("7229.15"), Decimal("48756.0"), "0.14827200754778899007"),
        (Decimal("100.00"), Decimal("100"), "1"),
        (0, 5, "0"),
    ],
)
def test_a_quotient_has_saxons_digits(left: Any, right: Any, quotient: str) -> None:
    found = numbers.divide(left, right)
    assert isinstance(found, Decimal)
    assert string_of(found) == quotient


def test_decimals_are_exact_whatever_the_threads_context() -> None:
    with decimal.localcontext() as context:
        context.prec = 3
        same(numbers.add(Decimal("1.000000000000000000000000000001"), 1), Decimal("2.000000000000000000000000000001"))
        same(numbers.multiply(Decimal("1234.5678"), Decimal("1000.0001")), Decimal("1234567.92345678"))
        same(numbers.subtract(Decimal("1E+30"), Decimal("0.1")), Decimal("999999999999999999999999999999.9"))
        same(numbers.divide(Decimal("12345.678"), 1000), Decimal("12.345678"))
        same(numbers.modulo(Decimal("12345.678"), 1000), Decimal("345.678"))
        same(numbers.round_number(Decimal("123456.5")), Decimal("123457"))


def test_the_operands_choose_the_operation() -> None:
    same(numbers.add(1, 2), 3)
    same(numbers.add(1, Decimal("0.5")), Decimal("1.5"))
    same(numbers.add(Decimal("0.1"), 0.2), 0.30000000000000004)
    same(numbers.subtract(Decimal("0.3"), 0.1), 0.19999999999999998)
    same(numbers.multiply(3, 0.1), 0.30000000000000004)


@pytest.mark.parametrize(
    ("left", "right", "quotient", "rest"),
    [
        (-7, 2, -3, -1),
        (7, -2, -3, 1),
        (-7, -3, 2, -1),
        (Decimal("-7.5"), 2, -3, Decimal("-1.5")),
        (Decimal("7.5"), -2, -3, Decimal("1.5")),
        (Decimal("1.5"), Decimal("0.4"), 3, Decimal("0.3")),
        (7.5, 2, 3, 1.5),
        (-4.0, 2, -2, -0.0),
        (1, math.inf, 0, 1.0),
    ],
)
def test_whole_quotients_and_rests(left: Any, right: Any, quotient: int, rest: Any) -> None:
    same(numbers.integer_divide(left, right), quotient)
    same(numbers.modulo(left, right), rest)


@pytest.mark.parametrize("function", [numbers.divide, numbers.integer_divide, numbers.modulo])
@pytest.mark.parametrize("left", [1, Decimal("1.5")])
def test_by_zero(function: Any, left: Any) -> None:
    for zero in (0, Decimal("0.0")):
        with pytest.raises(EvaluationError) as caught:
            function(left, zero)
        assert caught.value.code == "FOAR0001"


def test_doubles_by_zero() -> None:
    same(numbers.divide(1.0, 0), math.inf)
    same(numbers.divide(1.0, -0.0), -math.inf)
    same(numbers.divide(0.0, 0), math.nan)
    same(numbers.modulo(1.0, 0), math.nan)
    same(numbers.modulo(math.inf, 2), math.nan)
    for left, right, code in [
        (1.0, 0, "FOAR0001"),
        (math.nan, 1, "FOAR0002"),
        (math.inf, 1, "FOAR0002"),
        (1e300, 1e-300, "FOAR0002"),
    ]:
        with pytest.raises(EvaluationError, match=code):
            numbers.integer_divide(left, right)


def test_a_result_has_a_limit_that_is_told() -> None:
    large = 10 ** (numbers.DIGITS - 1)
    for product in (lambda: numbers.multiply(large, large), lambda: numbers.add(9 * large, 9 * large)):
        with pytest.raises(EvaluationError, match="FOAR0002"):
            product()
    wide = Decimal(large)
    for _ in range(2):
        wide = numbers.multiply_decimals(wide, 1)
    with pytest.raises(EvaluationError, match="FOAR0002"):
        numbers.add(numbers.multiply(numbers.multiply(wide, wide), wide), Decimal("0.1"))


@pytest.mark.parametrize(
    ("value", "rounded", "even"),
    [
        (Decimal("2.5"), Decimal(3), Decimal(2)),
        (Decimal("-2.5"), Decimal(-2), Decimal(-2)),
        (Decimal("2.4"), Decimal(2), Decimal(2)),
        (Decimal("-3.5"), Decimal(-3), Decimal(-4)),
        (2.5, 3.0, 2.0),
        (-2.5, -2.0, -2.0),
        (-0.2, -0.0, -0.0),
        (0.49999999999999994, 0.0, 0.0),
        (1e300, 1e300, 1e300),
        (-math.inf, -math.inf, -math.inf),
        (math.nan, math.nan, math.nan),
        (7, 7, 7),
    ],
)
def test_rounding(value: Any, rounded: Any, even: Any) -> None:
    same(numbers.round_number(value), rounded)
    same(numbers.round_half_to_even(value), even)


def test_rounding_to_a_precision() -> None:
    same(numbers.round_number(Decimal("2.567"), 2), Decimal("2.57"))
    same(numbers.round_number(-1250, -2), -1200)
    same(numbers.round_number(1250, -2), 1300)
    same(numbers.round_half_to_even(1250, -2), 1200)
    same(numbers.round_half_to_even(2.345, 2), 2.35)
    same(numbers.round_half_to_even(Decimal("2.345"), 2), Decimal("2.34"))
    same(numbers.round_number(Decimal("1.5"), 10**9), Decimal("1.5"))
    same(numbers.round_number(Decimal("1.5"), -(10**9)), Decimal(0))


def test_floor_ceiling_absolute_and_sign() -> None:
    same(numbers.floor(Decimal("-2.5")), Decimal(-3))
    same(numbers.floor(-0.5), -1.0)
    same(numbers.floor(3), 3)
    same(numbers.floor(math.inf), math.inf)
    same(numbers.ceiling(Decimal("2.1")), Decimal(3))
    same(numbers.ceiling(-0.5), -0.0)
    same(numbers.ceiling(math.nan), math.nan)
    same(numbers.absolute(Decimal("-2.50")), Decimal("2.5"))
    same(numbers.absolute(-0.0), 0.0)
    same(numbers.absolute(-3), 3)
    same(numbers.negate(Decimal(0)), Decimal(0))
    same(numbers.negate(0.0), -0.0)
    same(numbers.negate(4), -4)


def test_sums_and_averages() -> None:
    same(aggregates.sum_values([]), 0)
    same(aggregates.sum_decimals([]), 0)
    same(aggregates.sum_doubles([]), 0)
    same(aggregates.sum_values([1, 2]), 3)
    same(aggregates.sum_values([1, Decimal("0.5")]), Decimal("1.5"))
    same(aggregates.sum_values([Decimal("0.1"), 0.2]), 0.30000000000000004)
    same(aggregates.sum_values(["1", " 2.5 "], untyped=True), 3.5)
    same(aggregates.sum_decimals([Decimal("0.1")] * 10), Decimal("1.0"))
    same(aggregates.sum_doubles([0.1] * 3), 0.30000000000000004)
    same(aggregates.sum_doubles([-0.0]), -0.0)
    assert aggregates.average([]) is None
    same(aggregates.average([1, 2]), Decimal("1.5"))
    same(aggregates.average(["1", "2"], untyped=True), 1.5)


def test_extremes() -> None:
    assert aggregates.minimum([]) is None
    same(aggregates.minimum([3, Decimal("2.5")]), Decimal("2.5"))
    same(aggregates.maximum([3, 2.5]), 3.0)
    same(aggregates.maximum(["10", "9"], untyped=True), 10.0)
    same(aggregates.maximum(["10", "9"]), "9")
    same(aggregates.minimum([1.0, math.nan]), math.nan)
    early, late = date_of_string("2024-01-01"), date_of_string("2024-01-02")
    assert aggregates.maximum([early, late]) is late
    assert aggregates.minimum([True, False]) is False


def test_what_does_not_mix() -> None:
    for function in (aggregates.sum_values, aggregates.average, aggregates.minimum):
        with pytest.raises(EvaluationError, match="FORG0006"):
            function([1, "a"])
    with pytest.raises(EvaluationError, match="FORG0006"):
        aggregates.sum_values([date_of_string("2024-01-01")])
    with pytest.raises(EvaluationError, match="FORG0001"):
        aggregates.sum_values(["x"], untyped=True)
