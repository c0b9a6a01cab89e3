"""Every case of the corpora through the engine: verdict and count, and the same findings from each form of a pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub.rules import engine, pack
from tests.rules import findings
from tests.rules.compiled import as_cached, packs_of_the_engine
from tests.rules.expectations import expectations
from tests.rules.packs import COMPILED_UBL, FOLDERS, packs_of
from tests.rules.parsing import parsed
from tests.rules.samples import of_cases, whole
from tests.rules.ways import checked

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]


def test_every_case_is_judged_as_its_authors_expect(shared: Path) -> None:
    packs = packs_of_the_engine(shared)
    cases = expectations(shared)
    assert len(cases) == 1429
    faults = []
    for case in cases:
        outcomes = checked(parsed(case.text), [packs[name] for name in packs_of(case.syntax)])
        faults.append(case.fault(one for outcome in outcomes for one in findings.of_outcome(outcome)))
    assert not [one for one in faults if one]


@pytest.mark.parametrize(
    ("name", "form"), [("en-ubl", "folder"), ("en-cii", "folder"), ("en-ubl", "compiled")], ids=lambda one: one
)
def test_the_forms_of_a_pack_give_the_same_findings(shared: Path, name: str, form: str) -> None:
    path = COMPILED_UBL if form == "compiled" else shared / FOLDERS[name]
    other = pack.load(as_cached(path, f"{name} {form}"))
    single = packs_of_the_engine(shared)[name]
    documents = [sample for sample in (*whole(shared), *of_cases(shared)) if name.endswith(sample.syntax)]
    fired = 0
    for sample in documents:
        root = parsed(sample.text)
        ours, theirs = checked(root, [single, other])
        assert ours.rules == theirs.rules > 500
        assert [_comparable(finding) for finding in theirs.fired] == [_comparable(finding) for finding in ours.fired], (
            sample.name
        )
        fired += len(ours.fired)
    print(f"{len(documents)} documents, {fired} findings")
    assert fired > 300


def _comparable(fired: engine.Fired) -> tuple[object, ...]:
    """All of a finding but what a fault says in words: an expression stands elsewhere in the other form."""
    return (
        fired.id,
        fired.flag,
        fired.severity,
        fired.path,
        fired.line,
        fired.fault,
        "" if fired.fault else fired.message,
    )
