"""Parties as they stand on a page: the head, the window of the envelope, the blocks below and the foot."""

from __future__ import annotations

import re

from fakturahub.model.checkdigits import is_gln
from fakturahub.model.invoice import Contact, Invoice, Party, PostalAddress
from fakturahub.model.party import Identifier
from fakturahub.model.reminder import Billed, CollectionNotice
from fakturahub.render import figures, labels
from fakturahub.render.parts import Field, PartyBlock
from fakturahub.render.texts import Texts

_AT_HOME = {"nb": "NO", "sv": "SE", "da": "DK", "fi": "FI", "de": "DE"}
#: characters of a line of an address; a window of 84 mm shows 45 of them, and the line then goes on below
_IN_WINDOW = 90
#: identifiers of a party that are shown
_MOST_IDENTIFIERS = 6
#: a scheme that is only a code of ISO 6523, EAS, UNTDID 1153 or OIOUBL (``DK:CVR``)
_CODE = re.compile("[A-Z0-9]{1,4}|[A-Z]{2}:[A-Z]{1,5}")
#: the scheme of a GLN in ISO 6523
_GLN = "0088"


def address_of(address: PostalAddress | None, texts: Texts, language: str, home: str | None) -> tuple[str, ...]:
    """The lines below the name; a country other than *home* (ISO 3166-1) is last, in capitals.

    Source: the Universal Postal Union's addressing rules, which all five countries' posts follow.
    """
    if address is None:
        return ()
    town = " ".join(part for part in (texts.line(address.post_code, 20), texts.line(address.city, 80)) if part)
    lines = [texts.line(line, _IN_WINDOW) for line in (address.line1, address.line2, address.line3)]
    lines += [town, texts.line(address.subdivision, 80)]
    if address.country and address.country.upper() != (home or "").upper():
        lines.append(texts.line(figures.country(address.country, language), 80).upper())
    return tuple(line for line in lines if line)


def identifier(value: Identifier, texts: Texts) -> str:
    """The value; behind it a scheme that a person can read, none that is only a code of a list."""
    scheme = value.scheme or ""
    text = texts.line(value.value, 100)
    return text if not scheme or _CODE.fullmatch(scheme) else f"{text} ({texts.line(scheme, 30)})"


def identity_of(party: Party, texts: Texts, language: str) -> tuple[Field, ...]:
    """Business id, VAT number and tax registration."""
    fields = []
    country = party.address.country if party.address else None
    if party.legal_id is not None:
        at_home = (country or "").upper() == _AT_HOME.get(language)
        key = "legal_id" if at_home else "foreign_id"
        fields.append(Field(labels.text(language, f"party.{key}"), identifier(party.legal_id, texts)))
    if party.vat_id:
        fields.append(Field(labels.text(language, "party.vat_id"), texts.line(party.vat_id, 60)))
    if party.tax_registration and party.tax_registration != party.vat_id:
        value = texts.line(party.tax_registration, 120)
        # "Foretaksregisteret" and "Godkänd för F-skatt" say themselves what they are.
        known = any(character.isdigit() for character in value)
        fields.append(Field(labels.text(language, "party.tax_registration") if known else "", value))
    return tuple(fields)


def contact_of(contact: Contact | None, texts: Texts, language: str) -> tuple[Field, ...]:
    """Name, telephone and mail of a contact."""
    if contact is None:
        return ()
    stated = (("contact", contact.name), ("telephone", contact.telephone), ("email", contact.email))
    return tuple(Field(labels.text(language, f"party.{key}"), texts.line(value, 120)) for key, value in stated if value)


def _identifiers(party: Party, texts: Texts, language: str) -> tuple[Field, ...]:
    shown = party.identifiers[:_MOST_IDENTIFIERS]
    known = {party.legal_id.value} if party.legal_id is not None else set()
    fields = [_identified(one, texts, language) for one in shown if one.value not in known]
    mail = {party.contact.email} if party.contact is not None else set()
    if party.endpoint is not None and party.endpoint.value not in known | mail | {one.value for one in shown}:
        fields.append(Field(labels.text(language, "party.endpoint"), identifier(party.endpoint, texts)))
    return tuple(fields)


def sender_of(seller: Party, texts: Texts, language: str, home: str | None) -> PartyBlock:
    """The seller at the head of the page."""
    fields = identity_of(seller, texts, language) + contact_of(seller.contact, texts, language)
    trading = texts.line(seller.trading_name)
    name = texts.line(seller.name) or trading
    address = address_of(seller.address, texts, language, home)
    if trading and trading != name:
        address = (trading, *address)
    return PartyBlock(name=name, address=address, fields=fields + _identifiers(seller, texts, language))


def receiver_of(buyer: Party, texts: Texts, language: str, home: str | None) -> PartyBlock:
    """The buyer in the window; the fields are for the block of details, not for the window."""
    name = texts.line(buyer.name, _IN_WINDOW) or texts.line(buyer.trading_name, _IN_WINDOW)
    address = address_of(buyer.address, texts, language, home)
    trading = texts.line(buyer.trading_name, _IN_WINDOW)
    if trading and trading != name:
        address = (trading, *address)
    return PartyBlock(name=name, address=address)


def others_of(billed: Billed, texts: Texts, language: str, home: str | None) -> tuple[PartyBlock, ...]:
    """The buyer's details, the payee, the place of delivery and the tax representative, where there is one."""
    blocks = []
    buyer = billed.buyer
    fields = identity_of(buyer, texts, language) + contact_of(buyer.contact, texts, language)
    fields += _identifiers(buyer, texts, language)
    if fields:
        who = "debtor" if isinstance(billed, CollectionNotice) else "buyer"
        blocks.append(PartyBlock(title=labels.text(language, f"party.{who}"), fields=fields))
    delivery = billed.delivery if isinstance(billed, Invoice) else None
    if delivery is not None:
        name = texts.line(delivery.party_name)
        address = address_of(delivery.address, texts, language, home)
        at = () if delivery.location is None else (_identified(delivery.location, texts, language),)
        if name or address or at:
            title = labels.text(language, "party.delivery")
            blocks.append(PartyBlock(title=title, name=name, address=address, fields=at))
    if billed.payee is not None:
        payee = billed.payee
        ids = [one for one in (payee.legal_id, payee.identifier) if one is not None]
        fields = tuple(_identified(one, texts, language) for one in ids)
        title = labels.text(language, "party.payee")
        blocks.append(PartyBlock(title=title, name=texts.line(payee.name), fields=fields))
    one = billed.tax_representative if isinstance(billed, Invoice) else None
    if one is not None:
        vat = (Field(labels.text(language, "party.vat_id"), texts.line(one.vat_id, 60)),) if one.vat_id else ()
        address = address_of(one.address, texts, language, home)
        title = labels.text(language, "party.tax_representative")
        blocks.append(PartyBlock(title=title, name=texts.line(one.name), address=address, fields=vat))
    return tuple(blocks)


def _identified(value: Identifier, texts: Texts, language: str) -> Field:
    if value.scheme == _GLN or is_gln(value.value):
        return Field("GLN", texts.line(value.value, 100))
    return Field(labels.text(language, "party.identifier"), identifier(value, texts))
