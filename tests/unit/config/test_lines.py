"""The line that is found for a key is the line on which it is written."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as Folder
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.config.lines import Path, key_lines


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    """Every key and every element of a list in what tomllib made of a file."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, element in value.items():
            yield from paths(element, (*path, key))
    elif isinstance(value, list):
        for place, element in enumerate(value):
            yield from paths(element, (*path, place))


# --- generated files ------------------------------------------------------------------------------------------------

NASTY = "# [x] = 'y' \"z\" ]]}} , \\ å"


@dataclass
class Writing:
    """A TOML file as it is written, and the line on which each key was."""

    text: str = ""
    lines: dict[Path, int] = field(default_factory=dict)

    def write(self, text: str) -> None:
        self.text += text

    def mark(self, path: Path) -> None:
        self.lines[path] = self.text.count("\n") + 1


scalars = st.sampled_from(
    [
        "1",
        "-0.5e3",
        "true",
        "0xff",
        "1_000",
        "inf",
        "1979-05-27",
        "1979-05-27 07:32:00.5+01:00",
        "1979-05-27T07:32:00Z",
        "07:32:00",
        '""',
        "''",
        '"a \\" # ] }"',
        "'a \" # ] } \\'",
        '"""\n# [no] = 1\n\\""" ""\n"""',
        '"""one"quote"""""',
        '"""x\\\n   y"""',
        "'''\n[no]\nno = '' 1\n'''''",
        "'''\\'''",
        "'''" + NASTY + "'''",
    ]
)
names = st.sampled_from(["a", "b", "c-1", "2", "x y", "é", 'q"', "#", "a.b", "'", "]", ""])
# What may stand between the parts of a list: the lines of a value that its key is not on.
gaps = st.sampled_from(["", " ", "\n", "\r\n", "\t# comment = ]\n", "\n\n  # [x]\n"])


def spelled(name: str, draw: Any) -> str:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    forms = [quoted]
    if "'" not in name:
        forms.append(f"'{name}'")
    if name and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name):
        forms.append(name)
    return str(draw(st.sampled_from(forms)))


def write_value(draw: Any, file: Writing, path: Path, depth: int) -> None:
    kind = draw(st.sampled_from(["scalar", "list", "table"] if depth else ["scalar"]))
    if kind == "scalar":
        file.write(draw(scalars))
    elif kind == "list":
        file.write("[")
        for place in range(draw(st.integers(0, 3))):
            file.write(draw(gaps))
            file.mark((*path, place))
            write_value(draw, file, (*path, place), depth - 1)
            file.write(draw(gaps) + ",")
        file.write(draw(gaps) + "]")
    else:
        file.write("{ ")
        for place, name in enumerate(draw(st.lists(names, unique=True, max_size=3))):
            file.write(", " if place else "")
            write_statement(draw, file, path, [name], depth - 1)
        file.write(" }")


def write_statement(draw: Any, file: Writing, table: Path, key: list[str], depth: int) -> None:
    path = table
    for name in key:
        path = (*path, name)
        if path not in file.lines:
            file.mark(path)
    dot = draw(st.sampled_from([".", " . ", "\t."]))
    file.write(dot.join(spelled(name, draw) for name in key) + draw(st.sampled_from(["=", " = ", "\t=  "])))
    write_value(draw, file, path, depth)


@st.composite
def files(draw: Any) -> Writing:
    file = Writing()
    lengths: dict[Path, int] = {}
    table: Path = ()
    for _ in range(draw(st.integers(0, 6))):
        file.write(draw(st.sampled_from(["", "\n", "# a = 1\n", "  \t\n# [a]\n"])))
        for name in draw(st.lists(names, unique=True, max_size=3)):
            # The parts of a dotted key are of a kind that no header has, so that the file is never refused.
            key = draw(st.sampled_from([[f"k{name}"], [f"d{name}", "e", f"k{name}"]]))
            if (*table, *key) not in file.lines:
                write_statement(draw, file, table, key, 2)
                file.write(draw(st.sampled_from(["\n", "  # why\n", "\r\n"])))
        many = draw(st.booleans())
        header = ["L" if many else "T", draw(st.sampled_from(["a", "b.c"]))]
        if many and draw(st.booleans()) and lengths.get(("L", header[1])):  # below the newest element
            header.append("sub")
        path: Path = ("L", header[1], lengths.get(("L", header[1]), 0) - 1) if len(header) == 3 else ("L",)
        if not many:
            path = ("T", header[1])
            if path in file.lines:
                continue
            brackets = ("[", "]")
        elif len(header) == 3:
            path = (*path, "sub")
            if path in file.lines:
                continue
            brackets = ("[ ", " ]")
        else:
            place = lengths.get(("L", header[1]), 0)
            lengths["L", header[1]] = place + 1
            path = ("L", header[1], place)
            brackets = ("[[", " ]]")
        for end in range(1, len(path)):
            if path[:end] not in file.lines:
                file.mark(path[:end])
        file.mark(path)
        file.write(brackets[0] + ".".join(spelled(name, draw) for name in header) + brackets[1] + " # [[x]]\n")
        table = path
    return file


@given(files())
def test_each_key_is_found_on_its_line(file: Writing) -> None:
    document = tomllib.loads(file.text)
    found = key_lines(file.text)
    assert found == file.lines
    assert set(found) == set(paths(document))


# --- single cases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", {}),
        ("# nothing", {}),
        ("a=1", {("a",): 1}),
        ("\r\n\na.b.c = 1 # x\na.b.d = 2", {("a",): 3, ("a", "b"): 3, ("a", "b", "c"): 3, ("a", "b", "d"): 4}),
        ("[a.b]\n[a]\n", {("a",): 2, ("a", "b"): 1}),
        ('["a"."b\\u00e9"]\n', {("a",): 1, ("a", "bé"): 1}),
        (
            "[[c]]\n[c.d]\n[[c.e]]\nx=1\n[[c.e]]\n[[c]]\n[[c.e]]\nx=1",
            {
                ("c",): 1,
                ("c", 0): 1,
                ("c", 0, "d"): 2,
                ("c", 0, "e"): 3,
                ("c", 0, "e", 0): 3,
                ("c", 0, "e", 0, "x"): 4,
                ("c", 0, "e", 1): 5,
                ("c", 1): 6,
                ("c", 1, "e"): 7,
                ("c", 1, "e", 0): 7,
                ("c", 1, "e", 0, "x"): 8,
            },
        ),
    ],
)
def test_single_cases(text: str, lines: dict[Path, int]) -> None:
    tomllib.loads(text)
    assert key_lines(text) == lines


def test_the_contract_has_a_line_for_everything_in_it(shared: Folder) -> None:
    text = (shared / "demo" / "companies.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    found = key_lines(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    for path, line in found.items():
        names = [str(part) for part in path if isinstance(part, str)]
        assert names[-1] in lines[line - 1] or isinstance(path[-1], int), path


def test_reading_takes_time_in_proportion_to_the_length() -> None:
    """A register of receivers has tens of thousands of them; twice as many must not take four times as long."""

    def seconds(count: int) -> float:
        address = '{ address = "003722628827", operator = "An Operator" },\n'
        text = "addresses = [\n" + address * count + "]\n"
        start = time.process_time()
        key_lines(text)
        return time.process_time() - start

    seconds(1_000)
    small = min(seconds(2_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(2)) < 8 * small * 3
