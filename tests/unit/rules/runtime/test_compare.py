from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from fakturahub.rules.runtime import compare
from fakturahub.rules.runtime.dates import date_of_string, date_time_of_string
from fakturahub.rules.runtime.errors import EvaluationError


@pytest.mark.parametrize(
    ("op", "left", "right", "answer"),
    [
        ("eq", "384.0", 384, True),
        ("eq", " 384 ", Decimal("384.00"), True),
        ("eq", "0.10000000000000000001", Decimal("0.1"), True),
        ("lt", "9", 10, True),
        ("ge", "NaN", 0, False),
        ("ne", "NaN", 0, True),
        ("eq", "0", False, True),
        ("eq", " false ", False, True),
        ("eq", "2024-01-01", date_of_string("2024-01-01Z"), True),
        ("gt", "2024-01-01T00:00:01Z", date_time_of_string("2024-01-01T00:00:00"), True),
        ("eq", "1", "1.0", False),
        ("lt", "9", "10", False),
        ("eq", "INF", math.inf, True),
    ],
)
def test_untyped_in_a_general_comparison(op: Any, left: Any, right: Any, answer: bool) -> None:
    mirrored = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}.get(op, op)
    assert compare.general(op, [left], [right], left_untyped=True) is answer
    assert compare.general(mirrored, [right], [left], right_untyped=True) is answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "right", [30, Decimal("1.5"), 1.0, True, date_of_string("2024-01-01"), date_time_of_string("2024-01-01T00:00:00")]
)
def test_an_untyped_text_that_is_no_value_of_the_others_kind(right: Any) -> None:
    with pytest.raises(EvaluationError) as caught:
        compare.general("eq", ["ZZZ"], [right], left_untyped=True)
    assert caught.value.code == "FORG0001"


@pytest.mark.parametrize(
    ("op", "left", "right", "answer"),
    [
        ("eq", 1, Decimal("1.0"), True),
        ("eq", Decimal("0.1"), 0.1, True),
        ("eq", 0.1, Decimal("0.1000000000000000055"), True),
        ("eq", 2**53 + 1, float(2**53), True),
        ("ne", math.nan, math.nan, True),
        ("lt", "Z", "a", True),
        ("lt", "\uffee", "😀", True),
        ("lt", False, True, True),
        ("le", date_of_string("2024-01-01+01:00"), date_of_string("2024-01-01"), True),
    ],
)
def test_typed_values(op: Any, left: Any, right: Any, answer: bool) -> None:
    assert compare.value(op, left, right) is answer
    assert compare.general(op, [left], [right]) is answer


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", 1),
        (1, True),
        ("true", True),
        (date_of_string("2024-01-01"), "2024-01-01"),
        (date_of_string("2024-01-01"), date_time_of_string("2024-01-01T00:00:00")),
        (1.0, date_of_string("2024-01-01")),
    ],
)
def test_kinds_that_never_compare(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        with pytest.raises(EvaluationError, match="XPTY0004"):
            compare.value("eq", one, other)
        with pytest.raises(EvaluationError, match="XPTY0004"):
            compare.general("eq", [one], [other])


def test_in_a_value_comparison_untyped_is_a_string() -> None:
    assert compare.value("eq", "1", "1", left_untyped=True) is True
    with pytest.raises(EvaluationError, match="XPTY0004"):
        compare.value("eq", "1", 1, left_untyped=True)


def test_the_empty_sequence() -> None:
    assert compare.value("eq", None, 1) is None
    assert compare.value("eq", "a", None) is None
    assert compare.general("ne", [], [1]) is False
    assert compare.general("ne", [1], []) is False


def test_a_general_comparison_is_existential() -> None:
    assert compare.general("eq", ["a", "b"], ["c", "b"])
    assert compare.general("ne", ["a", "b"], ["a", "b"])
    assert not compare.general("ne", ["a"], ["a"])
    # the first pair that compares ends it, before the pair that could not
    assert compare.general("eq", [1, "a"], [1])


KINDS: tuple[compare.Kind, ...] = ("untyped", "string", "boolean", "integer", "decimal", "double", "date", "dateTime")
EXAMPLES: dict[compare.Kind, Any] = {
    "untyped": "x",
    "string": "x",
    "boolean": True,
    "integer": 1,
    "decimal": Decimal(1),
    "double": 1.0,
    "date": date_of_string("2024-01-01"),
    "dateTime": date_time_of_string("2024-01-01T00:00:00"),
}


@pytest.mark.parametrize("left", KINDS)
@pytest.mark.parametrize("right", KINDS)
def test_a_plan_makes_both_sides_of_one_python_kind(left: compare.Kind, right: compare.Kind) -> None:
    for general in (True, False):
        found = compare.plan(left, right, general=general)
        if found is None:
            continue
        of_side = {"double_of_string": "double", "double": "double", "boolean_of_string": "boolean"}
        of_side |= {"date_of_string": "date", "date_time_of_string": "dateTime"}
        kinds = {of_side.get(found.left) or left, of_side.get(found.right) or right}
        assert len(kinds - {"untyped"} | ({"string"} if "untyped" in kinds else set())) == 1 or kinds <= {
            "integer",
            "decimal",
        }
        for conversion, kind in ((found.left, left), (found.right, right)):
            if conversion in ("", "double"):
                compare.CONVERSIONS[conversion](EXAMPLES[kind])


@pytest.mark.parametrize(
    ("items", "answer"),
    [
        ([], False),
        ([""], False),
        (["false"], True),
        ([0], False),
        ([Decimal("0.0")], False),
        ([math.nan], False),
        ([-0.0], False),
        ([0.1], True),
        ([False], False),
        ([object()], True),
        ([object(), ""], True),
    ],
)
def test_the_effective_boolean_value(items: list[object], answer: bool) -> None:
    assert compare.effective_boolean(items) is answer


@pytest.mark.parametrize("items", [[date_of_string("2024-01-01")], [1, 2], [False, object()], ["a", "b"]])
def test_no_effective_boolean_value(items: list[object]) -> None:
    with pytest.raises(EvaluationError, match="FORG0006"):
        compare.effective_boolean(items)


def test_the_effective_boolean_value_of_nothing() -> None:
    assert compare.boolean_of_atom(None) is False
