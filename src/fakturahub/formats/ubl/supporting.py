"""Supporting documents in the UBL binding (BG-24), and the references beside them that are told by a type code.

``AdditionalDocumentReference`` is a supporting document, with the code 130 the invoiced object (BT-18), in a credit
note with the code 50 the project (BT-11); on a line ``DocumentReference`` with 130 is its object (BT-128).
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fakturahub.formats.codes import NO_PLACE, RECOMPUTED
from fakturahub.formats.embedded import attachment, too_many
from fakturahub.formats.ubl.leaves import identifier_in, term_of, write_identifier
from fakturahub.formats.ubl.names import CBC, PUF_PICTURE
from fakturahub.formats.ubl.pen import Pen, attribute
from fakturahub.formats.ubl.walking import NOTHING, Found, Reader, Restated, Step
from fakturahub.formats.values import text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Identifier
from fakturahub.model.invoice import Invoice, SupportingDocument

#: UNTDID 1001: the invoiced object, and in a credit note the project
OBJECT, PROJECT = "130", "50"
#: UNTDID 1001 is the only list that EN 16931 has for types of documents (BR-CL-01)
TYPE_LIST: Restated = frozenset({("listID", "UNCL1001"), ("listAgencyID", "6")})
#: types that senders write which are none, and what they mean
MIME_ALIASES = {"image/jpg": "image/jpeg", "text/txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class Additional:
    """AdditionalDocumentReference: supporting documents (BG-24), and by their type code what BT-18 and BT-11 are."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}AdditionalDocumentReference"

    def step(self, group: str, aggregates: str) -> Step:
        return _AdditionalStep(aggregates)

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        if noun.object_id is not None:
            _write_typed(pen, noun.object_id, OBJECT, "BT-18", "object_id", "AdditionalDocumentReference")
        if noun.project is not None and pen.root_name == "CreditNote":
            _write_typed(pen, Identifier(noun.project), PROJECT, "BT-11", "project", "AdditionalDocumentReference")
        for at, document in enumerate(noun.supporting):
            _write_supporting(pen, document, at)


def _write_typed(pen: Pen, value: Identifier, code: str, term: str, place: str, name: str) -> None:
    mark = pen.open(f"cac:{name}")
    write_identifier(pen, "cbc:ID", value, "1153", False, term, place)
    pen.leaf("cbc:DocumentTypeCode", code)
    pen.close(f"cac:{name}", mark)


class _AdditionalStep:
    """Reads one AdditionalDocumentReference."""

    def __init__(self, aggregates: str) -> None:
        attachment_steps = {
            f"{CBC}EmbeddedDocumentBinaryObject": _keep("content"),
            f"{aggregates}ExternalReference": _inside({f"{CBC}URI": _keep("uri")}),
        }
        self._steps = {
            f"{CBC}ID": _keep("id"),
            f"{CBC}DocumentTypeCode": _keep("type"),
            f"{CBC}DocumentType": _keep("old_description"),
            f"{CBC}DocumentDescription": _keep("description"),
            f"{aggregates}Attachment": _inside(attachment_steps),
        }

    def __call__(self, walk: Reader, element: etree._Element, found: Found) -> None:
        kept = walk.fields(element, self._steps, {})
        code = text_of(kept.get("type"), "BT-18")
        number = _identifier(walk, kept.get("id"), "BT-122")
        has_file = "content" in kept or "uri" in kept
        typed = False
        if number is not None and code == OBJECT and "object_id" not in found:
            found["object_id"] = number
            typed = True
        elif number is not None and code == PROJECT and walk.root_name == "CreditNote" and "project" not in found:
            found["project"] = number.value
            typed = True
            _report_scheme(walk, kept["id"], number)
        if "type" in kept:
            walk.beside(kept["type"], TYPE_LIST)
            if code is not None and not typed:
                walk.loss(kept["type"], code, REPEATED if code in (OBJECT, PROJECT) else UNKNOWN)
        if typed and not has_file:
            for name in ("description", "old_description"):
                if name in kept:
                    walk.unknown(kept[name])
            return
        if number is not None and not typed:
            _report_scheme(walk, kept["id"], number)
        document = _supporting(walk, kept, number.value if number is not None else None)
        if document is not None:
            found.setdefault("supporting", []).append(document)


def _keep(name: str) -> Step:
    """Keep the first element with a value; report a second one whole."""

    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        if name in found:
            walk.unknown(element, REPEATED)
        elif (element.text or "").strip() or element.attrib or len(element):
            found[name] = element

    return step


def _inside(steps: dict[str, Step]) -> Step:
    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        walk.fields(element, steps, found)

    return step


def _identifier(walk: Reader, element: etree._Element | None, term: str) -> Identifier | None:
    return identifier_in(walk, element, term) if element is not None else None


def _report_scheme(walk: Reader, element: etree._Element, number: Identifier) -> None:
    if number.scheme is not None:
        walk.loss(element, number.scheme, UNKNOWN, attribute="schemeID")


def _supporting(walk: Reader, kept: Found, reference: str | None) -> SupportingDocument | None:
    values: dict[str, Any] = {"reference": reference} if reference is not None else {}
    for name in ("description", "old_description"):
        # EHF 2 and other files of UBL 2.0 describe the document in DocumentType.
        if name in kept:
            walk.beside(kept[name])
            value = text_of(kept[name], "BT-123", TEXT.text)
            if value is not None:
                walk.put(kept[name], values, "description", value, "BT-123")
    if "uri" in kept:
        walk.beside(kept["uri"])
        uri = text_of(kept["uri"], "BT-124", TEXT.text)
        if uri is not None:
            values["uri"] = uri
    if "content" in kept:
        element = kept["content"]
        if walk.attachments == ATTACHMENT.count:
            raise too_many(element)
        walk.attachments += 1
        walk.beside(element, NOTHING, "mimeCode", "filename")
        attached = attachment(
            element, values.get("reference"), values.get("description"), walk.file_names, walk.mime_of
        )
        name = (element.get("filename") or "").strip()
        if name and name != attached.name:
            walk.loss(element, name, RECOMPUTED, term="BT-125", attribute="filename")
        mime = (element.get("mimeCode") or "").strip()
        if mime.lower() in walk.mime_of:
            walk.loss(element, mime, RECOMPUTED, term="BT-125", attribute="mimeCode")
        values["attachment"] = attached
    if walk.puf and "description" in kept and values.get("description") in PUF_PICTURE.values():
        values["is_picture"] = True
        if values["description"] == PUF_PICTURE[_root_name(kept["description"])]:
            del values["description"]  # it is PUF's mark for a picture of this document, no description of the sender's
    return SupportingDocument(**values) if values else None


def _root_name(element: etree._Element) -> str:
    return etree.QName(element.getroottree().getroot()).localname


def _write_supporting(pen: Pen, document: SupportingDocument, at: int) -> None:
    place, attached = f"supporting[{at}]", document.attachment
    if document.is_picture and pen.profile.core and attached is not None:
        # A picture of the invoice supports nothing; it travels beside.
        pen.files.append(attached)
        for name, term in (("reference", "BT-122"), ("description", "BT-123"), ("uri", "BT-124")):
            value = getattr(document, name)
            # The file takes its name and its description with it.
            if value is not None and value not in (attached.name, attached.description):
                pen.lose(term, value, NO_PLACE, f"{place}.{name}")
        return
    mark = pen.open("cac:AdditionalDocumentReference")
    # BT-122 cannot be missing: a file that came without a number is known by its name.
    pen.leaf("cbc:ID", document.reference or (attached.name if attached is not None else None) or str(at + 1))
    description = document.description
    if document.is_picture and pen.profile.puf and description not in PUF_PICTURE.values():
        if description is not None:
            pen.lose("BT-123", description, NO_PLACE, f"{place}.description")
        description = PUF_PICTURE[pen.root_name]
    elif pen.profile.puf and not document.is_picture and description == PUF_PICTURE[pen.root_name]:
        # It would be read as the mark of a picture.
        pen.lose("BT-123", description, NO_PLACE, f"{place}.description")
        description = None
    if description is not None:
        pen.leaf("cbc:DocumentDescription", description)
    inside = pen.open("cac:Attachment")
    if attached is not None:
        mime = MIME_ALIASES.get(attached.mime, attached.mime)
        if pen.profile.mime is None or mime in pen.profile.mime:
            if mime != attached.mime:
                pen.lose("BT-125", attached.mime, RECOMPUTED, f"{place}.attachment.mime")
            pen.raw(
                f'<cbc:EmbeddedDocumentBinaryObject mimeCode="{attribute(mime)}" filename="{attribute(attached.name)}">'
                f"{binascii.b2a_base64(attached.content, newline=False).decode()}</cbc:EmbeddedDocumentBinaryObject>"
            )
        else:
            size = f"{len(attached.content):,} bytes"
            pen.lose("BT-125", f"{attached.name} ({mime}, {size})", NO_PLACE, f"{place}.attachment")
            pen.files.append(attached)
    if document.uri is not None:
        external = pen.open("cac:ExternalReference")
        pen.leaf("cbc:URI", document.uri)
        pen.close("cac:ExternalReference", external)
    pen.close("cac:Attachment", inside)
    pen.close("cac:AdditionalDocumentReference", mark)


@dataclass(frozen=True, slots=True)
class LineObject:
    """BT-128: the DocumentReference of a line with the type code 130, which some leave out."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("object_id",)

    def key(self, aggregates: str) -> str:
        return f"{aggregates}DocumentReference"

    def step(self, group: str, aggregates: str) -> Step:
        term = term_of(group, "object_id")
        steps = {f"{CBC}ID": _keep("id"), f"{CBC}DocumentTypeCode": _keep("type")}

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            mark = walk.mark()
            kept = walk.fields(element, steps, {})
            code = text_of(kept.get("type"), term)
            number = _identifier(walk, kept.get("id"), term)
            if number is None or code not in (None, OBJECT):
                walk.instead(element, mark)
            elif "object_id" in found and found["object_id"] != number:
                walk.instead(element, mark, REPEATED)
            else:
                found["object_id"] = number
                if "type" in kept:
                    walk.beside(kept["type"], TYPE_LIST)

        return step

    def write(self, pen: Pen, noun: Any, path: str) -> None:
        if noun.object_id is not None:
            _write_typed(pen, noun.object_id, OBJECT, "BT-128", f"{path}.object_id", "DocumentReference")
