"""A place in the tokens of an expression, and the prefixes that hold there."""

from __future__ import annotations

from collections.abc import Mapping

from fakturahub.rules.xpath.lexer import Token, XPathRefused, tokens


class Cursor:
    """Takes tokens one by one."""

    def __init__(self, expression: str, namespaces: Mapping[str, str], default_namespace: str | None) -> None:
        self.tokens = tokens(expression)
        self.at = 0
        self.namespaces = namespaces
        self.default_namespace = default_namespace or ""
        self.depth = 0

    # --- tokens ---

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, count: int) -> Token:
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def fail(self, wanted: str) -> XPathRefused:
        token = self.token
        what = repr(token.text) if token.kind != "end" else "the end"
        return XPathRefused(f"{wanted} was expected, {what} stands there (character {token.position + 1})")

    def is_symbol(self, *texts: str) -> bool:
        return self.token.kind == "symbol" and self.token.text in texts

    def is_word(self, *texts: str) -> bool:
        return self.token.kind == "name" and self.token.text in texts

    def take(self) -> str:
        text = self.token.text
        self.at += 1
        return text

    def symbol(self, text: str) -> None:
        if not self.is_symbol(text):
            raise self.fail(repr(text))
        self.at += 1

    def word(self, text: str) -> None:
        if not self.is_word(text):
            raise self.fail(repr(text))
        self.at += 1

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.fail("the end of the expression")

    # --- names ---

    def resolve(self, name: str, default: str) -> tuple[str, str]:
        prefix, colon, local = name.partition(":")
        if not colon:
            return default, prefix
        if prefix not in self.namespaces:
            raise XPathRefused(f"the prefix {prefix!r} is not declared")
        return self.namespaces[prefix], local

    def variable_name(self) -> str:
        if self.token.kind != "variable":
            raise self.fail("a variable")
        return self.take()
