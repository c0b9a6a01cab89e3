"""Twenty thousand damaged documents through the engine and through Saxon: the same findings, or the test fails.

Compared are id, flag, location and message, and which assertions cannot be evaluated where. Two processes share the
documents, each with a Saxon of its own.
"""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from tests.rules.differential import Tally, shares

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

DOCUMENTS = 20_000
PROCESSES = 2


def test_damaged_documents_are_judged_as_saxon_judges_them(shared: Path) -> None:
    tally = Tally()
    # a process started anew: one that is forked has the threads' locks of the test run, and not the threads
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        parts = [pool.apply_async(shares, (shared, start, DOCUMENTS, PROCESSES)) for start in range(PROCESSES)]
        for part in parts:
            tally.add(part.get(1700))
    print(tally)
    assert not tally.differences, f"{len(tally.differences)} differ:\n" + "\n".join(tally.differences[:40])
    assert tally.documents == DOCUMENTS
    assert tally.compared == tally.equal == 2 * DOCUMENTS
    # the damage reaches the rules: else the test would prove nothing
    assert len(tally.fired) > 1700
    assert tally.faults == tally.aborts > 2000
