"""The cache of compiled rule packs: files in a folder that nobody but the hub's user can write.

What lies here is executed when it is loaded. A file is taken only where it and its folder belong to the user the hub
runs as and no other user can write them; what else is there is passed over, and the pack is compiled again. Whatever
goes wrong here costs time and nothing else, so nothing of it is an error.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fakturahub.errors import DataFolderError
from fakturahub.storage.data_folder import FileLock

#: bytes of one entry; the largest official pack has 3 MB
LARGEST = 256 * 1024 * 1024
#: entries that are kept; beyond it those that were not used longest go
KEPT = 64
#: seconds to wait for another process that compiles
PATIENCE = 120.0

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ENDING = ".pack"
_ENTRY = re.compile(r"[0-9a-f]{64}\.pack")
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class PackCache:
    """Bytes by a key of 64 hexadecimal digits. Several processes may use one folder at a time."""

    def __init__(self, folder: Path | None) -> None:
        """*folder* None: nothing is kept."""
        self.folder = folder

    def load(self, key: str) -> bytes | None:
        """What was stored under *key*, None where there is nothing, or nothing that can be trusted.

        Whether it is whole is for the caller to see: a disk may damage what nobody tampered with.
        """
        if self.folder is None:
            return None
        try:
            if not _is_ours(self.folder.stat(), stat.S_ISDIR):
                return None
            with os.fdopen(os.open(self._path(key), _READ), "rb") as file:
                found = os.fstat(file.fileno())
                if not _is_ours(found, stat.S_ISREG) or found.st_size > LARGEST:
                    return None
                with suppress(OSError):
                    os.utime(file.fileno())  # in use: see `_thin_out`
                return file.read(LARGEST)
        except OSError:
            return None

    def store(self, key: str, data: bytes) -> bool:
        """Keep *data* under *key*, whole or not at all; False where that is not possible."""
        if self.folder is None or len(data) > LARGEST:
            return False
        temporary = self.folder / f"incoming-{secrets.token_hex(16)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(self.folder.stat(), stat.S_ISDIR):
                return False
            with os.fdopen(os.open(temporary, _WRITE, 0o600), "wb") as file:
                file.write(data)
            temporary.replace(self._path(key))
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return False
        self._thin_out()
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time compile what all of them want; after `PATIENCE` each goes its own way."""
        lock = None
        if self.folder is not None:
            with suppress(OSError, DataFolderError):
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = FileLock(self.folder / "compiling.lock")
                lock.acquire(patience=PATIENCE)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _path(self, key: str) -> Path:
        if self.folder is None or not _ENTRY.fullmatch(key + _ENDING):
            raise ValueError("a key has 64 hexadecimal digits")
        return self.folder / (key + _ENDING)

    def _thin_out(self) -> None:
        """Remove what was not used longest, and what a process that died left behind."""
        if self.folder is None:
            return
        aged: list[tuple[float, Path]] = []
        with suppress(OSError):
            for entry in self.folder.iterdir():
                if _ENTRY.fullmatch(entry.name) or entry.name.startswith("incoming-"):
                    with suppress(OSError):
                        aged.append((entry.stat(follow_symlinks=False).st_mtime, entry))
        aged.sort(reverse=True)
        for _, entry in aged[KEPT:]:
            with suppress(OSError):
                entry.unlink()


def _is_ours(found: os.stat_result, kind: Callable[[int], bool]) -> bool:

    return kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE


def of_the_user() -> PackCache:
    """The cache of whoever runs a command that has no data folder: ``$XDG_CACHE_HOME/fakturahub``, else
    ``~/.cache/fakturahub``; one that keeps nothing where the user has neither."""
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        # A relative one has to be ignored (XDG Base Directory Specification).
        base = Path(named) if named and Path(named).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return PackCache(None)
    return PackCache(base / "fakturahub")
