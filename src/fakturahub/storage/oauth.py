"""Authorization codes, the grants they become, and what was revoked. Codes and tokens are known by their SHA-256."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fakturahub.storage.database import Database
from fakturahub.storage.tables import oauth_code, oauth_grant, oauth_revoked

#: how long a code is kept after it ended, so that a second use of it is noticed
CODES_KEPT = timedelta(days=1)
#: how long a grant that ended or was revoked is kept
GRANTS_KEPT = timedelta(days=30)
#: rows that one look for revocations reads
REVOKED_AT_ONCE = 100_000


class CodeRow(msgspec.Struct, frozen=True):
    hash: bytes
    grant_id: UUID
    client_id: str
    company_id: UUID
    login: str
    mark: str
    scope: str
    redirect_uri: str | None
    code_challenge: str | None
    nonce: str | None
    signed_in_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class GrantRow(msgspec.Struct, frozen=True):
    id: UUID
    client_id: str
    company_id: UUID
    login: str
    mark: str
    scope: str
    signed_in_at: datetime
    refresh_hash: bytes
    refreshed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class RevokedRow(msgspec.Struct, frozen=True):
    kind: Literal["grant", "token"]
    value: str
    made_at: datetime
    until: datetime


_CODE = [oauth_code.c[name] for name in CodeRow.__struct_fields__]
_GRANT = [oauth_grant.c[name] for name in GrantRow.__struct_fields__]
_REVOKED = [oauth_revoked.c[name] for name in RevokedRow.__struct_fields__]


async def put_code(database: Database, row: CodeRow) -> None:
    """Store a new code."""
    async with database.begin() as connection:
        await connection.execute(sa.insert(oauth_code), msgspec.structs.asdict(row))


async def code(database: Database, hash_: bytes) -> CodeRow | None:
    """The code with this SHA-256, used or not, ended or not."""
    async with database.begin() as connection:
        row = (await connection.execute(sa.select(*_CODE).where(oauth_code.c.hash == hash_))).one_or_none()
    return None if row is None else CodeRow(*row)


async def redeem(database: Database, hash_: bytes, grant: GrantRow) -> bool:
    """Use a code up and store the grant it becomes, or False where it was used before or has ended."""
    used = (
        sa.update(oauth_code)
        .where(oauth_code.c.hash == hash_, oauth_code.c.used_at.is_(None), oauth_code.c.expires_at > grant.refreshed_at)
        .values(used_at=grant.refreshed_at)
    )
    async with database.begin() as connection:
        if (await connection.execute(used)).rowcount != 1:
            return False
        await connection.execute(sa.insert(oauth_grant), msgspec.structs.asdict(grant))
        return True


async def put_grant(database: Database, grant: GrantRow) -> None:
    """Store a grant that no code stands before."""
    async with database.begin() as connection:
        await connection.execute(sa.insert(oauth_grant), msgspec.structs.asdict(grant))


async def grant(database: Database, id_: UUID) -> GrantRow | None:
    """The grant with this id, revoked or not, ended or not."""
    async with database.begin() as connection:
        row = (await connection.execute(sa.select(*_GRANT).where(oauth_grant.c.id == id_))).one_or_none()
    return None if row is None else GrantRow(*row)


async def rotate(database: Database, id_: UUID, old: bytes, new: bytes, *, now: datetime, expires_at: datetime) -> bool:
    """Put the refresh token with SHA-256 *new* in the place of *old*; False where *old* is not the good one any more.

    Of several that use the same token at the same time, one is right.
    """
    changed = (
        sa.update(oauth_grant)
        .where(
            oauth_grant.c.id == id_,
            oauth_grant.c.refresh_hash == old,
            oauth_grant.c.revoked_at.is_(None),
            oauth_grant.c.expires_at > now,
        )
        .values(refresh_hash=new, refreshed_at=now, expires_at=expires_at)
    )
    async with database.begin() as connection:
        return (await connection.execute(changed)).rowcount == 1


async def revoke_grant(database: Database, id_: UUID, *, now: datetime, until: datetime) -> None:
    """End a grant; its access tokens are refused until the last of them would have ended, at *until*."""
    async with database.begin() as connection:
        await connection.execute(
            sa.update(oauth_grant)
            .where(oauth_grant.c.id == id_, oauth_grant.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        await _revoke(connection, "grant", str(id_), until)


async def revoke_token(database: Database, id_: str, *, until: datetime) -> None:
    """Have one access token refused until it would have ended by itself."""
    async with database.begin() as connection:
        await _revoke(connection, "token", id_, until)


async def _revoke(connection: AsyncConnection, kind: str, value: str, until: datetime) -> None:
    row = {"kind": kind, "value": value, "until": until}
    # made anew, and so seen by nodes that read on from the newest
    await connection.execute(
        insert(oauth_revoked)
        .values(row)
        .on_conflict_do_update(
            index_elements=[oauth_revoked.c.kind, oauth_revoked.c.value],
            set_={"until": sa.func.greatest(oauth_revoked.c.until, until), "made_at": sa.func.now()},
        )
    )


async def revoked_since(database: Database, since: datetime | None) -> list[RevokedRow]:
    """What was revoked at or after *since*, the oldest first; everything where that is None."""
    query = sa.select(*_REVOKED).order_by(oauth_revoked.c.made_at).limit(REVOKED_AT_ONCE)
    if since is not None:
        query = query.where(oauth_revoked.c.made_at >= since)
    async with database.begin() as connection:
        return [RevokedRow(*row) for row in await connection.execute(query)]


async def sweep(database: Database, now: datetime) -> int:
    """Remove what has ended long ago; returns how many rows."""
    async with database.begin() as connection:
        statements = (
            sa.delete(oauth_code).where(oauth_code.c.expires_at < now - CODES_KEPT),
            sa.delete(oauth_grant).where(oauth_grant.c.expires_at < now - GRANTS_KEPT),
            sa.delete(oauth_grant).where(oauth_grant.c.revoked_at < now - GRANTS_KEPT),
            sa.delete(oauth_revoked).where(oauth_revoked.c.until < now),
        )
        return sum([int((await connection.execute(one)).rowcount) for one in statements])
