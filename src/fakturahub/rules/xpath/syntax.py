"""The syntax tree of XPath 2.0.

Every node is frozen and compares by content, so that equal expressions are found by a dictionary. Names are resolved:
an element or attribute is ``{namespace}local`` as lxml writes it, a function its expanded name.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    #: str, int (xs:integer), Decimal (xs:decimal) or float (xs:double)
    value: str | int | Decimal | float
    #: the type's name, because 1 and 1.0 are equal in Python and not in XPath
    kind: str


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Context:
    """``.``"""


@dataclass(frozen=True, slots=True)
class Root:
    """``/`` alone or at the start of a path: the document node."""


@dataclass(frozen=True, slots=True)
class Comma:
    """A sequence; no items: ``()``."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class For:
    variable: str
    source: Expr
    body: Expr


@dataclass(frozen=True, slots=True)
class Quantified:
    every: bool
    variable: str
    source: Expr
    condition: Expr


@dataclass(frozen=True, slots=True)
class If:
    condition: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """*operator*: or, and, = != < <= > >=, eq ne lt le gt ge, is << >>, to, + - * div idiv mod, |, intersect, except"""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class SequenceType:
    #: a type's expanded name (``{http://www.w3.org/2001/XMLSchema}decimal``), or item(), node(), element(), …
    item: str
    #: one of "", "?", "*", "+"
    occurrence: str


@dataclass(frozen=True, slots=True)
class TypeTest:
    """*operator*: instance, castable, cast, treat"""

    operator: str
    operand: Expr
    target: SequenceType


@dataclass(frozen=True, slots=True)
class Call:
    #: expanded name; functions of XPath itself without a namespace
    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class NameTest:
    """None stands for any namespace or any local name."""

    namespace: str | None
    local: str | None

    @property
    def tag(self) -> str | None:
        """The name as lxml writes it; None where a part of it is a star."""
        if self.namespace is None or self.local is None:
            return None
        return f"{{{self.namespace}}}{self.local}" if self.namespace else self.local


@dataclass(frozen=True, slots=True)
class KindTest:
    """*kind*: node, text, element, attribute, document-node, comment, processing-instruction"""

    kind: str
    name: NameTest | None = None


@dataclass(frozen=True, slots=True)
class Step:
    axis: str
    test: NameTest | KindTest
    predicates: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A primary expression with predicates."""

    primary: Expr
    predicates: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """*left* ``/`` *right*: the right side for every item of the left side."""

    left: Expr
    right: Expr


Expr: TypeAlias = (
    Literal
    | Variable
    | Context
    | Root
    | Comma
    | For
    | Quantified
    | If
    | Binary
    | Unary
    | TypeTest
    | Call
    | Step
    | Filter
    | Path
)

#: ``//``
ANY_BELOW = Step("descendant-or-self", KindTest("node"))
