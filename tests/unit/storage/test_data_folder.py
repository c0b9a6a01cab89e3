"""The data folder's layout and checks, and the lock that dies with its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fakturahub
from fakturahub.errors import DataFolderError
from fakturahub.storage.data_folder import DataFolder, FileLock

NAMES = ["cache", "keys", "mail", "payloads", "postgres", "print", "run"]


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_open_makes_the_layout_for_the_hub_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        folder = DataFolder(tmp_path / "not" / "there").open()
    finally:
        os.umask(old)
    assert sorted(one.name for one in folder.path.iterdir()) == NAMES
    assert [mode_of(folder.path / name) for name in NAMES] == [0o700] * len(NAMES)
    assert mode_of(folder.path) == (0o711 if os.geteuid() == 0 else 0o700)
    assert folder.warnings == ()
    assert [folder.postgres, folder.payloads, folder.mail, folder.print, folder.keys, folder.cache, folder.run] == [
        folder.path / name for name in ("postgres", "payloads", "mail", "print", "keys", "cache", "run")
    ]


def test_the_path_is_absolute_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = DataFolder()
    assert folder.path == tmp_path / "var"
    assert not folder.path.exists()


def test_opening_again_keeps_what_is_there_and_closes_what_was_opened(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path).open()
    (folder.payloads / "one").write_bytes(b"kept")
    folder.payloads.chmod(0o777)
    folder.run.chmod(0o2770)  # as a volume plug-in does
    folder.open()
    assert mode_of(folder.payloads) == mode_of(folder.run) == 0o700
    assert (folder.payloads / "one").read_bytes() == b"kept"


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o710, 0o777])
def test_open_keys_are_refused_and_left_as_evidence(tmp_path: Path, mode: int) -> None:
    folder = DataFolder(tmp_path).open()
    folder.keys.chmod(mode)
    with pytest.raises(DataFolderError, match=f"can open {folder.keys}.*chmod -R go= {folder.keys}"):
        folder.open()
    assert mode_of(folder.keys) == mode


def test_an_open_key_in_a_closed_folder_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path).open()
    key = folder.keys / "master"
    key.write_bytes(b"k" * 32)
    key.chmod(0o640)
    with pytest.raises(DataFolderError, match=r"can open .*/keys/master"):
        folder.open()
    key.chmod(0o400)
    folder.open()


def test_another_users_subfolder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DataFolder(tmp_path).open()
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(DataFolderError, match=r"belongs to .* and the hub runs as user 54321.*chown -R"):
        DataFolder(tmp_path).open()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "payloads").write_bytes(b"")
    with pytest.raises(DataFolderError, match=r"payloads: .*A file stands where a folder is needed"):
        DataFolder(tmp_path).open()
    with pytest.raises(DataFolderError, match="A file stands where a folder is needed"):
        DataFolder(tmp_path / "payloads" / "deeper").open()


def test_a_folder_all_users_may_change_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert "chmod o-w" in DataFolder(tmp_path).open().warnings[0]
    tmp_path.chmod(0o1777)
    assert DataFolder(tmp_path).open().warnings == ()
    tmp_path.chmod(0o700)


def test_subfolders_may_lie_on_another_disk(tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir(mode=0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "payloads").symlink_to(tmp_path / "large disk")
    DataFolder(tmp_path / "data").open()
    assert mode_of(tmp_path / "large disk") == 0o700


def test_free_bytes(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").open()
    found = os.statvfs(tmp_path)
    assert abs(folder.free_bytes() - found.f_bavail * found.f_frsize) < 1 << 30
    with pytest.raises(DataFolderError):
        DataFolder(tmp_path / "gone").free_bytes()


def test_locks_are_shared_or_exclusive(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire(shared=True)
    assert two.acquire(shared=True)
    assert one.held
    assert not one.acquire(), "another holds it shared"
    assert not one.held
    assert two.acquire(), "alone by now"
    tries: list[int] = []
    began = time.monotonic()
    assert not one.acquire(shared=True, patience=0.1, waiting=lambda: tries.append(1))
    assert 0.1 <= time.monotonic() - began < 2
    assert tries
    two.release()
    two.release()
    assert one.acquire()
    one.release()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_lock_file_that_cannot_be_made_is_the_operators_business(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataFolderError, match="lock"):
        FileLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "elsewhere").exists()


# Takes the lock, forks, says the child's pid, and waits to be killed; the child lives on.
HOLDER = """
import os, sys, time
from pathlib import Path
from fakturahub.storage.data_folder import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.acquire()
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(60)
"""


def test_a_killed_holder_loses_the_lock_though_its_child_lives(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(fakturahub.__file__).parent.parent)},
    )
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        lock = FileLock(tmp_path / "lock")
        assert not lock.acquire(patience=0.05)
        holder.kill()
        holder.wait()
        assert lock.acquire(patience=2)
        os.kill(child, 0)  # it is there, and holds nothing
        lock.release()
    finally:
        os.kill(child, 9)
        holder.stdout.close()
