"""Reading AdditionalReferencedDocument: tender (BT-17), invoiced object (BT-18), supporting documents (BG-24)."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.cii.leaves import Found, Steps, part, prose, ram, text
from fakturahub.formats.cii.names import INVOICED_OBJECT, SUPPORTING, TENDER
from fakturahub.formats.embedded import attachment, too_many
from fakturahub.formats.walk import REPEATED, UNKNOWN, Walk
from fakturahub.intake.filenames import FlatNames
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import Identifier
from fakturahub.model.invoice import SupportingDocument


def _content(walk: Walk, element: etree._Element, into: Found) -> None:
    if "content" in into:
        walk.loss(element, _size(element), REPEATED, term="BT-125")
        walk.leaf(element)
        return
    walk.leaf(element, "mimeCode", "filename")
    into["content"] = element


def _size(content: etree._Element) -> str:
    return f"{len(content.text or ''):,} characters of base64"


_REFERENCE: Steps = ram(
    {
        "IssuerAssignedID": text("reference", "BT-122"),
        "URIID": text("uri", "BT-124"),
        "TypeCode": text("type", "BG-24"),
        "Name": prose("description", "BT-123"),
        "AttachmentBinaryObject": _content,
        "ReferenceTypeCode": text("scheme", "BT-18"),
    }
)


def referenced(walk: Walk, element: etree._Element, into: Found) -> None:
    """AdditionalReferencedDocument: BT-17, BT-18 or BG-24 by its type code, BG-24 without one."""
    mark = walk.mark()
    found = part(walk, element, _REFERENCE)
    kind = found.pop("type", SUPPORTING)
    if kind in (TENDER, INVOICED_OBJECT):
        key = "tender" if kind == TENDER else "object_id"
        if "reference" not in found or key in into:
            walk.instead(element, mark)
            return
        value = found.pop("reference")
        into[key] = value if kind == TENDER else Identifier(value, found.pop("scheme", None))
        for rest in found.values():
            walk.loss(element, _size(rest) if isinstance(rest, etree._Element) else rest, UNKNOWN)
        return
    if kind != SUPPORTING:
        walk.loss(element, kind, UNKNOWN)
    if "scheme" in found:
        walk.loss(element, found.pop("scheme"), UNKNOWN)
    if not found:
        return
    stated = into.setdefault("supporting", [])
    if len(stated) == ATTACHMENT.count:
        raise too_many(element)
    content = found.pop("content", None)
    if content is not None:
        names = into.setdefault("file names", FlatNames())
        attached = attachment(content, found.get("reference"), found.get("description"), names)
        found["attachment"] = attached
        name = content.get("filename", attached.name)
        if name != attached.name and name.strip():
            walk.loss(content, name, "recomputed", attribute="filename")
    stated.append(SupportingDocument(**found))
