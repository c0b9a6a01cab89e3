"""What every test may lean on: the shared material, and how its absence is told."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.private_server import PrivateServer
from tests.running import Hub, running_hub

SHARED = Path(os.environ.get("FAKTURAHUB_SHARED") or Path(__file__).parents[2] / "shared")
IN_CI = os.environ.get("CI") == "true"

left_out = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples, corpora, rule packs and specifications: FAKTURAHUB_SHARED, else ``../shared``.

    It lies beside the repository and is no part of it. Where it is absent, a test that wants it is skipped, and fails
    under CI=true.
    """
    if not SHARED.is_dir():
        message = f"the shared material is not at {SHARED}; FAKTURAHUB_SHARED names its folder"
        if IN_CI:
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own; databases are made in it by the fixture ``database``."""
    # not under pytest's own folder: as root the server's user has to pass through every folder above
    with tempfile.TemporaryDirectory(prefix="fakturahub-tests-") as name:
        Path(name).chmod(0o755)
        with PrivateServer(DataFolder(Path(name) / "data").open()) as server:
            yield server.address.dsn
            # nobody needs this server's data any more: let it stop without writing hundreds of databases out
            asyncio.run(_execute(server.address.dsn, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _make_database(postgres: str) -> str:
    name = f"t{uuid4().hex}"
    asyncio.run(_execute(postgres, f"CREATE DATABASE {name}"))
    before, _, query = postgres.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture
def database(postgres: str) -> str:
    """The URL of an empty database."""
    return _make_database(postgres)


@pytest.fixture(scope="session")
def hub(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the companies of the README, shared by tests that do not harm it: each uses numbers of its own."""
    folder = tmp_path_factory.mktemp("hub")
    with running_hub(folder / "data", database=_make_database(postgres), arguments=("--address-rate", "0")) as running:
        yield running


#: folders whose tests mostly wait: for hubs that start, for leases and outages to end
WAITING = ("acceptance", "docs")


def waiting_among_reckoning(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same tests with the files that wait spread among those that reckon, the first ones first.

    The processes of `make test` take files in this order. One after the other, those that wait would leave the
    processors idle, and those that measure time would all do so at once.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waits = [path for path in files if path.relative_to(Path(__file__).parent).parts[0] in WAITING]
    rest = [path for path in files if path not in waits]
    # The last quarter is without them, so that no long one is the last.
    every = len(rest) * 3 // 4 / len(waits) if waits else 0.0
    placed = sorted(
        [(number * every, 0, path) for number, path in enumerate(waits)]
        + [(float(number), 1, path) for number, path in enumerate(rest)]
    )
    return [item for *_, path in placed for item in files[path]]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files in the order above; and without the shared material one test that wants it, so that its absence is one line
    and not hundreds."""
    if hasattr(config, "workerinput"):  # where several processes share the tests
        items[:] = waiting_among_reckoning(items)
    if SHARED.is_dir():
        return
    wanting = [item for item in items if "shared" in getattr(item, "fixturenames", ())]
    config.stash[left_out] = len(wanting)
    if wanting[1:]:
        dropped = set(wanting[1:])
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=wanting[1:])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(left_out, 0)
    if count:
        plural = "test" if count == 1 else "tests"
        terminalreporter.write_line(
            f"NOT RUN: {count} {plural}, because the shared material is not at {SHARED} (see tests/conftest.py)",
            red=True,
            bold=True,
        )
