"""Recursive descent over the grammar of XPath 2.0 (W3C, appendix A).

Left out, and refused: comments and processing instructions as node tests with arguments, schema element tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from fakturahub.rules.xpath.cursor import Cursor
from fakturahub.rules.xpath.lexer import XPathRefused
from fakturahub.rules.xpath.syntax import (
    ANY_BELOW,
    Binary,
    Call,
    Comma,
    Context,
    Expr,
    Filter,
    For,
    If,
    KindTest,
    Literal,
    NameTest,
    Path,
    Quantified,
    Root,
    SequenceType,
    Step,
    TypeTest,
    Unary,
    Variable,
)

__all__ = ["XPathRefused", "parse", "parse_type"]

#: how deep expressions may nest; the parser, the compiler and Python's own compiler recurse
DEPTH = 40
#: operators in a row at one level (``a or b or …``) that nest in the tree
CHAIN = 60

XS = "http://www.w3.org/2001/XMLSchema"
FN = "http://www.w3.org/2005/xpath-functions"

_GENERAL = frozenset({"=", "!=", "<", "<=", ">", ">="})
_VALUE = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_NODE = frozenset({"is", "<<", ">>"})
_AXES = frozenset(
    {"child", "descendant", "attribute", "self", "descendant-or-self", "following-sibling", "following", "parent"}
    | {"ancestor", "preceding-sibling", "preceding", "ancestor-or-self"}
)
_KINDS = frozenset({"node", "text", "element", "attribute", "document-node", "comment", "processing-instruction"})
_UNCALLABLE = _KINDS | {"if", "item", "typeswitch", "schema-element", "schema-attribute", "empty-sequence"}


def parse(expression: str, namespaces: Mapping[str, str], default_namespace: str | None = None) -> Expr:
    """The syntax tree of *expression*, its prefixes resolved by *namespaces*.

    *default_namespace*: of element names without a prefix.

    Raises:
        XPathRefused: it is not XPath 2.0, has an unknown prefix, is too long or nests too deep.
    """
    parser = _Parser(expression, namespaces, default_namespace)
    tree = parser.expression()
    parser.end()
    return tree


def parse_type(text: str, namespaces: Mapping[str, str]) -> SequenceType:
    """A sequence type as an ``as`` attribute writes it (``xs:decimal?``)."""
    parser = _Parser(text, namespaces, None)
    found = parser.sequence_type()
    parser.end()
    return found


_Operand: TypeAlias = Callable[[], Expr]
_Make: TypeAlias = Callable[[str, Expr, Expr], Expr]


class _Parser(Cursor):
    # --- the grammar, from the loosest binding to the tightest ---

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > DEPTH:
            raise XPathRefused(f"the expression nests deeper than {DEPTH} levels")
        items = [self.single()]
        while self.is_symbol(","):
            self.at += 1
            items.append(self.single())
        self.depth -= 1
        return items[0] if len(items) == 1 else Comma(tuple(items))

    def single(self) -> Expr:
        following = self.ahead(1)
        if self.is_word("for") and following.kind == "variable":
            self.at += 1
            return self.bindings(lambda name, source, body: For(name, source, body), "return")
        if self.is_word("some", "every") and following.kind == "variable":
            every = self.take() == "every"
            return self.bindings(lambda name, source, body: Quantified(every, name, source, body), "satisfies")
        if self.is_word("if") and following == ("symbol", "(", following.position):
            self.at += 2
            condition = self.expression()
            self.symbol(")")
            self.word("then")
            then = self.nested()
            self.word("else")
            return If(condition, then, self.nested())
        return self.disjunction()

    def nested(self) -> Expr:
        self.depth += 1
        if self.depth > DEPTH:
            raise XPathRefused(f"the expression nests deeper than {DEPTH} levels")
        found = self.single()
        self.depth -= 1
        return found

    def bindings(self, make: _Make, keyword: str) -> Expr:
        bound: list[tuple[str, Expr]] = []
        while True:
            name = self.variable_name()
            self.word("in")
            bound.append((name, self.nested()))
            if not self.is_symbol(","):
                break
            self.at += 1
        if len(bound) > CHAIN:
            raise XPathRefused(f"more than {CHAIN} variables in one expression")
        self.word(keyword)
        body = self.nested()
        for name, source in reversed(bound):
            body = make(name, source, body)
        return body

    def chain(self, operators: frozenset[str], operand: _Operand) -> Expr:
        left = operand()
        count = 0
        while self.token.kind in ("name", "symbol") and self.token.text in operators:
            count += 1
            if count > CHAIN * 20:
                raise XPathRefused("too many operators in a row")
            operator = self.take()
            left = Binary("|" if operator == "union" else operator, left, operand())
        return left

    def disjunction(self) -> Expr:
        return self.chain(frozenset({"or"}), self.conjunction)

    def conjunction(self) -> Expr:
        return self.chain(frozenset({"and"}), self.comparison)

    def comparison(self) -> Expr:
        left = self.range()
        if self.token.kind in ("name", "symbol") and self.token.text in _GENERAL | _VALUE | _NODE:
            operator = self.take()
            return Binary(operator, left, self.range())
        return left

    def range(self) -> Expr:
        left = self.additive()
        if self.is_word("to"):
            self.at += 1
            return Binary("to", left, self.additive())
        return left

    def additive(self) -> Expr:
        return self.chain(frozenset({"+", "-"}), self.multiplicative)

    def multiplicative(self) -> Expr:
        return self.chain(frozenset({"*", "div", "idiv", "mod"}), self.union)

    def union(self) -> Expr:
        return self.chain(frozenset({"|", "union"}), self.intersection)

    def intersection(self) -> Expr:
        return self.chain(frozenset({"intersect", "except"}), self.instance)

    def instance(self) -> Expr:
        # instance of binds loosest, then treat as, castable as, cast as; each at most once
        operand = self.unary()
        for first, second in (("cast", "as"), ("castable", "as"), ("treat", "as"), ("instance", "of")):
            if self.is_word(first) and self.ahead(1).text == second:
                self.at += 2
                operand = TypeTest(first, operand, self.sequence_type())
        return operand

    def unary(self) -> Expr:
        signs = 0
        negative = False
        while self.is_symbol("+", "-"):
            signs += 1
            negative ^= self.take() == "-"
        operand = self.path()
        if not signs:
            return operand
        return Unary("-" if negative else "+", operand)

    # --- paths ---

    def path(self) -> Expr:
        left: Expr
        if self.is_symbol("/"):
            self.at += 1
            if not self.starts_step():
                return Root()
            left = Path(Root(), self.step())
        elif self.is_symbol("//"):
            self.at += 1
            left = Path(Path(Root(), ANY_BELOW), self.step())
        else:
            left = self.step()
        count = 0
        while self.is_symbol("/", "//"):
            count += 1
            if count > CHAIN:
                raise XPathRefused(f"a path has more than {CHAIN} steps")
            if self.take() == "//":
                left = Path(left, ANY_BELOW)
            left = Path(left, self.step())
        return left

    def starts_step(self) -> bool:
        token = self.token
        return token.kind in ("name", "wildcard", "string", "number", "variable") or (
            token.kind == "symbol" and token.text in ("*", "@", ".", "..", "(")
        )

    def step(self) -> Expr:
        token, following = self.token, self.ahead(1)
        if self.is_symbol(".."):
            self.at += 1
            return Step("parent", KindTest("node"), self.predicates())
        if self.is_symbol("@"):
            self.at += 1
            return Step("attribute", self.node_test("attribute"), self.predicates())
        if token.kind == "name" and following.kind == "symbol" and following.text == "::":
            axis = self.take()
            self.at += 1
            if axis not in _AXES:
                raise XPathRefused(f"the axis {axis!r} is not one of XPath 2.0, or is not taken")
            return Step(axis, self.node_test(axis), self.predicates())
        call = token.kind == "name" and following.kind == "symbol" and following.text == "("
        if token.kind == "wildcard" or self.is_symbol("*") or (token.kind == "name" and not call):
            return Step("child", self.node_test("child"), self.predicates())
        if call and token.text in _KINDS:
            axis = "attribute" if token.text == "attribute" else "child"
            return Step(axis, self.node_test(axis), self.predicates())
        primary = self.primary()
        predicates = self.predicates()
        return Filter(primary, predicates) if predicates else primary

    def predicates(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while self.is_symbol("["):
            self.at += 1
            found.append(self.expression())
            self.symbol("]")
        if len(found) > CHAIN:
            raise XPathRefused(f"more than {CHAIN} predicates at one step")
        return tuple(found)

    def node_test(self, axis: str) -> NameTest | KindTest:
        default = "" if axis == "attribute" else self.default_namespace
        token = self.token
        if self.is_symbol("*"):
            self.at += 1
            return NameTest(None, None)
        if token.kind == "wildcard":
            text = self.take()
            if text.startswith("*:"):
                return NameTest(None, text[2:])
            return NameTest(self.resolve(text[:-1] + "x", "")[0], None)
        if token.kind != "name":
            raise self.fail("a name")
        if self.ahead(1).kind == "symbol" and self.ahead(1).text == "(":
            return self.kind_test()
        return NameTest(*self.resolve(self.take(), default))

    def kind_test(self) -> KindTest:
        kind = self.take()
        if kind not in _KINDS:
            raise XPathRefused(f"{kind}() is no node test that is taken")
        self.symbol("(")
        name: NameTest | None = None
        if not self.is_symbol(")"):
            if kind not in ("element", "attribute"):
                raise XPathRefused(f"{kind}() with an argument is not taken")
            test = self.node_test(kind)
            if isinstance(test, KindTest):
                raise self.fail("a name")
            name = None if test == NameTest(None, None) else test
        self.symbol(")")
        return KindTest(kind, name)

    def primary(self) -> Expr:
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            text = self.take()
            return Literal(text[1:-1].replace(text[0] * 2, text[0]), "string")
        if token.kind == "variable":
            return Variable(self.take())
        if self.is_symbol("."):
            self.at += 1
            return Context()
        if self.is_symbol("("):
            self.at += 1
            if self.is_symbol(")"):
                self.at += 1
                return Comma(())
            inner = self.expression()
            self.symbol(")")
            return inner
        if token.kind == "name" and self.ahead(1).text == "(" and token.text not in _UNCALLABLE:
            return self.call()
        raise self.fail("an expression")

    def number(self) -> Literal:
        text = self.take()
        if "e" in text or "E" in text:
            return Literal(float(text), "double")
        if "." in text:
            return Literal(Decimal(text), "decimal")
        if len(text) > 1000:
            raise XPathRefused("a number has more than 1000 digits")
        return Literal(int(text), "integer")

    def call(self) -> Call:
        namespace, local = self.resolve(self.take(), FN)
        self.symbol("(")
        arguments: list[Expr] = []
        if not self.is_symbol(")"):
            arguments.append(self.nested())
            while self.is_symbol(","):
                self.at += 1
                arguments.append(self.nested())
        self.symbol(")")
        return Call(local if namespace == FN else f"{{{namespace}}}{local}", tuple(arguments))

    # --- types ---

    def sequence_type(self) -> SequenceType:
        if self.token.kind != "name":
            raise self.fail("a type")
        name = self.take()
        if self.is_symbol("("):
            self.at += 1
            if not self.is_symbol(")"):
                raise XPathRefused(f"the type {name}(…) with an argument is not taken")
            self.at += 1
            item = f"{name}()"
        else:
            namespace, local = self.resolve(name, "")
            item = f"{{{namespace}}}{local}"
        occurrence = self.take() if self.is_symbol("?", "*", "+") else ""
        return SequenceType(item, occurrence)
