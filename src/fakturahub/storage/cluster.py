"""The files of the private PostgreSQL server: made once, kept in order before each start, and launched.

The library's own ``initdb`` and ``pg_ctl`` calls are not used. They take the locale from the environment, and an index
sorted by one system's C library is broken under the next one's; they leave a half-made cluster after a crash; and they
pass the folder's name through a shell.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from fakturahub.errors import PrivateServerError
from fakturahub.storage import postmaster
from fakturahub.storage.data_folder import DataFolder, sync_folder
from fakturahub.storage.postmaster import PORT
from fakturahub.storage.server_settings import LOG_FOLDER, write_settings

#: the operating-system user that runs the server where the hub runs as root; the name is the library's
_SERVER_USER = "pgserver"
#: bytes of a socket's path, the end included, that every system takes (sun_path: 108 on Linux, 104 elsewhere)
_SOCKET_PATH = 104
#: the library puts the socket's folder into its URI as it is, so only a path that means itself there may be it
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]+")
#: seconds for making a cluster; half a second is usual
_MAKE_LIMIT = 300.0


class _Account(NamedTuple):
    """Whom the server runs as."""

    uid: int
    gid: int

    def process_options(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Cluster:
    """The cluster in ``DIR/postgres``. To be changed only by who holds the turn of its `PrivateServer`."""

    def __init__(self, folder: DataFolder) -> None:
        self.pgdata = folder.postgres.resolve()
        self._run = folder.run
        #: there while initdb works: what it has made by then is of no use, and holds nothing of anybody
        self._unfinished = folder.run / "postgres.unfinished"
        self._start_log = folder.run / "postgres-start.log"
        #: what was opened for the server's user, a sentence each
        self.opened: list[str] = []

    def launch(self, progress: Callable[[str], None]) -> subprocess.Popen[bytes]:
        """Start the server's process, on a new cluster where there is none; it does not answer yet.

        The caller has made sure that no server runs. Raises `PrivateServerError`.
        """
        library = postmaster.library()
        self._refuse_other_version(library.TARGET_POSTGRES_VERSION)
        binaries = library.POSTGRES_VERSIONS[library.TARGET_POSTGRES_VERSION].resolve()
        try:
            account = self._account(library)
            if os.geteuid() == 0:
                self._open_the_way(library, binaries, account)
            ended = postmaster.end_leftovers(self.pgdata, account.uid)
            if ended:
                progress(f"{ended} process(es) of a server that died were still at work and have been ended.")
            if self._unfinished.exists() or not (self.pgdata / "PG_VERSION").exists():
                self._make(binaries, account)
            write_settings(self.pgdata, account.uid, account.gid)
            if stat.S_IMODE(self.pgdata.stat().st_mode) & 0o077:
                self.pgdata.chmod(0o700)
            socket_folder = self._make_socket_folder(account)
            postmaster.clear_stale(self.pgdata, socket_folder)
            with self._start_log.open("wb") as log:
                child = subprocess.Popen(  # noqa: S603 - the library's binary, on the data folder
                    [binaries / "postgres", "-D", self.pgdata, "-h", "", "-p", str(PORT), "-k", socket_folder],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.pgdata,
                    env=_environment(),
                    # A Ctrl-C at the terminal is for the hub, which then stops the server after its own work.
                    start_new_session=True,
                    **account.process_options(),
                )
        except OSError as error:
            raise PrivateServerError(f"The private server cannot be started: {error}") from error
        postmaster.adopt(child)
        return child

    def _refuse_other_version(self, ours: int) -> None:
        try:
            theirs = (self.pgdata / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return
        if theirs != str(ours) and not self._unfinished.exists():
            raise PrivateServerError(
                f"{self.pgdata} was made by PostgreSQL {theirs}, this program carries PostgreSQL {ours}. Export the "
                "data with the version of the hub that made it (pg_dump) and import it into a new data folder, or "
                "convert the folder with pg_upgrade. Nothing was changed."
            )

    # --- whom it runs as --------------------------------------------------------------------------------------------

    def _account(self, library: ModuleType) -> _Account:
        """The user that owns the cluster. PostgreSQL refuses to run as root, so root's is given to a user of its own.

        Going by the owner, and not by the name, keeps a folder usable in an image where the name has another number.
        """
        found = self.pgdata.stat()
        if os.geteuid() != 0:
            return _Account(os.geteuid(), os.getegid())
        if found.st_uid != 0:
            return _Account(found.st_uid, found.st_gid)
        try:
            library.ensure_user_exists(_SERVER_USER)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            # Another hub may have made the user between the look and the try.
            if _SERVER_USER not in [one.pw_name for one in pwd.getpwall()]:
                raise PrivateServerError(
                    f"PostgreSQL does not run as root, and the user {_SERVER_USER} cannot be created: {error}. Run the "
                    "hub as an ordinary user, or create that user."
                ) from error
        entry = pwd.getpwnam(_SERVER_USER)
        account = _Account(entry.pw_uid, entry.pw_gid)
        # More than the folder itself where root unpacked a backup into it.
        for path in (self.pgdata, *self.pgdata.rglob("*")):
            os.chown(path, *account, follow_symlinks=False)
        return account

    def _open_the_way(self, library: ModuleType, binaries: Path, account: _Account) -> None:
        """Let the server's user pass through the folders above the cluster and above the programs, and no more."""
        try:
            groups = set(os.getgrouplist(pwd.getpwuid(account.uid).pw_name, account.gid))
        except KeyError:
            groups = {account.gid}
        for folder in dict.fromkeys([*reversed(self.pgdata.parents), *reversed(binaries.parents)]):
            found = folder.stat()
            if found.st_uid == account.uid:
                needed = stat.S_IXUSR
            else:
                needed = stat.S_IXGRP if found.st_gid in groups else stat.S_IXOTH
            if not found.st_mode & needed:
                before, after = stat.S_IMODE(found.st_mode), stat.S_IMODE(found.st_mode) | needed
                folder.chmod(after)
                self.opened.append(f"{folder} from mode {before:04o} to {after:04o}")
        if (binaries / "postgres").stat().st_mode & 0o005 != 0o005:  # installed under a strict umask
            library.ensure_folder_permissions(binaries.parent, 0o055)
            self.opened.append(f"{binaries.parent} for reading")

    # --- making it --------------------------------------------------------------------------------------------------

    def _make(self, binaries: Path, account: _Account) -> None:
        if self._unfinished.exists():
            for path in self.pgdata.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        elif any(self.pgdata.iterdir()):
            raise PrivateServerError(
                f"{self.pgdata} holds files and no PostgreSQL cluster. Move them away, or name another data folder."
            )
        if not _has_entry(account.uid):
            raise PrivateServerError(
                f"User id {account.uid} has no entry in /etc/passwd, and PostgreSQL's initdb refuses to work without "
                "one. Add the entry, or run the hub as a user that has one."
            )
        self._unfinished.touch()
        sync_folder(self._run)
        try:
            subprocess.run(  # noqa: S603 - the same
                [
                    binaries / "initdb",
                    "-D",
                    self.pgdata,
                    "--username=postgres",
                    "--encoding=UTF8",
                    # PostgreSQL's own collation is the same on every system and after every upgrade of one.
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    # The server listens on no network, and its socket is closed to all users but its own and root.
                    "--auth-local=trust",
                    "--auth-host=reject",
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                cwd=self.pgdata,
                env=_environment(),
                timeout=_MAKE_LIMIT,
                **account.process_options(),
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise PrivateServerError(f"PostgreSQL's initdb failed: {said[-1]}") from error
        except subprocess.TimeoutExpired as error:
            raise PrivateServerError(f"PostgreSQL's initdb took longer than {_MAKE_LIMIT:.0f} s.") from error
        # Its files are on the disk by now: initdb syncs them at the end.
        self._unfinished.unlink()
        sync_folder(self._run)

    # --- the socket -------------------------------------------------------------------------------------------------

    def socket_folder(self) -> Path:
        """Where the server's socket is: in the cluster, or under the temporary folder where that path is too long for
        a socket or has characters that a URI would change."""
        path = os.fsencode(self.pgdata / f".s.PGSQL.{PORT}.lock")
        if len(path) < _SOCKET_PATH and _PLAIN_PATH.fullmatch(os.fsdecode(path)):
            return self.pgdata
        # Not XDG_RUNTIME_DIR: it is removed when its user logs out, and the server runs on.
        name = hashlib.sha256(os.fsencode(self.pgdata)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"fakturahub-{self.pgdata.stat().st_uid}" / name

    def _make_socket_folder(self, account: _Account) -> Path:
        folder = self.socket_folder()
        if folder == self.pgdata:
            return folder
        path = str(folder / f".s.PGSQL.{PORT}.lock")
        if len(os.fsencode(path)) >= _SOCKET_PATH or not _PLAIN_PATH.fullmatch(path):
            raise PrivateServerError(
                f"No socket can be made in {self.pgdata} or in {folder}. Give the data folder a shorter, plainer path."
            )
        # In a folder where all users write, another one may have been there first, to read along.
        for one in (folder.parent, folder):
            try:
                one.mkdir(mode=0o700)
            except FileExistsError:
                found = one.lstat()
                if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, 0) or found.st_mode & 0o077:
                    raise PrivateServerError(
                        f"{one} is not a folder that only user id {account.uid} can open. Remove it, or give the data "
                        "folder a shorter, plainer path, which makes that folder superfluous."
                    ) from None
            os.chown(one, *account, follow_symlinks=False)
        return folder

    # --- what it said -----------------------------------------------------------------------------------------------

    def last_words(self) -> str:
        """Why the server ended, in its own words as far as it said why."""
        said = self._start_log.read_text(errors="replace") if self._start_log.exists() else ""
        logs = sorted(self.pgdata.glob(f"{LOG_FOLDER}/*.log"), key=lambda one: one.stat().st_mtime)
        if "redirecting log output" in said and logs:
            # Each start begins with this line; what stands before it is of earlier ones.
            said += logs[-1].read_text(errors="replace").rpartition("starting PostgreSQL")[2]
        causes = [
            line.strip()
            for line in said.splitlines()
            if re.search(r"\b(FATAL|PANIC):", line) and "the database system is" not in line
        ]
        if causes:
            return re.sub(r"^.*?\b(FATAL|PANIC):\s*", "", causes[-1])
        return (said.strip().splitlines() or ["it said nothing"])[-1]


def _environment() -> dict[str, str]:
    """Nothing of the hub's own environment, which holds secrets, and no PG variables that are for clients."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}


def _has_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
