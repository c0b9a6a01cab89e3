"""Values of fields: whatever a document says, one field stays one field."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.channels.http.fields import LONGEST_VALUE, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("INV-1", "INV-1"),
        ("  a  b\tc ", "a b c"),
        ("100 %", "100 %"),
        ("a\r\nX-Evil: 1", "a X-Evil: 1"),
        ("a\u2028b\x85c", "a b c"),
        ("Skog & Såg AB", "UTF-8''Skog%20&%20S%C3%A5g%20AB"),
        ("å%", "UTF-8''%C3%A5%25"),
        ("日本", "UTF-8''%E6%97%A5%E6%9C%AC"),
        ("UTF-8''x", "UTF-8''UTF-8%27%27x"),
        ("\ud800", "UTF-8''%3F"),
        ("", None),
        (" \r\n\0 ", None),
        ("x" * LONGEST_VALUE, "x" * LONGEST_VALUE),
        ("x" * (LONGEST_VALUE + 1), None),
        ("å" * LONGEST_VALUE, None),
    ],
)
def test_a_value(text: str, value: str | None) -> None:
    assert value_of(text) == value


@given(st.text())
def test_no_text_ends_a_field_and_every_letter_comes_back(text: str) -> None:
    value = value_of(text)
    if value is None:
        return
    assert re.fullmatch(r"[\x20-\x7e]+", value)
    assert value == value.strip()
    back = unquote(value.removeprefix("UTF-8''")) if value.startswith("UTF-8''") else value
    letters = [one for one in text if one.isalnum()]
    assert [one for one in back if one.isalnum()] == letters
