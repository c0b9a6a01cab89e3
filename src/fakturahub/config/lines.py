"""The line on which each key of a TOML file stands, which tomllib does not tell.

The scanner runs over text that tomllib has already accepted, so that it has to recognise only where a key or a value
begins and ends. It reads every character once.
"""

from __future__ import annotations

import re
import tomllib

#: the way to a value from the top of the file: names of keys, and places in lists counted from 0
Path = tuple[str | int, ...]

#: the most parts of a path, that is tables and lists in one another; a file of settings needs a dozen
DEEPEST = 100

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string ends at the first three quotes; one or two more before it belong to the text (TOML 1.0, String).
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)
# TOML 1.0, Offset Date-Time: a blank may stand in place of the T.
_SCALAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.Zz+-]+|[^,\]}\s#]+")


def key_lines(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every key, table header and list element of *text*, by its path.

    A table that several headers or dotted keys make stands where its own header is, else where it is first named.
    The text must be TOML that tomllib accepts, else the result has no meaning. Raises RecursionError where more than
    ``DEEPEST`` tables and lists are in one another: a path is kept whole for every key below it.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        #: how many elements each list of tables has so far
        self.lengths: dict[Path, int] = {}

    def scan(self) -> None:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.statement(table)
            self.skip(_BLANK)

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Step over what *pattern* matches here, counting lines."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"the text is not TOML at line {self.line}")
        self.at = match.end()
        self.line += match[0].count("\n")
        return match[0]

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def header(self) -> Path:
        line, many = self.line, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self.key()
        self.at += 2 if many else 1
        path: Path = ()
        for name in names[:-1]:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self.lengths:  # the header goes on in the newest element
                path = (*path, self.lengths[path] - 1)
        path = (*path, names[-1])
        if many:
            self.lines.setdefault(path, line)
            place = self.lengths.get(path, 0)
            self.lengths[path] = place + 1
            path = (*path, place)
        self.lines[path] = line
        return path

    def key(self) -> list[str]:
        """A key with its dotted parts, and the blanks around them."""
        names = []
        while True:
            self.skip(_SPACE)
            if self.peek() in {'"', "'"}:
                (name,) = tomllib.loads(f"{self.skip(_STRING)}=0")
            else:
                name = self.skip(_BARE)
            names.append(name)
            if len(names) > DEEPEST:
                raise RecursionError
            self.skip(_SPACE)
            if self.peek() != ".":
                return names
            self.at += 1

    def statement(self, table: Path) -> None:
        line = self.line
        path = table
        for name in self.key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)

    def value(self, path: Path) -> None:
        if len(path) > DEEPEST:
            raise RecursionError
        opening = self.peek()
        if opening == "[":
            self.elements(path)
        elif opening == "{":
            self.at += 1
            self.skip(_BLANK)
            while self.peek() != "}":
                self.statement(path)
                self.skip(_BLANK)
                if self.peek() == ",":
                    self.at += 1
                    self.skip(_BLANK)
            self.at += 1
        else:
            self.skip(_STRING if opening in {'"', "'"} else _SCALAR)

    def elements(self, path: Path) -> None:
        self.at += 1
        place = 0
        self.skip(_BLANK)
        while self.peek() != "]":
            element = (*path, place)
            self.lines[element] = self.line
            self.value(element)
            place += 1
            self.skip(_BLANK)
            if self.peek() == ",":
                self.at += 1
                self.skip(_BLANK)
        self.at += 1
