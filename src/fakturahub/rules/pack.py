"""A rule pack compiled: its bytes for the cache, and the pack that the engine runs."""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

import msgspec

from fakturahub.errors import PackRefused, StalePack
from fakturahub.model import Severity
from fakturahub.rules import tree
from fakturahub.rules.compiler.packing import packed
from fakturahub.rules.matching import Guards, Matcher, chains, roots
from fakturahub.rules.runtime.library import execute

#: raised whenever the same pack would be compiled to something else; a cached pack of another version is not taken
COMPILER = 20

_MAGIC = b"fakturahub-rules"


#: ``(document, nodes, out, exact)``: appends (node, check) to *out* for what fires, or calls ``exact(node, checks)``
RuleFunction: TypeAlias = Callable[[Any, list[Any], list[Any], Any], None]


class _Header(msgspec.Struct):
    compiler: int
    python: str
    digest: str
    payload: str


def _python() -> str:
    return f"{sys.implementation.cache_tag}-{sys.hexversion:x}"


def content_hash(schemas: Sequence[tree.Schema]) -> str:
    """The SHA-256 of a pack's content, as it was read."""
    return hashlib.sha256(msgspec.msgpack.encode(list(schemas))).hexdigest()


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion or report of a pack."""

    id: str
    flag: str | None
    role: str | None
    severity: Severity
    is_report: bool
    test: Callable[[Any, Any, dict[str, Any]], Any]
    #: the text, or the function that makes it
    message: str | Callable[[Any, Any, dict[str, Any]], str]


class Pack:
    """A pack ready to run. Immutable; threads share it."""

    def __init__(self, name: str, digest: str, code: CodeType, data: tuple[Any, ...]) -> None:
        self.name = name
        self.digest = digest
        patterns, schema_of, checks, self.slots, self.optimised = data
        names = execute(code)
        self.functions = names
        self.checks: tuple[Check, ...] = tuple(
            Check(
                one,
                flag,
                role,
                Severity(level),
                is_report,
                names[test],
                message if isinstance(message, str) else names[message[0]],
            )
            for one, flag, role, level, is_report, test, message in checks
        )
        #: checks of every rule, by pattern
        self.rules: tuple[tuple[tuple[int, ...], ...], ...] = tuple(
            tuple(numbers for _alternatives, numbers, _short in rules) for _attributes, rules in patterns
        )
        #: short functions of every rule, by pattern: those that always run, and check -> guarded function
        self.always: tuple[tuple[tuple[RuleFunction, ...], ...], ...] = tuple(
            tuple(tuple(names[one] for one, _checks in short[0]) for _alternatives, _numbers, short in rules)
            for _attributes, rules in patterns
        )
        #: checks of every short function
        self.checks_of: dict[RuleFunction, tuple[int, ...]] = {
            names[one]: numbers
            for _attributes, rules in patterns
            for _alternatives, _numbers, short in rules
            for one, numbers in (*short[0], *[(one, (number,)) for number, one, _triggers in short[1]])
        }
        self.guarded: dict[int, RuleFunction] = {
            number: names[one]
            for _attributes, rules in patterns
            for _alternatives, _numbers, short in rules
            for number, one, _triggers in short[1]
        }
        self.matchers = tuple(
            Matcher(attributes, [alternatives for alternatives, _numbers, _short in rules])
            for attributes, rules in patterns
        )
        clauses = [
            (pattern, rule, check, clause, trigger)
            for pattern, (_attributes, rules) in enumerate(patterns)
            for rule, (_alternatives, _numbers, short) in enumerate(rules)
            for check, _one, sets in short[1]
            for clause, triggers in enumerate(sets)
            for trigger in triggers
        ]
        self.guards = Guards(clauses)
        #: sets of triggers of every guarded check
        self.clauses: dict[int, int] = {
            number: len(sets)
            for _attributes, rules in patterns
            for _alternatives, _numbers, short in rules
            for number, _one, sets in short[1]
        }
        #: pattern of every check
        self.pattern_of: dict[int, int] = {
            number: pattern for pattern, rules in enumerate(self.rules) for numbers in rules for number in numbers
        }
        #: names of the root elements that the pack addresses, ``{namespace}local``; none: not told by its contexts
        self.roots = roots(patterns)
        #: elements that its contexts name, from the outermost in
        self.chains = chains(patterns)
        by_schema = {one: [n for n, schema in enumerate(schema_of) if schema == one] for one in schema_of}
        self._schemas = [(frozenset(roots([patterns[n] for n in mine])), mine) for mine in by_schema.values()]

    def in_force(self, root: str) -> frozenset[int] | None:
        """The patterns that are for documents with this root element; None: all of them.

        A pack may hold a schema for each of several syntaxes, some of whose contexts go by parts of names alone: the
        authority runs each on documents of its own. Where no schema names the root element, as with a fragment, all
        run.
        """
        mine = [patterns for roots, patterns in self._schemas if root in roots or not roots]
        if len(mine) == len(self._schemas) or not any(root in roots for roots, _patterns in self._schemas):
            return None
        return frozenset(number for patterns in mine for number in patterns)

    def count(self, root: str) -> int:
        """How many checks are in force for documents with this root element."""
        patterns = self.in_force(root)
        if patterns is None:
            return len(self.checks)
        return sum(pattern in patterns for pattern in self.pattern_of.values())

    def __repr__(self) -> str:
        return f"<Pack {self.name}: {len(self.checks)} checks>"


class Compiled:
    """A pack as it comes from the compiler."""

    def __init__(self, name: str, digest: str, source: str, data: tuple[Any, ...]) -> None:
        self.name = name
        self.digest = digest
        self.source = source
        self._data = data
        self._code: CodeType | None = None

    @property
    def code(self) -> CodeType:
        """The module's code object."""
        if self._code is None:
            self._code = _interned(compile(self.source, f"<rule pack {self.name}>", "exec", dont_inherit=True))
        return self._code

    def pack(self) -> Pack:
        """The pack, ready to run."""
        return Pack(self.name, self.digest, self.code, self._data)

    def as_bytes(self) -> bytes:
        """The pack for the cache. Executable: keep it where only the hub can write."""
        payload = marshal.dumps((self.name, self.code, self._data))
        header = _Header(COMPILER, _python(), self.digest, hashlib.sha256(payload).hexdigest())
        return b"\n".join([_MAGIC, msgspec.json.encode(header), payload])


def compile_pack(schemas: Sequence[tree.Schema], *, name: str, optimise: bool = True) -> Compiled:
    """All schemas of a pack as one.

    *optimise*: with the rewrites that make it fast; the findings are the same without.

    Raises:
        PackRefused: any expression has no exact translation; all of them are listed.
    """
    packing = packed(schemas, optimise=optimise)
    if packing.written.reasons:
        raise PackRefused(f"the rule pack {name}", tuple(str(one) for one in dict.fromkeys(packing.written.reasons)))
    if not packing.checks:
        raise PackRefused(f"the rule pack {name}", ("it has no assert and no report",))
    data = (packing.patterns, packing.schema_of, packing.checks, packing.written.slots, optimise)
    return Compiled(name, content_hash(schemas), packing.source(), data)


def load(data: bytes) -> Pack:
    """A pack from :meth:`Compiled.as_bytes`.

    Raises:
        StalePack: compiled by another version, for another Python, or damaged.
    """
    magic, _, rest = data.partition(b"\n")
    head, _, payload = rest.partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=_Header)
    except msgspec.MsgspecError:
        raise StalePack("the bytes are no compiled rule pack") from None
    if magic != _MAGIC or (header.compiler, header.python) != (COMPILER, _python()):
        raise StalePack("the pack was compiled by another version of the hub or of Python")
    if hashlib.sha256(payload).hexdigest() != header.payload:
        raise StalePack("the compiled pack is damaged")
    name, code, content = marshal.loads(payload)  # noqa: S302 - checked above; written by the hub itself
    return Pack(name, header.digest, code, content)


def _interned(code: CodeType) -> CodeType:
    """The same code with its string constants interned: names of elements are then found by identity."""
    constants = tuple(
        sys.intern(one) if type(one) is str else _interned(one) if isinstance(one, CodeType) else one
        for one in code.co_consts
    )
    return code.replace(co_consts=constants)
