"""Every UBL document of the corpora, whole and damaged.

``make test`` reads each once (tests/unit/formats); here each of them is also damaged in many ways. Whatever comes out
of reading is a heading or an error of the hub's own, soon, and never anything else.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import FakturahubError
from tests.unit.formats.front.damage import DAMAGES

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

FOLDERS = ("samples/ehf", "corpora/en16931/examples", "corpora/peppol-bis3", "corpora/xrechnung-testsuite")
#: damaged copies of each document
COPIES = 200
#: seconds that reading a document may take on a busy machine
LONGEST = 2.0


def _documents(shared: Path) -> list[Path]:
    found = []
    for folder in FOLDERS:
        for path in sorted(one for one in (shared / folder).rglob("*") if one.suffix.lower() == ".xml"):
            try:
                formats.recognise(path.read_bytes())
            except FakturahubError:  # another syntax, which this version does not read
                continue
            found.append(path)
    return found


def test_damaged_documents_are_read_or_refused(shared: Path) -> None:
    documents = _documents(shared)
    assert len(documents) >= 110
    read = refused = 0
    slowest = (0.0, "")
    for path in documents:
        whole = path.read_bytes()
        for seed in range(COPIES):
            chance = random.Random(f"{path.name} {seed}")
            damaged = chance.choice(DAMAGES)(whole, chance)
            started = time.perf_counter()
            try:
                opened = formats.open_document(damaged)
                opened.attachments()
            except FakturahubError:
                refused += 1
            else:
                read += 1
            slowest = max(slowest, (time.perf_counter() - started, f"{path.name} seed {seed}"))
    print(f"{len(documents)} documents, {read + refused} copies: {read} read, {refused} refused; slowest {slowest}")
    # both kinds must come up, else the damage is none or is always fatal
    assert read > 1000
    assert refused > 1000
    assert slowest[0] < LONGEST, slowest
