"""The companies of this hub as a node knows them: kept in memory, brought up to date every second.

Authentication and routing look here and never in the database, so a request costs a dictionary look-up. A change that
was applied anywhere is in force on every node within `REFRESH` seconds and a database round trip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from fakturahub import telemetry
from fakturahub.clock import zone_for
from fakturahub.config import routing_form
from fakturahub.errors import DatabaseUnavailable
from fakturahub.identity.register import Register
from fakturahub.identity.register import compact as compact  # told apart by it, here and where documents are routed
from fakturahub.storage import companies as stored
from fakturahub.storage.database import Database

#: seconds between two looks for changes
REFRESH = 1.0

log = telemetry.logger("identity.companies")


#: the ways of a company that names none
WAYS = ("network", "email", "print")


class Participant(msgspec.Struct, frozen=True):
    """A receiver outside this hub, as the address register has it."""

    name: str
    business_id: str | None = None
    country: str | None = None
    #: each with ``address`` and, where known, ``operator`` and ``operator_id``
    addresses: tuple[Mapping[str, str], ...] = ()


class Company(msgspec.Struct, frozen=True):
    """A company of this hub. ``settings`` is its table of the provisioning file with secrets hashed or sealed."""

    id: UUID
    key: str
    name: str
    country: str
    zone: ZoneInfo
    #: routing forms of its electronic addresses, the default one first
    addresses: tuple[str, ...]
    business_id: str | None
    vat_id: str | None
    contracts: frozenset[str]
    receive_as: str
    test_mode: bool
    seller_mismatch: str
    #: what becomes of a document that breaks rules: reject, warn, or off for documents that are not checked
    validation: str
    #: of what the hub explains to it, ISO 639-1
    language: str
    #: how what it sends may leave: network, email, print
    ways: frozenset[str]
    settings: Mapping[str, Any]

    def section(self, dialect: str) -> Mapping[str, Any]:
        """The company's section for a dialect, empty where it has none."""
        section: Mapping[str, Any] = self.settings.get(dialect) or {}
        return section

    @property
    def users(self) -> Sequence[Mapping[str, Any]]:
        """The people who work for it, as they are stored."""
        users: Sequence[Mapping[str, Any]] = self.settings.get("user") or ()
        return users


def company_of(row: stored.CompanyRow) -> Company:
    """The company that a stored row describes."""
    settings = row.settings
    return Company(
        id=row.id,
        key=row.key,
        name=settings["name"],
        country=settings["country"],
        zone=zone_for(settings["country"], settings.get("timezone")),
        addresses=tuple(routing_form(address) for address in settings.get("addresses", ())),
        business_id=settings.get("business_id"),
        vat_id=settings.get("vat_id"),
        contracts=frozenset(settings.get("contracts", ())),
        receive_as=settings.get("receive_as") or "original",
        test_mode=bool(settings.get("test_mode")),
        seller_mismatch=settings.get("seller_mismatch") or "warn",
        validation=settings.get("validation") or "reject",
        language=settings.get("language") or "en",
        ways=frozenset(settings.get("ways") or WAYS),
        settings=settings,
    )


class Companies:
    """All companies and hub settings of one moment, with the indexes that requests need."""

    def __init__(
        self, credential_names: Mapping[str, str], other_names: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """``credential_names``: for each dialect the key of its section that a caller is known by.

        A dialect may have several kinds of name; what stands before a slash tells them apart, as in ``oauth/pagero``.

        ``other_names``: for each dialect the key of a name that others know the company by.
        """
        self._credential_names = credential_names
        self._other_names = other_names
        self._version = 0
        self._by_id: dict[UUID, Company] = {}
        self._by_address: dict[str, UUID] = {}
        self._by_business_id: dict[str, set[UUID]] = {}
        self._by_vat_id: dict[str, set[UUID]] = {}
        self._by_credential: dict[tuple[str, str], UUID] = {}
        self._by_other_name: dict[tuple[str, str], UUID] = {}
        self._by_user: dict[str, set[UUID]] = {}
        #: companies that receive and participants outside the hub, by business id and by name
        self.register = Register()
        self._settings: dict[tuple[str, str], Any] = {}
        self._dialect_of_host: dict[str, str] = {}
        self._test_hosts: frozenset[str] = frozenset()
        self._participants: dict[str, list[Participant]] = {}

    @property
    def version(self) -> int:
        return self._version

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Company]:
        return iter(self._by_id.values())

    def get(self, company_id: UUID) -> Company | None:
        return self._by_id.get(company_id)

    def by_credential(self, dialect: str, name: str) -> Company | None:
        """The company that calls itself *name* in a dialect."""
        company_id = self._by_credential.get((dialect, name))
        return None if company_id is None else self._by_id[company_id]

    def by_other_name(self, dialect: str, name: str) -> Company | None:
        """The company that others call *name* in a dialect; its id where its section gives it no such name."""
        company_id = self._by_other_name.get((dialect, name))
        return None if company_id is None else self._by_id[company_id]

    def by_user(self, email: str) -> list[Company]:
        """The companies that a user works for, by their keys; the case of an e-mail address does not matter."""
        found = [self._by_id[one] for one in self._by_user.get(email.casefold(), ())]
        return sorted(found, key=lambda company: company.key)

    def by_address(self, address: str) -> Company | None:
        """The company with an electronic address, given in routing form."""
        company_id = self._by_address.get(address)
        return None if company_id is None else self._by_id[company_id]

    def by_business_id(self, business_id: str) -> list[Company]:
        """The companies with a business id, in whatever way it is written."""
        return self._found(self._by_business_id, business_id)

    def by_vat_id(self, vat_id: str) -> list[Company]:
        """The companies with a VAT id, in whatever way it is written."""
        return self._found(self._by_vat_id, vat_id)

    def _found(self, index: Mapping[str, set[UUID]], identifier: str) -> list[Company]:
        number = compact(identifier)
        # what has neither letters nor digits, such as a dash, names nobody
        found = [self._by_id[one] for one in index.get(number, ())] if number else []
        return sorted(found, key=lambda company: company.key)

    def by_name(self, name: str) -> list[Company]:
        """The companies of that name, whatever its case; a look at each of them."""
        wanted = name.casefold().strip()
        return sorted((one for one in self if one.name.casefold() == wanted), key=lambda company: company.key)

    def participants(self, number_or_name: str) -> list[Participant]:
        """Receivers outside this hub with that business id, address or name, in whatever way it is written."""
        if not self._participants:
            return []
        return self._participants.get(compact(number_or_name)) or self._participants.get(number_or_name.casefold(), [])

    def first_with(self, dialect: str) -> Company | None:
        """The first company that has a section for a dialect, by its key."""
        return min((one for one in self._by_id.values() if one.section(dialect)), key=lambda one: one.key, default=None)

    def hosts_of(self, dialect: str) -> list[str]:
        """The host names at whose root a dialect answers."""
        return sorted(host for host, name in self._dialect_of_host.items() if name == dialect)

    def setting(self, section: str, key: str = "") -> Any:
        """A stored setting that is not a company's, None where there is none."""
        return self._settings.get((section, key))

    def dialect_of_host(self, host: str) -> str | None:
        """The dialect that answers at the root of *host*, a Host header with or without a port."""
        if not self._dialect_of_host:
            return None
        return self._dialect_of_host.get(_host_name(host))

    def is_test_host(self, dialect: str, host: str) -> bool:
        """Whether what is sent to *dialect* under *host*, a Host header, is a test: nothing of it leaves the hub."""
        if not self._test_hosts:
            return False
        name = _host_name(host)
        return name in self._test_hosts and self._dialect_of_host.get(name) == dialect

    def apply(self, changes: stored.Changes) -> None:
        """Take over what changed. One step without an await: a request sees all of a change or nothing."""
        # all are read before the first counts: what cannot be read changes nothing
        for company in [company_of(row) for row in changes.companies]:
            known = self._by_id.get(company.id)
            if known is not None:
                self._forget(known)
            self._learn(company)
        for setting in changes.settings:
            self._settings[(setting.section, setting.key)] = setting.value
            if setting.section == "participant":
                self.register.put_participant(setting.key, setting.value)
        dialects = {name: value for (section, name), value in self._settings.items() if section == "dialects"}
        self._dialect_of_host = {
            _host_name(host): name
            for name, value in dialects.items()
            for host in (*value.get("hosts", ()), *value.get("test_hosts", ()))
        }
        self._test_hosts = frozenset(
            _host_name(host) for value in dialects.values() for host in value.get("test_hosts", ())
        )
        if any(setting.section == "participant" for setting in changes.settings):
            self._learn_participants()
        self._version = changes.version

    def _credentials(self, company: Company) -> Iterable[tuple[str, str]]:
        for dialect, key in self._credential_names.items():
            name = company.section(dialect.rpartition("/")[2]).get(key)
            if name:
                yield dialect, name

    def _other(self, company: Company) -> Iterable[tuple[str, str]]:
        for dialect, key in self._other_names.items():
            section = company.section(dialect)
            if section:
                yield dialect, section.get(key) or str(company.id)

    def _learn(self, company: Company) -> None:
        self._by_id[company.id] = company
        for address in company.addresses:
            self._by_address[address] = company.id
        if company.business_id:
            self._by_business_id.setdefault(compact(company.business_id), set()).add(company.id)
        if company.vat_id:
            self._by_vat_id.setdefault(compact(company.vat_id), set()).add(company.id)
        for credential in self._credentials(company):
            self._by_credential[credential] = company.id
        for other in self._other(company):
            self._by_other_name[other] = company.id
        for user in company.users:
            self._by_user.setdefault(user["email"].casefold(), set()).add(company.id)
        if "receive" in company.contracts:
            stated = company.settings.get("addresses", ())  # as they are written, not in routing form
            self.register.put_company(company.id, company.name, company.business_id, company.country, stated)

    def _learn_participants(self) -> None:
        self._participants = {}
        for (section, _), value in sorted(self._settings.items()):
            if section == "participant":
                one = msgspec.convert(value, Participant)
                numbers = [one.business_id or "", *(address.get("address", "") for address in one.addresses)]
                for number in dict.fromkeys([*map(compact, numbers), one.name.casefold()]):
                    if number:
                        self._participants.setdefault(number, []).append(one)

    def _forget(self, company: Company) -> None:
        for address in company.addresses:
            if self._by_address.get(address) == company.id:
                del self._by_address[address]
        if company.business_id:
            self._by_business_id[compact(company.business_id)].discard(company.id)
        if company.vat_id:
            self._by_vat_id[compact(company.vat_id)].discard(company.id)
        for credential in self._credentials(company):
            if self._by_credential.get(credential) == company.id:
                del self._by_credential[credential]
        for other in self._other(company):
            if self._by_other_name.get(other) == company.id:
                del self._by_other_name[other]
        for user in company.users:
            self._by_user[user["email"].casefold()].discard(company.id)
        self.register.drop_company(company.id)


def _host_name(host: str) -> str:
    """The name in a Host header: without its port, in lower case, without a dot at its end."""
    name = host.rsplit(":", 1)[0] if host[-1:] != "]" else host
    return name.lower().rstrip(".")


async def refresh(database: Database, companies: Companies) -> bool:
    """Bring *companies* up to date; True where something had changed."""
    if await stored.version(database) == companies.version:
        return False
    companies.apply(await stored.changes_since(database, companies.version))
    return True


async def keep_fresh(database: Database, companies: Companies) -> None:
    """Refresh for ever. While the database is away, or holds what cannot be read, what was known last holds."""
    while True:
        await asyncio.sleep(REFRESH)
        try:
            if await refresh(database, companies):
                log.info("settings changed", version=companies.version, companies=len(companies))
        except DatabaseUnavailable:
            log.warning("settings not refreshed: the database is unavailable")
        except Exception:  # a node that stopped looking would serve by old settings, and nobody would know
            log.exception("settings not refreshed")
