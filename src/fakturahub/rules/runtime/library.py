"""All that generated code can reach: the names of its module, and nothing else of Python."""

from __future__ import annotations

import math
from decimal import Decimal
from types import CodeType, ModuleType
from typing import Any

from fakturahub.rules.runtime import (
    absent,
    aggregates,
    axes,
    boxes,
    brief,
    casts,
    compare,
    dates,
    memo,
    numbers,
    pairs,
    sequences,
    strings,
)
from fakturahub.rules.runtime import regex as regexes
from fakturahub.rules.runtime.regex import Regex, Use, compile_regex

_BUILTINS = {
    "all": all,
    "any": any,
    "bool": bool,
    "dict": dict,
    "enumerate": enumerate,
    "float": float,
    "frozenset": frozenset,
    "int": int,
    "iter": iter,
    "len": len,
    "list": list,
    "set": set,
    "sorted": sorted,
    "str": str,
    "type": type,
}


class LatentRegex:
    """A regular expression that is compiled when it is first used: a pack has many, a document meets few."""

    __slots__ = ("_arguments", "_regex")

    def __init__(self, pattern: str, flags: str, use: Use) -> None:
        self._arguments = (pattern, flags, use)
        self._regex: Regex | None = None

    def _compiled(self) -> Regex:
        if self._regex is None:
            self._regex = compile_regex(*self._arguments)
        return self._regex

    def matches(self, text: str) -> bool:
        return self._compiled().matches(text)

    def tokenize(self, text: str) -> list[str]:
        return self._compiled().tokenize(text)

    def replace(self, text: str, replacement: str) -> str:
        return self._compiled().replace(text, replacement)


def _public(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


def namespace() -> dict[str, Any]:
    """The global names of a module of generated code."""
    names: dict[str, Any] = {"__builtins__": dict(_BUILTINS)}
    for module in (brief, sequences, pairs, axes, boxes, memo, strings, numbers, casts, dates, aggregates):
        names.update(_public(module))
    names.update(
        Decimal=Decimal,
        NAN=math.nan,
        ABSENT=absent.ABSENT,
        B=brief.B,
        D=brief.D,
        F=brief.F,
        RETRY=brief.RETRY,
        UNSET=memo.UNSET,
        abs=abs,
        sum=sum,
        LatentRegex=LatentRegex,
        boolean_of_atom=compare.boolean_of_atom,
        effective_boolean=compare.effective_boolean,
        tokenize_words=regexes.tokenize_words,
    )
    return names


def execute(code: CodeType) -> dict[str, Any]:
    """Runs the top level of generated code; its functions are in the namespace that comes back."""
    names = namespace()
    exec(code, names)  # noqa: S102 - made by the compiler from a pack's syntax tree, see compiler/
    return names
