"""The pages that people read, and what is in them: blocks of commands, tables, links, headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
#: every page of the project; the READMEs of dialects come with their dialects
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")])
DOCS = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]

_FENCED = re.compile(r"^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    """A page's path from the root of the repository."""
    return page.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of *page*, those of *languages* where any are named."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, one.start()) + 1, one["language"], one["text"])
        for one in _FENCED.finditer(text)
    ]
    return [one for one in found if not languages or one.language in languages]


def prose(page: Path) -> str:
    """*page* without its blocks, fenced or indented."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"(?m)(?:(?<=\n\n)|\A)(?: {4}.*\n)+", "", text)


def _unwrapped(commands: str) -> list[str]:
    return commands.replace("\\\n", " ").splitlines()


def hub_commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command line of the hub on *page*, in blocks and in the text: as it stands there, and its words."""
    lines = [line for block in blocks(page, "sh", "console") for line in _unwrapped(block.text)]
    lines += re.findall(r"(?m)^ {4}(\S.*)$", page.read_text(encoding="utf-8"))
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]
    for line in lines:
        for command in re.findall(r"(?:^|[$(|;&]\s*|\s)(?:\.venv/bin/)?fakturahub((?: [^|;)]*)?)", line):
            if _is_command(line):
                yield line, shlex.split(command, comments=True)


def _is_command(line: str) -> bool:
    """Whether the hub's program is run by *line*, rather than named by it as a folder or a sender."""
    return bool(re.match(r"(?:\$ )?(?:\w+=\$\()?(?:\.venv/bin/)?fakturahub(?: |$)", line.strip()))


def tables(page: Path) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Every table of *page*: the heading above it, its columns, its rows."""
    heading, lines = "", []
    for line in [*page.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            lines.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if lines:
            columns, rule, *rows = lines
            assert all(re.fullmatch(r":?-+:?", cell) for cell in rule), f"{name(page)}: a table without its rule"
            assert all(len(row) == len(columns) for row in rows), f"{name(page)}: a table under {heading!r} is uneven"
            yield heading, columns, rows
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("#").strip()


def ticked(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the sites that host repositories make them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in re.findall(r"(?m)^#+ (.*)$", text)
    }


def links(page: Path) -> list[str]:
    """The targets of a page's links."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))
