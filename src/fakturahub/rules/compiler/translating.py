"""Shapes that the translations of many functions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fakturahub.rules.compiler.code import (
    MANY,
    ONE,
    OPTIONAL,
    STRINGS,
    Code,
    NotCompiled,
    Scope,
    at_most_one,
    exactly_one,
    listed,
)
from fakturahub.rules.compiler.conversions import (
    mapped,
    number_argument,
    text_argument,
)
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.xpath.syntax import Context, Expr, Literal

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler

Translator: TypeAlias = Callable[["Compiler", tuple[Expr, ...], Scope], Code]

SHORT_NUMBERS = {"round_number": "rounded", "absolute": "abs"}
SHORT_TEXTS = {
    "upper_case": "{}.upper()",
    "lower_case": "{}.lower()",
    "starts_with": "{}.startswith({})",
    "ends_with": "{}.endswith({})",
    "contains": "({1} in {0})",
}

# --- shapes that many functions share ---


def texts(function: str, kind: str) -> Translator:
    """A function of strings whose missing arguments count as ""."""

    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        values = [text_of(compiler, argument, scope) for argument in arguments]
        if compiler.is_short and function in SHORT_TEXTS:
            return Code(SHORT_TEXTS[function].format(*values), kind, ONE)
        return Code(f"{function}({', '.join(values)})", kind, ONE)

    return translate


def text_or_context(function: str, kind: str) -> Translator:
    """A function of one string, the context item's where none is given."""

    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        argument = arguments[0] if arguments else Context()
        if not arguments and function in ("normalize_space", "len"):
            # without an argument it is string(.): any type will do
            source = f"{function}({string(compiler, arguments, scope).source})"
        else:
            source = f"{function}({text_of(compiler, argument, scope)})"
        if compiler.is_short and kind == "integer":
            return Code(source, kind, ONE, short=Short(number=source))
        if compiler.is_short and function == "normalize_space":
            stripped = f"{source.removeprefix('normalize_space')}.strip(' \\t\\n\\r')"
            return Code(source, kind, ONE, short=Short(stripped, text=source, text_absent=source, stripped=stripped))
        return Code(source, kind, ONE)

    return translate


def number(function: str) -> Translator:
    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        value = number_argument(compiler.atoms(arguments[0], scope))
        if len(arguments) == 1:
            code = mapped(value, value.kind, f"{function}({{}})")
            if (
                value.short is not None
                and value.short.number is not None
                and function in SHORT_NUMBERS
                and (value.kind in ("integer", "decimal") or function == "absolute")
            ):
                code = replace(code, short=Short(number=f"{SHORT_NUMBERS[function]}({value.short.number})"))
            return code
        precision = arguments[1]
        if not isinstance(precision, Literal) or precision.kind != "integer":
            raise NotCompiled("a precision that is not a literal integer")
        return mapped(value, value.kind, f"{function}({{}}, {precision.value})")

    return translate


def text_of(compiler: Compiler, argument: Expr, scope: Scope) -> str:
    return text_argument(compiler.atoms(argument, scope))


# --- strings ---


def string(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = at_most_one(compiler.atoms(arguments[0] if arguments else Context(), scope))
    if value.is_empty:
        return Code("''", "string", ONE)
    if value.kind in STRINGS and value.short is not None and value.short.text is not None:
        return Code(value.short.text, "string", ONE)
    if value.kind in STRINGS:
        return Code(value.source if value.card == ONE else f"({value.source} or '')", "string", ONE)
    function = "string_of_any" if value.kind == "any" else "string_of"
    return Code(f"{function}({value.source})", "string", ONE)


def concat(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    parts = ", ".join(string(compiler, (argument,), scope).source for argument in arguments)
    return Code(f"''.join(({parts},))", "string", ONE)


def string_join(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    values = compiler.atoms(arguments[0], scope)
    separator = text_of(compiler, arguments[1], scope) if len(arguments) > 1 else "''"
    if not values.is_empty and values.kind not in STRINGS:
        if values.kind != "any":
            raise NotCompiled(f"string-join() of values of type xs:{values.kind} (XPTY0004)")
        values = mapped(values, "string", "text_of_any({})")
    return Code(f"{separator}.join({listed(values)})", "string", ONE)


def substring(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    text = text_of(compiler, arguments[0], scope)
    bounds = [exactly_one(number_argument(compiler.atoms(one, scope))).source for one in arguments[1:]]
    return Code(f"substring({', '.join([text, *bounds])})", "string", ONE)


def codepoints(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return Code(f"string_to_codepoints({text_of(compiler, arguments[0], scope)})", "integer", MANY)


def from_codepoints(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    values = compiler.atoms(arguments[0], scope)
    if values.kind != "integer" and not values.is_empty:
        raise NotCompiled("codepoints-to-string() of values that are no integers (XPTY0004)")
    return Code(f"codepoints_to_string({listed(values)})", "string", ONE)


def compare(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    left, right = (at_most_one(compiler.atoms(one, scope)) for one in arguments)
    if not {left.kind, right.kind} <= STRINGS | {"empty"}:
        raise NotCompiled("compare() of values that are no strings (XPTY0004)")
    return Code(f"both(compare, {left.source}, {right.source})", "integer", OPTIONAL)
