"""Values that are computed once: per document, or per node of a rule. A failure is remembered, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fakturahub.rules.runtime.absent import StringWanted
from fakturahub.rules.runtime.brief import RETRY
from fakturahub.rules.runtime.document import Document
from fakturahub.rules.runtime.errors import EvaluationError

#: calls of a pack's functions inside one another; Saxon has a limit of its own, of some hundred
CALLS = 150


class _Unset:
    __slots__ = ()


class _Failed:
    __slots__ = ("error",)

    def __init__(self, error: EvaluationError) -> None:
        self.error = error


UNSET = _Unset()


def once(d: Document, slot: int, evaluate: Callable[[Document], Any]) -> Any:
    """The value of a slot of the document's memo; *evaluate* makes it when it is first asked for."""
    value = d.memo[slot]
    if value is UNSET:
        try:
            value = evaluate(d)
        except EvaluationError as error:
            value = _Failed(error)
        d.memo[slot] = value
    if value.__class__ is _Failed:
        raise value.error
    return value


def exactly(d: Document, slot: int, exact: Callable[[Document], Any]) -> Any:
    """The value of a slot by its exact form, where the short one did not know."""
    try:
        value = exact(d)
    except EvaluationError as error:
        d.failures[slot] = error
        raise
    d.memo[slot] = value
    return value


def kept_index(d: Document, slot: int, brief: Callable[[Document], Any]) -> Any:
    """The index of a slot. Where it cannot be made, there is no exact form but that of the check."""
    if slot in d.failures:
        raise StringWanted
    try:
        value = brief(d)
    except RETRY:
        d.failures[slot] = EvaluationError("LIMIT", "no index")
        raise StringWanted from None
    d.memo[slot] = value
    return value


def index(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Key -> nodes, in their order; a key that is NaN is none."""
    found: dict[Any, list[Any]] = {}
    for key, node in pairs:
        if key == key:
            nodes = found.setdefault(key, [])
            if not nodes or nodes[-1] != node:
                nodes.append(node)
    return found


def once_here(d: Document, n: Any, m: dict[str, Any], name: str, evaluate: Callable[..., Any]) -> Any:
    """The same for a variable of a rule at one node; *m* is the node's memo."""
    value = m.get(name, UNSET)
    if value is UNSET:
        try:
            value = evaluate(d, n, m)
        except EvaluationError as error:
            value = _Failed(error)
        m[name] = value
    if value.__class__ is _Failed:
        raise value.error
    return value


def nested(d: Document, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A call of a function of the pack; LIMIT past :data:`CALLS` inside one another."""
    if d.depth >= CALLS:
        raise EvaluationError("LIMIT", f"a function of the pack calls itself more than {CALLS} times")
    d.depth += 1
    try:
        return function(d, *arguments)
    finally:
        d.depth -= 1


def key_index(pairs: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """``xsl:key``: value -> elements."""
    index: dict[str, list[int]] = {}
    for node, value in pairs:
        index.setdefault(value, []).append(node)
    return index


def keyed(index: dict[str, list[int]], values: Iterable[str]) -> list[int]:
    """``key()``: the elements of any of the values, in document order."""
    return sorted({node for value in values for node in index.get(value, ())})
