"""A node that pushes to real servers, in the test's own process and by the test's own clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from fakturahub import provision
from fakturahub.exchange.dispatch import Dispatcher
from fakturahub.exchange.renditions import Renditions
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.sealing import MasterKey
from fakturahub.leaving import dispatching
from fakturahub.model import Clock
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore

_FILE = '[outbound]\ntrusted_networks = ["127.0.0.0/8"]\n'
_RECEIVER = """
[[company]]
key = "{key}"
name = "{key} Oy"
country = "FI"
business_id = "{number}"
addresses = ["0216:{number}"]
contracts = ["receive"]
[company.pagero]
username = "{key}"
password = "x"
[company.pagero.push]
url = "{url}"
{more}
"""


@dataclass
class Node:
    dispatcher: Dispatcher
    #: the ids of companies by their keys
    receivers: dict[str, UUID]


@asynccontextmanager
async def pushing(
    database: Database,
    folder: Path,
    urls: Mapping[str, str],
    clock: Clock,
    node: str = "node-1",
    more: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Node]:
    """A node whose companies, by their keys, have their documents posted to *urls*; its dispatcher does not run yet.

    ``more``: further lines of the table of their push, by their keys.
    """
    file = folder / f"{node}.toml"
    tables = [
        _RECEIVER.format(key=key, url=url, number=f"00371{place:07d}", more=more.get(key, ""))
        for place, (key, url) in enumerate(urls.items())
    ]
    file.write_text(_FILE + "".join(tables))
    key = MasterKey.kept_in(folder, create=True)
    await provision.apply(database, provision.read(file), name=str(file), key=key, now=clock.now())
    companies = Companies(provision.CREDENTIAL_NAMES)
    await refresh(database, companies)
    payloads = PayloadStore.open(folder / "payloads")
    renditions = Renditions(database, payloads, clock)
    async with dispatching(database, payloads, companies, renditions, key, folder, clock, node) as dispatcher:
        yield Node(dispatcher, {one.key: one.id for one in companies})
