"""Reading the parties of a Cross Industry Invoice: seller, buyer, payee, tax representative, place of delivery.

All are a TradeParty in CII; which of its parts have a term depends on the role.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.cii.leaves import Found, Steps, children, group, identifier, inside, prose, put, ram, text
from fakturahub.formats.cii.names import RAM
from fakturahub.formats.values import attribute_of, identifier_of, place_of, text_of
from fakturahub.formats.walk import Step, Walk
from fakturahub.intake.limits import TEXT
from fakturahub.model.invoice import Contact, Party, Payee, PostalAddress, TaxRepresentative


def _identifiers(key: str, term: str) -> Step[Found]:
    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        if element.attrib or len(element):
            walk.leaf(element, "schemeID")
        value = identifier_of(element, term)
        if value is None:
            if element.attrib:
                walk.unknown(element)
            return
        stated = into.setdefault(key, [])
        if len(stated) == TEXT.identifiers:
            raise BadValue(f"A party has more than {TEXT.identifiers} identifiers.", term=term, place=place_of(element))
        stated.append(value)

    return step


def _registrations(**terms: str) -> Step[Found]:
    """SpecifiedTaxRegistration: *terms* says, by the scheme of the identifier, which field it is and which term."""
    fields = {"VA": "vat_id", "FC": "tax_registration"}

    def step(walk: Walk, element: etree._Element, into: Found) -> None:
        for child in children(walk, element):
            scheme = attribute_of(child, "schemeID", "BT-31") or ""
            term = terms.get(scheme)
            if child.tag != f"{RAM}ID" or term is None:
                walk.unknown(child)
                continue
            if len(child.attrib) > 1 or len(child):
                walk.leaf(child, "schemeID")
            value = text_of(child, term)
            if value is not None:
                put(walk, child, into, fields[scheme], value, term)

    return step


def _address(*terms: str) -> Step[Found]:
    """PostalTradeAddress; *terms* in the order of the fields of `PostalAddress`."""
    line1, line2, line3, city, post_code, subdivision, country = terms
    steps = {
        "PostcodeCode": text("post_code", post_code),
        "LineOne": text("line1", line1),
        "LineTwo": text("line2", line2),
        "LineThree": text("line3", line3),
        "CityName": text("city", city),
        "CountryID": text("country", country, TEXT.identifier),
        "CountrySubDivisionName": text("subdivision", subdivision),
    }
    return group("address", ram(steps), PostalAddress)


def _contact(name: str, telephone: str, email: str) -> Step[Found]:
    steps = {
        # One of the two is the contact point; the other is reported where both are stated (CII-SR-465).
        "PersonName": text("name", name),
        "DepartmentName": text("name", name),
        "TelephoneUniversalCommunication": inside(ram({"CompleteNumber": text("telephone", telephone)})),
        "EmailURIUniversalCommunication": inside(ram({"URIID": text("email", email)})),
    }
    return group("contact", ram(steps), Contact)


def _organisation(legal_id: str, trading_name: str | None = None) -> Step[Found]:
    steps = {"ID": identifier("legal_id", legal_id)}
    if trading_name is not None:
        steps["TradingBusinessName"] = text("trading_name", trading_name)
    return inside(ram(steps))


_SELLER = ram(
    {
        "ID": _identifiers("identifiers", "BT-29"),
        "GlobalID": _identifiers("identifiers", "BT-29"),
        "Name": text("name", "BT-27"),
        "Description": prose("legal_information", "BT-33"),
        "SpecifiedLegalOrganization": _organisation("BT-30", "BT-28"),
        "DefinedTradeContact": _contact("BT-41", "BT-42", "BT-43"),
        "PostalTradeAddress": _address("BT-35", "BT-36", "BT-162", "BT-37", "BT-38", "BT-39", "BT-40"),
        "URIUniversalCommunication": inside(ram({"URIID": identifier("endpoint", "BT-34")})),
        "SpecifiedTaxRegistration": _registrations(VA="BT-31", FC="BT-32"),
    }
)

_BUYER = ram(
    {
        "ID": _identifiers("identifiers", "BT-46"),
        "GlobalID": _identifiers("identifiers", "BT-46"),
        "Name": text("name", "BT-44"),
        "SpecifiedLegalOrganization": _organisation("BT-47", "BT-45"),
        "DefinedTradeContact": _contact("BT-56", "BT-57", "BT-58"),
        "PostalTradeAddress": _address("BT-50", "BT-51", "BT-163", "BT-52", "BT-53", "BT-54", "BT-55"),
        "URIUniversalCommunication": inside(ram({"URIID": identifier("endpoint", "BT-49")})),
        "SpecifiedTaxRegistration": _registrations(VA="BT-48"),
    }
)

_PAYEE = ram(
    {
        "ID": identifier("identifier", "BT-60"),
        "GlobalID": identifier("identifier", "BT-60"),
        "Name": text("name", "BT-59"),
        "SpecifiedLegalOrganization": _organisation("BT-61"),
    }
)

_REPRESENTATIVE = ram(
    {
        "Name": text("name", "BT-62"),
        "PostalTradeAddress": _address("BT-64", "BT-65", "BT-164", "BT-66", "BT-67", "BT-68", "BT-69"),
        "SpecifiedTaxRegistration": _registrations(VA="BT-63"),
    }
)

#: into the dictionary of the delivery (BG-13)
SHIP_TO: Step[Found] = inside(
    ram(
        {
            "ID": identifier("location", "BT-71"),
            "GlobalID": identifier("location", "BT-71"),
            "Name": text("party_name", "BT-70"),
            "PostalTradeAddress": _address("BT-75", "BT-76", "BT-165", "BT-77", "BT-78", "BT-79", "BT-80"),
        }
    )
)


def _party(key: str, steps: Steps) -> Step[Found]:
    def make(**found: Any) -> Party:
        if "identifiers" in found:
            found["identifiers"] = tuple(found["identifiers"])
        return Party(**found)

    return group(key, steps, make)


SELLER = _party("seller", _SELLER)
BUYER = _party("buyer", _BUYER)
PAYEE = group("payee", _PAYEE, Payee)
REPRESENTATIVE = group("tax_representative", _REPRESENTATIVE, TaxRepresentative)
