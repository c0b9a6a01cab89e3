"""The oracle itself: the stylesheets that the tests make of Schematron are worth what the skeleton's are.

Saxon agrees with every case of the corpora; no case had to be set aside. That what a guarded stylesheet says is what a
plain one says is checked with every document of the differential test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules import findings, packs, samples
from tests.rules.expectations import expectations
from tests.rules.saxon import Saxon

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]

#: rules that cases name and the packs have no longer; they are expected not to fire
GONE = {"BR-CO-25"}


def test_saxon_agrees_with_every_case(shared: Path) -> None:
    cases = expectations(shared)
    assert len(cases) == 1429
    assert {one.rule for one in cases if not one.packs} == GONE
    with Saxon(packs.stylesheets(shared, plain=False)) as saxon:
        asked = [(one.text, [f"guarded:{name}" for name in packs.packs_of(one.syntax)]) for one in cases]
        answers = saxon.run(asked)
    faults = [
        one.fault(finding for lines in answer for finding in findings.of_lines(lines or ""))
        for one, answer in zip(cases, answers, strict=True)
    ]
    assert not [one for one in faults if one]


def test_the_tests_own_stylesheet_finds_what_the_skeletons_finds(shared: Path) -> None:
    texts = [one.text for one in (*samples.whole(shared), *samples.of_cases(shared)) if one.syntax == "ubl"]
    sheets = packs.stylesheets(shared, guarded=False)
    with Saxon({"own": sheets["plain:en-ubl"], "skeleton": packs.COMPILED_UBL.read_bytes()}) as saxon:
        answers = saxon.run([(one, ["own", "skeleton"]) for one in texts])
    compared = fired = 0
    for own, skeleton in answers:
        assert (own is None) == (skeleton is None)
        if own is not None and skeleton is not None:
            assert findings.of_svrl(own) == findings.of_svrl(skeleton)
            compared += 1
            fired += len(findings.of_svrl(own))
    print(f"{len(texts)} documents, {compared} without an abort, {fired} findings")
    assert compared > 1200
    assert fired > 5000
