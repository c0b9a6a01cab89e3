"""The same pack gives the same answers in eight threads, in two processes, and compiled without the rewrites."""

from __future__ import annotations

import hashlib
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakturahub.rules import engine, pack
from tests.rules.compiled import as_cached, packs_of_the_engine
from tests.rules.differential import Documents
from tests.rules.packs import FILES, packs_of
from tests.rules.parsing import parsed
from tests.rules.ways import checked

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

THREADS = 8
DOCUMENTS = 2_000


def _answers(packs: dict[str, pack.Pack], texts: list[tuple[str, str]]) -> list[str]:
    """A line for each document, with all that was found."""
    return [repr(engine.check(parsed(text), [packs[name] for name in packs_of(syntax)])) for syntax, text in texts]


def _in_a_process(cached: dict[str, bytes], texts: list[tuple[str, str]]) -> str:
    packs = {name: pack.load(data) for name, data in cached.items()}
    return _digest(_answers(packs, texts))


def _digest(answers: list[str]) -> str:
    return hashlib.sha256("\n".join(answers).encode()).hexdigest()


def _texts(shared: Path) -> list[tuple[str, str]]:
    documents = Documents(shared)
    # others than those of the differential test
    made = (documents.document(number) for number in range(100_000, 100_000 + DOCUMENTS))
    return [(one.syntax, one.text) for one in made]


def test_threads_and_processes_answer_alike(shared: Path) -> None:
    texts = _texts(shared)
    cached = {name: as_cached(shared / file, name) for name, file in FILES.items()}
    packs = {name: pack.load(data) for name, data in cached.items()}
    # fresh packs, so that what they learn from documents is learnt by all threads at once
    with ThreadPoolExecutor(THREADS) as pool:
        shifted = [texts[start:] + texts[:start] for start in range(0, DOCUMENTS, DOCUMENTS // THREADS)][:THREADS]
        answers = list(pool.map(lambda part: _answers(packs, part), shifted))
    alone = _answers({name: pack.load(data) for name, data in cached.items()}, texts)
    assert sum("Fired(" in one for one in alone) > DOCUMENTS / 2
    for number, part in enumerate(answers):
        start = number * (DOCUMENTS // THREADS)
        assert part == alone[start:] + alone[:start], f"thread {number}"
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        waited = [processes.apply_async(_in_a_process, (cached, texts)) for _ in range(2)]
        assert [one.get(600) for one in waited] == [_digest(alone)] * 2


def test_the_rewrites_change_nothing(shared: Path) -> None:
    """But the words of a fault, which may name another of several errors."""
    optimised, plain = packs_of_the_engine(shared), packs_of_the_engine(shared, optimise=False)
    differences = []
    for number, (syntax, text) in enumerate(_texts(shared), 100_000):
        root = parsed(text)
        for name in packs_of(syntax):
            (one,), (other,) = checked(root, [optimised[name]]), engine.check(root, [plain[name]])
            assert (one.applicable, one.rules) == (other.applicable, other.rules)
            found, expected = [_comparable(fired) for fired in one.fired], [_comparable(fired) for fired in other.fired]
            if found != expected:
                ids = {str(fired[0]) for fired in set(found) ^ set(expected)}
                differences.append(f"{number} {name}: {', '.join(sorted(ids)) or 'another order'}")
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences[:20])


def _comparable(fired: engine.Fired) -> tuple[object, ...]:
    return fired.id, fired.flag, fired.severity, fired.path, fired.line, fired.fault, fired.fault or fired.message
