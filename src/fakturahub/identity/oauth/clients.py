"""Who may ask for tokens: the clients of companies, and applications.

A company's section for a dialect may name a client (``client_id``, ``client_secret``, ``redirect_uris``): it acts for
users of that company, by the code, the password and the refresh grant, in that dialect alone, which is the audience of
its tokens. An ``[[application]]`` acts for itself, by client credentials, for the audiences and scopes it was given.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from fakturahub.identity.companies import Companies, Company

#: what a company's client may ask for: everything, which is also what it gets unasked, and an id token beside it
ALL, OPENID = "all", "openid"

CODE, PASSWORD, REFRESH, CREDENTIALS = "authorization_code", "password", "refresh_token", "client_credentials"
BASIC, POST = "client_secret_basic", "client_secret_post"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client, with the methods by which Authlib asks about it (its ``ClientMixin``)."""

    client_id: str
    secret_hash: str
    grants: frozenset[str]
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    #: for whom a company's client acts; None for an application
    company: Company | None = None
    #: the dialect whose section names it
    dialect: str | None = None
    redirect_uris: tuple[str, ...] = ()
    #: which tenants an application sees; empty: any
    tenants: tuple[str, ...] = ()

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """RFC 6749, 3.1.2.3: a request may leave the address out where there is no choice."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly one of those that are registered (RFC 9700, 2.1)."""
        return redirect_uri in self.redirect_uris

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in (BASIC, POST)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and CODE in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scope of a token, None where more is asked for than is allowed (RFC 6749, 3.3)."""
        if not scope:
            return "" if self.company is not None else " ".join(self.scopes)
        wanted = scope.split(" ")
        return scope if "" not in wanted and set(wanted) <= set(self.scopes) else None


class Clients:
    """The clients among the companies and settings that a process knows."""

    def __init__(self, companies: Companies, dialects: Collection[str]) -> None:
        """``dialects``: those whose sections name clients."""
        self._companies = companies
        self._dialects = tuple(dialects)

    def get(self, client_id: str) -> Client | None:
        """The client of that id; an application before a company's, where both should be stored."""
        application = self._companies.setting("application", client_id)
        if application:  # one that was removed is an empty row
            return Client(
                client_id=client_id,
                secret_hash=application.get("client_secret") or "",
                grants=frozenset({CREDENTIALS}),
                scopes=tuple(application.get("scopes", ())),
                audiences=tuple(application.get("audiences", ())),
                tenants=tuple(application.get("tenants", ())),
            )
        for dialect in self._dialects:
            company = self._companies.by_credential(f"oauth/{dialect}", client_id)
            if company is not None:
                section = company.section(dialect)
                return Client(
                    client_id=client_id,
                    secret_hash=section.get("client_secret") or "",
                    grants=frozenset({CODE, PASSWORD, REFRESH}),
                    scopes=(ALL, OPENID),
                    audiences=(dialect,),
                    company=company,
                    dialect=dialect,
                    redirect_uris=tuple(section.get("redirect_uris", ())),
                )
        return None
