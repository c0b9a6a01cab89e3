"""The cases of the corpora, with what their authors expect, against findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from tests.rules import samples
from tests.rules.findings import Finding
from tests.rules.packs import FILES, SYNTAXES, packs_of
from tests.rules.stylesheet import ISO

#: expectation -> the flags that a finding may have
_FLAGS: Mapping[str, frozenset[str]] = {
    "error": frozenset({"fatal", "error"}),
    "fatal": frozenset({"fatal"}),
    "warning": frozenset({"warning"}),
}


class Expectation(NamedTuple):
    #: file, number of the test in it, rule
    name: str
    syntax: str
    text: str
    rule: str
    #: error, fatal, warning or success
    expect: str
    #: how often the rule fires; None: at least once
    times: int | None
    #: packs that hold the rule
    packs: tuple[str, ...]

    def fault(self, found: Iterable[Finding]) -> str | None:
        """What is wrong with these findings of all packs of the syntax; None where nothing is."""
        fired = [one for one in found if one.id == self.rule]
        if self.expect == "success":
            kept = not fired
        else:
            enough = len(fired) == self.times if self.times is not None else bool(fired)
            kept = enough and all(not one.fault and one.flag in _FLAGS[self.expect] for one in fired)
        return None if kept else f"{self.name}: expected {self.expect} ({self.times or 'any'} times), found {fired}"


def expectations(shared: Path) -> list[Expectation]:
    """All of them, UBL and CII."""
    holding = {name: _ids(shared / file) for name, file in FILES.items()}
    return [_expectation(case, holding) for case in samples.cases(shared)]


def _expectation(case: Any, holding: Mapping[str, frozenset[str]]) -> Expectation:
    root = etree.fromstring(case.xml)
    syntax = SYNTAXES[etree.QName(root).localname]
    return Expectation(
        f"{case.file} {case.index} {case.rule}",
        syntax,
        etree.tostring(root, encoding="unicode"),
        case.rule,
        case.expect,
        case.count,
        tuple(name for name in packs_of(syntax) if case.rule in holding[name]),
    )


def _ids(path: Path) -> frozenset[str]:
    return frozenset(one.get("id", "") for one in etree.fromstring(path.read_bytes()).iter(f"{ISO}assert"))
