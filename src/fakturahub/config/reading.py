"""TOML's tables read as settings, with every fault found in one pass."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakturahub.config.lines import Path
from fakturahub.config.secret import Secret
from fakturahub.config.shape import Leaf, Many, Named, Shape, Table

#: gives the text of a secret, or of a value kept elsewhere, or the bytes of a picture, from what is written at the
#: path; ValueError says why not
Source = Callable[[str, Leaf, Path], str | bytes]


def label(path: Path, names: Mapping[Path, str] | None = None) -> str:
    """A path as people read it: ``company.virta.user[aino@virta.example].email``.

    *names* gives the elements of keyed lists by their key; any other is named by its place, from 0.
    """
    parts: list[str] = []
    for end, part in enumerate(path, start=1):
        name = (names or {}).get(path[:end], str(part))
        plain = not isinstance(part, int) or name != str(part)
        if plain and re.fullmatch(r"[\w-]+", name):
            parts.append(f".{name}" if parts else name)
        else:
            parts.append(f"[{name}]")
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a place; the text names no value that could be a secret."""

    #: where it stands
    path: Path
    text: str
    #: the place that people are told: the table, where the key itself is unknown or missing
    place: Path


@dataclass(slots=True)
class Reader:
    """Reads tables by their shapes. What it cannot read it leaves out and notes in ``faults``."""

    source: Source
    #: unknown keys are faults; where settings of another version of the program are read they are not
    strict: bool = True
    faults: list[Fault] = field(default_factory=list)
    #: the key of each element of a keyed list, as stated
    names: dict[Path, str] = field(default_factory=dict)
    #: the same in the text by which two spellings are one
    identities: dict[Path, str] = field(default_factory=dict)
    #: every value that may stand in one place only: what it is and its text, and where it stands
    uses: dict[tuple[str, str], list[tuple[Path, str]]] = field(default_factory=lambda: defaultdict(list))

    def read(self, shape: Shape, value: object, path: Path) -> tuple[Any, Any] | None:
        """The value in Python and in its canonical text, a secret wrapped in both; None where a fault was noted."""
        match shape:
            case Leaf():
                return self._leaf(shape, value, path)
            case Table():
                return self._table(shape, value, path)
            case Many():
                return self._many(shape, value, path)
            case Named():
                return self._named(shape, value, path)

    def fault(self, path: Path, text: str, *, place: Path | None = None) -> None:
        self.faults.append(Fault(path, text, path if place is None else place))

    def _leaf(self, leaf: Leaf, value: object, path: Path) -> tuple[Any, Any] | None:
        if leaf.kept or leaf.sourced or leaf.picture:
            if not isinstance(value, str):
                self.fault(
                    path, f"expected {leaf.form.expected}" if leaf.picture else "expected text, env:NAME or file:PATH"
                )
                return None
            try:
                value = self.source(value, leaf, path)
            except ValueError as error:
                self.fault(path, str(error))
                return None
        try:
            got = leaf.form.read(value)
        except ValueError:
            hint = _did_you_mean(value, leaf.form.choices, '"')
            self.fault(path, f"expected {leaf.form.expected}{hint}")
            return None
        if leaf.unique:
            shown = "this value" if leaf.kept else f"`{got}`"
            self.uses[leaf.unique, leaf.form.same(got)].append((path, shown))
        if leaf.kept:
            secret = Secret(got)
            return secret, secret
        return got, leaf.form.write(got)

    def _table(self, table: Table, value: object, path: Path) -> tuple[Any, Any] | None:
        if not isinstance(value, dict):
            self.fault(path, "expected a table, as under a header in single brackets or between braces")
            return None
        faults = len(self.faults)
        for key in value:
            if key not in table.fields and self.strict:
                shown = key if re.fullmatch(r"[\w.-]{1,64}", key) else "…"
                hint = _did_you_mean(key, tuple(table.fields), "`")
                self.fault((*path, key), f"unknown key `{shown}`{hint}", place=path)
        given: dict[str, Any] = {}
        stated: dict[str, Any] = {}
        sections: dict[str, Any] = {}
        for key, known in table.fields.items():
            if key not in value:
                if known.required:
                    self.fault(path, f"`{key}` is missing")
                continue
            got = self.read(known.shape, value[key], (*path, key))
            if got is not None:
                (sections if key in table.sections else given)[known.attribute], stated[key] = got
        if len(self.faults) > faults:
            return None
        attributes = table.type.__struct_fields__
        if "stated" in attributes:
            given["stated"] = stated
        if "sections" in attributes:
            given["sections"] = sections
        settings = table.type(**given)
        if contradictions := getattr(settings, "contradictions", None):
            for key, text in contradictions():
                self.fault((*path, key), text)
        return settings, stated

    def _many(self, many: Many, value: object, path: Path) -> tuple[Any, Any] | None:
        if not isinstance(value, list):
            table = isinstance(many.item, Table) and isinstance(value, dict)
            self.fault(path, f"expected a list{', as under a header in double brackets' if table else ''}")
            return None
        got = []
        for place, element in enumerate(value):
            here = (*path, place)
            if many.keyed_by and isinstance(element, dict):
                self._name(many, element, here)
            got.append(self.read(many.item, element, here))
        pairs = [pair for pair in got if pair is not None]
        if len(pairs) < len(got):
            return None
        return tuple(pair[0] for pair in pairs), [pair[1] for pair in pairs]

    def _name(self, many: Many, element: dict[str, object], path: Path) -> None:
        """Know the element by its key, which no other in the list may have."""
        key = many.keyed_by or ""
        name = element.get(key)
        if not isinstance(name, str) or not re.fullmatch(r"[^\s\[\]]{1,254}", name):
            return
        shape = many.item.fields[key].shape if isinstance(many.item, Table) else None
        if not isinstance(shape, Leaf):
            return
        self.names[path] = name
        self.identities[path] = shape.form.same(name)
        if not shape.unique:
            self.uses[label(path[:-1]), shape.form.same(name)].append(((*path, key), f"`{name}`"))

    def _named(self, named: Named, value: object, path: Path) -> tuple[Any, Any] | None:
        if not isinstance(value, dict):
            self.fault(path, 'expected a table such as { "name" = "value" }')
            return None
        faults = len(self.faults)
        pairs: dict[str, tuple[Any, Any]] = {}
        seen: dict[str, str] = {}
        for key, element in value.items():
            here = (*path, key)
            try:
                name = named.names.read(key)
            except ValueError:
                self.fault(here, f"expected {named.names.expected} as the key")
                continue
            if seen.setdefault(name.casefold(), name) != name:
                self.fault(here, f"the same name as `{seen[name.casefold()]}`")
            got = self.read(named.item, element, here)
            if got is not None:
                pairs[name] = got
        if len(self.faults) > faults:
            return None
        return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}


def _did_you_mean(value: object, known: tuple[str, ...], mark: str) -> str:
    close = difflib.get_close_matches(value, known, n=1) if isinstance(value, str) else []
    return f"; did you mean {mark}{close[0]}{mark}?" if close else ""
