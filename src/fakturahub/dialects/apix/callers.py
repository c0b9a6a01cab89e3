"""Who calls: a company by its TransferID, or a user of a company by an e-mail address (specification 3)."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request

from fakturahub.dialects.apix import auth
from fakturahub.dialects.apix.auth import Parameter, Query
from fakturahub.dialects.apix.provision import ApixHub
from fakturahub.dialects.surface import Parts, call_of
from fakturahub.errors import NoContract, NotAuthenticated
from fakturahub.identity import password_digests
from fakturahub.identity.companies import Company
from fakturahub.identity.stored_settings import revealed

#: what a contract is called where one is missing
CONTRACTS = {"send": "sending", "receive": "receiving"}


class Callers:
    """What every call begins with: whose it is, that it is signed and of now, and that the company may make it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stored: object = None
        self._hub = ApixHub()

    @property
    def hub(self) -> ApixHub:
        """``[dialects.apix]`` as it is in force."""
        stored = self._parts.companies.setting("dialects", "apix")
        if stored is not self._stored:
            self._stored = stored
            self._hub = revealed(ApixHub, stored, master_key=self._parts.master_key, context="apixhub")
        return self._hub

    @property
    def window(self) -> timedelta:
        """How far a time stamp may be off."""
        return self.hub.clock_window

    def company(self, request: Request, *, contract: str | None) -> tuple[Company, Query]:
        """The company that signed the request with its TransferKey, and the parameters.

        Raises `NotAuthenticated`, `ClockSkew`, `BadRequest`, `RateLimited`, and `NoContract` where it has no such
        *contract*.
        """
        query, path = Query(request.scope["query_string"]), request.scope["path"]
        values = auth.signed(query, path)
        transfer_id = query.get("TraID", "uid") if ("TraID", "uid") in auth.SIGNED[path] else query.get("TraID")
        company = self._known(transfer_id)
        auth.check_digest(query, values, None if company is None else self.transfer_key(company))
        self.check_clock(values[-1])
        if company is None:
            raise NotAuthenticated("There is no such TransferID.")
        call_of(request).authenticated(company, self._parts.rates)
        if contract is not None and contract not in company.contracts:
            raise NoContract(f"{company.name} has no contract for {CONTRACTS[contract]}.")
        return company, query

    def _known(self, transfer_id: Parameter) -> Company | None:
        found = (self._parts.companies.by_credential("apix", one) for one in transfer_id.readings)
        return next((one for one in found if one is not None), None)

    def companies_of_user(self, request: Request) -> tuple[list[tuple[Company, str]], Query]:
        """The companies for which a user signed the request with a password, each with the user's role.

        By the keys of the companies; never none. Raises `NotAuthenticated`, `ClockSkew`, `BadRequest`.
        """
        query = Query(request.scope["query_string"])
        values = auth.signed(query, request.scope["path"])
        emails = {one.casefold() for one in query.get("uid").readings}
        known = {company.id: company for email in emails for company in self._parts.companies.by_user(email)}
        fitting: list[tuple[Company, str]] = []
        checked = False
        for company in sorted(known.values(), key=lambda company: company.key):
            for user in company.users:
                if user["email"].casefold() in emails and company.section("apix"):
                    secret = password_digests.opened(company.key, user, self._parts.master_key)
                    checked = True
                    if auth.fits(query, values, secret or "\0") and secret is not None:
                        fitting.append((company, user.get("role") or "company"))
        if not checked:
            auth.fits(query, values, "\0")  # it takes as long for one who does not exist
        if not fitting:
            raise NotAuthenticated(auth.REFUSAL)
        self.check_clock(values[-1])
        return fitting, query

    def check_clock(self, stamp: Parameter) -> None:
        """Raise `ClockSkew` or `BadRequest` for a time stamp that is off, or is none."""
        auth.check_clock(stamp, self._parts.clock.now(), self.window)

    def transfer_key(self, company: Company) -> str:
        """The shared secret of a company with Apix."""
        sealed = company.section("apix")["transfer_key"]
        return self._parts.master_key.unseal(sealed, f"company/{company.key}/apix.transfer_key")
