"""The users for whom a company's client may act, and how they sign in: by password, held off when they fail too often.

Users are the persons of the company (``[[company.user]]``), known by their mail address, and the account of the
dialect itself (``username`` in ``[company.pagero]``). A reader changes nothing and so lets no client in.
"""

from __future__ import annotations

import hashlib

import msgspec

from fakturahub.identity.companies import Company
from fakturahub.identity.oauth.clients import Client
from fakturahub.identity.passwords import PasswordCheck
from fakturahub.identity.rates import Rates

#: characters of a user name and of a password that are looked at
MOST = 1_024


class Person(msgspec.Struct, frozen=True):
    """A user who proved who he is, or did so before."""

    company: Company
    #: as it is stored
    login: str
    #: changes with the password: what was granted under another one has ended
    mark: str

    @property
    def subject(self) -> str:
        """Who the user is among all of the hub; ``sub`` of tokens."""
        return f"{self.company.key}/{self.login}"


def _credentials(client: Client, login: str) -> tuple[str, str | None] | None:
    """The stored name and the hash for a user of the client's company; None where there is none."""
    company = client.company
    if company is None:
        return None
    section = company.section(client.dialect or "")
    if section.get("username") == login:
        return login, section.get("password")
    for user in company.settings.get("user", ()):
        if user["email"].casefold() == login.casefold() and user.get("role") != "reader":
            return user["email"], user.get("password")
    return None


def known(client: Client, login: str) -> Person | None:
    """A user of the client's company as he is now; None where he is gone or may not let clients in any more."""
    found = _credentials(client, login)
    if found is None or found[1] is None or client.company is None:
        return None
    return Person(client.company, found[0], _mark(found[1]))


def _mark(hashed: str) -> str:
    return hashlib.sha256(hashed.encode()).hexdigest()[:32]


async def sign_in(
    client: Client, login: str, password: str, address: str, passwords: PasswordCheck, rates: Rates
) -> Person | None:
    """The user with that name and password, None for any other; one takes as long as the other.

    Raises `RateLimited` where the address or the user name failed too often, and `Overloaded`.
    """
    login, password = login[:MOST], password[:MOST]
    found = _credentials(client, login)
    user = f"{client.client_id}\0{(found[0] if found else login).casefold()}"
    hashed = found[1] if found else None
    if not passwords.remembers(user, password, hashed):
        rates.failures.check(address)
        rates.sign_ins.check(user)
        if not await passwords.matches(user, password, hashed):
            rates.sign_ins.spend(user)
            rates.failures.spend(address)
            return None
    return known(client, login)
