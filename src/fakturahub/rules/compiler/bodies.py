"""The bodies of functions and variables: XSLT's instructions as one expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from fakturahub.rules import tree
from fakturahub.rules.compiler.code import EMPTY, MANY, ONE, Code, NotCompiled, Scope, listed, unified
from fakturahub.rules.compiler.conversions import atomised, condition, converted, mapped
from fakturahub.rules.compiler.expressions import Compiler
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.xpath.syntax import Expr, SequenceType

Parse: TypeAlias = Callable[[str], Expr]
ParseType: TypeAlias = Callable[[str], SequenceType]

#: instructions of one body, those of its branches included
INSTRUCTIONS = 100


class Bodies:
    """Compiles instructions; *parse* and *parse_type* know the pack's prefixes."""

    def __init__(self, compiler: Compiler, parse: Parse, parse_type: ParseType) -> None:
        self.compiler = compiler
        self.parse = parse
        self.parse_type = parse_type

    def sequence(self, body: Sequence[tree.Instruction], scope: Scope) -> Code:
        """The items that the instructions give, one after the other."""
        if len(body) > INSTRUCTIONS:
            raise NotCompiled(f"more than {INSTRUCTIONS} instructions")
        if not body:
            return EMPTY
        head, rest = body[0], body[1:]
        if isinstance(head, tree.Let):
            return self._bind(head, rest, scope)
        first = self._item(head, scope)
        if not rest:
            return first
        second = self.sequence(rest, scope)
        if first.is_empty:
            return second
        if second.is_empty:
            return first
        first, second = unified([first, second])
        return Code(f"[*{listed(first)}, *{listed(second)}]", first.kind, MANY, False, False)

    def value(self, let: tree.Let, scope: Scope) -> Code:
        """The value of a variable."""
        if let.select is not None:
            code = self.compiler.compile(self.parse(let.select), scope)
        elif not let.body:
            code = Code("''", "string", ONE)
        elif let.as_type is None:
            return self._document(let.body, scope)
        else:
            code = self.sequence(let.body, scope)
        return code if let.as_type is None else converted(code, self.parse_type(let.as_type))

    def text(self, code: Code, separator: str | None) -> str:
        """The text of ``value-of``: the values joined."""
        value = atomised(code)
        if value.is_empty:
            return "''"
        function = "string_of_any" if value.kind == "any" else "string_of"
        if value.card == ONE:
            return f"{function}({value.source})"
        strings = mapped(value, "string", f"{function}({{}})")
        return f"{(' ' if separator is None else separator)!r}.join({listed(strings)})"

    def _bind(self, let: tree.Let, rest: Sequence[tree.Instruction], scope: Scope) -> Code:
        value = self.value(let, scope)
        name = self.compiler.fresh()
        inner = self.sequence(rest, scope.with_variable(let.name, value.with_source(f"{name}()")))
        if inner.is_empty:
            return inner
        return inner.with_source(f"(lambda {name}: {inner.source})(Lazy(lambda: {value.source}))")

    def _item(self, instruction: tree.Instruction, scope: Scope) -> Code:
        if isinstance(instruction, tree.Text):
            if not instruction.text.strip(" \t\r\n"):
                return EMPTY
            return Code(repr(instruction.text), "tree", ONE)
        if isinstance(instruction, tree.Sequence):
            return self.compiler.compile(self.parse(instruction.select), scope)
        if isinstance(instruction, tree.ValueOf):
            code = self.compiler.compile(self.parse(instruction.select), scope)
            text = Code(self.text(code, instruction.separator), "tree", ONE)
            if self.compiler.is_short and code.kind == "boolean" and code.card == ONE:
                return replace(text, short=Short(exists=condition(code)))
            return text
        if isinstance(instruction, tree.Choose):
            return self._choose(instruction.branches, scope)
        raise NotCompiled(f"the instruction {type(instruction).__name__}")

    def _choose(self, branches: Sequence[tree.When], scope: Scope) -> Code:
        if not branches:
            return EMPTY
        branch = branches[0]
        then = self.sequence(branch.body, scope)
        if branch.test is None:
            return then
        test = condition(self.compiler.compile(self.parse(branch.test), scope))
        then, other = unified([then, self._choose(branches[1:], scope)])
        return then.with_source(f"({then.source} if {test} else {other.source})")

    def _document(self, body: Sequence[tree.Instruction], scope: Scope) -> Code:
        """A variable without a declared type holds a document with the text of what its content gives."""
        lets = [instruction for instruction in body if isinstance(instruction, tree.Let)]
        if lets:
            code = self.sequence(body, scope)
            if code.card != ONE or code.kind != "tree":
                raise NotCompiled("the content of a variable without a declared type")
            return code
        parts: list[str] = []
        for instruction in body:
            code = self._item(instruction, scope)
            if code.is_empty:
                continue
            if code.is_node or code.kind == "any":
                raise NotCompiled("copies of nodes in a variable without a declared type")
            if code.kind == "tree" and code.card == ONE:
                parts.append(code.source)
            elif len(body) == 1:
                parts.append(self.text(code, None))
            else:
                raise NotCompiled("values beside texts in a variable without a declared type")
        return Code(f"''.join([{', '.join(parts)}])", "tree", ONE)
