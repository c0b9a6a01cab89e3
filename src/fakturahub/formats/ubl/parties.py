"""Parties in the UBL binding: BG-4 to BG-12, and the creditor identifier (BT-90) that hides among their identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue
from fakturahub.formats.codes import CARDINALITY, CODE_UNKNOWN
from fakturahub.formats.ubl.containers import Inside, Part
from fakturahub.formats.ubl.extensions import Extended
from fakturahub.formats.ubl.leaves import (
    Leaf,
    identifier,
    identifier_in,
    place_in,
    prose,
    term_of,
    text,
    write_identifier,
)
from fakturahub.formats.ubl.names import CBC, SEPA
from fakturahub.formats.ubl.pen import Pen, content
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step
from fakturahub.formats.values import place_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN
from fakturahub.intake.limits import TEXT
from fakturahub.model import Finding, Identifier, Severity
from fakturahub.model.invoice import Contact, Party, Payee, PostalAddress, TaxRepresentative

VAT = "VAT"
#: what senders write for a registration that is not for VAT; that it is none is all it says
OTHER_SCHEMES = frozenset({"TAX", "FC", "LOC"})
#: what is written for it: the word of the Norwegian and Swedish rules
OTHER_SCHEME = "TAX"

#: ISO 3166-1 is the only list that EN 16931 has for countries (BR-CL-14)
COUNTRY_LIST: Restated = frozenset(
    {("listID", "ISO3166-1:Alpha2"), ("listID", "ISO3166-1"), ("listAgencyID", "6"), ("listAgencyID", "5")}
)
#: UN/ECE 5153, the list of names of tax schemes
SCHEME_LIST: Restated = frozenset({("schemeID", "UN/ECE 5153"), ("schemeAgencyID", "6")})


def tax_scheme(word: str) -> str:
    return f"<cac:TaxScheme><cbc:ID>{content(word)}</cbc:ID></cac:TaxScheme>"


VAT_SCHEME = tax_scheme(VAT)


@dataclass(frozen=True, slots=True)
class VatOnly:
    """The TaxScheme of a category. Every tax of EN 16931 is VAT: another word is reported."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}TaxScheme"

    def step(self, group: str, aggregates: str) -> Step:
        return _vat_only

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        """Written by the container, as the last thing of one that is not empty."""


def _vat_only(walk: Reader, element: etree._Element, found: Found) -> None:
    if element.attrib:
        walk.attributes(element)
    for child in element:
        if child.tag != f"{CBC}ID" or (child.text or "").strip().upper() != VAT:
            walk.unknown(child)
        elif child.attrib or len(child):
            walk.beside(child, SCHEME_LIST)


@dataclass(frozen=True, slots=True)
class Identifications:
    """The further identifiers of a party (BT-29, 46, 60), each in a PartyIdentification of its own."""

    field: str
    #: who it is, where a creditor identifier may stand with it
    creditor: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}PartyIdentification"

    def step(self, group: str, aggregates: str) -> Step:
        term, field, creditor = term_of(group, self.field), self.field, self.creditor
        single = not field.endswith("s")

        def take(walk: Reader, element: etree._Element, found: Found) -> None:
            value = identifier_in(walk, element, term)
            if value is None:
                return
            if creditor is not None and value.scheme == SEPA:
                if creditor in walk.creditor_ids:
                    walk.loss(element, value.value, REPEATED, term="BT-90")
                else:
                    walk.creditor_ids[creditor] = element, value
            elif single:
                walk.put(element, found, field, value, term)
            else:
                several = found.setdefault(field, [])
                if len(several) == TEXT.identifiers:
                    reason = f"A party has more than {TEXT.identifiers} identifiers."
                    raise BadValue(reason, term=term, place=place_of(element))
                several.append(value)

        steps = {f"{CBC}ID": take}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            walk.fields(element, steps, found)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        stated = getattr(noun, self.field)
        term, place = term_of(path, self.field), place_in(path, self.field)
        if isinstance(stated, tuple):
            # EN 16931 has many for the seller and one for the buyer (UBL-SR-16).
            room = 1 if pen.profile.core and path == "buyer" else len(stated)
            for at, value in enumerate(stated):
                if at < room:
                    self._put_down(pen, value, term, f"{place}[{at}]")
                else:
                    pen.lose(term, value, CARDINALITY, f"{place}[{at}]")
        elif stated is not None:
            self._put_down(pen, stated, term, place)
        payment = pen.invoice.payment
        if payment is not None and payment.direct_debit is not None and payment.direct_debit.creditor_id is not None:
            holder = "seller" if pen.invoice.payee is None else "payee"
            if self.creditor == holder:
                mark = pen.open("cac:PartyIdentification")
                pen.identifier("cbc:ID", Identifier(payment.direct_debit.creditor_id, SEPA))
                pen.close("cac:PartyIdentification", mark)

    def _put_down(self, pen: Pen, value: Identifier, term: str, place: str) -> None:
        if value.scheme == SEPA:
            # It would be read as a creditor identifier.
            pen.lose(term, SEPA, CODE_UNKNOWN, place)
            value = Identifier(value.value)
        mark = pen.open("cac:PartyIdentification")
        write_identifier(pen, "cbc:ID", value, "icd", False, term, place)
        pen.close("cac:PartyIdentification", mark)


@dataclass(frozen=True, slots=True)
class TaxRegistrations:
    """The VAT number of a party (BT-31, 48, 63), and the seller's other registration (BT-32)."""

    other: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return ("vat_id", "tax_registration") if self.other else ("vat_id",)

    def key(self, aggregates: str) -> str:
        return f"{aggregates}PartyTaxScheme"

    def step(self, group: str, aggregates: str) -> Step:
        vat_term = term_of(group, "vat_id")
        other_term = term_of(group, "tax_registration") if self.other else ""
        number, scheme = f"{CBC}CompanyID", f"{aggregates}TaxScheme"

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            word = (element.findtext(f"{scheme}/{CBC}ID") or "").strip().upper()
            if word == VAT:
                field, term = "vat_id", vat_term
            elif word and other_term:
                field, term = "tax_registration", other_term
            else:
                walk.unknown(element)
                return
            value = text_of(element.find(number), term)
            if value is None:
                walk.unknown(element)
                return
            if field in found and found[field] != value:
                walk.unknown(element, REPEATED)
                return
            found[field] = value
            walk.fields(element, {number: _taken, scheme: _vat_only if word == VAT else _other_scheme}, found)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        _registration(pen, noun.vat_id, VAT)
        if self.other:
            _registration(pen, noun.tax_registration, OTHER_SCHEME)


def _registration(pen: Pen, number: str | None, scheme: str) -> None:
    if number is not None:
        mark = pen.open("cac:PartyTaxScheme")
        pen.leaf("cbc:CompanyID", number)
        pen.close("cac:PartyTaxScheme", mark, last=tax_scheme(scheme))


def _taken(walk: Reader, element: etree._Element, found: Found) -> None:
    """A value that was looked at before: what stands beside it, and another one of its name, is reported."""
    if element.attrib or len(element):
        walk.beside(element)
    if element.getprevious() is not None and element.getprevious().tag == element.tag:  # type: ignore[union-attr]
        walk.loss(element, (element.text or "").strip(), REPEATED)


def _other_scheme(walk: Reader, element: etree._Element, found: Found) -> None:
    if element.attrib:
        walk.attributes(element)
    for child in element:
        if child.tag != f"{CBC}ID":
            walk.unknown(child)
            continue
        walk.beside(child, SCHEME_LIST)
        word = (child.text or "").strip()
        if word and word.upper() not in OTHER_SCHEMES:
            walk.loss(child, word, UNKNOWN)


def _names(walk: Reader, element: etree._Element, found: Found) -> None:
    """A party known by its trading name alone has that as its name."""
    if "trading_name" in found and "name" not in found:
        found["name"] = found.pop("trading_name")
        reason = "The party has no registered name; its trading name is taken for it."
        walk.findings.append(
            Finding("missing-term", Severity.INFORMATION, reason, place_of(element), element.sourceline)
        )


def _trading_name() -> Leaf:
    """BT-28 and BT-45. PUF cannot do without one: the name stands for it there."""
    plain = text("Name", "trading_name")

    def write(pen: Pen, noun: Any, path: str) -> None:
        name = noun.trading_name or (noun.name if pen.profile.puf else None)
        if name is not None:
            pen.leaf("cbc:Name", name)

    return Leaf("Name", plain.fields, plain.reading, write)


ADDRESS = (
    text("StreetName", "line1"),
    text("AdditionalStreetName", "line2"),
    text("CityName", "city"),
    text("PostalZone", "post_code"),
    text("CountrySubentity", "subdivision"),
    Inside("AddressLine", (text("Line", "line3"),)),
    Inside("Country", (text("IdentificationCode", "country", restated=COUNTRY_LIST),)),
)

_CONTACT = Part(
    "Contact",
    "contact",
    Contact,
    (text("Name", "name"), text("Telephone", "telephone"), text("ElectronicMail", "email")),
)
_POSTAL_ADDRESS = Part("PostalAddress", "address", PostalAddress, ADDRESS)
_ENDPOINT = identifier("EndpointID", "endpoint", "eas", needs_scheme=True)
_TRADING_NAME = Inside("PartyName", (_trading_name(),))
_LEGAL_NAME = text("RegistrationName", "name")
_LEGAL_ID = identifier("CompanyID", "legal_id", "icd")

SELLER = Inside(
    "AccountingSupplierParty",
    (
        Part(
            "Party",
            "seller",
            Party,
            (
                Extended(),
                _ENDPOINT,
                Identifications("identifiers", creditor="seller"),
                _TRADING_NAME,
                _POSTAL_ADDRESS,
                TaxRegistrations(other=True),
                Inside("PartyLegalEntity", (_LEGAL_NAME, _LEGAL_ID, prose("CompanyLegalForm", "legal_information"))),
                _CONTACT,
            ),
            finish=_names,
        ),
    ),
    always=True,
)

BUYER = Inside(
    "AccountingCustomerParty",
    (
        Part(
            "Party",
            "buyer",
            Party,
            (
                Extended(),
                _ENDPOINT,
                Identifications("identifiers"),
                _TRADING_NAME,
                _POSTAL_ADDRESS,
                TaxRegistrations(),
                Inside("PartyLegalEntity", (_LEGAL_NAME, _LEGAL_ID)),
                _CONTACT,
            ),
            finish=_names,
        ),
    ),
    always=True,
)

PAYEE = Part(
    "PayeeParty",
    "payee",
    Payee,
    (
        Identifications("identifier", creditor="payee"),
        Inside("PartyName", (text("Name", "name"),)),
        Inside("PartyLegalEntity", (_LEGAL_ID,)),
    ),
)

REPRESENTATIVE = Part(
    "TaxRepresentativeParty",
    "tax_representative",
    TaxRepresentative,
    (Inside("PartyName", (text("Name", "name"),)), _POSTAL_ADDRESS, TaxRegistrations()),
)
