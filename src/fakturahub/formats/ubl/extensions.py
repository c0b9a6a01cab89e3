"""What PUF and VRBL carry beyond UBL, in ``ext:UBLExtensions``: kept as it came, written back where it belongs.

An extension of Pagero says its name in ``ExtensionURI`` and is called ``puf:<Name>`` in the model; one of Vertex is
called ``vrbl:<name of its element>``. All others are reported. The content is kept in exclusive canonical XML
(https://www.w3.org/TR/xml-exc-c14n/), so that it is the same whatever document it stands in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.codes import NO_PLACE
from fakturahub.formats.ubl.leaves import place_in
from fakturahub.formats.ubl.names import EXT, PUF_EXTENSION, PUF_EXTENSION_URI, VRBL_EXTENSION
from fakturahub.formats.ubl.pen import Pen, attribute, content
from fakturahub.formats.ubl.walking import Found, Reader, Step
from fakturahub.formats.walk import is_mixed
from fakturahub.model.invoice import Extension, Invoice

FAMILY = "ubl"
PUF_PREFIX = "puf:"
VRBL_PREFIX = "vrbl:"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")
# Extensions before 2.0 spelt it differently.
_SELF_BILLED = frozenset({"puf:SelfBilled", "puf:Selfbilled"})
_TRUE = re.compile(r"<([A-Za-z0-9]+):PageroExtension[^<>]*>\s*<\1:Self[Bb]illed>\s*(?:true|1)\s*</[^<>]*>\s*</[^<>]*>")
#: self-billing as PUF says it (380, 381 and the extension) and as EN 16931 does
SELF_BILLED_CODES = {"380": "389", "381": "261"}


@dataclass(frozen=True, slots=True)
class Extended:
    """Where a document may have extensions: the noun that the table is of, or a field of it."""

    field: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{EXT}UBLExtensions"

    def step(self, group: str, aggregates: str) -> Step:
        place = ".".join(part for part in (group, self.field) if part)
        for several in ("preceding", "vat", "lines"):
            place = re.sub(rf"\A{several}(?=\.|\Z)", f"{several}[{{{several}}}]", place)

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            walk.attributes(element)
            for one in element:
                kept = _kept(one, place.format(**walk.at))
                if kept is None:
                    walk.unknown(one)
                else:
                    walk.extensions.append(kept)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        extensions = pen.extensions.pop(place_in(path, self.field) if self.field else path, None)
        if extensions:
            mark = pen.open("ext:UBLExtensions")
            for extension in extensions:
                pen.raw(_written(extension))
            pen.close("ext:UBLExtensions", mark)


def _kept(element: etree._Element, place: str) -> Extension | None:
    """The extension in one UBLExtension; None when it is not of a known shape or says more than is kept.

    One with texts between its elements is of no known shape.
    """
    uri, inside = None, None
    if element.tag != f"{EXT}UBLExtension" or element.attrib:
        return None
    for child in element:
        if child.tag == f"{EXT}ExtensionURI" and uri is None and not child.attrib and not len(child):
            uri = (child.text or "").strip()
        elif child.tag == f"{EXT}ExtensionContent" and inside is None and not child.attrib and len(child) == 1:
            inside = child[0]
        else:
            return None
    if inside is None or is_mixed(element):
        return None
    name = etree.QName(inside)
    if name.namespace == VRBL_EXTENSION and not uri:
        kept, called = f"{VRBL_PREFIX}{name.localname}", name.localname
    elif name.namespace == PUF_EXTENSION and uri is not None and uri.startswith(PUF_EXTENSION_URI):
        called = uri.removeprefix(PUF_EXTENSION_URI)
        kept = f"{PUF_PREFIX}{called}"
    else:
        return None
    if _NAME.fullmatch(called) is None:
        return None
    try:
        xml = etree.tostring(inside, method="c14n", exclusive=True).decode()
    except etree.C14NError:
        # A namespace that is a relative reference has no canonical form.
        return None
    return Extension(family=FAMILY, name=kept, place=place, content=xml)


def _written(extension: Extension) -> str:
    uri = ""
    if extension.name.startswith(PUF_PREFIX):
        name = content(extension.name.removeprefix(PUF_PREFIX))
        uri = f"<ext:ExtensionURI>{PUF_EXTENSION_URI}{name}</ext:ExtensionURI>"
    return f"<ext:UBLExtension>{uri}<ext:ExtensionContent>{extension.content}</ext:ExtensionContent></ext:UBLExtension>"


def take_self_billed(walk: Reader, found: Found) -> None:
    """Turn PUF's extension SelfBilled into the type code (BT-3) that EN 16931 has for it."""
    code = SELF_BILLED_CODES.get(found.get("type_code", ""))
    for extension in walk.extensions:
        if extension.name in _SELF_BILLED and extension.place == "" and code and _TRUE.fullmatch(extension.content):
            found["type_code"] = code
            walk.extensions.remove(extension)
            return


def self_billed() -> Extension:
    """PUF's extension SelfBilled."""
    said = "<puf:SelfBilled>true</puf:SelfBilled>"
    xml = f'<puf:PageroExtension xmlns:puf="{PUF_EXTENSION}">{said}</puf:PageroExtension>'
    return Extension(family=FAMILY, name="puf:SelfBilled", place="", content=xml)


def routing(sender: str, receiver: str) -> Extension:
    """Vertex's InvoiceExtension with nothing but what it requires."""
    xml = (
        f'<vrbl:InvoiceExtension xmlns:vrbl="{attribute(VRBL_EXTENSION)}"><vrbl:RoutingDetails>'
        f"<vrbl:Sender>{content(sender)}</vrbl:Sender><vrbl:Receiver>{content(receiver)}</vrbl:Receiver>"
        "</vrbl:RoutingDetails></vrbl:InvoiceExtension>"
    )
    return Extension(family=FAMILY, name="vrbl:InvoiceExtension", place="", content=xml)


def take_up(pen: Pen, extensions: tuple[Extension, ...]) -> None:
    """Give the pen the extensions that its profile has; report the others."""
    prefix = PUF_PREFIX if pen.profile.puf else VRBL_PREFIX if pen.profile.vrbl else None
    for extension in extensions:
        if extension.family == FAMILY and prefix is not None and extension.name.startswith(prefix):
            pen.extensions.setdefault(extension.place, []).append(extension)
        else:
            lose(pen, extension)


def lose(pen: Pen, extension: Extension) -> None:
    """Report an extension that is not written."""
    pen.lose(extension.name, extension.content, NO_PLACE, extension.place)


def drop_plain_routing(extensions: list[Extension], invoice: Invoice) -> list[Extension]:
    """*extensions* without a Vertex routing that names the electronic addresses of the parties and nothing else."""
    addresses = addresses_of(invoice)
    if addresses is None:
        return extensions
    plain = routing(*addresses)
    return [extension for extension in extensions if extension != plain]


def addresses_of(invoice: Invoice) -> tuple[str, str] | None:
    """Sender and receiver as VRBL's routing names them; None when a party has nothing to be found by."""
    found = []
    for party in (invoice.seller, invoice.buyer):
        identifiers = (party.endpoint, *party.identifiers, party.legal_id)
        names = [str(identifier) for identifier in identifiers if identifier is not None]
        names += [name for name in (party.vat_id, party.name) if name]
        if not names:
            return None
        found.append(names[0])
    return found[0], found[1]
