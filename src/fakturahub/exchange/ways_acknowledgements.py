"""The way of an acknowledgement: the address that a company has given for them, and its credentials where they fit.

Settings of ``[company.pagero.push]`` hold for an acknowledgement only where both go to the same origin (scheme, host
and port): a credential is never shown to another server than the one it was given for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from fakturahub.config import HttpPush
from fakturahub.errors import InternalFault, MasterKeyError
from fakturahub.exchange.acknowledgements import url_of
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.ways_http import PATH, push_of
from fakturahub.identity.companies import Companies, Company
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed_part
from fakturahub.model.ways import HttpWay
from fakturahub.storage.outgoing import Claimed

_PORTS = {"http": 80, "https": 443}


class AcknowledgementWays:
    """Ways of acknowledgements. A company's way is the same object until its settings change."""

    def __init__(self, companies: Companies, master_key: MasterKey) -> None:
        self._companies = companies
        self._master_key = master_key
        self._known: dict[UUID, tuple[str, Mapping[str, Any] | None, HttpWay]] = {}

    def way_of(self, claimed: Claimed) -> HttpWay | Withheld:
        """The way back to the sender, or why there is none."""
        company = self._companies.get(claimed.company_id)
        if company is None:
            return Withheld(
                "The sender is no company of this hub any more. Provision it again and release the delivery, or cancel "
                "the delivery."
            )
        url, push = url_of(company), push_of(company)
        if url is None:
            self._known.pop(company.id, None)
            return Withheld(
                f"Company {company.key} has no acknowledgements_url under [company.pagero] any more. Provision it "
                f"again and release the delivery, or cancel the delivery."
            )
        known = self._known.get(company.id)
        # Settings are replaced as a whole when they change, never written into.
        if known is not None and known[0] == url and known[1] is push:
            return known[2]
        try:
            way = HttpWay(self._settings(company, url, push))
        except (MasterKeyError, InternalFault) as error:
            return Withheld(
                f"[company.pagero.push] of company {company.key} cannot be used: {error.reason} Apply the provisioning "
                f"file anew and release the delivery."
            )
        self._known[company.id] = (url, push, way)
        return way

    def _settings(self, company: Company, url: str, push: Mapping[str, Any] | None) -> HttpPush:
        if push is None or origin_of(url) != origin_of(push["url"]):
            return HttpPush(url=url)
        settings = revealed_part(HttpPush, push, PATH, master_key=self._master_key, context=f"company/{company.key}")
        # What depends on the document that is pushed, and what its server says of it, holds for documents only.
        plain = HttpPush(url=url)
        return msgspec.structs.replace(
            settings,
            url=url,
            method=plain.method,
            content_type=plain.content_type,
            document_headers=plain.document_headers,
            missing_header=plain.missing_header,
            success=plain.success,
            attachments=plain.attachments,
        )


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of *url* (RFC 6454, 4)."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(scheme, 0)
