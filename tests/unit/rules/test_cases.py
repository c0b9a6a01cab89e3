"""The cases of the corpora through the engine. tests/conformance has every form of a pack; here are single files."""

from __future__ import annotations

from pathlib import Path

from fakturahub.rules import engine
from tests.rules import findings
from tests.rules.compiled import packs_of_the_engine
from tests.rules.expectations import expectations
from tests.rules.packs import packs_of
from tests.rules.parsing import parsed


def test_every_case_is_judged_as_its_authors_expect(shared: Path) -> None:
    packs = packs_of_the_engine(shared)
    cases = expectations(shared)
    assert len(cases) == 1429
    faults = []
    for case in cases:
        outcomes = engine.check(parsed(case.text), [packs[name] for name in packs_of(case.syntax)])
        assert all(one.applicable for one in outcomes), case.name
        faults.append(case.fault(one for outcome in outcomes for one in findings.of_outcome(outcome)))
    assert not [one for one in faults if one]


def test_a_pack_for_another_syntax_is_not_applicable(shared: Path) -> None:
    packs = packs_of_the_engine(shared)
    one = {case.syntax: case.text for case in expectations(shared)}
    for syntax, other in (("ubl", "cii"), ("cii", "ubl")):
        (outcome,) = engine.check(parsed(one[syntax]), [packs[f"en-{other}"]])
        assert not outcome.applicable
        assert outcome.rules == 0
        assert not outcome.fired
