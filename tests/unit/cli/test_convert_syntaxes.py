"""The reference of syntaxes against the names that there are."""

from __future__ import annotations

from fakturahub.filecommands import _names
from fakturahub.formats import NAMES
from tests.docs.pages import ROOT, tables, ticked

PAGE = ROOT / "docs" / "reference" / "syntaxes.md"
SAID = {True: "yes", False: "no"}


def test_every_name_is_told_with_what_can_be_done() -> None:
    (_, columns, worked_with), (_, _, passed_on) = tables(PAGE)
    assert columns == ["name", "what it is", "holds", "read", "written"]
    told = {ticked(name)[0]: (holds, read, written) for name, _, holds, read, written in worked_with}
    assert list(told) == [name for name, can in NAMES.items() if can.read or can.write]
    for name, (holds, read, written) in told.items():
        can = NAMES[name]
        assert (holds, read, written) == (can.noun, SAID[can.read], SAID[can.write]), name
    assert [ticked(name)[0] for name, _ in passed_on] == [n for n, can in NAMES.items() if not can.read | can.write]
    assert all(what for _, what, *_ in (*worked_with, *passed_on))


def test_a_shell_completes_what_can_be_asked_for() -> None:
    assert _names("finvoice") == ["finvoice-3.0", "finvoice-3.0-soap"]
    assert set(_names("")) == {"original", *(name for name, can in NAMES.items() if can.write)}
