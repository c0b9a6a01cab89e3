"""Base64 as documents embed it."""

from __future__ import annotations

import base64 as standard
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.errors import UnreadableAttachment
from fakturahub.intake import base64


@given(st.binary(min_size=1, max_size=300), st.integers(1, 80), st.sampled_from(["\n", "\r\n", "\n    ", " ", "\t"]))
def test_broken_into_lines_of_any_length_it_is_the_same(content: bytes, width: int, between: str) -> None:
    text = standard.b64encode(content).decode()
    lines = between.join(text[at : at + width] for at in range(0, len(text), width))
    assert base64.decode(f"\n  {lines}\n") == content


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "empty"),
        (" \n\t\r\n ", "empty"),
        ("YQ", "not base64"),  # the padding is missing: perhaps the end is
        ("YQ=", "not base64"),
        ("YWJjZ", "not base64"),
        ("YQ==YQ==", "not base64"),
        ("=YQ=", "not base64"),
        ("YW-_", "not base64"),  # the alphabet of URLs
        ("data:text/plain;base64,YQ==", "not base64"),
        ("YWJj\u200b", "U+200B"),
        ("YWJé", "U+00E9"),
        ("&lt;", "not base64"),
    ],
)
def test_anything_else_is_refused(text: str, what: str) -> None:
    with pytest.raises(UnreadableAttachment, match=what.replace("+", r"\+")) as refused:
        base64.decode(text, term="BT-125", place="line 7")
    assert refused.value.term == "BT-125"
    assert refused.value.place == "line 7"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 99, 100, 101])
def test_the_limit_is_that_of_the_decoded_bytes(size: int) -> None:
    content = b"x" * (100 + size)
    text = "\n".join(standard.encodebytes(content).decode().split())
    assert base64.decode(text, limit=100 + size) == content
    with pytest.raises(UnreadableAttachment, match=f"limit is {99 + size}"):
        base64.decode(text, limit=99 + size)


def test_too_much_is_refused_before_it_is_decoded() -> None:
    with (
        mock.patch.object(base64.binascii, "a2b_base64") as decoder,
        pytest.raises(UnreadableAttachment, match="limit"),
    ):
        base64.decode("AAAA" * 1000, limit=100)
    decoder.assert_not_called()


def test_white_space_does_not_count_against_the_limit() -> None:
    assert base64.decode(" \n".join("YWJj" * 25), limit=75) == b"abc" * 25
