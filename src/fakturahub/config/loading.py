"""The provisioning file read from its text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path as Folder
from typing import cast

from fakturahub.config import logo
from fakturahub.config.forms import SECRET_LIMIT
from fakturahub.config.lines import Path, key_lines
from fakturahub.config.reading import Fault, Reader, Source, label
from fakturahub.config.shape import Field, Leaf, Many, Table, table_of
from fakturahub.config.tables import Company, Dialects, Provisioning, Sections
from fakturahub.errors import ProvisioningError


def load(
    text: str,
    *,
    file: str,
    sections: Mapping[str, Sections],
    env: Mapping[str, str],
    folder: Folder,
    look_at: Callable[[bytes], str | None],
) -> Provisioning:
    """Read the *text* of a provisioning file.

    *file* is its name for messages; *sections* are the types of the dialects, by name; *env* is where ``env:NAME`` is
    looked up, *folder* is what ``file:PATH`` is relative to. A file's last line break is not part of the secret in it.
    *look_at* says of a picture why it is not taken, None where it is.

    Raises ProvisioningError with all faults, sorted by line: ``line 61: company.virta: unknown key `langauge`; did you
    mean `language`?``. A fault names no value but those of enumerations, keys of lists and values given twice.
    """
    text = text.removeprefix("\ufeff")  # some editors put a byte order mark in front
    try:
        document = tomllib.loads(text)
        lines = key_lines(text)
    except tomllib.TOMLDecodeError as error:
        raise ProvisioningError(file, (_syntax_fault(str(error), text),)) from None
    except ValueError:  # of int(), which tomllib does not turn into its own error
        raise ProvisioningError(file, ("line 1: a number in the file has too many digits",)) from None
    except RecursionError:
        raise ProvisioningError(file, ("line 1: lists or tables in the file are nested too deeply",)) from None

    reader = Reader(_outside(env, folder, look_at))
    got = reader.read(_shape(sections), document, ())
    for places in reader.uses.values():
        (first, _), *others = sorted(places, key=lambda place: _line(place[0], lines))
        where = f"line {_line(first, lines)} ({label(first, reader.names)})"
        for path, shown in others:
            reader.fault(path, f"{shown} is used already in {where}")
    if got is None or reader.faults:
        faults = sorted(reader.faults, key=lambda fault: _line(fault.path, lines))
        raise ProvisioningError(file, tuple(_sentence(fault, reader, lines) for fault in faults))
    return cast(Provisioning, got[0])


def _shape(sections: Mapping[str, Sections]) -> Table:
    """The shape of the whole file, with the sections of the dialects in their two places."""
    root = table_of(Provisioning)
    company = table_of(Company, {name: section.company for name, section in sections.items()})
    dialects = table_of(Dialects, {name: section.hub for name, section in sections.items()})
    places = {
        "company": Field("companies", Many(company, keyed_by="key"), required=False),
        "dialects": Field("dialects", dialects, required=False),
    }
    return replace(root, fields={**root.fields, **places})


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _sentence(fault: Fault, reader: Reader, lines: Mapping[Path, int]) -> str:
    place = label(fault.place, reader.names)
    return f"line {_line(fault.path, lines)}: {place}{': ' if place else ''}{fault.text}"


def _syntax_fault(message: str, text: str) -> str:
    """tomllib's message with the line in front; it quotes no more of the file than one character or a key."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None or match[2] is None:
        return f"line {max(len(text.splitlines()), 1)}: {match[1] if match else message} at the end of the file"
    return f"line {match[2]}: {match[1]} at column {match[3]}"


def _outside(env: Mapping[str, str], folder: Folder, look_at: Callable[[bytes], str | None]) -> Source:
    """Secrets as they are written, or from the environment or a file; pictures."""

    def source(text: str, leaf: Leaf, path: Path) -> str | bytes:
        if leaf.picture:
            return _picture(text, folder, look_at)
        if text.startswith("env:"):
            return _from_environment(text.removeprefix("env:"), env)
        if text.startswith("file:"):
            return _from_file(text.removeprefix("file:"), folder)
        return text

    return source


def _picture(text: str, folder: Folder, look_at: Callable[[bytes], str | None]) -> bytes:
    data = logo.stated(text, folder)
    why = look_at(data) if data else None
    if why is not None:
        raise ValueError(why)
    return data


def _from_environment(name: str, env: Mapping[str, str]) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
        raise ValueError("expected the name of an environment variable after env:")
    if name not in env:
        raise ValueError(f"the environment variable `{name}` is not set")
    return env[name]


def _from_file(name: str, folder: Folder) -> str:
    try:
        with (folder / name).open("rb") as stream:
            data = stream.read(SECRET_LIMIT + 1)
    except OSError as error:
        raise ValueError(f"the file `{name}` cannot be read: {error.strerror}") from None
    except ValueError:
        raise ValueError("expected the path of a file after file:") from None
    if len(data) > SECRET_LIMIT:
        raise ValueError(f"the file `{name}` is larger than {SECRET_LIMIT} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"the file `{name}` is not text in UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
