"""A rule pack as a tree: what both front ends make and the compiler takes.

Expressions stand here as the text of the authority, with the place where they were read; nothing is evaluated. The
names are those of ISO Schematron (ISO/IEC 19757-3); what an XSLT generated from Schematron holds is put back into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where something stands in a pack."""

    #: name of the file below the pack's folder
    file: str
    #: counted from 1
    line: int


class ValueOf(msgspec.Struct, frozen=True, tag=True):
    """An expression in a message or in the body of a function (``value-of``), its value as text."""

    select: str
    place: Place
    #: what stands between the values of a sequence; None: XSLT's own, one space
    separator: str | None = None


class Name(msgspec.Struct, frozen=True, tag=True):
    """The name of the element in question, or of what *path* selects, in a message (``name``)."""

    path: str | None
    place: Place


#: a message: texts and expressions in their order, white space as it was read
Message: TypeAlias = tuple[str | ValueOf | Name, ...]


class Let(msgspec.Struct, frozen=True, tag=True):
    """A variable (``let``, ``xsl:variable``)."""

    #: as written, with its prefix if it has one
    name: str
    #: XPath; None where the value is *body*
    select: str | None
    place: Place
    #: the declared sequence type, as written
    as_type: str | None = None
    body: tuple[Instruction, ...] = ()


class Sequence(msgspec.Struct, frozen=True, tag=True):
    """``xsl:sequence``."""

    select: str
    place: Place


class When(msgspec.Struct, frozen=True):
    """One branch of a choice; *test* is None in ``xsl:otherwise``."""

    test: str | None
    body: tuple[Instruction, ...]
    place: Place


class Choose(msgspec.Struct, frozen=True, tag=True):
    """``xsl:choose``, and ``xsl:if`` as a choice of one branch."""

    branches: tuple[When, ...]
    place: Place


class Text(msgspec.Struct, frozen=True, tag=True):
    """A literal text in the body of a function."""

    text: str
    place: Place


Instruction: TypeAlias = Let | Sequence | ValueOf | Choose | Text


class Parameter(msgspec.Struct, frozen=True):
    name: str
    as_type: str | None


class Function(msgspec.Struct, frozen=True):
    """``xsl:function``."""

    #: as written, with its prefix
    name: str
    parameters: tuple[Parameter, ...]
    as_type: str | None
    body: tuple[Instruction, ...]
    place: Place


class Key(msgspec.Struct, frozen=True):
    """``xsl:key``."""

    name: str
    match: str
    use: str
    place: Place


class Check(msgspec.Struct, frozen=True):
    """An assertion (``assert``: a finding where *test* is false) or a report (``report``: where it is true)."""

    #: the authority's id; one made of the rule's place where the authority gave none
    id: str
    test: str
    message: Message
    place: Place
    is_report: bool = False
    #: as written: fatal, warning, …; None where the pack says nothing
    flag: str | None = None
    role: str | None = None
    #: texts that the check refers to by ``diagnostics``
    diagnostics: tuple[Message, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """Checks of the nodes that match *context* and no context of an earlier rule of the pattern."""

    context: str
    #: visible in the rule's own checks; a let sees those before it
    lets: tuple[Let, ...]
    checks: tuple[Check, ...]
    place: Place
    id: str | None = None
    flag: str | None = None
    role: str | None = None


class Pattern(msgspec.Struct, frozen=True):
    id: str | None
    lets: tuple[Let, ...]
    rules: tuple[Rule, ...]
    place: Place
    name: str | None = None
    #: whether attributes are looked at for a rule that matches them, as Schematron means it; the sheets of some packs
    #: were generated so that only elements are, and a rule for attributes never applies there
    attributes: bool = True


class Phase(msgspec.Struct, frozen=True):
    id: str
    patterns: tuple[str, ...]
    lets: tuple[Let, ...] = ()


class Schema(msgspec.Struct, frozen=True):
    """One main file with all that it includes; abstract patterns and rules expanded."""

    #: name of the main file below the pack's folder
    file: str
    title: str | None
    #: xslt2, xpath2, …, as written; None: not stated
    query_binding: str | None
    #: prefix -> namespace
    namespaces: Mapping[str, str]
    lets: tuple[Let, ...]
    patterns: tuple[Pattern, ...]
    functions: tuple[Function, ...] = ()
    keys: tuple[Key, ...] = ()
    phases: tuple[Phase, ...] = ()
    default_phase: str | None = None
    #: namespaces that elements without a prefix in an expression are taken from; XSLT's ``xpath-default-namespace``
    default_namespace: str | None = None
