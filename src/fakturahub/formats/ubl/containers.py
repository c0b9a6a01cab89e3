"""The elements of the UBL binding that hold others: how each is read into a part of the model and written from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lxml import etree

from fakturahub.formats.ubl.leaves import place_in
from fakturahub.formats.ubl.pen import Pen
from fakturahub.formats.ubl.walking import Found, Reader, Step
from fakturahub.formats.walk import REPEATED


class Entry(Protocol):
    """One line of a table: an element, in the order of the schema."""

    #: the fields of the noun that it fills
    @property
    def fields(self) -> tuple[str, ...]: ...

    def key(self, aggregates: str) -> str:
        """Its qualified name, in a document whose aggregates are in the namespace *aggregates*."""

    def step(self, group: str, aggregates: str) -> Step:
        """What reads it in the part *group* of the model."""

    @property
    def write(self) -> Callable[[Pen, Any, str], None]:
        """Writes it from the noun at a path of the model."""


Table = Sequence[Entry]


def steps_of(table: Table, group: str, aggregates: str) -> dict[str, Step]:
    """The steps of a table by qualified name."""
    return {entry.key(aggregates): entry.step(group, aggregates) for entry in table}


def inner(group: str, field: str) -> str:
    return f"{group}.{field}" if group else field


@dataclass(frozen=True, slots=True)
class Inside:
    """An element that the model does not have: its values belong to the noun that it stands in.

    It occurs once: when one of its fields is known, another one is reported whole, lest the halves of two be mixed.
    """

    name: str
    table: tuple[Entry, ...]
    #: what every one ends with, such as the tax scheme
    last: str = ""
    #: written when empty, because the schema asks for it
    always: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for entry in self.table for field in entry.fields)

    def key(self, aggregates: str) -> str:
        return aggregates + self.name

    def step(self, group: str, aggregates: str) -> Step:
        steps, fields = steps_of(self.table, group, aggregates), self.fields

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            for field in fields:
                if field in found:
                    walk.unknown(element, REPEATED)
                    return
            walk.fields(element, steps, found)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        tag = f"cac:{self.name}"
        mark = pen.open(tag)
        for entry in self.table:
            entry.write(pen, noun, path)
        pen.close(tag, mark, always=self.always, last=self.last)


@dataclass(frozen=True, slots=True)
class Part:
    """An element that is a noun of its own, which occurs once."""

    name: str
    field: str
    noun: Callable[..., Any]
    table: tuple[Entry, ...]
    #: the last look at what was found, before the noun is made of it
    finish: Callable[[Reader, etree._Element, Found], None] | None = None
    #: written when empty, because the schema asks for it
    always: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)

    def key(self, aggregates: str) -> str:
        return aggregates + self.name

    def step(self, group: str, aggregates: str) -> Step:
        field, noun, finish = self.field, self.noun, self.finish
        steps = steps_of(self.table, inner(group, field), aggregates)
        several = any(not entry.fields for entry in self.table)

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            if field in found:
                walk.unknown(element, REPEATED)
                return
            values = walk.fields(element, steps, {})
            if finish is not None:
                finish(walk, element, values)
            if values:
                found[field] = noun(**(seal(values) if several else values))

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        part = getattr(noun, self.field)
        if part is None:
            return
        tag, place = f"cac:{self.name}", place_in(path, self.field)
        mark = pen.open(tag)
        for entry in self.table:
            entry.write(pen, part, place)
        pen.close(tag, mark, always=self.always)


@dataclass(frozen=True, slots=True)
class Parts:
    """An element that is one of several nouns. One that lacks what the noun cannot be without is reported whole."""

    name: str
    field: str
    noun: Callable[..., Any]
    table: tuple[Entry, ...]
    required: tuple[str, ...] = ()
    last: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return aggregates + self.name

    def step(self, group: str, aggregates: str) -> Step:
        field, noun, required = self.field, self.noun, self.required
        steps = steps_of(self.table, inner(group, field), aggregates)
        lists = any(not entry.fields for entry in self.table)

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            several = found.setdefault(field, [])
            if field in walk.at:
                walk.at[field] = len(several)
            mark, kept = walk.mark(), len(walk.extensions)
            values = walk.fields(element, steps, {})
            for name in required:
                if name not in values:
                    del walk.extensions[kept:]
                    walk.instead(element, mark)
                    return
            if values:
                several.append(noun(**(seal(values) if lists else values)))

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        tag, place = f"cac:{self.name}", place_in(path, self.field)
        for at, part in enumerate(getattr(noun, self.field)):
            mark = pen.open(tag)
            for entry in self.table:
                entry.write(pen, part, f"{place}[{at}]")
            pen.close(tag, mark, last=self.last)


def seal(found: Found) -> Found:
    """Lists of nouns as the tuples that the model has; empty ones are missing."""
    for field, value in list(found.items()):
        if type(value) is list:
            if value:
                found[field] = tuple(value)
            else:
                del found[field]
    return found
