"""Random expressions of XPath 2.0, for the document of tests.rules.expressions."""

from __future__ import annotations

import random


def made(seed: int) -> str:
    """A random expression. It is sound in its types, so that an error comes from the document alone."""
    chance = random.Random(seed)
    return chance.choice((_number, _text, _truth, _truth, _nodes))(chance, 3)


_STEPS = (
    "a",
    "b",
    "d",
    "t",
    "u",
    "when",
    "*",
    "@n",
    "@id",
    "@e",
    "b/@k",
    "d/a",
    "..",
    ".",
    "../c",
    "//u",
    "//a",
    "/r/c",
    "zz",
    "b/zz",
)
_LETTERS = (
    "",
    "S",
    "x",
    " s ",
    "2",
    "2.5",
    "1e2",
    "NaN",
    "true",
    "\u00a0",
    "AE",
    ".",
    "text  with",
    "12345678901234567890",
)
_NUMBERS = ("0", "1", "2", "3", "2.5", "1.10", "0.005", "100", "1e2", "2.5e0", "12345678901234567890")
_REGEXES = ("\\s", "\\d+", "^[A-Z]+$", "[,;|]", "a|b", "(\\d)(\\d)", "[^a-z]", "\\.", "^$", ".*", "x?", "\\s+$")


def _nodes(chance: random.Random, deep: int) -> str:
    path = chance.choice(_STEPS)
    if deep <= 0 or chance.random() < 0.3:
        return path
    shape = chance.randrange(8)
    if shape == 0 and "@" not in path:  # at an attribute Saxon finds fault with paths that lead to nothing
        return f"{path}[{_truth(chance, deep - 1)}]"
    if shape == 1:
        return f"{path}[{chance.choice(('1', '2', 'last()', 'position() > 1'))}]"
    if shape == 2:
        return f"({path} | {_nodes(chance, deep - 1)})"
    if shape == 3:
        return f"(//{chance.choice('abdtu')})[{chance.randint(1, 7)}]"
    if shape == 4:
        return f"../c[@id = '{chance.choice(('c1', 'c2', 'c3', 'c6'))}']/{chance.choice('abdtu')}"
    if shape == 5:
        return f"../c[{chance.choice('abtu')} = {_literal(chance)}]/{chance.choice(('a', 'b/@k', '@id'))}"
    if shape == 6:
        return f"(if ({_truth(chance, deep - 1)}) then {path} else {chance.choice(_STEPS)})"
    return f"{chance.choice(('..', '../..', '.', '/r'))}/c/{chance.choice('abdtu')}"


def _literal(chance: random.Random, shortest: int = 0) -> str:
    # within contains() Saxon takes substring-before(x, '') for x
    return "'" + chance.choice([one for one in _LETTERS if len(one) >= shortest]) + "'"


def _one(chance: random.Random, deep: int) -> str:
    """At most one node, or else an error."""
    return chance.choice(
        ("a", "b", "u", "t", "@n", "@e", "a[1]", "b[last()]", "d", ".", "@id", "../@n", "(a, b)[1]", "zz")
    )


def _text(chance: random.Random, deep: int) -> str:
    if deep <= 0:
        return chance.choice((_literal(chance), f"string({_one(chance, 0)})", f"normalize-space({_one(chance, 0)})"))

    def text() -> str:
        return _text(chance, deep - 1) if chance.random() < 0.6 else _one(chance, deep)

    def number() -> str:
        return _number(chance, deep - 1)

    return chance.choice(
        (
            lambda: f"normalize-space({text()})",
            lambda: f"string({text()})",
            lambda: f"string({number()})",
            lambda: f"upper-case({text()})",
            lambda: f"lower-case({text()})",
            lambda: f"concat({text()}, {text()})",
            lambda: f"substring({text()}, {chance.choice(('0', '1', '2', '-1', '1.5', '3'))})",
            lambda: f"substring({text()}, {chance.choice(('0', '1', '2'))}, {chance.choice(('0', '1', '2', '2.5'))})",
            lambda: f"substring-before({text()}, {_literal(chance, 1)})",
            lambda: f"substring-after({text()}, {_literal(chance)})",
            lambda: f"translate({text()}, {_literal(chance)}, {_literal(chance)})",
            lambda: f"string-join({_nodes(chance, deep - 1)}, {_literal(chance)})",
            lambda: f"replace({text()}, '{chance.choice((*_REGEXES[:4], *_REGEXES[5:8]))}', '-')",
            lambda: f"tokenize({text()}, '{chance.choice(_REGEXES[:4])}')[{chance.randint(1, 3)}]",
            lambda: f"(if ({_truth(chance, deep - 1)}) then {_text(chance, deep - 1)} else {_text(chance, deep - 1)})",
            lambda: f"string-join(for $x in {_nodes(chance, deep - 1)} return substring($x, 1, 2), '+')",
            lambda: "local-name(*[1])",
            lambda: f"xs:string({_one(chance, deep)})",
        )
    )()


def _number(chance: random.Random, deep: int) -> str:
    if deep <= 0:
        return chance.choice((*_NUMBERS, f"number({_one(chance, 0)})", f"xs:decimal({_one(chance, 0)})", "count(a)"))

    def number() -> str:
        return _number(chance, deep - 1)

    return chance.choice(
        (
            lambda: f"({number()} {chance.choice(('+', '-', '*', 'div', 'mod', 'idiv'))} {number()})",
            lambda: f"({number()} {chance.choice('+-*')} {_one(chance, deep)})",
            lambda: f"({number()} + {number()})",
            lambda: f"round({number()})",
            lambda: f"round({number()} * 100) div 100",
            lambda: f"{chance.choice(('floor', 'ceiling', 'abs'))}({number()})",
            lambda: f"count({_nodes(chance, deep - 1)})",
            lambda: f"sum({_nodes(chance, deep - 1)})",
            lambda: f"sum(for $x in {chance.choice(('a', '//a', 'b'))} return xs:decimal($x))",
            lambda: f"number({_text(chance, deep - 1)})",
            lambda: f"string-length({_text(chance, deep - 1)})",
            lambda: f"xs:decimal({_text(chance, deep - 1)})",
            lambda: f"xs:integer({_text(chance, deep - 1)})",
            lambda: f"(0 - {_number(chance, 0)})",
            lambda: f"(if ({_truth(chance, deep - 1)}) then {number()} else {number()})",
        )
    )()


def _truth(chance: random.Random, deep: int) -> str:
    compared = chance.choice(("=", "=", "!=", "<", "<=", ">", ">="))
    if deep <= 0:
        return chance.choice(
            (f"{_one(chance, 0)} {compared} {_literal(chance)}", f"exists({_one(chance, 0)})", "a", "d")
        )

    def truth() -> str:
        return _truth(chance, deep - 1)

    def nodes() -> str:
        return _nodes(chance, deep - 1)

    return chance.choice(
        (
            lambda: f"{nodes()} {compared} {_literal(chance)}",
            lambda: f"{nodes()} {compared} {chance.choice(_NUMBERS)}",
            lambda: f"{nodes()} {compared} {nodes()}",
            lambda: f"{nodes()} = ({_literal(chance)}, {_literal(chance)})",
            lambda: f"{_number(chance, deep - 1)} {compared} {_number(chance, deep - 1)}",
            lambda: f"{_number(chance, deep - 1)} {compared} {_one(chance, 0)}",
            lambda: f"{_text(chance, deep - 1)} {compared} {_text(chance, deep - 1)}",
            lambda: f"{chance.choice('tat')} = {chance.choice(('true()', 'false()'))}",
            lambda: f"not({truth()})",
            lambda: f"not({nodes()})",
            lambda: f"exists({nodes()})",
            lambda: f"empty({nodes()})",
            lambda: f"boolean({nodes()})",
            lambda: f"({truth()}) {chance.choice(('and', 'or'))} ({truth()})",
            lambda: f"contains({_text(chance, deep - 1)}, {_literal(chance)})",
            lambda: f"starts-with({_text(chance, deep - 1)}, {_literal(chance)})",
            lambda: f"ends-with({_text(chance, deep - 1)}, {_literal(chance)})",
            lambda: f"matches({_text(chance, deep - 1)}, '{chance.choice(_REGEXES)}')",
            lambda: f"some $x in {nodes()} satisfies $x {compared} {_literal(chance)}",
            lambda: f"every $x in {nodes()} satisfies string-length($x) {compared} {chance.randint(0, 4)}",
            lambda: (
                f"{_one(chance, 0)} castable as xs:{chance.choice(('decimal', 'integer', 'date', 'boolean', 'double'))}"
            ),
            lambda: f"contains(' S AE x ', concat(' ', normalize-space({_one(chance, 0)}), ' '))",
            lambda: f"{_one(chance, 0)} eq {_literal(chance)}",
        )
    )()
