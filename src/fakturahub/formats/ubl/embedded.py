"""What a UBL invoice or credit note carries embedded (BG-24, BT-125), decoded."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.embedded import attachment, too_many
from fakturahub.formats.ubl.names import CBC, aggregates_of
from fakturahub.formats.values import text_of
from fakturahub.intake.filenames import FlatNames
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """The embedded attachments of *root* in their order; those that only have an address are in the heading.

    They are called what `embedded.file_names` says. Raises ``UnreadableAttachment`` for content that is no base64,
    empty or too large, and for too many attachments.
    """
    cac = aggregates_of(root)
    found: list[Attachment] = []
    taken = FlatNames()
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
