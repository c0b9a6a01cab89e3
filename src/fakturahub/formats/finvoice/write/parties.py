"""The parties, written: names of 70 characters, addresses of 35, required fillers where the schema wants a value."""

from __future__ import annotations

import re

from fakturahub.formats.finvoice.addresses import OVT_SCHEME, first_address
from fakturahub.formats.finvoice.parties import PAYEE_ROLE, REPRESENTATIVE_ROLE
from fakturahub.formats.finvoice.write.sheet import (
    FILLER,
    RECOMPUTED,
    Sheet,
    attribute,
)
from fakturahub.model import Identifier
from fakturahub.model.invoice import Contact, Delivery, Party, Payee, PostalAddress, TaxRepresentative

_ICD = re.compile(r"[0-9]{4}")
_LINES = ("line1", "line2", "line3")


def address(sheet: Sheet, who: str, noun: PostalAddress, place: str) -> None:
    """The parts of a postal address of *who*; street, town and post code are required.

    A street longer than its 35 characters goes on in the next free line.
    """
    lines = _street_lines(sheet, noun, place)
    for line in lines or [FILLER]:
        sheet.raw(f"{who}StreetName", line)
    sheet.text(f"{who}TownName", _or_filler(noun.city), f"{place}.city", 35, 2)
    sheet.text(f"{who}PostCodeIdentifier", _or_filler(noun.post_code), f"{place}.post_code", 35, 2)
    sheet.text(f"{who}CountrySubdivision", noun.subdivision, f"{place}.subdivision", 35, 2)
    sheet.country(noun.country, f"{place}.country")


def _or_filler(value: str | None) -> str:
    """*value*, or what stands for it where it is missing or blank."""
    return value if value is not None and value.strip() else FILLER


def _street_lines(sheet: Sheet, noun: PostalAddress, place: str) -> list[str]:
    stated = [" ".join((getattr(noun, field) or "").split()) for field in _LINES]
    last = max((number for number, value in enumerate(stated, 1) if value), default=0)
    free = len(_LINES) - last
    lines = []
    for field, value in zip(_LINES[:last], stated, strict=False):
        where = f"{place}.{field}"
        if len(value) > 35:
            # Whole as a text, for it may be cut; where it is not, the lines are read as lines.
            sheet.say(where, value)
        while len(value) > 35 and free:
            cut = value.rfind(" ", 2, 36)
            cut = cut if cut > 0 else 35
            lines.append(value[:cut])
            value = value[cut:].lstrip()
            free -= 1
        # A line that is missing before one that is there keeps its place.
        lines.append(sheet.filled(value[:35].rstrip(), where, 2) if value else FILLER)
    for field, line, before in zip(_LINES, lines, stated, strict=False):
        if line != FILLER and not before.startswith(line.rstrip(".")):
            # The rest of a longer line, or what it pushed down.
            sheet.lose(f"{place}.{field}", line, RECOMPUTED)
    return lines


def party(sheet: Sheet, who: str, noun: Party, place: str) -> None:
    """SellerPartyDetails or BuyerPartyDetails."""
    mark = sheet.open(f"{who}PartyDetails")
    sheet.identifier(f"{who}PartyIdentifier", noun.legal_id, f"{place}.legal_id", 35)
    sheet.pieces(f"{who}OrganisationName", _or_filler(noun.name), f"{place}.name", 70, minimum=2)
    sheet.text(f"{who}OrganisationTradingName", noun.trading_name, f"{place}.trading_name", 70, 2)
    sheet.text(f"{who}OrganisationTaxCode", noun.vat_id, f"{place}.vat_id", 35)
    # A buyer has one code of its own; its second identifier is the number that the seller knows it by.
    for number, identifier in enumerate(noun.identifiers[: 1 if who == "Buyer" else None]):
        code(sheet, f"{who}Code", identifier, f"{place}.identifiers[{number}]")
    if noun.address is not None:
        inner = sheet.open(f"{who}PostalAddressDetails")
        address(sheet, who, noun.address, f"{place}.address")
        sheet.close(f"{who}PostalAddressDetails", inner)
    sheet.close(f"{who}PartyDetails", mark)
    if who == "Buyer":
        for number, identifier in enumerate(noun.identifiers[2:], 2):
            sheet.say(f"{place}.identifiers[{number}]", identifier)
        sheet.say_all({"legal_information": noun.legal_information, "tax_registration": noun.tax_registration}, place)


def code(sheet: Sheet, tag: str, value: Identifier, place: str) -> None:
    """An identifier with an ICD, or with a word for what it is."""
    scheme = ""
    if value.scheme is not None:
        if _ICD.fullmatch(value.scheme):
            scheme = attribute("SchemeID", value.scheme)
        elif len(value.scheme) <= 20 and value.scheme == " ".join(value.scheme.split()):
            scheme = attribute("IdentifierType", value.scheme)
        else:
            sheet.say(place, value)
    sheet.text(tag, value.value, place, 70, 1, scheme)


def is_unit_number(endpoint: Identifier) -> bool:
    """Whether *endpoint* is an OVT address by scheme and form, and so is known again without its scheme."""
    return endpoint.scheme == OVT_SCHEME and first_address([(endpoint.value, None)]) == endpoint


def unit_number(sheet: Sheet, who: str, endpoint: Identifier | None) -> None:
    """The OVT address once more where operators look for it that take the transmission details away."""
    if endpoint is not None and is_unit_number(endpoint):
        sheet.raw(f"{who}OrganisationUnitNumber", endpoint.value)


def contact(sheet: Sheet, who: str, noun: Contact | None, place: str) -> None:
    """The contact of the seller or the buyer, whose elements stand in the root."""
    if noun is None:
        return
    sheet.text(f"{who}ContactPersonName", noun.name, f"{place}.name", 70)
    mark = sheet.open(f"{who}CommunicationDetails")
    sheet.text(f"{who}PhoneNumberIdentifier", noun.telephone, f"{place}.telephone", 35)
    sheet.text(f"{who}EmailaddressIdentifier", noun.email, f"{place}.email", 70)
    sheet.close(f"{who}CommunicationDetails", mark)


def delivery_party(sheet: Sheet, noun: Delivery | None) -> None:
    """DeliveryPartyDetails, which has both a name and an address or is not there."""
    if noun is None or (noun.party_name is None and noun.address is None):
        return
    mark = sheet.open("DeliveryPartyDetails")
    sheet.pieces("DeliveryOrganisationName", _or_filler(noun.party_name), "delivery.party_name", 35, minimum=2)
    inner = sheet.open("DeliveryPostalAddressDetails")
    address(sheet, "Delivery", noun.address or PostalAddress(), "delivery.address")
    sheet.close("DeliveryPostalAddressDetails", inner)
    sheet.close("DeliveryPartyDetails", mark)


def payee(sheet: Sheet, noun: Payee | None) -> None:
    """The payee as a further party."""
    if noun is None:
        return
    mark = sheet.open("AnyPartyDetails")
    sheet.raw("AnyPartyText", "", attribute("AnyPartyCode", PAYEE_ROLE))
    sheet.identifier("AnyPartyIdentifier", noun.legal_id, "payee.legal_id", 35)
    sheet.pieces("AnyPartyOrganisationName", _or_filler(noun.name), "payee.name", 35, 2, 2)
    if noun.identifier is not None:
        code(sheet, "AnyPartyCode", noun.identifier, "payee.identifier")
    sheet.close("AnyPartyDetails", mark)


def tax_representative(sheet: Sheet, noun: TaxRepresentative | None) -> None:
    """The seller's tax representative as a further party."""
    if noun is None:
        return
    mark = sheet.open("AnyPartyDetails")
    sheet.raw("AnyPartyText", "", attribute("AnyPartyCode", REPRESENTATIVE_ROLE))
    sheet.pieces("AnyPartyOrganisationName", _or_filler(noun.name), "tax_representative.name", 35, 2, 2)
    sheet.text("AnyPartyOrganisationTaxCode", noun.vat_id, "tax_representative.vat_id", 35)
    if noun.address is not None:
        inner = sheet.open("AnyPartyPostalAddressDetails")
        address(sheet, "AnyParty", noun.address, "tax_representative.address")
        sheet.close("AnyPartyPostalAddressDetails", inner)
    sheet.close("AnyPartyDetails", mark)
