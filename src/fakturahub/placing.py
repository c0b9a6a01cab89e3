"""What a command makes, put on the disk: whole or not at all, and never over something that nobody gave up."""

from __future__ import annotations

import secrets
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from fakturahub.errors import OperatorError
from fakturahub.given import shown


def check_free(path: Path, *, replace: bool) -> None:
    """Raise ``OperatorError`` where ``write`` would refuse *path*, before the work for it is done."""
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise OperatorError(f"{shown(path)} is a folder.")
    if not replace and mode is not None and not _streams(mode):
        raise _taken(path)


def is_device(path: Path) -> bool:
    """Whether *path* is a device or a pipe, which has no folder of its own to put other files in."""
    mode = _mode(path)
    return mode is not None and _streams(mode)


def write(contents: Sequence[tuple[Path, bytes]], *, replace: bool) -> None:
    """Write all of *contents*, or none of them: each is complete under another name before any gets its own.

    What exists is replaced only with *replace*; a link is replaced itself, not what it leads to. A device or a pipe
    (``/dev/null``) is written to as it is. Raises ``OperatorError``.
    """
    waiting: list[tuple[Path, Path]] = []
    placed: list[Path] = []
    at = Path()
    try:
        for at, data in contents:
            mode = _mode(at)
            if mode is not None and _streams(mode):
                at.write_bytes(data)
                continue
            made = at.with_name(f".fakturahub-{secrets.token_hex(8)}")
            waiting.append((at, made))
            with made.open("xb") as file:
                file.write(data)
        for at, made in waiting:
            check_free(at, replace=replace)
            if _put(made, at, replace=replace):
                placed.append(at)
    except BaseException as fault:
        for path in placed:
            path.unlink(missing_ok=True)
        if isinstance(fault, OSError):
            raise _unwritable(shown(at), fault) from fault
        raise
    finally:
        for _, made in waiting:
            made.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """The folder *path* with all above it, where it is not there yet. Raises ``OperatorError``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _unwritable(shown(path), fault) from fault


def to_standard_output(data: bytes) -> None:
    """Write *data* as it is. Raises ``OperatorError``, and ``BrokenPipeError`` where the reader has gone."""
    if sys.stdout is None:
        raise OperatorError("Standard output is closed.")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise _unwritable("Standard output", fault) from fault


def _put(made: Path, at: Path, *, replace: bool) -> bool:
    """Give *made* its own name. Whether there was nothing under that name before, and so it can be taken back."""
    if replace:
        new = _mode(at) is None
        made.replace(at)
        return new
    try:
        at.hardlink_to(made)
    except FileExistsError:
        raise _taken(at) from None
    except OSError:
        # Not every file system has links. Between this look and the renaming another program may be faster.
        check_free(at, replace=False)
        made.rename(at)
    return True


def _mode(path: Path) -> int | None:
    """The mode of what is at *path*, of what it leads to where it is a link; None when there is nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return stat.S_IFLNK if path.is_symlink() else None
    except OSError as fault:
        raise _unwritable(shown(path), fault) from fault


def _streams(mode: int) -> bool:
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode)


def _taken(path: Path) -> OperatorError:
    return OperatorError(f"{shown(path)} exists already; --force replaces it.")


def _unwritable(what: str, fault: OSError) -> OperatorError:
    return OperatorError(f"{what} cannot be written: {fault.strerror or fault}.")
