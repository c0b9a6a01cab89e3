"""Parcels for a peer, and a channel that takes this machine for a target like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from fakturahub.channels.http import HttpChannel
from fakturahub.config import HttpPush, Secret
from fakturahub.model import Content, Heading, Kind, Parcel
from fakturahub.model.ways import HttpWay
from fakturahub.outbound.tokens import Tokens
from tests.unit.outbound.calling import Names, calling

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = 'pä"ss&word'
DOCUMENT = "<Invoice>å</Invoice>".encode()


def push(url: str, **more: Any) -> HttpWay:
    """A way; *more* are settings of the push."""
    return HttpWay(HttpPush(url=url, **more))


def basic(url: str, **more: Any) -> HttpWay:
    return push(url, auth="basic", username="hub", password=Secret(PASSWORD), **more)


def oauth2(url: str, token_url: str, **more: Any) -> HttpWay:
    secret = Secret("client-s3cret")
    return push(url, auth="oauth2", token_url=token_url, client_id="hub", client_secret=secret, **more)


def parcel(
    way: HttpWay,
    *,
    id_: UUID | None = None,
    attempt: int = 1,
    data: bytes = DOCUMENT,
    media_type: str = "application/xml",
    terms: Mapping[str, str | None] | None = None,
) -> Parcel[HttpWay]:
    return Parcel(
        delivery_id=id_ or uuid4(),
        document_id=uuid4(),
        attempt=attempt,
        at=NOW,
        way=way,
        content=Content(data, "x.xml", media_type),
        heading=Heading(kind=Kind.INVOICE, number="1"),
        terms=terms or {},
    )


@asynccontextmanager
async def channel(names: Names | None = None, **more: Any) -> AsyncIterator[HttpChannel]:
    async with calling(names, **more) as client:
        tokens = Tokens(client)
        try:
            yield HttpChannel(client, tokens)
        finally:
            await tokens.close()
