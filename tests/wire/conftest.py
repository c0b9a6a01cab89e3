"""A hub for the wire tests, with more companies than the shared one and with host names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import _make_database
from tests.peers.https import HttpsPeer
from tests.running import Hub, running_hub
from tests.wire import companies
from tests.wire.companies import Reader


@pytest.fixture(scope="session")
def acknowledgements() -> Iterator[HttpsPeer]:
    """The server that the acknowledgements of ``kvitto`` are posted to."""
    with HttpsPeer() as peer:
        yield peer


@pytest.fixture(scope="session")
def big_hub(postgres: str, tmp_path_factory: pytest.TempPathFactory, acknowledgements: HttpsPeer) -> Iterator[Hub]:
    """A hub with the companies and host names of ``companies.py``, for tests that do not harm it."""
    folder = tmp_path_factory.mktemp("wire")
    with running_hub(
        folder / "data",
        database=_make_database(postgres),
        companies=companies.write(folder, acknowledgements.url("/acknowledgements")),
        arguments=("--address-rate", "0"),
    ) as running:
        yield running


@pytest.fixture(scope="session")
def _unused_readers() -> Iterator[Reader]:
    return iter(companies.READERS[:-3])  # the last ones are those of the refusals and of the random requests


@pytest.fixture
def reader(_unused_readers: Iterator[Reader]) -> Reader:
    """A company of ``big_hub`` whose inbox is empty and is this test's own."""
    return next(_unused_readers)
