"""The parties of a Finvoice: seller, buyer, payee, tax representative, delivery party (BG-4, 7, 10, 11, 13)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from fakturahub.formats.finvoice.addresses import business_id_scheme, is_business_id_form, vat_id_of
from fakturahub.formats.finvoice.leaves import (
    NO_PLACE,
    RECOMPUTED,
    SCHEME,
    Document,
    Found,
    Step,
    Steps,
    identifier,
    inside,
    stated,
    text,
    under,
    words,
)
from fakturahub.formats.values import attribute_of, text_of
from fakturahub.formats.walk import REPEATED
from fakturahub.intake.limits import TEXT
from fakturahub.model import Identifier
from fakturahub.model.checkdigits import is_business_id
from fakturahub.model.invoice import Contact, Party, Payee, PostalAddress, TaxRepresentative

#: what writers put where the schema asks for a value and there is none
FILLERS = frozenset({"-", "--", "."})
# BT numbers of the parts of a party: seller, buyer.
_TERMS: dict[str, tuple[str, ...]] = {
    "Seller": ("BT-27", "BT-28", "BT-29", "BT-30", "BT-31", "BT-35", "BT-41", "BT-42", "BT-43", "BT-34"),
    "Buyer": ("BT-44", "BT-45", "BT-46", "BT-47", "BT-48", "BT-50", "BT-56", "BT-57", "BT-58", "BT-49"),
}
_COUNTRY_NAMES = {
    "FI": ("FINLAND", "SUOMI", "FI"),
    "SE": ("SWEDEN", "SVERIGE", "RUOTSI", "SE"),
    "NO": ("NORWAY", "NORGE", "NORJA", "NO"),
    "DK": ("DENMARK", "DANMARK", "TANSKA", "DK"),
    "EE": ("ESTONIA", "EESTI", "VIRO", "ESTLAND", "EE"),
    "DE": ("GERMANY", "SAKSA", "TYSKLAND", "DEUTSCHLAND", "DE"),
}


def address_steps(prefix: str, box: str = "PostOfficeBoxIdentifier") -> dict[str, Step]:
    """The parts of a postal address; in front of each stands the name of whose it is."""
    return {
        f"{prefix}StreetName": _lines,
        f"{prefix}TownName": text("city", "BT-37"),
        f"{prefix}PostCodeIdentifier": text("post_code", "BT-38"),
        f"{prefix}CountrySubdivision": text("subdivision", "BT-39"),
        f"{prefix}{box}": _box,
        "CountryCode": text("country", "BT-40"),
        "CountryName": _country_name,
    }


def _lines(doc: Document, element: etree._Element, into: Found) -> None:
    doc.leaf(element)
    value = text_of(element, "BT-35", TEXT.text)
    if value is None:
        return
    lines = into.setdefault("lines", [])
    if len(lines) == 3:
        doc.loss(element, value, REPEATED, term="BT-35")
    else:
        lines.append(value)


def _box(doc: Document, element: etree._Element, into: Found) -> None:
    """A post office box has no term of its own; it is a line of the address."""
    if stated(element) not in into.get("lines", ()):
        _lines(doc, element, into)


def _country_name(doc: Document, element: etree._Element, into: Found) -> None:
    """The name beside the code is for people; one that says something else than the code is reported."""
    doc.leaf(element)
    name = stated(element)
    if name is None:
        return
    names = _COUNTRY_NAMES.get(into.get("country", ""), ())
    if name.upper() not in names:
        code = next((code for code, known in _COUNTRY_NAMES.items() if name.upper() in known), None)
        if code is not None and "country" not in into:
            # Old files name the country in words alone.
            into["country"] = code
        else:
            doc.loss(element, name, NO_PLACE, term="BT-40")


def address_of(found: Found | None) -> PostalAddress | None:
    """The address of what was found, without fillers; None when nothing is left."""
    if not found:
        return None
    parts: dict[str, Any] = {
        key: value for key, value in found.items() if key in _ADDRESS_PARTS and value not in FILLERS
    }
    lines = zip(("line1", "line2", "line3"), found.get("lines", ()), strict=False)
    parts.update({field: line for field, line in lines if line not in FILLERS})
    return PostalAddress(**parts) if parts else None


_ADDRESS_PARTS = frozenset({"city", "post_code", "subdivision", "country"})


def code(term: str) -> Step:
    """One of several identifiers, with the ICD of its scheme or a word for what it is."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, SCHEME, "IdentifierType")
        value = text_of(element, term)
        if value is None:
            return
        scheme, kind = attribute_of(element, SCHEME, term), attribute_of(element, "IdentifierType", term)
        if scheme and kind:
            doc.loss(element, kind, NO_PLACE, term=term, attribute="IdentifierType")
        into.setdefault("identifiers", []).append(Identifier(value, scheme or kind))

    return step


def _vat_id(term: str) -> Step:
    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element)
        value = text_of(element, term)
        if value is None:
            return
        if is_business_id_form(value):
            # Files before 2.0 have the business id here: who has one of these has that VAT number.
            doc.loss(element, value, RECOMPUTED, term=term)
            value = vat_id_of(value)
        if value.startswith("FI") and not is_business_id(value[2:]):
            doc.find(element, "check-digit", f"The Finnish VAT number {value} is none by its check digit.", term)
        doc.put(element, into, "vat_id", value, term)

    return step


def _legal_id(term: str) -> Step:
    take = identifier("legal_id", term, business_id_scheme)

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        take(doc, element, into)
        value = stated(element)
        if value and is_business_id_form(value) and not is_business_id(value):
            doc.find(element, "check-digit", f"The business id {value} is none by its check digit.", term)

    return step


def party_steps(who: str) -> Steps:
    """The steps for the children of SellerPartyDetails or BuyerPartyDetails."""
    name, trading, ids, legal, vat = _TERMS[who][:5]
    return {
        f"{who}PartyIdentifier": _legal_id(legal),
        f"{who}OrganisationName": words("names", 70, name),
        f"{who}OrganisationTradingName": text("trading_name", trading),
        f"{who}OrganisationTaxCode": _vat_id(vat),
        f"{who}Code": code(ids),
        f"{who}PostalAddressDetails": under("address", inside(address_steps(who))),
    }


def contact_steps(who: str) -> Steps:
    """The steps for the elements of the root that are about a party, by what they add to it."""
    person, phone, mail = _TERMS[who][6:9]
    return {
        f"{who}ContactPersonName": under("contact", text("name", person)),
        f"{who}CommunicationDetails": under(
            "contact",
            inside(
                {
                    f"{who}PhoneNumberIdentifier": text("telephone", phone),
                    f"{who}EmailaddressIdentifier": text("email", mail),
                }
            ),
        ),
    }


def keep_names(doc: Document, root: etree._Element, path: str, names: list[str], term: str) -> None:
    """Keep the elements at *path* that say *names*, for which the model has no room."""
    elements: dict[str | None, etree._Element] = {}
    for each in list(root.iterfind(path))[1:] if names else ():
        elements.setdefault(stated(each), each)
    for name in names:
        element = elements.get(name)
        if element is None or not doc.kept.take(element):
            doc.loss(root if element is None else element, name, REPEATED, term=term)


def party_of(doc: Document, found: Found, root: etree._Element, who: str) -> Party:
    """The seller or the buyer; a second name is another language or a department, and kept as it came."""
    names = [name.strip() for name in found.get("names", ()) if name.strip() not in FILLERS]
    keep_names(doc, root, f"{who}PartyDetails/{who}OrganisationName", names[1:], _TERMS[who][0])
    contact = found.get("contact")
    return Party(
        name=names[0] if names else None,
        identifiers=tuple(found.get("identifiers", ())),
        address=address_of(found.get("address")),
        contact=Contact(**contact) if contact else None,
        **{key: value for key, value in found.items() if key in _PARTY_PARTS},
    )


_PARTY_PARTS = frozenset({"trading_name", "legal_id", "vat_id", "tax_registration", "legal_information", "endpoint"})


def _any_party_role(doc: Document, element: etree._Element, into: Found) -> None:
    into["role"] = (element.get("AnyPartyCode") or "").strip()
    doc.leaf(element, "AnyPartyCode")
    printed = stated(element)
    if printed is not None:
        # The word for the role beside its code.
        doc.loss(element, printed, NO_PLACE)


_ANY_PARTY: Steps = {
    "AnyPartyText": _any_party_role,
    "AnyPartyIdentifier": identifier("legal_id", "BT-61", business_id_scheme),
    "AnyPartyOrganisationName": words("names", 35, "BT-59"),
    "AnyPartyOrganisationTaxCode": text("vat_id", "BT-63"),
    "AnyPartyCode": code("BT-60"),
    "AnyPartyPostalAddressDetails": under("address", inside(address_steps("AnyParty"))),
}
PAYEE_ROLE = "PaymentReceiver"
REPRESENTATIVE_ROLE = "SellerTaxRepr"


def any_party(doc: Document, element: etree._Element, into: Found) -> None:
    """A further party: the payee and the tax representative by their codes; any other is reported."""
    mark, kept = doc.mark(), len(doc.kept.made)
    found = doc.take(element, _ANY_PARTY, {})
    role = found.get("role")
    stated_names = [name.strip() for name in found.get("names", ()) if name.strip() not in FILLERS]
    names = stated_names[0] if stated_names else None
    made: Payee | TaxRepresentative | None = None
    rest: tuple[str, ...] = ()
    # What has no step is kept or reported: there is more in it than the model has.
    shown, whole = False, doc.mark() == mark
    if role == PAYEE_ROLE and "payee" not in into:
        codes = found.get("identifiers", [])
        made = Payee(name=names, identifier=codes[0] if codes else None, legal_id=found.get("legal_id"))
        into["payee"] = made
        rest = ("vat_id", "address")
        shown = len(codes) < 2 and len(stated_names) < 2
    elif role == REPRESENTATIVE_ROLE and "tax_representative" not in into:
        made = TaxRepresentative(name=names, vat_id=found.get("vat_id"), address=address_of(found.get("address")))
        into["tax_representative"] = made
        rest = ("legal_id", "identifiers")
        shown = len(stated_names) < 2
    if made is None or not shown or not whole or any(key in found for key in rest):
        # All of it, the little that was taken too: the party is kept whole, or told whole.
        del doc.kept.made[kept:]
        if not doc.kept.take(element):
            doc.instead(element, mark, NO_PLACE if made is None else REPEATED)
        else:
            doc.forget(mark)
