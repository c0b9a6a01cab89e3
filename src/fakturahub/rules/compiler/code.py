"""A compiled expression: Python source with the type of what it gives.

Cardinality decides the shape of the value: ONE a plain value, OPTIONAL a value or None, MANY a list. The kind says what
the values are: nodes (``element``: an int, the document node included; ``attribute`` and ``text``: tuples; ``node``:
any
of them), atoms by their XPath type, ``numeric`` (int, Decimal or float), ``tree`` (the text of a document made by a
variable's content, an untyped value that counts as a node), and ``any``: boxed values that tell their type themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from fakturahub.rules.compiler.short import Short, sole


class NotCompiled(Exception):  # noqa: N818 - named for what happened, as the whole tree of errors
    """An expression has no exact translation. *reason* is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Card(IntEnum):
    ONE = 0
    OPTIONAL = 1
    MANY = 2


ONE, OPTIONAL, MANY = Card.ONE, Card.OPTIONAL, Card.MANY

NODES = frozenset({"element", "attribute", "text", "node"})
LEAVES = frozenset({"attribute", "text"})
STRINGS = frozenset({"string", "untyped"})
NUMBERS = frozenset({"integer", "decimal", "double", "numeric"})
DATES = frozenset({"date", "dateTime"})


@dataclass(frozen=True, slots=True)
class Code:
    source: str
    kind: str
    card: Card
    #: nodes only: distinct, in document order, none of them inside another
    flat: bool = True
    #: nodes only: distinct and in document order
    ordered: bool = True
    #: (item, clauses), where *source* is the list ``[item clauses]``
    loop: tuple[str, str] | None = None
    #: the same where *source* is made of it by sorting and dropping doubles: enough to tell whether there is any
    unsorted: tuple[str, str] | None = None
    #: faster source for the usual case, where it is asked for
    short: Short | None = None

    def with_source(self, source: str) -> Code:
        return replace(self, source=source, loop=None, unsorted=None, short=None)

    @property
    def is_node(self) -> bool:
        return self.kind in NODES

    @property
    def is_empty(self) -> bool:
        return self.kind == "empty"


EMPTY = Code("None", "empty", OPTIONAL)
TRUE = Code("True", "boolean", ONE)
FALSE = Code("False", "boolean", ONE)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees."""

    #: the context item; None where there is none (in a function)
    focus: Code | None
    variables: Mapping[str, Code]
    #: Python expressions of position() and last()
    position: str | None = None
    last: str | None = None
    #: the node that ``current()`` means
    current: Code | None = None

    def with_focus(self, focus: Code, position: str | None = None, last: str | None = None) -> Scope:
        return replace(self, focus=focus, position=position, last=last)

    def with_variable(self, name: str, code: Code) -> Scope:
        return replace(self, variables={**self.variables, name: code})


def looped(item: str, clauses: str, kind: str, *, flat: bool = False, ordered: bool = False) -> Code:
    """The values of a comprehension."""
    return Code(f"[{item} {clauses}]", kind, MANY, flat, ordered, (item, clauses))


def each(code: Code, name: str) -> tuple[str, str]:
    """(variable, clauses) of a comprehension over the values; *name* is free to be the variable."""
    if code.loop is not None:
        item, clauses = code.loop
        return (item, clauses) if item.isidentifier() else (name, f"{clauses} for {name} in ({item},)")
    if code.card == OPTIONAL and code.short is not None and code.short.number and code.kind in ("integer", "decimal"):
        # NaN stands for none
        return name, f"for {name} in ({code.short.number},) if {name} == {name}"
    return name, f"for {name} in {listed(code)}"


def stream(code: Code) -> str:
    """The values one by one, each evaluated when it is asked for: what comes later raises no error before."""
    if code.loop is not None:
        return "({} {})".format(*code.loop)
    return f"iter({listed(code)})"


def listed(code: Code) -> str:
    """The values as something to go through: a tuple or a list."""
    if code.is_empty:
        return "()"
    if code.card == ONE:
        return f"({code.source},)"
    if code.card == OPTIONAL:
        return f"listed({code.source})"
    return code.source


def as_list(code: Code) -> str:
    """The values as a tuple, list or range."""
    return listed(code) if code.card != OPTIONAL else f"[*{listed(code)}]"


def at_most_one(code: Code) -> Code:
    """The same as ONE or OPTIONAL; several values are an error (XPTY0004)."""
    if code.card != MANY:
        return code
    short = code.short
    if short is not None and short.only is not None:
        short = sole(short.only, code.kind)
    return replace(code, source=f"at_most_one({code.source})", card=OPTIONAL, loop=None, unsorted=None, short=short)


def exactly_one(code: Code) -> Code:
    """The same as ONE; none or several values are an error."""
    if code.card == ONE:
        return code
    if code.short is not None and code.short.number is not None:
        number = f"must({code.short.number})"
        return replace(code, source=number, card=ONE, loop=None, unsorted=None, short=Short(number=number))
    return replace(
        code, source=f"exactly_one({at_most_one(code).source})", card=ONE, loop=None, unsorted=None, short=None
    )


def boxed(code: Code) -> Code:
    """The same values, each telling its XPath type."""
    kind = code.kind
    if kind == "any" or code.is_empty:
        return Code(code.source, "any", code.card)
    wrapper = {"element": "Element", "node": "boxed_node", "untyped": "Untyped", "tree": "Tree"}.get(kind)
    if wrapper is None:
        return Code(code.source, "any", code.card)
    if code.card == ONE:
        return Code(f"{wrapper}({code.source})", "any", ONE)
    if code.card == OPTIONAL:
        return Code(f"boxed_optional({wrapper}, {code.source})", "any", OPTIONAL)
    return Code(f"[{wrapper}(b) for b in {code.source}]", "any", MANY)


def unified(codes: list[Code]) -> list[Code]:
    """The codes with one kind and one shape: the branches of a choice, the items of a sequence."""
    kinds = {code.kind for code in codes if not code.is_empty}
    if len(kinds) > 1:
        if kinds <= NUMBERS:
            codes = [replace(code, kind="numeric") if not code.is_empty else code for code in codes]
        elif kinds <= NODES:
            codes = [replace(code, kind="node") if not code.is_empty else code for code in codes]
        else:
            codes = [code if code.is_empty else boxed(code) for code in codes]
        kinds = {code.kind for code in codes if not code.is_empty}
    kind = next(iter(kinds), "empty")
    card = max(code.card for code in codes)
    flat = all(code.flat for code in codes)
    ordered = all(code.ordered for code in codes)
    shaped: list[Code] = []
    for code in codes:
        source = as_list(code) if card == MANY else code.source
        shaped.append(Code(source, kind, card, flat, ordered))
    return shaped
