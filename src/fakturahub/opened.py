"""Opening the hub's data for one command: the folder, the database, the keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from fakturahub.errors import OperatorError
from fakturahub.identity.sealing import MasterKey
from fakturahub.storage import schema
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.private_server import PrivateServer


class Place(msgspec.Struct, frozen=True):
    """Where the data is, as the options of a command say."""

    data: Path
    database: str | None = None
    payloads: str | None = None
    master_key: str | None = None

    @property
    def payload_target(self) -> str:
        return self.payloads or str(self.data / "payloads")

    def key(self, *, create: bool = False) -> MasterKey:
        """The master key. Raises `MasterKeyError`."""
        if self.master_key is not None:
            return MasterKey.from_text(self.master_key)
        return MasterKey.kept_in(self.data, create=create)


class Running:
    """The data folder and, where no database was named, the private server of it, in use by this process."""

    def __init__(self, place: Place, progress: Callable[[str], None], *, make: bool = True) -> None:
        """``make`` False: a command that only looks at a database of its own leaves no folder behind."""
        self.place = place
        self.folder = DataFolder(place.data)
        if make or place.database is None:
            self.folder.open()
        self.server = None if place.database else PrivateServer(self.folder, progress=progress)
        self.url = place.database or ""

    def __enter__(self) -> Running:
        if self.server is not None:
            self.url = self.server.start().dsn
        return self

    def __exit__(self, *_: object) -> None:
        if self.server is not None:
            self.server.stop()


class Opened(msgspec.Struct, frozen=True):
    """What a command works with."""

    place: Place
    database: Database

    def payloads(self) -> PayloadStore:
        """The payload store, which is made where it is a folder that is missing."""
        return PayloadStore.open(self.place.payload_target)


@asynccontextmanager
async def opened(running: Running, *, check: bool = True) -> AsyncIterator[Opened]:
    """The database of *running*. Raises `SchemaTooOld` or `SchemaTooNew` where it is not this program's."""
    database = Database(running.url, pool_size=2)
    try:
        if check:
            await schema.check(database)
        yield Opened(running.place, database)
    finally:
        await database.close()


def existing(data: Path) -> None:
    """Raise `OperatorError` unless *data* is a hub's data folder: only `serve` and `apply` make one."""
    if not (data / "postgres").is_dir() and not (data / "keys").is_dir():
        raise OperatorError(
            f"{data} is no data folder of a hub. Start `fakturahub serve --data {data}` once, or name another."
        )
