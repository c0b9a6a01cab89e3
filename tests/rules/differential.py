"""The engine against Saxon on damaged documents.

A document is a number: `Documents.document` makes it, the same everywhere. ``python -m tests.rules.differential
NUMBER…`` says what Saxon and the engine make of these; with ``--write`` it puts the documents into the working folder.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.rules import deviations, findings, samples
from tests.rules.compiled import packs_of_the_engine
from tests.rules.findings import Finding
from tests.rules.mutations import Mutator
from tests.rules.packs import packs_of, stylesheets
from tests.rules.parsing import parsed
from tests.rules.saxon import Saxon
from tests.rules.ways import checked

#: documents that go to Saxon at once
BATCH = 50


class Document(NamedTuple):
    number: int
    #: of the sample that it was made of
    name: str
    syntax: str
    text: str


class Documents:
    """Damaged documents by number.

    The first numbers, one for each absence rule, have what the rule forbids in a whole document. Of those after them
    three in four are whole documents, and one is the document of a case.
    """

    def __init__(self, shared: Path) -> None:
        self._whole = samples.whole(shared)
        self._of_cases = samples.of_cases(shared)
        self._mutators = {syntax: Mutator(shared, syntax, self._whole) for syntax in ("ubl", "cii")}
        self._absences = [(syntax, one) for syntax in ("ubl", "cii") for one in self._mutators[syntax].absences]

    @property
    def absences(self) -> int:
        """How many numbers, from 0, have what a rule forbids."""
        return len(self._absences)

    def document(self, number: int) -> Document:
        chance = random.Random(number)
        if number < len(self._absences):
            return self._forbidden(number, chance)
        turn = number - len(self._absences)
        pool, turn = (self._of_cases, turn // 4) if turn % 4 == 3 else (self._whole, turn - turn // 4)
        visit, at = divmod(turn, len(pool))
        sample = pool[at]
        # the element of the first change is another one at each visit, all of them in the end
        text = self._mutators[sample.syntax].mutated(sample.text, visit * 17, chance)
        return Document(number, sample.name, sample.syntax, text)

    def _forbidden(self, number: int, chance: random.Random) -> Document:
        syntax, absence = self._absences[number]
        fitting = [one for one in self._whole if one.syntax == syntax]
        for sample in chance.sample(fitting, len(fitting)):
            text = self._mutators[syntax].forbidden(sample.text, absence, chance)
            if text is not None:
                return Document(number, sample.name, syntax, text)
        # no whole document has a place for it: damaged like the others
        sample = chance.choice(fitting)
        return Document(number, sample.name, syntax, self._mutators[syntax].mutated(sample.text, number, chance))


@dataclass
class Tally:
    """What came of a comparison."""

    documents: int = 0
    #: pairs of document and pack
    compared: int = 0
    equal: int = 0
    findings: int = 0
    #: pairs in which Saxon has a fault
    faults: int = 0
    #: pairs that Saxon's plain run ended with an error
    aborts: int = 0
    #: pack and id of what fired, and of what could not be evaluated
    fired: set[tuple[str, str]] = field(default_factory=set)
    faulted: set[tuple[str, str]] = field(default_factory=set)
    #: known deviations met, by name
    deviations: Counter[str] = field(default_factory=Counter)
    #: what differs, in words
    differences: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("documents", "compared", "equal", "findings", "faults", "aborts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fired |= other.fired
        self.faulted |= other.faulted
        self.deviations += other.deviations
        self.differences += other.differences

    def __str__(self) -> str:
        return (
            f"{self.documents} documents, {self.compared} comparisons, {self.equal} equal; {self.findings} findings of "
            f"{len(self.fired)} rules; {self.faults} with faults, of {len(self.faulted)} rules; {self.aborts} aborted; "
            f"deviations {dict(self.deviations)}"
        )


class Comparison:
    """Saxon and the engine side by side. Use it in a ``with``."""

    def __init__(self, shared: Path, *, plain: bool) -> None:
        """With `plain` the stylesheets that an error ends run as well, as a proof of the guarded ones."""
        self._plain = plain
        self._saxon = Saxon(stylesheets(shared, plain=plain))
        self.packs = packs_of_the_engine(shared)

    def __enter__(self) -> Comparison:
        return self

    def __exit__(self, *exception: object) -> None:
        self._saxon.close()

    def run(self, documents: Iterable[Document]) -> Tally:
        tally = Tally()
        for batch in _batches(documents, BATCH):
            names = [
                [f"guarded:{one}" for one in packs] + ([f"plain:{one}" for one in packs] if self._plain else [])
                for packs in (packs_of(document.syntax) for document in batch)
            ]
            answers = self._saxon.run([(document.text, of) for document, of in zip(batch, names, strict=True)])
            for document, answer in zip(batch, answers, strict=True):
                self._compare(document, answer, tally)
        return tally

    def _compare(self, document: Document, answer: Sequence[str | None], tally: Tally) -> None:
        tally.documents += 1
        packs = packs_of(document.syntax)
        root = parsed(document.text)
        outcomes = checked(root, [self.packs[one] for one in packs])
        for at, (name, outcome) in enumerate(zip(packs, outcomes, strict=True)):
            tally.compared += 1
            told = answer[at]
            assert told is not None, f"{document.number}: the guarded stylesheet of {name} ended with an error"
            expected = findings.of_lines(told)
            faults = [one for one in expected if one.fault]
            tally.findings += len(expected) - len(faults)
            tally.faults += bool(faults)
            tally.fired |= {(name, one.id) for one in expected if not one.fault}
            tally.faulted |= {(name, one.id) for one in faults}
            if self._plain:
                told = answer[at + len(packs)]
                tally.aborts += told is None
                _prove(document, name, expected, told)
            missing, extra = findings.difference(expected, findings.of_outcome(outcome))
            extra, known = deviations.without(root, extra)
            tally.deviations += known
            if missing or extra:
                tally.differences.append(_told(document, name, missing, extra))
            else:
                tally.equal += 1


def shares(shared: Path, start: int, count: int, step: int) -> Tally:
    """The documents from `start` on, every `step`-th of them: what one of several processes does."""
    documents = Documents(shared)
    with Comparison(shared, plain=True) as comparison:
        return comparison.run(documents.document(number) for number in range(start, count, step))


def _prove(document: Document, name: str, expected: Sequence[Finding], plain: str | None) -> None:
    """The two forms of the oracle agree: an abort where there is a fault, else the same findings in the same order."""
    faults = any(one.fault for one in expected)
    if plain is None:
        assert faults, f"{document.number}: Saxon aborts in {name}, and the guarded stylesheet has no fault"
    else:
        assert not faults, f"{document.number}: the guarded stylesheet of {name} has a fault where Saxon has none"
        assert findings.of_svrl(plain) == list(expected), f"{document.number}: the oracle's two forms differ in {name}"


def _told(document: Document, name: str, missing: Sequence[Finding], extra: Sequence[Finding]) -> str:
    lines = [f"document {document.number} ({document.name}), {name}:"]
    lines += [f"  only Saxon: {one}" for one in missing]
    lines += [f"  only we:    {one}" for one in extra]
    return "\n".join(lines)


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(islice(rest, size)):
        yield batch


def main(arguments: Sequence[str]) -> None:
    from tests.conftest import SHARED

    documents = Documents(SHARED)
    chosen = [documents.document(int(one)) for one in arguments if one != "--write"]
    if "--write" in arguments:
        for one in chosen:
            Path(f"document-{one.number}.xml").write_text(one.text)
    with Comparison(SHARED, plain=True) as comparison:
        tally = comparison.run(chosen)
    sys.stdout.write("\n".join([*tally.differences, str(tally), ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
