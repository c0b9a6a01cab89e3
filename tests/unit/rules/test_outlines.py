"""Documents of an outline that was met before share its columns, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import etree

from fakturahub.rules.engine import Engine
from fakturahub.rules.pack import compile_pack
from fakturahub.rules.runtime import building, outlines
from fakturahub.rules.runtime.building import build
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.records import Records
from tests.unit.rules.small import asserts, pattern, rule, schema

ONE = "<r><x a='1'><y>1</y><y>2</y></x><x><y/></x></r>"


@pytest.fixture
def table() -> Records:
    return Records(lambda _record: None)


def _kept(table: Records, text: str = ONE) -> Document:
    """The document with which its outline is kept: the second."""
    assert build(etree.fromstring(text), table).outline is None
    document = build(etree.fromstring(text), table)
    assert document.outline is not None
    return document


def _columns(document: Document) -> tuple[object, ...]:
    paths = [record.path() for record in document.R]
    lists = {record.path(): nodes for record, nodes in document.lists.items()}
    blank = {record.path() for record in document.blank}
    doubled = {record.path() for record in document.doubled}
    texts = [document.string(node) for node in range(1, len(document.R))]
    return document.K, document.P, document.A, paths, lists, blank, doubled, texts


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        "<r><x a='7'><y>3</y><y> </y></x><x><y>z</y></x></r>",
        "<r>t<x a='1'>u<y>1</y>v<y>2</y></x>w<x><y/></x></r>",
    ],
)
def test_a_known_outline_gives_the_same_columns(table: Records, text: str) -> None:
    first = _kept(table)
    again = build(etree.fromstring(text), table)
    assert again.outline is first.outline
    assert _columns(again) == _columns(build(etree.fromstring(text), Records(lambda _record: None)))


@pytest.mark.parametrize(
    "text",
    [
        "<r><x b='1'><y>1</y><y>2</y></x><x><y/></x></r>",
        "<r><x a='1' b='1'><y>1</y><y>2</y></x><x><y/></x></r>",
        "<r><x><y>1</y><y>2</y></x><x a='1'><y/></x></r>",
        "<r><x a='1'><y>1</y></x><x><y>2</y><y/></x></r>",
        "<r><x a='1'><y>1</y><y><x/></y></x><y/></r>",
        "<r><x a='1'><y>1</y><y>2</y></x><x><z/></x></r>",
    ],
)
def test_another_outline_is_another(table: Records, text: str) -> None:
    first = _kept(table)
    for _ in range(2):
        other = build(etree.fromstring(text), table)
        assert other.outline is not first.outline
    assert _columns(other) == _columns(build(etree.fromstring(text), Records(lambda _record: None)))


@pytest.mark.parametrize("inside", ["<!-- c -->", "<?p i?>"])
def test_a_document_with_comments_has_no_outline(table: Records, inside: str) -> None:
    for _ in range(3):
        document = build(etree.fromstring(ONE.replace("<y/>", f"<y>1{inside}2</y>")), table)
        assert document.outline is None
        assert document.string(len(document.R) - 1) == "12"


def test_a_large_document_has_no_outline(table: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = _columns(build(etree.fromstring(ONE), table))
    for portion in (1, 2, 5, 6):
        monkeypatch.setattr(building, "PORTION", portion)
        document = build(etree.fromstring(ONE), table)
        assert document.outline is None
        assert _columns(document) == kept


def test_outlines_that_are_kept_are_limited(table: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "KEPT", 20)
    monkeypatch.setattr(outlines, "DOCUMENTS", 100)
    first = _kept(table)
    other = f"<r>{'<y/>' * 12}</r>"
    for _ in range(50):
        # there is no room for it
        assert build(etree.fromstring(other), table).outline is None
        assert build(etree.fromstring(ONE), table).outline is first.outline
    found = [build(etree.fromstring(other), table).outline for _ in range(60)]
    # all was forgotten in between
    assert found[0] is None
    assert found[-1] is not None
    assert build(etree.fromstring(ONE), table).outline is None


def test_attributes_that_are_kept_are_limited(table: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "ATTRIBUTES", 10)
    for number in range(30):
        document = build(etree.fromstring(f"<r><x a='{number}'/></r>"), table)
        assert document.A[2] == {"a": str(number)}
    assert len(building._ATTRIBUTES) <= 10
    long = build(etree.fromstring(f"<r a='{'1' * building.LENGTH}'/>"), table)
    assert len(long.A[1]["a"]) == building.LENGTH
    assert all(len(one) < building.LENGTH for items in building._ATTRIBUTES for _name, one in items)


def _fired(engine: Engine, text: str) -> Sequence[tuple[str, str]]:
    (outcome,) = engine.check(etree.fromstring(text))
    return [(one.id, one.path) for one in outcome.fired]


def test_each_document_of_an_outline_has_findings_of_its_own() -> None:
    one = schema(
        pattern(
            rule("x[y = '2']", *asserts(TWO="false()")),
            rule("x", *asserts(FIRST="not(y = '9')", SAME="count(//x[y = current()/y]) = 1")),
            rule("y | r", *asserts(ANY="not(. = '8')")),
        )
    )
    engine = Engine([compile_pack([one], name="p").pack()])
    text = "<r><x><y>{}</y></x><x><y>{}</y></x></r>"
    expected = {
        ("1", "3"): [],
        ("2", "3"): [("TWO", "/r[1]/x[1]")],
        ("3", "2"): [("TWO", "/r[1]/x[2]")],
        ("9", "1"): [("FIRST", "/r[1]/x[1]")],
        ("1", "1"): [("SAME", "/r[1]/x[1]"), ("SAME", "/r[1]/x[2]")],
        ("1", "8"): [("ANY", "/r[1]/x[2]/y[1]")],
    }
    # often enough for its shape to be looked at closely
    for _ in range(12):
        for values, found in expected.items():
            assert _fired(engine, text.format(*values)) == found
