"""Short functions of contexts: which nodes of a list match, and by what text they are told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from fakturahub.rules.compiler.code import STRINGS, Code, NotCompiled, Scope
from fakturahub.rules.compiler.conversions import condition
from fakturahub.rules.compiler.operators import flattened, is_word
from fakturahub.rules.compiler.rulewriting import function
from fakturahub.rules.xpath.syntax import Binary, Comma, Expr, Literal

if TYPE_CHECKING:
    from fakturahub.rules.compiler.module import SchemaModule

#: predicates by level: those of the node itself first, then those of its parent, and so on up
Levels: TypeAlias = Sequence[Sequence[Expr]]


def _clauses(levels: int) -> str:
    """The clauses of a comprehension over *nodes* with the parents up to that level as variables n1, n2, …"""
    above = [f"for n{level} in (P[{'n' if level == 1 else f'n{level - 1}'}],)" for level in range(1, levels + 1)]
    return " ".join(["for n in nodes", *above])


class Filters:
    """Writes the functions; those of keys that are the same are one."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, str], str] = {}
        self._gates: dict[tuple[str, str], str] = {}

    def filter(self, module: SchemaModule, levels: Levels, variables: Mapping[str, Code]) -> str:
        """A function ``(d, nodes)``: the nodes for which all predicates hold."""
        tests: list[str] = []
        highest = 0
        for level, predicates in enumerate(levels):
            scope = _scope(module, level, variables)
            for one in predicates:
                tests.append(f"({condition(module.short.compile(one, scope))})")
                highest = level
        name = module.name("q")
        body = [f"return [n {_clauses(highest)} if {' and '.join(tests)}]"]
        module.written.functions.append(function(name, "d, nodes", body))
        return name

    def gates(self, module: SchemaModule, predicates: Sequence[Expr], variables: Mapping[str, Code]) -> tuple[str, ...]:
        """Functions ``(d)`` of *predicates* that do not depend on the element: whether any can match at all."""
        names: list[str] = []
        for one in predicates:
            source = condition(module.short.compile(one, _scope(module, 0, variables)))
            known = self._gates.get((module.prefix, source))
            if known is None:
                known = self._gates[module.prefix, source] = module.name("w")
                module.written.functions.append(function(known, "d", [f"return {source}"]))
            names.append(known)
        return tuple(names)

    def key(
        self, module: SchemaModule, levels: Levels, variables: Mapping[str, Code]
    ) -> tuple[str, tuple[str, ...]] | None:
        """(function ``(d, nodes)`` of a text for each, texts) of a predicate that compares with literals."""
        for level, predicates in enumerate(levels):
            scope = _scope(module, level, variables)
            for predicate in predicates:
                for part in flattened(predicate, "and"):
                    source, texts = _compared(module, part, scope)
                    if source is not None:
                        return self._written(module, level, source), texts
        return None

    def _written(self, module: SchemaModule, level: int, source: str) -> str:
        if (level, source) not in self._keys:
            name = self._keys[level, source] = module.name("t")
            body = [f"return [{source} {_clauses(level)}]"]
            module.written.functions.append(function(name, "d, nodes", body))
        return self._keys[level, source]


def _scope(module: SchemaModule, level: int, variables: Mapping[str, Code]) -> Scope:
    return Scope(module.short.item(f"n{level or ''}", "element"), variables)


def _compared(module: SchemaModule, expr: Expr, scope: Scope) -> tuple[str | None, tuple[str, ...]]:
    if not isinstance(expr, Binary) or expr.operator not in ("=", "eq"):
        return None, ()
    items = expr.right.items if isinstance(expr.right, Comma) else (expr.right,)
    texts = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
    if len(texts) != len(items) or not texts or (expr.operator == "eq" and len(texts) > 1):
        return None, ()
    try:
        code = module.short.atoms(expr.left, scope)
    except NotCompiled:
        return None, ()
    if code.kind not in STRINGS or code.short is None:
        return None, ()
    source = code.short.text_absent
    if code.short.stripped is not None and all(is_word(repr(text)) for text in texts):
        source = code.short.stripped
    if source is None or re.search(r"\bx\d", source):
        return None, ()
    return source, tuple(texts)
