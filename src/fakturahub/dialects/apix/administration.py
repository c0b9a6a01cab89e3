"""Who a company is, what it has left, where it gets its mail: the administrative calls (specification 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.config import forms
from fakturahub.dialects.apix import wire
from fakturahub.dialects.apix.auth import REFUSAL, Query
from fakturahub.dialects.apix.balance import balance_of, in_credits
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.apix.requests import BODY, Stated, groups_of
from fakturahub.dialects.apix.wire import Group
from fakturahub.dialects.surface import Parts, call_of, read_body
from fakturahub.errors import BadRequest, NotAuthenticated, NotFound, PermissionDenied
from fakturahub.exchange.notices import Notice
from fakturahub.identity.companies import Company, compact
from fakturahub.intake.limits import TEXT

#: language of a company -> the culture, as the operator's page writes it (specification 5.1 and 5.3)
CULTURES = {"fi": "fi_FI", "en": "en_US", "sv": "se_SE", "nb": "nb_NO", "da": "da_DK", "de": "de_DE"}
#: in the order in which they are answered
ADDRESS_TYPES = ("Official", "Billing", "Visiting")
#: what an id is by default
QUALIFIER = "y-tunnus"
#: groups of a registration: the company and its addresses
REGISTRATION_GROUPS = 10

_DAYS = re.compile(r"[0-5]")


class Administration:
    """The administrative calls."""

    def __init__(self, parts: Parts, callers: Callers) -> None:
        self._parts = parts
        self._callers = callers

    async def authuser(self, request: Request) -> Response:
        """``GET /authuser?uid&t&d``: the company of a user, and its addresses."""
        ((company, _), *_), _ = self._callers.companies_of_user(request)
        call_of(request).authenticated(company, self._parts.rates)
        return wire.ok("5000", [_company(company), *addresses(company)])

    async def app_transfer_id(self, request: Request) -> Response:
        """``GET /app-transferID?id&idq&uid&ts&d``: with which a company sends and receives."""
        companies, query = self._callers.companies_of_user(request)
        identifier = compact(query.get("id").form)
        # An operator's prefix may stand before the number (specification 4).
        found = next(
            (one for one in companies if (number := compact(one[0].business_id or "")) and identifier.endswith(number)),
            None,
        )
        if found is None:
            raise NotFound("No company of this user has that id.")
        company, role = found
        if role == "reader":
            raise PermissionDenied("A user who only reads does not get the key to send with.")
        call_of(request).authenticated(company, self._parts.rates)
        # Exactly these three: a client raises on any other (specification 2.2).
        group = [
            ("TransferID", company.section("apix")["transfer_id"]),
            ("TransferKey", self._callers.transfer_key(company)),
            ("UniqueCompanyID", unique_id(company)),
        ]
        return wire.ok("5000", [group])

    async def getcompanyinfo(self, request: Request) -> Response:
        """``GET /getcompanyinfo?TraID&t&d``: all about the company that calls."""
        company, _ = self._callers.company(request, contract=None)
        settings = company.settings
        # nobody knows who calls; who may do more comes first
        users = [
            user["email"] for user in sorted(company.users, key=lambda one: (one.get("role") == "reader", one["email"]))
        ]
        group = [
            ("Username", users[0] if users else settings.get("email") or ""),
            ("Email", settings.get("email") or ""),
            ("UniqueID", unique_id(company)),
            ("TransferId", company.section("apix")["transfer_id"]),
            ("TransferKey", self._callers.transfer_key(company)),
            ("y-tunnus", company.business_id or ""),
            ("Name", company.name),
            ("Language", CULTURES.get(company.language, company.language)),
            ("AdditionalName", settings.get("additional_name") or ""),
            ("WWW", settings.get("www") or ""),
            ("PhoneNumber", settings.get("phone") or ""),
            ("ContactPerson", settings.get("contact") or ""),
            ("EInvoiceAddress", wire.address_of((settings.get("addresses") or ("",))[0])),
            ("Saldo", in_credits(await balance_of(company, self._parts.balances))),
        ]
        return wire.ok("5P00", [group, *addresses(company)], texts=())

    async def saldo(self, request: Request) -> Response:
        """``GET /saldo?id``: what a company has left; nobody signs it, so it can be switched off."""
        identifier = Query(request.scope["query_string"]).get("id")
        if not self._callers.hub.saldo:
            raise PermissionDenied("The call for the balance is switched off; getcompanyinfo tells it.")
        known = (self._parts.companies.by_other_name("apix", one) for one in identifier.readings)
        company = next((one for one in known if one is not None), None)
        if company is None:
            raise NotAuthenticated(REFUSAL)  # counted as a failure: who guesses is held off
        # The company did not call, or nobody knows that it did: this is not taken from its quota.
        return wire.ok(
            "5000",
            [
                [
                    ("Saldo", in_credits(await balance_of(company, self._parts.balances))),
                    ("UniqueCompanyID", identifier.form),
                ]
            ],
        )

    async def email(self, request: Request) -> Response:
        """``PUT /email?uid&t&d``: where and when a company is told by mail of what it has not fetched."""
        company, _ = self._callers.company(request, contract="receive")
        stated = groups_of(await read_body(request, BODY))[0]
        before = await self._parts.notices.put(company.id, _notice(stated))
        registered = company.settings.get("email")
        return wire.ok("5000", [[("PreviousEmail", before.email or registered or wire.UNKNOWN)]])

    async def registration(self, request: Request) -> Response:
        """``PUT /registration?id&idq``: somebody asks to become a company; kept for the operator to decide."""
        query = Query(request.scope["query_string"])
        if not self._callers.hub.registration:
            raise PermissionDenied("Registration is switched off; ask the hub's operator.")
        identifier, qualifier = query.get("id").form.strip(), query.find("idq")
        qualified = qualifier.form.strip() if qualifier is not None else ""
        if not identifier or len(identifier) > TEXT.identifier or len(qualified) > TEXT.identifier:
            raise BadRequest(f"id and idq have between 1 and {TEXT.identifier} characters.")
        stated = groups_of(await read_body(request, BODY))
        if len(stated) > REGISTRATION_GROUPS:
            raise BadRequest(f"A registration has at most {REGISTRATION_GROUPS} groups.")
        if not stated[0].get("Name"):
            raise BadRequest("The first group of a registration states the Name of the company.")
        kept = [{name: value for name, value in group.items() if value} for group in stated]
        await self._parts.registrations.put(qualified or QUALIFIER, identifier, kept, call_of(request).address)
        return wire.ok("5000", [])


def unique_id(company: Company) -> str:
    """UniqueCompanyID: that of the settings, else the hub's own id of the company."""
    return str(company.section("apix").get("unique_company_id") or company.id)


def _company(company: Company) -> Group:
    """The first group of ``authuser``, in the order of the operator's table."""
    settings = company.settings
    return [
        ("Ytunnus", company.business_id or ""),
        ("Name", company.name),
        ("AdditionalName", settings.get("additional_name") or ""),
        ("CustomerNumber", settings.get("customer_number") or ""),
        ("UniqueCompanyID", unique_id(company)),
        ("Email", settings.get("email") or ""),
        ("Www", settings.get("www") or ""),
        ("Phonenumber", settings.get("phone") or ""),
        ("ContactPerson", settings.get("contact") or ""),
        ("LanguageCoded", company.language),
    ]


def addresses(company: Company) -> list[Group]:
    """A group for each address that the company states; its own fields are the official one."""
    settings = company.settings
    stated: dict[str, Mapping[str, Any]] = {"Official": settings}
    stated |= {one["type"]: one for one in settings.get("address") or ()}
    return [
        [
            ("AddressType", kind),
            ("Street1", stated[kind].get("street") or ""),
            ("Street2", stated[kind].get("street2") or ""),
            ("PostalOffice", stated[kind].get("city") or ""),
            ("PostalCode", stated[kind].get("post_code") or ""),
            ("Country", company.country),
        ]
        for kind in ADDRESS_TYPES
        if kind in stated and any(stated[kind].get(part) for part in ("street", "street2", "city", "post_code"))
    ]


def _notice(stated: Stated) -> Notice:
    """What a company wants, as it stated it. Raises `BadRequest`."""
    days = stated.get("DaysBeforeEmail") or "0"
    if not _DAYS.fullmatch(days):
        raise BadRequest("DaysBeforeEmail is a number from 0 (no mail at all) to 5.")
    email = stated.get("Email") or None
    if email is not None:
        try:
            forms.EMAIL.read(email)
        except ValueError as error:
            raise BadRequest(f"Email is not {forms.EMAIL.expected}.") from error
    return Notice(email, int(days))
