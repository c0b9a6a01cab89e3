"""The compiler of short forms: what does not depend on the context is computed once per document, code lists are
sets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from fakturahub.rules.compiler.code import MANY, ONE, OPTIONAL, STRINGS, Code, Scope
from fakturahub.rules.compiler.conversions import atomised, text_argument
from fakturahub.rules.compiler.expressions import Compiler, OfKey, OfPack
from fakturahub.rules.compiler.focus import free_variables, uses_context, uses_current, uses_document
from fakturahub.rules.compiler.indexing import ROOT_ELEMENT, indexed
from fakturahub.rules.compiler.short import Short, itself
from fakturahub.rules.runtime.regex import compile_regex
from fakturahub.rules.runtime.strings import WHITE_SPACE
from fakturahub.rules.xpath.syntax import Binary, Call, Context, Expr, Literal, Quantified, Root, Variable

#: what is kept, as generated code asks for it
_MEMO = re.compile(r"\(M\[(\d+)\] if M\[\1\] is not UNSET else \w+\(d\)\)").fullmatch


class Store(Protocol):
    """Where short forms keep what is computed once; the module that is being written."""

    def once(self, key: object, short: str, exact: Callable[[], Code], as_number: bool) -> str:
        """The source of a value that is computed when a document first asks for it."""

    def index(self, key: object, source: str) -> str:
        """The source of an index that is made when a document first asks for it."""

    def is_global(self, code: Code) -> bool:
        """Whether *code* is a variable of the schema or of a pattern."""

    def short_global(self, code: Code) -> Code | None:
        """The short form of a variable of the schema or of a pattern."""

    def tokens(self, code: Code) -> tuple[str, ...] | None:
        """The strings of a variable that is a list of literals."""

    def constant_set(self, tokens: tuple[str, ...]) -> str:
        """The module's name of a set of strings."""


class ShortCompiler(Compiler):
    """Compiles to short forms where there are any; *exact* compiles what they fall back on."""

    def __init__(
        self, function: OfPack, key: OfKey, constants: Callable[[str], str | None], exact: Compiler, store: Store
    ) -> None:
        super().__init__(function, key, constants)
        self.is_short = True
        self.regexes = exact.regexes
        #: how often an expression is evaluated in one document: 2 stands for often
        self.uses: Counter[Expr] = Counter()
        self._around = 0
        self._exact = exact
        self._store = store

    def compile(self, expr: Expr, scope: Scope) -> Code:
        listed = self._membership(expr, scope)
        if listed is not None:
            return Code(listed, "boolean", ONE)
        if self._is_constant(expr, scope):
            return self._once(expr, scope, False)
        if expr == ROOT_ELEMENT and scope.focus is not None and scope.focus.is_node:
            return Code("1", "element", ONE, short=itself("1"))
        return indexed(self, expr, scope) or super().compile(expr, scope)

    def atoms(self, expr: Expr, scope: Scope) -> Code:
        if self._is_constant(expr, scope):
            return self._once(expr, scope, True)
        return super().atoms(expr, scope)

    def _is_constant(self, expr: Expr, scope: Scope) -> bool:
        """Whether the value is the same for all nodes of a document, and worth keeping."""
        if isinstance(expr, (Root, Context, Literal)) or scope.focus is None or uses_context(expr):
            return False
        if uses_current(expr):
            return False
        names = free_variables(expr)
        if isinstance(expr, Variable):
            return expr.name in scope.variables and self._store.is_global(scope.variables[expr.name])
        if not names and not uses_document(expr):
            return False
        if self.uses[expr] <= max(self._around, 1) and scope.focus.source == "n":
            # evaluated once, or as often as what it stands in and is kept with that
            return False
        return all(name in scope.variables and self._store.is_global(scope.variables[name]) for name in names)

    def _once(self, expr: Expr, scope: Scope, atoms: bool) -> Code:
        around, self._around = self._around, max(self._around, self.uses[expr])
        known = scope.variables.get(expr.name) if isinstance(expr, Variable) else None
        code = self._store.short_global(known) if known is not None else None
        if code is None and not atoms:
            code = indexed(self, expr, scope)
        if code is not None and atoms:
            code = atomised(code, is_short=True)
        if code is None:
            code = super().atoms(expr, scope) if atoms else super().compile(expr, scope)
        self._around = around
        if code.is_empty:
            return code
        if known is not None and _MEMO(code.source):
            # the variable is another name of what is kept already
            return code
        as_number = code.kind in ("integer", "decimal") and code.short is not None and code.short.number is not None
        short = code.short.number if as_number and code.short is not None and code.short.number else code.source

        def exact() -> Code:
            return self._exact.atoms(expr, scope) if atoms else self._exact.compile(expr, scope)

        # patterns may have variables of one name
        named = tuple((name, scope.variables[name].source) for name in sorted(free_variables(expr)))
        source = self._store.once((expr, atoms, named), short, exact, as_number)
        kept = replace(code, source=source, loop=None, unsorted=None, short=None)
        if as_number:
            plain = source if code.card == ONE else f"none_if_nan({source})"
            return replace(kept, source=plain, short=Short(number=source))
        if code.kind == "boolean" and code.card == ONE:
            return replace(kept, short=Short(exists=source))
        if code.kind in STRINGS and code.card == ONE:
            return replace(kept, short=Short(text=source, text_absent=source))
        if code.kind in STRINGS and code.card == OPTIONAL:
            return replace(kept, short=Short(text=f"({source} or '')", text_absent=f"or_absent({source})"))
        return kept

    def is_global(self, code: Code) -> bool:
        """Whether *code* is a variable of the schema or of a pattern."""
        return self._store.is_global(code)

    def kept_index(self, key: object, source: str) -> str:
        """The source of an index that is made when a document first asks for it."""
        return self._store.index(key, source)

    # --- code lists ---

    def _membership(self, expr: Expr, scope: Scope) -> str | None:
        if isinstance(expr, Call) and expr.name == "contains" and len(expr.arguments) == 2:
            return self._in_blanks(expr.arguments[0], expr.arguments[1], scope)
        if isinstance(expr, Quantified) and not expr.every:
            return self._some(expr, scope)
        if isinstance(expr, Binary) and expr.operator == "and":
            return self._word(expr.left, expr.right, scope)
        if isinstance(expr, Binary) and expr.operator in ("=", "!="):
            return self._not_a_number(expr, scope)
        return None

    def _not_a_number(self, expr: Binary, scope: Scope) -> str | None:
        """``string(number(X)) != 'NaN'``, without making the string."""
        for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
            if other != Literal("NaN", "string") or not isinstance(side, Call) or side.name != "string":
                continue
            if len(side.arguments) == 1 and isinstance(side.arguments[0], Call) and side.arguments[0].name == "number":
                number = self.compile(side.arguments[0], scope)
                if number.kind == "double" and number.card == ONE:
                    return f"{'not ' if expr.operator == '=' else ''}is_number({number.source})"
        return None

    def _word(self, left: Expr, right: Expr, scope: Scope) -> str | None:
        """``not(contains(X, ' ')) and contains(' A B ', concat(' ', X, ' '))``: whether X is one of the words."""
        if not isinstance(right, Call) or right.name != "contains" or len(right.arguments) != 2:
            return None
        part = right.arguments[1]
        if not isinstance(part, Call) or part.name != "concat" or len(part.arguments) != 3:
            return None
        wanted = part.arguments[1]
        if left != Call("not", (Call("contains", (wanted, Literal(" ", "string"))),)):
            return None
        if self._in_blanks(right.arguments[0], part, scope) is None or not isinstance(right.arguments[0], Literal):
            return None
        words = tuple(str(right.arguments[0].value)[1:-1].split(" "))
        value = self.atoms(wanted, scope)
        if value.short is not None and value.short.stripped is not None and not any(map(_has_space, words)):
            return f"({value.short.stripped} in {self._store.constant_set(words)})"
        return f"({text_argument(value)} in {self._store.constant_set(words)})"

    def _in_blanks(self, text: Expr, part: Expr, scope: Scope) -> str | None:
        """``contains(' A B ', concat(' ', X, ' '))``"""
        blank = Literal(" ", "string")
        if not isinstance(text, Literal) or not isinstance(text.value, str):
            return None
        if not isinstance(part, Call) or part.name != "concat" or len(part.arguments) != 3:
            return None
        before, wanted, after = part.arguments
        words = tuple(text.value[1:-1].split(" "))
        if before != blank or after != blank or text.value != f" {' '.join(words)} " or "" in words:
            return None
        value = self.atoms(wanted, scope)
        if value.kind not in STRINGS:
            return None
        return f"in_blanks({self._store.constant_set(words)}, {text.value!r}, {text_argument(value)})"

    def _some(self, expr: Quantified, scope: Scope) -> str | None:
        """``some $c in (list) satisfies X = $c``"""
        condition = expr.condition
        if not isinstance(condition, Binary) or condition.operator != "=":
            return None
        variable = Variable(expr.variable)
        if variable == condition.left:
            wanted = condition.right
        elif variable == condition.right:
            wanted = condition.left
        else:
            return None
        words = self._words(expr.source, scope)
        if words is None or expr.variable in free_variables(wanted):
            return None
        value = self.atoms(wanted, scope)
        if value.kind not in STRINGS:
            return None
        if value.short is not None and value.short.text_absent is not None:
            return f"({value.short.text_absent} in {self._store.constant_set(words)})"
        if value.card == ONE:
            return f"({value.source} in {self._store.constant_set(words)})"
        if value.card == MANY:
            return f"(not {self._store.constant_set(words)}.isdisjoint({value.source}))"
        return None

    def _words(self, source: Expr, scope: Scope) -> tuple[str, ...] | None:
        if isinstance(source, Variable) and source.name in scope.variables:
            return self._store.tokens(scope.variables[source.name])
        return tokens_of(source)


def _has_space(word: str) -> bool:
    return any(character in WHITE_SPACE for character in word)


def tokens_of(expr: Expr) -> tuple[str, ...] | None:
    """The strings that ``tokenize`` of literals gives."""
    if not isinstance(expr, Call) or expr.name != "tokenize" or len(expr.arguments) != 2:
        return None
    text, pattern = expr.arguments
    if not isinstance(text, Literal) or not isinstance(pattern, Literal):
        return None
    if not isinstance(text.value, str) or not isinstance(pattern.value, str):
        return None
    return tuple(compile_regex(pattern.value, "", "tokenize").tokenize(text.value))
