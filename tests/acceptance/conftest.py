"""What the acceptance tests share: a folder that a server's user can pass through, and a hub with the whole town."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.acceptance import town
from tests.conftest import _make_database
from tests.running import Hub, running_hub

#: no quotas: the load comes from one address and few accounts
UNLIMITED = ("--account-rate", "0", "--address-rate", "0")


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder, and afterwards the certainty that no PostgreSQL was left running in it."""
    with empty_place() as made:
        yield made


@contextmanager
def empty_place() -> Iterator[Path]:
    """The folder of the fixture ``place``, for fixtures that last longer than a test.

    Not under pytest's own folder: as root the server's user has to pass through every folder above.
    """
    made = Path(tempfile.mkdtemp(prefix="fakturahub-acceptance-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        left = _servers_in(made)
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
        shutil.rmtree(made)
    assert not left, f"PostgreSQL was left running: {left}"


def _servers_in(folder: Path) -> list[psutil.Process]:
    """PostgreSQL servers and their children whose data lies in *folder*."""
    found = [
        one
        for one in psutil.process_iter(["name", "cmdline"])
        if one.info["name"] == "postgres" and _names(one, folder)
    ]
    return [process for server in found for process in (*server.children(recursive=True), server)]


def _names(process: psutil.Process, folder: Path) -> bool:
    return any(word.startswith(f"{folder}/") for word in process.info["cmdline"] or ())


@pytest.fixture
def new_database(postgres: str) -> Callable[[], str]:
    """Makes empty databases on the tests' own server."""
    return lambda: _make_database(postgres)


@pytest.fixture(scope="session")
def town_hub(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub of two HTTP processes with the whole town, for tests that do not harm it."""
    folder = tmp_path_factory.mktemp("town")
    with running_hub(
        folder / "data",
        database=_make_database(postgres),
        companies=town.companies(folder),
        arguments=(*UNLIMITED, "--processes", "2"),
    ) as hub:
        yield hub
