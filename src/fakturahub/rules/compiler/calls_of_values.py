"""The functions of numbers, nodes, dates and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakturahub.rules.compiler.code import (
    EMPTY,
    MANY,
    ONE,
    OPTIONAL,
    STRINGS,
    Code,
    NotCompiled,
    Scope,
    at_most_one,
    boxed,
    listed,
)
from fakturahub.rules.compiler.conversions import (
    mapped,
)
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.xpath.syntax import Context, Expr

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler

from fakturahub.rules.compiler.translating import Translator

# --- numbers ---


def to_number(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = at_most_one(compiler.atoms(arguments[0] if arguments else Context(), scope))
    if value.is_empty:
        return Code("NAN", "double", ONE)
    if value.kind == "any":
        return Code(f"number_of_any({value.source}, True)", "double", ONE)
    if value.kind in STRINGS and value.card == ONE:
        return Code(f"number_of_string({value.source})", "double", ONE)
    if value.kind in STRINGS and value.short is not None and value.short.text is not None:
        # nothing and "" are both no number
        return Code(f"number_of_string({value.short.text})", "double", ONE)
    if value.kind in STRINGS:
        return Code(f"number_or_nan({value.source})", "double", ONE)
    return Code(f"number_of({value.source})", "double", ONE)


def sum_of(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    values = compiler.atoms(arguments[0], scope)
    if len(arguments) > 1:
        raise NotCompiled("sum() with a value for the empty sequence")
    if values.is_empty:
        return Code("0", "integer", ONE)
    source = listed(values)
    if values.kind in ("integer", "decimal"):
        short = Short(number=f"sum({source})") if compiler.is_short else None
        return Code(f"sum_decimals({source})", values.kind, ONE, short=short)
    if values.kind == "untyped":
        # the integer 0 where there are none
        return Code(f"sum_doubles([double_of_string(o) for o in {source}])", "numeric", ONE)
    if values.kind == "double":
        return Code(f"sum_doubles({source})", "numeric", ONE)
    if values.kind == "any":
        values = mapped(replace(values, source=source, card=MANY, loop=None, unsorted=None), "numeric", "summand({})")
    return Code(f"sum_values({values.source})", "numeric", ONE)


def extreme(function: str) -> Translator:
    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        values = compiler.atoms(arguments[0], scope)
        if values.is_empty:
            return EMPTY
        if values.kind == "any":
            raise NotCompiled(f"{function} of values of several types")
        untyped = values.kind == "untyped"
        kind = "double" if untyped else values.kind
        if function == "average":
            kind = "decimal" if kind == "integer" else kind
        return Code(f"{function}({listed(values)}, untyped={untyped})", kind, OPTIONAL)

    return translate


# --- nodes ---


def named(function: str) -> Translator:
    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        node = at_most_one(compiler.compile(arguments[0] if arguments else Context(), scope))
        if node.is_empty:
            return Code("''", "string", ONE)
        if node.kind == "any" or not node.is_node:
            raise NotCompiled("the name of a value that is no node (XPTY0004)")
        return Code(f"{function}(d, {node.source})", "string", ONE)

    return translate


def position(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    if scope.position is None:
        raise NotCompiled("position() outside a predicate")
    return Code(scope.position, "integer", ONE)


def last(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    if scope.last is None:
        raise NotCompiled("last() outside a predicate")
    return Code(scope.last, "integer", ONE)


def current(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    if scope.current is None:
        raise NotCompiled("current() outside a rule")
    return scope.current


def root(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    if arguments and not compiler.compile(arguments[0], scope).is_node:
        raise NotCompiled("root() of a value that is no node")
    compiler.need_document(scope)
    return Code("0", "element", ONE)


def key(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return compiler.key(arguments, scope)


def error(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return Code("raise_error()", "any", OPTIONAL)


def part_of_date(part: str, kinds: tuple[str, ...], kind: str = "integer") -> Translator:
    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        value = at_most_one(compiler.atoms(arguments[0], scope))
        if value.is_empty:
            return EMPTY
        if value.kind == "untyped":
            value = mapped(
                value, kinds[0], ("date_of_string" if kinds[0] == "date" else "date_time_of_string") + "({})"
            )
        if value.kind not in kinds:
            raise NotCompiled(f"a date is expected, the value is of type xs:{value.kind} (XPTY0004)")
        return mapped(value, kind, f"{{}}.{part}")

    return translate


def boxed_deep(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    left, right = (compiler.compile(one, scope) for one in arguments)
    if left.is_node or right.is_node:
        raise NotCompiled("deep-equal() of nodes")
    return Code(f"deep_equal({listed(boxed(left))}, {listed(boxed(right))})", "boolean", ONE)
