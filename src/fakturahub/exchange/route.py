"""Where a document goes, and whose it is: pure decisions over what the document states and who is known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

import msgspec

from fakturahub.config import routing_form
from fakturahub.identity.companies import Company, Participant, compact
from fakturahub.model import Identifier, PartyHeading

#: ISO 6523 code of the GLN
GLN = "0088"

# Countries of the schemes that business ids come under, to tell equal numbers of two countries apart: a Danish CVR and
# a Finnish y-tunnus both have eight digits. (EAS code list)
COUNTRY_OF_SCHEME = {
    "0002": "FR",
    "0007": "SE",
    "0009": "FR",
    "0060": "US",
    "0096": "DK",
    "0106": "NL",
    "0184": "DK",
    "0190": "NL",
    "0191": "EE",
    "0192": "NO",
    "0195": "SG",
    "0198": "DK",
    "0204": "DE",
    "0208": "BE",
    "0212": "FI",
    "0213": "FI",
    "0216": "FI",
    # what older syntaxes write in place of a code
    "DK:CVR": "DK",
    "NO:ORGNR": "NO",
    "SE:ORGNR": "SE",
}

#: The codes (EAS) of what older syntaxes write in their place: OIOUBL, EHF 2 and Svefaktura
CODE_OF = {
    "GLN": GLN,
    "DK:CVR": "0184",
    "DK:P": "0096",
    "DK:SE": "0198",
    "DUNS": "0060",
    "FI:OVT": "0216",
    "NO:ORGNR": "0192",
    "SE:ORGNR": "0007",
}
# A Danish number is written with its country before it, or without (Peppol, scheme 0184).
_DANISH = frozenset({"0184", "0198"})


class Known(Protocol):
    """What routing needs to know of the companies of this hub."""

    def by_address(self, address: str) -> Company | None: ...
    def by_business_id(self, business_id: str) -> list[Company]: ...
    def by_vat_id(self, vat_id: str) -> list[Company]: ...
    def by_name(self, name: str) -> list[Company]: ...
    def participants(self, number_or_name: str) -> list[Participant]: ...


class Route(msgspec.Struct, frozen=True):
    """A decision and its reason in words."""

    receiver: Company | None
    #: the identifier that decided
    address: str
    why: str


def _glns(party: PartyHeading) -> list[Identifier]:
    return [one for one in party.identifiers if one.scheme in (GLN, "GLN")]


def _other_addresses(identifier: Identifier) -> list[str]:
    """The electronic addresses that *identifier* may mean beside the one that it states, as they are compared."""
    found = []
    code = CODE_OF.get(identifier.scheme or "", identifier.scheme)
    if code != identifier.scheme:
        found.append(routing_form(f"{code}:{identifier.value}"))
    if code in _DANISH:
        bare = _without_country(identifier.value, "DK")
        found += [routing_form(f"{code}:{bare}"), routing_form(f"{code}:DK{bare}")]
    return found


def _is_of(identifier: Identifier, addresses: Collection[str]) -> bool:
    """Whether *identifier* may mean one of *addresses*."""
    if routing_form(str(identifier)) in addresses:
        return True
    return any(one in addresses for one in _other_addresses(identifier))


def _without_country(value: str, country: str | None) -> str:
    """*value* without the code of its *country* before the number, which some write and others do not."""
    number = value.strip()
    return number[2:] if country and number[:2].upper() == country and number[2:].strip().isdigit() else number


def _at(identifier: Identifier, known: Known) -> Company | None:
    """The company that has the electronic address *identifier*."""
    company = known.by_address(routing_form(str(identifier)))
    if company is not None:
        return company
    found = (known.by_address(one) for one in _other_addresses(identifier))
    return next((one for one in found if one is not None), None)


def _with_business_id(identifier: Identifier, party: PartyHeading, known: Known) -> list[Company]:
    found = known.by_business_id(identifier.value)
    country = COUNTRY_OF_SCHEME.get(identifier.scheme or "")
    bare = _without_country(identifier.value, country)
    if not found and bare != identifier.value:
        found = known.by_business_id(bare)
    return _in_country(found, party, identifier)


def _in_country(candidates: list[Company], party: PartyHeading, identifier: Identifier) -> list[Company]:
    country = COUNTRY_OF_SCHEME.get(identifier.scheme or "") or (party.country or "").upper()
    return [one for one in candidates if one.country == country] if country else candidates


def _registered(party: PartyHeading) -> list[Identifier]:
    """Further identifiers of schemes that business ids come under.

    An identifier of no such scheme (BT-29, BT-46) is mostly the other party's number for this one: a customer number
    may well be the business id of somebody else.
    """
    return [one for one in party.identifiers if one.scheme in COUNTRY_OF_SCHEME]


def find_route(buyer: PartyHeading, known: Known, *, puf: bool = False) -> Route:
    """The company of this hub that *buyer* is: by electronic address, then business id, VAT id, GLN.

    *puf*: in the order of PUF billing (specs/pagero.md, 8), which asks the legal registration last. The customer
    number that comes before all of it there is the sender's own, and no register of the hub has it.

    An identifier that several companies share decides nothing; the search goes on, and the reason says so.
    """
    doubts: list[str] = []
    for step in _PUF_ORDER if puf else _ORDER:
        route = step(buyer, known, doubts)
        if route is not None:
            return route
    if not doubts:
        doubts.append("the document names its buyer by no electronic address, business id, VAT id or GLN")
    return Route(None, "", "; ".join(doubts))


def _by_endpoint(buyer: PartyHeading, known: Known, doubts: list[str]) -> Route | None:
    if buyer.endpoint is None or not buyer.endpoint.scheme:
        return None
    company = _at(buyer.endpoint, known)
    if company is not None:
        return _to(company, str(buyer.endpoint), f"electronic address {buyer.endpoint}")
    doubts.append(f"no company of this hub has the electronic address {buyer.endpoint}")
    return None


def _by_legal_id(buyer: PartyHeading, known: Known, doubts: list[str]) -> Route | None:
    """The legal registration, whatever its scheme."""
    identifier = buyer.business_id
    if identifier is None:
        return None
    found = _with_business_id(identifier, buyer, known)
    if not found:
        doubts.append(f"none has the business id {identifier}")
    return _only(found, identifier, doubts)


def _by_registered(buyer: PartyHeading, known: Known, doubts: list[str]) -> Route | None:
    for identifier in _registered(buyer):
        route = _only(_with_business_id(identifier, buyer, known), identifier, doubts)
        if route is not None:
            return route
    return None


def _only(found: list[Company], identifier: Identifier, doubts: list[str]) -> Route | None:
    if len(found) == 1:
        return _to(found[0], str(identifier), f"business id {identifier}")
    if found:
        doubts.append(f"{len(found)} companies have the business id {identifier}")
    return None


def _by_vat_id(buyer: PartyHeading, known: Known, doubts: list[str]) -> Route | None:
    if not buyer.vat_id:
        return None
    found = known.by_vat_id(buyer.vat_id)
    if len(found) == 1:
        return _to(found[0], buyer.vat_id, f"VAT id {buyer.vat_id}")
    doubts.append(
        f"{len(found)} companies have the VAT id {buyer.vat_id}" if found else f"none has the VAT id {buyer.vat_id}"
    )
    return None


def _by_gln(buyer: PartyHeading, known: Known, doubts: list[str]) -> Route | None:
    for gln in _glns(buyer):
        company = _at(gln, known)
        if company is not None:
            return _to(company, str(gln), f"GLN {gln.value}")
        doubts.append(f"none has the GLN {gln.value}")
    return None


Step = Callable[[PartyHeading, Known, list[str]], Route | None]
_ORDER: tuple[Step, ...] = (_by_endpoint, _by_legal_id, _by_registered, _by_vat_id, _by_gln)
_PUF_ORDER: tuple[Step, ...] = (_by_endpoint, _by_registered, _by_gln, _by_vat_id, _by_legal_id)


def _to(company: Company, address: str, by: str) -> Route:
    if "receive" not in company.contracts:
        return Route(None, address, f"{company.name} was found by {by}, but has no contract for receiving")
    return Route(company, address, f"{company.name} was found by {by}")


def is_company(party: PartyHeading, company: Company) -> bool | None:
    """Whether *party* is *company*: None where the document says nothing that could tell.

    Identifiers decide; the name counts only where the document gives no identifier at all.
    """
    endpoint = party.endpoint
    stated = [one for one in (endpoint, *_glns(party)) if one is not None and one.scheme]
    if any(_is_of(one, company.addresses) for one in stated):
        return True
    numbers = [one for one in (party.business_id, *party.identifiers) if one is not None]
    if any(_is_business_id(one, company) for one in numbers):
        return True
    if _same(party.vat_id, company.vat_id):
        return True
    if stated or numbers or party.vat_id:
        return False
    if party.name:
        return party.name.casefold().strip() == company.name.casefold()
    return None


def _is_business_id(identifier: Identifier, company: Company) -> bool:
    country = COUNTRY_OF_SCHEME.get(identifier.scheme or "", company.country)
    if country != company.country:
        return False
    bare = _without_country(identifier.value, country)
    return _same(identifier.value, company.business_id) or _same(bare, company.business_id)


def _same(one: str | None, other: str | None) -> bool:
    """Whether two identifiers are the same; what has neither letters nor digits, such as a dash, is none."""
    return compact(one or "") == compact(other or "") != ""
