"""Vertex' sections of the provisioning file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fakturahub.config import DialectSection
from fakturahub.config.kinds import ClientId, Hashed, Token, Url


class VertexCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.vertex]``: the tenant and its own e-invoicing credential (specs/vertex.md, section 2)."""

    tenant_id: Annotated[Token, Meta(extra={"unique": "tenant"})]
    client_id: ClientId
    client_secret: Hashed


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign issuer whose tokens are accepted, and where its public keys are."""

    issuer: Url
    jwks_url: Url


class VertexHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.vertex]``.

    ``validation_status`` and ``replay_status`` are answers of HTTP that clients disagree about (specs/vertex.md, 8 and
    4.1); ``mask_secrets`` hides the credential that the contract echoes in full.
    """

    issuers: tuple[Issuer, ...] = ()
    #: the token endpoint that callbacks name for a tenant
    tenant_token_url: Url | None = None
    validation_status: Literal[422, 400] = 422
    replay_status: Literal[200, 201] = 200
    mask_secrets: bool = False


COMPANY_SECTION: type[VertexCompany] = VertexCompany
HUB_SECTION: type[VertexHub] = VertexHub
