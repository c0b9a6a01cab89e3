"""Random expressions of XPath 2.0 through the engine and through Saxon: the same values, the same errors.

What the compiler refuses is no difference, it never guesses; it may refuse few of these. Nor is an error that Saxon
does not come to see, because it left out an operand that does not matter: the engine may be stricter, seldom, and never
laxer.
"""

from __future__ import annotations

import pytest

from tests.rules.evaluation import by_saxon, by_the_engine, compared
from tests.rules.expressions import WITHOUT_NAN
from tests.rules.random_expressions import made
from tests.rules.saxon import Saxon

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

EXPRESSIONS = 20_000
BATCH = 1_000


@pytest.mark.parametrize("optimise", [True, False], ids=["rewritten", "as written"])
def test_random_expressions_come_to_what_saxon_says(optimise: bool) -> None:
    different = {}
    stricter = []
    equal = refused = faults = 0
    with Saxon({}) as saxon:
        for start in range(0, EXPRESSIONS, BATCH):
            expressions = [made(seed) for seed in range(start, start + BATCH)]
            ours = by_the_engine(expressions, WITHOUT_NAN, optimise=optimise)
            result = compared(expressions, by_saxon(saxon, expressions, WITHOUT_NAN), ours)
            different.update(result.different)
            stricter += result.stricter
            equal += result.equal
            refused += result.refused
            faults += result.faults
    print(f"{equal} equal, {faults} of them with faults; {len(stricter)} stricter, {refused} refused")
    assert not different, f"{len(different)} differ: {[*different.items()][:20]}"
    assert len(stricter) <= EXPRESSIONS / 500, stricter[:20]
    assert refused <= EXPRESSIONS / 50
    assert faults >= EXPRESSIONS / 10
