from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fakturahub.rules.runtime import casts
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.numbers import DIGITS

ARABIC_THREE = "\u0663"
NO_BREAK_SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("text", "value"),
    [("5.", "5"), (".5", "0.5"), ("+3", "3"), (" \t\r\n3 ", "3"), ("-0.0", "0"), ("1.50", "1.5"), ("007", "7")],
)
def test_a_decimal(text: str, value: str) -> None:
    assert casts.string_of_decimal(casts.decimal_of_string(text)) == value
    assert casts.is_decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "+", "1e2", "NaN", "INF", "1_0", ARABIC_THREE, f"{NO_BREAK_SPACE}1", "- 1", "1,5", "1.2.3", "0x1"],
)
def test_no_decimal(text: str) -> None:
    assert not casts.is_decimal(text)
    with pytest.raises(EvaluationError) as caught:
        casts.decimal_of_string(text)
    assert caught.value.code == "FORG0001"


@pytest.mark.parametrize(("text", "value"), [("+3", 3), ("-0", 0), (" 12\n", 12), ("9" * 30, int("9" * 30))])
def test_an_integer(text: str, value: int) -> None:
    assert casts.integer_of_string(text) == value
    assert casts.is_integer(text)


@pytest.mark.parametrize("text", ["", "3.0", "3.", "1e2", "1_0", ARABIC_THREE, "NaN"])
def test_no_integer(text: str) -> None:
    assert not casts.is_integer(text)
    with pytest.raises(EvaluationError, match="FORG0001"):
        casts.integer_of_string(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e2", 100.0),
        ("1.E-2", 0.01),
        (" .5 ", 0.5),
        ("INF", math.inf),
        ("+INF", math.inf),
        ("-INF", -math.inf),
        ("1e400", math.inf),
    ],
)
def test_a_double(text: str, value: float) -> None:
    assert casts.double_of_string(text) == value
    assert casts.number_of_string(text) == value
    assert casts.is_double(text)


def test_nan_is_a_double() -> None:
    assert math.isnan(casts.double_of_string(" NaN"))
    assert casts.is_double("NaN")


@pytest.mark.parametrize("text", ["", "nan", "inf", "Infinity", "1e", "e1", "1_0", "1d", ARABIC_THREE, "0x10"])
def test_no_double(text: str) -> None:
    assert not casts.is_double(text)
    assert math.isnan(casts.number_of_string(text))
    with pytest.raises(EvaluationError, match="FORG0001"):
        casts.double_of_string(text)


@pytest.mark.parametrize(("text", "value"), [("true", True), (" 1 ", True), ("false", False), ("\n0", False)])
def test_a_boolean(text: str, value: bool) -> None:
    assert casts.boolean_of_string(text) is value
    assert casts.is_boolean(text)


@pytest.mark.parametrize("text", ["TRUE", "", "yes", "2", f"true{NO_BREAK_SPACE}"])
def test_no_boolean(text: str) -> None:
    assert not casts.is_boolean(text)
    with pytest.raises(EvaluationError, match="FORG0001"):
        casts.boolean_of_string(text)


@pytest.mark.parametrize("cast", [casts.decimal_of_string, casts.integer_of_string, casts.is_decimal, casts.is_integer])
def test_a_number_has_a_limit_that_is_told(cast: Callable[[str], object]) -> None:
    cast("9" * DIGITS)
    with pytest.raises(EvaluationError) as caught:
        cast("9" * (DIGITS + 1))
    assert caught.value.code == "FOCA0006"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (38.0, "38"),
        (0.1, "0.1"),
        (1e7, "1.0E7"),
        (1e6, "1.0E6"),
        (999999.9, "999999.9"),
        (1234567.89, "1.23456789E6"),
        (1e-6, "0.000001"),
        (1e-7, "1.0E-7"),
        (-1e21, "-1.0E21"),
        (-0.0, "-0"),
        (0.0, "0"),
        (math.nan, "NaN"),
        (-math.inf, "-INF"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.0000001"), "0.0000001"),
        (Decimal("-0.00"), "0"),
        (-7, "-7"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ("x", "x"),
    ],
)
def test_a_value_as_a_string(value: Any, text: str) -> None:
    assert casts.string_of(value) == text


def test_numbers_to_numbers() -> None:
    assert casts.integer_of_number(-3.9) == -3
    assert casts.integer_of_number(Decimal("3.9")) == 3
    assert casts.integer_of_number(1e20) == 10**20
    assert casts.decimal_of_number(0.1) == Decimal("0.1000000000000000055511151231257827021181583404541015625")
    assert casts.decimal_of_number(True) == 1
    assert casts.double_of_number(10**400) == math.inf
    assert casts.double_of_number(Decimal(-(10**400))) == -math.inf
    assert casts.boolean_of_number(math.nan) is False
    assert casts.boolean_of_number(Decimal("0.0")) is False
    assert casts.boolean_of_number(-1) is True


@pytest.mark.parametrize("cast", [casts.integer_of_number, casts.decimal_of_number])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_decimal(cast: Callable[[float], object], value: float) -> None:
    assert not casts.is_finite(value)
    with pytest.raises(EvaluationError, match="FOCA0002"):
        cast(value)


def test_number_of_any_atom() -> None:
    assert casts.number_of(" 2.50 ") == 2.5
    assert casts.number_of(True) == 1.0
    assert casts.number_of(Decimal("0.5")) == 0.5
    assert math.isnan(casts.number_of(None))
    assert math.isnan(casts.number_of("1,5"))


def test_a_long_text_is_shortened_in_the_message() -> None:
    with pytest.raises(EvaluationError) as caught:
        casts.decimal_of_string("x" * 10_000)
    assert len(str(caught.value)) < 100
