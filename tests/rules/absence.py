"""What the rules forbid by a path (``not(a/b)``, two thirds of them): put it into a document, and the rule fires."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element as Element

from tests.rules.stylesheet import ISO

_NAME = r"(?:[A-Za-z]\w*:)?[A-Za-z][\w.-]*"
_CHOICE = rf"@?{_NAME}|\.\.|\.|\((?:{_NAME})(?:\|{_NAME})*\)"
_TEST = re.compile(rf"\s*not\(\s*((?://?)?(?:{_CHOICE})(?://?(?:{_CHOICE}))*)\s*\)\s*")
_STEP = re.compile(rf"(//?)?({_CHOICE})")


class Absence(NamedTuple):
    """An assertion that forbids a path."""

    id: str
    context: str
    path: str
    namespaces: Mapping[str, str]

    def insert(self, root: Element, chance: random.Random) -> bool:
        """Put the path into the document; False where no context of the rule is in it."""
        places = list(self._contexts(root))
        if not places:
            return False
        at = chance.choice(places)
        if self.path.startswith("//"):
            at = chance.choice(list(root.iter("*")))
        steps = _STEP.findall(self.path)
        for number, (separator, step) in enumerate(steps):
            name = chance.choice(step.strip("()").split("|"))
            last = number == len(steps) - 1
            if name.startswith("@"):
                at.set(self._clark(name[1:]), chance.choice(("", "x", "1", "EUR")))
                return True
            if name in ("..", "."):
                parent = at.getparent() if name == ".." else at
                if parent is None or last:
                    return False
                at = parent
            elif number == 0 and separator == "/":
                if root.tag != self._clark(name):
                    return False
                at = root
            else:
                there = None if last else at.find(self._clark(name))
                if there is None:
                    there = etree.Element(self._clark(name), nsmap=dict(root.nsmap))
                    at.insert(chance.randint(0, len(at)), there)
                at = there
        at.text = chance.choice(("", " ", "1", "text"))
        return True

    def _contexts(self, root: Element) -> Iterator[Element]:
        for branch in _branches(self.context):
            for expression in (branch, re.sub(r"\[.*\]", "", branch)):
                anchored = expression if expression.startswith(("/", "(")) else f"//{expression}"
                try:
                    found = root.xpath(anchored, namespaces=dict(self.namespaces))
                except etree.XPathError:  # a function that XPath 1.0 has not
                    continue
                yield from (one for one in found if isinstance(one, etree._Element))
                break

    def _clark(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix]}}}{local}" if prefix else local


def absences(schema: Element) -> list[Absence]:
    """Those of a Schematron file, in its order."""
    namespaces = {one.get("prefix", ""): one.get("uri", "") for one in schema.iter(f"{ISO}ns")}
    found = []
    for rule in schema.iter(f"{ISO}rule"):
        for check in rule.iter(f"{ISO}assert"):
            matched = _TEST.fullmatch(check.get("test", ""))
            if matched:
                found.append(Absence(check.get("id", ""), rule.get("context", ""), matched[1], namespaces))
    return found


def _branches(context: str) -> Iterator[str]:
    """The parts of a union."""
    depth, start = 0, 0
    for at, sign in enumerate(context):
        depth += (sign in "([") - (sign in ")]")
        if sign == "|" and depth == 0:
            yield context[start:at].strip()
            start = at + 1
    yield context[start:].strip()
