"""The data folder: everything one hub keeps on its own disk, and the locks its processes take there.

::

    DIR/                 of --data, ./var where none is given
    ├── postgres/        the private PostgreSQL server's cluster (absent from use with --database)
    ├── payloads/        payloads too large for a row, addressed by SHA-256
    ├── mail/            mails that were written to the folder instead of being sent
    ├── print/           letters handed to a printer
    ├── keys/            the master key
    ├── cache/           compiled rule packs, made again when they are missing; nothing worth a backup
    └── run/             locks and the server's start log; nothing worth a backup

Every subfolder is 0700 and belongs to the user the hub runs as (``postgres/`` to the server's user, where the hub runs
as root). The folder itself need only be reachable.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Self

from fakturahub.errors import DataFolderError

DEFAULT_FOLDER = Path("var")

_SUBFOLDERS = ("postgres", "payloads", "mail", "print", "keys", "cache", "run")
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: errno of a file system that has no locks
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
#: seconds between two tries for a lock that another process holds
_LOCK_PAUSE = 0.02


class DataFolder:
    """The layout under ``--data DIR``. Making the object touches nothing; `open` creates and checks."""

    def __init__(self, path: Path | str = DEFAULT_FOLDER) -> None:
        self.path = Path(path).expanduser().absolute()
        self.postgres = self.path / "postgres"
        self.payloads = self.path / "payloads"
        self.mail = self.path / "mail"
        self.print = self.path / "print"
        self.keys = self.path / "keys"
        self.cache = self.path / "cache"
        self.run = self.path / "run"
        #: sentences about what `open` found odd but usable
        self.warnings: tuple[str, ...] = ()

    def open(self) -> Self:
        """Create what is missing and check the rest; may be called again at any time.

        A subfolder whose mode is too open is closed again (0700), for an unpacked backup or a volume plug-in may have
        opened it. ``keys/`` is not: who was able to read a master key may have it, and a person has to know.

        Raises `DataFolderError` where the folder cannot be created or written, a subfolder belongs to another user
        (the hub was run as that user, and mixing the two locks one of them out), or ``keys/`` is open to others.
        """
        warnings: list[str] = []
        as_root = os.geteuid() == 0
        try:
            # As root the database server runs as another user, who has to pass through this folder, not to list it.
            self.path.mkdir(mode=0o711 if as_root else 0o700, parents=True, exist_ok=True)
            for name in _SUBFOLDERS:
                warnings += self._checked(self.path / name, others_own=as_root and name == "postgres")
            mode = self.path.stat().st_mode
            with tempfile.TemporaryFile(dir=self.run) as probe:
                probe.write(b"\0" * 4096)
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            raise DataFolderError(_why(self.path, error)) from error
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            warnings.append(f"Every user may rename and remove what is in {self.path}; chmod o-w {self.path}")
        self.warnings = tuple(warnings)
        return self

    def _checked(self, folder: Path, *, others_own: bool) -> list[str]:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat()
        if others_own:
            return []
        if found.st_uid != os.geteuid():
            raise DataFolderError(
                f"{folder} belongs to {_user(found.st_uid)} and the hub runs as {_user(os.geteuid())}. Run it as "
                f"{_user(found.st_uid)}, or give the whole data folder to {_user(os.geteuid())} with chown -R."
            )
        warnings = []
        if folder == self.keys:
            self._refuse_open_keys(found)
        elif stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
            if stat.S_IMODE(folder.stat().st_mode) & _OPEN_TO_OTHERS:
                warnings.append(f"Other users can read {folder}: its file system keeps no permissions.")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise DataFolderError(f"{folder} cannot be written. Is its disk mounted read-only?")
        return warnings

    def _refuse_open_keys(self, found: os.stat_result) -> None:
        open_paths = [self.keys] if found.st_mode & _OPEN_TO_OTHERS else []
        open_paths += [
            one for one in sorted(self.keys.iterdir()) if one.is_file() and one.stat().st_mode & _OPEN_TO_OTHERS
        ]
        if open_paths:
            raise DataFolderError(
                f"Users other than {_user(found.st_uid)} can open {', '.join(str(one) for one in open_paths)}. If one "
                f"of them may have read the key, make a new one; then run chmod -R go= {self.keys}"
            )

    def free_bytes(self) -> int:
        """Bytes that the hub's user may still write on the data folder's file system.

        Raises `DataFolderError` where the folder is gone."""
        try:
            return shutil.disk_usage(self.path).free
        except OSError as error:
            raise DataFolderError(_why(self.path, error)) from error


class FileLock:
    """A lock on a file that the kernel gives back when the process dies, however it dies (``flock``, not POSIX locks).

    Shared by any number of holders, or exclusive. A forked child does not hold it along with its parent.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(
        self, *, shared: bool = False, patience: float = 0.0, waiting: Callable[[], None] | None = None
    ) -> bool:
        """Take the lock, or change the kind held, within *patience* seconds; False where others kept it that long.

        A failed change may lose the lock that was held (flock(2): conversion is not atomic). *waiting* is called after
        each try that failed. Raises `DataFolderError` where the file cannot be made or its file system has no locks.
        """
        deadline = time.monotonic() + patience
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            if self._descriptor is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                self._descriptor = os.open(self._path, flags, 0o600)
                _HELD.add(self)
            while True:
                try:
                    fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        self.release()
                        return False
                    if waiting is not None:
                        waiting()
                    time.sleep(_LOCK_PAUSE)
                else:
                    return True
        except OSError as error:
            self.release()
            if error.errno in _NO_LOCKS:
                raise DataFolderError(f"{self._path}: its file system has no locks. Use a local disk.") from error
            raise DataFolderError(_why(self._path, error)) from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._descriptor is not None:
            # Closing the last copy releases it. An explicit unlock would reach through to copies in other processes.
            os.close(self._descriptor)
            self._descriptor = None
            _HELD.discard(self)


_HELD: weakref.WeakSet[FileLock] = weakref.WeakSet()


def _drop_inherited() -> None:
    for lock in list(_HELD):
        lock.release()


# A forked child inherits the descriptor, and the lock would outlive its owner for as long as the child runs.
os.register_at_fork(after_in_child=_drop_inherited)


def sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk: a file that was made or renamed there may else be gone after a power
    cut, though its bytes were synced. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _why(path: Path, error: OSError) -> str:
    advice = {
        errno.EACCES: "Give the hub's user the right to write there, or name another folder with --data.",
        errno.EPERM: "Give the hub's user the right to write there, or name another folder with --data.",
        errno.EROFS: "The disk is mounted read-only; name another folder with --data.",
        errno.ENOSPC: "The disk is full.",
        errno.EDQUOT: "The user's disk quota is used up.",
        errno.ENOTDIR: "A file stands where a folder is needed; name another folder with --data.",
        errno.EEXIST: "A file stands where a folder is needed; name another folder with --data.",
        errno.ENOENT: "A part of it is missing.",
    }.get(error.errno or 0, "")
    where = error.filename or path
    return f"{where}: {error.strerror or error}. {advice}".rstrip()
