"""The private PostgreSQL server's settings: ``conf.d/hub.conf`` in its cluster, scaled to the machine."""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1024 * 1024
#: the limit that "no limit" is written as in cgroup v1 is larger than any machine
_NO_LIMIT = 1 << 60

_HUB_CONF = """\
# Written by fakturahub before each start of the server: changes made here are lost.
# Put settings of your own into a file beside it whose name sorts later, such as zz-local.conf.

max_connections = 100
unix_socket_permissions = 0700      # authentication is trust: whoever reaches the socket is superuser
timezone = 'UTC'

# An acknowledged submission has been flushed to the disk.
fsync = on
synchronous_commit = on
full_page_writes = on

shared_buffers = {shared_buffers}MB
effective_cache_size = {cache}MB
max_wal_size = 2GB                  # more means more to replay after a crash
min_wal_size = 256MB
checkpoint_timeout = 10min
wal_compression = pglz              # the build has no lz4 and no zstd
jit = off
autovacuum_naptime = 20s            # the queue's rows die fast
max_parallel_maintenance_workers = 0  # they work in /dev/shm, of which a container has 64 MB
client_connection_check_interval = 10s  # a killed hub's statements must not hold their locks on

# One file a weekday, each emptied when its day comes round. Neither statements nor the values in them are logged.
logging_collector = on
log_directory = '{logs}'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""

#: folder of the server's log files, in the cluster
LOG_FOLDER = "hub-log"
_INCLUDE = "include_dir = 'conf.d'"


def hub_conf(memory: int) -> str:
    """The text of ``hub.conf`` for a machine with *memory* bytes: an eighth of it for shared buffers, 32 MB to 1 GB."""
    shared_buffers = max(32, min(1024, memory // 8 // _MB))
    return _HUB_CONF.format(
        shared_buffers=shared_buffers, logs=LOG_FOLDER, cache=max(shared_buffers, memory // 2 // _MB)
    )


def write_settings(pgdata: Path, uid: int, gid: int) -> bool:
    """Bring ``conf.d/hub.conf`` up to date and have ``postgresql.conf`` include the folder; both belong to *uid*.

    To be called while the server does not run. Returns whether anything changed. Raises OSError.
    """
    folder = pgdata / "conf.d"
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        _give(folder, uid, gid)
    text = hub_conf(machine_memory())
    changed = _write_changed(folder / "hub.conf", text, uid, gid)
    main = pgdata / "postgresql.conf"
    present = main.read_text(encoding="utf-8", errors="surrogateescape")
    if not any(line.strip().startswith(_INCLUDE) for line in present.splitlines()):
        changed |= _write_changed(main, present.rstrip("\n") + f"\n\n{_INCLUDE}\n", uid, gid)
    return changed


def _write_changed(path: Path, text: str, uid: int, gid: int) -> bool:
    """Put *text* in place at once or not at all: a server that finds half a file does not start."""
    if path.is_file() and path.read_text(encoding="utf-8", errors="surrogateescape") == text:
        return False
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    # The folder is the server's: root must not write through a link that somebody laid there.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    _give(fresh, uid, gid)
    fresh.replace(path)
    return True


def _give(path: Path, uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, uid, gid, follow_symlinks=False)


def machine_memory() -> int:
    """Bytes of memory this process may count on: the machine's, or less where its container or service is limited."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))])


def _limits(membership: Path, root: Path) -> list[int]:
    """The memory limits of the control groups (cgroups(7)) that *membership* names, version 2 or 1, and those above."""
    if not membership.is_file():
        return []
    found = []
    for line in membership.read_text(encoding="utf-8").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            top, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        folder = top / path.lstrip("/")
        for level in (folder, *folder.parents):
            limit = level / name
            if limit.is_file():
                value = limit.read_text(encoding="utf-8").strip()
                if value.isdigit() and int(value) < _NO_LIMIT:
                    found.append(int(value))
            if level == top:
                break
    return found
