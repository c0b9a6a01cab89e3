"""Request messages as clients write them, and what is none."""

from __future__ import annotations

import pytest

from fakturahub.dialects.apix.requests import GROUPS, VALUES, groups_of
from fakturahub.errors import BadRequest
from fakturahub.intake.limits import TEXT

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def message(*groups: str, head: str = HEAD) -> bytes:
    inner = "".join(f"<Group>{group}</Group>" for group in groups)
    text = '<FreeText language="en">x</FreeText>'
    return f'{head}<Request version="1.0">{text}<Content>{inner}</Content></Request>'.encode()


def value(name: str, text: str) -> str:
    return f'<Value type="{name}">{text}</Value>'


def test_groups_in_their_order_with_their_values() -> None:
    body = message(value("A", " ä &amp; b ") + value("A", "second") + value("B", ""), value("A", "c"), "")
    assert groups_of(body) == [{"A": "ä & b", "B": ""}, {"A": "c"}, {}]


@pytest.mark.parametrize("before", [b"", b"\n  ", b"\xef\xbb\xbf"])
def test_blanks_and_a_mark_before_it(before: bytes) -> None:
    assert groups_of(before + message(value("A", "1"))) == [{"A": "1"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no body"),
        (b"  \n", "no body"),
        (b"Email=a", "no Request message"),
        (b"<Request>", "not well-formed"),
        (b"<Response><Content><Group/></Content></Response>", "'Response'"),
        (message(), "no group"),
        (message(head='<!DOCTYPE Request [<!ENTITY a "b">]>'), "DOCTYPE"),
        (message(*["<Value/>"] * (GROUPS + 1)), f"{GROUPS:,} groups"),
        (message(value("A", "1") * (VALUES + 1)), f"{VALUES} values"),
        (message(value("A", "x" * (TEXT.text + 1))), f"{TEXT.text:,} characters"),
        (message(value("x" * (TEXT.identifier + 1), "1")), "characters"),
    ],
)
def test_what_is_none_is_told(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        groups_of(body)


def test_as_many_as_are_taken() -> None:
    assert len(groups_of(message(*[value("A", "1")] * GROUPS))) == GROUPS
