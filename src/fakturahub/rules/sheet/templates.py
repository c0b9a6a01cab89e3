"""The templates of a sheet as rules: in the order of their priority, since the first that matches counts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import msgspec

from fakturahub.rules import instructions
from fakturahub.rules.markup import XSL, Element, Reasons, refusal
from fakturahub.rules.sheet.findings import Findings
from fakturahub.rules.tree import Check, Function, Key, Let, Pattern, Place, Rule, Schema

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Named(msgspec.Struct, frozen=True):
    """A pattern as the sheet announces it."""

    id: str | None
    name: str | None
    place: Place


class Sheet:
    """What is collected from the top of a sheet."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.findings = Findings()
        self.reasons = Reasons(root.place.file)
        self.lets: list[Let] = []
        self.functions: list[Function] = []
        self.keys: list[Key] = []
        self._names: set[str] = set()
        self._prefixes = {prefix: uri for prefix, uri in root.prefixes.items() if prefix}

    def declaration(self, element: Element) -> bool:
        """Take *element* if it is a variable, a function or a key."""
        if element.is_a(XSL, "param", "variable"):
            let = instructions.variable(element)
            if let.name in self._names:
                raise refusal(element.place, f"${let.name} is declared twice")
            self._names.add(let.name)
            self.lets.append(let)
        elif element.is_a(XSL, "function"):
            self.functions.append(instructions.function(element))
        elif element.is_a(XSL, "key"):
            self.keys.append(instructions.key(element))
        else:
            return False
        return True

    def rule(self, template: Element, parts: Iterable[Element], pattern: str | None, marks: dict[str, str]) -> Rule:
        """The rule of a template. *parts*: its variables, and what holds a check each; *marks*: id, flag and role."""
        lets: list[Let] = []
        checks: list[Check] = []
        names: set[str] = set()
        for part in parts:
            if part.is_a(XSL, "variable"):
                let = instructions.variable(part)
                if let.name in names:
                    raise refusal(part.place, f"${let.name} is declared twice")
                names.add(let.name)
                if checks and let.name in self._names:
                    raise refusal(part.place, f"${let.name} stands for two values in one rule")
                lets.append(let)
            else:
                test, finding = condition(part)
                checks.append(self.findings.check(finding, test, pattern, part.place))
        return Rule(
            template.required("match"),
            tuple(lets),
            tuple(checks),
            template.place,
            marks.get("id"),
            marks.get("flag"),
            marks.get("role"),
        )

    def schema(self, title: str | None, patterns: tuple[Pattern, ...]) -> Schema:
        """All of it; ``PackRefused`` where a reason was kept."""
        with self.reasons.kept():
            self._take_prefixes()
        self.reasons.tell()
        return Schema(
            self.root.place.file,
            title,
            "xslt2",
            self._prefixes,
            tuple(self.lets),
            patterns,
            tuple(self.functions),
            tuple(self.keys),
            default_namespace=self.root.attributes.get("xpath-default-namespace") or None,
        )

    def _take_prefixes(self) -> None:
        """Take over the prefixes that are declared further inside; one that means two namespaces is refused."""
        last = self.root.prefixes
        for element in self.root.all_elements():
            if element.namespace == XSL and element.prefixes is not last:
                last = element.prefixes
                for prefix, uri in last.items():
                    if prefix and self._prefixes.setdefault(prefix, uri) != uri:
                        raise refusal(element.place, f"the prefix {prefix!r} is declared for two namespaces")


def condition(element: Element) -> tuple[str, Element]:
    """The expression of an ``xsl:choose`` or ``xsl:if`` that holds one finding, and the finding."""
    inside = list(instructions.significant(element))
    if element.is_a(XSL, "if"):
        element.only("test")
        test, holder = element.required("test"), element
    elif element.is_a(XSL, "choose") and len(inside) == 2:
        element.only()
        when, otherwise = inside
        if isinstance(when, str) or isinstance(otherwise, str):
            raise refusal(element.place, "a text stands in a choice")
        if not when.is_a(XSL, "when") or not otherwise.is_a(XSL, "otherwise") or any(instructions.significant(when)):
            raise refusal(element.place, "a choice is not the one that an assertion makes")
        when.only("test")
        otherwise.only()
        test, holder = when.required("test"), otherwise
    else:
        raise refusal(element.place, f"{element.name} is not what a check makes")
    held = list(instructions.significant(holder))
    if len(held) != 1 or isinstance(held[0], str):
        raise refusal(holder.place, "there is not one finding where a check speaks")
    finding = held[0]
    if (finding.name == "failed-assert") != (holder is not element):
        raise refusal(finding.place, f"{finding.name} stands where the other kind of check is expected")
    return test, finding


def priority(template: Element) -> float:
    """The priority that a template states. One that states none has one that hangs on its pattern: refused."""
    written = template.required("priority").strip()
    if not _NUMBER.fullmatch(written) or len(written) > 12:
        raise refusal(template.place, f"the priority {written!r} is no number")
    return float(written)


def in_order(templates: Iterable[Element]) -> list[Element]:
    """Templates, the highest priority first. Where two have one, it is left to the processor which counts: refused."""
    ordered = sorted(templates, key=lambda template: -priority(template))
    for before, after in itertools.pairwise(ordered):
        if priority(before) == priority(after):
            raise refusal(after.place, "two rules of a pattern have one priority")
    return ordered


def only_elements(element: Element) -> list[Element]:
    """The children that count, none of them a text."""
    found = []
    for child in instructions.significant(element):
        if isinstance(child, str):
            raise refusal(element.place, f"a text stands in {element.name}")
        found.append(child)
    return found
