"""A hub for the tests of the OAuth2 server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import _make_database
from tests.running import Hub, running_hub
from tests.wire.oauth import parties

#: so that tests of refusals do not hold one another off
ROOMY = ("--address-rate", "0", "--failure-rate", "100000")


@pytest.fixture(scope="session")
def authority(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the clients, users and applications of ``parties.py``."""
    folder = tmp_path_factory.mktemp("oauth")
    file = parties.write(folder)
    with running_hub(folder / "data", database=_make_database(postgres), companies=file, arguments=ROOMY) as running:
        yield running


@pytest.fixture
def browser(authority: Hub) -> parties.Browser:
    return parties.Browser(authority)
