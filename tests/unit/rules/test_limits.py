"""Hostile documents: however they are made, the rules end, and what could not be evaluated is a fault."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from lxml import etree

from fakturahub.rules import run
from fakturahub.rules.compiler import focus
from fakturahub.rules.compiler.packing import packed
from fakturahub.rules.runtime import document
from fakturahub.rules.runtime.building import build
from fakturahub.rules.runtime.collector import CONTAINERS, RELAXED
from fakturahub.rules.runtime.records import Records
from tests.unit.rules.small import asserts, fired, pattern, rule, schema

BOTH = pytest.mark.parametrize("optimise", [True, False], ids=["rewritten", "as written"])
MANY = f"<r>{'<x><y>1</y></x>' * 300}</r>"


@BOTH
def test_paths_from_the_root_are_limited(monkeypatch: pytest.MonkeyPatch, optimise: bool) -> None:
    monkeypatch.setattr(document, "STEPS", 10_000)
    monkeypatch.setattr(document, "STEPS_OF_ELEMENT", 0)
    one = schema(pattern(rule("x", *asserts(SLOW="count(//y[. = current()/y]) = 300", FAST="y = '2'"))))
    found = fired(MANY, one, optimise=optimise)
    slow = [one for one in found if one.id == "SLOW"]
    assert len(slow) == 1
    assert slow[0].fault
    assert "too long" in slow[0].message
    assert sum(one.id == "FAST" and not one.fault for one in found) == 300


@BOTH
@pytest.mark.parametrize("axis", ["preceding", "following", "preceding-sibling", "following-sibling"])
def test_axes_are_limited(monkeypatch: pytest.MonkeyPatch, axis: str, optimise: bool) -> None:
    monkeypatch.setattr(document, "STEPS", 10_000)
    monkeypatch.setattr(document, "STEPS_OF_ELEMENT", 0)
    found = fired(MANY, schema(pattern(rule("x", *asserts(X=f"count({axis}::x[y = '2']) = 0")))), optimise=optimise)
    assert [(one.id, one.fault) for one in found] == [("X", True)]


@BOTH
def test_the_time_of_a_pack_is_limited(monkeypatch: pytest.MonkeyPatch, optimise: bool) -> None:
    monkeypatch.setattr(run, "SECONDS", -1_000)
    found = fired(MANY, schema(pattern(rule("x", *asserts(A="y = '2'", B="y = '3'")))), optimise=optimise)
    assert [(one.id, one.fault) for one in found] == [("A", True), ("B", True)]


@BOTH
def test_an_ordinary_document_is_far_from_the_limits(optimise: bool) -> None:
    one = schema(pattern(rule("x", *asserts(X="count(//y[. = current()/y]) = 300"))))
    assert fired(MANY, one, optimise=optimise) == ()


def test_a_compiled_pack_leaves_nothing_behind() -> None:
    packed(
        [schema(pattern(rule("x", *asserts(X="every $a in //y[position() = 1] satisfies $a = ../z"))))], optimise=True
    )
    tables = (focus.uses_position, focus.uses_context, focus.free_variables, focus.uses_document, focus.uses_current)
    assert [table.cache_info().currsize for table in tables] == [0] * len(tables)


def test_the_collector_is_as_it_was_afterwards() -> None:
    before = gc.get_threshold()
    barrier = Barrier(4)

    def relax(number: int) -> int:
        with RELAXED:
            barrier.wait(10)
            threshold = gc.get_threshold()[0]
            barrier.wait(10)
        return threshold

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(relax, range(4))) == [CONTAINERS] * 4
    assert gc.get_threshold() == before


def test_a_collector_that_is_off_stays_off() -> None:
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with RELAXED:
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_a_document_is_freed_without_the_collector() -> None:
    table = Records(lambda _record: None)
    gc.collect()
    gc.disable()
    try:
        document = build(etree.fromstring(MANY), table)
        columns = document.T
        assert len(columns) > 600
        # this name, the attribute of the document, and the argument
        assert sys.getrefcount(columns) == 3
    finally:
        gc.enable()


@BOTH
def test_findings_are_told_up_to_a_limit_and_then_counted(monkeypatch: pytest.MonkeyPatch, optimise: bool) -> None:
    monkeypatch.setattr(run, "LISTED", 100)
    one = schema(pattern(rule("x", *asserts(MANY="y = '2'"))))
    found = fired(MANY, one, optimise=optimise)
    assert [each.id for each in found[:100]] == ["MANY"] * 100
    (last,) = found[100:]
    assert (last.id, last.severity, last.fault) == (run.NOT_LISTED, "fatal", False)
    assert "200 more findings" in last.message


def test_past_the_most_findings_nothing_more_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST", 100)
    found = fired(MANY, schema(pattern(rule("x", *asserts(MANY="y = '2'")))))
    assert len(found) < 300
    assert any(each.fault and "too long" in each.message for each in found)
