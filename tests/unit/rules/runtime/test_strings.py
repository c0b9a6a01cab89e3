from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from fakturahub.rules.runtime import strings
from fakturahub.rules.runtime.errors import EvaluationError

NO_BREAK_SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        (" \t\r\n", ""),
        ("  a \n\n b\t", "a b"),
        (NO_BREAK_SPACE, NO_BREAK_SPACE),
        ("a\u2003 \x85b", "a\u2003 \x85b"),
    ],
)
def test_white_space_is_xmls(text: str, normal: str) -> None:
    assert strings.normalize_space(text) == normal
    assert strings.is_blank(text) is (normal == "")


def test_cases() -> None:
    assert strings.upper_case("Straße") == "STRASSE"
    assert strings.lower_case("ÅÄÖ") == "åäö"
    assert strings.lower_case("ΣΑΣ") == "\u03c3\u03b1\u03c3"


@pytest.mark.parametrize(
    ("start", "length", "part"),
    [
        (2, None, "234"),
        (0, None, "1234"),
        (-5, None, "1234"),
        (9, None, ""),
        (2, 2, "23"),
        (0, 3, "12"),
        (-1, 2, ""),
        (1.5, 2.6, "234"),
        (2.5, None, "34"),
        (Decimal("1.5"), 1, "2"),
        (math.nan, None, ""),
        (1, math.nan, ""),
        (-42, math.inf, "1234"),
        (-math.inf, math.inf, ""),
        (-math.inf, None, "1234"),
        (2, -1, ""),
    ],
)
def test_substrings(start: Any, length: Any, part: str) -> None:
    assert strings.substring("1234", start, length) == part


def test_a_substring_counts_characters_not_units() -> None:
    assert strings.substring("a😀b", 2, 1) == "😀"


def test_before_and_after() -> None:
    assert strings.substring_before("a:b:c", ":") == "a"
    assert strings.substring_after("a:b:c", ":") == "b:c"
    assert strings.substring_before("abc", ":") == ""
    assert strings.substring_after("abc", ":") == ""
    assert strings.substring_before("abc", "") == ""
    assert strings.substring_after("abc", "") == "abc"


def test_contains_and_its_like() -> None:
    assert strings.contains("abc", "")
    assert strings.contains("abc", "bc")
    assert not strings.contains("abc", "B")
    assert strings.starts_with("abc", "ab")
    assert not strings.starts_with("abc", "b")
    assert strings.ends_with("abc", "")
    assert not strings.ends_with("abc", "ab")


def test_translation() -> None:
    assert strings.translate("bar", "abc", "ABC") == "BAr"
    assert strings.translate("--aaa--", "abc-", "ABC") == "AAA"
    assert strings.translate("aa", "aa", "xy") == "xx"
    assert strings.translate("a", "a", "bcd") == "b"


def test_joining() -> None:
    assert strings.concat("a", "", "b") == "ab"
    assert strings.string_join(["a", "b"], ", ") == "a, b"
    assert strings.string_join([]) == ""


def test_code_points() -> None:
    assert strings.string_to_codepoints("a😀") == [97, 128512]
    assert strings.codepoints_to_string([97, 128512]) == "a😀"
    for codepoint in (0, 11, 0xD800, 0xFFFE, 0x110000, -1):
        with pytest.raises(EvaluationError, match="FOCH0001"):
            strings.codepoints_to_string([codepoint])


def test_comparison_by_code_points() -> None:
    assert strings.compare("a", "b") == -1
    assert strings.compare("ä", "z") == 1
    assert strings.compare("\uffee", "😀") == -1
    assert strings.compare("a", "a") == 0
