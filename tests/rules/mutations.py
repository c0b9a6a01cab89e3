"""Damage to whole documents, out of a seeded generator: the same seed gives the same document everywhere.

Each act takes a node and changes the tree at it, or finds that there is nothing to change. What the acts write are odd
values, the literals of the rules, and the paths that they forbid.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lxml import etree
from lxml.etree import _Element as Element

from tests.rules.absence import Absence, absences
from tests.rules.packs import FILES, packs_of
from tests.rules.samples import Sample
from tests.rules.stylesheet import ISO
from tests.rules.values import ATTRIBUTES, CENTS, ODD


class Mutator:
    """Damages documents of one syntax."""

    def __init__(self, shared: Path, syntax: str, samples: Iterable[Sample]) -> None:
        """`samples` lend elements to graft."""
        self.absences: list[Absence] = []
        self._literals: list[str] = []
        for pack in packs_of(syntax):
            schema = etree.fromstring((shared / FILES[pack]).read_bytes())
            self.absences += absences(schema)
            self._literals += _literals(schema)
        self._literals = sorted(set(self._literals))
        self._pool: list[Element] = []
        names: set[str] = set()
        for sample in samples:
            if sample.syntax == syntax:
                for element in etree.fromstring(sample.text).iter("*"):
                    names.add(str(element.tag))
                    if element.getparent() is not None and len(list(element.iter())) <= 40:
                        self._pool.append(element)
        self._names = sorted(names)
        #: how often an act comes, beside the others
        self._acts: Mapping[Callable[[Element, random.Random], bool], int] = {
            _drop: 8,
            _empty: 4,
            self._odd: 4,
            self._code: 6,
            _cent: 5,
            _swap_texts: 3,
            _swap_elements: 3,
            _duplicate: 5,
            _move: 2,
            self._rename: 2,
            self._attribute: 3,
            self._change_attribute: 3,
            _comment: 3,
            _instruction: 1,
            self._forbidden: 4,
            self._graft: 3,
            _nest: 1,
            _pad: 1,
            _section: 1,
        }

    def mutated(self, text: str, number: int, chance: random.Random) -> str:
        """The document with one to four changes, the first of them at its element `number` (counted around)."""
        root = etree.fromstring(text)
        elements = list(root.iter("*"))
        at = elements[number % len(elements)]
        for _ in range(chance.choices((1, 2, 3, 4), (6, 3, 2, 1))[0]):
            for act in chance.choices([*self._acts], [*self._acts.values()], k=12):
                if act(at, chance):
                    break
            at = chance.choice(list(root.iter("*")))
        return etree.tostring(root, encoding="unicode")

    def forbidden(self, text: str, absence: Absence, chance: random.Random) -> str | None:
        """The document with what `absence` forbids; None where it has no place for it."""
        root = etree.fromstring(text)
        return etree.tostring(root, encoding="unicode") if absence.insert(root, chance) else None

    def _odd(self, element: Element, chance: random.Random) -> bool:
        return _write(element, chance.choice(ODD))

    def _code(self, element: Element, chance: random.Random) -> bool:
        return _write(element, chance.choice(self._literals))

    def _rename(self, element: Element, chance: random.Random) -> bool:
        if element.getparent() is None and chance.random() < 0.8:
            return False
        element.tag = chance.choice((chance.choice(self._names), etree.QName(element).localname, "{urn:other}Other"))
        return True

    def _value(self, chance: random.Random) -> str:
        return chance.choice(ODD if chance.random() < 0.5 else self._literals)

    def _attribute(self, element: Element, chance: random.Random) -> bool:
        element.set(chance.choice(ATTRIBUTES), self._value(chance))
        return True

    def _change_attribute(self, element: Element, chance: random.Random) -> bool:
        if not element.attrib:
            return False
        name = chance.choice(sorted(element.attrib))
        if chance.random() < 0.4:
            del element.attrib[name]
        else:
            element.set(name, self._value(chance))
        return True

    def _forbidden(self, element: Element, chance: random.Random) -> bool:
        return chance.choice(self.absences).insert(element.getroottree().getroot(), chance)

    def _graft(self, element: Element, chance: random.Random) -> bool:
        """An element of another document, beside one of its name where there is one."""
        given = copy.deepcopy(chance.choice(self._pool))
        given.tail = None
        beside = element.getroottree().getroot().find(f".//{given.tag!s}")
        if beside is not None and beside.getparent() is not None:
            beside.addnext(given)
        else:
            element.insert(chance.randint(0, len(element)), given)
        return True


def _literals(schema: Element) -> list[str]:
    """Short texts in the rules: codes, countries, schemes."""
    found = []
    for one in schema.iter(f"{ISO}rule", f"{ISO}assert", f"{ISO}let"):
        expression = one.get("test") or one.get("context") or one.get("value") or ""
        for literal in re.findall(r"'([^']*)'", expression):
            found += [literal] if len(literal) <= 40 else random.Random(literal).sample(literal.split() or [""], 1)
    return found


def _write(element: Element, value: str) -> bool:
    if len(element):
        return False
    element.text = value
    return True


def _drop(element: Element, chance: random.Random) -> bool:
    parent = element.getparent()
    if parent is None:
        return False
    parent.remove(element)
    return True


def _empty(element: Element, chance: random.Random) -> bool:
    if element.getparent() is None:
        return False
    del element[:]
    element.text = chance.choice((None, "", " "))
    if chance.random() < 0.5:
        element.attrib.clear()
    return True


def _cent(element: Element, chance: random.Random) -> bool:
    """A number that is off by a cent, or by little more or less."""
    try:
        value = Decimal((element.text or "").strip())
        step = Decimal(chance.choice(CENTS))
        return _write(element, f"{value + step:f}")
    except InvalidOperation:
        return False


def _swap_texts(element: Element, chance: random.Random) -> bool:
    others = [one for one in element.getroottree().getroot().iter("*") if not len(one) and one is not element]
    if len(element) or not others:
        return False
    other = chance.choice(others)
    element.text, other.text = other.text, element.text
    return True


def _swap_elements(element: Element, chance: random.Random) -> bool:
    parent = element.getparent()
    if parent is None or len(parent) < 2:
        return False
    parent.insert(chance.randrange(len(parent)), element)
    return True


def _duplicate(element: Element, chance: random.Random) -> bool:
    if element.getparent() is None:
        return False
    made = copy.deepcopy(element)
    if chance.random() < 0.3:
        _write(chance.choice(list(made.iter("*"))), chance.choice(ODD))
    element.addnext(made)
    return True


def _move(element: Element, chance: random.Random) -> bool:
    root = element.getroottree().getroot()
    others = [one for one in root.iter("*") if one is not element and element not in one.iterancestors()]
    if element is root or not others:
        return False
    chance.choice(others).append(element)
    return True


def _cut(element: Element, node: Element, chance: random.Random) -> bool:
    """Put a comment or an instruction into the element's text."""
    text = element.text or ""
    at = chance.randint(0, len(text))
    element.text, node.tail = text[:at], text[at:]
    element.insert(0, node)
    return True


def _comment(element: Element, chance: random.Random) -> bool:
    return _cut(element, etree.Comment(chance.choice(("", " a comment ", "1"))), chance)


def _instruction(element: Element, chance: random.Random) -> bool:
    return _cut(element, etree.ProcessingInstruction("target", "data"), chance)


def _nest(element: Element, chance: random.Random) -> bool:
    """The text of a leaf in an element of its own, within it or within an equal one."""
    inner = etree.SubElement(element, chance.choice((element.tag, "{urn:other}Inner")))
    inner.text, element.text = element.text, None
    return True


def _pad(element: Element, chance: random.Random) -> bool:
    blank = chance.choice((" ", "\n", "\t", "\r", "\u00a0"))
    return _write(element, chance.choice((blank + (element.text or ""), (element.text or "") + blank)))


def _section(element: Element, chance: random.Random) -> bool:
    """CDATA is text like any other."""
    if len(element) or not element.text or "]]>" in element.text:
        return False
    element.text = etree.CDATA(element.text)
    return True
