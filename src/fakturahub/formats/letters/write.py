"""A letter as Letters 1.0, in the order of the elements that apix.md 6.2 shows."""

from __future__ import annotations

import re

from lxml import etree

from fakturahub.errors import MissingTerm, UnwritableDocument
from fakturahub.formats.syntax import Writing
from fakturahub.model import Loss
from fakturahub.model.invoice import Noun
from fakturahub.model.letter import Letter, LetterParty

#: lines of a name and of a street
_LINES = 2
# XML 1.0, 2.2: what no XML document can hold.
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(noun: Noun) -> Writing:
    """*noun* as one ``Letter``.

    Raises ``UnwritableDocument`` when it is no letter or holds a character that XML cannot, ``MissingTerm`` without a
    number.
    """
    if not isinstance(noun, Letter):
        raise UnwritableDocument(f"A {type(noun).__name__.lower()} cannot be written as a letter.")
    if not noun.number:
        raise MissingTerm("A letter needs a number.", term="DocumentID")
    losses: list[Loss] = []
    root = etree.Element("Letter", Version="1.0")
    _add(root, "DocumentID", noun.number)
    _party(root, "Sender", noun.sender, "sender", losses)
    _party(root, "Delivery", noun.recipient, "recipient", losses)
    for file in noun.files:
        # An empty one keeps the place: the n-th role belongs to the n-th address.
        _add(root, "InvoiceUrlNameText", file.role or "")
    for file in noun.files:
        _add(root, "InvoiceUrlText", file.uri or "")
    return Writing(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True), tuple(losses))


def _party(root: etree._Element, side: str, party: LetterParty, place: str, losses: list[Loss]) -> None:
    details = etree.SubElement(root, f"{side}PartyDetails")
    _add(details, f"{side}PartyIdentifier", party.identifier)
    _lines(details, f"{side}OrganisationName", party.names, f"{place}.names", losses)
    if party.address is not None:
        address = etree.SubElement(details, f"{side}PostalAddressDetails")
        _lines(address, f"{side}StreetName", party.address.streets, f"{place}.address.streets", losses)
        _add(address, f"{side}TownName", party.address.town)
        _add(address, f"{side}PostCodeIdentifier", party.address.post_code)
        _add(address, "CountryCode", party.address.country)


def _lines(parent: etree._Element, tag: str, values: tuple[str, ...], place: str, losses: list[Loss]) -> None:
    for value in values[:_LINES]:
        _add(parent, tag, value)
    for number, value in enumerate(values[_LINES:], _LINES):
        losses.append(Loss(tag, value, "cardinality", f"{place}[{number}]"))


def _add(parent: etree._Element, tag: str, value: str | None) -> None:
    if value is None:
        return
    if _NO_XML.search(value):
        raise UnwritableDocument("The letter holds a character that XML cannot carry.", place=tag)
    etree.SubElement(parent, tag).text = value
