"""The short functions of one rule: all its checks in a row for a list of nodes, and guarded checks each on its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fakturahub.rules import tree
from fakturahub.rules.compiler.code import MANY, ONE, Code, NotCompiled, Scope
from fakturahub.rules.compiler.conversions import condition
from fakturahub.rules.compiler.expressions import Compiler
from fakturahub.rules.compiler.focus import free_variables
from fakturahub.rules.compiler.guards import guard
from fakturahub.rules.compiler.harmless import Trigger
from fakturahub.rules.compiler.indexing import folded
from fakturahub.rules.compiler.short import Short

if TYPE_CHECKING:
    from fakturahub.rules.compiler.module import SchemaModule

#: checks in one function: one that has to be evaluated exactly takes its neighbours with it
TOGETHER = 12

_COLUMNS = {"K": "d.K", "T": "d.T", "A": "d.A", "P": "d.P", "M": "d.memo"}


class Item(NamedTuple):
    """One check of a rule."""

    number: int
    check: tree.Check
    #: the exact form's function
    test: str


class ShortRule(NamedTuple):
    """Names of functions ``(d, nodes, out, exact)``."""

    #: with the checks in it
    always: tuple[tuple[str, tuple[int, ...]], ...]
    #: (check, function, sets of triggers; see ``guards``)
    guarded: tuple[tuple[int, str, tuple[tuple[Trigger, ...], ...]], ...]


def columns(lines: Sequence[str]) -> list[str]:
    """The assignments that make the columns used in *lines* local."""
    text = "\n".join(lines)
    return [f"{name} = {source}" for name, source in _COLUMNS.items() if re.search(rf"\b{name}\b", text)]


def function(name: str, parameters: str, body: list[str]) -> str:
    """A function of several lines."""
    lines = [*columns(body), *body]
    return "\n".join([f"def {name}({parameters}):", *[f"    {line}" for line in lines], ""])


class RuleWriter:
    """Writes the short functions of one rule."""

    def __init__(
        self,
        module: SchemaModule,
        compiler: Compiler,
        rule: tree.Rule,
        node: Code,
        variables: Mapping[str, Code],
        depth: int,
    ) -> None:
        self._module = module
        self._compiler = compiler
        self._rule = rule
        self._node = node
        self._variables = variables
        #: number of names from the root to the rule's nodes; 0: it differs
        self._depth = depth

    def write(self, items: Sequence[Item]) -> ShortRule:
        """The functions for *items*."""
        guarded: list[tuple[int, str, tuple[tuple[Trigger, ...], ...]]] = []
        rest: list[Item] = []
        for item in items:
            test = self._module.parse(item.check.test)
            clauses = guard(test, item.check.is_report) if self._node.kind == "element" else None
            if clauses is None:
                rest.append(item)
            else:
                triggers = tuple(tuple(sorted(one)) for one in clauses)
                guarded.append((item.number, self._function([item]), triggers))
        rows = [rest[at : at + TOGETHER] for at in range(0, len(rest), TOGETHER)]
        always = tuple((self._function(row), tuple(item.number for item in row)) for row in rows)
        return ShortRule(always, tuple(guarded))

    def _function(self, items: Sequence[Item]) -> str:
        wanted: set[str] = set()
        for item in items:
            wanted |= free_variables(self._module.parse(item.check.test))
        scope, lines = self._lets(wanted)
        for item in items:
            lines.extend(self._check(item, scope))
        numbers = tuple(item.number for item in items)
        body = [
            "for n in nodes:",
            "    mark = len(out)",
            "    try:",
            *[f"        {line}" for line in lines],
            "    except RETRY:",
            "        del out[mark:]",
            f"        exact(n, {numbers!r})",
        ]
        name = self._module.name("r")
        self._module.written.functions.append(function(name, "d, nodes, out, exact", body))
        return name

    def _lets(self, wanted: set[str]) -> tuple[Scope, list[str]]:
        needed = set(wanted)
        for let in reversed(self._rule.lets):
            if let.name in needed:
                needed |= self._needs(let)
        scope = Scope(self._node, self._variables, current=self._node)
        lines: list[str] = []
        for index, let in enumerate(self._rule.lets):
            if let.name not in needed:
                continue
            code = self._module.short_bodies.value(let, scope)
            name = f"v{index}"
            short = code.short.number if code.short is not None else None
            if short is not None and code.kind in ("integer", "decimal"):
                lines.append(f"{name} = {short}")
                plain = name if code.card == ONE else f"none_if_nan({name})"
                bound = Code(plain, code.kind, code.card, short=Short(number=name))
            else:
                lines.append(f"{name} = {code.source}")
                bound = self._compiler.item(name, code.kind) if code.card == ONE else code.with_source(name)
            scope = scope.with_variable(let.name, bound)
        return scope, lines

    def _needs(self, let: tree.Let) -> frozenset[str]:
        if let.select is None:
            return frozenset(one.name for one in self._rule.lets)
        return free_variables(self._module.parse(let.select))

    def _check(self, item: Item, scope: Scope) -> list[str]:
        try:
            holds = condition(self._compiler.compile(folded(self._module.parse(item.check.test), self._depth), scope))
        except NotCompiled:
            # a construct that has an exact form only
            holds = f"{item.test}(d, n, {{}})"
        word = "" if item.check.is_report else "not "
        return [f"if {word}({holds}):", f"    out.append((n, {item.number}))"]


__all__ = ["MANY", "Item", "RuleWriter", "ShortRule"]
