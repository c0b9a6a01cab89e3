"""The table of limits: what it promises to others."""

from __future__ import annotations

import dataclasses

import pytest
from lxml import etree

from fakturahub.intake.limits import ATTACHMENT, BODY_LIMIT, DEFAULT_BODY, MIB, TEXT, XML, body_limit


def test_a_dialect_takes_what_the_table_says_and_one_mebibyte_otherwise() -> None:
    assert body_limit("pagero") == 30 * MIB
    assert body_limit("apix") == 50 * MIB
    assert body_limit("some-other") == DEFAULT_BODY == 1 * MIB


def test_every_body_that_is_let_in_may_hold_one_document() -> None:
    assert max(BODY_LIMIT.values()) <= XML.bytes


def test_the_table_cannot_be_changed_while_running() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        XML.depth = 10_000  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        ATTACHMENT.count = 10_000  # type: ignore[misc]
    with pytest.raises(TypeError):
        BODY_LIMIT["pagero"] = 1  # type: ignore[index]


def test_an_identifier_fits_a_database_index_in_any_script() -> None:
    """A PostgreSQL b-tree entry holds 2,704 bytes; a number stands beside a company id in one."""
    assert TEXT.identifier * 4 + 64 < 2704


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param(b"<a>" * XML.depth + b"</a>" * XML.depth, b"<a>" * (XML.depth + 1), id="depth"),
        pytest.param(b"<a>" + b"x" * XML.text + b"</a>", b"<a>" + b"x" * (XML.text + 1) + b"</a>", id="text"),
    ],
)
def test_the_limits_of_the_parser_are_those_of_the_table(inside: bytes, outside: bytes) -> None:
    """Two limits are libxml2's own; a version that moves them has to be noticed."""
    assert etree.fromstring(inside, etree.XMLParser()).tag == "a"
    with pytest.raises(etree.XMLSyntaxError) as refused:
        etree.fromstring(outside, etree.XMLParser())
    assert refused.value.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT
