"""Where a Finvoice comes from and goes to: the SOAP frame, MessageTransmissionDetails, the unit numbers (BT-34, BT-49).

The frame wins over the transmission details, they win over the unit numbers. Operators between the parties, message
identifiers and time stamps are the business of each way out, which looks them up or makes them anew. They are reported,
unless this hub's own writer made them: then they say nothing, like the constants of the frame.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from fakturahub.formats.finvoice.addresses import OVT_SCHEME, PRINT, first_address, is_scheme, taken_scheme
from fakturahub.formats.finvoice.framing import EBXML, SOAP
from fakturahub.formats.finvoice.leaves import (
    CODE_UNKNOWN,
    FRAME,
    SCHEME,
    Document,
    Found,
    Step,
    Steps,
    inside,
    lost,
    stated,
    text,
)
from fakturahub.formats.finvoice.messages import APIX, CONSTANTS, is_own_message_id, is_own_time_stamp
from fakturahub.formats.values import attribute_of
from fakturahub.model import Identifier, Severity
from fakturahub.model.checkdigits import is_ovt

_EB = f"{{{EBXML}}}"
_SOAP = f"{{{SOAP}}}"
_HEADER = f"{_SOAP}Header/{_EB}MessageHeader"
_HREF = "{http://www.w3.org/1999/xlink}href"
# The name that Finvoice gives to its own specification of EN 16931, and the urn of that standard.
SPECIFICATIONS = {"EN16931": "urn:cen.eu:en16931:2017"}


def address(key: str) -> Step:
    """An electronic address, from the best place that names one: steps run in the order of the document."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, SCHEME)
        if stated(element) is not None:
            into.setdefault(key, []).append(element)

    return step


def frame(doc: Document, element: etree._Element, into: Found) -> None:
    """The SOAP frame: sender and receiver are taken, all else is what each message has anew."""
    taken = _own_parts(element)
    for role, key in (("Sender", "from"), ("Receiver", "to")):
        for party, role_element in frame_parties(element, role):
            into.setdefault(key, []).insert(0, party)
            taken.update((party, role_element))
            break
    for part in element.iter(etree.Element):
        tag = str(part.tag)
        for key_of, value in part.attrib.items():
            name, said = str(key_of), str(value).strip()
            if not said or name.startswith("{http://www.w3.org/2001/XMLS") or CONSTANTS.get((tag, name)) == said:
                continue
            if name != _HREF or not is_own_message_id(said):
                doc.loss(part, str(value), FRAME, attribute=name)
        text_in = stated(part)
        if part not in taken and text_in is not None and CONSTANTS.get((tag, None)) != text_in:
            doc.loss(part, text_in, FRAME)


def _own_parts(envelope: etree._Element) -> set[etree._Element]:
    """What in the frame is not its constants and was made by this hub's writer, as the message identifier tells."""
    data = envelope.find(f"{_HEADER}/{_EB}MessageData")
    identifier = data.find(f"{_EB}MessageId") if data is not None else None
    if data is None or identifier is None or not is_own_message_id(stated(identifier) or ""):
        return set()
    own = {identifier}
    time_stamp = data.find(f"{_EB}Timestamp")
    if time_stamp is not None and _is_own_time_stamp(time_stamp):
        own.add(time_stamp)
    own.update(party for party, _ in frame_parties(envelope, "Intermediator") if stated(party) == APIX)
    return own


def _is_own_time_stamp(element: etree._Element) -> bool:
    issued = element.getroottree().find("InvoiceDetails/InvoiceDate")
    return issued is not None and is_own_time_stamp(stated(element) or "", stated(issued) or "")


def frame_parties(envelope: etree._Element, role: str) -> list[tuple[etree._Element, etree._Element]]:
    """The party ids of the frame with *role*, each with the element that says so."""
    found = []
    for side in envelope.iterfind(f"{_HEADER}/*"):
        if side.tag not in (f"{_EB}From", f"{_EB}To"):
            continue
        party, said = side.find(f"{_EB}PartyId"), side.find(f"{_EB}Role")
        if party is not None and said is not None and stated(said) == role and stated(party) is not None:
            found.append((party, said))
    return found


def message_id(envelope: etree._Element) -> str | None:
    """The identifier of the message that the frame names."""
    element = envelope.find(f"{_HEADER}/{_EB}MessageData/{_EB}MessageId")
    return None if element is None else stated(element)


def chosen(doc: Document, elements: list[etree._Element], term: str) -> Identifier | None:
    """The address of the first of *elements*; another one of the others is reported. Print is no address."""
    stated_at = [(element, stated(element) or "", attribute_of(element, SCHEME, term)) for element in elements]
    made = first_address((value, scheme) for _, value, scheme in stated_at)
    found = False
    for element, value, scheme in stated_at:
        if value.upper() == PRINT or (made is not None and value != made.value):
            # Another address of the transport is its affair; one that the invoice itself states is kept.
            if not doc.kept.take(element):
                doc.loss(element, value, FRAME, term=term)
        elif made is not None and not found:
            found = True
            _check(doc, element, made, term)
        if scheme is not None and (made is None or not taken_scheme(scheme, made)):
            # A word that is no scheme at all (operators write X) says nothing.
            known = is_scheme(scheme) and value.upper() != PRINT
            doc.loss(element, scheme, CODE_UNKNOWN if known else FRAME, term=term, attribute=SCHEME)
    return made


def _check(doc: Document, element: etree._Element, address_of: Identifier, term: str) -> None:
    shown = address_of.value[:40]
    if address_of.scheme == OVT_SCHEME and not is_ovt(address_of.value):
        doc.find(element, "check-digit", f"The address {shown} is no OVT by its check digit.", term)
    if address_of.scheme is None:
        message = f"The electronic address {shown} has no scheme and no known form."
        doc.find(element, "address", message, term, Severity.INFORMATION)


def specification_of(stated_name: str | None) -> str | None:
    """BT-24 for what the transmission details name."""
    return SPECIFICATIONS.get(stated_name, stated_name) if stated_name else None


def transmission(doc: Document, element: etree._Element, into: Found) -> None:
    """MessageTransmissionDetails: the two addresses, process and specification."""
    into["own message"] = is_own_message_id((element.findtext("MessageDetails/MessageIdentifier") or "").strip())
    doc.take(element, _TRANSMISSION, into)


def _anew(is_own: Callable[[etree._Element], bool]) -> Step:
    """What each message has anew: reported, unless it is what this hub's writer puts there."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        if into.get("own message") and is_own(element):
            doc.leaf(element)
        else:
            doc.unknown(element, FRAME)

    return step


def _is_own_operator(element: etree._Element) -> bool:
    return stated(element) == APIX


_TRANSMISSION: Steps = {
    "MessageSenderDetails": inside({"FromIdentifier": address("from"), "FromIntermediator": _anew(_is_own_operator)}),
    "MessageReceiverDetails": inside({"ToIdentifier": address("to"), "ToIntermediator": _anew(_is_own_operator)}),
    "MessageDetails": inside(
        {
            "MessageIdentifier": _anew(lambda element: is_own_message_id(stated(element) or "")),
            "MessageTimeStamp": _anew(_is_own_time_stamp),
            "RefToMessageIdentifier": lost(FRAME),
            "ImplementationCode": text("business_process", "BT-23"),
            "SpecificationIdentifier": text("specification", "BT-24"),
        }
    ),
}
