"""Packs of a few rules, written in Python, and what they say of small documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from fakturahub.rules import tree
from fakturahub.rules.outcome import Fired, Outcome
from fakturahub.rules.pack import Pack, compile_pack
from tests.rules.ways import checked

PLACE = tree.Place("small.sch", 7)
NAMESPACES = {"xs": "http://www.w3.org/2001/XMLSchema", "u": "urn:u", "p": "urn:p"}


def let(name: str, select: str) -> tree.Let:
    return tree.Let(name, select, PLACE)


def asserts(**tests: str) -> tuple[tree.Check, ...]:
    return tuple(tree.Check(name, test, (f"{name} says", " no "), PLACE) for name, test in tests.items())


def rule(context: str, *checks: tree.Check, lets: Iterable[tree.Let] = (), flag: str | None = None) -> tree.Rule:
    return tree.Rule(context, tuple(lets), checks, PLACE, flag=flag)


def pattern(*rules: tree.Rule, lets: Iterable[tree.Let] = ()) -> tree.Pattern:
    return tree.Pattern(None, tuple(lets), rules, PLACE)


def schema(
    *patterns: tree.Pattern,
    lets: Iterable[tree.Let] = (),
    functions: Iterable[tree.Function] = (),
    keys: Iterable[tree.Key] = (),
    namespaces: Mapping[str, str] = NAMESPACES,
    query_binding: str | None = "xslt2",
) -> tree.Schema:
    return tree.Schema(
        "small.sch", None, query_binding, namespaces, tuple(lets), patterns, tuple(functions), tuple(keys)
    )


def pack(*schemas: tree.Schema, optimise: bool = True) -> Pack:
    return compile_pack(schemas, name="small", optimise=optimise).pack()


def outcome(document: str, *schemas: tree.Schema, optimise: bool = True) -> Outcome:
    (only,) = checked(etree.fromstring(document), [pack(*schemas, optimise=optimise)])
    return only


def fired(document: str, *schemas: tree.Schema, optimise: bool = True) -> tuple[Fired, ...]:
    return outcome(document, *schemas, optimise=optimise).fired


def verdict(test: str, document: str, context: str = "/*") -> str:
    """What a test comes to at *context*: true, false or fault; the same with and without the rewrites."""
    one = schema(pattern(rule(context, *asserts(X=test))))
    with_rewrites, without = (fired(document, one, optimise=optimise) for optimise in (True, False))
    assert with_rewrites == without
    if not with_rewrites:
        return "true"
    return "fault" if with_rewrites[0].fault else "false"
