"""XPath's functions and operators against Saxon: expressions by chance, and its classes of characters."""

from __future__ import annotations

import pytest

from fakturahub.rules.runtime import regex_classes
from tests.unit.rules.runtime.expressions import differences
from tests.unit.rules.runtime.saxon_xpath import answers

pytestmark = pytest.mark.conformance

#: every character of XML 1.0
CHARACTERS = "(9, 10, 13, 32 to 55295, 57344 to 65533, 65536 to 1114111)"


@pytest.mark.parametrize("seed", range(20, 24))
def test_chance_expressions_have_saxons_answers(seed: int) -> None:
    compared, found = differences(seed, count=20_000)
    assert found == []
    assert compared > 19_500


@pytest.mark.parametrize("letter", ["s", "d", "i", "c"])
def test_a_class_has_saxons_characters(letter: str) -> None:
    # all in one string: a hundred thousand items would take a minute to come over
    expression = (
        f"string-join(for $c in {CHARACTERS}[matches(codepoints-to-string(.), '\\{letter}')] return string($c), ' ')"
    )
    (theirs,) = answers([expression])
    assert isinstance(theirs, list)
    saxons = {int(text) for text in theirs[0][1].split()}
    ours = regex_classes.escape(letter)
    assert ours is not None
    assert saxons == {code for first, last in ours for code in range(first, last + 1)}
