"""A reader for the part of YAML that the OpenAPI files keep to, so that reading them needs no library.

Block mappings and sequences indented by two, quoted strings, literal blocks, plain words, numbers and truth values.
Whatever else stands in a file is refused, so that every other reader of YAML understands it in the same way.
"""

from __future__ import annotations

import json
import re
from typing import Any

_ENTRY = re.compile(r"""("(?:[^"\\]|\\.)*"|[A-Za-z$/][^\s"'#:]*(?: [^\s"'#:]+)*):(?: (.*))?""")
_PLAIN = re.compile(r"[A-Za-z/$][A-Za-z0-9_./{}$-]*")
_WORDS_OF_YAML = re.compile(r"(?i)yes|no|on|off|true|false|null|y|n")


class PlainYamlError(ValueError):
    """The line is none that this reader takes."""


def read(text: str) -> Any:
    """What *text* says. Raises `PlainYamlError` with the line that was not understood."""
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    reader = _Reader(lines)
    value = reader.block(0)
    if reader.at < len(lines) and any(lines[reader.at :]):
        raise PlainYamlError(lines[reader.at])
    return value


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.at = 0

    def _here(self, indent: int) -> str | None:
        """The line in hand without its indentation, None where the block of *indent* has ended."""
        while self.at < len(self._lines) and not self._lines[self.at].strip():
            self.at += 1
        if self.at == len(self._lines):
            return None
        line = self._lines[self.at]
        blanks = len(line) - len(line.lstrip(" "))
        if blanks > indent or line != line.rstrip():
            raise PlainYamlError(line)
        return line[indent:] if blanks == indent else None

    def block(self, indent: int) -> Any:
        line = self._here(indent)
        if line is None:
            raise PlainYamlError("a block is empty")
        return self._sequence(indent) if line.startswith("- ") else self._mapping(indent)

    def _sequence(self, indent: int) -> list[Any]:
        items = []
        while (line := self._here(indent)) is not None and line.startswith("- "):
            if _ENTRY.fullmatch(line[2:]):
                # the mapping begins on the line of the dash
                self._lines[self.at] = " " * (indent + 2) + line[2:]
                items.append(self._mapping(indent + 2))
            else:
                items.append(_scalar(line[2:]))
                self.at += 1
        return items

    def _mapping(self, indent: int) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while (line := self._here(indent)) is not None and not line.startswith("- "):
            entry = _ENTRY.fullmatch(line)
            if entry is None:
                raise PlainYamlError(line)
            key = json.loads(entry[1]) if entry[1].startswith('"') else entry[1]
            if key in entries:
                raise PlainYamlError(f"{line} is there twice")
            self.at += 1
            if entry[2] is None:
                entries[key] = self.block(indent + 2)
            elif entry[2] == "|":
                entries[key] = self._literal(indent + 2)
            else:
                entries[key] = _scalar(entry[2])
        return entries

    def _literal(self, indent: int) -> str:
        lines = []
        while self.at < len(self._lines):
            line = self._lines[self.at]
            if line.strip() and not line.startswith(" " * indent):
                break
            lines.append(line[indent:])
            self.at += 1
        while lines and not lines[-1]:
            lines.pop()
        return "".join(f"{line}\n" for line in lines)


def _scalar(text: str) -> Any:
    if text.startswith('"'):
        return json.loads(text)
    if text.startswith("'") and text.endswith("'") and len(text) > 1:
        inner = text[1:-1]
        if "'" not in inner.replace("''", ""):
            return inner.replace("''", "'")
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"0|[1-9][0-9]*", text):
        return int(text)
    if text in ("[]", "{}"):
        return [] if text == "[]" else {}
    if _PLAIN.fullmatch(text) and not _WORDS_OF_YAML.fullmatch(text):
        return text
    raise PlainYamlError(text)
