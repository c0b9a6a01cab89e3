"""One pack as one Python module: variables, functions, keys, predicates of contexts, checks and messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fakturahub.rules import tree
from fakturahub.rules.compiler.bodies import Bodies
from fakturahub.rules.compiler.code import ONE, Code, NotCompiled, Scope, exactly_one, listed
from fakturahub.rules.compiler.contexts import Alternative, alternatives
from fakturahub.rules.compiler.conversions import atomised, condition
from fakturahub.rules.compiler.declarations import Declarations
from fakturahub.rules.compiler.expressions import Compiler
from fakturahub.rules.compiler.focus import free_variables, parts
from fakturahub.rules.compiler.joining import Memo, joined
from fakturahub.rules.compiler.rulewriting import function as written_function
from fakturahub.rules.compiler.sharing import shared
from fakturahub.rules.compiler.shortening import ShortCompiler, tokens_of
from fakturahub.rules.refused import Reason
from fakturahub.rules.runtime.strings import normalize_space
from fakturahub.rules.xpath.lexer import XPathRefused
from fakturahub.rules.xpath.parser import parse, parse_type
from fakturahub.rules.xpath.syntax import Expr, Literal, SequenceType

#: the Schematron query bindings whose expressions are XPath 2.0
BINDINGS = frozenset({None, "xslt2", "xslt3", "xpath2", "xpath3", "xpath31"})
_DOCUMENT = Code("0", "element", ONE)
_NODE = "n"
#: the functions of short forms, by their letters; see ``rulewriting``, ``filtering`` and ``SchemaModule``
_SHORT = re.compile(r"def s\d+(?:[hqrtw]\d+|i\d+b)\(").match


@dataclass
class Written:
    """What has been generated: functions by name, and what stands beside them as data."""

    functions: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    slots: int = 0
    #: constants of the module: name -> source
    constants: dict[str, str] = field(default_factory=dict)
    #: what is computed once per document, by the names of their functions
    memos: dict[str, Memo] = field(default_factory=dict)

    def module(self) -> list[str]:
        """All functions; what can be joined is, and what can be shared."""
        functions, memos = joined(self.functions, self.memos)
        for name, memo in memos.items():
            body = [
                f"if {memo.slot} in d.failures:",
                f"    raise d.failures[{memo.slot}]",
                "try:",
                f"    M[{memo.slot}] = value = {memo.short}",
                "except RETRY:",
                f"    return exactly(d, {memo.slot}, {name}e)",
                "return value",
            ]
            functions.append(f"def {name}e(d):\n    return {memo.exact}\n")
            functions.append(written_function(name, "d", body))
        return [shared(one) if _SHORT(one) else one for one in functions]


class SchemaModule:
    """Generates the functions of one schema. *prefix* keeps the names of several schemas of a pack apart."""

    def __init__(self, schema: tree.Schema, prefix: str, written: Written) -> None:
        self.schema = schema
        self.prefix = prefix
        self.written = written
        self.declared = Declarations(self)
        self.compiler = Compiler(self.declared.call_function, self.declared.call_key, self._constant)
        self.bodies = Bodies(self.compiler, self.parse, self.parse_type)
        self.short = ShortCompiler(
            self.declared.call_short, self.declared.call_key, self._constant, self.compiler, self
        )
        self.short_bodies = Bodies(self.short, self.parse, self.parse_type)
        self._count = 0
        self._global_sources: set[str] = set()
        self._short_globals: dict[str, Callable[[], Code]] = {}
        self._shortened: dict[str, Code | None] = {}
        self._lists: dict[str, tuple[str, ...]] = {}
        self._sets: dict[tuple[str, ...], str] = {}
        self._once: dict[object, str] = {}
        self._constants: dict[str, str] = {}
        #: the schema's variables
        self.known: dict[str, Code] = {}

    # --- parsing ---

    def parse(self, expression: str) -> Expr:
        """*expression* with the schema's prefixes; NotCompiled where it is not XPath 2.0."""
        try:
            return parse(expression, self.schema.namespaces, self.schema.default_namespace)
        except XPathRefused as refused:
            raise NotCompiled(refused.reason) from None

    def parse_type(self, text: str) -> SequenceType:
        """A declared type."""
        try:
            return parse_type(text, self.schema.namespaces)
        except XPathRefused as refused:
            raise NotCompiled(refused.reason) from None

    def refuse(self, place: tree.Place, expression: str, why: str) -> None:
        """Notes why the pack cannot be compiled."""
        self.written.reasons.append(Reason(place.file, place.line, expression, why))

    def attempt(self, place: tree.Place, expression: str, make: Callable[[], Any]) -> Any:
        """What *make* gives, or None with the reason noted."""
        try:
            return make()
        except NotCompiled as refused:
            self.refuse(place, expression, refused.reason)
        except RecursionError:
            self.refuse(place, expression, "the expression nests too deep")
        return None

    # --- writing ---

    def name(self, letter: str) -> str:
        self._count += 1
        return f"{self.prefix}{letter}{self._count}"

    def write(self, name: str, parameters: str, result: str) -> str:
        """A function that returns an expression."""
        self.written.functions.append(f"def {name}({parameters}):\n    return {result}\n")
        return name

    def slot(self) -> int:
        """A place for a value that is computed once per document."""
        self.written.slots += 1
        return self.written.slots - 1

    # --- variables ---

    def global_variable(self, let: tree.Let, visible: Mapping[str, Code]) -> Code | None:
        """A variable of the schema or of a pattern: evaluated at the document node, once, if it is asked for."""
        code = self.attempt(let.place, let.select or let.name, lambda: self._global(let, visible))
        return code  # type: ignore[no-any-return]

    def _global(self, let: tree.Let, visible: Mapping[str, Code]) -> Code:
        value = self.bodies.value(let, Scope(_DOCUMENT, visible, current=_DOCUMENT))
        name = self.name("g")
        self.write(f"{name}e", "d", value.source)
        self.write(name, "d", f"once(d, {self.slot()}, {name}e)")
        source = f"{name}(d)"
        self._global_sources.add(source)
        self._short_globals[source] = lambda: self.short_bodies.value(let, Scope(_DOCUMENT, visible, current=_DOCUMENT))
        if let.select is not None:
            expr = self.parse(let.select)
            words = tokens_of(expr)
            if words is not None:
                self._lists[source] = words
            if isinstance(expr, Literal) and isinstance(expr.value, str):
                self._constants[source] = expr.value
        elif value.kind == "tree" and all(isinstance(part, tree.Text) for part in let.body):
            self._constants[source] = "".join(part.text for part in let.body if isinstance(part, tree.Text))
        return value.with_source(source)

    def _constant(self, source: str) -> str | None:
        return self._constants.get(source)

    def globals(self) -> dict[str, Code]:
        """The schema's variables: each may use the others, whatever their order."""
        pending = list(self.schema.lets)
        known: dict[str, Code] = {}
        names = {let.name for let in pending}
        while pending:
            ready = [let for let in pending if not self._needs(let) & (names - set(known))]
            if not ready:
                for let in pending:
                    self.refuse(let.place, let.select or let.name, f"the variable ${let.name} depends on itself")
                break
            for let in ready:
                pending.remove(let)
                names.discard(let.name)
                code = self.global_variable(let, known)
                if code is not None:
                    known[let.name] = code
        self.known = known
        return known

    def _needs(self, let: tree.Let) -> frozenset[str]:
        if let.select is None:
            return frozenset()
        try:
            return free_variables(self.parse(let.select))
        except NotCompiled:
            return frozenset()

    def rule_variable(self, let: tree.Let, scope: Scope) -> Code | None:
        """A variable of a rule: evaluated at the rule's node, once, if it is asked for."""

        def make() -> Code:
            value = self.bodies.value(let, scope)
            name = self.name("l")
            self.write(f"{name}e", "d, n, m", value.source)
            self.write(name, "d, n, m", f"once_here(d, n, m, {name!r}, {name}e)")
            return value.with_source(f"{name}(d, n, m)")

        return self.attempt(let.place, let.select or let.name, make)  # type: ignore[no-any-return]

    # --- what short forms keep ---

    def count_uses(self, rules: Iterable[tree.Rule]) -> None:
        """Counts how often expressions are evaluated: in a rule for the root element once."""
        for rule in rules:
            try:
                found = alternatives(self.parse(rule.context))
                trees = [self.parse(check.test) for check in rule.checks]
                for alternative in found:
                    for step in alternative.steps:
                        self.short.uses.update({one: 2 for expr in step.predicates for one in parts(expr)})
            except NotCompiled:
                continue
            often = 1 if all(one.anchored and len(one.steps) < 2 for one in found) else 2
            for expr in trees:
                for one in parts(expr):
                    self.short.uses[one] += often

    def is_global(self, code: Code) -> bool:
        """Whether *code* is a variable of the schema or of a pattern."""
        return code.source in self._global_sources

    def short_global(self, code: Code) -> Code | None:
        """The short form of a variable of the schema or of a pattern."""
        if code.source not in self._short_globals:
            return None
        if code.source not in self._shortened:
            try:
                short: Code | None = self._short_globals[code.source]()
            except NotCompiled:
                short = None
            if short is not None and ((short.kind, short.card) != (code.kind, code.card) or code.kind == "any"):
                short = None
            self._shortened[code.source] = short
        return self._shortened[code.source]

    def tokens(self, code: Code) -> tuple[str, ...] | None:
        """The strings of a variable that is a list of literals."""
        return self._lists.get(code.source)

    def constant_set(self, tokens: tuple[str, ...]) -> str:
        """The module's name of a set of strings."""
        if tokens not in self._sets:
            name = self._sets[tokens] = f"{self.prefix}words{len(self._sets)}"
            self.written.constants[name] = f"frozenset({tokens!r})"
        return self._sets[tokens]

    def once(self, key: object, short: str, exact: Callable[[], Code], as_number: bool) -> str:
        """The source of a value that is computed when a document first asks for it."""
        if key not in self._once:
            name, slot = self.name("h"), self.slot()
            plain = exact().source
            memo = self.written.memos[name] = Memo(slot, short, f"nan_if_none({plain})" if as_number else plain)
            self._once[key] = memo.use(name)
        return self._once[key]

    def index(self, key: object, source: str) -> str:
        """The source of an index that is made when a document first asks for it."""
        if key not in self._once:
            name, slot = self.name("i"), self.slot()
            self.written.functions.append(written_function(f"{name}b", "d", [f"return {source}"]))
            self.write(name, "d", f"kept_index(d, {slot}, {name}b)")
            self._once[key] = f"(M[{slot}] if M[{slot}] is not UNSET else {name}(d))"
        return self._once[key]

    # --- contexts, checks, messages ---

    def context(self, rule: tree.Rule, variables: Mapping[str, Code]) -> list[Alternative] | None:
        """The paths of a rule's context."""
        return self.attempt(rule.place, rule.context, lambda: alternatives(self.parse(rule.context)))  # type: ignore[no-any-return]

    def predicate(self, place: tree.Place, context: str, expr: Expr, kind: str, variables: Mapping[str, Code]) -> str:
        """A predicate of a context as a function of the node at its step; its name."""

        def make() -> str:
            scope = Scope(Code(_NODE, kind, ONE), variables)
            code = self.compiler.compile(expr, scope)
            if code.kind in ("integer", "decimal", "double", "numeric", "any"):
                raise NotCompiled("a predicate of a context that selects by position")
            return self.write(self.name("p"), "d, n", condition(code))

        return self.attempt(place, context, make) or ""

    def check(self, check: tree.Check, scope: Scope) -> tuple[str, Any] | None:
        """(name of the function of the test, message: text or name of its function)."""

        def make() -> tuple[str, Any]:
            test = condition(self.compiler.compile(self.parse(check.test), scope))
            name = self.write(self.name("c"), "d, n, m", test)
            return name, None

        made = self.attempt(check.place, check.test, make)
        message = self.message(check, scope)
        return None if made is None else (made[0], message)

    def message(self, check: tree.Check, scope: Scope) -> str | tuple[str]:
        """A message as text, or as (name of its function,)."""
        parts: list[str] = []
        for part in check.message:
            if isinstance(part, str):
                parts.append(repr(part))
                continue
            select = part.select if isinstance(part, tree.ValueOf) else part.path or "."
            text = self.attempt(part.place, select, partial(self._part, part, scope))
            parts.append(text or "''")
        if all(isinstance(part, str) for part in check.message):
            return normalize_space("".join(part for part in check.message if isinstance(part, str)))
        return (self.write(self.name("s"), "d, n, m", f"''.join([{', '.join(parts)}])"),)

    def _part(self, part: tree.ValueOf | tree.Name, scope: Scope) -> str:
        if isinstance(part, tree.ValueOf):
            return self.bodies.text(self.compiler.compile(self.parse(part.select), scope), part.separator)
        node = scope.focus if part.path is None else self.compiler.compile(self.parse(part.path), scope)
        if node is None or not (node.is_node or node.kind == "string"):
            raise NotCompiled("the name of a value that is no node")
        if node.kind == "string":
            return exactly_one(atomised(node)).source
        return f"node_name(d, first({listed(node)}))"
