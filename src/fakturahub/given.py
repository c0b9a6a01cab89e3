"""The files that a command line names: found, and read one at a time within the limits of foreign bytes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import typer

from fakturahub.errors import OperatorError
from fakturahub.intake.limits import XML, ZIP

#: stands for standard input, and for standard output where a command writes
STANDARD = "-"
# One byte more than the largest that is taken: what is longer is refused with the limit by whoever looks at it.
_MOST = max(XML.bytes, ZIP.bytes) + 1
#: what the system says of a path under which there is nothing
_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})

#: says a line on standard error, above the progress bar where there is one
Say = Callable[[str], None]

Thing = TypeVar("Thing")


class Given(msgspec.Struct, frozen=True):
    """One file, not opened yet."""

    #: as the command line names it, for a person or a program to read; ``-`` is standard input
    name: str
    #: None is standard input
    path: Path | None

    @property
    def stem(self) -> str:
        """The name without folders and extension, for the names of what is made of it."""
        return self.path.stem if self.path is not None else "stdin"

    def read(self) -> bytes:
        """All of it, or so much that it is too large for every reader. Raises ``OperatorError``."""
        try:
            if self.path is not None:
                with self.path.open("rb") as file:
                    return file.read(_MOST)
            if sys.stdin is None:
                raise OperatorError("Standard input is closed.")
            return sys.stdin.buffer.read(_MOST)
        except OSError as error:
            what = "Standard input" if self.path is None else self.name
            raise OperatorError(f"{what} cannot be read: {error.strerror or error}.") from error


def found(names: Sequence[str], *, leave_out: Path | None = None) -> list[Given]:
    """What *names* name, in their order, each folder with all files in it and in its folders, by name.

    Files and folders whose names begin with a dot are left out, links to folders are not followed, and nothing under
    *leave_out*, where the command writes, is taken. Raises ``BadParameter`` for a name under which there is nothing
    and for standard input named twice.
    """
    files: list[Given] = []
    for name in names:
        if name == STANDARD:
            files.append(Given(name, None))
        elif is_folder(name):
            files += _walked(name, leave_out)
        else:
            _expect(name)
            files.append(_given(name))
    if sum(file.path is None for file in files) > 1:
        raise typer.BadParameter("standard input (-) can be named once only.", param_hint="'FILE'")
    return files


def is_folder(name: str) -> bool:
    """Whether *name* is a folder that there is."""
    try:
        return stat.S_ISDIR(os.stat(name).st_mode)  # noqa: PTH116 - Path.is_dir raises for some names
    except OSError:
        return False


def one_by_one(files: Sequence[Given], *, doing: str, bar: bool) -> Iterator[tuple[Given, Say]]:
    """Each of *files*, and how to say something about it meanwhile; see `watched`."""
    return watched(files, len(files), doing=doing, bar=bar)


def watched(things: Iterable[Thing], count: int, *, doing: str, bar: bool) -> Iterator[tuple[Thing, Say]]:
    """Each of *things*, of which there are *count*, and how to say something about it meanwhile.

    With *bar* and several things, a progress bar stands on standard error where that is a terminal, under the word
    *doing*, and is gone at the end.
    """
    if not bar or count < 2 or not sys.stderr.isatty():
        for thing in things:
            yield thing, lambda line: typer.echo(line, err=True)
        return
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

    # By itself it would take standard output over as well, and print there what is meant for a pipe on the terminal.
    bare = Progress(console=Console(file=sys.stderr), transient=True, redirect_stdout=False, redirect_stderr=False)
    with bare as progress:
        task = progress.add_task(doing, total=count)
        for thing in things:
            yield thing, lambda line: progress.console.print(Text(line), soft_wrap=True)
            progress.advance(task)


def shown(path: str | Path) -> str:
    """*path* as text: names need not be text, and what of one is none becomes the mark for that."""
    return os.fsencode(path).decode("utf-8", "replace")


def _given(path: str) -> Given:
    return Given(shown(path), Path(path))


def _expect(name: str) -> None:
    try:
        os.stat(name)  # noqa: PTH116 - see is_folder
    except OSError as error:
        # What is there and may not be looked at is told when its turn comes, as one that cannot be read.
        if error.errno in _NOTHING:
            raise typer.BadParameter(f"there is no file {shown(name)}.", param_hint="'FILE'") from None


def _walked(top: str, leave_out: Path | None) -> Iterator[Given]:
    unreadable: list[Given] = []

    def told(error: OSError) -> None:
        # Reading it as a file says why.
        unreadable.append(_given(str(error.filename)))

    own = leave_out.resolve() if leave_out is not None else None
    for folder, folders, files in os.walk(top, onerror=told):
        folders[:] = sorted(one for one in folders if one[0] != "." and Path(folder, one).resolve() != own)
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - Path would drop the ./ that was typed
            if name[0] != "." and _is_file(path):
                yield _given(path)
    yield from unreadable


def _is_file(path: str) -> bool:
    """Whether *path* is worth opening: no pipe that waits for ever, no socket; a link that leads nowhere is told."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - see is_folder
    except OSError:
        return True
