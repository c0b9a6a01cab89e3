"""What a UBL invoice or credit note carries embedded (BG-24, BT-125), decoded."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from fakturahub.errors import UnreadableAttachment
from fakturahub.formats.ubl.names import CBC, aggregates_of
from fakturahub.formats.values import attribute_of, place_of, text_of
from fakturahub.intake import base64
from fakturahub.intake.filenames import safe_member_name
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment

# For attachments that come without a file name. The first seven are those of EN 16931; image/jpg and text/xml are seen
# in the wild.
_EXTENSION = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "image/jpg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_UNKNOWN_TYPE = "application/octet-stream"
_AS_STATED: Mapping[str, str] = {}


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """The embedded attachments of *root* in their order; those that only have an address are in the heading.

    Each has a safe file name, unique in the document: the stated one, else made of the identifier of the reference
    (BT-122) and the usual extension of the MIME type.

    Raises ``UnreadableAttachment`` for content that is no base64, empty or too large, and for too many attachments.
    """
    cac = aggregates_of(root)
    found: list[Attachment] = []
    taken: set[str] = set()
    for reference in root.iterchildren(f"{cac}AdditionalDocumentReference"):
        for content in reference.iterfind(f"{cac}Attachment/{CBC}EmbeddedDocumentBinaryObject"):
            if len(found) == ATTACHMENT.count:
                raise too_many(content)
            description = reference.find(f"{CBC}DocumentDescription")
            if description is None:
                description = reference.find(f"{CBC}DocumentType")
            number = text_of(reference.find(f"{CBC}ID"), "BT-122")
            found.append(attachment(content, number, text_of(description, "BT-123", TEXT.text), taken))
    return tuple(found)


def attachment(
    content: etree._Element,
    number: str | None,
    description: str | None,
    taken: set[str],
    mime_of: Mapping[str, str] = _AS_STATED,
) -> Attachment:
    """What *content*, an EmbeddedDocumentBinaryObject, holds, its name added to those *taken*.

    *mime_of* corrects types that senders write and that are none.
    """
    mime = (attribute_of(content, "mimeCode", "BT-125") or _UNKNOWN_TYPE).lower()
    mime = mime_of.get(mime, mime)
    name = attribute_of(content, "filename", "BT-125", TEXT.text)
    if name is None:
        # An identifier such as 2026/17 is no folder.
        name = (number or "attachment").replace("/", "-").replace("\\", "-") + _EXTENSION.get(mime, ".bin")
    return Attachment(
        name=safe_member_name(name, taken),
        mime=mime,
        content=base64.decode(content.text or "", term="BT-125", place=place_of(content)),
        description=description,
    )


def too_many(element: etree._Element) -> UnreadableAttachment:
    """What is raised at the attachment that is one too many."""
    return UnreadableAttachment(
        f"The document has more than {ATTACHMENT.count:,} attachments.", term="BG-24", place=place_of(element)
    )
