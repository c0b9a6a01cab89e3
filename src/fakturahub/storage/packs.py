"""Installed rule packs: what is known of each, and its source file by file.

A pack is installed and removed under the lock of the settings (`companies.changing`), whose new number tells every node
to look here. What was compiled of it lies beside it under a seal; whoever takes it out has to look at that first, for
nothing of a database is to be executed that somebody else may have put there.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from isal import isal_zlib

from fakturahub.errors import OperatorError, PayloadCorrupt
from fakturahub.storage.companies import Change
from fakturahub.storage.database import Database
from fakturahub.storage.tables import provisioning, rule_pack, rule_pack_compiled, rule_pack_file

#: packs that can be installed at a time
PACKS = 100


class PackRow(msgspec.Struct, frozen=True):
    """An installed pack without its source."""

    name: str
    #: SHA-256 of the source in hexadecimal digits
    digest: str
    #: which documents it is for; None: runs only where it is named
    profile: str | None
    valid_from: date | None
    #: what ``exchange.packs`` found in it
    facts: dict[str, Any]
    #: a document that must fail; None: an empty root of each type
    control: bytes | None
    installed_at: datetime
    installed_by: str


class Compiled(msgspec.Struct, frozen=True):
    """What was compiled of a pack, for the program and the Python that ``key`` names."""

    key: str
    seal: bytes
    data: bytes


class Listed(msgspec.Struct, frozen=True):
    """All packs of one moment."""

    #: number of the newest change of the settings
    version: int
    packs: tuple[PackRow, ...]


_COLUMNS = [rule_pack.c[name] for name in PackRow.__struct_fields__]


async def listed(database: Database) -> Listed:
    """All installed packs, by name."""
    async with database.begin() as connection:
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        version = int(await connection.scalar(sa.select(provisioning.c.version)) or 0)
        rows = await connection.execute(sa.select(*_COLUMNS).order_by(rule_pack.c.name).limit(PACKS))
        return Listed(version, tuple(PackRow(*row) for row in rows))


async def source(database: Database, name: str, digest: str) -> dict[str, bytes]:
    """The files of a pack; none where it is not installed any more, or with another source.

    Raises `PayloadCorrupt` where the rows cannot hold such files.
    """
    query = (
        sa.select(rule_pack_file.c.name, rule_pack_file.c.size, rule_pack_file.c.payload)
        .join(rule_pack, rule_pack.c.name == rule_pack_file.c.pack)
        .where(rule_pack.c.name == name, rule_pack.c.digest == digest)
    )
    async with database.begin() as connection:
        return {row.name: _unpacked(name, row.name, row.size, row.payload) for row in await connection.execute(query)}


def _unpacked(pack: str, name: str, size: int, payload: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(payload, size + 1)
    except zlib.error:
        data = b""
    if len(data) != size or not unpacking.eof:
        raise PayloadCorrupt(f"The file {name} of the rule pack {pack} is damaged in the database.")
    return data


async def compiled(database: Database, name: str, key: str) -> Compiled | None:
    """What was compiled of a pack under *key*; None where there is nothing of that. Its seal was not looked at."""
    query = sa.select(rule_pack_compiled).where(rule_pack_compiled.c.pack == name, rule_pack_compiled.c.key == key)
    async with database.begin() as connection:
        row = (await connection.execute(query)).one_or_none()
    return None if row is None else Compiled(key, row.seal, _unpacked(name, "compiled", row.size, row.payload))


async def get(change: Change, name: str) -> PackRow | None:
    """The pack *name*, seen under the lock."""
    row = (await change.connection.execute(sa.select(*_COLUMNS).where(rule_pack.c.name == name))).one_or_none()
    return None if row is None else PackRow(*row)


async def put(change: Change, row: PackRow, files: Mapping[str, bytes], made: Compiled | None = None) -> None:
    """Install a pack that is not there yet. Raises `OperatorError` where there are `PACKS` already."""
    if int(await change.connection.scalar(sa.select(sa.func.count()).select_from(rule_pack)) or 0) >= PACKS:
        raise OperatorError(f"There are {PACKS} rule packs already; remove one that is not used any more.")
    change.touched = True
    await change.connection.execute(sa.insert(rule_pack), msgspec.structs.asdict(row))
    await change.connection.execute(
        sa.insert(rule_pack_file),
        [
            {"pack": row.name, "name": name, "size": len(data), "payload": isal_zlib.compress(data, 1)}
            for name, data in files.items()
        ],
    )
    if made is not None:
        packed = {"size": len(made.data), "payload": isal_zlib.compress(made.data, 1)}
        await change.connection.execute(
            sa.insert(rule_pack_compiled), {"pack": row.name, "key": made.key, "seal": made.seal, **packed}
        )


async def state_anew(change: Change, row: PackRow) -> None:
    """Give a pack that is there another profile, date or control document; its source stays."""
    change.touched = True
    await change.connection.execute(
        sa.update(rule_pack)
        .where(rule_pack.c.name == row.name)
        .values(profile=row.profile, valid_from=row.valid_from, control=row.control)
    )


async def remove(change: Change, name: str) -> None:
    """Remove a pack with its source."""
    change.touched = True
    await change.connection.execute(sa.delete(rule_pack_compiled).where(rule_pack_compiled.c.pack == name))
    await change.connection.execute(sa.delete(rule_pack_file).where(rule_pack_file.c.pack == name))
    await change.connection.execute(sa.delete(rule_pack).where(rule_pack.c.name == name))
