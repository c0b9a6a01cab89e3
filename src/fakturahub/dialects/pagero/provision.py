"""Pagero's sections of the provisioning file."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fakturahub.config import DialectSection, HttpPush
from fakturahub.config.kinds import ClientId, Hashed, RedirectUri, Text, Url, Username
from fakturahub.exchange import terms


class PageroCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.pagero]``: how the company signs in to the Interchange and the APIs, and how it is reached.

    ``username`` and ``password`` are those of Basic authentication and of the password grant; ``client_id`` and
    ``client_secret`` those of OAuth2 (specs/pagero.md, section 3).
    """

    username: Annotated[Username, Meta(extra={"unique": "user name"})]
    password: Hashed
    client_id: ClientId | None = None
    client_secret: Hashed | None = None
    redirect_uris: tuple[RedirectUri, ...] = ()
    #: the File API's sendingCompanyId; without one the hub makes it
    company_id: Annotated[Text, Meta(extra={"unique": "Pagero company id"})] | None = None
    #: Technical Acknowledgements are posted here and nowhere else
    acknowledgements_url: Url | None = None
    #: how received documents are posted to the company
    push: HttpPush | None = None

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        found = []
        if self.client_id and not self.client_secret:
            found.append(("client_id", "needs `client_secret` as well"))
        if self.client_secret and not self.client_id:
            found.append(("client_secret", "needs `client_id` as well"))
        headers = {} if self.push is None else self.push.document_headers
        found += [
            ("push", f"`document_headers`: what `{name}` is taken from {fault}")
            for name, term in headers.items()
            if (fault := terms.fault_in(term))
        ]
        return found


class PageroHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.pagero]``."""


COMPANY_SECTION: type[PageroCompany] = PageroCompany
HUB_SECTION: type[PageroHub] = PageroHub
