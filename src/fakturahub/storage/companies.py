"""Companies and the other settings, as provisioned: read by every node, changed under one lock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.clock import new_id
from fakturahub.storage.database import Database
from fakturahub.storage.tables import company, company_address, credential, logo, provisioning, setting


class CompanyRow(msgspec.Struct, frozen=True):
    id: UUID
    key: str
    #: the company's table of the provisioning file, its secrets hashed or sealed
    settings: dict[str, Any]


class SettingRow(msgspec.Struct, frozen=True):
    section: str
    key: str
    value: Any


class Changes(msgspec.Struct, frozen=True):
    """What changed since a version."""

    version: int
    companies: list[CompanyRow]
    settings: list[SettingRow]


class Taken(msgspec.Struct, frozen=True):
    """A name that must be unique and belongs to another company."""

    what: str
    owner: str


async def version(database: Database) -> int:
    """The number of the newest change."""
    async with database.begin() as connection:
        return int(await connection.scalar(sa.select(provisioning.c.version)) or 0)


async def changes_since(database: Database, seen: int) -> Changes:
    """All companies and settings that changed after version *seen*, of one moment."""
    async with database.begin() as connection:
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        newest = int(await connection.scalar(sa.select(provisioning.c.version)) or 0)
        companies = await connection.execute(
            sa.select(company.c.id, company.c.key, company.c.settings).where(company.c.version > seen)
        )
        settings = await connection.execute(
            sa.select(setting.c.section, setting.c.key, setting.c.value).where(setting.c.version > seen)
        )
        return Changes(newest, [CompanyRow(*row) for row in companies], [SettingRow(*row) for row in settings])


async def key_fingerprint(database: Database) -> str | None:
    """The fingerprint of the master key this database was sealed with, None before the first."""
    async with database.begin() as connection:
        fingerprint: str | None = await connection.scalar(sa.select(provisioning.c.key_fingerprint))
        return fingerprint


async def claim_key_fingerprint(database: Database, fingerprint: str) -> str:
    """Note *fingerprint* if there is none yet, and return the one that holds."""
    async with database.begin() as connection:
        await connection.execute(
            sa.update(provisioning).where(provisioning.c.key_fingerprint.is_(None)).values(key_fingerprint=fingerprint)
        )
        return str(await connection.scalar(sa.select(provisioning.c.key_fingerprint)))


class Change:
    """A change of the provisioning: nobody else changes anything until it ends."""

    def __init__(self, connection: AsyncConnection, new_version: int, now: datetime) -> None:
        self._connection = connection
        self._version = new_version
        self._now = now
        self.touched = False

    @property
    def connection(self) -> AsyncConnection:
        """For other tables that change under the same lock; who writes through it sets ``touched``."""
        return self._connection

    async def companies(self) -> dict[str, CompanyRow]:
        rows = await self._connection.execute(sa.select(company.c.id, company.c.key, company.c.settings))
        return {row.key: CompanyRow(*row) for row in rows}

    async def settings(self) -> dict[tuple[str, str], Any]:
        rows = await self._connection.execute(sa.select(setting.c.section, setting.c.key, setting.c.value))
        return {(row.section, row.key): row.value for row in rows}

    async def put_setting(self, section: str, key: str, value: Any) -> None:
        self.touched = True
        row = {"section": section, "key": key, "value": value, "version": self._version}
        await self._connection.execute(
            insert(setting)
            .values(row)
            .on_conflict_do_update(
                index_elements=[setting.c.section, setting.c.key], set_={"value": value, "version": self._version}
            )
        )

    async def release(self, keys: Sequence[str]) -> None:
        """Take their addresses and credentials from the companies with these keys, which are put anew right after.

        What moves from one of them to another is free then, in whichever order they are put.
        """
        of_them = sa.select(company.c.id).where(company.c.key.in_(keys))
        await self._connection.execute(sa.delete(company_address).where(company_address.c.company_id.in_(of_them)))
        await self._connection.execute(sa.delete(credential).where(credential.c.company_id.in_(of_them)))

    async def put_company(
        self,
        key: str,
        settings: dict[str, Any],
        addresses: Sequence[str],
        credentials: Sequence[tuple[str, str]],
    ) -> list[Taken]:
        """Create or change a company. ``addresses`` in routing form; ``credentials`` are (dialect, name).

        Returns the addresses and names that belong to other companies; the caller then raises, which undoes the
        whole change.
        """
        self.touched = True
        company_id = await self._connection.scalar(sa.select(company.c.id).where(company.c.key == key))
        if company_id is None:
            company_id = new_id(self._now)
            await self._connection.execute(
                sa.insert(company),
                {
                    "id": company_id,
                    "key": key,
                    "settings": settings,
                    "version": self._version,
                    "created_at": self._now,
                },
            )
        else:
            await self._connection.execute(
                sa.update(company).where(company.c.id == company_id).values(settings=settings, version=self._version)
            )
        taken = await self._taken(company_id, addresses, credentials)
        if taken:
            return taken
        await self._connection.execute(sa.delete(company_address).where(company_address.c.company_id == company_id))
        await self._connection.execute(sa.delete(credential).where(credential.c.company_id == company_id))
        if addresses:
            await self._connection.execute(
                sa.insert(company_address),
                [{"address": address, "company_id": company_id} for address in addresses],
            )
        if credentials:
            await self._connection.execute(
                sa.insert(credential),
                [{"dialect": dialect, "name": name, "company_id": company_id} for dialect, name in credentials],
            )
        return []

    async def put_logo(self, sha256: str, data: bytes) -> None:
        """Keep a picture by its hash in hexadecimal digits; the settings of a company that is put name it."""
        self.touched = True
        row = {"sha256": bytes.fromhex(sha256), "payload": data}
        await self._connection.execute(insert(logo).values(row).on_conflict_do_nothing())

    async def drop_logos(self) -> None:
        """Throw away the pictures that no company names any more."""
        named = sa.func.decode(company.c.settings["style"]["logo"].as_string(), "hex")
        used = sa.exists().where(company.c.settings["style"].has_key("logo"), named == logo.c.sha256)
        await self._connection.execute(sa.delete(logo).where(~used))

    async def _taken(
        self, company_id: UUID, addresses: Sequence[str], credentials: Sequence[tuple[str, str]]
    ) -> list[Taken]:
        addressed = await self._connection.execute(
            sa.select(company_address.c.address, company.c.key)
            .join(company, company.c.id == company_address.c.company_id)
            .where(company_address.c.address.in_(addresses), company_address.c.company_id != company_id)
        )
        named = await self._connection.execute(
            sa.select(credential.c.dialect, credential.c.name, company.c.key)
            .join(company, company.c.id == credential.c.company_id)
            .where(
                sa.tuple_(credential.c.dialect, credential.c.name).in_(list(credentials)),
                credential.c.company_id != company_id,
            )
        )
        return [Taken(f"address {row[0]}", row[1]) for row in addressed] + [
            Taken(f"{row[0]} name {row[1]}", row[2]) for row in named
        ]


@asynccontextmanager
async def changing(database: Database, now: datetime) -> AsyncIterator[Change]:
    """One change of the provisioning, whole or not at all; nodes see it by its new version."""
    async with database.begin() as connection:
        current = int((await connection.scalars(sa.select(provisioning.c.version).with_for_update())).one())
        change = Change(connection, current + 1, now)
        yield change
        if change.touched:
            await connection.execute(sa.update(provisioning).values(version=current + 1, applied_at=now))
