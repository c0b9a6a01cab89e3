"""The compiler of expressions: a syntax tree to typed Python source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from fakturahub.rules.compiler import calls, operators, paths
from fakturahub.rules.compiler.code import (
    EMPTY,
    MANY,
    ONE,
    STRINGS,
    Code,
    NotCompiled,
    Scope,
    each,
    exactly_one,
    listed,
    looped,
    unified,
)
from fakturahub.rules.compiler.conversions import (
    TYPES,
    atomic_kind,
    atomised,
    cast,
    castable,
    condition,
    converted,
)
from fakturahub.rules.compiler.short import Short, itself
from fakturahub.rules.runtime.regex import Use
from fakturahub.rules.xpath.parser import XS
from fakturahub.rules.xpath.syntax import (
    Binary,
    Call,
    Comma,
    Context,
    Expr,
    Filter,
    For,
    If,
    Literal,
    Path,
    Quantified,
    Root,
    Step,
    TypeTest,
    Unary,
    Variable,
)

#: how the functions and keys of the pack are called; they belong to the module
OfPack: TypeAlias = Callable[[str, list[Code]], Code]
OfKey: TypeAlias = Callable[[tuple[Expr, ...], Scope], Code]


class Compiler:
    """Expressions of one pack. *function* and *key* compile calls of what the pack declares."""

    def __init__(self, function: OfPack, key: OfKey, constants: Callable[[str], str | None]) -> None:
        self._function = function
        self.key = key
        self._constants = constants
        self._count = 0
        #: whether short forms are wanted
        self.is_short = False
        #: whether a path from the root is looked up as a whole
        self.by_path = False
        #: (pattern, flags, use) -> name in the module
        self.regexes: dict[tuple[str, str, Use], str] = {}
        self.decimals: dict[str, str] = {}

    def fresh(self) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"x{self._count}"

    def item(self, name: str, kind: str) -> Code:
        """One value in a variable of the generated code."""
        if self.is_short and kind == "element":
            return Code(name, kind, ONE, short=itself(name))
        if self.is_short and kind in STRINGS:
            return Code(name, kind, ONE, short=Short(text=name, text_absent=name))
        if self.is_short and kind in ("integer", "decimal"):
            return Code(name, kind, ONE, short=Short(number=name))
        return Code(name, kind, ONE)

    def regex(self, pattern: str, flags: str, use: Use) -> str:
        """The module's name of a compiled regular expression."""
        return self.regexes.setdefault((pattern, flags, use), f"regex{len(self.regexes)}")

    def constant(self, expr: Expr, scope: Scope) -> str | None:
        """The string that *expr* always is, where that is plain from its text."""
        if isinstance(expr, Literal) and isinstance(expr.value, str):
            return expr.value
        if isinstance(expr, Variable) and expr.name in scope.variables:
            return self._constants(scope.variables[expr.name].source)
        return None

    def need_document(self, scope: Scope) -> None:
        """Refuses ``/`` where no node says which document is meant."""
        if scope.focus is None:
            raise NotCompiled("a path from the root where there is no context item (XPDY0002)")
        if not scope.focus.is_node:
            raise NotCompiled("a path from the root where the context item is no node (XPTY0020)")

    def compile(self, expr: Expr, scope: Scope) -> Code:
        """The code of *expr*.

        Raises:
            NotCompiled: it has no exact translation.
        """
        match expr:
            case Literal(value, kind):
                return self._literal(value, kind)
            case Variable(name):
                if name not in scope.variables:
                    raise NotCompiled(f"the variable ${name} is not declared")
                return scope.variables[name]
            case Context():
                if scope.focus is None:
                    raise NotCompiled("there is no context item here (XPDY0002)")
                return scope.focus
            case Root():
                self.need_document(scope)
                return Code("0", "element", ONE)
            case Path():
                return paths.path(self, expr, scope)
            case Step():
                return paths.step(self, expr, scope)
            case Filter(primary, conditions):
                return paths.predicates(self, self.compile(primary, scope), conditions, scope)
            case Binary():
                return operators.binary(self, expr, scope)
            case Unary(operator, operand):
                return operators.unary(operator, self.atoms(operand, scope))
            case If(test, then, other):
                return self._choice(test, self.compile(then, scope), self.compile(other, scope), scope)
            case Comma(items):
                return _sequence([self.compile(item, scope) for item in items])
            case For(name, source, body):
                return self._for(name, source, body, scope, self.compile)
            case Quantified():
                return self._quantified(expr, scope)
            case TypeTest():
                return self._type_test(expr, scope)
            case Call(name, arguments):
                return self._call(name, arguments, scope)
        raise NotCompiled(f"{type(expr).__name__} is not translated")

    def atoms(self, expr: Expr, scope: Scope) -> Code:
        """The typed values of *expr*: branches are atomised one by one, so that nodes and numbers may mix."""
        match expr:
            case If(test, then, other):
                return self._choice(test, self.atoms(then, scope), self.atoms(other, scope), scope)
            case Comma(items) if items:
                return _sequence([self.atoms(item, scope) for item in items])
            case For(name, source, body):
                return self._for(name, source, body, scope, self.atoms)
        code = atomised(self.compile(expr, scope), is_short=self.is_short)
        if self.is_short and code.card == MANY and code.short is None:
            code = replace(code, short=Short(only=code.source))
        return code

    def _choice(self, test: Expr, then: Code, other: Code, scope: Scope) -> Code:
        numbers = None
        if then.short is not None and other.short is not None:
            numbers = (then.short.number, other.short.number)
        then, other = unified([then, other])
        holds = condition(self.compile(test, scope))
        code = then.with_source(f"({then.source} if {holds} else {other.source})")
        if numbers is not None and None not in numbers:
            kind = "decimal" if code.kind == "numeric" else code.kind
            code = replace(code, kind=kind, short=Short(number=f"({numbers[0]} if {holds} else {numbers[1]})"))
        return code

    def _literal(self, value: object, kind: str) -> Code:
        code = _literal(value, kind)
        if not self.is_short or kind == "double":
            return code
        if kind == "decimal":
            code = replace(code, source=self.decimal(str(value)))
        if kind == "string":
            return replace(code, short=Short(text=code.source, text_absent=code.source))
        return replace(code, short=Short(number=code.source))

    def decimal(self, text: str) -> str:
        """The module's name of a decimal."""
        return self.decimals.setdefault(text, f"decimal{len(self.decimals)}")

    def _for(
        self, name: str, source: Expr, body: Expr, scope: Scope, compile_body: Callable[[Expr, Scope], Code]
    ) -> Code:
        values = self.compile(source, scope)
        if values.is_empty:
            return EMPTY
        item, clauses = each(values, self.fresh())
        inner = compile_body(body, scope.with_variable(name, self.item(item, values.kind)))
        if inner.is_empty:
            return EMPTY
        if inner.card == ONE:
            return looped(inner.source, clauses, inner.kind)
        last, more = each(inner, self.fresh())
        return looped(last, f"{clauses} {more}", inner.kind)

    def _quantified(self, expr: Quantified, scope: Scope) -> Code:
        values = self.compile(expr.source, scope)
        function = "all" if expr.every else "any"
        if values.is_empty:
            return Code(repr(expr.every), "boolean", ONE)
        item, clauses = each(values, self.fresh())
        bound = self.item(item, values.kind)
        test = condition(self.compile(expr.condition, scope.with_variable(expr.variable, bound)))
        return Code(f"{function}(bool({test}) {clauses})", "boolean", ONE)

    def _type_test(self, expr: TypeTest, scope: Scope) -> Code:
        target = expr.target
        if expr.operator == "treat":
            code = self.compile(expr.operand, scope)
            if target.item == "item()" or target.item == f"{{{XS}}}{code.kind}":
                return converted(code, target)
            raise NotCompiled("treat as another type than the expression's own")
        if expr.operator == "instance":
            return self._instance(expr, scope)
        if target.occurrence not in ("", "?"):
            raise NotCompiled(f"a cast to a type with {target.occurrence!r}")
        kind = atomic_kind(target)
        operand = self.atoms(expr.operand, scope)
        if expr.operator == "castable":
            return Code(castable(operand, kind, target.occurrence == "?"), "boolean", ONE)
        code = cast(operand, kind, is_short=self.is_short)
        return code if target.occurrence == "?" else exactly_one(code)

    def _instance(self, expr: TypeTest, scope: Scope) -> Code:
        code = self.compile(expr.operand, scope)
        target = expr.target
        least, most = {"": (1, 1), "?": (0, 1), "*": (0, 0), "+": (1, 0)}[target.occurrence]
        if code.kind in ("any", "numeric", "decimal", "node", "tree", "empty"):
            raise NotCompiled(f"instance of for a value of kind {code.kind}")
        # an integer is a decimal, too
        kinds = {
            "item()": {code.kind},
            "node()": {"element", "attribute", "text"},
            "attribute()": {"attribute"},
            "text()": {"text"},
            f"{{{XS}}}anyAtomicType": set(TYPES.values()),
            f"{{{XS}}}decimal": {"decimal", "integer"},
        }.get(target.item)
        if kinds is None:
            kinds = {atomic_kind(target)}
        same = code.kind in kinds
        return Code(f"instance({listed(code)}, {same}, {least}, {most})", "boolean", ONE)

    def _call(self, name: str, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        if not name.startswith("{"):
            return calls.call(self, name, arguments, scope)
        namespace, _, local = name[1:].partition("}")
        if namespace == XS:
            if len(arguments) != 1 or local not in TYPES:
                raise NotCompiled(f"the type xs:{local} is not taken")
            return cast(self.atoms(arguments[0], scope), TYPES[local], is_short=self.is_short)
        return self._function(name, [self.compile(argument, scope) for argument in arguments])


def _literal(value: object, kind: str) -> Code:
    if kind == "decimal":
        return Code(f"Decimal({str(value)!r})", kind, ONE)
    if kind == "double":
        return Code(f"float({str(value)!r})", kind, ONE)
    return Code(repr(value), kind, ONE)


def _sequence(codes: list[Code]) -> Code:
    codes = [code for code in codes if not code.is_empty]
    if not codes:
        return EMPTY
    if len(codes) == 1:
        return codes[0]
    shaped = unified(codes)
    kind = shaped[0].kind
    if all(code.card == ONE for code in shaped):
        return Code(f"[{', '.join(code.source for code in shaped)}]", kind, MANY, False, False)
    parts = ", ".join(f"*{listed(code)}" for code in shaped)
    return Code(f"[{parts}]", kind, MANY, False, False)
