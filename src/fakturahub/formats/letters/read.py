"""A letter as a noun, and its heading. Paths: apix.md 6.2."""

from __future__ import annotations

from lxml import etree

from fakturahub.errors import MissingTerm, UnknownDocument
from fakturahub.formats.embedded import too_many
from fakturahub.formats.headings import postal_heading
from fakturahub.formats.syntax import Reading
from fakturahub.formats.values import place_of, text_of
from fakturahub.formats.walk import UNKNOWN, Fields, Step, Walk, many, one, part
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import (
    Attachment,
    AttachmentHeading,
    Heading,
    Identifier,
    Kind,
    Loss,
    PartyHeading,
    PostalHeading,
    Recognition,
)
from fakturahub.model.letter import Letter, LetterAddress, LetterFile, LetterParty

#: the version that this reader knows
VERSION = "1.0"


def _address(found: Fields) -> LetterAddress:
    return LetterAddress(streets=tuple(found.pop("streets", ())), **found)


def _party(found: Fields) -> LetterParty:
    return LetterParty(names=tuple(found.pop("names", ())), **found)


def _paired(field: str) -> Step[Fields]:
    """The step of an element whose place among its like tells what it belongs to; an empty one keeps the place."""

    def step(walk: Walk, element: etree._Element, into: Fields) -> None:
        walk.leaf(element)
        several = into.setdefault(field, [])
        if len(several) == ATTACHMENT.count:
            raise too_many(element)
        several.append(text_of(element, field, TEXT.text))

    return step


def _steps(side: str) -> dict[str, Step[Fields]]:
    """The steps of a party; the elements of the two are called after their side."""
    address = {
        f"{side}StreetName": many("streets"),
        f"{side}TownName": one("town"),
        f"{side}PostCodeIdentifier": one("post_code", TEXT.identifier),
        "CountryCode": one("country", TEXT.identifier),
    }
    return {
        f"{side}PartyIdentifier": one("identifier", TEXT.identifier),
        f"{side}OrganisationName": many("names"),
        f"{side}PostalAddressDetails": part("address", address, _address),
    }


_LETTER: dict[str, Step[Fields]] = {
    "DocumentID": one("number", TEXT.identifier),
    "SenderPartyDetails": part("sender", _steps("Sender"), _party),
    "DeliveryPartyDetails": part("recipient", _steps("Delivery"), _party),
    # All the roles come before all the addresses; the n-th belongs to the n-th (Finvoice, apix.md 6.1).
    "InvoiceUrlNameText": _paired("roles"),
    "InvoiceUrlText": _paired("uris"),
}


def read(root: etree._Element, recognition: Recognition) -> Reading:
    """The letter in *root*.

    Raises ``MissingTerm`` without a number, ``BadValue`` for a text that is too long and ``UnreadableAttachment`` for
    too many files.
    """
    letter, losses = _read(root)
    return Reading(letter, losses)


def _read(root: etree._Element) -> tuple[Letter, tuple[Loss, ...]]:
    letter = _letter_of(root)
    walk = Walk()
    if letter is not root:
        walk.attributes(root, "Version")
        for other in root:
            if other is not letter:
                walk.unknown(other)
    version = letter.get("Version", "").strip()
    if version and version != VERSION:
        walk.loss(letter, version, UNKNOWN, attribute="Version")
    found: Fields = {}
    walk.attributes(letter, "Version")
    for child in letter:
        step = _LETTER.get(str(child.tag))
        if step is None:
            walk.unknown(child)
        else:
            step(walk, child, found)
    if "number" not in found:
        raise MissingTerm("The letter has no number.", term="DocumentID", place=place_of(letter))
    roles, uris = found.pop("roles", []), found.pop("uris", [])
    files = tuple(
        LetterFile(role=roles[place] if place < len(roles) else None, uri=uris[place] if place < len(uris) else None)
        for place in range(max(len(roles), len(uris)))
        if any(place < len(column) and column[place] for column in (roles, uris))
    )
    return Letter(files=files, **found), tuple(walk.losses)


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """Number, parties and files of the letter. Raises ``MissingTerm``, ``BadValue``."""
    letter, _ = _read(root)
    return Heading(
        kind=Kind.LETTER,
        number=letter.number,
        seller=_party_heading(letter.sender),
        buyer=_party_heading(letter.recipient),
        attachments=tuple(AttachmentHeading(id=file.role, uri=file.uri) for file in letter.files),
        buyer_address=_postal(letter.recipient.address),
        on_paper=True,
    )


def _postal(address: LetterAddress | None) -> PostalHeading | None:
    return None if address is None else postal_heading(address.streets, address.town, address.post_code)


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """None: the files of a letter lie beside it."""
    return ()


def _party_heading(party: LetterParty) -> PartyHeading:
    return PartyHeading(
        name=" ".join(party.names)[: TEXT.text] or None,
        business_id=Identifier(party.identifier) if party.identifier else None,
        country=party.address.country if party.address else None,
    )


def _letter_of(root: etree._Element) -> etree._Element:
    if root.tag == "Letter":
        return root
    letter = root.find("Letter")
    if letter is None:
        raise UnknownDocument("There is no letter in the element Letters.")
    return letter
