"""What a Cross Industry Invoice carries embedded (BG-24, BT-125), decoded."""

from __future__ import annotations

from lxml import etree

from fakturahub.errors import UnreadableAttachment
from fakturahub.formats.cii.names import RAM, RSM
from fakturahub.formats.values import attribute_of, place_of, text_of
from fakturahub.intake import base64
from fakturahub.intake.filenames import safe_member_name
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment

# For attachments that come without a file name: the MIME types of EN 16931 (BR-CL-24) and those of XRechnung besides.
_EXTENSION = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/xml": ".xml",
    "text/xml": ".xml",
}
_UNKNOWN_TYPE = "application/octet-stream"
_REFERENCES = f"{RSM}SupplyChainTradeTransaction/{RAM}ApplicableHeaderTradeAgreement/{RAM}AdditionalReferencedDocument"


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """The embedded attachments of *root* in their order; those that only have an address are in the heading.

    Each has a safe file name, unique in the document: the stated one, else made of the identifier of the reference
    (BT-122) and the usual extension of the MIME type.

    Raises ``UnreadableAttachment`` for content that is no base64, empty or too large, and for too many attachments.
    """
    found: list[Attachment] = []
    taken: set[str] = set()
    for reference in root.iterfind(_REFERENCES):
        content = reference.find(f"{RAM}AttachmentBinaryObject")
        if content is None:
            continue
        if len(found) == ATTACHMENT.count:
            raise too_many(content)
        number = text_of(reference.find(f"{RAM}IssuerAssignedID"), "BT-122", TEXT.text)
        description = (reference.findtext(f"{RAM}Name") or "").strip() or None
        found.append(attachment(content, number, description, taken))
    return tuple(found)


def attachment(content: etree._Element, number: str | None, description: str | None, taken: set[str]) -> Attachment:
    """What *content*, an AttachmentBinaryObject, holds. Its name is added to those *taken*."""
    mime = (attribute_of(content, "mimeCode", "BT-125") or _UNKNOWN_TYPE).lower()
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
    """What is raised at the supporting document that is one too many."""
    return UnreadableAttachment(
        f"The document has more than {ATTACHMENT.count:,} attachments.", term="BG-24", place=place_of(element)
    )
