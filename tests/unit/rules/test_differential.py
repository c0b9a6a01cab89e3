"""Five hundred damaged documents through the engine and through Saxon; tests/conformance has twenty thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from fakturahub.rules import engine
from tests.rules import findings
from tests.rules.compiled import packs_of_the_engine
from tests.rules.differential import Comparison, Documents
from tests.rules.packs import packs_of
from tests.rules.parsing import parsed

pytestmark = pytest.mark.timeout(120)

DOCUMENTS = 500


@pytest.fixture(scope="module")
def documents(shared: Path) -> Documents:
    return Documents(shared)


def test_damaged_documents_are_judged_as_saxon_judges_them(shared: Path, documents: Documents) -> None:
    # every eighth of those with something forbidden, and damaged ones for the rest
    numbers = [*range(0, documents.absences, 8), *range(documents.absences, documents.absences + DOCUMENTS)][:DOCUMENTS]
    with Comparison(shared, plain=False) as comparison:
        tally = comparison.run(documents.document(number) for number in numbers)
    assert not tally.differences, f"{len(tally.differences)} differ:\n" + "\n".join(tally.differences[:20])
    assert tally.documents == DOCUMENTS
    assert tally.equal == tally.compared == 2 * DOCUMENTS
    assert len(tally.fired) > 400
    assert tally.faults > 40


def test_a_difference_would_be_told(shared: Path, documents: Documents) -> None:
    fired = findings.of_lines("BR-01\tfatal\tF\t/Invoice[1]\tmissing\nBR-02\tfatal\tFORG0001\t/Invoice[1]\t\n")
    assert [one.fault for one in fired] == [False, True]
    assert findings.difference(fired, fired) == ([], [])
    assert findings.difference([*fired, fired[0]], fired) == ([fired[0]], [])
    assert findings.difference(fired, [fired[0]._replace(path="/Invoice[2]"), fired[1]]) == (
        [fired[0]],
        [fired[0]._replace(path="/Invoice[2]")],
    )


def test_a_number_makes_the_same_document_each_time(shared: Path, documents: Documents) -> None:
    numbers = [3, 700, documents.absences + 1, documents.absences + 4_003]
    again = Documents(shared)
    assert [documents.document(one) for one in numbers] == [again.document(one) for one in numbers]


def test_a_finding_names_the_place_where_it_is(shared: Path, documents: Documents) -> None:
    """The path leads to one node, and the line is that node's."""
    packs = packs_of_the_engine(shared)
    looked = 0
    for number in range(documents.absences, documents.absences + 200):
        document = documents.document(number)
        root = parsed(document.text)
        prefixes = {prefix: uri for one in root.iter("*") for prefix, uri in one.nsmap.items() if prefix}
        for outcome in engine.check(root, [packs[name] for name in packs_of(document.syntax)]):
            for one in outcome.fired:
                # a name without a prefix is in the document's default namespace, which XPath 1.0 cannot say
                named = (step if ":" in step or step[0] == "@" else f"n:{step}" for step in one.path[1:].split("/"))
                namespaces = {**prefixes, "n": root.nsmap.get(None, "none")}
                places = root.xpath("/" + "/".join(named), namespaces=namespaces)
                assert len(places) == 1, (number, one)
                if isinstance(places[0], etree._Element):
                    assert places[0].sourceline == one.line, (number, one)
                looked += 1
    assert looked > 500
