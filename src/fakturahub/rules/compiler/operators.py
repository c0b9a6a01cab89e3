"""Comparisons, arithmetic, logic and set operators."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from fakturahub.rules.compiler.code import (
    EMPTY,
    LEAVES,
    MANY,
    NODES,
    NUMBERS,
    ONE,
    OPTIONAL,
    STRINGS,
    Code,
    NotCompiled,
    Scope,
    at_most_one,
    listed,
    stream,
)
from fakturahub.rules.compiler.conversions import condition, mapped, number_argument
from fakturahub.rules.compiler.short import Short, double
from fakturahub.rules.runtime import compare
from fakturahub.rules.runtime.strings import WHITE_SPACE
from fakturahub.rules.xpath.syntax import Binary, Expr

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler

_NAMES: dict[str, compare.Operator] = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_VALUE = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_ARITHMETIC = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "div": "divide",
    "idiv": "integer_divide",
    "mod": "modulo",
}


def binary(compiler: Compiler, expr: Binary, scope: Scope) -> Code:
    """One operator with two operands."""
    operator = expr.operator
    if operator in ("or", "and"):
        parts = [condition(compiler.compile(part, scope)) for part in flattened(expr, operator)]
        if compiler.is_short:
            # an error is not weighed against the other operands here: the exact form does
            joined = "({})".format(f" {operator} ".join(f"({part})" for part in parts))
            return Code(f"bool{joined}", "boolean", ONE, short=Short(exists=joined))
        function = "all_hold" if operator == "and" else "any_holds"
        return Code(f"{function}({', '.join(f'lambda: {part}' for part in parts)})", "boolean", ONE)
    if operator == "|":
        return union([compiler.compile(part, scope) for part in flattened(expr, "|")])
    if operator in ("intersect", "except", "is", "<<", ">>"):
        left, right = compiler.compile(expr.left, scope), compiler.compile(expr.right, scope)
        if operator in ("intersect", "except"):
            return _set_operator(operator, left, right)
        return _node_comparison(operator, left, right)
    if operator in _NAMES:
        left, right = compiler.atoms(expr.left, scope), compiler.atoms(expr.right, scope)
        return general(compiler, _NAMES[operator], left, right)
    left, right = compiler.atoms(expr.left, scope), compiler.atoms(expr.right, scope)
    if operator in _VALUE:
        return value(cast(compare.Operator, operator), left, right)
    if operator == "to":
        return _range(left, right)
    return arithmetic(operator, left, right)


def flattened(expr: Expr, operator: str) -> list[Expr]:
    """The operands of a row of equal operators, in their order."""
    found: list[Expr] = []
    pending: list[Expr] = [expr]
    while pending:
        part = pending.pop()
        if isinstance(part, Binary) and part.operator == operator:
            pending.append(part.right)
            pending.append(part.left)
        else:
            found.append(part)
    return found


def _plan(left: str, right: str, is_general: bool) -> tuple[str, str] | None:
    """The conversions of both sides as forms; None where the kinds never compare."""
    if "numeric" in (left, right):
        other = right if left == "numeric" else left
        if other in NUMBERS:
            forms = ("double({})", "double({})") if other == "double" else ("{}", "{}")
            if left == right == "numeric" or other in ("integer", "decimal"):
                # floats among them: a decimal beside a float has to become one, the values decide
                return ("numbers", "numbers")
            return forms
        if other == "untyped" and is_general:
            return (
                ("double_of_string({})", "double({})") if left == "untyped" else ("double({})", "double_of_string({})")
            )
        return None
    found = compare.plan(cast(compare.Kind, left), cast(compare.Kind, right), general=is_general)
    if found is None:
        return None
    return tuple(f"{name}({{}})" if name else "{}" for name in found)  # type: ignore[return-value]


def general(compiler: Compiler, operator: compare.Operator, left: Code, right: Code) -> Code:
    """``=`` and its like: whether any pair compares."""
    if left.is_empty or right.is_empty:
        return Code("False", "boolean", ONE)
    if compiler.is_short:
        brief = _short_comparison(compare.PYTHON[operator], left, right)
        if brief is not None:
            return Code(brief, "boolean", ONE)
    if "any" in (left.kind, right.kind):
        return Code(f"general_any({operator!r}, {stream(left)}, {stream(right)})", "boolean", ONE)
    forms = _plan(left.kind, right.kind, True)
    if forms is None:
        kinds = f"{left.kind!r}, {right.kind!r}"
        return Code(f"incomparable_pair({listed(left)}, {listed(right)}, {kinds})", "boolean", ONE)
    if forms[0] == "numbers":
        return Code(f"numbers_compare({operator!r}, {stream(left)}, {stream(right)})", "boolean", ONE)
    if left.card == OPTIONAL and right.card != MANY:
        # without a left value the right one is not evaluated, and raises nothing
        compares = f"{forms[0].format('a')} {compare.PYTHON[operator]} {forms[1].format('b')}"
        return Code(f"bool(computed(lambda a, b: {compares}, {left.source}, lambda: {right.source}))", "boolean", ONE)
    left, right = mapped(left, left.kind, forms[0]), mapped(right, right.kind, forms[1])
    if left.card == ONE and right.card == ONE:
        return Code(f"({left.source} {compare.PYTHON[operator]} {right.source})", "boolean", ONE)
    compared = f"any_{operator}, {stream(left)}, {stream(right)}"
    if left.card != MANY:
        return Code(f"one_to_any({compared})", "boolean", ONE)
    if right.card != MANY:
        return Code(f"any_to_one({compared})", "boolean", ONE)
    if operator not in ("eq", "ne") and (left.kind in NUMBERS or right.kind in NUMBERS):
        return Code(f"numbers_if_any({compared})", "boolean", ONE)
    return Code(f"any_{operator}({stream(left)}, {stream(right)})", "boolean", ONE)


def value(operator: compare.Operator, left: Code, right: Code) -> Code:
    """``eq`` and its like: of at most one value on each side; none gives none."""
    if left.is_empty or right.is_empty:
        return replace(EMPTY, kind="boolean")
    left, right = at_most_one(left), at_most_one(right)
    if "any" in (left.kind, right.kind):
        return Code(f"value_any({operator!r}, {left.source}, {right.source})", "boolean", OPTIONAL)
    forms = _plan(left.kind, right.kind, False)
    if forms is None:
        kinds = f"{left.kind!r}, {right.kind!r}"
        return Code(f"incomparable_values({left.source}, {right.source}, {kinds})", "boolean", OPTIONAL)
    sign = compare.PYTHON[operator]
    if forms[0] == "numbers":
        return Code(f"numbers_value({operator!r}, {left.source}, {right.source})", "boolean", OPTIONAL)
    first, second = forms[0].format("a"), forms[1].format("b")
    if left.card == ONE and right.card == ONE:
        return Code(f"({forms[0].format(left.source)} {sign} {forms[1].format(right.source)})", "boolean", ONE)
    source = f"computed(lambda a, b: {first} {sign} {second}, {left.source}, lambda: {right.source})"
    return Code(source, "boolean", OPTIONAL)


def arithmetic(operator: str, left: Code, right: Code) -> Code:
    """``+ - * div idiv mod`` of numbers; none gives none."""
    left, right = number_argument(left), number_argument(right)
    if left.is_empty or right.is_empty:
        return EMPTY
    kinds = {left.kind, right.kind}
    if operator == "idiv":
        kind = "integer"
    elif "double" in kinds:
        kind = "double"
    elif "numeric" in kinds:
        kind = "numeric"
    elif kinds == {"integer"} and operator != "div":
        kind = "integer"
    else:
        kind = "decimal"
    function = _ARITHMETIC[operator]
    if left.card == ONE and right.card == ONE:
        code = Code(f"{function}({left.source}, {right.source})", kind, ONE)
    else:
        # without a left operand the right one is not evaluated, and raises nothing
        code = Code(f"computed({function}, {left.source}, lambda: {right.source})", kind, OPTIONAL)
    brief = _short_arithmetic(operator, kind, left, right)
    if brief is not None and brief.number is not None and code.card == ONE:
        code = code.with_source(brief.number)
    return replace(code, short=brief)


def _short_arithmetic(operator: str, kind: str, left: Code, right: Code) -> Short | None:
    if left.short is None or right.short is None or kind == "numeric":
        return None
    first, second = left.short.number, right.short.number
    if first is None or second is None or operator not in ("+", "-", "*", "div"):
        return None
    if kind == "double":
        sign = "/" if operator == "div" else operator
        return Short(number=f"({double(first, left.kind)} {sign} {double(second, right.kind)})")
    if operator != "div":
        return Short(number=f"({first} {operator} {second})")
    if second != "100":
        return Short(number=f"quotient({first}, {second})")
    amount = _times_hundred(first)
    return Short(number=f"hundredth({first})" if amount is None else f"cents({amount})")


def _times_hundred(source: str) -> str | None:
    """x, where *source* is ``rounded(x * 10 * 10)``."""
    call = ast.parse(source, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "rounded":
        return None
    product = call.args[0]
    for _ in range(2):
        if not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.Mult):
            return None
        if not isinstance(product.right, ast.Constant) or product.right.value != 10:
            return None
        product = product.left
    return ast.unparse(product)


def is_word(source: str) -> bool:
    """Whether *source* is a literal without white space (or of nothing at all)."""
    if source[0] not in "'\"" or len(source) > 200:
        return False
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return False
    return isinstance(value, str) and not any(character in WHITE_SPACE for character in value)


def _stripped(source: str) -> str:
    """What does for ``normalize_space(…)`` where it is compared with a word."""
    call = ast.parse(source, mode="eval").body
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "normalize_space":
        return f"({ast.unparse(call.args[0])}).strip({WHITE_SPACE!r})"
    return source


def _short_text(code: Code) -> str | None:
    if code.kind not in STRINGS:
        return None
    if code.short is not None and code.short.text_absent is not None:
        return code.short.text_absent
    return code.source if code.card == ONE else None


def _short_comparison(sign: str, left: Code, right: Code) -> str | None:
    """A comparison of at most one value on each side, or None."""
    first, second = _short_text(left), _short_text(right)
    if first is not None and second is not None:
        if is_word(second) and left.short is not None and left.short.stripped is not None and sign in ("==", "!="):
            first = left.short.stripped
        return f"({first} {sign} {second})"
    if sign == "!=" and second is not None and left.kind in STRINGS and left.card == MANY and left.loop is not None:
        return f"any([True {left.loop[1]} if {left.loop[0]} != {second}])"
    if sign == "==" and first is not None and right.kind in STRINGS and right.card == MANY:
        return f"({first} in {right.source})"
    if sign == "==" and second is not None and left.kind in STRINGS and left.card == MANY and left.loop is not None:
        item = _stripped(left.loop[0]) if is_word(second) else left.loop[0]
        return f"({second} in [{item} {left.loop[1]}])"
    one = left.short.number if left.short is not None else None
    other = right.short.number if right.short is not None else None
    if one is not None and other is not None and (left.kind == "double") != (right.kind == "double"):
        one, other = double(one, left.kind), double(other, right.kind)
    if one is not None and other is not None:
        return f"differ({one}, {other})" if sign == "!=" else f"({one} {sign} {other})"
    if sign == "==" and other is not None and left.kind in ("integer", "decimal") and left.loop is not None:
        return f"({other} in [{left.loop[0]} {left.loop[1]}])"
    if left.kind == "untyped" and first is not None and right.source in ("True", "False"):
        return f"(B[{first}] {sign} {right.source})"
    if left.kind == "untyped" and first is not None and sign != "!=" and right.source.isdecimal():
        return f"(F[{first}] {sign} {right.source}.0)" if len(right.source) < 15 else None
    return None


def unary(operator: str, operand: Code) -> Code:
    """A sign."""
    number = number_argument(operand)
    if number.is_empty or operator == "+":
        return number
    code = mapped(number, number.kind, "negate({})")
    if number.short is not None and number.short.number is not None:
        return replace(code, short=Short(number=f"(-{number.short.number})"))
    return code


def _range(left: Code, right: Code) -> Code:
    first, last = _integer(left), _integer(right)
    if first.is_empty or last.is_empty:
        return EMPTY
    return Code(f"integers({first.source}, {last.source})", "integer", MANY)


def _integer(code: Code) -> Code:
    value = at_most_one(code)
    if value.is_empty or value.kind == "integer":
        return value
    if value.kind == "untyped":
        return mapped(value, "integer", "integer_of_string({})")
    if value.kind in ("any", "numeric", "decimal"):
        # a decimal of the compiler may be an integer that was promoted; the value tells
        return mapped(value, "integer", "promoted({}, 'integer')")
    raise NotCompiled(f"an integer is expected, the value is of type xs:{value.kind} (XPTY0004)")


def union(codes: list[Code]) -> Code:
    """``|``: all nodes once, in document order."""
    codes = [code for code in codes if not code.is_empty]
    if not codes:
        return EMPTY
    kinds = {code.kind for code in codes}
    if not kinds <= NODES:
        raise NotCompiled("a union of values that are no nodes (XPTY0004)")
    if len(kinds) > 1 and (kinds & {"text", "node"}):
        raise NotCompiled("a union of texts with other nodes")
    kind = next(iter(kinds)) if len(kinds) == 1 else "node"
    parts = ", ".join(f"*{listed(code)}" for code in codes)
    return Code(f"{order_function(kind)}([{parts}])", kind, MANY, flat=False)


def order_function(kind: str) -> str:
    """The library function that sorts nodes of *kind* into document order, each once."""
    return "in_order" if kind in LEAVES or kind == "element" else "nodes_in_order"


def _set_operator(operator: str, left: Code, right: Code) -> Code:
    if left.is_empty:
        return EMPTY
    if left.kind not in NODES or (not right.is_empty and right.kind not in NODES):
        raise NotCompiled(f"{operator} of values that are no nodes (XPTY0004)")
    if "node" in (left.kind, right.kind):
        raise NotCompiled(f"{operator} of nodes of several kinds")
    source = f"{operator}_nodes({listed(left)}, {listed(right)})"
    return Code(source, left.kind, MANY, flat=left.flat)


def _node_comparison(operator: str, left: Code, right: Code) -> Code:
    if left.is_empty or right.is_empty:
        return replace(EMPTY, kind="boolean")
    if left.kind != right.kind or left.kind not in ("element", "attribute", "text"):
        raise NotCompiled(f"{operator} of nodes of several kinds, or of values")
    left, right = at_most_one(left), at_most_one(right)
    sign = {"is": "==", "<<": "<", ">>": ">"}[operator]
    return Code(f"both(lambda a, b: a {sign} b, {left.source}, {right.source})", "boolean", OPTIONAL)
