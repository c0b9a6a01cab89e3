"""The functions and keys that a schema declares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fakturahub.rules import tree
from fakturahub.rules.compiler.code import MANY, ONE, STRINGS, Code, NotCompiled, Scope, listed
from fakturahub.rules.compiler.contexts import alternatives, anywhere
from fakturahub.rules.compiler.conversions import condition, converted
from fakturahub.rules.compiler.rulewriting import function as written_function
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.xpath.syntax import Expr, SequenceType

if TYPE_CHECKING:
    from fakturahub.rules.compiler.module import SchemaModule

#: different argument types with which one function may be called
VARIANTS = 50
_DOCUMENT = Code("0", "element", ONE)
_DOCUMENT_USED = re.compile(r"\bd\b").search


@dataclass
class _Function:
    declared: tree.Function
    parameters: tuple[SequenceType | None, ...]
    result: SequenceType | None
    variants: dict[tuple[Any, ...], Code | None] = field(default_factory=dict)


class Declarations:
    """Compiles them for *module*: a function once for each combination of its arguments' types, a key once."""

    def __init__(self, module: SchemaModule) -> None:
        self._module = module
        self._keys: dict[str, list[tree.Key]] = {}
        self._key_codes: dict[str, str] = {}
        self._functions: dict[tuple[str, int], _Function] = {}

    # --- functions of the pack ---

    def declare(self) -> None:
        """Makes the schema's functions and keys known."""
        for key in self._module.schema.keys:
            self._keys.setdefault(key.name, []).append(key)
        for declared in self._module.schema.functions:
            self._module.attempt(declared.place, declared.name, partial(self._declare, declared))

    def _declare(self, function: tree.Function) -> None:
        prefix, colon, local = function.name.partition(":")
        if not colon or prefix not in self._module.schema.namespaces:
            raise NotCompiled("a function without a declared prefix")
        types = tuple(
            None if parameter.as_type is None else self._module.parse_type(parameter.as_type)
            for parameter in function.parameters
        )
        result = None if function.as_type is None else self._module.parse_type(function.as_type)
        name = f"{{{self._module.schema.namespaces[prefix]}}}{local}"
        self._functions[name, len(types)] = _Function(function, types, result)

    def call_short(self, name: str, arguments: list[Code]) -> Code:
        """A call in a short form."""
        return self.call_function(name, arguments, is_short=True)

    def _inlined(self, function: _Function, values: list[Code]) -> Code | None:
        """A function of one value-of or sequence that calls no other, in the place of its call."""
        body = function.declared.body
        if len(body) != 1 or not isinstance(body[0], (tree.ValueOf, tree.Sequence)) or function.result is None:
            return None
        if f"{function.declared.name.partition(':')[0]}:" in body[0].select or any(v.card != ONE for v in values):
            return None
        names = [self._module.short.fresh() for _ in values]
        parameters = {
            parameter.name: self._module.short.item(name, value.kind)
            for parameter, name, value in zip(function.declared.parameters, names, values, strict=True)
        }
        code = self._module.short_bodies.sequence(body, Scope(None, {**self._module.known, **parameters}))
        code = converted(code, function.result)
        passed = ", ".join(
            value.short.number if value.short is not None and value.short.number else value.source for value in values
        )
        source = f"(lambda {', '.join(names)}: {condition(code) if code.kind == 'boolean' else code.source})({passed})"
        return replace(
            code,
            source=source,
            loop=None,
            unsorted=None,
            short=Short(exists=source) if code.kind == "boolean" else None,
        )

    def call_function(self, name: str, arguments: list[Code], *, is_short: bool = False) -> Code:
        """A call of one of the pack's functions."""
        function = self._functions.get((name, len(arguments)))
        if function is None:
            raise NotCompiled(f"the function {name}() with {len(arguments)} arguments is not known")
        values = [
            argument if wanted is None else converted(argument, wanted)
            for argument, wanted in zip(arguments, function.parameters, strict=True)
        ]
        if is_short:
            inlined = self._inlined(function, values)
            if inlined is not None:
                return inlined
        key = (is_short, *((value.kind, value.card, value.flat, value.ordered) for value in values))
        if key not in function.variants:
            if len(function.variants) >= VARIANTS:
                raise NotCompiled(f"{name}() is called with more than {VARIANTS} combinations of types")
            self._write_function(function, values, key, is_short)
        code = function.variants[key]
        if code is None:
            raise NotCompiled(f"{name}() calls itself and declares no type of its result")
        return code.with_source(f"{code.source}({', '.join(['d', *[value.source for value in values]])})")

    def _write_function(self, function: _Function, values: list[Code], key: tuple[Any, ...], is_short: bool) -> None:
        name = self._module.name("f")
        function.variants[key] = None
        if function.result is not None:
            # known before the body is compiled: the function may call itself
            wanted = converted(Code("None", "any", MANY), function.result)
            function.variants[key] = replace(wanted, source=name)
        parameters = {
            parameter.name: self._parameter(f"p{index}", value, is_short)
            for index, (parameter, value) in enumerate(zip(function.declared.parameters, values, strict=True))
        }
        scope = Scope(None, {**self._module.known, **parameters})
        bodies = self._module.short_bodies if is_short else self._module.bodies
        body = bodies.sequence(function.declared.body, scope)
        if function.result is not None:
            body = converted(body, function.result)
        function.variants[key] = body.with_source(name)
        names = ", ".join(code.source for code in parameters.values())
        source = condition(body) if body.kind == "boolean" and body.card == ONE else body.source
        self._module.written.functions.append(
            written_function(f"{name}e", ", ".join(filter(None, ["d", names])), [f"return {source}"])
        )
        arguments = f"({names},)" if names else "()"
        if len(parameters) == 1 and values[0].kind in STRINGS and values[0].card == ONE and not _DOCUMENT_USED(source):
            # it depends on its text alone
            self._module.written.functions.append(f"{name}r = RememberedCall({name}e)\n")
            self._module.write(name, f"d, {names}", f"{name}r[{names}]")
            return
        self._module.write(name, ", ".join(filter(None, ["d", names])), f"nested(d, {name}e, {arguments})")

    def _parameter(self, name: str, value: Code, is_short: bool) -> Code:
        if is_short and value.card == ONE:
            return replace(self._module.short.item(name, value.kind), flat=value.flat, ordered=value.ordered)
        return value.with_source(name)

    # --- keys ---

    def call_key(self, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        """A call of ``key()``."""
        name = self._module.compiler.constant(arguments[0], scope)
        if name is None or name not in self._keys:
            raise NotCompiled("key() with a name that is not declared")
        self._module.compiler.need_document(scope)
        value = self._module.compiler.atoms(arguments[1], scope)
        if value.kind not in STRINGS:
            raise NotCompiled("key() with a value that is no string")
        if name not in self._key_codes:
            self._key_codes[name] = self._write_key(name)
        source = f"keyed({self._key_codes[name]}(d), {listed(value)})"
        return Code(source, "element", MANY, flat=False)

    def _write_key(self, name: str) -> str:
        pairs: list[str] = []
        for key in self._keys[name]:
            scope = Scope(_DOCUMENT, self._module.known)
            nodes = self._module.compiler.compile(anywhere(self._module.parse(key.match)), scope)
            alternatives(self._module.parse(key.match))
            if nodes.kind != "element":
                raise NotCompiled("a key of nodes that are no elements")
            use = self._module.compiler.atoms(self._module.parse(key.use), scope.with_focus(Code("k", "element", ONE)))
            if use.kind not in STRINGS:
                raise NotCompiled("a key whose values are no strings")
            pairs.append(f"[(k, v) for k in {listed(nodes)} for v in {listed(use)}]")
        index = self._module.name("k")
        self._module.write(f"{index}e", "d", f"key_index({' + '.join(pairs)})")
        self._module.write(index, "d", f"once(d, {self._module.slot()}, {index}e)")
        return index
