"""The functions of XPath 2.0 (and XSLT's ``current`` and ``key``) that are translated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakturahub.rules.compiler.calls_of_values import (
    boxed_deep,
    current,
    error,
    extreme,
    key,
    last,
    named,
    part_of_date,
    position,
    root,
    sum_of,
    to_number,
)
from fakturahub.rules.compiler.code import (
    FALSE,
    MANY,
    NUMBERS,
    ONE,
    OPTIONAL,
    STRINGS,
    TRUE,
    Code,
    NotCompiled,
    Scope,
    exactly_one,
    listed,
    unified,
)
from fakturahub.rules.compiler.conversions import (
    atomised,
    condition,
    number_argument,
    present,
    truth,
)
from fakturahub.rules.compiler.regexes import pattern_call
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.compiler.translating import (
    Translator,
    codepoints,
    compare,
    concat,
    from_codepoints,
    number,
    string,
    string_join,
    substring,
    text_or_context,
    texts,
)
from fakturahub.rules.xpath.syntax import Context, Expr

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler


#: what would read a file, open a connection, or answer differently tomorrow
OUTSIDE = frozenset(
    {
        "document",
        "doc",
        "doc-available",
        "collection",
        "uri-collection",
        "unparsed-text",
        "unparsed-text-available",
        "unparsed-text-lines",
        "system-property",
        "environment-variable",
        "available-environment-variables",
        "current-date",
        "current-dateTime",
        "current-time",
        "implicit-timezone",
        "static-base-uri",
        "base-uri",
        "document-uri",
        "put",
        "transform",
        "evaluate",
    }
)


def call(compiler: Compiler, name: str, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    """A call of a function of XPath's own.

    Raises:
        NotCompiled: the function is unknown, takes another number of arguments, or reaches outside.
    """
    if name in OUTSIDE:
        raise NotCompiled(f"{name}() reaches outside the document")
    known = _FUNCTIONS.get(name)
    if known is None:
        raise NotCompiled(f"the function {name}() is not known")
    least, most, translate = known
    if not least <= len(arguments) <= most:
        raise NotCompiled(f"{name}() with {len(arguments)} arguments")
    return translate(compiler, arguments, scope)


# --- booleans and sequences ---


def _not(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return Code(f"(not ({condition(compiler.compile(arguments[0], scope))}))", "boolean", ONE)


def _boolean(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return Code(truth(compiler.compile(arguments[0], scope)), "boolean", ONE)


def _exists(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.compile(arguments[0], scope)
    if value.is_empty:
        return FALSE
    if value.card == ONE:
        return TRUE
    if value.short is not None and value.short.exists is not None and value.is_node:
        return Code(f"bool({value.short.exists})", "boolean", ONE, short=Short(exists=f"({value.short.exists})"))
    if value.card == OPTIONAL:
        return Code(f"({value.source} is not None)", "boolean", ONE)
    return Code(present(value), "boolean", ONE)


def _empty(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return Code(f"(not {_exists(compiler, arguments, scope).source})", "boolean", ONE)


def _count(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.compile(arguments[0], scope)
    if value.card == ONE:
        return Code("1", "integer", ONE)
    counted = f"len({listed(value)})"
    if not compiler.is_short:
        return Code(counted, "integer", ONE)
    if value.source.startswith("d.attributes_named("):
        # an element has one of a name at most
        counted = f"d.attributes_in_all{value.source.removeprefix('d.attributes_named')}"
    elif value.loop is not None:
        counted = f"sum([1 {value.loop[1]}])"
    elif value.short is not None and value.short.at is not None:
        counted = f"how_many({value.short.at})"
    return Code(counted, "integer", ONE, short=Short(number=counted))


def _reverse(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.compile(arguments[0], scope)
    if value.card != MANY:
        return value
    return replace(value, source=f"{value.source}[::-1]", flat=False, ordered=False, loop=None, unsorted=None)


def _distinct_values(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.atoms(arguments[0], scope)
    if value.card != MANY:
        return value
    if value.kind in ("any", "numeric", "double"):
        raise NotCompiled("distinct-values() of values of several types, or of doubles")
    return value.with_source(f"distinct({value.source})")


def _index_of(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    values, wanted = compiler.atoms(arguments[0], scope), exactly_one(compiler.atoms(arguments[1], scope))
    kinds = {values.kind, wanted.kind}
    if not (kinds <= STRINGS or (kinds <= NUMBERS and "double" not in kinds and "numeric" not in kinds)):
        raise NotCompiled("index-of() of values of several types")
    item, at, sought = compiler.fresh(), compiler.fresh(), compiler.fresh()
    source = (
        f"[{at} for {sought} in ({wanted.source},) for {at}, {item} in enumerate({listed(values)}, 1)"
        f" if {item} == {sought}]"
    )
    return Code(source, "integer", MANY)


def _subsequence(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.compile(arguments[0], scope)
    bounds = [exactly_one(number_argument(compiler.atoms(one, scope))).source for one in arguments[1:]]
    return replace(
        value, source=f"subsequence({', '.join([listed(value), *bounds])})", card=MANY, loop=None, unsorted=None
    )


def _insert_before(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value, added = unified([compiler.compile(arguments[0], scope), compiler.compile(arguments[2], scope)])
    at = exactly_one(number_argument(compiler.atoms(arguments[1], scope)))
    source = f"insert_before([*{listed(value)}], {at.source}, [*{listed(added)}])"
    return Code(source, value.kind, MANY, flat=False, ordered=False)


def _remove(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    value = compiler.compile(arguments[0], scope)
    at = exactly_one(number_argument(compiler.atoms(arguments[1], scope)))
    item, position, sought = compiler.fresh(), compiler.fresh(), compiler.fresh()
    source = (
        f"[{item} for {sought} in ({at.source},) for {position}, {item} in enumerate({listed(value)}, 1)"
        f" if {position} != {sought}]"
    )
    return replace(value, source=source, card=MANY, loop=None, unsorted=None)


def _cardinality(name: str, occurrence: str) -> Translator:
    from fakturahub.rules.compiler.conversions import with_occurrence

    def translate(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
        return with_occurrence(compiler.compile(arguments[0], scope), occurrence)

    return translate


def _data(compiler: Compiler, arguments: tuple[Expr, ...], scope: Scope) -> Code:
    return compiler.atoms(arguments[0] if arguments else Context(), scope)


_FUNCTIONS: dict[str, tuple[int, int, Translator]] = {
    "true": (0, 0, lambda *_: TRUE),
    "false": (0, 0, lambda *_: FALSE),
    "not": (1, 1, _not),
    "boolean": (1, 1, _boolean),
    "exists": (1, 1, _exists),
    "empty": (1, 1, _empty),
    "count": (1, 1, _count),
    "reverse": (1, 1, _reverse),
    "distinct-values": (1, 1, _distinct_values),
    "index-of": (2, 2, _index_of),
    "subsequence": (2, 3, _subsequence),
    "insert-before": (3, 3, _insert_before),
    "remove": (2, 2, _remove),
    "exactly-one": (1, 1, _cardinality("exactly-one", "")),
    "zero-or-one": (1, 1, _cardinality("zero-or-one", "?")),
    "one-or-more": (1, 1, _cardinality("one-or-more", "+")),
    "deep-equal": (2, 2, boxed_deep),
    "data": (0, 1, _data),
    "string": (0, 1, string),
    "concat": (2, 200, concat),
    "string-join": (1, 2, string_join),
    "substring": (2, 3, substring),
    "string-length": (0, 1, text_or_context("len", "integer")),
    "normalize-space": (0, 1, text_or_context("normalize_space", "string")),
    "upper-case": (1, 1, texts("upper_case", "string")),
    "lower-case": (1, 1, texts("lower_case", "string")),
    "contains": (2, 2, texts("contains", "boolean")),
    "starts-with": (2, 2, texts("starts_with", "boolean")),
    "ends-with": (2, 2, texts("ends_with", "boolean")),
    "substring-before": (2, 2, texts("substring_before", "string")),
    "substring-after": (2, 2, texts("substring_after", "string")),
    "translate": (3, 3, texts("translate", "string")),
    "matches": (2, 3, lambda c, a, s: pattern_call(c, "matches", a, s)),
    "replace": (3, 4, lambda c, a, s: pattern_call(c, "replace", a, s)),
    "tokenize": (1, 3, lambda c, a, s: pattern_call(c, "tokenize", a, s)),
    "string-to-codepoints": (1, 1, codepoints),
    "codepoints-to-string": (1, 1, from_codepoints),
    "compare": (2, 2, compare),
    "number": (0, 1, to_number),
    "sum": (1, 2, sum_of),
    "avg": (1, 1, extreme("average")),
    "min": (1, 1, extreme("minimum")),
    "max": (1, 1, extreme("maximum")),
    "abs": (1, 1, number("absolute")),
    "floor": (1, 1, number("floor")),
    "ceiling": (1, 1, number("ceiling")),
    "round": (1, 1, number("round_number")),
    "round-half-to-even": (1, 2, number("round_half_to_even")),
    "name": (0, 1, named("node_name")),
    "local-name": (0, 1, named("local_name")),
    "namespace-uri": (0, 1, named("namespace_uri")),
    "generate-id": (0, 1, named("generated_id")),
    "position": (0, 0, position),
    "last": (0, 0, last),
    "current": (0, 0, current),
    "root": (0, 1, root),
    "key": (2, 2, key),
    "error": (0, 3, error),
    "year-from-date": (1, 1, part_of_date("year", ("date",))),
    "month-from-date": (1, 1, part_of_date("month", ("date",))),
    "day-from-date": (1, 1, part_of_date("day", ("date",))),
    "year-from-dateTime": (1, 1, part_of_date("year", ("dateTime",))),
    "month-from-dateTime": (1, 1, part_of_date("month", ("dateTime",))),
    "day-from-dateTime": (1, 1, part_of_date("day", ("dateTime",))),
    "hours-from-dateTime": (1, 1, part_of_date("hour", ("dateTime",))),
    "minutes-from-dateTime": (1, 1, part_of_date("minute", ("dateTime",))),
    "seconds-from-dateTime": (1, 1, part_of_date("second", ("dateTime",), "decimal")),
}

__all__ = ["OUTSIDE", "atomised", "call"]
