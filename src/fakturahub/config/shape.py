"""The shape of a settings type: what the file may hold for it, compiled from its annotations.

A field's annotation says how it is read: a :class:`~fakturahub.config.forms.Form` in ``msgspec.Meta(extra=…)``, else
the form that goes with the plain type. Besides ``form`` the extra names are ``secret`` (how the value is kept at
rest), ``sourced`` (the value may be written ``env:NAME`` or ``file:PATH``),
``picture`` (it is one, written ``file:PATH`` or as a ``data:`` address), ``unique`` (what it is that no two places
of the file may share), ``names`` (the form of the keys of a map), ``keyed_by`` (the field by which the elements of a
list of tables are told apart) and ``internal`` (not a key of the file).
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from fakturahub.config.forms import FLAG, NAME, TEXT, Form, choice
from fakturahub.config.secret import Kept


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value."""

    form: Form
    kept: Kept | None = None
    sourced: bool = False
    picture: bool = False
    unique: str | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """A list. One that is keyed holds tables that stay themselves when the file is applied again."""

    item: Shape
    keyed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A map whose keys the operator chooses. It is one value: applied again, it is replaced as a whole."""

    item: Shape
    names: Form


@dataclass(frozen=True, slots=True)
class Field:
    attribute: str
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of known keys. ``sections`` are those of its keys that a dialect brought."""

    type: type[msgspec.Struct]
    fields: Mapping[str, Field]
    sections: frozenset[str] = field(default_factory=frozenset)


Shape = Leaf | Many | Named | Table


def table_of(cls: type[msgspec.Struct], sections: Mapping[str, type[msgspec.Struct]] | None = None) -> Table:
    """The shape of *cls*, with the *sections* of dialects as further optional keys."""
    return _table(cls, tuple((sections or {}).items()))


@functools.cache
def _table(cls: type[msgspec.Struct], sections: tuple[tuple[str, type[msgspec.Struct]], ...]) -> Table:
    hints = get_type_hints(cls, include_extras=True)
    fields = {}
    for info in msgspec.structs.fields(cls):
        hint, extra = _unwrapped(hints[info.name])
        if not extra.get("internal"):
            fields[info.encode_name] = Field(info.name, _shape(hint, extra), info.required)
    for name, section in sections:
        fields[name] = Field(name, _table(section, ()), required=False)
    return Table(cls, fields, frozenset(name for name, _ in sections))


def _unwrapped(hint: Any) -> tuple[Any, dict[str, Any]]:
    """The bare type and what its annotations say, with ``X | None`` taken as X: a key may always be left out."""
    extra: dict[str, Any] = {}
    while True:
        if get_origin(hint) is Annotated:
            hint, *metadata = get_args(hint)
            here: dict[str, Any] = {}
            for meta in metadata:
                here |= meta.extra or {}
            extra = here | extra
        elif get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint):
            (hint,) = (part for part in get_args(hint) if part is not type(None))
        else:
            return hint, extra


def _shape(hint: Any, extra: dict[str, Any]) -> Shape:
    if "form" in extra:
        return Leaf(
            extra["form"],
            extra.get("secret"),
            sourced=extra.get("sourced", False),
            picture=extra.get("picture", False),
            unique=extra.get("unique"),
        )
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return Many(_shape(*_unwrapped(arguments[0])), extra.get("keyed_by"))
    if origin is dict:
        return Named(_shape(*_unwrapped(arguments[1])), extra.get("names", NAME))
    if origin is Literal:
        return Leaf(choice(arguments))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _table(hint, ())
    return Leaf({str: TEXT, bool: FLAG}[hint], unique=extra.get("unique"))
