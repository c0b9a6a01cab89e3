"""Schemas written in tests, and what is read of them."""

from __future__ import annotations

import pytest

from fakturahub.errors import PackRefused
from fakturahub.rules import sources
from fakturahub.rules.tree import Rule, Schema

ISO = "http://purl.oclc.org/dsdl/schematron"
XSL = "http://www.w3.org/1999/XSL/Transform"


def written(body: str, attributes: str = 'queryBinding="xslt2"') -> bytes:
    """A schema; its root takes the first line, *body* begins on the second."""
    return f'<schema xmlns="{ISO}" xmlns:xsl="{XSL}" xmlns:sch="{ISO}" {attributes}>\n{body}\n</schema>'.encode()


def read(body: str, attributes: str = 'queryBinding="xslt2"', **others: str) -> Schema:
    files = {name.replace("__", "/") + ".sch": text.encode() for name, text in others.items()}
    (schema,) = sources.schemas({"main.sch": written(body, attributes), **files})
    return schema


def rules(body: str, attributes: str = 'queryBinding="xslt2"', **others: str) -> list[Rule]:
    return [rule for pattern in read(body, attributes, **others).patterns for rule in pattern.rules]


def reasons(body: str, attributes: str = 'queryBinding="xslt2"', **others: str) -> tuple[str, ...]:
    with pytest.raises(PackRefused) as refused:
        read(body, attributes, **others)
    return refused.value.reasons


def in_rule(content: str) -> str:
    return f'<pattern><rule context="a">{content}</rule></pattern>'
