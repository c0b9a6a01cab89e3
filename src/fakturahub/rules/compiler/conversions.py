"""Atomisation, casts, and the conversion rules of function arguments and declared types."""

from __future__ import annotations

import re
from dataclasses import replace

from fakturahub.rules.compiler.code import (
    DATES,
    MANY,
    NODES,
    NUMBERS,
    ONE,
    OPTIONAL,
    STRINGS,
    Code,
    NotCompiled,
    at_most_one,
    exactly_one,
    listed,
    looped,
)
from fakturahub.rules.compiler.short import Short
from fakturahub.rules.xpath.parser import XS
from fakturahub.rules.xpath.syntax import SequenceType

#: local name of an atomic type of XML Schema -> kind
TYPES = {
    "string": "string",
    "boolean": "boolean",
    "decimal": "decimal",
    "integer": "integer",
    "double": "double",
    "date": "date",
    "dateTime": "dateTime",
    "untypedAtomic": "untyped",
    "anyURI": "string",
}

_CHILDREN = re.compile(r"for \w+ in kids\((K\[\w+\])\.get\(('[^']*')\)\)").match
_FROM_TEXT = {
    "boolean": "boolean_of_string",
    "decimal": "decimal_of_string",
    "integer": "integer_of_string",
    "double": "double_of_string",
    "date": "date_of_string",
    "dateTime": "date_time_of_string",
}
_FROM_NUMBER = {
    "boolean": "boolean_of_number",
    "decimal": "decimal_of_number",
    "integer": "integer_of_number",
    "double": "double_of_number",
}
_TEXT_CASTABLE = {
    "boolean": "is_boolean",
    "decimal": "is_decimal",
    "integer": "is_integer",
    "double": "is_double",
    "date": "is_date",
    "dateTime": "is_date_time",
}


def atomic_kind(target: SequenceType) -> str:
    """The kind of an atomic type.

    Raises:
        NotCompiled: it is none that is taken (xs:float, durations, …).
    """
    local = target.item.removeprefix(f"{{{XS}}}")
    if local == target.item or local not in TYPES:
        raise NotCompiled(f"the type {target.item!r} is not taken")
    return TYPES[local]


def mapped(code: Code, kind: str, form: str) -> Code:
    """*form* (with ``{}`` for the value) applied to every value; the result has *kind*."""
    if code.card == ONE:
        return Code(form.format(code.source), kind, ONE)
    if code.card == OPTIONAL:
        if form == "{}":
            return Code(code.source, kind, OPTIONAL)
        return Code(f"mapped(lambda o: {form.format('o')}, {code.source})", kind, OPTIONAL)
    if form == "{}":
        return Code(code.source, kind, MANY, loop=code.loop)
    if code.loop is not None:
        item, clauses = code.loop
        return looped(form.format(item), clauses, kind)
    return looped(form.format("o"), f"for o in {code.source}", kind)


def atomised(code: Code, *, is_short: bool = False) -> Code:
    """The typed values of the items: of nodes their text, untyped. *is_short*: reading a text may raise
    StringWanted.
    """
    if code.kind == "element":
        if is_short or code.short is not None:
            return replace(mapped(code, "untyped", "T[{}]"), short=code.short)
        return mapped(code, "untyped", "string(d, {})")
    if code.kind in ("attribute", "text"):
        return replace(mapped(code, "untyped", "{}[3]"), short=code.short)
    if code.kind == "node":
        return mapped(code, "untyped", "node_string(d, {})")
    if code.kind == "tree":
        return replace(code, kind="untyped")
    if code.kind == "any":
        return mapped(code, "any", "atom(d, {})")
    return code


_TRUTHS = frozenset({"boolean", "string"})


def present(code: Code) -> str:
    """Whether there is any of many values; what follows the first is not evaluated."""
    loop = code.unsorted or code.loop
    if loop is None:
        return f"bool({code.source})"
    children = _CHILDREN(loop[1])
    if children is not None:
        # mostly there are none, and a generator is dear
        return f"({children[2]} in {children[1]} and any(True {loop[1]}))"
    return f"any(True {loop[1]})"


def condition(code: Code) -> str:
    """A Python expression whose truth is the effective boolean value."""
    if code.is_empty:
        return "False"
    if code.short is not None and code.short.exists is not None and (code.is_node or code.kind in _TRUTHS):
        return code.short.exists
    if code.is_node:
        return f"{code.source} is not None" if code.card != MANY else present(code)
    if code.kind == "tree":
        return "True" if code.card == ONE else f"{code.source} is not None"
    if code.kind == "any":
        return f"ebv({listed(code)})"
    if code.kind == "boolean" and code.card == MANY:
        return f"only_true({code.source})"
    if code.kind in DATES:
        return f"effective_boolean({listed(code)})"
    if code.card == MANY:
        return f"effective_boolean({code.source})"
    if code.kind == "boolean" or code.kind in STRINGS or code.kind in ("integer", "decimal"):
        return code.source
    return f"boolean_of_atom({code.source})"


def truth(code: Code) -> str:
    """The effective boolean value as a Python bool."""
    if code.kind == "boolean" and code.card == ONE:
        return code.source
    source = condition(code)
    if source in ("True", "False") or source.startswith(
        ("ebv(", "effective_boolean(", "boolean_of_atom(", "any(", "bool(")
    ):
        return source
    return f"({source})" if source.endswith(" is not None") else f"bool({source})"


def text_argument(code: Code) -> str:
    """An argument declared ``xs:string?`` as a Python str, "" for none."""
    value = at_most_one(atomised(code))
    if value.is_empty:
        return "''"
    if value.kind in STRINGS and value.short is not None and value.short.text is not None:
        return value.short.text
    if value.kind == "any":
        return f"text_of_any({value.source})"
    if value.kind not in STRINGS:
        raise NotCompiled(f"a string is expected, the value is of type xs:{value.kind} (XPTY0004)")
    return value.source if value.card == ONE else f"({value.source} or '')"


def number_argument(code: Code) -> Code:
    """An argument declared ``numeric?``: untyped values become doubles."""
    value = at_most_one(atomised(code))
    if value.is_empty:
        return value
    if value.kind == "untyped":
        made = mapped(value, "double", "double_of_string({})")
        if value.short is not None and value.short.text_absent is not None:
            return replace(made, short=Short(number=f"F[{value.short.text_absent}]"))
        return made
    if value.kind == "any":
        return mapped(value, "numeric", "number_of_any({})")
    if value.kind not in NUMBERS:
        raise NotCompiled(f"a number is expected, the value is of type xs:{value.kind} (XPTY0004)")
    return value


def cast(code: Code, kind: str, *, is_short: bool = False) -> Code:
    """``xs:…(value)``: at most one value, None stays None. *is_short*: decimals are remembered by their text."""
    value = at_most_one(atomised(code))
    if value.is_empty:
        return Code("None", kind, OPTIONAL)
    form = _cast_form(value.kind, kind)
    made = mapped(value, kind, "D[{}]" if is_short and form == "decimal_of_string({})" else form)
    short = value.short
    if short is None or kind != "decimal":
        return made
    if value.kind in STRINGS:
        source = short.text_absent or (value.source if value.card == ONE else None)
        return made if source is None else replace(made, short=Short(number=f"D[{source}]"))
    if value.kind in ("integer", "decimal") and short.number is not None:
        return replace(made, short=Short(number=short.number))
    if value.kind == "double" and short.number is not None:
        return replace(made, short=Short(number=f"decimal_or_nan({short.number})"))
    return made


def _cast_form(source: str, target: str) -> str:
    if source == target or (source in STRINGS and target in STRINGS):
        return "{}"
    if source == "any":
        return f"cast_any({{}}, {target!r})"
    if target in STRINGS:
        return "string_of({})"
    if source in STRINGS:
        return _FROM_TEXT[target] + "({})"
    if (source in NUMBERS or source == "boolean") and target in _FROM_NUMBER:
        if source == "numeric":
            return f"cast_any({{}}, {target!r})"
        return _FROM_NUMBER[target] + "({})"
    if source == "dateTime" and target == "date":
        return "date_of_date_time({})"
    if source == "date" and target == "dateTime":
        return "date_time_of_date({})"
    raise NotCompiled(f"xs:{source} cannot be cast to xs:{target} (XPTY0004)")


def castable(code: Code, kind: str, optional: bool) -> str:
    """``value castable as xs:…`` as a Python expression."""
    value = atomised(code)
    none = "True" if optional else "False"
    if value.is_empty:
        return none
    if value.kind in STRINGS and kind in STRINGS:
        test = "True"
    elif value.kind in STRINGS:
        test = f"{_TEXT_CASTABLE[kind]}(c)"
    else:
        test = f"castable_any(c, {kind!r})"
    if value.card == ONE:
        return "True" if test == "True" else test.replace("(c", f"({value.source}", 1)
    return f"castable({listed(value)}, lambda c: {test}, {none})"


def converted(code: Code, target: SequenceType) -> Code:
    """*code* by the function conversion rules as the declared type *target*."""
    item = target.item
    if code.kind == "tree" and code.short is not None and code.short.exists and item == f"{{{XS}}}boolean":
        # the text "true" or "false" that value-of made of a boolean
        return Code(f"bool({code.short.exists})", "boolean", ONE, short=Short(exists=code.short.exists))
    if item == "item()":
        return with_occurrence(code, target.occurrence)
    if item.endswith("()"):
        wanted = {"node()": NODES, "element()": {"element"}, "attribute()": {"attribute"}, "text()": {"text"}}.get(item)
        if wanted is None or (code.kind not in wanted and not code.is_empty):
            raise NotCompiled(f"a value of type {code.kind} where {item} is declared")
        return with_occurrence(code, target.occurrence)
    local = item.removeprefix(f"{{{XS}}}")
    value = atomised(code)
    if local == "anyAtomicType":
        return with_occurrence(value, target.occurrence)
    kind = atomic_kind(target)
    if not value.is_empty and value.kind != kind:
        short = value.short
        value = _promoted(value, kind)
        if short is not None and short.number is not None and kind == "decimal":
            value = replace(value, short=Short(number=short.number))
    return with_occurrence(replace(value, kind=kind), target.occurrence)


def _promoted(value: Code, kind: str) -> Code:
    if value.kind == "untyped":
        return mapped(value, kind, _cast_form("untyped", kind))
    if value.kind in ("any", "numeric"):
        return mapped(value, kind, f"promoted({{}}, {kind!r})")
    if kind == "double" and value.kind in NUMBERS:
        return mapped(value, "double", "double({})")
    if kind == "decimal" and value.kind == "integer":
        return mapped(value, "decimal", "{}")
    raise NotCompiled(f"a value of type xs:{value.kind} where xs:{kind} is declared (XPTY0004)")


def with_occurrence(code: Code, occurrence: str) -> Code:
    """The number of values checked against "", "?", "*" or "+"."""
    if occurrence == "":
        return exactly_one(code)
    if occurrence == "?":
        return at_most_one(code)
    if occurrence == "+":
        return replace(code, source=f"one_or_more({listed(code)})", card=MANY, loop=None, unsorted=None)
    return code
