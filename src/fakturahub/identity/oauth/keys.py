"""The keys that tokens are signed with: RSA, made by the hub, sealed in the database, changed without anybody's doing.

A key is published `LEAD` before it signs, so that whoever keeps a copy of the key set (`PUBLISHED_FOR`) knows it in
time; it is taken down when the last token that it signed has ended. Every node looks each second, and at once for a
token whose key it does not know (at most once a second, so that made-up names cost nothing).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from joserfc import jws
from joserfc.jwk import RSAKey

from fakturahub.errors import InternalFault
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Clock
from fakturahub.storage import oauth_keys as stored
from fakturahub.storage.database import Database

#: the one algorithm: what is cheapest to check, and what every client knows
ALGORITHM = "RS256"
#: bits of a key
BITS = 2048
#: seconds for which others may keep the published keys
PUBLISHED_FOR = 600
#: how long a key is published before it signs
LEAD = timedelta(minutes=15)
#: age at which a key gets a successor
ROTATED_AFTER = timedelta(days=90)
#: how long a key stays published after another one took its place: the life of a token, and clocks that differ
RETIRED_AFTER = timedelta(minutes=15)


class Key(msgspec.Struct, frozen=True):
    """A key, ready for use."""

    kid: str
    signs_from: datetime
    private: RSAKey
    public: RSAKey
    #: as it is published (RFC 7517), without private members
    jwk: dict[str, Any]


class Keys:
    """The keys of this hub as one process knows them."""

    def __init__(self, database: Database, master_key: MasterKey, clock: Clock) -> None:
        self._database = database
        self._master_key = master_key
        self._clock = clock
        self._by_kid: dict[str, Key] = {}
        #: in the order in which they sign
        self._in_order: tuple[Key, ...] = ()

    async def refresh(self) -> None:
        """Know what is stored now. Raises `MasterKeyError` for a key that another master key sealed."""
        rows = await stored.listed(self._database)
        self.know([self._opened(row) for row in rows])

    def know(self, keys: Sequence[Key]) -> None:
        """Take these for all keys there are, in the order in which they sign."""
        self._in_order = tuple(keys)
        self._by_kid = {key.kid: key for key in keys}

    async def prepare(self) -> None:
        """Have at least one key: the first of a hub signs at once."""
        await self.refresh()
        if not self._in_order:
            await stored.add(self._database, await self._made(lead=timedelta(0)), unless_newer_than=None)
            await self.refresh()

    async def rotate(self, *, after: timedelta = ROTATED_AFTER) -> int:
        """Make a successor to a key older than *after*, and take down what has been replaced; how many changed."""
        now = self._clock.now()
        changed = await stored.retire(self._database, now, RETIRED_AFTER)
        rows = await stored.listed(self._database)
        if rows and max(row.created_at for row in rows) <= now - after:
            changed += await stored.add(self._database, await self._made(lead=LEAD), unless_newer_than=now - after)
        return changed

    async def replace(self) -> None:
        """Make a key that signs at once, and take all others down: what they signed is refused from now on."""
        await stored.replace(self._database, await self._made(lead=timedelta(0)))

    @property
    def all(self) -> tuple[Key, ...]:
        """Those that are published, in the order in which they sign."""
        return self._in_order

    def verifying(self, kid: str) -> RSAKey | None:
        """The public key of that name, None where this process knows none."""
        key = self._by_kid.get(kid)
        return None if key is None else key.public

    def signed(self, claims: dict[str, Any], typ: str) -> str:
        """*claims* as a JWT under the key that signs now, its name in the header (RFC 7515, 7519)."""
        now = self._clock.now()
        due = [key for key in self._in_order if key.signs_from <= now]
        if not due:
            raise InternalFault("The hub has no key to sign tokens with.")
        header = {"typ": typ, "alg": ALGORITHM, "kid": due[-1].kid}
        return jws.serialize_compact(header, msgspec.json.encode(claims), due[-1].private, algorithms=[ALGORITHM])

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """The key set as others read it (RFC 7517, 5)."""
        return {"keys": [key.jwk for key in self._in_order]}

    async def _made(self, *, lead: timedelta) -> stored.KeyRow:
        now = self._clock.now()
        key = await asyncio.to_thread(RSAKey.generate_key, BITS)
        kid = f"{now:%Y%m%d}-{secrets.token_urlsafe(9)}"
        sealed = self._master_key.seal(key.as_pem(private=True).decode("ascii"), _context(kid))
        public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM}
        return stored.KeyRow(kid=kid, public=public, sealed=sealed, created_at=now, signs_from=now + lead)

    def _opened(self, row: stored.KeyRow) -> Key:
        known = self._by_kid.get(row.kid)
        if known is not None:  # opening one takes a millisecond; only when it signs may change
            return (
                known
                if known.signs_from == row.signs_from
                else msgspec.structs.replace(known, signs_from=row.signs_from)
            )
        private = RSAKey.import_key(self._master_key.unseal(row.sealed, _context(row.kid)))
        # from the sealed half: what somebody wrote into the other column is published, but opens nothing here
        public = RSAKey.import_key(private.as_dict(private=False))
        return Key(kid=row.kid, signs_from=row.signs_from, private=private, public=public, jwk=row.public)


def _context(kid: str) -> str:
    return f"oauth_key/{kid}"
