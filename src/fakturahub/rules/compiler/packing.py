"""A pack's schemas to the source of one module and the data that the engine reads beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakturahub.model import Severity
from fakturahub.rules import tree
from fakturahub.rules.compiler.code import ONE, Code, Scope
from fakturahub.rules.compiler.contexts import Alternative
from fakturahub.rules.compiler.filtering import Filters
from fakturahub.rules.compiler.focus import forget, uses_context, uses_current
from fakturahub.rules.compiler.guards import of_context
from fakturahub.rules.compiler.module import BINDINGS, SchemaModule, Written
from fakturahub.rules.compiler.rulewriting import Item, RuleWriter, ShortRule
from fakturahub.rules.compiler.statics import divided
from fakturahub.rules.xpath.syntax import Expr

#: A rule's alternatives as data: (anchored, kind, steps, filter, key); a step: (deep, kind, namespace, local, tests of
#: names, functions of the predicates for one node); filter: the function of all predicates for a list of nodes, or
#: None; key: (function, texts), where only nodes can match for which the function gives one of the texts, or None;
#: guards: for each step (sets of triggers where anything passes its predicates, the same where something does not or
#: None, functions of predicates that are the same for all elements), see ``guards``.
NOT_KNOWN: tuple[Any, ...] = ((), None, ())
_SEVERITIES = {
    "fatal": Severity.FATAL,
    "error": Severity.FATAL,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "information": Severity.INFORMATION,
    "info": Severity.INFORMATION,
}


def severity(*words: str | None) -> Severity:
    """The severity that the first known word (flag, then role) states; fatal where none does."""
    for word in words:
        known = _SEVERITIES.get((word or "").strip().lower())
        if known is not None:
            return known
    return Severity.FATAL


class Packing:
    """Collects the parts of a pack, schema by schema."""

    def __init__(self, optimise: bool) -> None:
        self.optimise = optimise
        self.written = Written()
        self.checks: list[tuple[Any, ...]] = []
        #: per pattern: (whether attributes are looked at, rules)
        self.patterns: list[tuple[bool, list[Any]]] = []
        #: per pattern: the number of its schema
        self.schema_of: list[int] = []
        self.regexes: list[str] = []
        self._filters = Filters()

    def add(self, schema: tree.Schema, number: int) -> None:
        """Compiles one schema; what cannot be is noted in ``written.reasons``."""
        module = SchemaModule(schema, f"s{number}", self.written)
        if schema.query_binding not in BINDINGS:
            place = tree.Place(schema.file, 1)
            module.refuse(place, f"queryBinding={schema.query_binding}", "its expressions are not XPath 2.0")
            return
        module.compiler.by_path = self.optimise
        module.declared.declare()
        active = _active(schema)
        known = module.globals()
        if self.optimise:
            module.count_uses(rule for pattern in schema.patterns for rule in pattern.rules)
        for pattern in schema.patterns:
            if active is None or pattern.id in active:
                self._pattern(module, pattern, known)
                self.schema_of.append(number)
        for (text, flags, use), name in module.compiler.regexes.items():
            self.regexes.append(f"{name} = LatentRegex({text!r}, {flags!r}, {use!r})")
        for text, name in module.short.decimals.items():
            self.regexes.append(f"{name} = Decimal({text!r})")
        for name, source in self.written.constants.items():
            self.regexes.append(f"{name} = {source}")
        self.written.constants.clear()

    def source(self) -> str:
        """The module."""
        return "\n".join([*self.regexes, "", *self.written.module()])

    def _pattern(self, module: SchemaModule, pattern: tree.Pattern, known: Mapping[str, Code]) -> None:
        variables = dict(known)
        for let in pattern.lets:
            code = module.global_variable(let, variables)
            if code is not None:
                variables[let.name] = code
        rules: list[Any] = []
        for rule in pattern.rules:
            found = module.context(rule, variables)
            if found is None:
                continue
            rules.append(
                (
                    [self._alternative(module, rule, one, variables) for one in found],
                    *self._rule(module, rule, found, variables),
                )
            )
        self.patterns.append((pattern.attributes, rules))

    def _alternative(
        self, module: SchemaModule, rule: tree.Rule, alternative: Alternative, variables: Mapping[str, Code]
    ) -> tuple[Any, ...]:
        steps: list[tuple[Any, ...]] = []
        levels: list[tuple[Expr, ...]] = []
        for step in alternative.steps:
            tests, left = divided(step.predicates) if self.optimise else ([], step.predicates)
            names = tuple(module.predicate(rule.place, rule.context, one, step.kind, variables) for one in left)
            steps.append((step.deep, step.kind, step.namespace, step.local, tuple(tests), names))
            levels.append(left)
        known = all(all(names) for *_step, names in steps)
        guards = tuple(
            self._guards(module, left, variables) if self.optimise and step.kind == "element" else NOT_KNOWN
            for step, left in zip(alternative.steps, levels, strict=True)
        )
        if not self.optimise or not known or not any(levels) or any(step.deep for step in alternative.steps[1:]):
            return (alternative.anchored, alternative.kind, tuple(steps), None, None, guards)
        if any(step.kind != "element" for step in alternative.steps):
            return (alternative.anchored, alternative.kind, tuple(steps), None, None, guards)
        return (
            alternative.anchored,
            alternative.kind,
            tuple(steps),
            self._filters.filter(module, levels[::-1], variables),
            self._filters.key(module, levels[::-1], variables),
            guards,
        )

    def _guards(
        self, module: SchemaModule, predicates: tuple[Expr, ...], variables: Mapping[str, Code]
    ) -> tuple[Any, ...]:
        same = [one for one in predicates if not (uses_context(one) or uses_current(one))]
        if self.written.reasons:
            return NOT_KNOWN
        passing, failing = of_context(tuple(one for one in predicates if one not in same))
        sets = None if failing is None else tuple(tuple(sorted(one)) for one in failing)
        return tuple(tuple(sorted(one)) for one in passing), sets, self._filters.gates(module, same, variables)

    def _rule(
        self, module: SchemaModule, rule: tree.Rule, found: list[Alternative], variables: Mapping[str, Code]
    ) -> tuple[Any, ...]:
        kinds = {alternative.kind for alternative in found}
        kind = next(iter(kinds)) if len(kinds) == 1 else "node"
        node = Code("n", kind, ONE)
        scope = Scope(node, variables, current=node)
        for let in rule.lets:
            code = module.rule_variable(let, scope)
            if code is not None:
                scope = scope.with_variable(let.name, code)
        items: list[Item] = []
        for check in rule.checks:
            made = module.check(check, scope)
            if made is None:
                continue
            flag, role = check.flag or rule.flag, check.role or rule.role
            level = severity(check.flag, check.role, rule.flag, rule.role)
            items.append(Item(len(self.checks), check, made[0]))
            self.checks.append((check.id, flag, role, level.value, check.is_report, *made))
        short = ShortRule((), ())
        if self.optimise and not self.written.reasons:
            depths = {
                len(one.steps) if one.anchored and not any(step.deep for step in one.steps) else 0 for one in found
            }
            depth = depths.pop() if len(depths) == 1 and kind == "element" else 0
            writer = RuleWriter(module, module.short, rule, module.short.item("n", kind), variables, depth)
            short = writer.write(items)
        return (tuple(item.number for item in items), tuple(short))


def _active(schema: tree.Schema) -> frozenset[str] | None:
    """The patterns of the default phase; None: all."""
    if schema.default_phase in (None, "#ALL"):
        return None
    for phase in schema.phases:
        if phase.id == schema.default_phase:
            return frozenset(phase.patterns)
    return None


def packed(schemas: Sequence[tree.Schema], *, optimise: bool) -> Packing:
    """All schemas of a pack; *optimise*: with short forms and what goes with them."""
    packing = Packing(optimise)
    try:
        for number, schema in enumerate(schemas):
            packing.add(schema, number)
    finally:
        # what was found out about the pack's expressions is of no use any more
        forget()
    return packing
