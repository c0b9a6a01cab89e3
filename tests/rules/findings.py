"""Findings in one form, from Saxon and from the engine, so that they can be compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from tests.rules.stylesheet import SVRL

if TYPE_CHECKING:
    from fakturahub.rules.engine import Outcome

_PREFIX = re.compile(r"(?<=/)(@?)[^/@\[\]:]+:")
_WHITE = re.compile("[ \t\r\n]+")


class Finding(NamedTuple):
    id: str
    #: as the pack writes it; empty for a fault, which is fatal whatever the pack says
    flag: str
    #: local names and positions: ``/Invoice[1]/InvoiceLine[2]/@unitCode``
    path: str
    #: white space made single; empty for a fault
    message: str
    #: the assertion could not be evaluated
    fault: bool = False


def of_lines(text: str) -> list[Finding]:
    """What a guarded stylesheet says."""
    found = []
    for line in text.split("\n"):
        if line:
            identifier, flag, kind, path, message = line.split("\t")
            if kind == "F":
                found.append(Finding(identifier, flag, path, message))
            else:
                found.append(Finding(identifier, "", path, "", fault=True))
    return found


def of_svrl(text: str) -> list[Finding]:
    """What a plain stylesheet says; a location in the form of the skeleton is understood, too."""
    found = []
    for one in etree.fromstring(text.encode()):
        if one.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report"):
            path = one.get("location", "").replace("*:", "")
            path = re.sub(r"\[namespace-uri\(\)='[^']*'\]", "", path)
            path = re.sub(r"@\*\[local-name\(\)='([^']*)'[^\]]*\]", r"@\1", path)
            message = white(str(one.xpath("string(*[local-name() = 'text'])")))
            found.append(Finding(one.get("id", ""), one.get("flag", ""), path, message))
    return found


def of_outcome(outcome: Outcome) -> list[Finding]:
    """What the engine says."""
    return [
        Finding(one.id, "", _local(one.path), "", fault=True)
        if one.fault
        else Finding(one.id, one.flag or "", _local(one.path), white(one.message))
        for one in outcome.fired
    ]


def white(text: str) -> str:
    """The text with single spaces, as ``normalize-space`` makes it."""
    return _WHITE.sub(" ", text).strip(" ")


def difference(expected: Iterable[Finding], found: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What is missing among the findings and what is too much, each as often as it is."""
    one, other = Counter(expected), Counter(found)
    return sorted((one - other).elements()), sorted((other - one).elements())


def _local(path: str) -> str:
    return _PREFIX.sub(r"\1", path)
