"""The OAuth2 server of one process, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta

from starlette.routing import Route

from fakturahub import telemetry
from fakturahub.config import Hub
from fakturahub.errors import DatabaseUnavailable
from fakturahub.identity.companies import REFRESH, Companies
from fakturahub.identity.oauth.clients import Clients
from fakturahub.identity.oauth.keys import Keys
from fakturahub.identity.oauth.revoked import Revoked
from fakturahub.identity.oauth.routes import routes
from fakturahub.identity.oauth.server import Server
from fakturahub.identity.oauth.sessions import Sessions
from fakturahub.identity.passwords import PasswordCheck
from fakturahub.identity.rates import Rates
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed
from fakturahub.identity.tokens import Verifier
from fakturahub.model import Clock
from fakturahub.storage import oauth as stored
from fakturahub.storage.database import Database

log = telemetry.logger("identity.oauth")


class Authority:
    """Keys, clients and revocations of the hub, kept fresh, with what issues and what checks tokens by them."""

    def __init__(
        self,
        database: Database,
        companies: Companies,
        dialects: Collection[str],
        master_key: MasterKey,
        url: str,
        clock: Clock,
    ) -> None:
        """``dialects``: those whose sections name clients. ``url``: the issuer where there is no ``public_url``."""
        self._database = database
        self._companies = companies
        self._master_key = master_key
        self._url = url
        self._clock = clock
        self._keys = Keys(database, master_key, clock)
        self._revoked = Revoked(database, clock)
        self._clients = Clients(companies, dialects)
        self.verifier = Verifier(self._keys, self._revoked, self._clients, self.issuer, clock)

    def issuer(self) -> str:
        """The name of the hub in its tokens: ``[hub] public_url`` without a slash at its end, else where it listens."""
        hub = self._companies.setting("hub") or {}
        url: str = hub.get("public_url") or self._url
        return url.rstrip("/")

    def grace(self) -> timedelta:
        """For how long a refresh token that was used is answered once more: ``[hub] refresh_grace``, else zero."""
        hub = self._companies.setting("hub") or {}
        return revealed(Hub, hub, master_key=self._master_key, context="hub").refresh_grace

    async def prepare(self) -> None:
        """Have a key to sign with, and know what was revoked. Raises `DatabaseUnavailable` and `MasterKeyError`."""
        await self._keys.prepare()
        await self._revoked.refresh()

    async def keep_fresh(self) -> None:
        """Look for new keys and revocations for ever. While the database is away, what was known last holds."""
        while True:
            await asyncio.sleep(REFRESH)
            try:
                await self._keys.refresh()
                await self._revoked.refresh()
            except DatabaseUnavailable:
                log.warning("keys and revocations not refreshed: the database is unavailable")
            except Exception:  # a node that stopped looking would take tokens that were revoked, and nobody would know
                log.exception("keys and revocations not refreshed")

    def routes(self, passwords: PasswordCheck, rates: Rates) -> list[Route]:
        """The endpoints."""
        server = Server(
            self._database,
            self._clients,
            self._keys,
            self._revoked,
            self.verifier,
            passwords,
            rates,
            self._master_key,
            self.issuer,
            self.grace,
            self._clock,
        )
        sessions = Sessions(self._master_key, lambda: self.issuer().startswith("https:"))
        return routes(server, sessions, rates)

    async def rotate(self) -> int:
        """A chore: give a key that is old a successor, and take down those that have one. Returns how many."""
        return await self._keys.rotate()

    async def sweep(self) -> int:
        """A chore: remove codes, grants and revocations that ended long ago. Returns how many rows."""
        return await stored.sweep(self._database, self._clock.now())
