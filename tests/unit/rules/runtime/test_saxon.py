"""The functions against Saxon's XPath, by chance; thousands more under the marker conformance."""

from __future__ import annotations

from tests.unit.rules.runtime.expressions import differences


def test_chance_expressions_have_saxons_answers() -> None:
    compared, found = differences(seed=11, count=600)
    assert found == []
    assert compared > 580
